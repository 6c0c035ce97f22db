//! The inbox of a held key: first in, first out, whatever comes in between. How often a job blocks hangs on it.
//!
//! Source: specs/restate.md 5.4 (Invocation, complete_invocation), 9.1 no. 1.

use kernel::dice::Purpose;
use kernel::hand::HandEnv;
use kernel::identity::NodeId;
use proptest::prelude::*;
use relapse_restate::Restate;
use relapse_restate::event::Event;
use relapse_restate::invocation::{Argument, Invocation, InvocationId, Key, Method};
use relapse_restate::message::{Command, Effect, Origin};
use relapse_restate::node::partition::Partition;
use relapse_restate::store::Tables;
use relapse_restate::store::wal::Wal;
use relapse_restate::workload::Service;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

fn key(target: i32) -> Key {
    Key { service: Service::Interpreter, job: 0, target, hash: 0 }
}

/// The n-th call, of a key.
fn call(nth: u64, target: i32) -> Arc<Invocation> {
    let id = InvocationId { identity: nth, created_ms: 0 };
    let (method, argument) = (Method::BackgroundCall, Argument::None);
    Arc::new(Invocation { id, key: key(target), method, argument, sink: None })
}

/// A partition on its own, and who got its keys, in order.
struct Desk {
    partition: Partition,
    wal: Wal,
    env: HandEnv<Restate>,
}

impl Desk {
    fn new() -> Self {
        let env: HandEnv<Restate> = HandEnv::new(NodeId(0), 1);
        let stream = env.dice.stream(Purpose::new("by-hand"), 0);
        Desk { partition: Partition::new(0, Arc::new(Tables::default()), stream), wal: Wal::default(), env }
    }

    fn take(&mut self, command: Command) {
        self.partition.handle(Origin::Own, command, true, &mut self.wal, &mut self.env).expect("a disk with room");
    }

    fn holder(&self, target: i32) -> Option<u64> {
        self.partition.tables.status(key(target)).holder().map(|holder| holder.id.identity)
    }

    /// The holder of a key is done.
    fn end(&mut self, target: i32) {
        let id = self.partition.tables.status(key(target)).holder().expect("it is held").id;
        self.take(Command::Effect(id, key(target), Effect::End));
    }

    /// The calls that have got a key so far.
    fn locked(&self) -> Vec<u64> {
        let locked = self.env.emitted.iter().filter_map(|event| match event {
            Event::Locked(id, _) => Some(id.identity),
            _ => None,
        });
        locked.collect()
    }
}

#[test]
fn calls_of_a_held_key_get_it_in_the_order_of_their_arrival() {
    let mut desk = Desk::new();
    for nth in 1..=4 {
        desk.take(Command::Invoke(call(nth, 5)));
    }
    assert_eq!(desk.holder(5), Some(1));

    for next in [Some(2), Some(3), Some(4), None] {
        desk.end(5);
        assert_eq!(desk.holder(5), next);
    }

    assert_eq!(desk.locked(), [1, 2, 3, 4]);
}

proptest! {
    #[test]
    fn every_key_has_a_queue_of_its_own_and_none_overtakes(steps in prop::collection::vec((0i32..3, any::<bool>()), 1..60)) {
        let mut desk = Desk::new();
        let mut queues: BTreeMap<i32, VecDeque<u64>> = BTreeMap::new();
        for ((target, comes), nth) in steps.into_iter().zip(1..) {
            let queue = queues.entry(target).or_default();
            if comes || queue.is_empty() {
                desk.take(Command::Invoke(call(nth, target)));
                queue.push_back(nth);
            } else {
                desk.end(target);
                queue.pop_front();
            }

            prop_assert_eq!(desk.holder(target), queue.front().copied());
            let instance = desk.partition.tables.get(key(target)).expect("it was called");
            let waiting: Vec<u64> = instance.inbox.iter().map(|(_, waiting)| waiting.id.identity).collect();
            prop_assert_eq!(waiting, queue.iter().copied().skip(1).collect::<Vec<_>>());
            prop_assert!(instance.inbox.iter().is_sorted_by_key(|(seq, _)| *seq), "{:?}", instance.inbox);
        }
    }
}
