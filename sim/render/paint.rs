//! Colours, or none.

use kernel::verdict::Outcome;

/// Paints text if colours are wanted.
#[derive(Clone, Copy)]
pub struct Paint {
    /// Whether they are.
    pub colours: bool,
}

impl Paint {
    /// The word of an outcome, in the colour of its severity.
    pub fn outcome(self, outcome: Outcome) -> String {
        self.like(outcome, outcome.word())
    }

    /// Text in the colour of an outcome.
    pub fn like(self, outcome: Outcome, text: &str) -> String {
        let code = match outcome {
            Outcome::Pass => "32",
            Outcome::Fail => "1;31",
            Outcome::Vacuous | Outcome::Inconclusive => "33",
            Outcome::SimulatorBug => "1;35",
        };
        self.with(code, text)
    }

    /// What matters less.
    pub fn faint(self, text: &str) -> String {
        self.with("2", text)
    }

    /// What matters more.
    pub fn strong(self, text: &str) -> String {
        self.with("1", text)
    }

    fn with(self, code: &str, text: &str) -> String {
        if self.colours { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}
