//! A scenario of one seed's own: all that the seed draws of the plan is written out, so that it can be read, edited and
//! shrunk, and so that nothing else is needed to run it.

use std::path::{Path, PathBuf};

use miette::Report;
use serde_json::{Map, Value as Json, json};

use super::Scenario;
use super::document::{Document, Table};
use super::files::Files;
use super::problem::Problem;
use super::schema::{Key, Kind};

/// What a system says of a seed's draws.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// A section's key has this value.
    Set(&'static str, &'static str, Json),
    /// A section has no such key.
    Remove(&'static str, &'static str),
    /// These are the faults, and none are drawn.
    Faults(::faults::plan::Plan),
}

impl Scenario {
    /// The scenario with these changes, every toggle written out, and its files brought along.
    ///
    /// # Errors
    /// A file cannot be read, or what comes of it is no scenario.
    pub fn pinned(&self, changes: Vec<Change>) -> Result<Scenario, Report> {
        let mut root = Map::from(&self.document.root);
        let files = self.files()?;
        for Brought { section, key, name, .. } in &files {
            put(&mut root, section, key, json!(name));
        }
        let files = files.into_iter().map(|file| (file.name, file.bytes)).collect();
        let positions =
            self.schema.toggles.iter().map(|toggle| (toggle.name.to_owned(), json!(self.toggle(toggle.name))));
        if !self.schema.toggles.is_empty() {
            root.insert("toggles".to_owned(), Json::Object(positions.collect()));
        }
        for change in changes {
            make(&mut root, change);
        }
        from_json(&root, files)
    }

    /// The files that it names, by their names alone.
    ///
    /// # Errors
    /// One cannot be read.
    pub fn brought(&self) -> Result<Vec<(String, Vec<u8>)>, Report> {
        Ok(self.files()?.into_iter().map(|file| (file.name, file.bytes)).collect())
    }

    fn files(&self) -> Result<Vec<Brought>, Report> {
        let sections =
            [("cluster", self.schema.cluster, &self.cluster), ("workload", self.schema.workload, &self.workload)];
        let mut files = Vec::new();
        for (section, keys, settings) in sections {
            for Key { name: key, .. } in keys.iter().filter(|key| matches!(key.kind, Kind::File)) {
                let Some(path) = settings.file(key) else { continue };
                let failed = |reason: String| Problem::File { path: path.to_owned(), reason, help: None };
                let bytes = self.read(path).map_err(|error| failed(format!("cannot be read: {error}")))?;
                let name = path.file_name().and_then(|name| name.to_str());
                let name = name.ok_or_else(|| failed("its name is not UTF-8 text".to_owned()))?.to_owned();
                files.push(Brought { section, key, name, bytes });
            }
        }
        Ok(files)
    }
}

/// A file that a key names.
struct Brought {
    section: &'static str,
    key: &'static str,
    name: String,
    bytes: Vec<u8>,
}

/// The scenario that JSON holds, with the files that came along, by their names.
///
/// # Errors
/// It is no scenario. The error shows it as the text of a file.
pub fn from_json(root: &Map<String, Json>, files: Vec<(String, Vec<u8>)>) -> Result<Scenario, Report> {
    let named = root.get("name").and_then(Json::as_str).unwrap_or("scenario");
    let path = PathBuf::from(format!("{named}.toml"));
    let Some(root) = Table::from_json(root) else {
        let reason = "the scenario has a null, which says nothing".to_owned();
        return Err(Problem::File { path, reason, help: Some("leave the key out".to_owned()) }.into());
    };
    let written = Document { path: path.clone(), text: "".into(), root, files: Files::default() }.to_toml();
    let beside = path.parent().unwrap_or(Path::new(""));
    let files = Files::new(files.into_iter().map(|(name, bytes)| (beside.join(name), bytes)));
    let document = Document { files, ..Document::parse(&path, &written)? };
    Scenario::resolve(document, &[])
}

fn make(root: &mut Map<String, Json>, change: Change) {
    match change {
        Change::Set(section, key, value) => put(root, section, key, value),
        Change::Remove(section, key) => {
            if let Some(Json::Object(table)) = root.get_mut(section) {
                table.shift_remove(key);
            }
        }
        Change::Faults(plan) => {
            root.shift_remove("profile");
            root.shift_remove("fault");
            if !plan.is_empty() {
                let entries = plan.entries().iter().map(|entry| json!(entry)).collect();
                root.insert("fault".to_owned(), Json::Array(entries));
            }
        }
    }
}

fn put(root: &mut Map<String, Json>, section: &str, key: &str, value: Json) {
    let table = root.entry(section).or_insert_with(|| Json::Object(Map::new()));
    if let Json::Object(table) = table {
        table.insert(key.to_owned(), value);
    }
}
