//! Finding scenarios: by path, or by name under `scenarios/`.

use std::path::{Path, PathBuf};

use miette::Report;

use super::Scenario;
use super::nearest::nearest;
use super::problem::Problem;

/// Where scenarios are looked for, from the working directory.
pub const DIRECTORY: &str = "scenarios";

/// A scenario file that was found.
#[derive(Debug)]
pub struct Found {
    /// Its path.
    pub path: PathBuf,
    /// Its path under the directory, without the ending: a name that even a broken file has.
    pub short: String,
    /// What it holds.
    pub scenario: Result<Scenario, Report>,
}

impl Found {
    fn answers_to(&self, name: &str) -> bool {
        self.short == name || self.scenario.as_ref().is_ok_and(|scenario| scenario.name == name)
    }
}

/// Every scenario file under the directory, in the order of their paths.
pub fn all(directory: &Path) -> Result<Vec<Found>, Report> {
    let mut paths = Vec::new();
    collect(directory, &mut paths).map_err(|error| Problem::File {
        path: directory.to_owned(),
        reason: format!("cannot be searched for scenarios: {error}"),
        help: Some("run from the directory that holds `scenarios/`, or give the path of a scenario file".to_owned()),
    })?;
    paths.sort();

    let found = |path: PathBuf| {
        let short = path.strip_prefix(directory).unwrap_or(&path).with_extension("");
        Found { short: short.display().to_string(), scenario: Scenario::load(&path, &[]), path }
    };
    Ok(paths.into_iter().map(found).collect())
}

fn collect(directory: &Path, paths: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        let path = entry.path();
        // A link to a directory is not followed: it could lead back here.
        if entry.file_type()?.is_dir() {
            collect(&path, paths)?;
        } else if path.extension().is_some_and(|ending| ending == "toml") && path.is_file() {
            paths.push(path);
        }
    }
    Ok(())
}

/// The file that a SCENARIO argument means: a path, or the name of a scenario under `scenarios/`.
pub fn locate(argument: &str) -> Result<PathBuf, Report> {
    let path = PathBuf::from(argument);
    if path.is_file() {
        return Ok(path);
    }
    let is_path = argument.ends_with(".toml") || path.is_absolute() || argument.starts_with('.');
    let known = match all(Path::new(DIRECTORY)) {
        Ok(known) => known,
        Err(_) if is_path => Vec::new(),
        Err(error) => return Err(error),
    };

    let mut matching = known.iter().filter(|found| found.answers_to(argument));
    match (matching.next(), matching.next()) {
        (Some(found), None) => Ok(found.path.clone()),
        (Some(one), Some(other)) => {
            let help = format!("give a path: {} or {}", one.path.display(), other.path.display());
            Err(Problem::Usage { message: format!("more than one scenario is named `{argument}`"), help: Some(help) }
                .into())
        }
        (None, _) => Err(unknown(argument, is_path, &known)),
    }
}

fn unknown(argument: &str, is_path: bool, known: &[Found]) -> Report {
    let names = known.iter().filter_map(|found| found.scenario.as_ref().ok()).map(|scenario| scenario.name.clone());
    let shorts = known.iter().map(|found| found.short.clone());
    let paths = known.iter().map(|found| found.path.display().to_string());
    let candidates: Vec<String> = if is_path { paths.collect() } else { names.chain(shorts).collect() };
    let near = nearest(argument, candidates.iter().map(String::as_str));

    let message =
        if is_path { format!("no scenario file {argument}") } else { format!("no scenario is named `{argument}`") };
    let help = match near {
        Some(near) => format!("did you mean `{near}`? `relapse list` shows all"),
        None => "`relapse list` shows those there are; a path of a scenario file is taken as well".to_owned(),
    };
    Problem::Usage { message, help: Some(help) }.into()
}
