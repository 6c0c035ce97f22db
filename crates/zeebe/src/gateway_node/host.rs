//! A process as the gateway in it sees it.

use super::Shell;
use crate::cluster::{COMMANDS, Event, Message, Timer, Zeebe};
use crate::gateway::{self, Attempt, CallId, Command, Host, Reply, Topology};
use crate::protocol::{NO_POSITION, Record, RecordType, RequestId, Text};
use kernel::identity::{Nanos, NodeId};
use kernel::system::{Env, Target};

pub(super) struct Bound<'a, E> {
    pub env: &'a mut E,
    pub shell: &'a mut Shell,
}

impl<E> Topology for Bound<'_, E> {
    fn is_known(&self) -> bool {
        self.shell.neighbours.topology().is_known()
    }

    fn partitions_count(&self) -> u16 {
        self.shell.neighbours.topology().partitions_count()
    }

    fn partitions(&self) -> &[u16] {
        self.shell.neighbours.topology().partitions()
    }

    fn leader(&self, partition: u16) -> Option<u16> {
        self.shell.neighbours.topology().leader(partition)
    }
}

impl<E: Env<Zeebe>> Host for Bound<'_, E> {
    fn now(&self) -> Nanos {
        self.env.monotonic()
    }

    fn set_timer(&mut self, timer: gateway::Timer, after: Nanos) {
        let set = self.env.set_timer(after, Timer::Gateway(timer));
        if let Some(before) = self.shell.timers.insert(timer, set) {
            self.env.cancel_timer(before);
        }
    }

    fn cancel_timer(&mut self, timer: gateway::Timer) {
        if let Some(set) = self.shell.timers.remove(&timer) {
            self.env.cancel_timer(set);
        }
    }

    fn send(&mut self, broker: u16, partition: u16, attempt: Attempt, command: &Command) {
        let node = NodeId(broker);
        let shell = &mut *self.shell;
        let connection = *shell.brokers.entry(node).or_insert_with(|| {
            shell.opened += 1;
            let label = COMMANDS | u64::from(self.env.incarnation()) << 40 | shell.opened;
            self.env.open(Target::Node(node), label)
        });
        shell.sent.insert(attempt, connection);
        let Command { key, intent, value } = command.clone();
        let record = Record {
            position: NO_POSITION,
            source: NO_POSITION,
            key,
            timestamp: 0,
            kind: RecordType::Command,
            intent,
            rejection: None,
            value,
            // Whose it is, the broker knows by the connection.
            request: Some(RequestId { stream: 0, request: attempt.0 }),
        };
        self.env.write(connection, Message::Command(partition, Box::new(record)));
    }

    fn answer(&mut self, call: CallId, reply: Reply) {
        let Some((connection, name)) = self.shell.calls.get(&call).copied() else { return };
        if !matches!(reply, Reply::Jobs(_)) {
            self.shell.calls.remove(&call);
            self.shell.ids.remove(&(connection, name));
        }
        self.env.write(connection, Message::Reply(name, Box::new(reply)));
    }

    fn status(&self) -> Option<Text> {
        self.shell.neighbours.topology().status("0.24.4").map(Text::from)
    }

    fn emit(&mut self, event: gateway::Event) {
        self.env.emit(Event::Gateway(event));
    }
}
