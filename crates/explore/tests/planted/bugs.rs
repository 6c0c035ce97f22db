//! The table of planted bugs.

use kernel::identity::{Nanos, SECONDS};

use super::Rule;

/// A rule, how likely it strikes, and how late that is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bug {
    pub rule: Rule,
    /// Each time the rule is armed, a draw of that moment decides with this chance whether it strikes.
    pub chance_ppm: u32,
    /// From that moment to the failure.
    pub shows_after: Nanos,
}

impl Bug {
    /// The same, with another chance: a bug that always strikes has nothing that a fork could change.
    pub fn with_chance(self, chance_ppm: u32) -> Bug {
        Bug { chance_ppm, ..self }
    }
}

/// Whenever it is armed.
pub const ALWAYS: u32 = 1_000_000;

const fn always(rule: Rule) -> Bug {
    Bug { rule, chance_ppm: ALWAYS, shows_after: 3 * SECONDS }
}

/// All of them by name.
pub const BUGS: [(&str, Bug); 18] = [
    ("needs-one-fault", always(Rule::One)),
    ("needs-two-faults", always(Rule::Two)),
    ("needs-three-faults", always(Rule::Three)),
    ("needs-order", always(Rule::Order)),
    ("needs-window", always(Rule::Window)),
    ("needs-operation-and-fault", always(Rule::Operation)),
    ("needs-two-operations-and-fault", always(Rule::Operations)),
    ("two-causes", always(Rule::TwoCauses)),
    ("needs-everything", always(Rule::Everything(8))),
    ("needs-four-nodes", always(Rule::Nodes)),
    ("needs-duration", always(Rule::Duration)),
    ("masked", always(Rule::Masked)),
    ("hidden-by-pairs", always(Rule::Hidden)),
    ("needs-repetition", always(Rule::Repeated)),
    ("panics-when-halved", always(Rule::Panics)),
    ("changes-signature", always(Rule::OtherSignature)),
    ("rare", Bug { chance_ppm: 1_000, shows_after: 20 * SECONDS, ..always(Rule::One) }),
    ("flaky", Bug { chance_ppm: 300_000, ..always(Rule::Two) }),
];

/// The bug of a name.
pub fn bug(name: &str) -> Bug {
    BUGS.iter().find(|(known, _)| *known == name).unwrap_or_else(|| panic!("no bug is called {name}")).1
}
