//! Transitions of a partition's services after the role of its Raft member: everything is closed, then opened anew.
//!
//! Who listens for transitions hears nothing of a member that becomes inactive: the topology goes on saying that it leads.
//!
//= camunda/zeebe@0.24.4:broker/src/main/java/io/zeebe/broker/system/partitions/ZeebePartition.java (transitions)

use super::Shell;
use super::database::Database;
use super::director::Director;
use super::exporters::Exporters;
use super::log_stream::LogStream;
use super::partition::Partition;
use crate::cluster::{Event, Job, Zeebe};
use crate::processor::StreamProcessor;
use crate::state::State;
use crate::topology::PartitionLeaders;
use kernel::system::Env;
use raft::Role;

impl Partition {
    /// Roles that were announced: each becomes a transition behind those before it.
    pub(super) fn queue_transitions<E: Env<Zeebe>>(&mut self, shell: &Shell, env: &mut E) {
        for (role, term) in std::mem::take(&mut self.rest.announced) {
            let costs = &shell.settings.costs;
            let service = if role == Role::Leader { costs.install } else { costs.close };
            let partition = self.number();
            env.submit(self.transitions(), service, Job::Install { partition, role, term });
        }
    }

    /// A transition: a leader's services are closed, and opened anew. Other roles differ in nothing.
    pub(super) fn install<E: Env<Zeebe>>(&mut self, role: Role, term: u64, shell: &mut Shell, env: &mut E) {
        let leads = role == Role::Leader;
        if !leads && self.rest.installed.is_some_and(|installed| installed != Role::Leader) && role != Role::Inactive {
            return;
        }
        self.close(env);
        self.rest.installed = Some(role);
        let partition = self.number();
        if leads {
            self.open(shell, env);
            shell.neighbours.leads(partition, term);
        } else if role != Role::Inactive {
            shell.neighbours.follows(partition);
        }
        self.handler_follows(role, shell, env);
        env.emit(Event::Installed { partition, role, term });
        self.rest.services_are(role != Role::Inactive, env);
        if role != Role::Inactive {
            shell.installed(partition, env);
        }
    }

    fn open<E: Env<Zeebe>>(&mut self, shell: &Shell, env: &mut E) {
        self.see_commits();
        let draw = self.rest.draw_for_limits(env);
        self.rest.log = Some(LogStream::new(self.rest.commit_position, draw));
        let (partitions, toggles) = (shell.settings.partitions, shell.settings.toggles.clone());
        let snapshot = self.rest.snapshots.current.as_ref();
        let state = snapshot.map_or_else(State::default, |snapshot| (*snapshot.data.state).clone());
        let exported = snapshot.map(|snapshot| snapshot.data.exported.clone()).unwrap_or_default();
        self.rest.open_exporters(&exported, &shell.settings.exporters, env);
        self.rest.processor = Some(StreamProcessor::new(self.number(), partitions, toggles, state));
        self.rest.processor_is(true, env);
        self.rest.start_director(shell, env);
        self.rest.leaders = PartitionLeaders::new(shell.neighbours.topology());
    }

    fn close<E: Env<Zeebe>>(&mut self, env: &mut E) {
        self.rest.epoch += 1;
        self.rest.working = false;
        self.rest.log = None;
        self.rest.processor = None;
        self.rest.processor_is_gone();
        self.rest.director = Director::Idle;
        self.rest.database = Database::default();
        self.rest.exporters = Exporters::default();
        if let Some(timer) = self.rest.snapshot_timer.take() {
            env.cancel_timer(timer);
        }
        for (_, timer) in self.rest.waits.drain(..) {
            env.cancel_timer(timer);
        }
    }
}
