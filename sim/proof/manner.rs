//! The ways to run seeds, and to look into one of them.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use explore::SeedRange;
use miette::Report;

use super::Fingerprint;
use crate::host::Host;
use crate::look::{FORMAT, Look};
use crate::registry::DynRunner;
use crate::scenario::problem::Problem;

/// What came of each seed.
pub type Fingerprints = BTreeMap<u64, Fingerprint>;

/// Threads that run seeds at the same time.
const AT_ONCE: usize = 8;

/// A way to run seeds.
pub enum Manner<'a> {
    /// Each on memory of its own.
    Alone(&'a dyn DynRunner),
    /// In order, on the same memory.
    InOrder(&'a dyn DynRunner),
    /// In reverse, on the same memory.
    InReverse(&'a dyn DynRunner),
    /// Each on a thread of its own.
    OnThreads(&'a dyn DynRunner),
    /// In another process, in order, on the same memory.
    InProcess(Process<'a>),
}

/// Another process that is asked by its hidden verb `digest`.
pub struct Process<'a> {
    /// Its binary.
    pub binary: PathBuf,
    /// The arguments that mean the scenario.
    pub said: &'a [String],
    /// What runs the world; none for what the binary was built as.
    pub host: Option<Host>,
}

impl Manner<'_> {
    /// Runs all seeds, or those up to where it is stopped.
    pub fn fingerprints(&self, seeds: SeedRange, stop: &AtomicBool) -> Result<Fingerprints, Report> {
        let go_on = |_: &u64| !stop.load(Ordering::Relaxed);
        let alone = |runner: &dyn DynRunner, seed| each(runner, std::iter::once(seed));
        Ok(match self {
            Manner::Alone(runner) => seeds.seeds().take_while(go_on).flat_map(|seed| alone(*runner, seed)).collect(),
            Manner::InOrder(runner) => each(*runner, seeds.seeds().take_while(go_on)),
            Manner::InReverse(runner) => each(*runner, seeds.seeds().rev().take_while(go_on)),
            Manner::OnThreads(runner) => {
                let group = |from: u64| from..seeds.to().min(from.saturating_add(AT_ONCE as u64));
                let groups = (seeds.from()..seeds.to()).step_by(AT_ONCE).take_while(go_on).map(group);
                groups.flat_map(|group| on_threads(group, |seed| alone(*runner, seed))).collect()
            }
            Manner::InProcess(process) => process.fingerprints(seeds, stop)?,
        })
    }

    /// Runs one of the seeds once more, after those that ran before it, and looks at the events with these numbers.
    pub fn look(&self, seeds: SeedRange, seed: u64, window: Range<u64>) -> Result<Look, String> {
        let mute = || "this system records no events".to_owned();
        match self {
            Manner::Alone(runner) => runner.look(&mut std::iter::empty(), seed, window).ok_or_else(mute),
            Manner::InOrder(runner) => runner.look(&mut (seeds.from()..seed), seed, window).ok_or_else(mute),
            Manner::InReverse(runner) => runner.look(&mut (seed + 1..seeds.to()).rev(), seed, window).ok_or_else(mute),
            Manner::OnThreads(runner) => {
                on_thread(|| runner.look(&mut std::iter::empty(), seed, window)).ok_or_else(mute)
            }
            Manner::InProcess(process) => process.look(seeds, seed, window),
        }
    }
}

fn each(runner: &dyn DynRunner, mut seeds: impl Iterator<Item = u64>) -> Fingerprints {
    let mut found = Fingerprints::new();
    runner.each(&mut seeds, &mut |seed, result| {
        found.insert(seed, Fingerprint::of(&result));
    });
    found
}

/// Each seed on a thread of its own, all at the same time: what they share would show.
#[expect(clippy::disallowed_methods, reason = "other threads are what is being tried")]
fn on_threads(seeds: Range<u64>, run: impl Fn(u64) -> Fingerprints + Sync) -> Fingerprints {
    std::thread::scope(|scope| {
        let run = &run;
        let threads: Vec<_> = seeds.map(|seed| scope.spawn(move || run(seed))).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("a panic in a run is a verdict")).collect()
    })
}

#[expect(clippy::disallowed_methods, reason = "another thread is what is being tried")]
fn on_thread<T: Send>(run: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| scope.spawn(run).join()).expect("a panic in a run is a verdict")
}

impl Process<'_> {
    fn fingerprints(&self, seeds: SeedRange, stop: &AtomicBool) -> Result<Fingerprints, Report> {
        let failed = |why: String| {
            let help = Some("--against takes another build of `relapse`".to_owned());
            Report::from(Problem::Usage { message: format!("prove: {} {why}", self.name()), help })
        };
        let ended = self.ask(seeds, None).map_err(failed)?;
        let parsed = |line: &str| {
            let (seed, rest) = line.split_once(' ')?;
            Some((seed.parse().ok()?, Fingerprint::from_line(rest)))
        };
        if stop.load(Ordering::Relaxed) {
            // It may have died of the same Ctrl-C, in the middle of a line.
            let text = String::from_utf8_lossy(&ended.stdout);
            let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
            return Ok(whole.lines().map_while(parsed).collect());
        }
        let found: Option<Fingerprints> = text_of(ended).map_err(failed)?.lines().map(parsed).collect();
        // A command that ignores what it is asked, and is content, is no build.
        found.filter(|found| !found.is_empty()).ok_or_else(|| failed("printed no digests".to_owned()))
    }

    /// What it sees. A build that does not know how to look, or looks in another format, is no reason to give up the
    /// proof: the seed that differs is known without.
    fn look(&self, seeds: SeedRange, seed: u64, window: Range<u64>) -> Result<Look, String> {
        let name = self.name();
        let up_to = SeedRange::new(seeds.from(), seed + 1).expect("a seed of the range");
        let text = self.ask(up_to, Some(window)).and_then(text_of).map_err(|why| {
            format!("{name} cannot be asked for its events, perhaps because it is a build of another version: it {why}")
        })?;
        if text.trim() == "null" {
            return Err("this system records no events".to_owned());
        }
        let value: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
        match value.get("format").and_then(serde_json::Value::as_u64) {
            Some(format) if format == u64::from(FORMAT) => {
                serde_json::from_value(value).map_err(|error| format!("{name} printed a broken look: {error}"))
            }
            Some(format) => Err(format!(
                "{name} shows its events in format {format}, this build reads format {FORMAT}: build both from one version"
            )),
            None => Err(format!("{name} does not show its events: it is a build of another version")),
        }
    }

    fn ask(&self, seeds: SeedRange, look: Option<Range<u64>>) -> Result<Output, String> {
        let mut command = Command::new(&self.binary);
        command.arg("digest").args(self.said).args(["--seeds", &seeds.to_string()]).stdin(Stdio::null());
        if let Some(host) = self.host {
            command.args(["--host", &host.to_string()]);
        }
        if let Some(Range { start, end }) = look {
            command.args(["--look", &format!("{start}..{end}")]);
        }
        command.output().map_err(|error| format!("cannot be started: {error}"))
    }

    fn name(&self) -> std::path::Display<'_> {
        Path::display(&self.binary)
    }
}

/// What a process printed, if it ended well.
fn text_of(ended: Output) -> Result<String, String> {
    if !ended.status.success() {
        let said = String::from_utf8_lossy(&ended.stderr);
        return Err(format!("ended with {}: {}", ended.status, said.trim()));
    }
    String::from_utf8(ended.stdout).map_err(|_| "printed what is no text".to_owned())
}
