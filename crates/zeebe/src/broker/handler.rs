//! Clients' commands: who takes them on a broker, and when they are refused.
//!
//! A leader's handler is there from the end of its installation on. A former leader's goes in two steps: first it knows the
//! partition no more and tells of a mismatch of leaders, then nobody listens. When the member becomes inactive neither is
//! done, and commands vanish. They do too when the write buffer is full.
//!
//= camunda/zeebe@0.24.4:broker/src/main/java/io/zeebe/broker/transport/commandapi/CommandApiRequestHandler.java (handleExecuteCommandRequest)
//= camunda/zeebe@0.24.4:broker/src/main/java/io/zeebe/broker/transport/commandapi/CommandApiService.java (both steps)

use super::partition::{Partition, Rest};
use super::{Broker, Shell};
use crate::backpressure::CommandLimiter;
use crate::cluster::{Job, Message, Zeebe};
use crate::gateway::ErrorCode;
use crate::protocol::{Record, RequestId};
use kernel::identity::ConnectionId;
use kernel::system::Env;
use raft::Role;

/// Who takes clients' commands for a partition.
#[derive(Clone, Debug, Default)]
pub(super) enum Handler {
    /// Nobody.
    #[default]
    Absent,
    /// A leader's handler, with a limiter if there is to be one.
    Leads(Option<Box<CommandLimiter>>),
    /// A handler that does not know the partition any more.
    Forgets,
    /// The handler of a leader whose log is closed.
    Swallows,
}

impl Rest {
    pub(super) fn draw_for_limits<E: Env<Zeebe>>(&mut self, env: &mut E) -> u64 {
        self.limits.as_mut().map_or(0, |stream| env.draw(stream))
    }

    /// A client's command is processed: another may come.
    pub(super) fn command_processed<E: Env<Zeebe>>(&mut self, request: RequestId, env: &mut E) {
        if let (Handler::Leads(Some(limiter)), Some(stream)) = (&mut self.handler, &mut self.limits) {
            limiter.processed(request, env.monotonic(), || env.draw(stream));
        }
    }
}

impl Partition {
    /// How many commands of clients may be under way on this leader, and how many are.
    #[must_use]
    pub fn under_way(&self) -> Option<(u32, usize)> {
        match &self.rest.handler {
            Handler::Leads(Some(limiter)) => Some(limiter.counts()),
            _ => None,
        }
    }

    /// The services of a role are installed.
    pub(super) fn handler_follows<E: Env<Zeebe>>(&mut self, role: Role, shell: &Shell, env: &mut E) {
        let led = matches!(self.rest.handler, Handler::Leads(_) | Handler::Swallows);
        self.rest.handler = match role {
            Role::Leader => {
                let draw = self.rest.draw_for_limits(env);
                Handler::Leads(shell.settings.backpressure.then(|| Box::new(CommandLimiter::new(draw))))
            }
            Role::Inactive if led => Handler::Swallows,
            Role::Inactive => Handler::Absent,
            _ if led => {
                let (partition, epoch) = (self.number(), self.epoch());
                let job = Job::Unsubscribe { partition, epoch };
                env.submit(self.transitions(), shell.settings.costs.unsubscribe, job);
                Handler::Forgets
            }
            _ => Handler::Absent,
        };
    }

    /// The second step.
    pub(super) fn unsubscribe(&mut self, epoch: u32) {
        if epoch == self.epoch() && matches!(self.rest.handler, Handler::Forgets) {
            self.rest.handler = Handler::Absent;
        }
    }

    /// Takes a command, or says why not.
    fn command<E: Env<Zeebe>>(&mut self, request: RequestId, record: Record, env: &mut E) -> Option<Message> {
        match &mut self.rest.handler {
            Handler::Absent => return Some(Message::NoHandler(request.request)),
            Handler::Forgets => return Some(Message::Refused(request.request, ErrorCode::PartitionLeaderMismatch)),
            Handler::Swallows => return None,
            Handler::Leads(limiter) => {
                let now = env.monotonic();
                if limiter.as_mut().is_some_and(|limiter| !limiter.acquire(request, record.intent, now)) {
                    return Some(Message::Refused(request.request, ErrorCode::ResourceExhausted));
                }
            }
        }
        let taken = self.take(vec![record], env);
        if let (Handler::Leads(Some(limiter)), false) = (&mut self.rest.handler, taken) {
            limiter.ignore(request);
        }
        None
    }
}

impl Broker {
    /// A gateway's command: answered when it is processed, or refused at once.
    pub(super) fn on_command<E: Env<Zeebe>>(
        &mut self,
        connection: ConnectionId,
        number: u16,
        mut record: Record,
        env: &mut E,
    ) {
        let request = record.request.map_or(0, |request| request.request);
        let request = RequestId { stream: connection.raw(), request };
        record.request = Some(request);
        let mut refusal = None;
        self.one(number, env, |partition, _, env| refusal = partition.command(request, record, env));
        if let Some(refusal) = refusal {
            env.write(connection, refusal);
        }
    }
}
