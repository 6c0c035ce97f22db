//! A process as the client in it sees it.

use super::Shell;
use crate::client::{Call, Host, Timer};
use crate::cluster::{self, Event, Message, Zeebe};
use crate::gateway::{Reply, Request};
use kernel::identity::Nanos;
use kernel::system::{Env, Target};

pub(super) struct Bound<'a, E> {
    pub env: &'a mut E,
    pub shell: &'a mut Shell,
}

impl<E: Env<Zeebe>> Host for Bound<'_, E> {
    fn now(&self) -> Nanos {
        self.env.monotonic()
    }

    fn set_timer(&mut self, timer: Timer, after: Nanos) {
        let set = self.env.set_timer(after, cluster::Timer::Client(timer));
        if let Some(before) = self.shell.timers.insert(timer, set) {
            self.env.cancel_timer(before);
        }
    }

    fn cancel_timer(&mut self, timer: Timer) {
        if let Some(set) = self.shell.timers.remove(&timer) {
            self.env.cancel_timer(set);
        }
    }

    fn call(&mut self, call: Call, request: Request) {
        let shell = &mut *self.shell;
        let connection = *shell.connection.get_or_insert_with(|| {
            shell.opened += 1;
            let label = u64::from(self.env.incarnation()) << 32 | shell.opened;
            self.env.open(Target::Node(shell.gateway), label)
        });
        shell.open.insert(call);
        self.env.write(connection, Message::Ask(call, Box::new(request)));
    }

    fn call_off(&mut self, call: Call) {
        self.shell.open.remove(&call);
        if let Some(connection) = self.shell.connection {
            self.env.write(connection, Message::CallOff(call));
        }
    }

    fn told(&mut self, call: Call, reply: &Reply) {
        self.env.emit(Event::Told(call, reply.clone()));
    }
}
