//! A sweep: one plan over a range of seeds, on several threads.
//!
//! Host code, not model code: it reads the host's clock and starts threads, and none of that reaches a run.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;
#[expect(clippy::disallowed_types, reason = "wall time of a sweep is a fact about the host; no run sees it")]
use std::time::Instant;

use crate::canary::{Canaries, made_again};
use crate::{Group, RunResult, Runner, SeedRange, Tally, TotalCost, run_caught};
use kernel::verdict::{Outcome, Verdict};

/// How often the progress is told.
const PERIOD: Duration = Duration::from_millis(100);

/// What to sweep.
#[derive(Clone, Copy, Debug)]
pub struct SweepRequest<'a> {
    /// The seeds.
    pub seeds: SeedRange,
    /// Threads that run them. No more are started than there are seeds.
    pub workers: NonZeroUsize,
    /// Once set, no further run is begun; those under way are finished. The seeds which were run are then still the first
    /// ones of the range, without a gap.
    pub stop: &'a AtomicBool,
    /// After so many failures no further run is begun either.
    pub failures_max: Option<u64>,
    /// Nor after so much host time.
    pub wall_max: Option<Duration>,
}

impl<'a> SweepRequest<'a> {
    /// All of the seeds.
    pub fn of(seeds: SeedRange, workers: NonZeroUsize, stop: &'a AtomicBool) -> Self {
        SweepRequest { seeds, workers, stop, failures_max: None, wall_max: None }
    }
}

/// Why a sweep ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// All seeds were run.
    Complete,
    /// It was stopped.
    Stopped,
    /// It had as many failures as it was to find.
    Failures,
    /// Its time was up.
    Time,
}

/// How far a sweep has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Runs asked for.
    pub requested: u64,
    /// Runs done.
    pub runs: u64,
    /// Those of them that failed.
    pub failures: u64,
    /// The same by their signatures.
    pub by_signature: BTreeMap<String, u64>,
    /// Those in which the simulator contradicted itself.
    pub simulator_bugs: u64,
    /// Those that taught nothing: vacuous or inconclusive.
    pub unjudged: u64,
    /// Kernel events so far.
    pub events: u64,
    /// Virtual time so far.
    pub virtual_time: Duration,
    /// Host time so far.
    pub wall: Duration,
}

/// What a sweep found. All but `wall` depends on the plan and the seeds run alone, unless the host's time ended one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SweepReport {
    /// The seeds that were run: all of those asked for, or the first ones if interrupted. `None` if not even one.
    pub seeds: Option<SeedRange>,
    /// How many they are.
    pub runs: u64,
    /// How many were asked for.
    pub requested: u64,
    /// Why it ended.
    pub ended: Ended,
    /// Runs by cause: the most severe first, then the largest, then by signature.
    pub groups: Vec<Group>,
    /// What all runs took together.
    pub cost: TotalCost,
    /// Digest of all runs with their seeds.
    pub digest: u128,
    /// Host time.
    pub wall: Duration,
}

/// Runs the plan with each seed. `progress` is called on the calling thread, at most ten times a second.
#[expect(clippy::disallowed_methods, reason = "workers are threads of the host; each run stays on one of them")]
pub fn sweep<R: Runner>(
    runner: &R,
    plan: &R::Plan,
    request: SweepRequest<'_>,
    mut progress: impl FnMut(&Progress),
) -> SweepReport {
    #[expect(clippy::disallowed_types, reason = "see the import")]
    let begun = Instant::now();
    let requested = request.seeds.len();
    let workers = usize::try_from(requested).map_or(request.workers.get(), |seeds| request.workers.get().min(seeds));
    let queue = Queue {
        seeds: request.seeds,
        taken: AtomicU64::new(0),
        stop: request.stop,
        over: AtomicBool::new(false),
        failures_left: request.failures_max.map(|most| AtomicU64::new(most.max(1))),
        failing: Mutex::default(),
    };
    let counts: Vec<Counts> = (0..workers).map(|_| Counts::default()).collect();
    let (send, receive) = mpsc::channel();

    let canaries = Canaries::of(request.seeds);

    let Done { mut tally, set_aside } = thread::scope(|scope| {
        for (n, counts) in counts.iter().enumerate() {
            let (send, queue) = (send.clone(), &queue);
            let work = move || {
                // The only failure is that nobody waits any more, and then nobody misses it.
                let _ = send.send(work_off(runner, plan, queue, canaries, counts));
            };
            let started = thread::Builder::new().name(format!("sweep-{n}")).spawn_scoped(scope, work);
            if started.is_err() && n == 0 {
                // No thread to be had: the caller's own does the work, silently.
                return work_off(runner, plan, queue, canaries, counts);
            }
        }
        drop(send);
        collect(&receive, || {
            let wall = begun.elapsed();
            if request.wall_max.is_some_and(|most| wall >= most) {
                queue.over.store(true, Relaxed);
            }
            let by_signature = queue.failing.lock().map(|failing| failing.clone()).unwrap_or_default();
            progress(&Progress { requested, wall, by_signature, ..sum(&counts) });
        })
    });
    // Whoever stops a sweep waits for its end.
    let stopped = request.stop.load(Relaxed);
    let set_aside = if stopped || set_aside.is_empty() { set_aside } else { made_again(runner, plan, set_aside) };
    set_aside.into_iter().for_each(|(seed, result)| tally.add(seed, result));

    let (runs, cost, digest) = (tally.runs(), tally.cost(), tally.digest());
    let found_enough = queue.failures_left.is_some_and(|left| left.load(Relaxed) == 0);
    let ended = match runs == requested {
        true => Ended::Complete,
        false if stopped => Ended::Stopped,
        false if found_enough => Ended::Failures,
        false => Ended::Time,
    };
    SweepReport {
        seeds: SeedRange::new(request.seeds.from(), request.seeds.from() + runs),
        runs,
        requested,
        ended,
        groups: tally.into_groups(),
        cost,
        digest,
        wall: begun.elapsed(),
    }
}

/// Merges what the workers hand in until the last of them is gone.
fn collect(receive: &mpsc::Receiver<Done>, mut tell: impl FnMut()) -> Done {
    let mut all = Done::default();
    loop {
        match receive.recv_timeout(PERIOD) {
            Ok(done) => {
                all.tally.merge(done.tally);
                all.set_aside.extend(done.set_aside);
            }
            Err(RecvTimeoutError::Timeout) => tell(),
            Err(RecvTimeoutError::Disconnected) => return all,
        }
    }
}

/// What a worker did.
#[derive(Default)]
struct Done {
    tally: Tally,
    /// The canaries: in no tally yet.
    set_aside: Vec<(u64, RunResult)>,
}

fn work_off<R: Runner>(runner: &R, plan: &R::Plan, queue: &Queue<'_>, canaries: Canaries, counts: &Counts) -> Done {
    let mut done = Done::default();
    let mut scratch = R::Scratch::default();
    while let Some(seed) = queue.take() {
        let result = run_caught(runner, plan, seed, &mut scratch);
        counts.add(&result);
        queue.count(&result.verdict);
        if canaries.has(seed) {
            done.set_aside.push((seed, result));
        } else {
            done.tally.add(seed, result);
        }
    }
    done
}

/// Seeds not yet run.
struct Queue<'a> {
    seeds: SeedRange,
    taken: AtomicU64,
    stop: &'a AtomicBool,
    /// It has come to an end before that of the seeds.
    over: AtomicBool,
    failures_left: Option<AtomicU64>,
    /// Failures so far, by signature: locked once for each.
    failing: Mutex<BTreeMap<String, u64>>,
}

impl Queue<'_> {
    fn take(&self) -> Option<u64> {
        if self.stop.load(Relaxed) || self.over.load(Relaxed) {
            return None;
        }
        let next = |taken| (taken < self.seeds.len()).then(|| taken + 1);
        self.taken.fetch_update(Relaxed, Relaxed, next).ok().map(|taken| self.seeds.from() + taken)
    }

    fn count(&self, verdict: &Verdict) {
        if verdict.outcome != Outcome::Fail {
            return;
        }
        if let Ok(mut failing) = self.failing.lock() {
            match failing.get_mut(&verdict.signature) {
                Some(count) => *count += 1,
                None => drop(failing.insert(verdict.signature.clone(), 1)),
            }
        }
        let Some(left) = &self.failures_left else { return };
        let fewer = |left: u64| left.checked_sub(1);
        if matches!(left.fetch_update(Relaxed, Relaxed, fewer), Ok(1)) {
            self.over.store(true, Relaxed);
        }
    }
}

/// What one worker did so far, on cache lines of its own.
#[derive(Default)]
#[repr(align(128))]
struct Counts {
    runs: AtomicU64,
    failures: AtomicU64,
    simulator_bugs: AtomicU64,
    unjudged: AtomicU64,
    events: AtomicU64,
    /// Microseconds: nanoseconds would overflow within a long sweep.
    virtual_us: AtomicU64,
}

impl Counts {
    fn add(&self, result: &RunResult) {
        self.runs.fetch_add(1, Relaxed);
        self.events.fetch_add(result.cost.events, Relaxed);
        self.virtual_us.fetch_add(result.cost.virtual_ns / 1000, Relaxed);
        let count = match result.verdict.outcome {
            Outcome::Pass => return,
            Outcome::Fail => &self.failures,
            Outcome::Vacuous | Outcome::Inconclusive => &self.unjudged,
            Outcome::SimulatorBug => &self.simulator_bugs,
        };
        count.fetch_add(1, Relaxed);
    }
}

fn sum(counts: &[Counts]) -> Progress {
    let total = |of: fn(&Counts) -> &AtomicU64| {
        counts.iter().map(|counts| of(counts).load(Relaxed)).fold(0, u64::saturating_add)
    };
    Progress {
        runs: total(|counts| &counts.runs),
        failures: total(|counts| &counts.failures),
        simulator_bugs: total(|counts| &counts.simulator_bugs),
        unjudged: total(|counts| &counts.unjudged),
        events: total(|counts| &counts.events),
        virtual_time: Duration::from_micros(total(|counts| &counts.virtual_us)),
        ..Progress::default()
    }
}
