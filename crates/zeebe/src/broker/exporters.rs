//! Exporters of a leader: they read what is committed, and what they have acknowledged bounds the snapshots. Positions are
//! part of what a snapshot holds; a new leader exports again from there.
//!
//! One reader feeds all of them, one record after the other. Left out: filters, exporters that throw (which stop the
//! reader for all until they do not), and the records' way into whatever they feed. There is none unless the settings say so,
//! as in the distribution; the recordings were made with one that acknowledges at once.
//!
//= camunda/zeebe@0.24.4:broker/src/main/java/io/zeebe/broker/exporter/stream/ExporterDirector.java (reader, positions)
//= camunda/zeebe@0.24.4:broker/src/main/java/io/zeebe/broker/exporter/stream/ExportersState.java (lowest position)

use super::Shell;
use super::partition::{Partition, Rest};
use crate::cluster::{Acknowledges, Exporter, Job, Timer, Zeebe};
use crate::protocol::{NO_POSITION, Text};
use kernel::identity::Nanos;
use kernel::system::Env;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Records that one job exports at most.
const AT_ONCE: i64 = 64;

/// How far each exporter has acknowledged, by its id.
pub(super) type Positions = BTreeMap<Text, i64>;

/// The reader, and what it has given to whom.
#[derive(Clone, Debug, Default)]
pub(super) struct Exporters {
    /// What the database holds.
    positions: Positions,
    /// By the order of the settings: what was given last.
    given: Vec<i64>,
    read: i64,
    /// Whether the reader has a job.
    exporting: bool,
}

impl Exporters {
    /// What the database holds.
    pub(super) const fn positions(&self) -> &Positions {
        &self.positions
    }

    /// The lowest position; nothing without exporters.
    pub(super) fn lowest(&self) -> Option<i64> {
        self.positions.values().copied().min()
    }
}

impl Rest {
    /// A leader's services are there, with the positions of a snapshot. Those of exporters that are no more are forgotten.
    pub(super) fn open_exporters<E: Env<Zeebe>>(&mut self, known: &Positions, settings: &Arc<[Exporter]>, env: &mut E) {
        let of = |exporter: &Exporter| known.get(&exporter.id).copied().unwrap_or(NO_POSITION);
        let positions: Positions = settings.iter().map(|exporter| (exporter.id.clone(), of(exporter))).collect();
        let given = settings.iter().map(of).collect();
        let read = positions.values().copied().min().unwrap_or(NO_POSITION).max(0);
        self.exporters = Exporters { positions, given, read, exporting: false };
        for (exporter, which) in settings.iter().zip(0..) {
            self.arm_exporter(which, exporter, env);
        }
    }

    fn arm_exporter<E: Env<Zeebe>>(&self, which: u16, exporter: &Exporter, env: &mut E) {
        if let Acknowledges::Every(delay) = exporter.acknowledges {
            let (partition, epoch) = (self.number, self.epoch);
            env.set_timer(delay, Timer::Exporter { partition, epoch, which });
        }
    }
}

impl Partition {
    /// How far an exporter has acknowledged, in the database of this leader.
    #[must_use]
    pub fn exported(&self, id: &str) -> Option<i64> {
        self.rest.exporters.positions.iter().find(|(of, _)| &***of == id).map(|(_, position)| *position)
    }

    /// The reader goes on when there is something to read.
    pub(super) fn read_for_exporters<E: Env<Zeebe>>(&mut self, shell: &Shell, env: &mut E) {
        let exporters = &mut self.rest.exporters;
        if exporters.exporting || exporters.given.is_empty() || exporters.read >= self.rest.commit_position {
            return;
        }
        exporters.exporting = true;
        let upto = self.rest.commit_position.min(exporters.read + AT_ONCE);
        let takes: Nanos = shell.settings.exporters.iter().map(|exporter| exporter.takes).sum();
        let service = takes * (upto - exporters.read).unsigned_abs();
        let (partition, epoch) = (self.number(), self.epoch());
        env.submit(self.exporter_actor(), service, Job::Export { partition, epoch, upto });
    }

    /// Records are exported.
    pub(super) fn exported_upto(&mut self, epoch: u32, upto: i64, shell: &Shell) {
        if epoch != self.epoch() {
            return;
        }
        let Exporters { positions, given, read, exporting } = &mut self.rest.exporters;
        (*read, *exporting) = (upto, false);
        for (exporter, given) in shell.settings.exporters.iter().zip(given) {
            // One that is ahead of the others has had these before.
            *given = upto.max(*given);
            if exporter.acknowledges == Acknowledges::AtOnce && !self.rest.database.is_stopped() {
                positions.insert(exporter.id.clone(), *given);
            }
        }
    }

    /// An exporter that collects has flushed.
    pub(super) fn exporter_flushes<E: Env<Zeebe>>(&mut self, epoch: u32, which: u16, shell: &Shell, env: &mut E) {
        let Some(exporter) = shell.settings.exporters.get(usize::from(which)).filter(|_| epoch == self.epoch()) else {
            return;
        };
        let exporters = &mut self.rest.exporters;
        let works = !self.rest.database.is_stopped();
        if let Some(given) = exporters.given.get(usize::from(which)).filter(|_| works) {
            exporters.positions.insert(exporter.id.clone(), *given);
        }
        self.rest.arm_exporter(which, exporter, env);
    }
}
