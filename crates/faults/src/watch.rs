//! The part of an injector that watches: it counts events and says which entries are due. It changes nothing.

use crate::names::{GroundTruth, Names};
use crate::plan::Plan;
use crate::selector::Resolver;
use crate::trigger::{OnEvent, Trigger};
use kernel::control::Command;
use kernel::event::{Event, Observer, What};
use kernel::identity::{identity_of, mix};
use kernel::system::System;
use kernel::world::World;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// What an entry is due for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Due {
    Strike(usize),
    Undo(usize),
}

/// Counts events and collects what is due.
#[derive(Clone, Debug)]
pub(crate) struct Watch<G> {
    pub names: Arc<Names>,
    pub truth: G,
    pub due: VecDeque<Due>,
    awaiting: Vec<Awaited>,
    tokens: BTreeMap<u64, Due>,
}

/// An event that an entry waits for.
#[derive(Clone, Debug)]
struct Awaited {
    entry: usize,
    on: OnEvent,
    seen: u64,
}

/// The upper 16 bits of all wake-up tokens of faults; a host keeps its own tokens clear of it.
pub const TOKENS: u64 = 0xfa17;
const LOWER: u64 = (1 << 48) - 1;

impl<G> Watch<G> {
    pub fn new(plan: &Plan, names: Arc<Names>, truth: G) -> Self {
        let mut watch = Watch { names, truth, due: VecDeque::new(), awaiting: Vec::new(), tokens: BTreeMap::new() };
        for (entry, index) in plan.entries().iter().zip(0..) {
            if let Trigger::On(on) = &entry.trigger {
                watch.awaiting.push(Awaited { entry: index, on: on.clone(), seen: 0 });
            }
        }
        watch
    }

    /// A token of this entry's own: from its id, not from its place, so that it stays when others go.
    pub fn token(&mut self, id: &str, due: Due) -> u64 {
        let mut identity = mix(identity_of(id), u64::from(matches!(due, Due::Undo(_))));
        loop {
            let token = TOKENS << 48 | (identity & LOWER);
            match self.tokens.get(&token) {
                Some(known) if *known != due => identity = mix(identity, 1),
                _ => {
                    self.tokens.insert(token, due);
                    return token;
                }
            }
        }
    }

    #[cold]
    fn woken(&mut self, token: u64) {
        self.due.extend(self.tokens.get(&token));
    }

    fn count<S: System>(&mut self, event: &Event<'_, S>, world: &World<S>)
    where
        G: GroundTruth<S>,
    {
        let name = event.name();
        let (names, truth, due) = (&self.names, &self.truth, &mut self.due);
        self.awaiting.retain_mut(|awaited| {
            if awaited.on.event != name {
                return true;
            }
            if let Some(selector) = &awaited.on.node {
                let resolver = Resolver { world, names, truth };
                // It may not draw (validated), so the draws are never asked for.
                let whom = selector.resolve(&resolver, &mut || 0);
                if !whom.is_ok_and(|nodes| nodes.contains(&event.node)) {
                    return true;
                }
            }
            awaited.seen += 1;
            if awaited.seen == awaited.on.nth {
                due.push_back(Due::Strike(awaited.entry));
            }
            awaited.seen < awaited.on.nth
        });
    }
}

impl<S: System, G: GroundTruth<S>> Observer<S> for Watch<G> {
    #[inline]
    fn on_event(&mut self, event: &Event<'_, S>, world: &World<S>) {
        if let What::Control(Command::Wake(token)) = &event.what {
            self.woken(*token);
        }
        if !self.awaiting.is_empty() {
            self.count(event, world);
        }
    }
}
