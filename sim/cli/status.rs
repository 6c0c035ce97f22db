//! Exit statuses: the verdict, never the expectation.

use std::process::ExitCode;

use kernel::verdict::Outcome;

/// For `--help`.
pub const HELP: &str = "\
Exit status:
  0    pass: every run was judged, and none failed
  1    a failure was found
  2    usage or input: nothing was judged
  3    vacuous or inconclusive: nothing failed, but not every run could be judged
  4    simulator bug or divergence: nothing that was found can be trusted
  130  aborted by a second Ctrl-C
Over many seeds: 4 before 1 before 3 before 0.";

/// How the process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status(u8);

impl Status {
    /// Nothing to object.
    pub const DONE: Status = Status(0);
    /// Usage or input.
    pub const USAGE: Status = Status(2);
    /// A figure is on the wrong side of its bar.
    pub const MISSED: Status = Status(1);
    /// Two runs that must be one were two.
    pub const DIVERGED: Status = Status(4);

    /// Of runs with these outcomes. `cut_short` is one more that could not be judged.
    pub fn of(outcomes: impl IntoIterator<Item = Outcome>, cut_short: bool) -> Self {
        let unjudged = cut_short.then_some(Outcome::Inconclusive);
        let worst = outcomes.into_iter().chain(unjudged).max_by_key(|outcome| outcome.severity());
        Status(worst.unwrap_or(Outcome::Pass).exit_status())
    }
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> ExitCode {
        ExitCode::from(status.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn over_many_seeds_the_worst_counts() {
        let status = |outcomes: &[Outcome], cut_short| Status::of(outcomes.iter().copied(), cut_short).0;

        assert_eq!(status(&[Outcome::Pass, Outcome::Fail, Outcome::SimulatorBug, Outcome::Vacuous], false), 4);
        assert_eq!(status(&[Outcome::Inconclusive, Outcome::Fail, Outcome::Pass], false), 1);
        assert_eq!(status(&[Outcome::Pass, Outcome::Vacuous], false), 3);
        assert_eq!(status(&[Outcome::Pass], false), 0);
    }

    #[test]
    fn a_sweep_cut_short_has_not_passed() {
        let status = |outcomes: &[Outcome]| Status::of(outcomes.iter().copied(), true).0;

        assert_eq!(status(&[Outcome::Pass]), 3);
        assert_eq!(status(&[]), 3);
        assert_eq!(status(&[Outcome::Fail]), 1);
    }
}
