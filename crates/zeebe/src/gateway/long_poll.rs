//! Polls that wait for jobs.
//!
//! A poll that finds nothing waits until jobs of its type are announced, a probe is due or its time is over. A new one of a
//! type that was found empty three times waits at once. When jobs are announced while a poll is on its round, it goes round
//! again. A poll that ended or was called off while it is on its round goes on: what it activates is for nobody.
//!
//! Simplified: types are probed in the order of their names, where upstream's order is that of a hash map. Left out: the
//! switch that turns long polling off for the whole gateway.
//!
//= camunda/zeebe@0.24.4:gateway/src/main/java/io/zeebe/gateway/impl/job/LongPollingActivateJobsHandler.java
//= camunda/zeebe@0.24.4:gateway/src/main/java/io/zeebe/gateway/impl/job/InFlightLongPollingActivateJobsRequestsState.java

use super::Settings;
use super::host::{CallId, Event, Host, Timer};
use super::reply::{Code, Reply, Status};
use super::request::Activate;
use crate::protocol::{JobBatch, Text};
use kernel::identity::{MILLIS, Nanos};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

#[derive(Clone, Debug)]
struct Poll {
    wanted: Activate,
    /// The state of its type that it was counted in when it set out.
    generation: u64,
    on_its_round: bool,
    has_timer: bool,
    timed_out: bool,
    ended: bool,
    called_off: bool,
}

impl Poll {
    const fn is_obsolete(&self) -> bool {
        self.timed_out || self.ended || self.called_off
    }

    /// How long it may wait; nothing if it may not.
    fn patience(&self, otherwise: Nanos) -> Option<Nanos> {
        match self.wanted.request_timeout {
            0 => Some(otherwise),
            millis => u64::try_from(millis).ok().map(|millis| millis.saturating_mul(MILLIS)),
        }
    }
}

/// What is known of a type of job. It is thrown away when jobs are announced and nobody polls.
#[derive(Clone, Debug, Default)]
struct Waiting {
    generation: u64,
    active: Vec<CallId>,
    to_repeat: Vec<CallId>,
    pending: VecDeque<CallId>,
    failed: u32,
    updated_at: Option<Nanos>,
}

/// All polls of a gateway.
#[derive(Clone, Debug)]
pub(super) struct LongPolls {
    patience: Nanos,
    probe_every: Nanos,
    empty_threshold: u32,
    polls: BTreeMap<CallId, Poll>,
    types: BTreeMap<Text, Waiting>,
    generations: u64,
    starts: VecDeque<CallId>,
}

impl LongPolls {
    pub(super) fn new(settings: &Settings) -> Self {
        LongPolls {
            patience: settings.long_polling_timeout,
            probe_every: settings.probe_every,
            empty_threshold: settings.empty_threshold,
            polls: BTreeMap::new(),
            types: BTreeMap::new(),
            generations: 0,
            starts: VecDeque::new(),
        }
    }

    /// What a poll wants.
    pub(super) fn wanted(&self, call: CallId) -> Option<&Activate> {
        self.polls.get(&call).map(|poll| &poll.wanted)
    }

    /// Takes the next poll that sets out.
    pub(super) fn take_start(&mut self) -> Option<CallId> {
        self.starts.pop_front()
    }

    /// How many polls of a type wait.
    pub(super) fn waiting(&self, job_type: &str) -> usize {
        self.types.get(job_type).map_or(0, |waiting| waiting.pending.len())
    }

    pub(super) fn request<H: Host>(&mut self, call: CallId, wanted: Activate, host: &mut H) {
        let poll = Poll {
            wanted,
            generation: 0,
            on_its_round: false,
            has_timer: false,
            timed_out: false,
            ended: false,
            called_off: false,
        };
        self.polls.insert(call, poll);
        self.activate(call, host);
    }

    /// The client is gone, or waits no longer.
    pub(super) fn call_off<H: Host>(&mut self, call: CallId, host: &mut H) {
        let Some(poll) = self.polls.get_mut(&call) else { return };
        poll.called_off = true;
        // Upstream finds out when it looks at the queue next; nothing is sent for such a poll in between.
        host.cancel_timer(Timer::Poll(call));
        let job_type = poll.wanted.job_type.clone();
        if let Some(waiting) = self.types.get_mut(&job_type) {
            waiting.pending.retain(|other| *other != call);
        }
        self.forget_if_over(call);
    }

    fn state(&mut self, job_type: &Text) -> &mut Waiting {
        let generations = &mut self.generations;
        self.types.entry(job_type.clone()).or_insert_with(|| {
            *generations += 1;
            Waiting { generation: *generations, ..Waiting::default() }
        })
    }

    fn state_of(&mut self, call: CallId) -> Option<&mut Waiting> {
        let poll = self.polls.get(&call)?;
        self.types.get_mut(&poll.wanted.job_type).filter(|waiting| waiting.generation == poll.generation)
    }

    fn activate<H: Host>(&mut self, call: CallId, host: &mut H) {
        let Some(job_type) = self.polls.get(&call).map(|poll| poll.wanted.job_type.clone()) else { return };
        let threshold = self.empty_threshold;
        if self.state(&job_type).failed < threshold {
            self.set_out(call, host);
        } else {
            self.end_or_wait(call, host);
        }
    }

    /// Without a topology upstream does nothing at all: the client hears nothing until its own deadline.
    fn set_out<H: Host>(&mut self, call: CallId, host: &H) {
        let Some(poll) = self.polls.get(&call).filter(|_| host.is_known()) else { return };
        let job_type = poll.wanted.job_type.clone();
        let waiting = self.state(&job_type);
        waiting.active.push(call);
        waiting.pending.retain(|other| *other != call);
        waiting.to_repeat.retain(|other| *other != call);
        let generation = waiting.generation;
        if let Some(poll) = self.polls.get_mut(&call) {
            poll.generation = generation;
            poll.on_its_round = true;
        }
        self.starts.push_back(call);
    }

    /// A partition gave jobs.
    pub(super) fn got<H: Host>(&mut self, call: CallId, batch: &Arc<JobBatch>, host: &mut H) {
        match self.polls.get(&call) {
            Some(poll) if !poll.ended && !poll.called_off => host.answer(call, Reply::Jobs(batch.clone())),
            _ => host.emit(Event::JobsForNobody { jobs: batch.jobs.len() }),
        }
    }

    /// A round is over.
    pub(super) fn round_over<H: Host>(&mut self, call: CallId, (remaining, exhausted): (i32, bool), host: &mut H) {
        let Some(poll) = self.polls.get_mut(&call) else { return };
        poll.on_its_round = false;
        let (job_type, max_jobs) = (poll.wanted.job_type.clone(), poll.wanted.max_jobs);
        if remaining != max_jobs {
            self.end(call, host);
            self.take_from_active(call);
            self.announce(&job_type, host);
        } else if exhausted {
            self.take_from_active(call);
            let text = format!(
                "Expected to activate jobs of type '{job_type}', but no jobs available and at least one broker returned \
                 'RESOURCE_EXHAUSTED'. Please try again later."
            );
            self.finish(call, Reply::Error(Status::new(Code::ResourceExhausted, text)), host);
        } else {
            let now = host.now();
            let repeat = self.state_of(call).is_some_and(|waiting| {
                waiting.failed += 1;
                waiting.updated_at = Some(now);
                waiting.to_repeat.contains(&call)
            });
            self.take_from_active(call);
            if repeat {
                self.activate(call, host);
            } else {
                self.end_or_wait(call, host);
            }
        }
        self.forget_if_over(call);
    }

    fn take_from_active(&mut self, call: CallId) {
        if let Some(waiting) = self.state_of(call) {
            waiting.active.retain(|other| *other != call);
            waiting.to_repeat.retain(|other| *other != call);
        }
    }

    /// Jobs of a type are announced: who waits sets out, and who is on his round goes round again.
    pub(super) fn announce<H: Host>(&mut self, job_type: &Text, host: &mut H) {
        self.drop_obsolete(job_type);
        let waiting = self.state(job_type);
        waiting.failed = 0;
        waiting.to_repeat.extend_from_slice(&waiting.active);
        let pending: Vec<CallId> = waiting.pending.iter().copied().collect();
        if pending.is_empty() && waiting.active.is_empty() {
            self.types.remove(job_type);
        }
        for call in pending {
            self.activate(call, host);
        }
    }

    fn end_or_wait<H: Host>(&mut self, call: CallId, host: &mut H) {
        let (patience, now_obsolete) = match self.polls.get(&call) {
            Some(poll) => (poll.patience(self.patience), poll.is_obsolete()),
            None => return,
        };
        let Some(patience) = patience else { return self.end(call, host) };
        if now_obsolete {
            return;
        }
        let Some(poll) = self.polls.get_mut(&call) else { return };
        if !poll.has_timer {
            poll.has_timer = true;
            host.set_timer(Timer::Poll(call), patience);
        }
        let job_type = poll.wanted.job_type.clone();
        let waiting = self.state(&job_type);
        if !waiting.pending.contains(&call) {
            waiting.pending.push_back(call);
        }
        self.drop_obsolete(&job_type);
    }

    /// A poll has waited long enough. One that is on its round then goes on without a client.
    pub(super) fn timed_out<H: Host>(&mut self, call: CallId, host: &mut H) {
        let Some(job_type) = self.polls.get(&call).map(|poll| poll.wanted.job_type.clone()) else { return };
        if let Some(waiting) = self.types.get_mut(&job_type) {
            waiting.pending.retain(|other| *other != call);
        }
        self.end(call, host);
        if let Some(poll) = self.polls.get_mut(&call) {
            poll.timed_out = true;
        }
        self.drop_obsolete(&job_type);
        self.forget_if_over(call);
    }

    /// Types of which nothing was heard for long: one poll that waits is tried, or the next that comes.
    pub(super) fn probe<H: Host>(&mut self, host: &mut H) {
        let (now, every, threshold) = (host.now(), self.probe_every, self.empty_threshold);
        let stale = |waiting: &Waiting| waiting.updated_at.is_none_or(|updated| updated.saturating_add(every) < now);
        let types: Vec<Text> =
            self.types.iter().filter(|(_, waiting)| stale(waiting)).map(|(job_type, _)| job_type.clone()).collect();
        for job_type in types {
            self.drop_obsolete(&job_type);
            let Some(waiting) = self.types.get_mut(&job_type) else { continue };
            match waiting.pending.pop_front() {
                Some(call) => self.set_out(call, host),
                None => waiting.failed = waiting.failed.min(threshold.saturating_sub(1)),
            }
        }
    }

    fn end<H: Host>(&mut self, call: CallId, host: &mut H) {
        self.finish(call, Reply::End, host);
    }

    fn finish<H: Host>(&mut self, call: CallId, reply: Reply, host: &mut H) {
        let Some(poll) = self.polls.get_mut(&call).filter(|poll| !poll.ended && !poll.called_off) else { return };
        poll.ended = true;
        if poll.has_timer {
            host.cancel_timer(Timer::Poll(call));
        }
        host.answer(call, reply);
    }

    fn drop_obsolete(&mut self, job_type: &Text) {
        let polls = &self.polls;
        let Some(waiting) = self.types.get_mut(job_type) else { return };
        let is_live = |call: &CallId| polls.get(call).is_some_and(|poll| !poll.is_obsolete());
        waiting.pending.retain(is_live);
        waiting.active.retain(is_live);
        waiting.to_repeat.retain(is_live);
    }

    fn forget_if_over(&mut self, call: CallId) {
        if self.polls.get(&call).is_some_and(|poll| poll.is_obsolete() && !poll.on_its_round) {
            self.polls.remove(&call);
        }
    }
}
