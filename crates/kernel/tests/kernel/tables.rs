//! Logs against plain vectors, latencies against their quantiles, budgets at their edges.

use crate::stage::*;
use proptest::prelude::*;
use relapse_kernel::budget::{Budget, Stop};
use relapse_kernel::identity::MILLIS;
use relapse_kernel::latency::Latency;
use relapse_kernel::log::{Log, SEGMENT};

#[derive(Clone, Debug)]
enum Op {
    Push(u64, usize),
    Set(u64, u64),
    Truncate(u64),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        3 => (any::<u64>(), 0..SEGMENT * 2).prop_map(|(value, times)| Op::Push(value, times)),
        2 => (0..2_000_u64, any::<u64>()).prop_map(|(index, value)| Op::Set(index, value)),
        1 => (0..2_000_u64).prop_map(Op::Truncate),
    ]
}

fn apply(op: &Op, log: &mut Log<u64>, list: &mut Vec<u64>) {
    match *op {
        Op::Push(value, times) => {
            for nth in 0..times as u64 {
                log.push(value ^ nth);
                list.push(value ^ nth);
            }
        }
        Op::Set(index, value) => {
            let place = list.get_mut(index as usize);
            assert_eq!(log.set(index, value), place.is_some());
            place.into_iter().for_each(|place| *place = value);
        }
        Op::Truncate(len) => {
            log.truncate(len);
            list.truncate(len as usize);
        }
    }
}

fn assert_same(log: &Log<u64>, list: &[u64]) {
    assert_eq!((log.len(), log.is_empty()), (list.len() as u64, list.is_empty()));
    assert!(log.iter().eq(list));
    assert!((0..=log.len()).all(|index| log.get(index) == list.get(index as usize)));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_log_is_a_vector_and_its_clones_do_not_change_with_it(
        before in prop::collection::vec(op(), 0..8),
        after in prop::collection::vec(op(), 0..8),
    ) {
        let (mut log, mut list) = (Log::default(), Vec::new());
        before.iter().for_each(|op| apply(op, &mut log, &mut list));
        let (snapshot, copy) = (log.clone(), list.clone());

        after.iter().for_each(|op| apply(op, &mut log, &mut list));

        assert_same(&log, &list);
        assert_same(&snapshot, &copy);
    }

    #[test]
    fn a_latency_grows_with_its_draw_and_stays_within_its_bounds(mut quantiles: [u32; 5], one: u32, two: u32) {
        quantiles.sort();
        let latency = Latency::quantiles(quantiles.map(u64::from)).unwrap();
        let (low, high) = (latency.at(one.min(two)), latency.at(one.max(two)));

        prop_assert!(latency.min() <= low && low <= high && high <= latency.max());
        prop_assert!(latency.at(u32::MAX / 2) <= latency.median() && latency.median() <= latency.at(u32::MAX / 2 + 1));
    }
}

#[test]
fn quantiles_out_of_order_are_refused() {
    assert!(Latency::quantiles([1, 2, 3, 5, 4]).is_err() && Latency::uniform(2, 1).is_err());
}

#[test]
fn what_is_due_when_time_is_up_still_happens_and_what_is_due_later_does_not() {
    for (until, rings, stop) in [(MILLIS, 1, Stop::Idle), (MILLIS - 1, 0, Stop::Time)] {
        let mut play = Stage::new(1).act(A, 0, Act::Timer(MILLIS, 1)).play();

        let stopped = play.world.run(Budget::until(until), &mut play.seen);

        assert_eq!((stopped, play.seen(A, "rings").len()), (stop, rings));
    }
}

#[test]
fn a_run_ends_when_its_events_are_used_up() {
    let mut play = Stage::new(1).act(A, 0, Act::Timer(MILLIS, 1)).play();
    let budget = |events| Budget { events, ..Budget::UNLIMITED };

    assert_eq!(play.world.run(budget(2), &mut ()), Stop::Events);
    assert_eq!((play.world.events(), play.world.now()), (2, 0));
    assert_eq!(play.world.run(budget(4), &mut ()), Stop::Idle);
    assert_eq!(play.world.events(), 3);
}
