//! What a shrunk scenario says of the cause of its failure: its check, its faults in order, whom they struck, what it took.

use std::collections::BTreeSet;

use explore::Cause;
use faults::plan::Entry;
use faults::selector::Selector;
use faults::trigger::Trigger;

use super::{ScenarioPlan, lists};

/// The cause. Of a fault: its kind, and whom it means, without the numbers of nodes and partitions, which differ from seed to
/// seed. Of operations: their kinds. Of the signature: all but what tells failures of one signature apart.
pub fn of(plan: &ScenarioPlan, signature: &str) -> Cause {
    let check = signature.split(": ").next().unwrap_or(signature);
    let mut entries: Vec<Entry> = lists::plan(&plan.root).map(|plan| plan.entries().to_vec()).unwrap_or_default();
    // Stable: what waits for another entry stays where it stands, after what it may wait for.
    entries.sort_by_key(|entry| match &entry.trigger {
        Trigger::At(at) => at.0,
        _ => u64::MAX,
    });
    let cause =
        entries.iter().fold(Cause::of_check(check), |cause, entry| cause.with_fault(entry.action.word(), role(entry)));
    let kinds: BTreeSet<String> = lists::names(&plan.root)
        .iter()
        .filter_map(|name| name.split(' ').next())
        .filter(|kind| *kind != "fault")
        .map(str::to_owned)
        .collect();
    kinds.into_iter().fold(cause, Cause::in_state)
}

/// Whom a fault means, such as `leader-of` or `broker`.
fn role(entry: &Entry) -> String {
    let roles: BTreeSet<String> = entry.action.selectors().iter().flat_map(|(_, selector)| words(selector)).collect();
    roles.into_iter().collect::<Vec<_>>().join("+")
}

fn words(selector: &Selector) -> Vec<String> {
    match selector {
        Selector::All => vec!["all".to_owned()],
        Selector::Word(word) => {
            let end = word.find(|c: char| c == '(' || c.is_ascii_digit()).unwrap_or(word.len());
            vec![word[..end].trim_end_matches('-').to_owned()]
        }
        Selector::Random(of, _) | Selector::Up(of) | Selector::Down(of) => words(of),
        Selector::Any(of) => of.iter().flat_map(words).collect(),
    }
}
