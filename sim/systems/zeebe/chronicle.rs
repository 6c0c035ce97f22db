//! What happened in a run that somebody who looks for a cause would want to know: facts of the trace, in order. Which of
//! them make a story is for [`super::story`].
//!
//! Only what is rare is noted (leaders, snapshots, deployments, deaths, time-outs that name a source), so that a run of
//! hours stays small.

use kernel::event::{Event as Traced, Observer, What as Seen};
use kernel::identity::{Nanos, NodeId};
use kernel::system::Input;
use kernel::world::World;
use raft::Body;
use zeebe::cluster::{Event, Message, Process, Zeebe};
use zeebe::gateway::{Reply, Response};
use zeebe::processor::{Mismatch, Notice};
use zeebe::protocol::{DeploymentIntent, Intent, JobIntent, Record, RecordType};

/// So many facts may stand between two time-outs of one run of them.
const TIME_OUTS_BACK: usize = 16;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// When, in virtual time.
    pub at: Nanos,
    /// On which node.
    pub node: NodeId,
    /// What.
    pub what: What,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A client is told of a deployment.
    Answered {
        /// The deployment.
        key: i64,
    },
    /// The stream processor of a partition opened its state.
    Leads {
        /// The partition.
        partition: u16,
        /// What the snapshot holds as processed last; -1 for none.
        snapshot: i64,
        /// The last source up to which it replays, if it does.
        replays: Option<i64>,
    },
    /// A replica has a snapshot.
    Snapshot {
        /// The partition.
        partition: u16,
        /// What it holds as processed last.
        position: i64,
    },
    /// A record of a deployment is committed.
    Deployment {
        /// The partition.
        partition: u16,
        /// The deployment.
        key: i64,
        /// Where.
        position: i64,
        /// Of which record's processing.
        source: i64,
        /// What it says.
        intent: DeploymentIntent,
        /// Event or rejection; of commands only DISTRIBUTE.
        kind: RecordType,
    },
    /// A broker is asked to append a deployment.
    Pushed {
        /// To which partition.
        partition: u16,
        /// Which.
        key: i64,
    },
    /// A broker hears that a partition has a deployment.
    Confirmed {
        /// Which partition.
        partition: u16,
        /// Which deployment.
        key: i64,
    },
    /// Jobs timed out, one after the other, by commands that name one source.
    TimeOuts {
        /// The partition.
        partition: u16,
        /// The source.
        source: i64,
        /// Position of the first.
        first: i64,
        /// Position of the last.
        last: i64,
        /// How many.
        count: u64,
    },
    /// A replay would have written something else, and nobody said so.
    Diverged {
        /// The partition.
        partition: u16,
        /// Where the log has it, or -1, and what.
        met: Mismatch,
    },
    /// A stream processor died.
    Died {
        /// The partition.
        partition: u16,
        /// What did not match, if it was that.
        met: Option<Mismatch>,
    },
}

/// Facts of one run.
#[derive(Clone, Debug, Default)]
pub struct Chronicle {
    facts: Vec<Fact>,
    /// By partition: the last index whose records are noted.
    read: Vec<u64>,
}

impl Chronicle {
    /// These facts, in order.
    #[cfg(test)]
    pub fn of(facts: Vec<Fact>) -> Self {
        Chronicle { facts, read: Vec::new() }
    }

    /// The facts, in order.
    pub fn facts(&self) -> &[Fact] {
        &self.facts
    }

    fn note(&mut self, at: Nanos, node: NodeId, what: What) {
        self.facts.push(Fact { at, node, what });
    }

    /// The last start of a leader of a partition on a node.
    fn start(&mut self, node: NodeId, number: u16) -> Option<&mut What> {
        let is_it = |fact: &&mut Fact| {
            fact.node == node && matches!(fact.what, What::Leads { partition, .. } if partition == number)
        };
        self.facts.iter_mut().rev().find(is_it).map(|fact| &mut fact.what)
    }

    /// What the snapshot held from which a partition's leader on a node had started at a time.
    pub fn started_from(&self, node: NodeId, number: u16, at: Nanos) -> Option<i64> {
        self.facts.iter().rev().filter(|fact| fact.node == node && fact.at <= at).find_map(|fact| match fact.what {
            What::Leads { partition, snapshot, .. } if partition == number => Some(snapshot),
            _ => None,
        })
    }

    fn processor(&mut self, at: Nanos, node: NodeId, partition: u16, notice: &Notice) {
        match notice {
            Notice::RecoveredFrom { snapshot } => {
                self.note(at, node, What::Leads { partition, snapshot: *snapshot, replays: None });
            }
            Notice::Reprocessing { last_source } => {
                if let Some(What::Leads { replays, .. }) = self.start(node, partition) {
                    *replays = Some(*last_source);
                }
            }
            Notice::Diverged { position, listed } => {
                let met = Mismatch { position: *position, listed: *listed };
                self.note(at, node, What::Diverged { partition, met });
            }
            Notice::Failed { met, .. } => self.note(at, node, What::Died { partition, met: *met }),
            _ => {}
        }
    }

    /// The records that are committed with these indexes, if nobody committed them before.
    fn committed(&mut self, at: Nanos, node: NodeId, partition: u16, to: u64, world: &World<Zeebe>) {
        let place = usize::from(partition);
        if self.read.len() <= place {
            self.read.resize(place + 1, 0);
        }
        let from = self.read[place] + 1;
        let Some(Process::Broker(broker)) = world.node(node) else { return };
        let Some(member) = broker.partition(partition).and_then(|replica| replica.member()) else { return };
        for index in from..=to {
            if let Some(Body::Application(_, batch)) = member.log().get(index).map(|entry| &entry.body) {
                batch.records().iter().for_each(|record| self.record(at, node, partition, record));
            }
        }
        self.read[place] = to.max(from - 1);
    }

    /// One more of a run of time-outs, or the first.
    fn timed_out(&mut self, at: Nanos, node: NodeId, number: u16, (position, of): (i64, i64)) {
        for fact in self.facts.iter_mut().rev().take(TIME_OUTS_BACK) {
            match &mut fact.what {
                What::TimeOuts { partition, source, last, count, .. } if (*partition, *source) == (number, of) => {
                    (*last, *count) = (position, *count + 1);
                    return;
                }
                _ => {}
            }
        }
        let (first, last) = (position, position);
        self.note(at, node, What::TimeOuts { partition: number, source: of, first, last, count: 1 });
    }

    fn record(&mut self, at: Nanos, node: NodeId, partition: u16, record: &Record) {
        let Record { key, position, source, kind, .. } = *record;
        match record.intent {
            Intent::Deployment(DeploymentIntent::Create) if kind == RecordType::Command => {}
            Intent::Deployment(intent) => {
                self.note(at, node, What::Deployment { partition, key, position, source, intent, kind });
            }
            Intent::Job(JobIntent::TimeOut) if kind == RecordType::Command && source >= 0 => {
                self.timed_out(at, node, partition, (position, source));
            }
            _ => {}
        }
    }
}

impl Observer<Zeebe> for Chronicle {
    fn on_event(&mut self, event: &Traced<'_, Zeebe>, world: &World<Zeebe>) {
        let Traced { at, node, .. } = *event;
        match &event.what {
            Seen::Input(
                Input::Received { message: Message::Push(push), .. }
                | Input::Message { message: Message::Push(push), .. },
            ) => {
                self.note(at, node, What::Pushed { partition: push.partition, key: push.key });
            }
            Seen::Input(Input::Message { message: Message::Confirmed { key, partition }, .. }) => {
                self.note(at, node, What::Confirmed { partition: *partition, key: *key });
            }
            Seen::Emitted(Event::Raft(partition, raft::Event::Committed { to, .. })) => {
                self.committed(at, node, *partition, *to, world);
            }
            Seen::Emitted(Event::Snapshot { partition, position, .. }) => {
                self.note(at, node, What::Snapshot { partition: *partition, position: *position });
            }
            Seen::Emitted(Event::Told(_, Reply::Response(Response::Deployed { key, .. }))) => {
                self.note(at, node, What::Answered { key: *key });
            }
            Seen::Emitted(Event::Processor(partition, notice)) => self.processor(at, node, *partition, notice),
            _ => {}
        }
    }
}
