//! The toggles of the model's defects, and the releases by their toggles.

use crate::scenario::Scenario;
use crate::scenario::schema::{Preset, Toggle};
use zeebe::settings::Toggles;

const SWITCH: &[&str] = &["off", "on"];

const fn toggle(name: &'static str, about: &'static str) -> Toggle {
    Toggle { name, values: SWITCH, about }
}

/// By the names that the model has for them.
pub const TOGGLES: &[Toggle] = &[
    toggle("detect_reprocessing", "replayed records are compared with the log"),
    toggle("filter_5583", "a DISTRIBUTED left over from a replay is no record that the log lacks"),
    toggle("fix_5758", "a deployment is pushed after the commit, not in the middle of processing"),
    toggle("fix_pending_replay", "a deployment is put on the list of those under way in a replay too: what #5758 lost"),
    toggle("fix_5760", "a deployment is accepted whenever it comes"),
    toggle("fix_5420", "the shared writer forgets its source position"),
    toggle("fix_6049", "a snapshot waits for the highest position written, not the last"),
    toggle("fix_6316", "an entry that fails validation is not appended"),
    toggle("fix_8526", "a deployment is pushed every 15 s until it is confirmed"),
    toggle("cache_rollback", "the set of seen deployments is rolled back with the transaction"),
    toggle("count_by_partition", "confirmations are counted per partition"),
    toggle("strict_verify", "rejections are verified too"),
];

const DETECTION: (&str, &str) = ("detect_reprocessing", "on");
const FILTER: (&str, &str) = ("filter_5583", "on");
const AS_5758: (&str, &str) = ("fix_5758", "on");

/// The releases.
pub const PRESETS: &[Preset] = &[
    Preset { name: "0.24.3", toggles: &[], about: "before the detection of inconsistencies" },
    Preset { name: "0.24.4", toggles: &[DETECTION, FILTER], about: "the release of the chaos day" },
    Preset { name: "0.24.5", toggles: &[FILTER], about: "detection off" },
    Preset { name: "0.24.6", toggles: &[AS_5758], about: "with fix #5758, which loses deployments" },
    Preset { name: "0.25.0", toggles: &[DETECTION, FILTER], about: "as 0.24.4" },
    Preset { name: "0.25.1", toggles: &[FILTER], about: "as 0.24.5" },
    Preset { name: "0.25.2", toggles: &[AS_5758], about: "as 0.24.6" },
    Preset { name: "0.25.3", toggles: &[AS_5758], about: "as 0.24.6" },
    Preset { name: "0.26.0", toggles: &[AS_5758, ("fix_5760", "on")], about: "deployments are accepted twice" },
    Preset {
        name: "fixed",
        toggles: &[
            DETECTION,
            FILTER,
            AS_5758,
            ("fix_pending_replay", "on"),
            ("fix_5760", "on"),
            ("fix_5420", "on"),
            ("fix_6049", "on"),
            ("fix_6316", "on"),
            ("fix_8526", "on"),
            ("cache_rollback", "on"),
            ("count_by_partition", "on"),
        ],
        about: "no release: detection on and every fix on; must survive everything",
    },
];

/// The model's toggles as a scenario has them.
pub fn toggles(scenario: &Scenario) -> Toggles {
    let mut toggles = Toggles::preset("0.24.4").expect("the model knows it");
    for toggle in TOGGLES {
        let known = toggles.set(toggle.name, scenario.toggle(toggle.name) == "on");
        assert!(known, "SIMULATOR BUG: the model has no toggle {}", toggle.name);
    }
    toggles
}

#[cfg(test)]
mod tests {
    use super::{PRESETS, TOGGLES};
    use zeebe::settings::Toggles;

    #[test]
    fn releases_and_toggles_are_those_of_the_model() {
        assert_eq!(TOGGLES.iter().map(|toggle| toggle.name).collect::<Vec<_>>(), Toggles::NAMES);
        for preset in PRESETS {
            let mut toggles = Toggles::preset("0.24.4").expect("a preset");
            for name in Toggles::NAMES {
                toggles.set(name, preset.toggles.contains(&(name, "on")));
            }
            assert_eq!(Some(toggles), Toggles::preset(preset.name), "{}", preset.name);
        }
        for name in zeebe::settings::PRESETS {
            assert!(PRESETS.iter().any(|preset| preset.name == name), "{name}");
        }
    }
}
