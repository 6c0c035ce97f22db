//! A partition that processes what it gets at once: the engine with its state, and no log stream around it.

use relapse_zeebe::engine::{Effect, Engine, Output, SeenDeployments, has_processor};
use relapse_zeebe::gateway::{Attempt, Command};
use relapse_zeebe::protocol::{IncidentIntent, NO_POSITION, Record, RecordType, RequestId, Value};
use relapse_zeebe::settings::Toggles;
use relapse_zeebe::state::State;

pub struct Partition {
    number: u16,
    toggles: Toggles,
    state: State,
    seen: SeenDeployments,
    pub log: Vec<Record>,
    pub last_incident: Option<i64>,
}

/// What comes of a command beside records.
pub enum Told {
    Effect(Effect),
    /// A deployment for the other partitions.
    Push(i64, Value),
}

impl Partition {
    pub fn new(number: u16) -> Self {
        Partition {
            number,
            toggles: Toggles::preset("0.24.4").unwrap(),
            state: State::default(),
            seen: SeenDeployments::default(),
            log: Vec::new(),
            last_incident: None,
        }
    }

    /// Processes a command and all that follows from it.
    pub fn process(&mut self, now_ms: i64, attempt: Option<Attempt>, command: &Command) -> Vec<Told> {
        let mut next = self.log.len();
        let request = attempt.map(|attempt| RequestId { stream: 1, request: attempt.0 });
        let Command { key, intent, value } = command.clone();
        self.append(NO_POSITION, now_ms, (key, RecordType::Command, intent, value), request);
        let mut told = Vec::new();
        while let Some(record) = self.log.get(next).cloned() {
            next += 1;
            if !has_processor(record.kind, record.intent) {
                continue;
            }
            let mut out = Output::default();
            self.state.begin();
            let mut engine = Engine {
                partition: self.number,
                toggles: &self.toggles,
                now: now_ms,
                state: &mut self.state,
                seen: &mut self.seen,
                out: &mut out,
            };
            engine.process(&record).unwrap();
            self.state.commit();
            self.seen.commit();
            for follow_up in out.follow_ups {
                let (kind, intent) = (follow_up.kind, follow_up.intent);
                if kind == RecordType::Event && intent == IncidentIntent::Created.into() {
                    self.last_incident = Some(follow_up.key);
                }
                self.append(record.position, now_ms, (follow_up.key, kind, intent, follow_up.value), None);
            }
            told.extend(out.effects.into_iter().map(|effect| match effect {
                Effect::Distribute { key, .. } => Told::Push(key, record.value.clone()),
                effect => Told::Effect(effect),
            }));
        }
        told
    }

    fn append(
        &mut self,
        source: i64,
        timestamp: i64,
        (key, kind, intent, value): (i64, RecordType, relapse_zeebe::protocol::Intent, Value),
        request: Option<RequestId>,
    ) {
        let position = self.log.len() as i64 + 1;
        self.log.push(Record { position, source, key, timestamp, kind, intent, rejection: None, value, request });
    }
}
