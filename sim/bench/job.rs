//! One real job on one core.

use std::collections::BTreeSet;
use std::path::Path;

use kernel::event::{Event, Observer, What};
use kernel::system::Input;
use kernel::world::World;
use miette::Report;
use restate::Restate;
use restate::event::Event as Said;
use restate::invocation::Method;
use restate::message::Message;

use super::{Bar, Effort, Figure, Spread, timing};
use crate::host::Host;
use crate::render::thousands;
use crate::scenario::Scenario;
use crate::scenario::document::Document;
use crate::systems::restate::{Plan, runner_of};

const SCENARIO: &str = "scenarios/restate/verification.toml";
const TEXT: &str = include_str!("../../scenarios/restate/verification.toml");

/// The job test-28113175 as the scenario has it, wherever the binary stands.
pub fn plan() -> Result<Plan, Report> {
    Plan::of(&Scenario::resolve(Document::parse(Path::new(SCENARIO), TEXT)?, &[])?)
}

/// Tells the invocations of the tree from those of the pods' verifications: by the method, which a service is told when an
/// attempt begins.
#[derive(Default)]
struct OfTree {
    begun: BTreeSet<u64>,
    ended: u64,
}

impl Observer<Restate> for OfTree {
    fn on_event(&mut self, event: &Event<'_, Restate>, _: &World<Restate>) {
        match &event.what {
            What::Input(Input::Received { message: Message::Start(start), .. }) => {
                if matches!(start.invocation.method, Method::Call | Method::BackgroundCall) {
                    self.begun.insert(start.invocation.id.identity);
                }
            }
            What::Emitted(Said::Ended(id, _)) => self.ended += u64::from(self.begun.remove(&id.identity)),
            _ => {}
        }
    }
}

/// What is in some runs of a plan, counted aside from what is timed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    of_tree: u64,
    events: u64,
    from_queue: u64,
}

fn count(plan: &Plan, seeds: u64, effort: Effort) -> Counts {
    let mut counts = Counts::default();
    for seed in (0..seeds).take_while(|_| !effort.is_over()) {
        let (mut world, mut of_tree) = (plan.build(seed), OfTree::default());
        world.run(plan.budget, &mut of_tree);
        counts.of_tree += of_tree.ended;
        counts.events += world.events();
        counts.from_queue += world.queue_events();
    }
    counts
}

/// Measures.
pub fn measure(effort: Effort) -> Result<Vec<Figure>, Report> {
    let plan = plan()?;
    let runner = runner_of(plan.clone(), Host::BUILT);
    let seeds = effort.of(60);
    let counts = count(&plan, seeds, effort);
    let (mut rates, mut rates_of_tree) = (Vec::new(), Vec::new());
    let mut invocations = 0;
    // The first round warms up.
    for round in 0..=effort.rounds {
        invocations = 0;
        let (took, ()) = timing::time(|| {
            runner.each(&mut (0..seeds), &mut |_, result| invocations += result.cost.operations);
        });
        if round > 0 {
            rates.push(invocations as f64 / took.as_secs_f64());
            rates_of_tree.push(counts.of_tree as f64 / took.as_secs_f64());
        }
    }
    let per_invocation = |events: u64| Spread::of(vec![events as f64 / invocations as f64]);
    let (rate, density) = (Spread::of(rates), per_invocation(counts.events));
    let many = |count: u64| thousands(count.into());
    let runs = format!("seeds 0..{seeds} of {SCENARIO}");
    let events_per_second = thousands((rate.median * density.median) as u128);
    let all_calls = format!("{} invocations that ended, {runs}, host: {}", many(invocations), Host::BUILT);
    let of_tree = format!("{} of them, in the same time: without the verifications of the pods", many(counts.of_tree));
    let handled = format!("{} inputs that nodes handled and events that they emitted, {runs}", many(counts.events));
    let taken = format!("{} entries that were taken from the event queue, in the same runs", many(counts.from_queue));
    let bar = |least| Some(Bar::AtLeast(least));
    Ok(vec![
        Figure::new(
            "invocations",
            "invocations of job test-28113175 on one core",
            "/s",
            bar(100_000.0),
            rate,
            vec![format!("{all_calls}; {events_per_second} events per second")],
        ),
        Figure::new(
            "invocations-of-tree",
            "the same, invocations of the job's tree alone",
            "/s",
            None,
            Spread::of(rates_of_tree),
            vec![of_tree],
        ),
        Figure::new("events-per-invocation", "kernel events per invocation", "", bar(25.0), density, vec![handled]),
        Figure::new(
            "queue-events-per-invocation",
            "the same, events that came from the queue alone",
            "",
            None,
            per_invocation(counts.from_queue),
            vec![taken],
        ),
    ])
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::*;
    use crate::scenario::edit::Edit;

    #[test]
    fn of_a_run_that_completes_the_whole_tree_is_counted_and_nothing_else() {
        let document = Document::parse(Path::new(SCENARIO), TEXT).expect("the scenario is TOML");
        let safe = Edit::toggle("generator=increasing-targets").expect("a toggle");
        let plan = Plan::of(&Scenario::resolve(document, &[safe]).expect("a scenario")).expect("a plan");
        let stop = AtomicBool::new(false);

        let counts = count(&plan, 2, Effort::full(&stop));

        let (mut events, mut ended) = (0, 0);
        runner_of(plan.clone(), Host::BUILT).each(&mut (0..2), &mut |_, result| {
            events += result.cost.events;
            ended += result.cost.operations;
        });
        assert_eq!(counts.of_tree, 2 * u64::from(plan.tree.stats().invocations));
        assert_eq!(counts.events, events, "the runs are those that are timed");
        assert!(counts.of_tree < ended && counts.from_queue < counts.events, "{counts:?} {ended}");
    }

    #[test]
    fn the_tree_alone_and_the_queue_alone_are_figures_of_their_own() {
        let stop = AtomicBool::new(false);
        let effort = Effort { rounds: 1, percent: 1, stop: &stop };

        let figures = measure(effort).expect("the scenario is good");

        let [all, of_tree, events, from_queue] = &figures[..] else { panic!("four figures: {figures:?}") };
        let names = [all.name, of_tree.name, events.name, from_queue.name];
        let wanted = ["invocations", "invocations-of-tree", "events-per-invocation", "queue-events-per-invocation"];
        assert_eq!(names, wanted);
        let median = |figure: &Figure| figure.measured.map_or(0.0, |spread| spread.median);
        assert!(0.0 < median(of_tree) && median(of_tree) < median(all), "{figures:?}");
        assert!(1.0 < median(from_queue) && median(from_queue) < median(events), "{figures:?}");
    }
}
