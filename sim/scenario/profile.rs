//! `[profile]`: what faults are drawn, and how densely, instead of a plan that says each of them.

use std::sync::Arc;

use faults::sample::{Kind, Profile};
use miette::Report;
use serde::Deserialize;

use super::faults::{Located, Misfit, Places};
use super::read::Reader;

/// The keys of a profile, for help.
const SHAPE: &str =
    "a profile has from, until, swarm and tables [profile.kind.NAME], each with do, gap and perhaps for";

/// Reads the profile, if there is one, and where its kinds stand. What is wrong is reported at the word that is wrong.
pub(super) fn profile(reader: &Reader<'_>) -> Result<Option<(Arc<Profile>, Places)>, Report> {
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
    let places = Places::of_kinds(reader.document, node);
    profile.validate().map_err(|error| places.problem(&error))?;
    let window = profile.until.0.saturating_sub(profile.from.0);
    let nothing = if profile.kind.is_empty() {
        Some("it has no kind of fault".to_owned())
    } else if window == 0 {
        Some("`until` is not after `from`".to_owned())
    } else {
        let too_long = |(_, kind): &(&String, &Kind)| kind.lasts.is_some_and(|(least, _)| least.0 > window);
        let kind = profile.kind.iter().find(too_long);
        kind.map(|(name, _)| format!("what is of kind `{name}` lasts longer than from `from` to `until`"))
    };
    if let Some(why) = nothing {
        return Err(refuse("this profile draws nothing".to_owned(), why, None));
    }
    Ok(Some((Arc::new(profile), places)))
}
