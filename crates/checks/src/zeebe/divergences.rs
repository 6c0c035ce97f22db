//! The ledger of replayed against logged follow-ups: where a replay would have written something else than the log has, and
//! no exception said so.
//!
//! No failure: every release up to 0.26 passes over it, and the state may be the same (specs/zeebe.md 5.2, FEWER). What was
//! written beside processing is not in it, nor values, nor keys of records that upstream does not verify.
//= specs/zeebe.md 5.2; 11.1, Oracles (c)

use super::{Broker, Violation};
use kernel::identity::{Nanos, NodeId, SECONDS};
use zeebe::replay::Listed;

/// The note's name.
pub const NAME: &str = "zeebe/silent-divergence";

/// One of them: when and where it was met first.
#[derive(Clone, Copy, Debug)]
struct Divergence {
    partition: u16,
    /// On the log, or -1.
    position: i64,
    listed: Listed,
    at: Nanos,
    node: NodeId,
    /// Replays that met it.
    met: u64,
}

/// All of a run.
#[derive(Clone, Debug, Default)]
pub struct Divergences(Vec<Divergence>);

impl Divergences {
    /// A replay met one.
    pub fn see(&mut self, node: NodeId, partition: u16, position: i64, listed: Listed, at: Nanos) {
        let is_it = |known: &&mut Divergence| {
            known.partition == partition && known.position == position && known.listed.source == listed.source
        };
        match self.0.iter_mut().find(is_it) {
            Some(known) => known.met += 1,
            None => self.0.push(Divergence { partition, position, listed, at, node, met: 1 }),
        }
    }

    /// A note per partition, its positions in the story.
    pub fn notes(&self, partitions: u16) -> Vec<Violation> {
        let of = |partition: u16| {
            let here = self.0.iter().filter(move |divergence| divergence.partition == partition);
            let story: Vec<String> = here.map(|divergence| divergence.line()).collect();
            let (signature, detail) = (NAME.to_owned(), format!("partition {partition}, {} positions", story.len()));
            (!story.is_empty()).then_some(Violation { signature, detail, story, partition, key: None })
        };
        (1..=partitions).filter_map(of).collect()
    }
}

impl Divergence {
    fn line(&self) -> String {
        let Divergence { partition, position, listed, at, node, met } = self;
        let (node, seconds) = (Broker(*node), *at as f64 / SECONDS as f64);
        let instead = match position {
            -1 => "the log lacks".to_owned(),
            position => format!("the log has something else at {position} than"),
        };
        format!("at {seconds:.3} s, partition {partition}: {node} replayed, and {instead} {listed}; met {met} times")
    }
}

#[cfg(test)]
mod tests {
    use super::super::hand_made::{checks, notice};
    use kernel::identity::NodeId;
    use zeebe::processor::Notice;
    use zeebe::protocol::{DeploymentIntent, RecordType};
    use zeebe::replay::Listed;

    #[test]
    fn each_is_noted_once_with_its_position_and_is_no_failure() {
        let mut checks = checks();
        let listed = Listed { key: 7, source: 3, intent: DeploymentIntent::Created.into(), kind: RecordType::Event };
        for (node, position) in [(0, 4), (1, 4), (1, 9)] {
            let (node, event) = notice(node, 2, Notice::Diverged { position, listed });
            checks.see(NodeId(node), &event, None, 1);
        }

        let notes = checks.divergences();

        assert_eq!(notes.len(), 1);
        assert_eq!((notes[0].signature.as_str(), notes[0].story.len()), ("zeebe/silent-divergence", 2));
        assert!(notes[0].story[0].contains("at 4") && notes[0].story[0].contains("met 2 times"), "{notes:?}");
        assert!(checks.broken().is_empty());
        assert_eq!(checks.marks().divergences, 3);
    }

    #[test]
    fn without_one_there_is_no_note() {
        assert!(checks().divergences().is_empty());
    }
}
