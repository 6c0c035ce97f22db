//! The command tree of a job, pruned and hoisted. Every command has a number that stays, whatever goes around it.

use std::collections::BTreeSet;

use miette::Report;
use restate::workload::json as tree_json;
use serde_json::{Map, Value as Json, json};

use crate::scenario::Scenario;
use crate::systems::restate as system;

/// What a command carries its number as; readers of trees pass over it.
const NUMBER: &str = "n";

/// The tree of a scenario that runs a job, and the name of its file; none if it is no such scenario.
pub fn of_job(scenario: &Scenario) -> Result<Option<(String, String)>, Report> {
    if scenario.schema.system != system::SCHEMA.system {
        return Ok(None);
    }
    let plan = system::Plan::of(scenario)?;
    let named = scenario
        .workload
        .file("tree")
        .and_then(|path| path.file_name())
        .map(|name| name.to_string_lossy().into_owned());
    let job = || scenario.workload.text("job").unwrap_or("tree").replace('/', "-");
    Ok(Some((named.unwrap_or_else(|| format!("{}.json", job())), tree_json::write(&plan.tree))))
}

/// The scenario that runs the tree of a file.
pub fn instead_of_job(root: &mut Map<String, Json>, file: &str) {
    if let Some(workload) = root.get_mut("workload").and_then(Json::as_object_mut) {
        for key in ["job", "width", "depth"] {
            workload.shift_remove(key);
        }
        workload.insert("tree".to_owned(), json!(file));
    }
}

/// A tree whose commands are numbered.
#[derive(Clone, Debug, PartialEq)]
pub struct CommandTree {
    root: Json,
}

impl CommandTree {
    /// Of a bare tree, as trees are written.
    pub fn read(text: &str) -> Self {
        let mut root: Json = serde_json::from_str(text).expect("it was just written");
        let mut next = 0;
        number(&mut root, &mut next);
        CommandTree { root }
    }

    /// As a file, without the numbers.
    pub fn write(&self) -> String {
        let mut root = self.root.clone();
        each(&mut root, &mut |command| drop(command.remove(NUMBER)));
        root.to_string()
    }

    /// How many calls it makes, the first included.
    pub fn calls(&self) -> usize {
        let mut calls = 1;
        visit(&self.root, &mut |command| calls += usize::from(command.get("commands").is_some()));
        calls
    }

    /// The commands by their numbers, in the order of the tree: what is called comes after its call.
    pub fn names(&self) -> Vec<String> {
        let mut names = Vec::new();
        visit(&self.root, &mut |command| names.push(format!("command {}", number_of(command))));
        names
    }

    /// The tree without these commands (indices into its names), without what they call, and without the awaits of a call
    /// that is gone, which the service would answer with an error.
    pub fn without(&self, commands: &[usize]) -> Self {
        let mut numbers = Vec::new();
        visit(&self.root, &mut |command| numbers.push(number_of(command)));
        let gone: BTreeSet<u64> = commands.iter().filter_map(|nth| numbers.get(*nth).copied()).collect();
        let mut root = self.root.clone();
        prune(&mut root, &gone);
        CommandTree { root }
    }

    /// Trees with the same commands or fewer: a call that is replaced by what it calls, and shorter sleeps.
    pub fn simpler(&self) -> Vec<(String, CommandTree)> {
        let mut simpler = Vec::new();
        visit(&self.root, &mut |command| {
            let number = number_of(command);
            if command.get("commands").and_then(Json::as_array).is_some_and(|inner| !inner.is_empty()) {
                simpler.push((format!("command {number} hoisted"), self.hoisted(number)));
            }
            if let Some(ms) = command.get("ms").and_then(Json::as_u64).filter(|ms| *ms > 0) {
                for shorter in [0, ms / 2].into_iter().filter(|shorter| *shorter < ms) {
                    let mut tree = self.clone();
                    each(&mut tree.root, &mut |command| {
                        if command.get(NUMBER) == Some(&json!(number)) {
                            command.insert("ms".to_owned(), json!(shorter));
                        }
                    });
                    simpler.push((format!("command {number} sleeps {shorter} ms"), tree));
                }
            }
        });
        simpler
    }

    /// The tree in which the commands that a call makes stand in the place of the call.
    fn hoisted(&self, number: u64) -> Self {
        let mut root = self.root.clone();
        hoist(&mut root, number);
        prune(&mut root, &BTreeSet::new());
        CommandTree { root }
    }
}

fn number_of(command: &Map<String, Json>) -> u64 {
    command.get(NUMBER).and_then(Json::as_u64).expect("every command has its number")
}

fn commands(of: &Json) -> &[Json] {
    of.get("commands").and_then(Json::as_array).map_or(&[], Vec::as_slice)
}

fn number(of: &mut Json, next: &mut u64) {
    for command in of.get_mut("commands").and_then(Json::as_array_mut).into_iter().flatten() {
        if let Some(fields) = command.as_object_mut() {
            fields.insert(NUMBER.to_owned(), json!(*next));
            *next += 1;
        }
        number(command, next);
    }
}

fn visit(of: &Json, look: &mut impl FnMut(&Map<String, Json>)) {
    for command in commands(of) {
        if let Some(fields) = command.as_object() {
            look(fields);
        }
        visit(command, look);
    }
}

fn each(of: &mut Json, change: &mut impl FnMut(&mut Map<String, Json>)) {
    for command in of.get_mut("commands").and_then(Json::as_array_mut).into_iter().flatten() {
        if let Some(fields) = command.as_object_mut() {
            change(fields);
        }
        each(command, change);
    }
}

fn prune(of: &mut Json, gone: &BTreeSet<u64>) {
    let Some(list) = of.get_mut("commands").and_then(Json::as_array_mut) else { return };
    list.retain(|command| command.get(NUMBER).and_then(Json::as_u64).is_none_or(|number| !gone.contains(&number)));
    let mut called = BTreeSet::new();
    list.retain(|command| {
        let id = command.get("id").and_then(Json::as_u64);
        match (command.get("t").and_then(Json::as_str), id) {
            // The service would answer a second call of one id in one list as the first: what a hoist brings is left out.
            (Some("async"), Some(id)) => called.insert(id),
            (Some("await"), Some(id)) => called.contains(&id),
            _ => true,
        }
    });
    list.iter_mut().for_each(|command| prune(command, gone));
}

fn hoist(of: &mut Json, number: u64) {
    let Some(list) = of.get_mut("commands").and_then(Json::as_array_mut) else { return };
    let at = list.iter().position(|command| command.get(NUMBER).and_then(Json::as_u64) == Some(number));
    match at {
        Some(at) => {
            let inner = commands(&list[at]).to_vec();
            list.splice(at..=at, inner);
        }
        None => list.iter_mut().for_each(|command| hoist(command, number)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TREE: &str = concat!(
        r#"{"target":1,"commands":[{"t":"inc"},{"t":"async","id":0,"target":2,"commands":[{"t":"sleep","ms":9},"#,
        r#"{"t":"sync","target":3,"commands":[]}]},{"t":"await","id":0},{"t":"bg","target":4,"commands":[]}]}"#
    );

    #[test]
    fn commands_go_with_what_they_call_and_with_their_awaits_and_keep_their_numbers() {
        let tree = CommandTree::read(TREE);
        assert_eq!((tree.calls(), tree.write()), (4, TREE.to_owned()));
        assert_eq!(tree.names(), [0, 1, 2, 3, 4, 5].map(|number| format!("command {number}")));

        let without_call = tree.without(&[1]);

        assert_eq!(without_call.names(), ["command 0", "command 5"], "the sleep, the call and the await are gone");
        assert_eq!(tree.without(&[0, 4]).names(), ["command 1", "command 2", "command 3", "command 5"]);
    }

    #[test]
    fn a_hoisted_call_leaves_what_it_calls_and_sleeps_get_shorter() {
        let simpler = CommandTree::read(TREE).simpler();

        let words: Vec<&str> = simpler.iter().map(|(words, _)| &**words).collect();
        assert_eq!(words, ["command 1 hoisted", "command 2 sleeps 0 ms", "command 2 sleeps 4 ms"]);
        assert_eq!(simpler[0].1.names(), ["command 0", "command 2", "command 3", "command 5"]);
        assert!(simpler[2].1.write().contains(r#"{"t":"sleep","ms":4}"#));
    }
}
