//! Connections of a node to itself: both ends are there, each with an id of its own.

use crate::stage::*;
use relapse_kernel::budget::Budget;
use relapse_kernel::control::Command;
use relapse_kernel::disk::Unsynced;
use relapse_kernel::event::{Event, Observer, What};
use relapse_kernel::identity::{ConnectionId, MICROS, MILLIS};
use relapse_kernel::system::{Ended, Input, Target};
use relapse_kernel::world::World;

/// What came by which id of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Came {
    Opened,
    Value(u64),
    Closed(Ended),
}

#[derive(Default)]
struct By(Vec<(ConnectionId, Came)>);

impl Observer<Puppets> for By {
    fn on_event(&mut self, event: &Event<'_, Puppets>, _: &World<Puppets>) {
        match event.what {
            What::Input(Input::Opened { connection, .. }) => self.0.push((*connection, Came::Opened)),
            What::Input(Input::Received { connection, message }) => self.0.push((*connection, Came::Value(message.0))),
            What::Input(Input::Closed { connection, how }) => self.0.push((*connection, Came::Closed(*how))),
            _ => {}
        }
    }
}

/// A connects to itself and writes 1. A puppet knows a label by the newest id: from `Opened` on that is the accepting end.
fn looped() -> Stage {
    Stage::new(1).act(A, 0, Act::Open(Target::Node(A), 1)).act(A, 50 * MICROS, Act::Write(1, 1))
}

fn by(stage: Stage) -> Vec<(ConnectionId, Came)> {
    let mut by = By::default();
    stage.play().world.run(Budget::UNLIMITED, &mut by);
    by.0
}

#[test]
fn each_end_hears_what_the_other_writes_and_how_it_ends() {
    for (end, how) in [(Act::Close(1), Ended::Finished), (Act::Abort(1), Ended::Reset)] {
        let stage = looped().act(A, MILLIS, Act::Write(1, 2)).act(A, 2 * MILLIS, end);
        let mut came = by(stage.act(A, 5 * MILLIS, Act::Open(Target::Node(A), 2)));

        let (again, _) = came.pop().expect("its place is used again");
        let (far, near) = (came[0].0, came[2].0);
        assert_ne!((far, far.raw()), (near, near.raw()));
        assert!(again != far && again != near);
        assert_eq!(
            came,
            [(far, Came::Opened), (far, Came::Value(1)), (near, Came::Value(2)), (near, Came::Closed(how))]
        );
    }
}

#[test]
fn an_end_that_has_ended_writes_nothing_and_the_other_one_still_may() {
    let stage = Stage::new(1).act(A, 0, Act::Open(Target::Node(A), 1)).act(A, 10 * MICROS, Act::Write(1, 1));
    let stage = stage.act(A, 20 * MICROS, Act::Close(1)).act(A, 30 * MICROS, Act::Write(1, 2));
    // From here on as the accepting end, which has heard of its end only at 120 microseconds.
    let came = by(stage.act(A, 115 * MICROS, Act::Write(1, 3)).act(A, 130 * MICROS, Act::Write(1, 4)));

    let values: Vec<Came> = came.into_iter().map(|(_, came)| came).collect();
    assert_eq!(values, [Came::Opened, Came::Value(1), Came::Closed(Ended::Finished)]);
}

#[test]
fn both_ends_of_a_killed_process_are_gone_and_their_place_is_used_again() {
    let mut play = looped().again(A, 2, 0, Act::Open(Target::Node(A), 1)).again(A, 2, MILLIS, Act::Write(1, 7)).play();

    let effect = play.kill(MILLIS, A, Unsynced::Keep);
    play.start(10 * MILLIS, A);
    play.finish();

    assert_eq!((effect.connections, play.closed(A), play.values(A, "undeliverable")), (1, vec![], vec![]));
    assert_eq!(play.seen(A, "value"), [(150 * MICROS, 1), (11 * MILLIS + LATENCY, 7)]);
}

#[test]
fn a_block_of_the_link_to_itself_stalls_it() {
    let mut play = looped().act(A, 2 * MILLIS, Act::Write(1, 2)).play();

    play.at(MILLIS, Command::Block(A, A));
    play.at(10 * MILLIS, Command::Unblock(A, A));
    play.finish();

    assert_eq!(play.seen(A, "value"), [(150 * MICROS, 1), (202 * MILLIS + LATENCY, 2)]);
}
