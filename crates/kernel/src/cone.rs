//! The cone of a change: what it can have reached since, by messages, connections and the state of nodes.
//!
//! An observer of a run that is told where and when something was changed. A node whose state can have been reached is
//! reached for good, and so is whatever it sends; an event is within the cone if its parent is, or if its node is. What is
//! outside has no causal path from the change, node state included. A link that was changed reaches who gets something
//! over it. Too much rather than too little: what comes on
//! a connection is within if its other side is, or if that is not known any more. A message that was *not* sent leaves no
//! event: whoever compares a run with one without the change gives each the reach of the other ([`Cone::roots`]) until
//! neither grows.

use crate::event::{Event, Observer, What};
use crate::identity::{ConnectionId, Nanos, NodeId};
use crate::system::{Input, System};
use crate::world::World;
use std::collections::BTreeMap;

/// What a change can have reached.
#[derive(Clone, Debug, Default)]
pub struct Cone {
    /// Since when each node can have been reached.
    since: BTreeMap<NodeId, Nanos>,
    /// Since when each directed link is not what it was.
    links: BTreeMap<(NodeId, NodeId), Nanos>,
    /// Whether each event is within, by its number.
    within: Vec<bool>,
}

impl Cone {
    /// The cone of changes at these nodes, from these times on.
    pub fn of(roots: impl IntoIterator<Item = (NodeId, Nanos)>) -> Self {
        let mut cone = Cone::default();
        roots.into_iter().for_each(|(node, at)| cone.reach(node, at));
        cone
    }

    /// And of changes to these directed links, from these times on.
    #[must_use]
    pub fn and_links(mut self, links: impl IntoIterator<Item = ((NodeId, NodeId), Nanos)>) -> Self {
        for (link, at) in links {
            let since = self.links.entry(link).or_insert(at);
            *since = at.min(*since);
        }
        self
    }

    /// The nodes that can have been reached, and since when.
    pub fn roots(&self) -> impl Iterator<Item = (NodeId, Nanos)> {
        self.since.iter().map(|(node, at)| (*node, *at))
    }

    /// Whether an event that has been seen is within.
    pub fn has(&self, event: u64) -> bool {
        self.within.get(event as usize).copied().unwrap_or(false)
    }

    /// Whether a node can have been reached by then.
    pub fn has_node(&self, node: NodeId, at: Nanos) -> bool {
        self.since.get(&node).is_some_and(|since| *since <= at)
    }

    fn reach(&mut self, node: NodeId, at: Nanos) {
        let since = self.since.entry(node).or_insert(at);
        *since = at.min(*since);
    }

    fn has_link(&self, from: NodeId, to: NodeId, at: Nanos) -> bool {
        self.links.get(&(from, to)).is_some_and(|since| *since <= at)
    }

    /// Whether the other side of a connection, or the way between them, can have been reached by then.
    fn has_peer<S: System>(&self, world: &World<S>, node: NodeId, connection: ConnectionId, at: Nanos) -> bool {
        let Some(known) = world.core.connections.get(connection) else { return true };
        let ends = [known.sides[0].node, known.sides[1].node];
        ends.iter().any(|end| *end != node && self.has_node(*end, at))
            || self.has_link(ends[0], ends[1], at)
            || self.has_link(ends[1], ends[0], at)
    }
}

impl<S: System> Observer<S> for Cone {
    fn on_event(&mut self, event: &Event<'_, S>, world: &World<S>) {
        let (node, at) = (event.node, event.at);
        let by_way = match event.what {
            What::Input(Input::Message { from, .. }) => self.has_link(*from, node, at),
            What::Input(
                Input::Opened { connection, .. }
                | Input::Received { connection, .. }
                | Input::Closed { connection, .. },
            ) => self.has_peer(world, node, *connection, at),
            _ => false,
        };
        let within = self.has(event.parent) || by_way || self.has_node(node, at);
        // What is only noted of a node has not reached it.
        if within && matches!(event.what, What::Input(_)) {
            self.reach(node, at);
        }
        self.within.resize(event.id as usize + 1, false);
        self.within[event.id as usize] = within;
    }
}
