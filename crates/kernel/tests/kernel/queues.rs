//! The event queue against a sorted list.

use proptest::prelude::*;
use relapse_kernel::queue::{Order, Queue, Source};

#[derive(Clone, Debug)]
enum Op {
    Push { source: usize, at: u64 },
    Cancel(prop::sample::Index),
    CancelEvery(u64),
    Pop,
    PopUntil(u64),
    NextAt,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => (0..4_usize, 0..10_u64).prop_map(|(source, at)| Op::Push { source, at }),
        1 => any::<prop::sample::Index>().prop_map(Op::Cancel),
        1 => (2..5_u64).prop_map(Op::CancelEvery),
        2 => Just(Op::Pop),
        1 => (0..10_u64).prop_map(Op::PopUntil),
        1 => Just(Op::NextAt),
    ]
}

/// The queue, and a list of what must be in it.
struct Both {
    queue: Queue<u64>,
    list: Vec<(Order, u64)>,
    given: Vec<((u32, u32), u64)>,
    sources: Vec<Source>,
    seed: u64,
}

impl Both {
    fn apply(&mut self, op: &Op) {
        match op {
            Op::Push { source, at } => {
                let order = self.sources[*source].next(self.seed, *at);
                let payload = self.given.len() as u64;
                self.given.push((self.queue.push(order, payload), payload));
                self.list.push((order, payload));
                self.list.sort();
            }
            Op::Cancel(index) if !self.given.is_empty() => {
                let ((slot, generation), payload) = self.given[index.index(self.given.len())];
                let pending = self.list.iter().position(|entry| entry.1 == payload);
                let expected = pending.map(|index| self.list.remove(index).1);
                assert_eq!(self.queue.cancel(slot, generation), expected);
            }
            Op::CancelEvery(nth) => {
                let before = self.list.len();
                self.list.retain(|entry| entry.1 % nth != 0);
                let cancelled = self.queue.cancel_if(|payload| payload % nth == 0);
                assert_eq!(cancelled as usize, before - self.list.len());
            }
            Op::Pop => self.pop_until(u64::MAX),
            Op::PopUntil(until) => self.pop_until(*until),
            Op::NextAt => assert_eq!(self.queue.next_at(), self.list.first().map(|entry| entry.0.at)),
            Op::Cancel(_) => {}
        }
        assert_eq!(self.queue.len(), self.list.len());
    }

    fn pop_until(&mut self, until: u64) {
        let due = self.list.first().is_some_and(|entry| entry.0.at <= until);
        let expected = due.then(|| self.list.remove(0));
        let popped = self.queue.pop_until(until);
        assert_eq!(popped.map(|(order, _, payload)| (order, payload)), expected);
        if let (Some((_, ids, _)), Some((_, payload))) = (popped, expected) {
            assert_eq!(self.given[payload as usize].0, ids);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn entries_leave_in_the_order_of_time_tie_and_source(seed: u64, ops in prop::collection::vec(op(), 0..200)) {
        let sources = (0..4).map(|source| Source::new("test", source)).collect();
        let mut both = Both { queue: Queue::default(), list: Vec::new(), given: Vec::new(), sources, seed };

        ops.iter().for_each(|op| both.apply(op));

        let mut pending: Vec<u64> = both.queue.iter().map(|(_, payload)| *payload).collect();
        pending.sort();
        let mut expected: Vec<u64> = both.list.iter().map(|entry| entry.1).collect();
        expected.sort();
        prop_assert_eq!(pending, expected);
        while !both.queue.is_empty() {
            both.apply(&Op::Pop);
        }
        both.apply(&Op::Pop);
    }

    #[test]
    fn the_order_of_insertion_does_not_matter(seed: u64, entries in prop::collection::vec((0..4_u64, 0..3_u64), 0..50)) {
        let mut sources: Vec<Source> = (0..4).map(|source| Source::new("test", source)).collect();
        let orders: Vec<Order> = entries.iter().map(|(source, at)| sources[*source as usize].next(seed, *at)).collect();
        let drain = |orders: &[Order]| {
            let mut queue = Queue::default();
            for order in orders {
                queue.push(*order, ());
            }
            std::iter::from_fn(move || queue.pop().map(|entry| entry.0)).collect::<Vec<_>>()
        };
        let reversed: Vec<Order> = orders.iter().rev().copied().collect();

        prop_assert_eq!(drain(&orders), drain(&reversed));
    }
}

#[test]
fn one_source_is_first_in_first_out_at_one_instant() {
    let mut source = Source::new("test", 1);
    let mut queue = Queue::default();
    let orders: Vec<Order> = (0..100).map(|_| source.next(7, 5)).collect();

    for order in orders.iter().rev() {
        queue.push(*order, order.nth);
    }

    let popped: Vec<u32> = std::iter::from_fn(|| queue.pop().map(|entry| entry.2)).collect();
    assert!(popped.is_sorted() && popped.len() == 100);
}

#[test]
fn the_seed_decides_between_sources() {
    let first = |seed| Source::new("a", 0).next(seed, 5) < Source::new("b", 0).next(seed, 5);

    let won = (0..1_000).filter(|seed| first(*seed)).count();

    assert!((400..600).contains(&won), "{won}");
}
