//! What people are told of one run: the story of what was found, the cluster at the end, and the log that says the same.

use checks::zeebe::{Checks, Violation};
use faults::injector::Injector;
use kernel::identity::{NodeId, SECONDS};
use kernel::verdict::{Outcome, Verdict};
use kernel::world::World;
use zeebe::broker::Partition;
use zeebe::cluster::{Process, Zeebe};
use zeebe::protocol::DeploymentIntent;
use zeebe::settings::{PRESETS, Toggles};

use super::chronicle::{Chronicle, What};
use super::diary::Diary;
use super::plan::Plan;
use super::story::{Struck, Subject, end, story};
use super::truth::Truth;
use crate::registry::LogOf;

/// A run that is over.
pub struct Ended<'a> {
    /// What was run.
    pub plan: &'a Plan,
    /// As it is now.
    pub world: &'a World<Zeebe>,
    /// What was checked.
    pub checks: &'a Checks,
    /// What the faults did.
    pub injector: Option<&'a Injector<Truth>>,
    /// What was found.
    pub verdict: &'a Verdict,
}

impl Ended<'_> {
    /// What a run prints.
    pub fn lines(&self, chronicle: &Chronicle, diary: &Diary) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(subject) = self.subject(chronicle) {
            let failed = self.verdict.outcome == Outcome::Fail;
            let what = if failed { "how it came about:" } else { "a silent divergence, and how it came about:" };
            lines.push(what.to_owned());
            let story = story(chronicle, &self.faults(), &subject, self.plan.settings.brokers);
            lines.extend(story);
            lines.extend([String::new(), "at the end:".to_owned()]);
        }
        lines.extend(diary.lines(self.world, &self.plan.settings));
        lines
    }

    fn violation(&self) -> Option<Violation> {
        if self.verdict.outcome != Outcome::Fail {
            return None;
        }
        let at_end = || {
            let calm_since = self.injector.map_or(Some(0), |injector| injector.calm_since(self.world))?;
            self.checks.at_end(self.world, calm_since).into_iter().next()
        };
        self.checks.broken().first().cloned().or_else(at_end)
    }

    fn subject(&self, chronicle: &Chronicle) -> Option<Subject> {
        let Some(violation) = self.violation() else { return Subject::diverged(chronicle) };
        let Violation { partition, key, .. } = violation;
        let is_death = |what: &What| matches!(what, What::Died { partition: of, .. } if *of == partition);
        let died = chronicle.facts().iter().any(|fact| is_death(&fact.what));
        let first = violation.story.into_iter().next().unwrap_or_default();
        let found = (!died).then(|| (self.world.now(), untimed(&first)));
        Some(Subject { partition, key, found })
    }

    fn faults(&self) -> Vec<Struck> {
        let Some(injector) = self.injector else { return Vec::new() };
        let struck = injector.reports(self.world).into_iter().filter(|report| report.nothing.is_none());
        let names = &self.plan.names;
        let all = |report: faults::report::Report| {
            let nodes: Vec<NodeId> = report.nodes.iter().filter_map(|name| names.get(name)).flatten().collect();
            let undone =
                report.undone_at.map_or(String::new(), |at| format!(", until {:.3} s", at as f64 / SECONDS as f64));
            let line = format!("fault {}: {} {}{undone}", report.id, report.action, report.nodes.join(" "));
            report.fired_at.map(|at| Struck { at, line, nodes, drawn: self.plan.profile.is_some() })
        };
        struck.filter_map(all).collect()
    }

    /// The log of the replica whose replay the story ends with, if it still begins at its first record.
    pub fn log(&self, chronicle: &Chronicle) -> Option<LogOf> {
        let fact = end(chronicle, &self.subject(chronicle)?)?;
        let (partition, met) = match &fact.what {
            What::Died { partition, met: Some(met), .. } | What::Diverged { partition, met } => (*partition, met),
            _ => return None,
        };
        let snapshot = chronicle.started_from(fact.node, partition, fact.at)?;
        let mut verify = vec!["--from".to_owned(), snapshot.to_string()];
        verify.extend(preset(&self.plan.settings.toggles));
        if met.listed.intent == DeploymentIntent::Distributed.into() {
            verify.extend(["--responses".to_owned(), format!("{}@{}", met.listed.key, met.position)]);
        }
        let whole = self.replica(fact.node, partition)?.records().next().is_some_and(|record| record.position == 1);
        whole.then(|| LogOf { partition, node: format!("broker-{}", fact.node.0), at: fact.at, verify })
    }

    fn replica(&self, node: NodeId, partition: u16) -> Option<&Partition> {
        match self.world.node(node) {
            Some(Process::Broker(broker)) => broker.partition(partition),
            _ => None,
        }
    }
}

/// A line of a violation without its time, which the story says.
fn untimed(line: &str) -> String {
    let rest = line.strip_prefix("at ").and_then(|rest| rest.split_once(" s, "));
    rest.map_or(line, |(_, rest)| rest).to_owned()
}

/// These toggles as arguments of `log verify`: the nearest preset, and what differs from it.
fn preset(toggles: &Toggles) -> Vec<String> {
    let is_on = |of: &Toggles, name: &str| {
        let mut on = of.clone();
        on.set(name, true);
        on == *of
    };
    let differing = |preset: &str| -> Vec<(&str, bool)> {
        let base = Toggles::preset(preset).expect("it is a preset");
        let differs = |name: &&str| is_on(toggles, name) != is_on(&base, name);
        Toggles::NAMES.into_iter().filter(differs).map(|name| (name, is_on(toggles, name))).collect()
    };
    let nearest = PRESETS.into_iter().min_by_key(|preset| differing(preset).len()).expect("there are presets");
    let switch =
        |(name, on): (&str, bool)| ["--toggle".to_owned(), format!("{name}={}", if on { "on" } else { "off" })];
    let mut words = vec!["--preset".to_owned(), nearest.to_owned()];
    words.extend(differing(nearest).into_iter().flat_map(switch));
    words
}

#[cfg(test)]
mod tests {
    use super::{Toggles, preset, untimed};

    #[test]
    fn toggles_are_said_by_the_nearest_preset() {
        let mut toggles = Toggles::preset("0.24.4").expect("a preset");
        assert_eq!(preset(&toggles), ["--preset", "0.24.4"]);
        toggles.set("strict_verify", true);
        toggles.set("filter_5583", false);
        assert_eq!(
            preset(&toggles),
            ["--preset", "0.24.3", "--toggle", "detect_reprocessing=on", "--toggle", "strict_verify=on"]
        );
        assert_eq!(preset(&Toggles::preset("fixed").expect("a preset")), ["--preset", "fixed"]);
    }

    #[test]
    fn the_time_of_a_line_is_not_said_twice() {
        assert_eq!(untimed("at 240.000 s, partition 3: the leader"), "partition 3: the leader");
        assert_eq!(untimed("partition 3"), "partition 3");
    }
}
