//! A failed attempt is repeated when its back-off is over and every entry that it had sent is stored, not before: a replay
//! that started earlier would not find them in the journal, and would make them again.
//!
//! Source: specs/restate.md 5.7 (JournalTracker), 9.1 no. 9. The messages are carried by hand.

use kernel::hand::HandEnv;
use kernel::identity::{ConnectionId, NodeId};
use kernel::system::{Ended, Input, Node, System};
use relapse_restate::config::{Cluster, Costs, Job as JobOf, Role, Settings};
use relapse_restate::invocation::Method;
use relapse_restate::journal::{Kind, NewEntry};
use relapse_restate::message::{Message, Start, Timer};
use relapse_restate::workload::{Params, json};
use relapse_restate::{Process, Restate};
use std::sync::Arc;

const CLIENT: NodeId = NodeId(2);

/// A server whose only invocation is an execute, in its first attempt.
struct Desk {
    server: Process,
    env: HandEnv<Restate>,
    stream: ConnectionId,
}

impl Desk {
    fn new() -> Self {
        let params = Params { seed: "by-hand".to_owned(), width: 0, depth: 0, max_sleep_ms: 1 };
        let tree = json::read(r#"{"target": 1, "commands": [{"t": "inc"}]}"#, params).expect("a tree").tree;
        let cluster = Cluster {
            settings: Settings::default(),
            costs: Costs::default(),
            jobs: vec![JobOf::with_tree(Arc::new(tree))],
            server: NodeId(0),
            endpoints: vec![NodeId(1)],
        };
        let mut env = HandEnv::new(NodeId(0), 1);
        let mut server = Restate::boot(&Role::Server(Arc::new(cluster)));
        server.handle(Input::Start, &mut env);
        let connection = env.connection();
        server.handle(Input::Opened { connection, from: CLIENT, label: 1 }, &mut env);
        server.handle(Input::Received { connection, message: Message::Request(0, Method::Execute) }, &mut env);
        env.work(&mut server);
        let mut desk = Desk { server, env, stream: connection };
        let (stream, start) = desk.attempt().expect("it begins");
        assert!(start.journal.is_empty());
        desk.stream = stream;
        desk
    }

    /// The attempt that has been begun since it was asked last.
    fn attempt(&mut self) -> Option<(ConnectionId, Start)> {
        let (stream, ..) = self.env.opened.pop()?;
        assert!(self.env.opened.is_empty(), "two attempts at a time");
        let start = self.env.written.iter().find_map(|(on, message)| match message {
            Message::Start(start) if *on == stream => Some((**start).clone()),
            _ => None,
        });
        Some((stream, start.expect("an attempt is told what is known")))
    }

    /// The service makes an entry. It is proposed to the partition, and waits in its queue.
    fn enter(&mut self, index: u32, entry: NewEntry) {
        let message = Message::Entry(index, entry);
        self.server.handle(Input::Received { connection: self.stream, message }, &mut self.env);
    }

    fn breaks(&mut self) {
        self.server.handle(Input::Closed { connection: self.stream, how: Ended::Reset }, &mut self.env);
    }

    /// The back-off is over.
    fn back_off(&mut self) {
        let is_retry = |(_, _, timer): &(_, _, Timer)| matches!(timer, Timer::Retry(_));
        let at = self.env.timers.iter().position(is_retry).expect("a back-off");
        let (timer, _, payload) = self.env.timers.remove(at);
        self.server.handle(Input::Timer { timer, payload }, &mut self.env);
    }

    /// The partition handles one thing, and what follows at once.
    fn store(&mut self) {
        self.env.work(&mut self.server);
    }
}

fn kinds(start: &Start) -> Vec<Kind> {
    start.journal.iter().map(relapse_restate::journal::Entry::kind).collect()
}

#[test]
fn a_back_off_that_is_over_waits_for_the_entries_that_are_not_stored() {
    let mut desk = Desk::new();
    desk.enter(1, NewEntry::GetState);
    desk.enter(2, NewEntry::SetState(Some(1)));
    desk.breaks();

    desk.back_off();
    assert_eq!(desk.attempt(), None, "its replay would not find what the first attempt had sent");

    desk.store();
    let (_, start) = desk.attempt().expect("all is stored, and the back-off is over");
    assert_eq!((kinds(&start), start.attempt), (vec![Kind::GetState, Kind::SetState], 1));
}

#[test]
fn entries_that_are_stored_wait_for_the_back_off() {
    let mut desk = Desk::new();
    desk.enter(1, NewEntry::GetState);
    desk.store();
    desk.breaks();
    desk.store();
    assert_eq!(desk.attempt(), None, "the back-off is not over");

    desk.back_off();
    assert_eq!(kinds(&desk.attempt().expect("now it is").1), [Kind::GetState]);
}

#[test]
fn all_of_the_entries_must_be_stored_not_only_the_first() {
    let mut desk = Desk::new();
    desk.enter(1, NewEntry::GetState);
    desk.store();
    desk.enter(2, NewEntry::SetState(Some(1)));
    desk.breaks();

    desk.back_off();
    assert_eq!(desk.attempt(), None);

    desk.store();
    assert_eq!(kinds(&desk.attempt().expect("both are stored").1), [Kind::GetState, Kind::SetState]);
}
