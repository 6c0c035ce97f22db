//! A gateway, clients and partitions on one queue: every hop takes a millisecond, and nothing is lost.

use crate::partition::{Partition, Told};
use relapse_zeebe::client::{self, Close, Course, Scripted, Worker, WorkerSettings};
use relapse_zeebe::engine::Effect;
use relapse_zeebe::gateway::{self, Attempt, CallId, Command, Gateway, Outcome, Reply, Request, Settings};
use relapse_zeebe::protocol::{DeploymentIntent, Record, Text};
use std::collections::BTreeMap;
use std::sync::Arc;

const HOP: u64 = 1_000_000;
const SCRIPT: &str = "script";

enum Happening {
    GatewayTimer(gateway::Timer),
    ClientTimer(String, client::Timer),
    Request(String, client::Call, Request),
    CalledOff(String, client::Call),
    Reply(String, client::Call, Reply),
    Command(u16, Option<Attempt>, Command),
    Outcome(Attempt, Outcome),
    JobsAvailable(Text),
}

#[derive(Default)]
struct Queue {
    now: u64,
    made: u64,
    waiting: BTreeMap<(u64, u64), Happening>,
}

impl Queue {
    fn add(&mut self, after: u64, happening: Happening) {
        self.made += 1;
        self.waiting.insert((self.now + after, self.made), happening);
    }

    fn replace(&mut self, is_same: impl Fn(&Happening) -> bool) {
        self.waiting.retain(|_, waiting| !is_same(waiting));
    }
}

/// The host of one machine.
struct Bound<'a> {
    queue: &'a mut Queue,
    calls: &'a mut BTreeMap<CallId, (String, client::Call)>,
    who: &'a str,
}

impl gateway::Topology for Bound<'_> {
    fn is_known(&self) -> bool {
        true
    }

    fn partitions_count(&self) -> u16 {
        3
    }

    fn partitions(&self) -> &[u16] {
        &[1, 2, 3]
    }

    fn leader(&self, partition: u16) -> Option<u16> {
        Some(partition - 1)
    }
}

impl gateway::Host for Bound<'_> {
    fn now(&self) -> u64 {
        self.queue.now
    }

    fn set_timer(&mut self, timer: gateway::Timer, after: u64) {
        gateway::Host::cancel_timer(self, timer);
        self.queue.add(after, Happening::GatewayTimer(timer));
    }

    fn cancel_timer(&mut self, timer: gateway::Timer) {
        self.queue.replace(|waiting| matches!(waiting, Happening::GatewayTimer(other) if *other == timer));
    }

    fn send(&mut self, _: u16, partition: u16, attempt: Attempt, command: &Command) {
        self.queue.add(HOP, Happening::Command(partition, Some(attempt), command.clone()));
    }

    fn answer(&mut self, call: CallId, reply: Reply) {
        let Some((who, call)) = self.calls.get(&call) else { return };
        self.queue.add(HOP, Happening::Reply(who.clone(), *call, reply));
    }

    fn status(&self) -> Option<Text> {
        Some("here".into())
    }

    fn emit(&mut self, _: gateway::Event) {}
}

impl client::Host for Bound<'_> {
    fn now(&self) -> u64 {
        self.queue.now
    }

    fn set_timer(&mut self, timer: client::Timer, after: u64) {
        client::Host::cancel_timer(self, timer);
        self.queue.add(after, Happening::ClientTimer(self.who.to_owned(), timer));
    }

    fn cancel_timer(&mut self, timer: client::Timer) {
        let who = self.who;
        self.queue.replace(
            |waiting| matches!(waiting, Happening::ClientTimer(name, other) if name == who && *other == timer),
        );
    }

    fn call(&mut self, call: client::Call, request: Request) {
        self.queue.add(HOP, Happening::Request(self.who.to_owned(), call, request));
    }

    fn call_off(&mut self, call: client::Call) {
        self.queue.add(HOP, Happening::CalledOff(self.who.to_owned(), call));
    }

    fn told(&mut self, _: client::Call, _: &Reply) {}
}

pub struct Cluster {
    queue: Queue,
    gateway: Gateway,
    partitions: BTreeMap<u16, Partition>,
    workers: BTreeMap<String, Worker>,
    script: Option<Scripted>,
    calls: BTreeMap<CallId, (String, client::Call)>,
    made: u64,
}

macro_rules! bound {
    ($cluster:ident, $who:expr) => {
        Bound { queue: &mut $cluster.queue, calls: &mut $cluster.calls, who: $who }
    };
}

impl Cluster {
    pub fn new(order: &[u16]) -> Self {
        let settings = Settings { partition_order: order.into(), ..Settings::default() };
        let mut cluster = Cluster {
            queue: Queue::default(),
            gateway: Gateway::new(Arc::new(settings)),
            partitions: (1..=3).map(|number| (number, Partition::new(number))).collect(),
            workers: BTreeMap::new(),
            script: None,
            calls: BTreeMap::new(),
            made: 0,
        };
        cluster.gateway.start(&mut bound!(cluster, ""));
        cluster
    }

    pub fn log(&self, partition: u16) -> &[Record] {
        &self.partitions[&partition].log
    }

    pub fn last_incident(&self, partition: i64) -> Option<i64> {
        self.partitions.get(&u16::try_from(partition).ok()?)?.last_incident
    }

    pub fn add_worker(&mut self, name: &str, settings: WorkerSettings) {
        let mut worker = Worker::new(Arc::new(settings));
        worker.start(&mut bound!(self, name));
        self.workers.insert(name.to_owned(), worker);
    }

    pub fn close_worker(&mut self, name: &str, how: Close) {
        self.workers.get_mut(name).unwrap().close(how);
    }

    pub fn completed(&self, name: &str) -> u64 {
        self.workers[name].completed()
    }

    /// Runs a script to its end.
    pub fn run_script(&mut self, mut script: Scripted) -> BTreeMap<u64, Course> {
        script.start(&mut bound!(self, SCRIPT));
        self.script = Some(script);
        while !self.script.as_ref().is_some_and(Scripted::is_done) {
            assert!(self.step(u64::MAX), "nothing can happen any more");
        }
        self.script.take().unwrap().courses().clone()
    }

    pub fn run_until(&mut self, end: u64) {
        while self.step(end) {}
        self.queue.now = self.queue.now.max(end);
    }

    fn step(&mut self, end: u64) -> bool {
        let Some(first) = self.queue.waiting.first_entry().filter(|entry| entry.key().0 <= end) else { return false };
        let ((at, _), happening) = first.remove_entry();
        self.queue.now = at;
        match happening {
            Happening::GatewayTimer(timer) => self.gateway.timer(timer, &mut bound!(self, "")),
            Happening::ClientTimer(who, timer) => self.client_timer(&who, timer),
            Happening::Request(who, call, request) => {
                self.made += 1;
                let id = CallId(self.made);
                self.calls.insert(id, (who, call));
                self.gateway.request(id, &request, &mut bound!(self, ""));
            }
            Happening::CalledOff(who, call) => {
                let is_same = |(_, other): &(&CallId, &(String, client::Call))| **other == (who.clone(), call);
                if let Some(id) = self.calls.iter().rfind(is_same).map(|(id, _)| *id) {
                    self.gateway.called_off(id, &mut bound!(self, ""));
                }
            }
            Happening::Reply(who, call, reply) => self.client_reply(&who, call, &reply),
            Happening::Command(partition, attempt, command) => self.process(partition, attempt, &command),
            Happening::Outcome(attempt, outcome) => self.gateway.outcome(attempt, outcome, &mut bound!(self, "")),
            Happening::JobsAvailable(job_type) => self.gateway.jobs_available(&job_type, &mut bound!(self, "")),
        }
        true
    }

    fn client_timer(&mut self, who: &str, timer: client::Timer) {
        let mut host = bound!(self, who);
        if let Some(worker) = self.workers.get_mut(who) {
            worker.timer(timer, &mut host);
        } else if let Some(script) = &mut self.script {
            script.timer(timer, &mut host);
        }
    }

    fn client_reply(&mut self, who: &str, call: client::Call, reply: &Reply) {
        let mut host = bound!(self, who);
        if let Some(worker) = self.workers.get_mut(who) {
            worker.reply(call, reply, &mut host);
        } else if let Some(script) = &mut self.script {
            script.reply(call, reply, &mut host);
        }
    }

    fn process(&mut self, partition: u16, attempt: Option<Attempt>, command: &Command) {
        let now_ms = (self.queue.now / 1_000_000) as i64;
        for told in self.partitions.get_mut(&partition).unwrap().process(now_ms, attempt, command) {
            match told {
                Told::Push(key, value) => {
                    for other in [2, 3] {
                        let push = Command { key, intent: DeploymentIntent::Create.into(), value: value.clone() };
                        self.queue.add(HOP, Happening::Command(other, None, push));
                    }
                }
                Told::Effect(Effect::Answer(answer)) => {
                    let attempt = Attempt(answer.request.request);
                    self.queue.add(HOP, Happening::Outcome(attempt, Outcome::Answer(answer)));
                }
                Told::Effect(Effect::JobsAvailable(job_type)) => {
                    self.queue.add(HOP, Happening::JobsAvailable(job_type));
                }
                Told::Effect(_) => {}
            }
        }
    }
}
