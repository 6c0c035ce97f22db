//! The file of a smaller scenario, and the files that it names.

use std::fs;
use std::path::Path;

use miette::Report;

use super::output::unwritable;
use crate::scenario::Scenario;
use crate::scenario::problem::Problem;

/// Refuses, before anything is run, to write over the scenario itself or to where nothing can be written.
pub fn may_be_written(path: &Path, scenario: &Path) -> Result<(), Report> {
    let refuse = |why: &str, help: &str| {
        let message = format!("--out {}: {why}", path.display());
        Err(Problem::Usage { message, help: Some(help.to_owned()) }.into())
    };
    if path.extension().is_none_or(|ending| ending != "toml") {
        return refuse("a scenario file ends with .toml", "name it so");
    }
    let beside = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !beside.is_dir() {
        return refuse("there is no such directory", "make it first");
    }
    match (path.canonicalize(), scenario.canonicalize()) {
        (Ok(one), Ok(other)) if one == other => refuse("the run is made of this file", "name another file"),
        _ => Ok(()),
    }
}

/// Writes it.
///
/// # Errors
/// The disk does not take it; or a file that it names would replace another one.
pub fn write(path: &Path, scenario: &Scenario) -> Result<(), Report> {
    let beside = path.parent().unwrap_or(Path::new(""));
    for (name, bytes) in scenario.brought()? {
        let file = beside.join(name);
        if fs::read(&file).is_ok_and(|there| there != bytes) {
            let message = format!("--out {}: {} is there and holds something else", path.display(), file.display());
            return Err(Problem::Usage { message, help: Some("write to another directory".to_owned()) }.into());
        }
        fs::write(&file, bytes).map_err(|error| unwritable("--out", &file, &error))?;
    }
    fs::write(path, scenario.document.to_toml()).map_err(|error| unwritable("--out", path, &error))
}
