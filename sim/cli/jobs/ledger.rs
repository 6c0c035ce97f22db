//! The file that keeps the rows: under a head line that says by what they were made, so that rows of another profile or
//! of other seeds never stand in one table.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use explore::SeedRange;
use kernel::identity::identity_of;
use miette::Report;

use super::row::{HEAD, Row};
use super::rule;
use crate::cli::output::{say, unwritable};
use crate::host::Host;
use crate::registry;
use crate::scenario::Scenario;
use crate::scenario::problem::Problem;
use crate::systems::restate::{Setup, TreeSource};
use restate::workload::Rule;

/// By what all rows of a table are made.
#[derive(Clone, Debug)]
pub struct Terms {
    /// The head line.
    pub head: String,
    seeds: SeedRange,
}

impl Terms {
    /// Of a scenario, whatever its job. Its name, title and expectations change no run, and so are no terms. What else
    /// makes a row is the model itself: one run tells it from another one.
    pub fn of(scenario: &Scenario, seeds: SeedRange) -> Result<Self, Report> {
        let Scenario { duration_ns, events_max, cluster, workload, toggles, latencies, services, faults, .. } =
            scenario;
        let all = (duration_ns, events_max, cluster, workload, toggles, latencies, services, faults);
        let profile = identity_of(&format!("{all:?}"));
        let (width, depth) = match Setup::of(scenario).tree {
            TreeSource::Generated { width, depth, .. } => (width, depth),
            TreeSource::File(_) => panic!("SIMULATOR BUG: a job that is named by a flag has no tree of its own"),
        };
        let rule = match rule(scenario) {
            Rule::FreeTargets => "free-targets",
            Rule::IncreasingTargets => "increasing-targets",
        };
        let model = model_of(scenario)?;
        let head = format!(
            "<!-- relapse jobs: profile {profile:016x}, model {model:016x}, width {width}, depth {depth}, rule {rule}, \
             seeds {seeds} -->"
        );
        Ok(Terms { head, seeds })
    }
}

/// The digest of one run, cut to a word.
fn model_of(scenario: &Scenario) -> Result<u64, Report> {
    let mut digest = 0;
    registry::runner(scenario, Host::BUILT)?.each(&mut std::iter::once(0), &mut |_, result| {
        digest = (result.digest >> 64) as u64 ^ result.digest as u64;
    });
    Ok(digest)
}

/// The rows of a file; without a file, of this process alone.
#[derive(Debug)]
pub struct Ledger {
    path: Option<PathBuf>,
    known: Vec<Row>,
}

impl Ledger {
    /// Reads the rows that a file has, and makes it ready for more. A last line without its end is what a killed process
    /// left of a write: it is cut off, and its job is swept again.
    pub fn open(path: Option<&Path>, terms: &Terms) -> Result<Self, Report> {
        let Some(path) = path else { return Ok(Ledger { path: None, known: Vec::new() }) };
        let failed = |error| unwritable("--out", path, &error);
        if path.metadata().is_ok_and(|there| !there.is_file()) {
            return Err(failed(std::io::Error::other("this is no regular file")));
        }
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
            Err(error) => return Err(failed(error)),
        };
        let whole = &text[..text.rfind('\n').map_or(0, |end| end + 1)];
        let torn = &text[whole.len()..];
        let preamble = format!("{}\n{HEAD}", terms.head);
        let fresh = preamble.starts_with(&text);
        let known = if fresh { Vec::new() } else { read(path, whole, torn, terms)? };
        if !torn.is_empty() && !fresh {
            say(format!("{}: the last line is torn and is made again: {torn}", path.display()));
        }
        let mut file = OpenOptions::new().create(true).truncate(false).write(true).open(path).map_err(failed)?;
        file.set_len(if fresh { 0 } else { whole.len() as u64 }).map_err(failed)?;
        if fresh {
            file.write_all(preamble.as_bytes()).map_err(failed)?;
        }
        Ok(Ledger { path: Some(path.to_owned()), known })
    }

    /// The rows that were there.
    pub fn rows_known(&mut self) -> Vec<Row> {
        std::mem::take(&mut self.known)
    }

    /// Adds a row.
    pub fn add(&mut self, row: &Row) -> Result<(), Report> {
        let Some(path) = &self.path else { return Ok(()) };
        let appended = OpenOptions::new().append(true).open(path);
        let written = appended.and_then(|mut file| file.write_all(format!("{row}\n").as_bytes()));
        written.map_err(|error| unwritable("--out", path, &error))
    }
}

fn read(path: &Path, whole: &str, torn: &str, terms: &Terms) -> Result<Vec<Row>, Report> {
    let refuse = |place: &str, why: String, help: String| {
        let message = format!("--out {}{place}: {why}", path.display());
        Err(Problem::Usage { message, help: Some(help) }.into())
    };
    let mut lines = whole.lines().zip(1..);
    let head = lines.next().map_or(torn, |(line, _)| line);
    if head != terms.head {
        let other = if head.starts_with("<!-- relapse jobs:") {
            format!("its rows are of other terms: {head}")
        } else {
            "its first line does not say by what its rows were made".to_owned()
        };
        let expected = &terms.head;
        let help = format!("name another file; or, if its rows were made by the same terms, begin it with\n{expected}");
        return refuse("", other, help);
    }
    let mut rows: Vec<Row> = Vec::new();
    for (line, number) in lines {
        if line.is_empty() || HEAD.lines().any(|head| head == line) {
            continue;
        }
        let place = format!(":{number}");
        let Some(row) = Row::parse(line) else {
            return refuse(&place, format!("this is no row: {line}"), "take the line out".to_owned());
        };
        if row.runs != terms.seeds.len() {
            let why = format!("this row is of {} seeds, the others of {}", row.runs, terms.seeds.len());
            return refuse(&place, why, "take the line out, and its job is swept again".to_owned());
        }
        if rows.iter().any(|known| known.job == row.job) {
            return refuse(&place, format!("a second row of {}", row.job), "take one of them out".to_owned());
        }
        rows.push(row);
    }
    Ok(rows)
}
