//! Which keys of a tree could wait for each other in a ring, judged from the tree alone.
//!
//! A static cycle is necessary for a deadlock of a generated tree, and not sufficient: the waits must also overlap in
//! time, and some cycles have edges that can never hold together. Of 67 trees of the examined window with a cycle,
//! only ten failed. Not covered: rings through keys of another job, which share no key with this one.

use petgraph::algo::kosaraju_scc;
use petgraph::graphmap::DiGraphMap;
use rustc_hash::FxBuildHasher;

use super::tree::{CallIndex, Command, Tree};

/// Pairs (held, wanted): who holds the first key may have to wait for the second.
///
/// A sync call waits; an async call waits if its id is awaited in the same list. Nothing else does.
#[must_use]
pub fn blocking_edges(tree: &Tree) -> Vec<(i32, i32)> {
    let mut edges = Vec::new();
    let mut awaited: Vec<u32> = Vec::new();
    for (call, number) in tree.calls().iter().zip(0..) {
        let commands = tree.commands(CallIndex(number));
        awaited.clear();
        awaited.extend(commands.iter().filter_map(|command| match command {
            Command::Await { id } => Some(*id),
            _ => None,
        }));
        awaited.sort_unstable();
        for command in commands {
            match *command {
                Command::Sync { call: callee } => edges.push((call.target, tree.call(callee).target)),
                Command::Async { id, call: callee } if awaited.binary_search(&id).is_ok() => {
                    edges.push((call.target, tree.call(callee).target));
                }
                _ => {}
            }
        }
    }
    edges
}

/// The static cycles of a tree: keys that reach each other over blocking edges, or one key that reaches itself.
///
/// Each cycle lists its keys in ascending order; cycles are ordered by their smallest key.
#[must_use]
pub fn static_cycles(tree: &Tree) -> Vec<Vec<i32>> {
    let graph: DiGraphMap<i32, (), FxBuildHasher> = blocking_edges(tree).into_iter().collect();
    // Not `tarjan_scc`, which recurses along the chains of the graph.
    let mut cycles = kosaraju_scc(&graph);
    cycles.retain(|keys| keys.len() > 1 || graph.contains_edge(keys[0], keys[0]));
    for keys in &mut cycles {
        keys.sort_unstable();
    }
    cycles.sort_unstable();
    cycles
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::{Params, json};

    fn cycles_of(text: &str) -> Vec<Vec<i32>> {
        static_cycles(&json::read(text, Params::default()).unwrap().tree)
    }

    #[test]
    fn an_async_call_is_an_edge_only_if_it_is_awaited() {
        let awaited = r#"{"target":7,"commands":[{"t":"async","id":3,"target":7,"commands":[]},{"t":"await","id":3}]}"#;
        assert_eq!(cycles_of(awaited), [[7]]);
        assert_eq!(cycles_of(&awaited.replace(r#""await","id":3"#, r#""await","id":4"#)), Vec::<Vec<i32>>::new());
    }

    #[test]
    fn crossing_chains_form_a_cycle_of_their_own_keys_only() {
        let crossing = r#"{"target":1,"commands":[
            {"t":"sync","target":2,"commands":[]},
            {"t":"bg","target":9,"commands":[{"t":"sync","target":5,"commands":[]}]},
            {"t":"bg","target":5,"commands":[{"t":"sync","target":9,"commands":[]}]}]}"#;
        assert_eq!(cycles_of(crossing), [[5, 9]]);
    }
}
