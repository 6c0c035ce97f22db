//! The recorder: it keeps every event, in memory or in its sink, and changes nothing.

use relapse_kernel::budget::Budget;
use relapse_kernel::event::{Event, Observer};
use relapse_kernel::identity::MILLIS;
use relapse_kernel::record::row::{self, Kind, Row};
use relapse_kernel::record::{RESIDENT_MAX, Recorder, Recording};
use relapse_kernel::toys::ping_pong::{Config, PingPong};
use relapse_kernel::world::World;
use std::io::{self, ErrorKind, Write};

fn world() -> World<PingPong> {
    Config { requests: 4_000, retry_after: 5 * MILLIS, ..Config::default() }.builder(7).build()
}

fn run<O: Observer<PingPong>>(observer: &mut O) -> World<PingPong> {
    let mut world = world();
    world.run(Budget::UNLIMITED, observer);
    world
}

/// What an observer is shown, as a recorder should keep it: number, parent, name, data.
#[derive(Default)]
struct ByHand(Vec<(u64, u64, &'static str, [u64; 3])>);

impl Observer<PingPong> for ByHand {
    fn on_event(&mut self, event: &Event<'_, PingPong>, _: &World<PingPong>) {
        self.0.push((event.id, event.parent, event.name(), event.data()));
    }
}

fn all(recording: &Recording, sink: &[u8]) -> Vec<Row> {
    let mut rows = Vec::new();
    row::read(sink, |row| rows.push(*row)).expect("memory can be read");
    assert_eq!(rows.len() as u64, recording.spilled);
    rows.extend(&recording.rows);
    rows
}

#[test]
fn every_event_is_kept_and_the_run_is_the_same() {
    let mut recorder = Recorder::rows(io::sink());
    let mut by_hand = ByHand::default();

    let world = run(&mut (&mut recorder, &mut by_hand));
    let Recording { spilled, rows, names } = recorder.finish().expect("a sink takes all");

    assert_eq!((world.digest(), spilled, rows.len() as u64), (run(&mut ()).digest(), 0, world.events()));
    let seen = rows.iter().map(|row| (row.id, row.parent, row.name(&names), row.data));
    assert!(seen.eq(by_hand.0.iter().map(|(id, parent, name, data)| (*id, *parent, *name, *data))));
    assert_eq!(rows.last().map(|row| row.hash), Some(world.lane()));
    assert!(rows.iter().any(|row| row.kind() == Kind::Emitted) && rows.iter().any(|row| row.kind() == Kind::Input));
}

#[test]
fn what_memory_does_not_hold_is_read_back_from_the_sink() {
    let recorded = |resident| {
        let mut sink = Vec::new();
        let mut recorder = Recorder::rows(&mut sink).resident_max(resident);
        run(&mut recorder);
        let recording = recorder.finish().expect("memory takes all");
        (recording.spilled, all(&recording, &sink))
    };

    let (none, whole) = recorded(RESIDENT_MAX);
    let (some, spilled) = recorded(1);

    assert!(none == 0 && some > 8_192, "{some} spilled");
    assert_eq!(spilled, whole);
}

#[test]
fn a_row_is_64_bytes_and_comes_back_from_them() {
    let mut recorder = Recorder::rows(io::sink());
    run(&mut recorder);
    let rows = recorder.finish().expect("a sink takes all").rows;

    assert!(rows.iter().all(|row| Row::from_bytes(&row.to_bytes()) == *row));
    assert_eq!(RESIDENT_MAX * Row::BYTES, 64 << 20);
    let torn = row::read(&rows[0].to_bytes()[..63], |_| {});
    assert_eq!(torn.expect_err("it ends within a row").kind(), ErrorKind::UnexpectedEof);
}

#[test]
fn a_window_keeps_the_events_with_its_numbers() {
    let mut recorder = Recorder::rows(io::sink()).window(5_000..5_010);
    run(&mut recorder);

    let rows = recorder.finish().expect("a sink takes all").rows;
    assert!(rows.iter().map(|row| row.id).eq(5_000..5_010));
}

#[test]
fn lines_are_the_same_however_little_memory_there_is() {
    let lines = |resident| {
        let mut sink = Vec::new();
        let mut recorder = Recorder::lines(&mut sink, vec!["server".to_owned()]).resident_max(resident);
        let events = run(&mut recorder).events();
        assert_eq!(recorder.finish().expect("memory takes all").spilled, events);
        String::from_utf8(sink).expect("lines are text")
    };

    let text = lines(RESIDENT_MAX);

    assert_eq!(lines(1), text);
    let first = text.lines().find(|line| line.contains("\"n0\"")).expect("node 0 starts");
    assert!(first.contains(r#""node":"n0","role":"server","incarnation":1,"parent":0,"kind":"input","name":"start""#));
    assert!(text.lines().any(|line| line.contains(r#""node":"n1","incarnation":1"#)), "a node without a role has none");
}

/// Takes so many bytes.
struct Full(usize);

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(self.0);
        self.0 -= taken;
        if taken == 0 { Err(ErrorKind::StorageFull.into()) } else { Ok(taken) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_full_sink_is_told_at_the_end_and_the_run_goes_on() {
    let mut recorder = Recorder::lines(Full(100_000), Vec::new()).resident_max(1);

    let world = run(&mut recorder);

    assert_eq!(world.digest(), run(&mut ()).digest());
    assert_eq!(recorder.finish().expect_err("it is full").kind(), ErrorKind::StorageFull);
}

#[test]
fn a_run_that_panics_leaves_its_lines() {
    let mut sink = Vec::new();
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let mut recorder = Recorder::lines(&mut sink, Vec::new());
        let mut world = world();
        world.run(Budget { events: 100, ..Budget::UNLIMITED }, &mut recorder);
        std::panic::resume_unwind(Box::new("as a model's bug would"));
    }));

    assert!(panicked.is_err());
    assert!(sink.iter().filter(|byte| **byte == b'\n').count() >= 100);
}
