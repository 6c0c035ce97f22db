//! The digest: any changed field of any event changes it.

use crate::stage::*;
use proptest::prelude::*;
use relapse_kernel::builder::Builder;
use relapse_kernel::control::Command;
use relapse_kernel::dice::Probability;
use relapse_kernel::digest::Digest;
use relapse_kernel::disk::{DiskError, DiskFaults, DiskProfile, Unsynced};
use relapse_kernel::event::{Event, Note, Observer, What};
use relapse_kernel::identity::*;
use relapse_kernel::latency::Latency;
use relapse_kernel::network::LinkProfile;
use relapse_kernel::system::{Ended, Input, Target};
use relapse_kernel::world::World;
use std::collections::BTreeMap;

fn digest(parent: u64, at: Nanos, node: u16, incarnation: u32, what: What<'_, Puppets>) -> u128 {
    let mut digest = Digest::default();
    Event { id: 9, parent, at, node: NodeId(node), incarnation, what }.absorb(&mut digest);
    digest.value()
}

/// Every one of these differs from every other in what it digests to.
#[derive(Default)]
struct Distinct(BTreeMap<u128, String>);

impl Distinct {
    fn add(&mut self, name: String, digest: u128) {
        if let Some(other) = self.0.insert(digest, name.clone()) {
            panic!("{name} digests like {other}");
        }
    }

    fn add_all(&mut self, inputs: &[Input<Puppets>], notes: &[Note], commands: &[Command], said: &[Said]) {
        for input in inputs {
            self.add(format!("{input:?}"), digest(1, 1, 1, 1, What::Input(input)));
        }
        for note in notes {
            self.add(format!("{note:?}"), digest(1, 1, 1, 1, What::Note(*note)));
        }
        for command in commands {
            self.add(format!("{command:?}"), digest(1, 1, 1, 1, What::Control(command)));
        }
        for said in said {
            self.add(format!("{said:?}"), digest(1, 1, 1, 1, What::Emitted(said)));
        }
    }
}

/// Timers and connections of several slots and generations.
#[derive(Default)]
struct Ids(Vec<TimerId>, Vec<ConnectionId>);

impl Observer<Puppets> for Ids {
    fn on_event(&mut self, event: &Event<'_, Puppets>, _: &World<Puppets>) {
        match event.what {
            What::Input(Input::Timer { timer, .. }) => self.0.push(*timer),
            What::Input(Input::Opened { connection, .. }) => self.1.push(*connection),
            _ => {}
        }
    }
}

fn ids() -> Ids {
    let mut stage = Stage::new(2);
    for (label, at) in (1..=3).flat_map(|label| [(label, 0), (label + 3, 10 * MILLIS)]) {
        stage = stage.act(A, at, Act::Open(Target::Node(B), label)).act(A, at + MILLIS, Act::Close(label));
        stage = stage.act(A, at, Act::Timer(1, label)).act(A, at, Act::Timer(MILLIS, label));
    }
    let mut ids = Ids::default();
    stage.play().world.run(relapse_kernel::budget::Budget::UNLIMITED, &mut ids);
    ids.0.sort();
    ids.0.dedup();
    assert!(ids.0.len() > 8 && ids.1.len() == 6 && ids.1.iter().any(|id| id.raw() >> 32 > 0));
    ids
}

fn inputs() -> Vec<Input<Puppets>> {
    let Ids(timers, connections) = ids();
    let message = |from, address, value, bytes| Input::Message {
        from: NodeId(from),
        address: Address(address),
        message: Value(value, bytes),
    };
    let mut inputs = vec![Input::Start];
    inputs.extend([message(0, 0, 0, 0), message(1, 0, 0, 0), message(0, 1, 0, 0), message(0, 0, 1, 0)]);
    inputs.extend([message(0, 0, 0, 1), message(u16::MAX, 0, 0, 0), message(0, u32::MAX, 0, 0)]);
    for connection in connections {
        for (from, label) in [(0, 0), (1, 0), (0, 1)] {
            inputs.push(Input::Opened { connection, from: NodeId(from), label });
        }
        inputs.extend([Value(0, 0), Value(1, 0)].map(|message| Input::Received { connection, message }));
        let ends = [Ended::Finished, Ended::Reset, Ended::TimedOut];
        inputs.extend(ends.map(|how| Input::Closed { connection, how }));
    }
    for timer in timers {
        inputs.extend([Alarm::Line(0), Alarm::Rings(0)].map(|payload| Input::Timer { timer, payload }));
    }
    let errors = [DiskError::Full, DiskError::Io, DiskError::Missing, DiskError::Damaged];
    inputs.extend(errors.map(|error| Input::Disk { token: 0, result: Err(error) }));
    inputs.extend([0, 1].map(|token| Input::Disk { token, result: Ok(()) }));
    for (actor, task) in [(0, 0), (1, 0), (0, 1)] {
        inputs.push(Input::Job { actor: ActorId(actor), job: Task(task) });
    }
    inputs
}

fn notes() -> Vec<Note> {
    let mut notes = Vec::new();
    for (one, two) in [(A, A), (A, B), (B, A)] {
        notes.extend([
            Note::Lost(one, two),
            Note::Blocked(one, two),
            Note::Doubled(one, two),
            Note::HeldBack(one, two),
        ]);
    }
    for node in [A, B] {
        notes.extend([Note::Undeliverable(node), Note::Swallowed(node), Note::SyncLost(node)]);
    }
    notes.extend(ids().1.into_iter().map(Note::Stalled));
    notes
}

fn profiles() -> Vec<LinkProfile> {
    let base = LinkProfile::default();
    let latency = Latency::constant(1);
    vec![
        base,
        LinkProfile { latency, ..base },
        LinkProfile { loss: Probability::ppm(2), ..base },
        LinkProfile { duplication: Probability::ppm(2), ..base },
        LinkProfile { reorder: Probability::ppm(2), ..base },
        LinkProfile { reorder_max: 1, ..base },
        LinkProfile { bandwidth: 1, ..base },
        LinkProfile { retransmit_min: 1, ..base },
        LinkProfile { retransmit_max: 1, ..base },
        LinkProfile { give_up: 1, ..base },
    ]
}

fn disk_faults() -> Vec<DiskFaults> {
    let base = DiskFaults::default();
    vec![
        base,
        DiskFaults { slow_percent: 1, ..base },
        DiskFaults { full: true, ..base },
        DiskFaults { failing: 1, ..base },
        DiskFaults { lying_syncs: 1, ..base },
    ]
}

fn commands() -> Vec<Command> {
    use Command::*;
    let mut commands = vec![Wake(0), Wake(1)];
    for node in [A, B] {
        for (unsynced, dark) in [(Unsynced::Keep, false), (Unsynced::Lose, false), (Unsynced::Tear, false)] {
            commands.extend([Kill { node, unsynced, dark }, Kill { node, unsynced, dark: !dark }]);
        }
        commands.extend([false, true].map(|readdress| Start { node, readdress }));
        commands.extend([Pause(node), Resume(node), Hang(node), Wipe(node)]);
        commands.extend([Jump(node, 0), Jump(node, 1), Jump(node, -1), Drift(node, 0), Drift(node, -1)]);
        commands.extend([Freeze(node, false), Freeze(node, true), Slow(node, 0), Slow(node, 1)]);
        commands.extend(disk_faults().into_iter().map(|faults| Disk(node, faults)));
        let other = FileName { number: 1, ..WAL };
        commands.extend([WAL, OTHER, other].map(|file| RemoveFile(node, file)));
        for index in [None, Some(0), Some(1)] {
            commands.extend([WAL, OTHER, other].map(|file| FlipBit(node, file, index)));
        }
        for to in [A, B] {
            commands.extend([Block(node, to), Unblock(node, to), CopyVolume(node, to)]);
            commands.extend(profiles().into_iter().map(|profile| Link(node, to, profile)));
        }
    }
    let some = [None, Some(Address(0)), Some(Address(1))];
    for (from, to) in some.into_iter().flat_map(|from| some.map(|to| (from, to))) {
        commands.extend([BlockAddress(from, to), UnblockAddress(from, to)]);
    }
    commands
}

#[test]
fn any_changed_field_of_any_event_changes_the_digest() {
    let mut distinct = Distinct::default();

    distinct.add_all(&inputs(), &notes(), &commands(), &[Said::Drew(0), Said::Drew(1), Said::Cancelled(false)]);
    for (parent, at, node, incarnation) in [(2, 1, 1, 1), (1, 2, 1, 1), (1, 1, 2, 1), (1, 1, 1, 2)] {
        let what = What::Input(&Input::Start);
        distinct.add("start elsewhere".into(), digest(parent, at, node, incarnation, what));
    }

    assert!(distinct.0.len() > 200, "{}", distinct.0.len());
}

#[test]
fn worlds_that_are_set_up_in_another_way_have_other_digests_from_the_start() {
    let mut distinct = Distinct::default();
    let base = || Builder::<Puppets>::new(1);
    let nodes = |mut builder: Builder<Puppets>, of_second: DiskProfile| {
        builder.node(Script::new(), DiskProfile::default());
        builder.node(Script::new(), of_second);
        builder.build().digest()
    };
    let plain = DiskProfile::default();

    distinct.add("as it is".into(), nodes(base(), plain));
    distinct.add("another seed".into(), nodes(Builder::new(2), plain));
    distinct.add("another epoch".into(), nodes(base().epoch(1), plain));
    for (nth, profile) in profiles().into_iter().enumerate().skip(1) {
        for (from, to) in [(A, B), (B, A), (B, B)] {
            let links = move |one, two| if (one, two) == (from, to) { profile } else { LinkProfile::default() };
            distinct.add(format!("link {nth} from {from} to {to}"), nodes(base().links(links), plain));
        }
    }
    let one = Latency::constant(1);
    let disks = [
        DiskProfile { write: one, ..plain },
        DiskProfile { sync: one, ..plain },
        DiskProfile { read: Latency::constant(2), ..plain },
        DiskProfile { capacity: 1, ..plain },
    ];
    for disk in disks {
        distinct.add(format!("{disk:?}"), nodes(base(), disk));
    }
    for (role, starts) in [(vec![(1, 0, Act::Wall)], true), (Script::new(), false)] {
        let mut builder = base();
        builder.node(Script::new(), plain);
        let second = if starts { builder.node(role, plain) } else { builder.idle_node(role, plain) };
        distinct.add(format!("{second} as another one"), builder.build().digest());
    }
    distinct.add("without nodes".into(), base().build().digest());

    assert_eq!(distinct.0.len(), 3 + 9 * 3 + 4 + 2 + 1);
}

#[test]
fn every_event_of_a_run_moves_the_digest() {
    struct Moves(u128, u64);
    impl Observer<Puppets> for Moves {
        fn on_event(&mut self, _: &Event<'_, Puppets>, world: &World<Puppets>) {
            assert_ne!(std::mem::replace(&mut self.0, world.digest()), world.digest());
            self.1 += 1;
        }
    }
    let mut moves = Moves(0, 0);

    let mut play = Stage::new(2).act(A, 0, Act::Send(Target::Node(B), 1, 0)).act(A, 0, Act::Draw(1)).play();
    play.world.run(relapse_kernel::budget::Budget::UNLIMITED, &mut moves);

    assert_eq!(moves.1, play.world.events());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn words_in_another_order_or_with_one_changed_digest_differently(
        words in prop::collection::vec(any::<u64>(), 1..20),
        index: prop::sample::Index,
        flip in 0..64,
    ) {
        let of = |words: &[u64]| {
            let mut digest = Digest::default();
            words.iter().for_each(|word| digest.absorb(*word));
            digest.value()
        };
        let mut changed = words.clone();
        changed[index.index(words.len())] ^= 1_u64 << flip;
        let mut turned = words.clone();
        turned.rotate_left(1);

        prop_assert_ne!(of(&words), of(&changed));
        prop_assert!(turned == words || of(&words) != of(&turned));
        prop_assert_ne!(of(&words), of(&words[1..]));
    }
}
