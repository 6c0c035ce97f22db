//! What a processor writes and sets going.

use crate::protocol::{Intent, Record, RecordType, Rejection, RejectionType, RequestId, Text, Value};

/// A record to be written with the processed one as its source.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FollowUp {
    /// Its key, or `NO_KEY`.
    pub key: i64,
    /// Command, event or rejection.
    pub kind: RecordType,
    /// What it says.
    pub intent: Intent,
    /// Why a command is refused.
    pub rejection: Option<Rejection>,
    /// Its particulars.
    pub value: Value,
}

/// An answer to a client.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Answer {
    /// To which request.
    pub request: RequestId,
    /// What it is about.
    pub key: i64,
    /// What happened.
    pub intent: Intent,
    /// Why not.
    pub rejection: Option<Rejection>,
    /// The particulars.
    pub value: Value,
}

/// What a processor sets going beside the log.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Tell the client, after the commit.
    Answer(Answer),
    /// Tell the gateways that jobs of a type wait.
    JobsAvailable(Text),
    /// Push a deployment to the other partitions: upstream does it in the middle of processing.
    Distribute {
        /// The deployment.
        key: i64,
        /// Where DISTRIBUTE stands.
        position: i64,
    },
    /// Push a deployment after the commit, and never in a replay: upstream's fix.
    DistributeAfterCommit {
        /// The deployment.
        key: i64,
        /// Where DISTRIBUTE stands.
        position: i64,
    },
    /// Tell all who listen that a deployment is known here: in the middle of processing.
    ConfirmDeployment {
        /// The deployment.
        key: i64,
    },
    /// Look when the next timer is due.
    TimerSet {
        /// Milliseconds since 1970.
        due_date: i64,
    },
}

/// Collects a processor's output. Buffers are kept from record to record.
#[derive(Clone, Debug, Default)]
pub struct Output {
    /// Records, in order.
    pub follow_ups: Vec<FollowUp>,
    /// The rest, in order.
    pub effects: Vec<Effect>,
}

impl Output {
    /// Forgets what was collected.
    pub fn clear(&mut self) {
        self.follow_ups.clear();
        self.effects.clear();
    }

    pub(super) fn event(&mut self, key: i64, intent: impl Into<Intent>, value: Value) {
        let (kind, intent) = (RecordType::Event, intent.into());
        self.follow_ups.push(FollowUp { key, kind, intent, rejection: None, value });
    }

    pub(super) fn command(&mut self, key: i64, intent: impl Into<Intent>, value: Value) {
        let (kind, intent) = (RecordType::Command, intent.into());
        self.follow_ups.push(FollowUp { key, kind, intent, rejection: None, value });
    }

    /// Accepts a command: an event, and an answer if a client waits.
    pub(super) fn accept(&mut self, command: &Record, key: i64, intent: impl Into<Intent>, value: Value) {
        let intent = intent.into();
        self.event(key, intent, value.clone());
        self.answer(command, key, intent, value);
    }

    /// Tells the client, if one waits.
    pub(super) fn answer(&mut self, command: &Record, key: i64, intent: impl Into<Intent>, value: Value) {
        if let Some(request) = command.request {
            let answer = Answer { request, key, intent: intent.into(), rejection: None, value };
            self.effects.push(Effect::Answer(answer));
        }
    }

    /// Refuses a command: a rejection with the command's own key, intent and value, and an answer if a client waits.
    pub fn reject(&mut self, command: &Record, kind: RejectionType, reason: String) {
        let rejection = Some(Rejection { kind, reason: reason.into() });
        let (key, intent, value) = (command.key, command.intent, command.value.clone());
        if let Some(request) = command.request {
            let (rejection, value) = (rejection.clone(), value.clone());
            self.effects.push(Effect::Answer(Answer { request, key, intent, rejection, value }));
        }
        self.follow_ups.push(FollowUp { key, kind: RecordType::CommandRejection, intent, rejection, value });
    }
}
