//! A host that collects, to feed a gateway by hand.

use super::{
    Attempt, BTreeMap, CallId, Command, Event, Gateway, Host, Outcome, Reply, Request, Settings, Timer, Topology,
};
use crate::engine::Answer;
use crate::protocol::{Intent, Rejection, RejectionType, RequestId, Text, Value};
use kernel::identity::Nanos;
use std::sync::Arc;

/// A picture of the cluster that a test sets.
#[derive(Clone, Debug, Default)]
pub(super) struct Picture {
    pub(super) known: bool,
    pub(super) count: u16,
    pub(super) partitions: Vec<u16>,
    pub(super) leaders: BTreeMap<u16, u16>,
}

impl Picture {
    /// These partitions, heard of in this order; the broker of a partition's number leads it, but for some without a leader.
    pub(super) fn of(partitions: &[u16], leaderless: &[u16]) -> Self {
        let led = partitions.iter().filter(|one| !leaderless.contains(one));
        Picture {
            known: true,
            count: partitions.len() as u16,
            partitions: partitions.to_vec(),
            leaders: led.map(|one| (*one, *one)).collect(),
        }
    }
}

impl Topology for Picture {
    fn is_known(&self) -> bool {
        self.known
    }

    fn partitions_count(&self) -> u16 {
        self.count
    }

    fn partitions(&self) -> &[u16] {
        &self.partitions
    }

    fn leader(&self, partition: u16) -> Option<u16> {
        self.leaders.get(&partition).copied()
    }
}

/// What was sent to a broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sent {
    pub(super) at: Nanos,
    pub(super) broker: u16,
    pub(super) partition: u16,
    pub(super) attempt: Attempt,
    pub(super) command: Command,
}

/// The host. Tests take from its vectors what they have looked at.
#[derive(Clone, Debug, Default)]
pub(super) struct HandHost {
    pub(super) now: Nanos,
    pub(super) picture: Picture,
    pub(super) timers: BTreeMap<Timer, Nanos>,
    pub(super) sent: Vec<Sent>,
    pub(super) answers: Vec<(CallId, Reply)>,
    pub(super) events: Vec<Event>,
}

impl Topology for HandHost {
    fn is_known(&self) -> bool {
        self.picture.is_known()
    }

    fn partitions_count(&self) -> u16 {
        self.picture.partitions_count()
    }

    fn partitions(&self) -> &[u16] {
        self.picture.partitions()
    }

    fn leader(&self, partition: u16) -> Option<u16> {
        self.picture.leader(partition)
    }
}

impl Host for HandHost {
    fn now(&self) -> Nanos {
        self.now
    }

    fn set_timer(&mut self, timer: Timer, after: Nanos) {
        self.timers.insert(timer, self.now + after);
    }

    fn cancel_timer(&mut self, timer: Timer) {
        self.timers.remove(&timer);
    }

    fn send(&mut self, broker: u16, partition: u16, attempt: Attempt, command: &Command) {
        self.sent.push(Sent { at: self.now, broker, partition, attempt, command: command.clone() });
    }

    fn answer(&mut self, call: CallId, reply: Reply) {
        self.answers.push((call, reply));
    }

    fn status(&self) -> Option<Text> {
        self.picture.known.then(|| "all is well".into())
    }

    fn emit(&mut self, event: Event) {
        self.events.push(event);
    }
}

/// A gateway with its host.
#[derive(Clone, Debug)]
pub(super) struct Hand {
    pub(super) gateway: Gateway,
    pub(super) host: HandHost,
    calls: u64,
}

impl Hand {
    /// A started one of the default settings.
    pub(super) fn new(picture: Picture) -> Self {
        let mut hand = Hand {
            gateway: Gateway::new(Arc::new(Settings::default())),
            host: HandHost { picture, ..HandHost::default() },
            calls: 0,
        };
        hand.gateway.start(&mut hand.host);
        hand
    }

    pub(super) fn ask(&mut self, request: &Request) -> CallId {
        self.calls += 1;
        let call = CallId(self.calls);
        self.gateway.request(call, request, &mut self.host);
        call
    }

    /// The partitions that were sent to since the last look.
    pub(super) fn partitions(&mut self) -> Vec<u16> {
        self.host.sent.drain(..).map(|sent| sent.partition).collect()
    }

    pub(super) fn outcome(&mut self, attempt: Attempt, outcome: Outcome) {
        self.gateway.outcome(attempt, outcome, &mut self.host);
    }

    /// Something becomes of the command that was sent last.
    pub(super) fn last(&mut self, outcome: Outcome) {
        let attempt = self.host.sent.last().expect("something was sent").attempt;
        self.outcome(attempt, outcome);
    }

    /// The command that was sent last is accepted.
    pub(super) fn accept(&mut self, intent: impl Into<Intent>, key: i64, value: Value) {
        let request = RequestId { stream: 0, request: 0 };
        self.last(Outcome::Answer(Answer { request, key, intent: intent.into(), rejection: None, value }));
    }

    /// The command that was sent last is rejected.
    pub(super) fn reject(&mut self, kind: RejectionType, reason: &str) {
        let Command { key, intent, value } = self.host.sent.last().expect("something was sent").command.clone();
        let request = RequestId { stream: 0, request: 0 };
        let rejection = Some(Rejection { kind, reason: reason.into() });
        self.last(Outcome::Answer(Answer { request, key, intent, rejection, value }));
    }

    /// Time passes, with all timers that are due by then.
    pub(super) fn pass(&mut self, time: Nanos) {
        let end = self.host.now + time;
        while let Some((timer, at)) = self.host.timers.iter().map(|(timer, at)| (*timer, *at)).min_by_key(|(_, at)| *at)
            && at <= end
        {
            self.host.timers.remove(&timer);
            self.host.now = at;
            self.gateway.timer(timer, &mut self.host);
        }
        self.host.now = end;
    }

    /// The answers since the last look, as a client shows them.
    pub(super) fn answers(&mut self) -> Vec<String> {
        let show = |reply: Reply| match reply {
            Reply::Response(response) => format!("{response:?}"),
            Reply::Jobs(batch) => format!("jobs {:?}", batch.job_keys),
            Reply::End => "end".to_owned(),
            Reply::Error(status) => status.to_string(),
        };
        self.host.answers.drain(..).map(|(_, reply)| show(reply)).collect()
    }
}
