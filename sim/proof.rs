//! Is a run the same run elsewhere? Each seed is run in several ways, and what came of it is compared with the first.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::process::{Command, Stdio};

use explore::{RunResult, SeedRange};
use kernel::verdict::Outcome;
use miette::Report;
use serde::Serialize;

use crate::host::Host;
use crate::registry::{self, DynRunner};
use crate::scenario::Scenario;
use crate::scenario::problem::Problem;

/// All of a run that must be equal, on one line: digest, outcome, signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// Of a run.
    pub fn of(result: &RunResult) -> Self {
        let line = format!("{:032x} {} {}", result.digest, result.verdict.outcome.word(), result.verdict.signature);
        Fingerprint(line.trim_end().to_owned())
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

type Fingerprints = BTreeMap<u64, Fingerprint>;

/// What the ways had to say.
#[derive(Debug, Serialize)]
pub struct Proof {
    /// Seeds that were run.
    pub runs: u64,
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
}

impl Proof {
    /// Whether all ways agree on runs that can be trusted.
    pub fn holds(&self) -> bool {
        self.simulator_bugs == 0 && self.ways.iter().all(|way| way.divergent == 0)
    }
}

/// Runs the seeds in every way there is. `said` are the arguments that mean the scenario in another process.
pub fn prove(scenario: &Scenario, said: &[String], seeds: SeedRange, against: Option<&Path>) -> Result<Proof, Report> {
    let runner = registry::runner(scenario, Host::BUILT)?;
    let mut simulator_bugs = 0;
    let mut expected = Fingerprints::new();
    for seed in seeds.seeds() {
        // Memory of its own for each: nothing ran before.
        runner.each(&mut std::iter::once(seed), &mut |seed, result| {
            simulator_bugs += u64::from(result.verdict.outcome == Outcome::SimulatorBug);
            expected.insert(seed, Fingerprint::of(&result));
        });
    }

    let compare = |way: &str, found: Fingerprints| compared(way.to_owned(), &expected, &found);
    let mut ways = vec![
        compare("in order, on the same memory", in_order(&*runner, seeds.seeds())),
        compare("in reverse, on the same memory", in_order(&*runner, seeds.seeds().rev())),
        compare("each on a thread of its own", on_threads(&*runner, seeds)),
        compare("in another process", in_process(&own_binary()?, said, seeds, Some(Host::BUILT))?),
    ];
    if Host::BUILT == Host::Guarded {
        let plain = registry::runner(scenario, Host::Plain)?;
        ways.push(compare("on the plain host", in_order(&*plain, seeds.seeds())));
    }
    if let Some(binary) = against {
        ways.push(compare(&format!("by {}", binary.display()), in_process(binary, said, seeds, None)?));
    }
    Ok(Proof { runs: seeds.len(), simulator_bugs, ways })
}

fn compared(way: String, expected: &Fingerprints, found: &Fingerprints) -> Way {
    let mut divergent = expected.iter().filter(|(seed, fingerprint)| found.get(seed) != Some(fingerprint));
    let first = divergent.next().map(|(&seed, fingerprint)| Divergence {
        seed,
        expected: fingerprint.clone(),
        found: found.get(&seed).cloned(),
    });
    let others = u64::try_from(divergent.count()).expect("a count of seeds");
    Way { way, divergent: others + u64::from(first.is_some()), first }
}

fn in_order(runner: &dyn DynRunner, mut seeds: impl Iterator<Item = u64>) -> Fingerprints {
    let mut found = Fingerprints::new();
    runner.each(&mut seeds, &mut |seed, result| {
        found.insert(seed, Fingerprint::of(&result));
    });
    found
}

#[expect(clippy::disallowed_methods, reason = "another thread is what is being tried")]
fn on_threads(runner: &dyn DynRunner, seeds: SeedRange) -> Fingerprints {
    let mut found = Fingerprints::new();
    for seed in seeds.seeds() {
        let alone = std::thread::scope(|scope| scope.spawn(|| in_order(runner, std::iter::once(seed))).join());
        found.extend(alone.expect("a panic in a run is a verdict"));
    }
    found
}

fn own_binary() -> Result<std::path::PathBuf, Report> {
    std::env::current_exe().map_err(|error| {
        let message = format!("prove: cannot find this binary to start it again: {error}");
        Problem::Usage { message, help: None }.into()
    })
}

/// Asks another process by its hidden verb `digest`.
fn in_process(binary: &Path, said: &[String], seeds: SeedRange, host: Option<Host>) -> Result<Fingerprints, Report> {
    let failed = |why: String| {
        let help = Some("--against takes another build of `relapse`".to_owned());
        Report::from(Problem::Usage { message: format!("prove: {} {why}", binary.display()), help })
    };
    let mut command = Command::new(binary);
    command.arg("digest").args(said).args(["--seeds", &seeds.to_string()]).stdin(Stdio::null());
    if let Some(host) = host {
        command.args(["--host", &host.to_string()]);
    }

    let ended = command.output().map_err(|error| failed(format!("cannot be started: {error}")))?;
    if !ended.status.success() {
        let said = String::from_utf8_lossy(&ended.stderr);
        return Err(failed(format!("ended with {}: {}", ended.status, said.trim())));
    }
    let text = String::from_utf8(ended.stdout).map_err(|_| failed("printed what is no text".to_owned()))?;
    let parsed = text.lines().map(|line| {
        let (seed, rest) = line.split_once(' ')?;
        Some((seed.parse().ok()?, Fingerprint(rest.trim_end().to_owned())))
    });
    parsed.collect::<Option<_>>().ok_or_else(|| failed("printed what are no digests".to_owned()))
}
