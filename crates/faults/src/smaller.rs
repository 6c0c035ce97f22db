//! The smaller selves of a plan, for shrinking.
//!
//! `explore` asks a plan for them by its trait `Reduce`. This room may use the kernel only, so the trait is implemented
//! where both are known, in `sim`, by calling [`Plan::without`] and [`Plan::simpler`].

use crate::duration::Span;
use crate::plan::{Entry, Plan};
use crate::trigger::Trigger;
use crate::weaken::{halved, weaker, weight};
use kernel::identity::MILLIS;
use std::collections::BTreeSet;

/// No fault is made shorter than this by shrinking: below it nothing is learned, and halving would take forty steps.
const SHORTEST: u64 = MILLIS;

impl Plan {
    /// Plans with less in them, the largest reductions first: without a half of the entries, a quarter and so on down to
    /// one (each with what waits for it); then the [`simpler`](Plan::simpler) ones. Each is valid and strictly smaller by
    /// [`Plan::size`]; ids, and so the dice, stay.
    pub fn smaller(&self) -> Vec<Plan> {
        let mut plans = distinct(self.parts(), |plan| plan);
        plans.retain(|plan| plan.size() < self.size() && plan.validate().is_ok());
        plans.extend(self.simpler().into_iter().map(|(_, plan)| plan));
        plans
    }

    /// Plans of the same entries, but milder, each with words for what is changed: all durations halved; then entry by
    /// entry a shorter duration, rounder times, weaker values. Each is valid and strictly smaller by [`Plan::size`].
    pub fn simpler(&self) -> Vec<(String, Plan)> {
        let halved = self.map(|entry| shorter(entry).unwrap_or_else(|| entry.clone()));
        let mut plans = vec![("all durations halved".to_owned(), halved)];
        for (index, entry) in self.entries().iter().enumerate() {
            let changed = shorter(entry).into_iter().chain(rounder(entry)).chain(weaker_entries(entry));
            plans.extend(changed.map(|changed| (words(entry, &changed), self.with(index, changed))));
        }
        let mut plans = distinct(plans, |(_, plan)| plan);
        plans.retain(|(_, plan)| plan.size() < self.size() && plan.validate().is_ok());
        plans
    }

    /// How much is in it: the number of entries, then how long, how strong and how oddly timed they are.
    pub fn size(&self) -> (usize, u128) {
        (self.entries().len(), self.entries().iter().map(entry_weight).sum())
    }

    /// What is left without each half, each quarter, and so on.
    fn parts(&self) -> Vec<Plan> {
        let ids: Vec<&str> = self.entries().iter().map(|entry| entry.id.as_str()).collect();
        let mut plans = Vec::new();
        let mut chunk = ids.len();
        while chunk > 0 {
            plans.extend(ids.chunks(chunk).map(|gone| self.without(&gone.iter().copied().collect::<BTreeSet<_>>())));
            chunk = if chunk == 1 { 0 } else { chunk.div_ceil(2) };
        }
        plans
    }
}

/// Each plan once, the first time it comes.
fn distinct<T>(all: Vec<T>, plan: impl Fn(&T) -> &Plan) -> Vec<T> {
    let mut kept: Vec<T> = Vec::new();
    for one in all {
        if kept.iter().all(|other| plan(other) != plan(&one)) {
            kept.push(one);
        }
    }
    kept
}

/// What was changed about an entry.
fn words(before: &Entry, after: &Entry) -> String {
    let id = &before.id;
    match (before.lasts, after.lasts) {
        (Some(long), Some(short)) if long != short => format!("fault {id}: for {short} instead of {long}"),
        _ if before.trigger != after.trigger => format!("fault {id}: {} instead of {}", after.trigger, before.trigger),
        _ => format!("fault {id}: a milder {}", before.action.word()),
    }
}

fn entry_weight(entry: &Entry) -> u128 {
    let lasts = entry.lasts.map_or(0, |span| u128::from(span.0));
    lasts + weight(&entry.action) + u128::from(odd_digits(entry))
}

/// Digits of the trigger's time that are not trailing zeros: 43.217s is odder than 40s.
fn odd_digits(entry: &Entry) -> u32 {
    time_of(entry).map_or(0, |ns| digits(ns) - trailing_zeros(ns))
}

fn time_of(entry: &Entry) -> Option<u64> {
    match &entry.trigger {
        Trigger::At(at) => Some(at.0),
        Trigger::After(after) => Some(after.delay.0),
        Trigger::On(_) => None,
    }
}

fn digits(ns: u64) -> u32 {
    ns.checked_ilog10().map_or(0, |log| log + 1)
}

fn trailing_zeros(ns: u64) -> u32 {
    (0..digits(ns)).take_while(|count| ns.is_multiple_of(10_u64.pow(count + 1))).count() as u32
}

fn shorter(entry: &Entry) -> Option<Entry> {
    let lasts = entry.lasts.filter(|span| span.0 > SHORTEST)?;
    let half = halved(lasts.0).max(SHORTEST);
    Some(Entry { lasts: Some(Span(half)), ..entry.clone() })
}

/// The time rounded down to one digit, two digits and so on.
fn rounder(entry: &Entry) -> Vec<Entry> {
    let Some(ns) = time_of(entry) else { return Vec::new() };
    let fewer = 1..odd_digits(entry);
    let rounded = fewer.map(|kept| ns - ns % 10_u64.pow(digits(ns) - kept));
    let with = |ns| {
        let mut entry = entry.clone();
        match &mut entry.trigger {
            Trigger::At(at) => *at = Span(ns),
            Trigger::After(after) => after.delay = Span(ns),
            Trigger::On(_) => {}
        }
        entry
    };
    rounded.map(with).collect()
}

fn weaker_entries(entry: &Entry) -> Vec<Entry> {
    weaker(&entry.action).into_iter().map(|action| Entry { action, ..entry.clone() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(text: &str) -> Plan {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn the_largest_reduction_comes_first_and_dependants_go_along() {
        let kill = "do = { kill = { node = \"n\" } }\n";
        let first = format!("[[fault]]\nid = \"a\"\nat = \"1s\"\n{kill}");
        let rest: String = [("b", "a"), ("c", "b")]
            .map(|(id, on)| format!("[[fault]]\nid = \"{id}\"\nafter = {{ entry = \"{on}\" }}\n{kill}"))
            .concat();

        let sizes: Vec<usize> = plan(&(first + &rest)).smaller().iter().map(|plan| plan.entries().len()).collect();

        // Without everything, without `b` (and so `c`), without `c`.
        assert_eq!(sizes, [0, 2, 1]);
    }

    #[test]
    fn times_get_rounder_and_durations_shorter() {
        let one = plan("[[fault]]\nid = \"a\"\nat = \"43217ms\"\nfor = \"10s\"\ndo = { pause = { node = \"n\" } }");

        let shown: Vec<String> = one
            .smaller()
            .iter()
            .filter_map(|plan| plan.entries().first())
            .map(|entry| format!("{} {}", entry.trigger, entry.lasts.unwrap()))
            .collect();

        assert_eq!(shown, ["43217ms 5s", "40s 10s", "43s 10s", "43200ms 10s", "43210ms 10s"]);
    }

    #[test]
    fn what_is_simpler_keeps_its_entries_and_says_what_is_changed() {
        let text = "[[fault]]\nid = \"a\"\nat = \"43s\"\nfor = \"10s\"\n\
                    do = { kill = { node = \"n\", unsynced = \"lose\" } }";
        let two = plan(&format!("{text}\n{}", text.replace("\"a\"", "\"b\"")));

        let simpler = two.simpler();

        assert!(simpler.iter().all(|(_, plan)| plan.entries().len() == 2 && plan.size() < two.size()));
        let words: Vec<&str> = simpler.iter().map(|(words, _)| words.as_str()).collect();
        let of = |id: &str| {
            [": for 5s instead of 10s", ": 40s instead of 43s", ": a milder kill"].map(|it| format!("fault {id}{it}"))
        };
        assert_eq!(words[0], "all durations halved");
        assert_eq!(words[1..4], of("a"));
        assert_eq!(words[4..], of("b"));
    }

    #[test]
    fn an_empty_plan_has_nothing_to_leave_out() {
        assert_eq!(Plan::empty().smaller(), Vec::new());
    }
}
