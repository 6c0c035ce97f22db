//! Rows that a job leaves behind although nobody holds a key of it and nothing can still reach it.
//!
//! Source: specs/restate.md 5.4 (`complete_invocation` drops the journal), 5.5 (truncation), 5.8 (a fired timer is
//! deleted), 5.10 (free implies an empty inbox), 9.2. What remains of a job that is over: user state (counters, "started"), the sequence counters, and the last
//! sequence seen from each partition. Nothing is retained beside those: this release keeps no results. An answer for a
//! client does not name its job, so it counts for every job. Inboxes of free keys are a finding of their own.

use ::restate::Restate;
use ::restate::message::{Command, Job};
use ::restate::node::server::Server;
use ::restate::store::{Outgoing, Tables};
use kernel::system::Input;
use kernel::world::{Underway, World};
use std::collections::BTreeMap;

/// How many rows of a job are left, by table.
pub fn left(world: &World<Restate>, server: &Server, job: u16) -> BTreeMap<&'static str, usize> {
    left_behind(server, job, |partition| world.underway().any(|underway| truncates(underway, partition)))
}

fn left_behind(server: &Server, job: u16, is_truncated: impl Fn(u16) -> bool) -> BTreeMap<&'static str, usize> {
    let mut left = BTreeMap::new();
    for partition in &server.partitions {
        // What has been delivered waits for a truncation that may be underway; it reaches nobody meanwhile.
        let truncated = is_truncated(partition.number);
        let from = if truncated { partition.shuffle.next } else { 0 };
        for (table, count) in left_in(&partition.tables, from, job) {
            *left.entry(table).or_default() += count;
        }
    }
    left
}

/// Free keys of a job with calls in their inbox: a key that is given up goes to the first of them, so there can be none.
pub fn orphaned_inboxes(server: &Server, job: u16) -> Vec<i32> {
    let rows = server.partitions.iter().flat_map(|partition| partition.tables.iter());
    let of_job = rows.filter(|(key, _)| key.job == job);
    let orphaned = of_job.filter(|(_, rows)| rows.status.holder().is_none() && !rows.inbox.is_empty());
    orphaned.map(|(key, _)| key.target).collect()
}

/// Whether an outbox row is about a job.
pub fn is_of_job(row: &Outgoing, job: u16) -> bool {
    match row {
        Outgoing::Invoke(invocation) => invocation.key.job == job,
        Outgoing::Response { key, .. } => key.job == job,
        Outgoing::Ingress(..) => true,
    }
}

/// The outbox rows of a job at or after a sequence number.
pub fn outbox(tables: &Tables, from: u64, job: u16) -> impl Iterator<Item = (u64, &Outgoing)> {
    let rows = (from.max(1)..=tables.outbox_seq).filter_map(move |seq| {
        // A number that is truncated would give the first row after it, again and again.
        tables.outbox_from(seq).filter(|(found, _)| *found == seq)
    });
    rows.filter(move |(_, row)| is_of_job(row, job))
}

fn left_in(tables: &Tables, outbox_from: u64, job: u16) -> BTreeMap<&'static str, usize> {
    let of_job = tables.iter().filter(|(key, _)| key.job == job);
    let is_left =
        |instance: &::restate::store::Instance| instance.status.holder().is_none() && !instance.journal.is_empty();
    let journals = of_job.filter(|(_, instance)| is_left(instance)).count();
    // A holder that sleeps has a timer, and may.
    let held_by = |key, id| tables.status(key).holder().is_some_and(|holder| holder.id == id);
    let timers = tables.timers.iter().filter(|(_, key, id, _)| key.job == job && !held_by(*key, *id)).count();
    let outbox = outbox(tables, outbox_from, job).count();
    let counts = [("journal", journals), ("outbox", outbox), ("timers", timers)];
    counts.into_iter().filter(|(_, count)| *count > 0).collect()
}

fn truncates(underway: Underway<'_, Restate>, partition: u16) -> bool {
    let (Underway::Input(_, Input::Job { job, .. }) | Underway::Job(_, job)) = underway else { return false };
    match job {
        Job::Acknowledged(of, _) | Job::Command(of, _, Command::Truncate(_)) => *of == partition,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::restate::hand_made::{id, invocation, key, server};
    use ::restate::invocation::Key;
    use ::restate::invocation::Value;
    use ::restate::journal::Entry;
    use ::restate::message::Origin;
    use ::restate::store::Op;

    fn tables(ops: &[Op]) -> Tables {
        let mut tables = Tables::default();
        ops.iter().for_each(|op| tables.apply(op));
        tables
    }

    fn left_after(ops: &[Op]) -> Vec<(&'static str, usize)> {
        left_in(&tables(ops), 0, 0).into_iter().collect()
    }

    #[test]
    fn state_and_the_numbers_seen_may_stay() {
        assert!(left_after(&[]).is_empty());
        let over = [
            Op::Invoked(invocation(5)),
            Op::Journaled(key(5), Entry::Background(invocation(6))),
            Op::Sent(Outgoing::Invoke(invocation(6))),
            Op::State(key(5), Some(2)),
            Op::Seen(0, 1),
            Op::Truncated(1),
            Op::Freed(key(5)),
        ];
        assert!(left_after(&over).is_empty(), "{:?}", left_after(&over));
    }

    #[test]
    fn a_journal_without_a_holder_is_left_and_one_with_a_holder_is_not() {
        let entry = Op::Journaled(key(5), Entry::Background(invocation(6)));

        assert_eq!(left_after(std::slice::from_ref(&entry)), [("journal", 1)]);
        assert!(left_after(&[Op::Invoked(invocation(5)), entry]).is_empty());
    }

    #[test]
    fn an_inbox_is_orphaned_when_its_key_is_free() {
        let orphaned = |ops: &[Op], job| orphaned_inboxes(&server(ops), job);
        let waits = [Op::Invoked(invocation(5)), Op::Queued(0, invocation(5))];
        let handed_over = [&waits[..], &[Op::HandedOver(key(5))]].concat();
        let freed = [&waits[..], &[Op::Freed(key(5))]].concat();

        let none = Vec::<i32>::new();
        assert_eq!((orphaned(&waits, 0), orphaned(&handed_over, 0)), (none.clone(), none.clone()));
        assert_eq!((orphaned(&freed, 0), orphaned(&freed, 1)), (vec![5], none));
    }

    #[test]
    fn what_is_left_of_another_job_is_not_this_jobs() {
        let other = Key { job: 1, ..key(5) };
        let ops = [
            Op::Journaled(other, Entry::Background(invocation(6))),
            Op::TimerSet(9, other, id(5), 1),
            Op::Sent(Outgoing::Response { id: id(5), key: other, index: 1, value: Value::Empty }),
        ];

        assert!(left_after(&ops).is_empty(), "{:?}", left_after(&ops));
        assert_eq!(left_in(&tables(&ops), 0, 1).len(), 3);
    }

    #[test]
    fn a_timer_of_nobody_is_left_and_one_of_a_holder_is_not() {
        let timer = Op::TimerSet(9, key(5), id(5), 1);

        assert_eq!(left_after(std::slice::from_ref(&timer)), [("timers", 1)]);
        assert!(left_after(&[Op::Invoked(invocation(5)), timer.clone()]).is_empty());
        assert_eq!(left_after(&[Op::Invoked(invocation(5)), Op::TimerSet(9, key(5), id(6), 1)]), [("timers", 1)]);
        assert!(left_after(&[timer, Op::TimerDeleted(9, key(5), id(5), 1)]).is_empty());
    }

    #[test]
    fn every_kind_of_outbox_row_is_left_unless_it_is_truncated_or_of_another_job() {
        let (id, key) = (id(5), key(5));
        let answer = Outgoing::Response { id, key, index: 1, value: Value::Empty };
        for row in [Outgoing::Invoke(invocation(5)), answer, Outgoing::Ingress(id, Value::Empty)] {
            let sent = Op::Sent(row.clone());

            assert_eq!(left_after(std::slice::from_ref(&sent)), [("outbox", 1)], "{row:?}");
            assert!(left_after(&[sent, Op::Truncated(1)]).is_empty(), "{row:?}");
        }
        assert!(left_in(&tables(&[Op::Sent(Outgoing::Invoke(invocation(5)))]), 0, 1).is_empty());
    }

    #[test]
    fn a_row_that_is_delivered_is_left_unless_its_truncation_is_underway() {
        let rows = [1, 2].map(|target| Op::Sent(Outgoing::Invoke(invocation(target))));
        let mut server = server(&rows);
        server.partitions[0].shuffle.next = 2;
        let left = |truncated| left_behind(&server, 0, |_| truncated).into_iter().collect::<Vec<_>>();

        assert_eq!((left(false), left(true)), (vec![("outbox", 2)], vec![("outbox", 1)]));
    }

    #[test]
    fn acknowledgements_and_truncations_truncate_the_outbox_of_their_partition() {
        let own = |command| Job::Command(0, Origin::Own, command);
        let node = kernel::identity::NodeId(0);
        for work in [Job::Acknowledged(0, 1), own(Command::Truncate(1))] {
            let input = Input::Job { actor: kernel::identity::ActorId(0), job: work.clone() };
            assert!(
                truncates(Underway::Job(node, &work), 0) && truncates(Underway::Input(node, &input), 0),
                "{work:?}"
            );
            assert!(!truncates(Underway::Job(node, &work), 7), "{work:?}");
        }
        assert!(!truncates(Underway::Job(node, &own(Command::Invoke(invocation(5)))), 0));
        assert!(!truncates(Underway::Job(node, &Job::Shuffle(0)), 0) && !truncates(Underway::Kernel, 0));
    }

    #[test]
    fn rows_are_counted_once_and_from_where_they_are_asked_for() {
        let three = [1, 2, 3].map(|target| Op::Sent(Outgoing::Invoke(invocation(target))));
        let two = tables(&[&three[..], &[Op::Truncated(1)]].concat());

        assert_eq!(outbox(&two, 0, 0).map(|(seq, _)| seq).collect::<Vec<_>>(), [2, 3]);
        assert_eq!(outbox(&two, 3, 0).map(|(seq, _)| seq).collect::<Vec<_>>(), [3]);
        assert_eq!(outbox(&two, 4, 0).count(), 0);
    }
}
