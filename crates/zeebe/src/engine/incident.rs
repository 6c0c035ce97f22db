//! Incidents: CREATE and RESOLVE.
//!
//! Only those of jobs arise from the modelled elements; one of an element would need its failed record, which is not kept.
//!
//= camunda/zeebe@0.24.4:engine/src/main/java/io/zeebe/engine/processor/workflow/incident/*.java

use super::{Engine, Exception};
use crate::protocol::{Incident, IncidentIntent, Record, RejectionType, Value};
use crate::state::JobState;
use std::sync::Arc;

impl Engine<'_> {
    pub(super) fn incident_command(
        &mut self,
        record: &Record,
        intent: IncidentIntent,
        value: &Arc<Incident>,
    ) -> Result<(), Exception> {
        match intent {
            IncidentIntent::Create => self.create_incident(record, value),
            IncidentIntent::Resolve => return self.resolve_incident(record),
            IncidentIntent::Created | IncidentIntent::Resolved => {}
        }
        Ok(())
    }

    fn create_incident(&mut self, record: &Record, value: &Arc<Incident>) {
        let job_key = value.job_key;
        if job_key <= 0 {
            let key = value.element_instance_key;
            let reason =
                format!("Expected to create incident for failed record with key '{key}', but no such record was found");
            return self.out.reject(record, RejectionType::NotFound, reason);
        }
        match self.state.job(job_key).map(|job| job.state) {
            None => {
                let reason = format!(
                    "Expected to create incident for failed job with key '{job_key}', but no such job was found"
                );
                return self.out.reject(record, RejectionType::NotFound, reason);
            }
            Some(JobState::Failed | JobState::ErrorThrown) => {}
            Some(state) => {
                let state = state.name();
                let reason = format!(
                    "Expected to create incident for failed job with key '{job_key}', but it is in state '{state}'"
                );
                return self.out.reject(record, RejectionType::InvalidState, reason);
            }
        }
        let key = if record.key < 0 { self.state.next_key(self.partition) } else { record.key };
        self.out.accept(record, key, IncidentIntent::Created, record.value.clone());
        self.state.create_incident(key, value.clone());
    }

    fn resolve_incident(&mut self, record: &Record) -> Result<(), Exception> {
        let key = record.key;
        let Some(incident) = self.state.incident(key).cloned() else {
            let reason = format!("Expected to resolve incident with key '{key}', but no such incident was found");
            self.out.reject(record, RejectionType::NotFound, reason);
            return Ok(());
        };
        self.state.delete_incident(key);
        self.out.accept(record, key, IncidentIntent::Resolved, Value::Incident(incident.clone()));
        let Some((job, state)) = self.state.job(incident.job_key).map(|job| (job.record.clone(), job.state)) else {
            return Ok(());
        };
        match state {
            JobState::Failed => {
                self.state.update_job(incident.job_key, &job, JobState::Activatable);
                self.jobs_available(&job);
            }
            JobState::ErrorThrown => self.error_thrown(incident.job_key, &job),
            JobState::Activatable | JobState::Activated => {}
        }
        Ok(())
    }
}
