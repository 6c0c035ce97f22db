//! Which release reads a log: a preset, and toggles on top of it.

use miette::Report;
use zeebe::settings::{PRESETS, Toggles};

use crate::scenario::nearest::suggest;
use crate::scenario::problem::Problem;

/// The flags.
#[derive(Debug, clap::Args)]
pub struct Release {
    /// The release that reads the log; `fixed` is none
    #[arg(long, value_name = "RELEASE", default_value = "0.24.4")]
    preset: String,

    /// Switch one defect or fix; NAME alone means NAME=on
    #[arg(long = "toggle", value_name = "NAME=on|off")]
    toggles: Vec<String>,
}

impl Release {
    /// The name of the release.
    pub fn preset(&self) -> &str {
        &self.preset
    }

    /// The toggles that were set, as they were written.
    pub fn said(&self) -> &[String] {
        &self.toggles
    }

    /// What it all means.
    pub fn toggles(&self) -> Result<Toggles, Report> {
        let unknown =
            |said: String, message: &str, help| Problem::Flag { said, message: message.to_owned(), help: Some(help) };
        let mut toggles = Toggles::preset(&self.preset).ok_or_else(|| {
            unknown(format!("--preset {}", self.preset), "no such release is known", suggest(&self.preset, PRESETS))
        })?;
        let mut set: Vec<(&str, &str)> = Vec::new();
        for said in &self.toggles {
            let flag = || format!("--toggle {said}");
            let (name, value) = said.split_once('=').unwrap_or((said, "true"));
            let on = match value.trim() {
                "true" | "on" => true,
                "false" | "off" => false,
                other => return Err(unknown(flag(), "a toggle is on or off", suggest(other, ["on", "off"])).into()),
            };
            if !toggles.set(name.trim(), on) {
                return Err(unknown(flag(), "no such toggle is known", suggest(name.trim(), Toggles::NAMES)).into());
            }
            if let Some((_, other)) = set.iter().find(|(other, _)| *other == name.trim()) {
                let message = format!("the toggle is set by --toggle {other} already");
                return Err(
                    Problem::Flag { said: flag(), message, help: Some("set each toggle once".to_owned()) }.into()
                );
            }
            set.push((name.trim(), said));
        }
        Ok(toggles)
    }
}
