//! Is a run the same run elsewhere? Each seed is run in several ways, and what came of it is compared with the first.
//! Where it differs, the first event that does is named.

mod locate;
mod manner;

use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use explore::{RunResult, SeedRange};
use kernel::verdict::Outcome;
use miette::Report;
use serde::{Deserialize, Serialize};

use self::locate::locate;
pub use self::locate::{FirstEvent, Place};
use self::manner::{Fingerprints, Manner, Process};
use crate::host::Host;
use crate::registry;
use crate::scenario::Scenario;
use crate::scenario::problem::Problem;

/// All of a run that must be equal, on one line: digest, outcome, signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// Of a run.
    pub fn of(result: &RunResult) -> Self {
        let line = format!("{:032x} {} {}", result.digest, result.verdict.outcome.word(), result.verdict.signature);
        Fingerprint::from_line(&line)
    }

    /// As it was printed.
    pub(crate) fn from_line(line: &str) -> Self {
        Fingerprint(line.trim_end().to_owned())
    }

    /// Its first word.
    pub(crate) fn digest(&self) -> &str {
        self.0.split(' ').next().unwrap_or("")
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What the ways had to say.
#[derive(Debug, Serialize)]
pub struct Proof {
    /// Seeds that were run.
    pub runs: u64,
    /// Ctrl-C came: the way under way is not finished, and those after it are missing.
    pub interrupted: bool,
    /// Those in which the simulator contradicted itself, whatever the way.
    pub simulator_bugs: u64,
    /// The ways, the one that all others are compared with left out.
    pub ways: Vec<Way>,
}

/// One way to run the seeds.
#[derive(Debug, Serialize)]
pub struct Way {
    /// What is different.
    pub way: String,
    /// Whether all seeds were run this way. If not, those that are missing are not held against it.
    pub finished: bool,
    /// Seeds that were compared.
    pub compared: u64,
    /// Seeds that came out otherwise.
    pub divergent: u64,
    /// The first of them.
    pub first: Option<Divergence>,
}

/// A seed that came out otherwise.
#[derive(Debug, Serialize)]
pub struct Divergence {
    /// The seed.
    pub seed: u64,
    /// What it should have been.
    pub expected: Fingerprint,
    /// What it was; nothing if it was not run.
    pub found: Option<Fingerprint>,
    /// The first event that differs.
    pub place: Place,
}

impl Proof {
    /// Whether all ways agree on runs that can be trusted.
    pub fn holds(&self) -> bool {
        self.simulator_bugs == 0 && self.ways.iter().all(|way| way.divergent == 0)
    }
}

/// What comes of a seed in another process of this binary. `said` are the arguments that mean the scenario there. `None`: it
/// could not be asked, or was stopped.
pub fn in_fresh_process(said: &[String], seed: u64) -> Option<Fingerprint> {
    let process = Process { binary: own_binary().ok()?, said, host: None };
    let seeds = SeedRange::new(seed, seed.checked_add(1)?)?;
    let found = Manner::InProcess(process).fingerprints(seeds, &AtomicBool::new(false)).ok()?;
    found.get(&seed).cloned()
}

/// Runs the seeds in every way there is. `said` are the arguments that mean the scenario in another process.
pub fn prove(
    scenario: &Scenario,
    said: &[String],
    seeds: SeedRange,
    against: Option<&Path>,
    stop: &AtomicBool,
) -> Result<Proof, Report> {
    let runner = registry::runner(scenario, Host::BUILT)?;
    // The first of all ways: nothing ran before.
    let alone = Manner::Alone(&*runner);
    let expected = within_time("alone", alone.fingerprints(seeds, stop)?)?;

    let process = |binary: &Path, host| Manner::InProcess(Process { binary: binary.to_owned(), said, host });
    let mut manners = vec![
        ("in order, on the same memory".to_owned(), Manner::InOrder(&*runner)),
        ("in reverse, on the same memory".to_owned(), Manner::InReverse(&*runner)),
        ("each on a thread of its own".to_owned(), Manner::OnThreads(&*runner)),
        ("in another process".to_owned(), process(&own_binary()?, Some(Host::BUILT))),
    ];
    let plain = (Host::BUILT == Host::Guarded).then(|| registry::runner(scenario, Host::Plain)).transpose()?;
    if let Some(plain) = &plain {
        manners.push(("on the plain host".to_owned(), Manner::InOrder(&**plain)));
    }
    if let Some(binary) = against {
        manners.push((format!("by {}", binary.display()), process(binary, None)));
    }

    let mut ways = Vec::with_capacity(manners.len());
    for (way, manner) in manners {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let found = manner.fingerprints(seeds, stop);
        let cut_short = stop.load(Ordering::Relaxed);
        let found = match found {
            // Another process may have died of the same Ctrl-C.
            Err(_) if cut_short => break,
            found => within_time(&way, found?)?,
        };
        ways.push(compared(way, &expected, &found, cut_short, |seed| {
            locate(&|window| alone.look(seeds, seed, window), &|window| manner.look(seeds, seed, window))
        }));
    }
    let simulator_bugs = expected.values().filter(|fingerprint| fingerprint.is(Outcome::SimulatorBug)).count();
    let interrupted = stop.load(Ordering::Relaxed);
    Ok(Proof { runs: expected.len() as u64, interrupted, simulator_bugs: simulator_bugs as u64, ways })
}

/// Refuses runs that the host's time ended: they differ from way to way, and that says nothing about a run.
fn within_time(way: &str, found: Fingerprints) -> Result<Fingerprints, Report> {
    let cut = found.iter().find(|(_, fingerprint)| fingerprint.0.ends_with(&format!(" {}", explore::WALL_TIME)));
    let Some((seed, _)) = cut else { return Ok(found) };
    let message = format!("prove: seed {seed} used up its host time when run {way}, so there is no run to compare");
    let help = Some("raise it with --set wall_time=1h, or lower `events` or `duration`".to_owned());
    Err(Problem::Usage { message, help }.into())
}

impl Fingerprint {
    fn is(&self, outcome: Outcome) -> bool {
        self.0.split(' ').nth(1) == Some(outcome.word())
    }
}

/// A way against the first one. `place` finds the event, by running the seed and those before it some more: not after a
/// Ctrl-C, which wants an end.
fn compared(
    way: String,
    expected: &Fingerprints,
    found: &Fingerprints,
    cut_short: bool,
    place: impl Fn(u64) -> Place,
) -> Way {
    let finished = !cut_short || expected.keys().all(|seed| found.contains_key(seed));
    let counts = |seed: &u64| finished || found.contains_key(seed);
    let compared = expected.keys().filter(|seed| counts(seed)).count();
    let differs = |(seed, fingerprint): &(&u64, &Fingerprint)| counts(seed) && found.get(seed) != Some(*fingerprint);
    let mut divergent = expected.iter().filter(differs);
    let first = divergent.next().map(|(&seed, fingerprint)| Divergence {
        seed,
        expected: fingerprint.clone(),
        found: found.get(&seed).cloned(),
        place: if cut_short { Place::Unknown("Ctrl-C came before it was looked for".to_owned()) } else { place(seed) },
    });
    let count = |seeds: usize| u64::try_from(seeds).expect("a count of seeds");
    let divergent = count(divergent.count()) + u64::from(first.is_some());
    Way { way, finished, compared: count(compared), divergent, first }
}

fn own_binary() -> Result<std::path::PathBuf, Report> {
    std::env::current_exe().map_err(|error| {
        let message = format!("prove: cannot find this binary to start it again: {error}");
        Problem::Usage { message, help: None }.into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fingerprints(lines: &[(u64, &str)]) -> Fingerprints {
        lines.iter().map(|(seed, line)| (*seed, Fingerprint::from_line(line))).collect()
    }

    #[test]
    fn a_way_that_was_cut_short_is_judged_by_the_seeds_that_it_finished() {
        let expected = fingerprints(&[(0, "a"), (1, "b"), (2, "c"), (3, "d")]);
        let way = |found: &[(u64, &str)], cut_short| {
            let place = |_| Place::Unknown("looked for".to_owned());
            compared("w".to_owned(), &expected, &fingerprints(found), cut_short, place)
        };
        let counts = |way: Way| (way.finished, way.compared, way.divergent, way.first.map(|first| first.seed));

        // In reverse, the last seeds come first.
        assert_eq!(counts(way(&[(3, "d"), (2, "other")], true)), (false, 2, 1, Some(2)));
        assert_eq!(counts(way(&[(0, "a")], true)), (false, 1, 0, None));
        assert_eq!(counts(way(&[], true)), (false, 0, 0, None));
        // Ctrl-C came when all was done.
        assert_eq!(counts(way(&[(0, "a"), (1, "b"), (2, "c"), (3, "d")], true)), (true, 4, 0, None));
        // Nothing was cut: what is missing was not run.
        assert_eq!(counts(way(&[(0, "a")], false)), (true, 4, 3, Some(1)));
        let place = |cut_short| way(&[(0, "x")], cut_short).first.map(|first| first.place);
        assert!(matches!(place(false), Some(Place::Unknown(why)) if why == "looked for"));
        assert!(matches!(place(true), Some(Place::Unknown(why)) if why.contains("Ctrl-C")));
    }
}
