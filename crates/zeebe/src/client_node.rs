//! A client that sends commands at given times to whatever broker leads the partition: it asks one after the other.

use crate::cluster::{Message, Settings, Timer, Zeebe};
use crate::engine::Answer;
use crate::protocol::{Intent, NO_POSITION, Record, RecordType, RequestId, Value};
use kernel::identity::{MILLIS, Nanos, NodeId};
use kernel::system::{Env, Input, Target};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Time until a command that no broker took is sent again.
const RETRY: Nanos = 10 * MILLIS;

/// A command of a client.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Operation {
    /// When, in nanoseconds.
    pub at: Nanos,
    /// To which partition.
    pub partition: u16,
    /// About what.
    pub key: i64,
    /// What.
    pub intent: Intent,
    /// The particulars.
    pub value: Value,
}

/// The client.
#[derive(Clone, Debug)]
pub struct Client {
    settings: Arc<Settings>,
    operations: Arc<[Operation]>,
    /// Which broker was asked last, for each operation under way.
    asked: BTreeMap<u32, u16>,
    answers: BTreeMap<u32, Answer>,
}

impl Client {
    /// A client that has done nothing yet.
    #[must_use]
    pub fn new(settings: Arc<Settings>, operations: Arc<[Operation]>) -> Self {
        Client { settings, operations, asked: BTreeMap::new(), answers: BTreeMap::new() }
    }

    /// The answers so far, by the number of their operation.
    #[must_use]
    pub const fn answers(&self) -> &BTreeMap<u32, Answer> {
        &self.answers
    }

    pub(crate) fn handle<E: Env<Zeebe>>(&mut self, input: Input<Zeebe>, env: &mut E) {
        match input {
            Input::Start => {
                for (operation, number) in self.operations.iter().zip(0..) {
                    env.set_timer(operation.at, Timer::Operation(number));
                }
            }
            Input::Timer { payload: Timer::Operation(number), .. } => self.send(number, env),
            Input::Message { message: Message::NotLeader(_, request), .. } => {
                let number = u32::try_from(request).unwrap_or(u32::MAX);
                if self.asked.contains_key(&number) {
                    env.set_timer(RETRY, Timer::Operation(number));
                }
            }
            Input::Message { message: Message::Answer(answer), .. } => {
                let number = u32::try_from(answer.request.request).unwrap_or(u32::MAX);
                self.asked.remove(&number);
                self.answers.insert(number, *answer);
            }
            _ => {}
        }
    }

    fn send<E: Env<Zeebe>>(&mut self, number: u32, env: &mut E) {
        let Some(operation) = self.operations.get(number as usize) else { return };
        if self.answers.contains_key(&number) {
            return;
        }
        let next = self.asked.get(&number).map_or(0, |last| (last + 1) % self.settings.brokers);
        self.asked.insert(number, next);
        let request = RequestId { stream: u64::from(env.me().0), request: u64::from(number) };
        let Operation { partition, key, intent, value, .. } = operation.clone();
        let record = Record {
            position: NO_POSITION,
            source: NO_POSITION,
            key,
            timestamp: 0,
            kind: RecordType::Command,
            intent,
            rejection: None,
            value,
            request: Some(request),
        };
        env.send(Target::Node(NodeId(next)), Message::Command(partition, Box::new(record)));
    }
}
