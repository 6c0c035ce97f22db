//! Scenario files: what is run, on which system, with which toggles, and what must come of it.
//!
//! A file is read into a [`document::Document`], edited by the flags ([`edit`]), and understood by the tables of its
//! system ([`schema`]). Whatever does not fit is reported with file, line and the nearest valid name.

pub mod document;
pub mod duration;
pub mod edit;
pub mod expect;
pub mod faults;
pub mod files;
pub mod find;
mod json;
pub mod nearest;
pub mod pinned;
pub mod problem;
mod profile;
pub mod quantiles;
mod read;
pub mod schema;
mod write;

#[cfg(test)]
mod scenario_test;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use miette::Report;

use self::document::{Document, Origin, Table, Value};
use self::edit::Edit;
pub use self::expect::Expect;
use self::nearest::suggest;
use self::quantiles::Quantiles;
use self::read::Reader;
pub use self::read::Settings;
use self::schema::{Distribution, HEAD, Preset, SECTIONS, Schema, Toggle};
use crate::registry;

/// A scenario, understood and complete.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Its file.
    pub path: PathBuf,
    /// Its short name.
    pub name: String,
    /// The situation in one sentence.
    pub title: String,
    /// Where it is described.
    pub source: Option<String>,
    /// The tables of its system.
    pub schema: &'static Schema,
    /// The release whose toggles it starts from.
    pub preset: Option<&'static str>,
    /// Budget of virtual time, in nanoseconds.
    pub duration_ns: u64,
    /// Budget of events.
    pub events_max: u64,
    /// Budget of host time, in nanoseconds.
    pub wall_time_ns: u64,
    /// `[cluster]`.
    pub cluster: Settings,
    /// `[workload]`.
    pub workload: Settings,
    /// Every toggle of the system with its position: by the flags, else the file, else the preset, else its first value.
    pub toggles: BTreeMap<&'static str, &'static str>,
    /// `[latency]`: only those that the file or a flag gives.
    pub latencies: BTreeMap<&'static str, Quantiles>,
    /// `[service]`, likewise.
    pub services: BTreeMap<&'static str, Quantiles>,
    /// `[[fault]]`.
    pub faults: ::faults::plan::Plan,
    /// Where they stand, or the kinds of fault that are drawn.
    pub fault_places: faults::Places,
    /// `[profile]`: what faults are drawn, if any are.
    pub profile: Option<Arc<::faults::sample::Profile>>,
    /// `[expect]`.
    pub expect: Expect,
    /// All of it as it was written, edits included.
    pub document: Arc<Document>,
}

impl Scenario {
    /// Reads the scenario in a file, with edits.
    pub fn load(path: &Path, edits: &[Edit]) -> Result<Self, Report> {
        Scenario::resolve(Document::read(path)?, edits)
    }

    /// Understands a document, with edits.
    pub fn resolve(mut document: Document, edits: &[Edit]) -> Result<Self, Report> {
        for edit in edits {
            edit.apply(&mut document)?;
        }
        let schema = system(&document)?;
        let reader = Reader { document: &document, schema: Some(schema) };
        let head_names = HEAD.iter().map(|key| key.name);
        reader.known("", &document.root, head_names.clone().chain(SECTIONS.iter().copied()))?;
        let head_table = Table {
            entries: document.root.entries.iter().filter(|entry| !SECTIONS.contains(&&*entry.name)).cloned().collect(),
        };
        let head = reader.settings("", head_table, HEAD, &[])?;
        let preset = preset(&reader, schema, head.text("preset"))?;
        let (faults, mut fault_places) = faults::plan(&reader)?;
        let profile = profile::profile(&reader)?.map(|(profile, places)| {
            fault_places = places;
            profile
        });

        Ok(Scenario {
            path: document.path.clone(),
            name: head.text("name").expect("required").to_owned(),
            title: head.text("title").expect("required").to_owned(),
            source: head.text("source").map(str::to_owned),
            schema,
            preset: preset.map(|preset| preset.name),
            duration_ns: head.duration("duration").expect("required"),
            events_max: head.count("events").expect("it has a default"),
            wall_time_ns: head.duration("wall_time").expect("it has a default"),
            cluster: reader.settings("cluster", reader.section("cluster")?, schema.cluster, &[])?,
            workload: reader.settings("workload", reader.section("workload")?, schema.workload, schema.exclusions)?,
            toggles: toggles(&reader, schema, preset)?,
            latencies: distributions(&reader, "latency", schema.latencies)?,
            services: distributions(&reader, "service", schema.services)?,
            faults,
            fault_places,
            profile,
            expect: expect::expect(&reader, schema)?,
            document: Arc::new(document),
        })
    }

    /// The content of a file that it names.
    ///
    /// # Errors
    /// It is not there, or cannot be read.
    pub fn read(&self, path: &Path) -> std::io::Result<Vec<u8>> {
        self.document.files.read(path)
    }

    /// Position of a toggle.
    pub fn toggle(&self, name: &str) -> &'static str {
        self.toggles.get(name).unwrap_or_else(|| panic!("SIMULATOR BUG: {} has no toggle {name}", self.schema.system))
    }
}

fn system(document: &Document) -> Result<&'static Schema, Report> {
    let reader = Reader { document, schema: None };
    let Some(entry) = document.root.get("system") else {
        // Reads nothing, and so says that it is missing.
        let key = HEAD.iter().position(|key| key.name == "system").expect("the table has it");
        let nothing = reader.settings("", Table::default(), &HEAD[key..=key], &[]);
        return Err(nothing.expect_err("a required key is missing"));
    };
    let name = reader.text(&entry.node, "system")?;
    registry::schema(&name).ok_or_else(|| {
        let help = suggest(&name, registry::shown().map(|schema| schema.system));
        document.problem(&entry.node.origin, format!("unknown system `{name}`"), String::new(), Some(help))
    })
}

fn preset(reader: &Reader<'_>, schema: &Schema, name: Option<&str>) -> Result<Option<&'static Preset>, Report> {
    let Some(name) = name else { return Ok(None) };
    let found = schema.presets.iter().find(|preset| preset.name == name);
    found.map(Some).ok_or_else(|| {
        let origin = &reader.document.root.get("preset").expect("it was just read").node.origin;
        let help = suggest(name, schema.presets.iter().map(|preset| preset.name));
        let message = format!("unknown preset `{name}` of {}", schema.system);
        reader.document.problem(origin, message, String::new(), Some(help))
    })
}

fn toggles(
    reader: &Reader<'_>,
    schema: &'static Schema,
    preset: Option<&Preset>,
) -> Result<BTreeMap<&'static str, &'static str>, Report> {
    let table = reader.section("toggles")?;
    reader.known("toggles", &table, schema.toggles.iter().map(|toggle| toggle.name))?;
    let mut positions: BTreeMap<_, _> = schema.toggles.iter().map(|toggle| (toggle.name, toggle.values[0])).collect();
    positions.extend(preset.into_iter().flat_map(|preset| preset.toggles.iter().copied()));
    for entry in &table.entries {
        let toggle = schema.toggle(&entry.name).expect("unknown names were refused");
        let word = match &entry.node.value {
            Value::Boolean(truth) => truth.to_string(),
            _ => reader.text(&entry.node, &format!("toggles.{}", toggle.name))?,
        };
        positions.insert(toggle.name, position(reader, &entry.node.origin, toggle, &word)?);
    }
    Ok(positions)
}

/// A switch may be said to be true or false as well, and by its name alone where that means true.
fn position(reader: &Reader<'_>, origin: &Origin, toggle: &Toggle, word: &str) -> Result<&'static str, Report> {
    let also = match word {
        "true" => "on",
        "false" => "off",
        other => other,
    };
    toggle.values.iter().find(|value| **value == word || **value == also).copied().ok_or_else(|| {
        let help = suggest(word, toggle.values.iter().copied());
        let message = format!("toggle `{}` has no position `{word}`", toggle.name);
        reader.document.problem(origin, message, String::new(), Some(help))
    })
}

fn distributions(
    reader: &Reader<'_>,
    section: &str,
    names: &'static [Distribution],
) -> Result<BTreeMap<&'static str, Quantiles>, Report> {
    let table = reader.section(section)?;
    reader.known(section, &table, names.iter().map(|name| name.name))?;
    let mut found = BTreeMap::new();
    for Distribution { name, .. } in names {
        if let Some(entry) = table.get(name) {
            found.insert(*name, reader.quantiles(&entry.node, &format!("{section}.{name}"))?);
        }
    }
    Ok(found)
}
