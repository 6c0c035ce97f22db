//! A leader for tests: its processors, without a log and without time.

#![allow(dead_code, reason = "no test needs all of it")]

use relapse_zeebe::engine::{Engine, FollowUp, Output, SeenDeployments, has_processor};
use relapse_zeebe::exported::LogFile;
use relapse_zeebe::protocol::{Intent, NO_POSITION, Record, RecordType, Value};
use relapse_zeebe::settings::Toggles;
use relapse_zeebe::state::State;

/// A leader of one partition, without a log.
pub struct Leader {
    pub partition: u16,
    pub toggles: Toggles,
    pub now: i64,
    pub state: State,
    pub seen: SeenDeployments,
    pub out: Output,
}

impl Leader {
    pub fn of(partition: u16) -> Self {
        let toggles = Toggles::preset("0.24.4").unwrap();
        let (state, seen, out) = (State::default(), SeenDeployments::default(), Output::default());
        Leader { partition, toggles, now: 0, state, seen, out }
    }

    pub fn process(&mut self, record: &Record) -> Vec<FollowUp> {
        self.out.clear();
        self.state.begin();
        let Leader { partition, toggles, now, state, seen, out } = self;
        Engine { partition: *partition, toggles, now: *now, state, seen, out }.process(record).unwrap();
        self.state.commit();
        self.out.follow_ups.clone()
    }

    pub fn command(&mut self, key: i64, intent: impl Into<Intent>, value: Value) -> Vec<FollowUp> {
        self.process(&record(key, RecordType::Command, intent.into(), value))
    }

    /// Processes a follow-up as if it were on the log.
    fn follow(&mut self, one: &FollowUp) -> Vec<FollowUp> {
        self.process(&record(one.key, one.kind, one.intent, one.value.clone()))
    }

    /// Processes a record and all that follows from it; what was written, in order.
    pub fn run(&mut self, record: &Record) -> Vec<FollowUp> {
        let mut written = self.process(record);
        let mut at = 0;
        while at < written.len() {
            let one = written[at].clone();
            if has_processor(one.kind, one.intent) {
                written.extend(self.follow(&one));
            }
            at += 1;
        }
        written
    }
}

pub fn record(key: i64, kind: RecordType, intent: Intent, value: Value) -> Record {
    let (position, source) = (NO_POSITION, NO_POSITION);
    Record { position, source, key, timestamp: 0, kind, intent, rejection: None, value, request: None }
}

pub fn log(name: &str) -> LogFile {
    let path = format!("{}/../../tests/golden/zeebe/{name}", env!("CARGO_MANIFEST_DIR"));
    LogFile::read(name, &std::fs::read(path).unwrap()).unwrap()
}
