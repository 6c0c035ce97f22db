//! Which of upstream's defects are mended: toggles, and a preset per release.

use crate::protocol::{Document, Text};
use std::sync::Arc;

/// The order in which upstream walks a variable document that is propagated upward.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum DocumentOrder {
    /// That of the leader's index of the document.
    #[default]
    Index,
    /// These names first, as a recording has them: files with sorted members do not show the document's own order.
    Recorded(Arc<[Text]>),
}

/// The members of a document in a recorded order, the others after them as they stand.
#[must_use]
pub fn recorded(document: &Document, names: &[Text]) -> Vec<(Text, Text)> {
    let place = |name: &Text| names.iter().position(|other| other == name).unwrap_or(names.len());
    let mut members = document.members().to_vec();
    members.sort_by_key(|(name, _)| place(name));
    members
}

/// One switch per defect or fix. All off is 0.24.4, but for what a preset says.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Toggles {
    /// Replayed records are compared with the log.
    pub detect_reprocessing: bool,
    /// DISTRIBUTED left over from a replay is no record that the log lacks (#5583).
    pub filter_5583: bool,
    /// A deployment is pushed after the commit, not in the middle of processing (#5758).
    pub fix_5758: bool,
    /// A deployment is put on the list of those under way during processing, though pushed after it: what #5758 lost.
    pub fix_pending_replay: bool,
    /// A deployment is accepted whenever it comes (#5760).
    pub fix_5760: bool,
    /// The shared writer forgets its source position (#6971, for #5420).
    pub fix_5420: bool,
    /// A snapshot waits for the highest position written, not the last (#6141, for #6049).
    pub fix_6049: bool,
    /// An entry that fails validation is not appended (#6345, for #6316).
    pub fix_6316: bool,
    /// A deployment is pushed every 15 s until it is confirmed (#8526).
    pub fix_8526: bool,
    /// The set of seen deployments is rolled back with the transaction.
    pub cache_rollback: bool,
    /// Confirmations are counted per partition.
    pub count_by_partition: bool,
    /// Rejections are verified too.
    pub strict_verify: bool,
    /// How documents are walked.
    pub document_order: DocumentOrder,
}

/// Names of the presets.
pub const PRESETS: [&str; 10] =
    ["0.24.3", "0.24.4", "0.24.5", "0.24.6", "0.25.0", "0.25.1", "0.25.2", "0.25.3", "0.26.0", "fixed"];

impl Toggles {
    /// The toggles of a release; `fixed` is no release.
    ///
    //= camunda/zeebe@{0.24.3,0.24.4,0.24.5,0.24.6,0.25.0,0.25.1,0.25.2,0.25.3,0.26.0}: read in the tags
    #[must_use]
    pub fn preset(name: &str) -> Option<Toggles> {
        let real = Toggles {
            detect_reprocessing: true,
            filter_5583: true,
            fix_5758: false,
            fix_pending_replay: false,
            fix_5760: false,
            fix_5420: false,
            fix_6049: false,
            fix_6316: false,
            fix_8526: false,
            cache_rollback: false,
            count_by_partition: false,
            strict_verify: false,
            document_order: DocumentOrder::Index,
        };
        Some(match name {
            "0.24.3" => Toggles { detect_reprocessing: false, filter_5583: false, ..real },
            "0.24.4" | "0.25.0" => real,
            "0.24.5" | "0.25.1" => Toggles { detect_reprocessing: false, ..real },
            "0.24.6" | "0.25.2" | "0.25.3" => {
                Toggles { detect_reprocessing: false, filter_5583: false, fix_5758: true, ..real }
            }
            "0.26.0" => {
                Toggles { detect_reprocessing: false, filter_5583: false, fix_5758: true, fix_5760: true, ..real }
            }
            "fixed" => Toggles {
                fix_5758: true,
                fix_pending_replay: true,
                fix_5760: true,
                fix_5420: true,
                fix_6049: true,
                fix_6316: true,
                fix_8526: true,
                cache_rollback: true,
                count_by_partition: true,
                ..real
            },
            _ => return None,
        })
    }

    /// Switches one toggle by name; whether there is one of that name.
    pub fn set(&mut self, name: &str, on: bool) -> bool {
        let toggle = match name {
            "detect_reprocessing" => &mut self.detect_reprocessing,
            "filter_5583" => &mut self.filter_5583,
            "fix_5758" => &mut self.fix_5758,
            "fix_pending_replay" => &mut self.fix_pending_replay,
            "fix_5760" => &mut self.fix_5760,
            "fix_5420" => &mut self.fix_5420,
            "fix_6049" => &mut self.fix_6049,
            "fix_6316" => &mut self.fix_6316,
            "fix_8526" => &mut self.fix_8526,
            "cache_rollback" => &mut self.cache_rollback,
            "count_by_partition" => &mut self.count_by_partition,
            "strict_verify" => &mut self.strict_verify,
            _ => return false,
        };
        *toggle = on;
        true
    }

    /// Names of all toggles.
    pub const NAMES: [&'static str; 12] = [
        "detect_reprocessing",
        "filter_5583",
        "fix_5758",
        "fix_pending_replay",
        "fix_5760",
        "fix_5420",
        "fix_6049",
        "fix_6316",
        "fix_8526",
        "cache_rollback",
        "count_by_partition",
        "strict_verify",
    ];
}

#[cfg(test)]
mod tests {
    use super::{PRESETS, Toggles};

    #[test]
    fn every_preset_and_every_toggle_is_known_by_its_name() {
        for preset in PRESETS {
            assert!(Toggles::preset(preset).is_some(), "{preset}");
        }
        let mut toggles = Toggles::preset("0.24.4").expect("a preset");
        for name in Toggles::NAMES {
            let before = toggles.clone();
            assert!(toggles.set(name, true) && toggles.set(name, false), "{name}");
            toggles = before;
        }
        assert!(!toggles.set("fix_1", true));
        assert!(Toggles::preset("0.1").is_none());
    }
}
