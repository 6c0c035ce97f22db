//! How a run came to what was found in it: at most fifteen facts of its trace, each with its time.
//!
//! A story is about one partition and, where it can be, one deployment. It tells who led, from which snapshot, what became of
//! the deployment there, and which faults struck; of more than fit, the least telling go first.

use kernel::identity::{Nanos, NodeId, SECONDS};
use zeebe::protocol::{DeploymentIntent, Intent, RecordType};

use super::chronicle::{Chronicle, Fact, What};

/// Lines of a story at most.
pub const LINES: usize = 15;

/// What a story is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The partition.
    pub partition: u16,
    /// The deployment, if it is about one.
    pub key: Option<i64>,
    /// What was found, if no fact says so, and when.
    pub found: Option<(Nanos, String)>,
}

/// A fault that struck.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Struck {
    /// When.
    pub at: Nanos,
    /// Which, and whom, in words.
    pub line: String,
    /// Whom.
    pub nodes: Vec<NodeId>,
    /// Whether it was drawn, and so may have nothing to do with the subject.
    pub drawn: bool,
}

/// Worth of a line: what is worth most stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Worth {
    Detail,
    Circumstance,
    Cause,
    Heart,
}

struct Line {
    at: Nanos,
    worth: Worth,
    text: String,
}

impl Subject {
    /// Of the last replay that diverged and nobody noticed, where nothing else was found.
    pub fn diverged(chronicle: &Chronicle) -> Option<Self> {
        chronicle.facts().iter().rev().find_map(|fact| match &fact.what {
            What::Diverged { partition, met } => {
                Some(Subject { partition: *partition, key: Some(met.listed.key), found: None })
            }
            _ => None,
        })
    }
}

/// The story of a subject.
pub fn story(chronicle: &Chronicle, faults: &[Struck], subject: &Subject, brokers: u16) -> Vec<String> {
    let facts = chronicle.facts();
    let over = end(chronicle, subject).map_or(Nanos::MAX, |fact| fact.at);
    let telling = Telling { facts, subject, brokers, begins: begins(facts, subject) };
    let mut lines: Vec<Line> =
        facts.iter().filter(|fact| fact.at <= over).filter_map(|fact| telling.line(fact)).collect();
    lines.extend(faults.iter().filter(|fault| fault.at <= over && telling.concerns(fault)).map(|fault| Line {
        at: fault.at,
        worth: Worth::Circumstance,
        text: fault.line.clone(),
    }));
    lines.extend(subject.found.iter().map(|(at, text)| Line { at: *at, worth: Worth::Heart, text: text.clone() }));
    lines.sort_by_key(|line| line.at);
    while lines.len() > LINES {
        let least = lines.iter().map(|line| line.worth).min().expect("there are lines");
        let first = lines.iter().position(|line| line.worth == least).expect("one has the least worth");
        lines.remove(first);
    }
    lines.iter().map(|line| format!("{:>9.3} s  {}", line.at as f64 / SECONDS as f64, line.text)).collect()
}

/// When the deployment is first seen; without one, the beginning.
fn begins(facts: &[Fact], subject: &Subject) -> Nanos {
    let first = facts.iter().find(|fact| match fact.what {
        What::Deployment { key, .. } | What::Pushed { key, .. } | What::Answered { key } => Some(key) == subject.key,
        _ => false,
    });
    first.map_or(0, |fact| fact.at)
}

/// What a story ends with: the death it is about, or the last divergence if it is about one. What comes after is another story.
pub fn end<'a>(chronicle: &'a Chronicle, subject: &Subject) -> Option<&'a Fact> {
    let dies = |fact: &&Fact| matches!(fact.what, What::Died { partition, .. } if partition == subject.partition);
    let diverges = |fact: &&Fact| match &fact.what {
        What::Diverged { partition, met } => (*partition, Some(met.listed.key)) == (subject.partition, subject.key),
        _ => false,
    };
    let facts = chronicle.facts();
    facts.iter().find(dies).or_else(|| facts.iter().rfind(diverges).filter(|_| subject.found.is_none()))
}

struct Telling<'a> {
    facts: &'a [Fact],
    subject: &'a Subject,
    brokers: u16,
    begins: Nanos,
}

impl Telling<'_> {
    /// Who led a partition at a time.
    fn leader(&self, number: u16, at: Nanos) -> Option<&Fact> {
        let leads =
            |fact: &&Fact| fact.at <= at && matches!(fact.what, What::Leads { partition, .. } if partition == number);
        self.facts.iter().rev().find(leads)
    }

    /// Whether a fault is told: of drawn ones, those that struck the leader of the partition or of the first one.
    fn concerns(&self, fault: &Struck) -> bool {
        let leads = |number| self.leader(number, fault.at).is_some_and(|fact| fault.nodes.contains(&fact.node));
        !fault.drawn || fault.at >= self.begins && (leads(self.subject.partition) || leads(1))
    }

    fn line(&self, fact: &Fact) -> Option<Line> {
        let (here, subject) = (self.subject.partition, self.subject.key);
        let node = format!("broker-{}", fact.node.0);
        let (worth, text) = match &fact.what {
            What::Leads { partition, snapshot, replays } if [here, 1].contains(partition) => {
                let is_first = self.leader(*partition, self.begins) == Some(fact);
                if fact.at < self.begins && !is_first {
                    return None;
                }
                let from = if *snapshot < 0 { "no snapshot".to_owned() } else { format!("the snapshot at {snapshot}") };
                let replays = replays
                    .map_or(", with nothing to replay".to_owned(), |to| format!(", and replays up to source {to}"));
                let worth = if *partition == here { Worth::Cause } else { Worth::Circumstance };
                (worth, format!("{node} leads partition {partition} from {from}{replays}"))
            }
            What::Snapshot { partition, position } if *partition == here => {
                (Worth::Circumstance, self.snapshot(fact, *position)?)
            }
            What::Answered { key } if Some(*key) == subject => {
                (Worth::Circumstance, format!("the client is told of deployment {key}"))
            }
            What::Pushed { partition, key } if Some(*key) == subject && *partition == here => {
                (Worth::Detail, format!("{node} is asked to write deployment {key} to partition {partition}"))
            }
            What::Confirmed { partition, key } if Some(*key) == subject && (*partition == here || here == 1) => {
                (Worth::Detail, format!("{node} hears that partition {partition} has deployment {key}"))
            }
            What::Deployment { partition, key, .. } if Some(*key) == subject && [here, 1].contains(partition) => {
                let worth = if *partition == here { Worth::Heart } else { Worth::Circumstance };
                (worth, deployment(&node, &fact.what))
            }
            What::TimeOuts { partition, source, first, last, count }
                if *partition == here && self.is_source(*source) =>
            {
                let text =
                    format!("partition {partition}: {count} TIME_OUT from {first} to {last}, all with source {source}");
                (Worth::Heart, text)
            }
            What::Diverged { partition, met } if *partition == here && Some(met.listed.key) == subject => {
                let on_log = if met.position < 0 {
                    "the log lacks".to_owned()
                } else {
                    format!("at {} the log has another than", met.position)
                };
                (Worth::Heart, format!("{node} replays, and {on_log} {}; nobody notices", met.listed))
            }
            What::Died { partition, met, .. } if *partition == here => {
                let of = met.map_or(String::new(), |met| {
                    format!(" of the record at {}: its replay had {}", met.position, met.listed)
                });
                (Worth::Heart, format!("the stream processor of partition {partition} on {node} dies{of}"))
            }
            _ => return None,
        };
        Some(Line { at: fact.at, worth, text })
    }

    /// The snapshot at a position, where this is the first replica that has it.
    fn snapshot(&self, fact: &Fact, at_position: i64) -> Option<String> {
        let here = self.subject.partition;
        let is_it = |other: &&Fact| other.what == What::Snapshot { partition: here, position: at_position };
        if fact.at < self.begins || self.facts.iter().find(is_it) != Some(fact) {
            return None;
        }
        let has = |node: &u16| self.facts.iter().filter(is_it).any(|other| other.node.0 == *node);
        let (have, lack): (Vec<u16>, Vec<u16>) = (0..self.brokers).partition(has);
        let list = |nodes: &[u16]| nodes.iter().map(|node| format!("broker-{node}")).collect::<Vec<_>>().join(", ");
        let lack = if lack.is_empty() { String::new() } else { format!(", and never on {}", list(&lack)) };
        Some(format!("partition {here}: a snapshot at {at_position}, on {}{lack}", list(&have)))
    }

    /// Whether a death here is about records with this source.
    fn is_source(&self, source: i64) -> bool {
        self.facts.iter().any(|fact| match fact.what {
            What::Died { partition, met: Some(met), .. } => {
                partition == self.subject.partition && met.listed.source == source
            }
            _ => false,
        })
    }
}

fn deployment(node: &str, what: &What) -> String {
    let What::Deployment { partition, key, position, source, intent, kind } = what else { return String::new() };
    match (kind, intent) {
        (RecordType::CommandRejection, _) => {
            format!("{node} refuses CREATE at {source} on partition {partition}: rejection at {position}")
        }
        (_, DeploymentIntent::Created) => {
            format!("{node} accepts CREATE at {source} of {key} on partition {partition}: CREATED at {position}")
        }
        (_, intent) => {
            let name = Intent::from(*intent).name();
            format!("partition {partition}: {name} of {key} at {position} with source {source}")
        }
    }
}

#[cfg(test)]
mod tests;
