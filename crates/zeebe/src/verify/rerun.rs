//! One replay of a log, from the state at hand.

use super::course::{Course, Finding};
use super::leader::Leader;
use super::outcome::{Outcome, Report};
use super::request::{Confirmation, Refused};
use crate::protocol::Record;
use crate::replay::{Replay, Scan, Step};

impl Leader<'_> {
    /// Replays what stands behind a snapshot.
    pub fn replay(&mut self, from: i64, confirmations: &[Confirmation]) -> Result<Report, Refused> {
        let records = &self.log.records[usize::try_from(from.max(0)).unwrap_or(0)..];
        let scan = match Scan::of(from, records.iter()) {
            Ok(scan) => scan,
            Err(why) => {
                let (silent, outcome) = (Vec::new(), Outcome::Failed(why));
                return Ok(Report { outcome, silent, replayed: 0, last_source: from });
            }
        };
        let (last_source, needed) = (scan.last_source, scan.is_needed());
        let tail = from.max(scan.last_follow_up);
        let mut replay = Replay::new(scan);
        let mut confirmations = confirmations.iter().peekable();
        let mut course = Course::default();
        let mut replayed = 0;
        for record in records.iter().take_while(|_| needed) {
            course.read(record.position, self.by_source);
            if course.is_over() {
                break;
            }
            while let Some(due) = confirmations.next_if(|due| due.position <= record.position) {
                self.confirm(&mut replay, due)?;
            }
            replayed += u64::from(replay.runs(record));
            if self.step(&mut replay, record, &mut course) {
                break;
            }
        }
        if let Some(due) = confirmations.next().filter(|_| course.is_clean()) {
            return Err(Refused::Confirmation { key: due.key, position: due.position });
        }
        let (outcome, silent) = course.end(|| self.strays(records, tail).next());
        Ok(Report { outcome, silent, replayed, last_source })
    }

    /// Reads one record; whether the replay is over.
    fn step(&mut self, replay: &mut Replay, record: &Record, course: &mut Course) -> bool {
        if let Err(inconsistency) = replay.verify(record, &self.toggles) {
            course.meet(Finding::Raises(inconsistency));
            return true;
        }
        if let Some(difference) = self.asynchronous(record) {
            course.meet(Finding::Differs(Box::new(difference)));
        }
        if replay.runs(record) {
            match self.run(replay, record) {
                Err(exception) => course.meet(Finding::Stuck { position: record.position, exception }),
                Ok(()) => {
                    if let Some(finding) = self.difference(record, replay.scan()) {
                        course.meet(finding);
                    }
                }
            }
        }
        course.is_over() || replay.done(record) == Step::Finished
    }

    fn confirm(&mut self, replay: &mut Replay, due: &Confirmation) -> Result<(), Refused> {
        let Confirmation { key, position } = *due;
        let pushed = |source: i64| source > replay.scan().snapshot && source < position;
        let pending = self.state.pending(key).map(|pending| pending.source_position);
        match pending.filter(|source| pushed(*source) && !self.toggles.fix_5758) {
            Some(source) => {
                self.state.alone(|state| state.remove_pending(key));
                replay.distributed(key, source);
                Ok(())
            }
            None => Err(Refused::Confirmation { key, position }),
        }
    }
}
