//! A panic inside a run is a bug of the simulator, and a finding like any other: it gets a verdict and a seed.

use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use kernel::verdict::{Outcome, Verdict};

use crate::{Cost, Lot, RunResult, Runner};

static HOOK: Once = Once::new();

thread_local! {
    static CATCHING: Cell<bool> = const { Cell::new(false) };
    static CAUGHT: RefCell<Option<Panic>> = const { RefCell::new(None) };
}

struct Panic {
    place: String,
    message: String,
}

/// One run. A panic in it becomes a verdict, as in [`catch`]. The scratch memory is then renewed, since nobody knows what
/// state it was left in.
pub fn run_caught<R: Runner>(runner: &R, plan: &R::Plan, lot: impl Into<Lot>, scratch: &mut R::Scratch) -> RunResult {
    let lot = lot.into();
    catch(|| runner.run_lot(plan, lot, scratch)).unwrap_or_else(|verdict| {
        *scratch = R::Scratch::default();
        RunResult { verdict, digest: 0, cost: Cost::default() }
    })
}

/// Calls `run`. A panic in it becomes [`Outcome::SimulatorBug`], with the place of the panic as signature (messages hold
/// numbers of one run, places do not) and its message as story; nothing is printed.
pub fn catch<T>(run: impl FnOnce() -> T) -> Result<T, Verdict> {
    listen();
    let outer = CATCHING.replace(true);
    // What a panic left half done is thrown away by the callers.
    let result = panic::catch_unwind(AssertUnwindSafe(run));
    CATCHING.set(outer);

    result.map_err(|payload| {
        let unseen = || Panic { place: "unknown place".to_owned(), message: message_of(payload.as_ref()) };
        verdict_of(CAUGHT.take().unwrap_or_else(unseen))
    })
}

fn verdict_of(caught: Panic) -> Verdict {
    let mut story = vec![format!("the simulator panicked at {}", caught.place)];
    story.extend(caught.message.lines().map(str::to_owned));
    // A failed comparison prints both sides whole.
    Verdict::new(Outcome::SimulatorBug, format!("panic/{}", caught.place), story).bounded()
}

/// Puts a hook before the present one, once per process. It is silent on threads that are inside [`catch`] and
/// passes everything else on: a hook taken away again would race with other sweeps.
fn listen() {
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !CATCHING.get() {
                return before(info);
            }
            let place = info.location().map_or_else(
                || "unknown place".to_owned(),
                // Without the column: it moves with every rename.
                |location| format!("{}:{}", location.file(), location.line()),
            );
            CAUGHT.set(Some(Panic { place, message: message_of(info.payload()) }));
        }));
    });
}

fn message_of(payload: &(dyn std::any::Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Reduce;

    struct PanicsOnOdd;

    #[derive(Clone)]
    struct NoPlan;

    impl Reduce for NoPlan {
        fn parts(&self) -> Vec<String> {
            Vec::new()
        }

        fn without(&self, _: &[usize]) -> Option<Self> {
            None
        }

        fn simpler(&self) -> Vec<(String, Self)> {
            Vec::new()
        }
    }

    impl Runner for PanicsOnOdd {
        type Plan = NoPlan;
        type Scratch = Vec<u64>;

        fn run_lot(&self, _: &NoPlan, lot: Lot, scratch: &mut Vec<u64>) -> RunResult {
            let seed = lot.seed;
            scratch.push(seed);
            assert!(seed.is_multiple_of(2), "SIMULATOR BUG: seed {seed} is odd");
            RunResult { verdict: Verdict::pass(), digest: 1, cost: Cost::default() }
        }
    }

    #[test]
    fn a_panic_is_a_verdict_with_place_and_message() {
        let mut scratch = vec![1];

        let verdict = run_caught(&PanicsOnOdd, &NoPlan, 3, &mut scratch).verdict;

        assert_eq!(verdict.outcome, Outcome::SimulatorBug);
        assert!(verdict.signature.starts_with("panic/") && verdict.signature.contains("panics.rs:"), "{verdict:?}");
        assert!(verdict.story.contains(&"SIMULATOR BUG: seed 3 is odd".to_owned()), "{verdict:?}");
        assert!(scratch.is_empty(), "the scratch memory of a panicked run is not used again");
    }

    #[test]
    fn two_seeds_that_panic_at_one_place_have_one_signature() {
        let signature = |seed| run_caught(&PanicsOnOdd, &NoPlan, seed, &mut Vec::new()).verdict.signature;

        assert_eq!(signature(3), signature(5));
        assert_eq!(run_caught(&PanicsOnOdd, &NoPlan, 4, &mut Vec::new()).verdict, Verdict::pass());
    }
}
