//! What a scenario calls its nodes, and what its system knows about them at run time.

use kernel::identity::NodeId;
use kernel::system::System;
use kernel::world::World;
use std::collections::BTreeMap;

/// Names of nodes and of groups of them, as a scenario gives them. `all` means every node that is named here, but for
/// those that stand aside: a client or driver is no part of the cluster, and is struck only by its own name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    nodes: BTreeMap<String, NodeId>,
    groups: BTreeMap<String, Vec<NodeId>>,
    aside: BTreeMap<String, NodeId>,
}

impl Names {
    /// No names.
    pub fn new() -> Self {
        Names::default()
    }

    /// Names a node.
    ///
    /// # Panics
    /// Two things of one name, or a name that a selector cannot spell, are a mistake of the system's author.
    pub fn node(mut self, name: &str, id: NodeId) -> Self {
        self.assert_free(name);
        self.nodes.insert(name.to_owned(), id);
        self
    }

    /// Names a node that `all` leaves out.
    ///
    /// # Panics
    /// As [`Names::node`].
    pub fn aside(mut self, name: &str, id: NodeId) -> Self {
        self.assert_free(name);
        self.aside.insert(name.to_owned(), id);
        self
    }

    /// Names a group of nodes.
    ///
    /// # Panics
    /// As [`Names::node`].
    pub fn group(mut self, name: &str, ids: impl IntoIterator<Item = NodeId>) -> Self {
        self.assert_free(name);
        let mut ids: Vec<NodeId> = ids.into_iter().collect();
        ids.sort_unstable();
        ids.dedup();
        self.groups.insert(name.to_owned(), ids);
        self
    }

    /// Names a group, and each of its nodes after it: `broker-0`, `broker-1` and so on for the stem `broker`.
    ///
    /// # Panics
    /// As [`Names::node`].
    pub fn family(self, group: &str, stem: &str, ids: impl IntoIterator<Item = NodeId>) -> Self {
        let ids: Vec<NodeId> = ids.into_iter().collect();
        let named = ids.iter().enumerate().fold(self, |names, (nth, id)| names.node(&format!("{stem}-{nth}"), *id));
        named.group(group, ids)
    }

    /// The nodes of a name: one, or a group's.
    pub fn get(&self, name: &str) -> Option<Vec<NodeId>> {
        let one = self.nodes.get(name).or_else(|| self.aside.get(name));
        one.map(|id| vec![*id]).or_else(|| self.groups.get(name).cloned())
    }

    /// The nodes of a group.
    pub fn members(&self, group: &str) -> Option<&[NodeId]> {
        self.groups.get(group).map(Vec::as_slice)
    }

    /// Every named node that does not stand aside, in order of the ids.
    pub fn all(&self) -> Vec<NodeId> {
        let mut ids: Vec<NodeId> = self.nodes.values().chain(self.groups.values().flatten()).copied().collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// What a node is called; its id if it has no name.
    pub fn of(&self, id: NodeId) -> String {
        let named = self.nodes.iter().chain(&self.aside).find(|(_, named)| **named == id);
        named.map_or_else(|| id.to_string(), |(name, _)| name.clone())
    }

    /// All names, for messages.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.nodes.keys().chain(self.groups.keys()).chain(self.aside.keys()).map(String::as_str)
    }

    fn assert_free(&self, name: &str) {
        let taken = self.nodes.contains_key(name) || self.groups.contains_key(name) || self.aside.contains_key(name);
        assert!(!taken, "SIMULATOR BUG: two things are named `{name}`");
        let spelt = crate::selector::is_plain_word(name);
        assert!(spelt, "SIMULATOR BUG: no selector can spell the name `{name}`");
    }
}

/// What only the system knows: who leads, who holds a lock. It is asked at the moment of injection and sees the world as
/// it really is, not as any node believes.
pub trait GroundTruth<S: System> {
    /// The words it answers: without their arguments, `leader-of` for every `leader-of(3)`, or with each that they may have.
    /// For messages and early checks.
    fn words(&self) -> &[&str] {
        &[]
    }

    /// The nodes that a word stands for now. `None`: there is no such word; an empty list: nobody at present.
    fn resolve(&self, word: &str, world: &World<S>) -> Option<Vec<NodeId>>;
}

/// A system without words of its own.
impl<S: System> GroundTruth<S> for () {
    fn resolve(&self, _: &str, _: &World<S>) -> Option<Vec<NodeId>> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_names_the_group_and_each_member() {
        let names = Names::new().node("server", NodeId(0)).family("endpoints", "endpoint", [NodeId(1), NodeId(2)]);

        assert_eq!(names.get("endpoint-1"), Some(vec![NodeId(2)]));
        assert_eq!(names.get("endpoints"), Some(vec![NodeId(1), NodeId(2)]));
        assert_eq!(names.all(), [NodeId(0), NodeId(1), NodeId(2)]);
        assert_eq!(names.of(NodeId(1)), "endpoint-0");
        assert_eq!(names.of(NodeId(7)), "n7");
    }

    #[test]
    fn what_stands_aside_is_known_by_its_name_and_is_not_of_all() {
        let names = Names::new().node("server", NodeId(0)).aside("driver", NodeId(3));

        assert_eq!(names.get("driver"), Some(vec![NodeId(3)]));
        assert_eq!(names.of(NodeId(3)), "driver");
        assert_eq!(names.all(), [NodeId(0)]);
        assert_eq!(names.words().collect::<Vec<_>>(), ["server", "driver"]);
    }
}
