//! What a plan may not say, found before a run: by itself, and against the names of a scenario.

use crate::duration::Span;
use crate::names::Names;
use crate::plan::{Entry, Plan, PlanError};
use crate::trigger::Trigger;
use crate::vocabulary::{Action, Degrade, Way};
use kernel::clock::{DRIFT_MAX, DRIFT_MIN};
use kernel::system::System;
use std::collections::{BTreeMap, BTreeSet};

/// No more than a thousand times as long.
const SLOW_MAX: u32 = 100_000;

impl Plan {
    /// Whether it can be: ids, waiting, values.
    ///
    /// # Errors
    /// The first thing that cannot be.
    pub fn validate(&self) -> Result<(), PlanError> {
        let mut ids = BTreeSet::new();
        for entry in self.entries() {
            if entry.id.is_empty() {
                return Err(value(entry, "id", "is empty: leave it out, or give it a name"));
            }
            if !ids.insert(entry.id.as_str()) {
                return Err(PlanError::Duplicate { id: entry.id.clone() });
            }
        }
        let waits_for: BTreeMap<&str, &str> = self
            .entries()
            .iter()
            .filter_map(|entry| match &entry.trigger {
                Trigger::After(after) => Some((entry.id.as_str(), after.entry.as_str())),
                _ => None,
            })
            .collect();
        for entry in self.entries() {
            check_waiting(entry, &ids, &waits_for)?;
            check_trigger(entry)?;
            check_length(entry)?;
            check_action(entry)?;
        }
        Ok(())
    }

    /// Whether every word in it means something in a scenario: a name, or one of `words` of its ground truth.
    ///
    /// # Errors
    /// The first word that means nothing.
    pub fn check_words(&self, names: &Names, words: &[&str]) -> Result<(), PlanError> {
        for entry in self.entries() {
            let mut selectors = entry.action.selectors();
            if let Trigger::On(on) = &entry.trigger
                && let Some(node) = &on.node
            {
                selectors.push(("on.node", node));
            }
            for (key, selector) in selectors {
                if let Some(word) = selector.stranger(names, words) {
                    let known: Vec<&str> = names.words().chain(words.iter().copied()).collect();
                    let (id, key, word) = (entry.id.clone(), key.to_owned(), word.to_owned());
                    return Err(PlanError::UnknownWord { id, key, word, known: known.join(", ") });
                }
            }
        }
        Ok(())
    }
}

impl Plan {
    /// Whether every event that it waits for can be one of a system, where that system tells its words.
    ///
    /// # Errors
    /// The first one that cannot be.
    pub fn check_events<S: System>(&self) -> Result<(), PlanError> {
        let waits = |entry: &Entry| matches!(entry.trigger, Trigger::On(_));
        // Asked for before every run: the words are collected only if somebody needs them.
        if !self.entries().iter().any(waits) {
            return Ok(());
        }
        let Some(known) = kernel::event::words::<S>() else { return Ok(()) };
        for entry in self.entries() {
            if let Trigger::On(on) = &entry.trigger
                && !known.contains(&on.event.as_str())
            {
                return Err(PlanError::UnknownEvent { id: entry.id.clone(), word: on.event.clone(), known });
            }
        }
        Ok(())
    }
}

fn value(entry: &Entry, key: &str, why: impl Into<String>) -> PlanError {
    PlanError::Value { id: entry.id.clone(), key: key.to_owned(), why: why.into() }
}

fn check_waiting(entry: &Entry, ids: &BTreeSet<&str>, waits_for: &BTreeMap<&str, &str>) -> Result<(), PlanError> {
    let id = entry.id.as_str();
    let mut ring = Vec::new();
    let mut at = id;
    while let Some(other) = waits_for.get(at) {
        if !ids.contains(other) {
            let known: Vec<&str> = ids.iter().copied().filter(|known| *known != at).collect();
            let known = match &known[..] {
                [] => "there is no other entry to wait for, so give this one an `at` or `on`".to_owned(),
                known => format!("known are {}", known.join(", ")),
            };
            let (id, other) = (at.to_owned(), (*other).to_owned());
            return Err(PlanError::UnknownEntry { id, other, known });
        }
        ring.push(*other);
        if *other == id {
            return Err(PlanError::Cycle { id: id.to_owned(), through: format!("`{}`", ring.join("`, `")) });
        }
        // A ring without this entry: the entries of the ring report it.
        if ring.len() > ids.len() {
            break;
        }
        at = other;
    }
    Ok(())
}

fn check_trigger(entry: &Entry) -> Result<(), PlanError> {
    let Trigger::On(on) = &entry.trigger else { return Ok(()) };
    if on.nth == 0 {
        return Err(value(entry, "on.nth", "is 0, and counting starts at 1: write 1 for the first event"));
    }
    if on.event.is_empty() {
        return Err(value(entry, "on.event", "is empty: write an event's name, as the trace has it"));
    }
    if on.node.as_ref().is_some_and(crate::selector::Selector::draws) {
        return Err(value(entry, "on.node", "draws for each event anew: name nodes without `random(..)`"));
    }
    Ok(())
}

fn check_length(entry: &Entry) -> Result<(), PlanError> {
    let Some(Span(lasts)) = entry.lasts else { return Ok(()) };
    let word = entry.action.word();
    if lasts == 0 {
        return Err(value(entry, "for", "is 0: leave it out, or write how long the fault lasts"));
    }
    if !entry.action.lasts() {
        return Err(value(entry, "for", format!("makes no sense with `{word}`, which is not undone: leave it out")));
    }
    if let Trigger::At(at) = entry.trigger
        && at.0.checked_add(lasts).is_none()
    {
        return Err(value(entry, "for", "ends after the end of time: write a shorter one"));
    }
    Ok(())
}

fn check_action(entry: &Entry) -> Result<(), PlanError> {
    let word = entry.action.word();
    let refuse = |key: &str, why: &str| Err(value(entry, &format!("do.{word}.{key}"), why));
    match &entry.action {
        Action::Partition(partition) => match (partition.groups.len(), partition.way) {
            (0, _) => refuse("groups", "is empty: write at least one side"),
            (3.., Way::Out | Way::In) => refuse("way", "has no meaning with more than two sides: leave it out"),
            _ => Ok(()),
        },
        Action::Block(block) if block.pairs.is_empty() => refuse("pairs", "is empty: write at least one pair"),
        Action::Degrade(degrade) => check_degrade(entry, degrade),
        Action::ClockOffset(shift) | Action::ClockJump(shift) if shift.by.0 == 0 => {
            refuse("by", "is 0, which changes nothing: write how far the clock moves, such as \"-5s\"")
        }
        Action::ClockDrift(drift) if drift.ppm == 0 => {
            refuse("ppm", "is 0, which changes nothing: write parts per million, such as 200")
        }
        Action::ClockDrift(drift) if !(DRIFT_MIN..=DRIFT_MAX).contains(&drift.ppm) => {
            refuse("ppm", &format!("is {}: write a number from {DRIFT_MIN} to {DRIFT_MAX}", drift.ppm))
        }
        Action::Slow(slow) | Action::DiskSlow(slow) if slow.percent > SLOW_MAX => {
            refuse("percent", "is more than 100000, a thousand times as long: what began then would outlast the fault")
        }
        Action::Slow(slow) | Action::DiskSlow(slow) if slow.percent == 0 => {
            refuse("percent", "is 0, which changes nothing: 100 is twice as long")
        }
        Action::DiskError(error) if error.operations == 0 => refuse("operations", "is 0: write how many fail"),
        Action::LostSync(lost) if lost.syncs == 0 => refuse("syncs", "is 0: write how many lie"),
        Action::FlipBit(flip) if flip.file.is_empty() => refuse("file", "is empty: write a file, such as \"wal/3\""),
        Action::RemoveFile(remove) if remove.file.is_empty() => {
            refuse("file", "is empty: write a file, such as \"wal/3\"")
        }
        _ => Ok(()),
    }
}

fn check_degrade(entry: &Entry, degrade: &Degrade) -> Result<(), PlanError> {
    let refuse = |key: &str, why: &str| Err(value(entry, &format!("do.degrade.{key}"), why));
    let Degrade { latency, jitter, loss, duplication, reorder, reorder_max, bytes_per_second, .. } = degrade;
    if bytes_per_second.is_some_and(|bytes| bytes == 0) {
        return refuse("bytes_per_second", "is 0: use `isolate` or `block` to stop a link");
    }
    if latency.0.checked_add(jitter.0).is_none() {
        return refuse("jitter", "is too long together with the latency: write a shorter one");
    }
    if reorder.is_none() != (reorder_max.0 == 0) {
        return refuse("reorder_max", "goes together with `reorder`: write both, or neither");
    }
    let chances = !loss.is_none() || !duplication.is_none() || !reorder.is_none();
    if latency.0 == 0 && jitter.0 == 0 && !chances && bytes_per_second.is_none() {
        let keys = "latency, jitter, loss, duplication, reorder with reorder_max, bytes_per_second";
        return Err(value(entry, "do.degrade", format!("changes nothing: write at least one of {keys}")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::identity::NodeId;

    fn refused(text: &str) -> String {
        toml::from_str::<Plan>(text).map(|plan| format!("accepted: {plan:?}")).unwrap_or_else(|error| error.to_string())
    }

    #[test]
    fn what_cannot_be_is_refused_with_entry_key_and_way_out() {
        let entry = |trigger: &str, action: &str| format!("[[fault]]\nid = \"x\"\n{trigger}\ndo = {{ {action} }}\n");
        let kill = "kill = { node = \"a\" }";
        for (text, why) in [
            (entry("at = \"1s\"", kill).repeat(2), "fault `x`: there are two entries"),
            (
                entry("after = { entry = \"y\" }", kill),
                "`after.entry` names `y`, which is no entry: there is no other entry to wait for",
            ),
            (
                entry("after = { entry = \"y\" }", kill) + &entry("at = \"1s\"", kill).replace("\"x\"", "\"z\""),
                "`after.entry` names `y`, which is no entry: known are z",
            ),
            (entry("after = { entry = \"x\" }", kill), "fault `x`: it waits for itself"),
            (entry("at = \"1s\"\non = { event = \"e\" }", kill), "exactly one of `at`, `on` and `after`"),
            (entry("", kill), "exactly one of `at`, `on` and `after`"),
            (entry("on = { event = \"e\", nth = 0 }", kill), "`on.nth` is 0"),
            (entry("on = { event = \"e\", node = \"random(a)\" }", kill), "`on.node` draws"),
            (entry("at = \"1s\"\nfor = \"0s\"", kill), "`for` is 0"),
            (entry("at = \"1s\"\nfor = \"1s\"", "wipe = { node = \"a\" }"), "`for` makes no sense with `wipe`"),
            (entry("at = \"1s\"", "partition = { groups = [] }"), "`do.partition.groups` is empty"),
            (entry("at = \"1s\"", "degrade = { from = \"a\" }"), "`do.degrade` changes nothing"),
            (entry("at = \"1s\"", "degrade = { from = \"a\", reorder = \"1%\" }"), "goes together"),
            (entry("at = \"1s\"", "degrade = { from = \"a\", loss = \"200%\" }"), "more than the whole"),
            (entry("at = \"1s\"", "clock-drift = { node = \"a\", ppm = -1000000 }"), "write a number from"),
            (entry("at = \"1s\"", "kill = { nod = \"a\" }"), "unknown field `nod`, expected one of `node`, `unsynced`"),
            (entry("at = \"1s\"", "kil = { node = \"a\" }"), "unknown variant `kil`, expected one of `kill`"),
            (
                entry("att = \"1s\"", kill),
                "unknown field `att`, expected one of `id`, `at`, `on`, `after`, `do`, `for`",
            ),
            (entry("at = \"1\"", kill), "\"1\" has no unit"),
        ] {
            let message = refused(&text);
            assert!(message.contains(why), "{text}{message}");
        }
    }

    #[test]
    fn entries_that_wait_for_one_another_are_refused() {
        let waits = |id: &str, on: &str| {
            format!("[[fault]]\nid = \"{id}\"\nafter = {{ entry = \"{on}\" }}\ndo = {{ kill = {{ node = \"n\" }} }}\n")
        };

        let message = refused(&(waits("a", "b") + &waits("b", "c") + &waits("c", "b")));

        assert!(message.contains("fault `b`: it waits for itself, through `c`, `b`"), "{message}");
    }

    #[test]
    fn words_are_checked_against_the_scenario() {
        let text = "[[fault]]\nid = \"x\"\nat = \"1s\"\ndo = { pause = { node = \"random(sever)\" } }";
        let plan: Plan = toml::from_str(text).unwrap();
        let names = Names::new().node("server", NodeId(0));

        let message = plan.check_words(&names, &["holder"]).unwrap_err().to_string();

        assert!(message.contains("fault `x`: `node` says `sever`") && message.contains("server, holder"), "{message}");
    }
}
