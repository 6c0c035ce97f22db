//! What a run ends with. A verdict is a fact about one run; what was expected of it is somebody else's business.

use serde::Serialize;

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Every check was asked and stayed quiet.
    Pass,
    /// A check fired; the signature says which.
    Fail,
    /// The run did not test what it was meant to test, for example because a planned fault had no effect.
    Vacuous,
    /// A budget (events, virtual time, host time) ended the run before it could be judged.
    Inconclusive,
    /// The simulator contradicted itself: nothing that the run says can be trusted.
    SimulatorBug,
}

impl Outcome {
    /// Exit status of a run that ended so.
    pub const fn exit_status(self) -> u8 {
        match self {
            Outcome::Pass => 0,
            Outcome::Fail => 1,
            Outcome::Vacuous | Outcome::Inconclusive => 3,
            Outcome::SimulatorBug => 4,
        }
    }

    /// Rank when many runs share one exit status: a simulator bug before a failure before "nothing learned".
    pub const fn severity(self) -> u8 {
        match self {
            Outcome::Pass => 0,
            Outcome::Vacuous | Outcome::Inconclusive => 1,
            Outcome::Fail => 2,
            Outcome::SimulatorBug => 3,
        }
    }

    /// The word used in tables and JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Outcome::Pass => "pass",
            Outcome::Fail => "fail",
            Outcome::Vacuous => "vacuous",
            Outcome::Inconclusive => "inconclusive",
            Outcome::SimulatorBug => "simulator-bug",
        }
    }
}

/// Outcome of a run with its signature and its story.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Verdict {
    /// How it ended.
    pub outcome: Outcome,
    /// What groups equal causes: check id, roles, protocol states. Never addresses, keys of one run, or times. Empty for
    /// a pass.
    pub signature: String,
    /// What tells runs of one signature apart, such as the keys of a ring; may be empty. It never groups.
    pub detail: String,
    /// What happened in this run, for people: lines in order.
    pub story: Vec<String>,
}

impl Verdict {
    /// A pass.
    pub fn pass() -> Self {
        Verdict { outcome: Outcome::Pass, signature: String::new(), detail: String::new(), story: Vec::new() }
    }

    /// Any other outcome, with its signature.
    pub fn new(outcome: Outcome, signature: impl Into<String>, story: Vec<String>) -> Self {
        Verdict { outcome, signature: signature.into(), detail: String::new(), story }
    }

    /// The same, cut where it is longer than anybody reads. A sweep keeps a story per cause, and a cause may have come of a
    /// thousand keys.
    #[must_use]
    pub fn bounded(mut self) -> Self {
        cut(&mut self.detail);
        if self.story.len() > STORY_MAX {
            let more = self.story.len() - (STORY_MAX - 1);
            self.story.truncate(STORY_MAX - 1);
            self.story.push(format!("... and {more} more lines"));
        }
        self.story.iter_mut().for_each(cut);
        self
    }
}

/// Lines of a bounded story.
pub const STORY_MAX: usize = 64;
/// Characters of one of its lines, and of a bounded detail.
pub const LINE_MAX: usize = 500;

fn cut(line: &mut String) {
    const MARK: &str = "...";
    if let Some((end, _)) = line.char_indices().nth(LINE_MAX - MARK.len())
        && line.chars().count() > LINE_MAX
    {
        line.truncate(end);
        line.push_str(MARK);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_within_bounds_stays_as_it_is() {
        let story = vec!["\u{e9}".repeat(LINE_MAX); STORY_MAX];
        let verdict = Verdict { detail: "d".repeat(LINE_MAX), ..Verdict::new(Outcome::Fail, "a/b", story) };

        assert_eq!(verdict.clone().bounded(), verdict);
    }

    #[test]
    fn a_longer_one_is_cut_and_says_so() {
        let story = vec!["\u{e9}".repeat(LINE_MAX + 1); STORY_MAX + 1];
        let verdict = Verdict { detail: "d".repeat(10_000), ..Verdict::new(Outcome::Fail, "a/b", story) }.bounded();

        assert_eq!((verdict.story.len(), verdict.detail.len()), (STORY_MAX, LINE_MAX));
        assert_eq!(verdict.story[0].chars().count(), LINE_MAX);
        assert!(verdict.story[0].ends_with("...") && verdict.detail.ends_with("d..."));
        assert_eq!(verdict.story[STORY_MAX - 1], "... and 2 more lines");
    }
}
