//! The causal trace of one call in the Restate model, from the client's request to the completion at the caller: what
//! happens on the way, and who caused it. The trace is the one that `relapse run --trace` writes.

use relapse::host::Host;
use relapse::registry::{self, ReplayRequest};
use relapse::scenario::Scenario;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// A line of a trace.
#[derive(Deserialize)]
struct Event {
    id: u64,
    parent: u64,
    role: String,
    kind: String,
    name: String,
    data: [u64; 3],
}

/// All events of a run of one job.
struct Trace(Vec<Event>);

impl Trace {
    fn of(fixture: &str) -> Self {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/trace");
        let scenario = Scenario::load(&directory.join(fixture), &[]).expect("the fixture is a scenario");
        let runner = registry::runner(&scenario, Host::BUILT).expect("its files are there");
        let mut lines = Vec::new();
        let request = ReplayRequest { lot: 1.into(), trace: Some(&mut lines), stop: &AtomicBool::new(false) };
        runner.replay(request).expect("memory takes all");
        let text = String::from_utf8(lines).expect("lines are text");
        Trace(text.lines().map(|line| serde_json::from_str(line).expect("a line is an object")).collect())
    }

    fn event(&self, id: u64) -> &Event {
        &self.0[id as usize - 1]
    }

    fn emitted<'a>(&'a self, name: &'a str) -> impl DoubleEndedIterator<Item = &'a Event> {
        self.0.iter().filter(move |event| event.kind == "emitted" && event.name == name)
    }

    /// An event and what caused it, back to the beginning.
    fn causes(&self, id: u64) -> BTreeSet<u64> {
        std::iter::successors(Some(id), |id| Some(self.event(*id).parent).filter(|parent| *parent > 0)).collect()
    }

    /// The innermost call: the command that stored it in the caller's journal, and the completion's arrival there.
    fn innermost_call(&self) -> (u64, u64) {
        let completion_of = |stored: &Event| {
            self.emitted("completion").find(|completed| completed.data == stored.data && completed.id > stored.id)
        };
        let sends = |stored: &Event| self.emitted("outbox").any(|outbox| outbox.parent == stored.parent);
        let calls = self.emitted("journal").filter(|stored| sends(stored));
        let (call, completed) =
            calls.filter_map(|stored| Some((stored, completion_of(stored)?))).next_back().expect("there is a call");
        let arrives =
            |event: &&Event| event.name == "completion-message" && self.causes(event.id).contains(&completed.parent);
        (call.parent, self.0.iter().find(arrives).expect("the caller hears of it").id)
    }

    /// The causes of these events as a tree; with each input what the node said while it handled it.
    fn tree(&self, events: &[u64]) -> String {
        let marked: BTreeSet<u64> = events.iter().flat_map(|id| self.causes(*id)).collect();
        let mut text = String::new();
        for root in marked.iter().filter(|id| self.event(**id).parent == 0) {
            self.put(*root, 0, &marked, &mut text);
        }
        text
    }

    fn put(&self, id: u64, depth: usize, marked: &BTreeSet<u64>, text: &mut String) {
        let Event { name, role, .. } = self.event(id);
        *text += &format!("{}{name} ({role})\n", " ".repeat(depth));
        let caused = self.0.iter().filter(|event| event.parent == id);
        for event in caused.filter(|event| event.kind == "emitted" || marked.contains(&event.id)) {
            self.put(event.id, depth + 1, marked, text);
        }
    }
}

/// Whether all of these words are lines of the tree, in this order.
fn in_order(tree: &str, words: &[&str]) -> bool {
    let mut lines = tree.lines().map(|line| line.trim_start().split(' ').next().unwrap_or(""));
    words.iter().all(|word| lines.any(|line| line == *word))
}

#[test]
fn a_call_to_a_free_key_locks_it_and_comes_back() {
    let trace = Trace::of("free.toml");

    let (_, completion) = trace.innermost_call();
    let tree = trace.tree(&[completion]);

    let way = ["ingress", "proposal", "journal", "outbox", "commit", "shuffle", "dedup-new", "lock", "invoke"];
    assert!(in_order(&tree, &way) && in_order(&tree, &["invoke", "outbox", "shuffle", "dedup-new", "completion"]));
    insta::assert_snapshot!("free", tree);
}

#[test]
fn a_call_to_a_held_key_waits_in_its_inbox_until_the_holder_ends() {
    let trace = Trace::of("held.toml");

    let (call, completion) = trace.innermost_call();
    let of_the_call = |inbox: &&Event| trace.causes(inbox.id).contains(&call);
    let inbox = trace.emitted("inbox").find(of_the_call).expect("the call waits");
    let tree = trace.tree(&[inbox.parent, completion]);

    assert!(in_order(&tree, &["ingress", "outbox", "commit", "shuffle", "dedup-new", "inbox", "commit"]));
    assert!(in_order(&tree, &["ended", "lock", "commit", "invoke", "outbox", "shuffle", "dedup-new", "completion"]));
    insta::assert_snapshot!("held", tree);
}

#[test]
fn a_call_takes_at_least_25_events() {
    let calls = |trace: &Trace| trace.emitted("ended").count();
    let trace = Trace::of("free.toml");

    assert!(trace.0.len() >= 25 * calls(&trace), "{} events, {} invocations", trace.0.len(), calls(&trace));
}
