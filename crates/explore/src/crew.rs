//! Work given out to several threads, whose results come back in the order in which it was given out.
//!
//! So whoever leads can work ahead, take the first result that is good, and forget the rest: what is taken does not
//! depend on the number of threads. With one worker nothing is done ahead, and no thread is started.

use std::collections::{BTreeMap, VecDeque};
use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

/// How often the leader is woken while it waits.
const PERIOD: Duration = Duration::from_millis(100);

/// Those who work, as their leader sees them.
pub(crate) struct Crew<'c, J, O> {
    hands: Hands<'c, J, O>,
    /// Jobs given out so far: the ticket of the next.
    given: u64,
    /// Results handed over or forgotten so far: the ticket of the next.
    taken: u64,
    /// Jobs with lower tickets are not wanted any more.
    wanted_from: &'c AtomicU64,
    /// How much is worth giving out at a time.
    pub width: usize,
}

enum Hands<'c, J, O> {
    Own { waiting: VecDeque<J>, work: Box<dyn FnMut(J) -> O + 'c> },
    Threads { jobs: Sender<(u64, J)>, results: Receiver<(u64, O)>, early: BTreeMap<u64, O> },
}

/// Calls `lead` with a crew whose members do `work`: of a job, on scratch memory that a thread keeps from job to job. The
/// last argument tells, at any moment, whether the result is still wanted.
#[expect(clippy::disallowed_methods, reason = "workers are threads of the host; each run stays on one of them")]
pub(crate) fn with_crew<S: Default, J: Send, O: Send, T>(
    workers: NonZeroUsize,
    work: impl Fn(J, &mut S, &dyn Fn() -> bool) -> O + Sync,
    lead: impl FnOnce(&mut Crew<'_, J, O>) -> T,
) -> T {
    let wanted_from = &AtomicU64::new(0);
    let work = &work;
    let (jobs, receive_jobs) = mpsc::channel::<(u64, J)>();
    let (send_results, results) = mpsc::channel();
    // Whoever waits for a job holds the lock, and the others wait for the lock.
    let receive_jobs = &Mutex::new(receive_jobs);
    thread::scope(|scope| {
        let threads = if workers.get() == 1 { 0 } else { workers.get() };
        let started = (0..threads).take_while(|n| {
            let results = send_results.clone();
            let toil = move || {
                let mut scratch = S::default();
                while let Ok((ticket, job)) = { receive_jobs.lock().expect("no holder panics").recv() } {
                    let output = work(job, &mut scratch, &|| wanted_from.load(Relaxed) <= ticket);
                    // The only failure is that the leader has gone.
                    let _ = results.send((ticket, output));
                }
            };
            thread::Builder::new().name(format!("explore-{n}")).spawn_scoped(scope, toil).is_ok()
        });
        let started = started.count();
        let hands = if started == 0 {
            let mut scratch = S::default();
            Hands::Own { waiting: VecDeque::new(), work: Box::new(move |job| work(job, &mut scratch, &|| true)) }
        } else {
            Hands::Threads { jobs, results, early: BTreeMap::new() }
        };
        drop(send_results);
        let mut crew = Crew { hands, given: 0, taken: 0, wanted_from, width: started.max(1) };
        let result = lead(&mut crew);
        crew.forget();
        result
    })
}

impl<J, O> Crew<'_, J, O> {
    /// Gives out one job.
    pub fn give(&mut self, job: J) {
        match &mut self.hands {
            Hands::Own { waiting, .. } => waiting.push_back(job),
            Hands::Threads { jobs, .. } => jobs.send((self.given, job)).expect("workers outlive their leader"),
        }
        self.given += 1;
    }

    /// How many jobs have been given out whose results have not been handed over.
    pub fn outstanding(&self) -> usize {
        (self.given - self.taken) as usize
    }

    /// The result of the first of them; none if there are none. `wait` is called now and then until it is there.
    pub fn next(&mut self, wait: &mut dyn FnMut()) -> Option<O> {
        if self.outstanding() == 0 {
            return None;
        }
        let ticket = self.taken;
        self.taken += 1;
        match &mut self.hands {
            Hands::Own { waiting, work } => waiting.pop_front().map(work),
            Hands::Threads { results, early, .. } => loop {
                if let Some(output) = early.remove(&ticket) {
                    return Some(output);
                }
                match results.recv_timeout(PERIOD) {
                    // What was forgotten comes in all the same.
                    Ok((of, _)) if of < ticket => {}
                    Ok((of, output)) => {
                        early.insert(of, output);
                    }
                    Err(RecvTimeoutError::Timeout) => wait(),
                    Err(RecvTimeoutError::Disconnected) => panic!("SIMULATOR BUG: a worker is gone"),
                }
            },
        }
    }

    /// Drops all that is outstanding.
    pub fn forget(&mut self) {
        self.taken = self.given;
        self.wanted_from.store(self.given, Relaxed);
        match &mut self.hands {
            Hands::Own { waiting, .. } => waiting.clear(),
            Hands::Threads { early, .. } => early.clear(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes the first result above a bound, among jobs 0, 1, 2 ...; how often it was asked for one.
    fn first_above(workers: usize, bound: u64) -> (u64, u64) {
        let workers = NonZeroUsize::new(workers).expect("some");
        // Later jobs are done sooner.
        let work = |job: u64, (): &mut (), _: &dyn Fn() -> bool| {
            thread::sleep(Duration::from_micros(500_u64.saturating_sub(job * 40)));
            job * 3
        };
        with_crew(workers, work, |crew| {
            let mut asked = 0;
            let mut jobs = 0..100;
            loop {
                while crew.outstanding() < crew.width {
                    crew.give(jobs.next().expect("enough"));
                }
                asked += 1;
                let result = crew.next(&mut || {}).expect("some are outstanding");
                if result > bound {
                    crew.forget();
                    assert_eq!(crew.next(&mut || {}), None);
                    crew.give(1_000);
                    assert_eq!(crew.next(&mut || {}), Some(3_000), "nothing forgotten comes back");
                    return (result, asked);
                }
            }
        })
    }

    #[test]
    fn results_come_in_order_whatever_the_number_of_workers() {
        for workers in [1, 2, 3, 8] {
            for bound in [0, 5, 40] {
                assert_eq!(first_above(workers, bound), ((bound / 3 + 1) * 3, bound / 3 + 2), "{workers} {bound}");
            }
        }
    }

    #[test]
    fn what_is_forgotten_is_told_that_nobody_wants_it() {
        let workers = NonZeroUsize::new(2).expect("two");
        let patient = |_: u64, (): &mut (), wanted: &dyn Fn() -> bool| {
            while wanted() {
                thread::yield_now();
            }
        };
        // It ends.
        with_crew(workers, patient, |crew| {
            (0..6).for_each(|job| crew.give(job));
            crew.forget();
        });
    }
}
