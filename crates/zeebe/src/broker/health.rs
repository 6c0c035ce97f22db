//! Health, and readiness, which is something else: a partition whose stream processor is dead is unhealthy for good, and its
//! broker is ready all the same, once every partition has been installed.
//!
//! A partition's health is what its monitor knows: failures that are told at once, and what a look every minute finds. So a
//! stream processor that is stuck shows a minute late at most, and a partition that has stepped down with a dead one stays
//! unhealthy until somebody looks or a new one is registered. Left out: the log stream's own health (its appender does not
//! fail here), and that of the database's directory.
//!
//= camunda/zeebe@0.24.4:broker/src/main/java/io/zeebe/broker/system/monitoring/BrokerHealthCheckService.java (readiness)
//= camunda/zeebe@0.24.4:util/src/main/java/io/zeebe/util/health/CriticalComponentsHealthMonitor.java (what is looked at when)
//= camunda/zeebe@0.24.4:broker/src/main/java/io/zeebe/broker/system/partitions/ZeebePartition.java (components)

use super::partition::{Partition, Rest};
use super::{Broker, Shell};
use crate::cluster::{Event, Timer, Zeebe};
use kernel::identity::{MILLIS, Nanos, SECONDS};
use kernel::system::Env;
use raft::Role;

/// From one look at all components to the next.
pub(super) const PERIOD: Nanos = 60 * SECONDS;

/// How something is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Health {
    /// Well.
    Healthy,
    /// Not, or not yet.
    #[default]
    Unhealthy,
}

impl Health {
    const fn of(healthy: bool) -> Self {
        if healthy { Health::Healthy } else { Health::Unhealthy }
    }
}

/// What a partition's monitor knows of its components.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Monitor {
    raft: Health,
    /// The services of whatever role are installed.
    services: Health,
    /// On a leader.
    processor: Option<Health>,
    /// What they came to when that was worked out last.
    status: Health,
}

impl Rest {
    /// The services of a role are installed, or closed for good. Only a change is told.
    pub(super) fn services_are<E: Env<Zeebe>>(&mut self, installed: bool, env: &mut E) {
        let before = std::mem::replace(&mut self.monitor.services, Health::of(installed));
        if before != self.monitor.services {
            self.judge(env);
        }
    }

    /// The Raft member runs, or has failed.
    pub(super) fn raft_is<E: Env<Zeebe>>(&mut self, running: bool, env: &mut E) {
        self.monitor.raft = Health::of(running);
        self.judge(env);
    }

    /// A stream processor has opened, or has died.
    pub(super) fn processor_is<E: Env<Zeebe>>(&mut self, healthy: bool, env: &mut E) {
        self.monitor.processor = Some(Health::of(healthy));
        self.judge(env);
    }

    /// A stream processor is closed. Nothing is worked out anew.
    pub(super) fn processor_is_gone(&mut self) {
        self.monitor.processor = None;
    }

    fn judge<E: Env<Zeebe>>(&mut self, env: &mut E) {
        let Monitor { raft, services, processor, .. } = self.monitor;
        let components = [raft, services, processor.unwrap_or(Health::Healthy)];
        let status = Health::of(components.iter().all(|component| *component == Health::Healthy));
        if std::mem::replace(&mut self.monitor.status, status) != status {
            env.emit(Event::Health { partition: self.number, health: status });
        }
    }
}

impl Partition {
    /// What its monitor says.
    #[must_use]
    pub const fn health(&self) -> Health {
        self.rest.monitor.status
    }

    /// Looks at all components.
    fn look<E: Env<Zeebe>>(&mut self, env: &mut E) {
        let now = (env.wall() / MILLIS).cast_signed();
        if let (Some(known), Some(processor)) = (&mut self.rest.monitor.processor, &self.rest.processor) {
            *known = Health::of(processor.is_healthy(now));
        }
        let runs = self.member().is_some_and(|member| member.role() != Role::Inactive);
        self.rest.raft_is(runs, env);
    }
}

impl Broker {
    /// Whether every partition has been installed once: what a readiness probe asks. It is never taken back.
    #[must_use]
    pub const fn is_ready(&self) -> bool {
        self.shell.ready
    }

    /// What a liveness probe could ask, and by default does not: ready, and every partition healthy.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        self.shell.ready && self.partitions.iter().all(|partition| partition.health() == Health::Healthy)
    }

    pub(super) fn watch_health<E: Env<Zeebe>>(&mut self, env: &mut E) {
        env.set_timer(PERIOD, Timer::Health);
        for partition in &mut self.partitions {
            partition.look(env);
        }
    }
}

impl Shell {
    /// A partition has become a leader's or a follower's.
    pub(super) fn installed<E: Env<Zeebe>>(&mut self, partition: u16, env: &mut E) {
        if !self.ready {
            self.not_installed.retain(|other| *other != partition);
            if self.not_installed.is_empty() {
                self.ready = true;
                env.emit(Event::Ready);
            }
        }
    }
}
