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
    /// Ctrl-C came: the way under way and those after it are missing.
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
    let expected = finished("alone", alone.fingerprints(seeds, stop)?)?;

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
        let found = match manner.fingerprints(seeds, stop) {
            // A way that was cut short says nothing; another process may have died of the same Ctrl-C.
            _ if stop.load(Ordering::Relaxed) => break,
            found => finished(&way, found?)?,
        };
        ways.push(compared(way, &expected, &found, |seed| {
            locate(&|window| alone.look(seeds, seed, window), &|window| manner.look(seeds, seed, window))
        }));
    }
    let simulator_bugs = expected.values().filter(|fingerprint| fingerprint.is(Outcome::SimulatorBug)).count();
    let interrupted = stop.load(Ordering::Relaxed);
    Ok(Proof { runs: expected.len() as u64, interrupted, simulator_bugs: simulator_bugs as u64, ways })
}

/// Refuses runs that the host's time ended: they differ from way to way, and that says nothing about a run.
fn finished(way: &str, found: Fingerprints) -> Result<Fingerprints, Report> {
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

fn compared(way: String, expected: &Fingerprints, found: &Fingerprints, place: impl Fn(u64) -> Place) -> Way {
    let mut divergent = expected.iter().filter(|(seed, fingerprint)| found.get(seed) != Some(fingerprint));
    let first = divergent.next().map(|(&seed, fingerprint)| Divergence {
        seed,
        expected: fingerprint.clone(),
        found: found.get(&seed).cloned(),
        place: place(seed),
    });
    let others = u64::try_from(divergent.count()).expect("a count of seeds");
    Way { way, divergent: others + u64::from(first.is_some()), first }
}

fn own_binary() -> Result<std::path::PathBuf, Report> {
    std::env::current_exe().map_err(|error| {
        let message = format!("prove: cannot find this binary to start it again: {error}");
        Problem::Usage { message, help: None }.into()
    })
}
