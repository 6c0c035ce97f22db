//! Carries out a plan on a world.
//!
//! The host steps the world with the injector as one of its observers and lets it act after each step that made
//! something due: [`Injector::step`] does both. Nothing is due most of the time, and then it costs a branch.

use crate::aim::{Aim, Strike};
use crate::bounds::{Bounds, Situation};
use crate::names::{GroundTruth, Names};
use crate::plan::{Entry, Plan, PlanError};
use crate::report::{Phase, Report, Tally};
use crate::selector::Resolver;
use crate::standing::Standing;
use crate::trigger::Trigger;
use crate::watch::{Due, Watch};
use kernel::budget::{Budget, Stop};
use kernel::dice::{Dice, Purpose};
use kernel::disk::Unsynced;
use kernel::event::{Event, Observer};
use kernel::identity::{Nanos, NodeId, identity_of};
use kernel::system::System;
use kernel::world::World;
use std::collections::BTreeSet;
use std::sync::Arc;

const FAULT: Purpose = Purpose::new("fault");

/// A plan that is being carried out. It is cloned with the world it belongs to.
#[derive(Clone, Debug)]
pub struct Injector<G> {
    plan: Arc<Plan>,
    bounds: Option<Arc<Bounds>>,
    dice: Dice,
    watch: Watch<G>,
    standing: Standing,
    tallies: Vec<Tally>,
    /// Nodes whose data was harmed, for the bounds.
    damaged: BTreeSet<NodeId>,
}

impl<G> Injector<G> {
    /// Gets a plan ready for a world, and asks the world to wake it at the plan's times.
    ///
    /// # Errors
    /// The plan names what is not there, or breaks a bound whatever happens.
    pub fn install<S: System>(
        plan: Arc<Plan>,
        names: Arc<Names>,
        truth: G,
        bounds: Option<Arc<Bounds>>,
        world: &mut World<S>,
    ) -> Result<Self, PlanError>
    where
        G: GroundTruth<S>,
    {
        plan.check_words(&names, truth.words())?;
        plan.check_events::<S>()?;
        if let Some(bounds) = &bounds {
            bounds.check(&plan, &names)?;
        }
        let mut watch = Watch::new(&plan, names, truth);
        for (entry, index) in plan.entries().iter().zip(0..) {
            if let Trigger::At(at) = entry.trigger {
                world.wake_at(at.0, watch.token(&entry.id, Due::Strike(index)));
            }
        }
        let tallies = vec![Tally::default(); plan.entries().len()];
        let (dice, standing, damaged) = (Dice::new(world.seed()), Standing::default(), BTreeSet::new());
        Ok(Injector { plan, bounds, dice, watch, standing, tallies, damaged })
    }

    /// Gives the draws of the entries that have not struck another future, as `World::fork` does with the world's.
    pub fn fork(&mut self, salt: u64, at: Nanos) {
        self.dice.fork(salt, at);
    }

    /// Whether something is to be done now: ask after each step.
    #[inline]
    pub fn is_due(&self) -> bool {
        !self.watch.due.is_empty()
    }

    /// One step of the world, and what became due by it. False when nothing was left to happen.
    #[inline]
    pub fn step<S: System, O: Observer<S>>(&mut self, world: &mut World<S>, observer: &mut O) -> bool
    where
        G: GroundTruth<S>,
    {
        let more = world.step(&mut (&mut self.watch, &mut *observer));
        if self.is_due() {
            self.apply(world, observer);
        }
        more
    }

    /// Does all that is due.
    #[cold]
    pub fn apply<S: System, O: Observer<S>>(&mut self, world: &mut World<S>, observer: &mut O)
    where
        G: GroundTruth<S>,
    {
        // It ends: each entry strikes once and is undone once.
        while let Some(due) = self.watch.due.pop_front() {
            match due {
                Due::Strike(index) => self.strike(index, world, observer),
                Due::Undo(index) => self.undo(index, world, observer),
            }
        }
    }

    /// Since when no fault has been in force: the time of the last strike or end, 0 if there was none. `None`: one is in
    /// force still.
    pub fn calm_since<S: System>(&self, world: &World<S>) -> Option<Nanos> {
        let acted = self.tallies.iter().flat_map(|tally| [tally.fired_at, tally.undone_at]);
        self.standing.is_over(world).then(|| acted.flatten().max().unwrap_or(0))
    }

    /// What each entry has done so far, in the order of the plan.
    pub fn reports<S: System>(&self, world: &World<S>) -> Vec<Report> {
        let entries = self.plan.entries().iter().zip(&self.tallies);
        entries.map(|(entry, tally)| tally.report(entry, world, |id| self.watch.names.of(id))).collect()
    }

    /// Why the run does not count, if it does not: an entry that must have an effect had none, or no entry had any.
    /// Asked at the end. Entries that a bound held back are not blamed, nor what waits for them.
    pub fn vacuous<S: System>(&self, world: &World<S>) -> Option<String> {
        let reports = self.reports(world);
        let excused = self.excused();
        let idle = |index: usize| reports[index].nothing.as_ref().filter(|_| !excused.contains(&index));
        let said = |index: usize, why: &String| format!("fault `{}` did nothing: {why}", reports[index].id);
        let entries = || self.plan.entries().iter().enumerate();
        let blamed = entries().filter(|(_, entry)| !entry.may_miss);
        let mut reasons: Vec<String> =
            blamed.filter_map(|(index, _)| idle(index).map(|why| said(index, why))).collect();
        if reasons.is_empty() && !reports.is_empty() && reports.iter().all(|report| report.nothing.is_some()) {
            reasons = entries().filter_map(|(index, _)| idle(index).map(|why| said(index, why))).collect();
            if reasons.is_empty() {
                reasons.push("every fault was held back by a bound".to_owned());
            }
        }
        (!reasons.is_empty()).then(|| reasons.join("; "))
    }

    /// Skipped entries, and what waits for them.
    fn excused(&self) -> BTreeSet<usize> {
        let entries = || self.plan.entries().iter().enumerate();
        let skipped = entries().filter(|(index, _)| self.tallies[*index].phase == Phase::Skipped);
        let ids: BTreeSet<&str> = skipped.map(|(_, entry)| entry.id.as_str()).collect();
        let left = self.plan.without(&ids);
        let is_left = |entry: &Entry| left.entries().iter().any(|left| left.id == entry.id);
        entries().filter(|(_, entry)| !is_left(entry)).map(|(index, _)| index).collect()
    }

    fn strike<S: System, O: Observer<S>>(&mut self, index: usize, world: &mut World<S>, observer: &mut O)
    where
        G: GroundTruth<S>,
    {
        let plan = Arc::clone(&self.plan);
        let entry = &plan.entries()[index];
        let until = entry.lasts.map(|lasts| world.now().saturating_add(lasts.0));
        let mut stream = self.dice.stream(FAULT, identity_of(&entry.id));
        let dice = &mut self.dice;
        let resolver = Resolver { world: &*world, names: &self.watch.names, truth: &self.watch.truth };
        let aimed = Aim { resolver, draw: &mut || dice.draw(&mut stream) }.strikes(&entry.action);
        if let Some(bounds) = &self.bounds {
            let situation = Situation {
                world: &*world,
                names: &self.watch.names,
                standing: &self.standing,
                damaged: &self.damaged,
            };
            if let Err(why) = bounds.admits(entry, aimed.as_deref().unwrap_or(&[]), &situation) {
                let tally = &mut self.tallies[index];
                (tally.phase, tally.reason) = (Phase::Skipped, Some(why));
                return;
            }
        }
        let tally = &mut self.tallies[index];
        (tally.phase, tally.fired_at) = (Phase::Fired, Some(world.now()));
        match aimed {
            Ok(strikes) => {
                self.carry_out(index, &strikes, until, world, observer);
                if let Some(until) = until {
                    world.wake_at(until, self.watch.token(&entry.id, Due::Undo(index)));
                }
            }
            Err(why) => tally.reason = Some(why),
        }
        for (follower, index) in plan.entries().iter().zip(0..) {
            match &follower.trigger {
                Trigger::After(after) if after.entry == entry.id && after.delay.0 == 0 => {
                    self.watch.due.push_back(Due::Strike(index));
                }
                Trigger::After(after) if after.entry == entry.id => {
                    let token = self.watch.token(&follower.id, Due::Strike(index));
                    world.wake_at(world.now().saturating_add(after.delay.0), token);
                }
                _ => {}
            }
        }
    }

    fn carry_out<S: System, O: Observer<S>>(
        &mut self,
        index: usize,
        strikes: &[Strike],
        until: Option<Nanos>,
        world: &mut World<S>,
        observer: &mut O,
    ) where
        G: GroundTruth<S>,
    {
        self.tallies[index].begin(strikes, world);
        self.damaged.extend(strikes.iter().filter_map(Strike::damages));
        for strike in strikes {
            let at_risk = records_at_risk(strike, world);
            let imposed = self.standing.impose(index, strike, until, world);
            for command in imposed.commands {
                let effect = world.control(command, &mut (&mut self.watch, &mut *observer));
                let tally = &mut self.tallies[index];
                tally.count(effect, effect.changed || imposed.prolongs);
                tally.count_at_risk(at_risk);
            }
        }
    }

    fn undo<S: System, O: Observer<S>>(&mut self, index: usize, world: &mut World<S>, observer: &mut O)
    where
        G: GroundTruth<S>,
    {
        self.tallies[index].end(world);
        for command in self.standing.lift(index, world) {
            let effect = world.control(command, &mut (&mut self.watch, &mut *observer));
            self.tallies[index].count_undoing(effect);
        }
    }
}

/// What the kernel does not count as lost: a torn record is still there, and a copy replaces what was.
fn records_at_risk<S: System>(strike: &Strike, world: &World<S>) -> u64 {
    let (node, torn) = match strike {
        Strike::Kill { node, unsynced: Unsynced::Tear, .. } => (*node, true),
        Strike::Copy(_, node) => (*node, false),
        _ => return 0,
    };
    let disk = world.disk(node);
    let files = disk.names().filter_map(|name| disk.file(name));
    files.map(|file| if torn { file.unsynced() } else { file.records().len() }).sum()
}

/// A host that has a loop of its own passes the injector among its observers, and calls [`Injector::apply`] when
/// [`Injector::is_due`].
impl<S: System, G: GroundTruth<S>> Observer<S> for Injector<G> {
    #[inline]
    fn on_event(&mut self, event: &Event<'_, S>, world: &World<S>) {
        self.watch.on_event(event, world);
    }
}

/// Runs a world under a plan until nothing is left or a budget is used up, as `World::run` does. A host with business of
/// its own between steps writes this loop itself.
pub fn run<S: System, G: GroundTruth<S>, O: Observer<S>>(
    world: &mut World<S>,
    injector: &mut Injector<G>,
    budget: Budget,
    observer: &mut O,
) -> Stop {
    loop {
        if world.events() >= budget.events {
            return Stop::Events;
        }
        match world.next_at() {
            None => return Stop::Idle,
            Some(at) if at > budget.until => return Stop::Time,
            Some(_) => injector.step(world, observer),
        };
    }
}
