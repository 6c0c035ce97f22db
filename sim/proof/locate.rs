//! Where two runs of one seed part: the first event that differs.
//!
//! The checkpoints say in which few thousand events it lies; then both are run again with those events kept. So a run is
//! made three times, and may differ each time: what depends on a host's clock or on a counter of the process does. What
//! is reported is always what one pair of runs showed.

use std::ops::Range;

use kernel::record::RESIDENT_MAX;
use serde::Serialize;

use crate::look::{Look, Seen};

/// Where two runs part.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// At this event.
    Event(Box<FirstEvent>),
    /// It could not be found, for this reason.
    Unknown(String),
}

/// The first event that differs.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct FirstEvent {
    /// Its number.
    pub id: u64,
    /// What it should have been; nothing if that run was over before it.
    pub expected: Option<Seen>,
    /// What it was; nothing if this run was over before it.
    pub found: Option<Seen>,
}

/// Runs a seed in one way, and looks at the events with these numbers.
pub type LookAt<'a> = &'a dyn Fn(Range<u64>) -> Result<Look, String>;

/// Finds the first event that differs between two ways.
pub fn locate(expected: LookAt<'_>, found: LookAt<'_>) -> Place {
    match first_event(expected, found) {
        Ok(event) => Place::Event(Box::new(event)),
        Err(reason) => Place::Unknown(reason),
    }
}

fn first_event(expected: LookAt<'_>, found: LookAt<'_>) -> Result<FirstEvent, String> {
    let window = suspects(&expected(0..0)?, &found(0..0)?)?;
    let end = window.end;
    let mut looks = (expected(window.clone())?, found(window)?);
    if differs_at_once(&looks.0, &looks.1) {
        // The difference has moved to an earlier place meanwhile.
        let most = u64::try_from(RESIDENT_MAX).unwrap_or(u64::MAX);
        let all = end.saturating_sub(most).max(1)..end;
        looks = (expected(all.clone())?, found(all)?);
    }
    let (expected, found) = (looks.0.rows, looks.1.rows);
    let equal = expected.iter().zip(&found).take_while(|(one, other)| one == other).count();
    let (expected, found) = (expected.into_iter().nth(equal), found.into_iter().nth(equal));
    let id = expected.as_ref().or(found.as_ref()).map(|event| event.id);
    let id = id.ok_or("the runs differ each time at another place: run again, they were equal here")?;
    Ok(FirstEvent { id, expected, found })
}

/// The events from the last checkpoint that is equal to the first that is not, both included.
fn suspects(expected: &Look, found: &Look) -> Result<Range<u64>, String> {
    if expected.checkpoint_every != found.checkpoint_every {
        return Ok(1..u64::MAX);
    }
    let all = |look: &Look| (look.ended.digest().to_owned(), look.events, look.checkpoints.clone());
    if all(expected) == all(found) {
        return Err(if expected.ended == found.ended {
            "run again in both ways it ended the same: what differed depends on more than the way".to_owned()
        } else {
            "every event is equal: only what was made of them differs".to_owned()
        });
    }
    let checkpoints = expected.checkpoints.iter().zip(&found.checkpoints);
    let equal = checkpoints.take_while(|(one, other)| one == other).count() as u64;
    let last_equal = equal * expected.checkpoint_every;
    Ok(last_equal.max(1)..last_equal + expected.checkpoint_every + 1)
}

/// Whether the first event of the window differs already, though it is not the first of the run.
fn differs_at_once(expected: &Look, found: &Look) -> bool {
    match (expected.rows.first(), found.rows.first()) {
        (Some(expected), Some(found)) => expected != found && expected.id > 1,
        (expected, found) => expected.is_some() != found.is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::look::FORMAT;
    use crate::proof::Fingerprint;

    const EVERY: u64 = 10;

    /// A run of so many events, which differs from the others from event `from` on.
    fn run(events: u64, from: u64, window: Range<u64>) -> Look {
        let hash = |id: u64| if id < from { id } else { id + 1_000 };
        let row = |id: u64| Seen {
            id,
            at_ns: id,
            node: "n0".to_owned(),
            role: None,
            incarnation: 1,
            parent: 0,
            kind: "input".to_owned(),
            name: "tick".to_owned(),
            data: [0; 3],
            hash: hash(id).to_string(),
        };
        Look {
            format: FORMAT,
            seed: 0,
            ended: Fingerprint::from_line(&format!("{} pass", hash(events))),
            events,
            checkpoint_every: EVERY,
            checkpoints: (1..=events / EVERY).map(|n| hash(n * EVERY).to_string()).collect(),
            rows: (1..=events).filter(|id| window.contains(id)).map(row).collect(),
        }
    }

    fn place(one: (u64, u64), other: (u64, u64)) -> Place {
        locate(&|window| Ok(run(one.0, one.1, window)), &|window| Ok(run(other.0, other.1, window)))
    }

    fn id(place: &Place) -> Option<u64> {
        if let Place::Event(event) = place { Some(event.id) } else { None }
    }

    #[test]
    fn the_first_event_that_differs_is_found_wherever_it_lies() {
        for from in [1, 2, 9, 10, 11, 19, 20, 21, 35] {
            let place = place((35, 99), (35, from));

            assert_eq!(id(&place), Some(from), "{place:?}");
        }
    }

    #[test]
    fn a_run_that_is_over_before_is_one_without_the_event() {
        for events in [1, 9, 10, 11, 30, 31] {
            let Place::Event(event) = place((events, 99), (35, 99)) else { panic!("it is found") };

            assert_eq!((event.id, event.expected.is_none(), event.found.is_some()), (events + 1, true, true));
        }
    }

    #[test]
    fn a_difference_that_moves_to_an_earlier_place_is_followed() {
        let moving = |window: Range<u64>| Ok(run(35, if window.is_empty() { 33 } else { 4 }, window));

        assert_eq!(id(&locate(&|window| Ok(run(35, 99, window)), &moving)), Some(4));
    }

    #[test]
    fn what_cannot_be_found_has_a_reason() {
        assert!(matches!(place((35, 99), (35, 99)), Place::Unknown(reason) if reason.contains("ended the same")));
        let mute = locate(&|window| Ok(run(35, 99, window)), &|_| Err("it is mute".to_owned()));
        assert!(matches!(mute, Place::Unknown(reason) if reason == "it is mute"));
    }
}
