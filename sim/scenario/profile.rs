//! `[profile]`: what faults are drawn, and how densely, instead of a plan that says each of them.

use std::sync::Arc;

use faults::sample::Profile;
use miette::Report;
use serde::Deserialize;

use super::faults::{Located, Misfit};
use super::read::Reader;

/// The keys of a profile, for help.
const SHAPE: &str =
    "a profile has from, until, swarm and tables [profile.kind.NAME], each with do, gap and perhaps for";

/// Reads the profile, if there is one. What is wrong is reported at the word that is wrong.
pub(super) fn profile(reader: &Reader<'_>) -> Result<Option<Arc<Profile>>, Report> {
    let Some(entry) = reader.document.root.get("profile") else { return Ok(None) };
    let node = &entry.node;
    let refuse = |message: String, label: String, help: Option<String>| {
        reader.document.problem(&node.origin, message, label, Some(help.unwrap_or_else(|| SHAPE.to_owned())))
    };
    if let Some(schema) = reader.schema
        && !schema.draws
    {
        let help = "write each fault as a table under [[fault]]".to_owned();
        return Err(refuse(format!("{} draws no faults from a profile", schema.system), String::new(), Some(help)));
    }
    if let Some(fault) = reader.document.root.get("fault") {
        let help = Some("leave one of the two out".to_owned());
        let message = "a scenario says its faults or draws them, not both".to_owned();
        return Err(reader.document.problem(&fault.node.origin, message, String::new(), help));
    }
    let profile = Profile::deserialize(Located(node)).map_err(|misfit| {
        let Misfit { message, help, origin } = misfit;
        let help = help.unwrap_or_else(|| SHAPE.to_owned());
        let origin = origin.as_ref().unwrap_or(&node.origin);
        reader.document.problem(origin, "this profile cannot be read".to_owned(), message, Some(help))
    })?;
    profile.validate().map_err(|error| refuse("this profile draws nothing".to_owned(), error.to_string(), None))?;
    Ok(Some(Arc::new(profile)))
}
