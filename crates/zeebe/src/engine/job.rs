//! Jobs: commands of workers and of the leader itself, and what follows from their events.
//!
//= camunda/zeebe@0.24.4:engine/src/main/java/io/zeebe/engine/processor/workflow/job/*.java

use super::{Effect, Engine, Exception};
use crate::protocol::{
    ErrorType, Incident, IncidentIntent, Job, JobIntent, NO_KEY, Record, RejectionType, Text, Value,
    WorkflowInstanceIntent,
};
use crate::state::JobState;
use std::sync::Arc;

impl Engine<'_> {
    pub(super) fn job_command(
        &mut self,
        record: &Record,
        intent: JobIntent,
        value: &Arc<Job>,
    ) -> Result<(), Exception> {
        match intent {
            JobIntent::Create => self.create_job(record, value),
            JobIntent::Complete | JobIntent::Fail | JobIntent::ThrowError => self.worker_command(record, intent, value),
            JobIntent::TimeOut => self.time_out(record, value),
            JobIntent::UpdateRetries => self.update_retries(record, value.retries),
            JobIntent::Cancel => self.cancel_job(record),
            _ => {}
        }
        Ok(())
    }

    pub(super) fn job_event(&mut self, key: i64, intent: JobIntent, value: &Arc<Job>) -> Result<(), Exception> {
        match intent {
            JobIntent::Created => {
                self.state.update_instance(value.element_instance_key, |instance| instance.job_key = key);
            }
            JobIntent::Completed => self.job_completed(value),
            JobIntent::Failed if value.retries <= 0 => {
                self.job_incident(key, value, ErrorType::JobNoRetries, "No more retries left.");
            }
            JobIntent::ErrorThrown => self.error_thrown(key, value),
            _ => {}
        }
        Ok(())
    }

    /// Whoever polls for jobs of this type shall poll again.
    pub(super) fn jobs_available(&mut self, job: &Job) {
        self.out.effects.push(Effect::JobsAvailable(job.r#type.clone()));
    }

    fn create_job(&mut self, record: &Record, value: &Arc<Job>) {
        let key = if record.key < 0 { self.state.next_key(self.partition) } else { record.key };
        self.out.accept(record, key, JobIntent::Created, Value::Job(value.clone()));
        self.state.create_job(key, value);
        self.jobs_available(value);
    }

    /// COMPLETE, FAIL and THROW_ERROR take a job that is activatable or activated.
    fn worker_command(&mut self, record: &Record, intent: JobIntent, value: &Job) {
        let key = record.key;
        let verb = match intent {
            JobIntent::Complete => "complete",
            JobIntent::Fail => "fail",
            _ => "throw an error for",
        };
        let Some((stored, state)) = self.state.job(key).map(|row| (row.record.clone(), row.state)) else {
            let reason = format!("Expected to {verb} job with key '{key}', but no such job was found");
            return self.out.reject(record, RejectionType::NotFound, reason);
        };
        if !matches!(state, JobState::Activatable | JobState::Activated) {
            let state = state.name();
            let reason = format!("Expected to {verb} job with key '{key}', but it is in state '{state}'");
            return self.out.reject(record, RejectionType::InvalidState, reason);
        }
        let mut job = (*stored).clone();
        match intent {
            JobIntent::Complete => {
                job.variables = value.variables.clone();
                self.state.delete_job(key, &job);
                self.out.accept(record, key, JobIntent::Completed, Value::Job(Arc::new(job)));
            }
            JobIntent::Fail => {
                job.retries = value.retries;
                job.error_message = value.error_message.clone();
                let job = Arc::new(job);
                let again = job.retries > 0;
                self.state.update_job(key, &job, if again { JobState::Activatable } else { JobState::Failed });
                if again {
                    self.jobs_available(&job);
                }
                self.out.accept(record, key, JobIntent::Failed, Value::Job(job));
            }
            _ => {
                job.error_code = value.error_code.clone();
                job.error_message = value.error_message.clone();
                let job = Arc::new(job);
                self.state.update_job(key, &job, JobState::ErrorThrown);
                self.state.make_not_activatable(key, &job.r#type);
                self.out.accept(record, key, JobIntent::ErrorThrown, Value::Job(job));
            }
        }
    }

    /// TIME_OUT stores the job as the command has it, not as it is stored.
    fn time_out(&mut self, record: &Record, value: &Arc<Job>) {
        let key = record.key;
        let why = match self.state.job(key).map(|row| row.state) {
            Some(JobState::Activated) => {
                self.state.time_out_job(key, value);
                self.jobs_available(value);
                return self.out.accept(record, key, JobIntent::TimedOut, record.value.clone());
            }
            Some(JobState::Activatable) => "it must be activated first",
            Some(JobState::Failed) => "it is marked as failed",
            Some(JobState::ErrorThrown) | None => "no such job was found",
        };
        let reason = format!("Expected to time out activated job with key '{key}', but {why}");
        self.out.reject(record, RejectionType::NotFound, reason);
    }

    fn update_retries(&mut self, record: &Record, retries: i32) {
        let key = record.key;
        let wish = format!("Expected to update retries for job with key '{key}'");
        if retries <= 0 {
            let reason = format!("{wish} with a positive amount of retries, but the amount given was '{retries}'");
            return self.out.reject(record, RejectionType::InvalidArgument, reason);
        }
        let Some(stored) = self.state.job(key).map(|row| row.record.clone()) else {
            return self.out.reject(record, RejectionType::NotFound, format!("{wish}, but no such job was found"));
        };
        let job = Arc::new(Job { retries, ..(*stored).clone() });
        self.state.put_job_record(key, &job);
        self.out.accept(record, key, JobIntent::RetriesUpdated, Value::Job(job));
    }

    fn cancel_job(&mut self, record: &Record) {
        let key = record.key;
        let Some(job) = self.state.job(key).map(|row| row.record.clone()) else {
            let reason = format!("Expected to cancel job with key '{key}', but no such job was found");
            return self.out.reject(record, RejectionType::NotFound, reason);
        };
        self.state.delete_job(key, &job);
        self.out.accept(record, key, JobIntent::Canceled, Value::Job(job));
    }

    /// The element goes on if its scope is still active; the job's variables wait until it completes.
    fn job_completed(&mut self, job: &Job) {
        let key = job.element_instance_key;
        let Some(instance) = self.state.instance(key) else { return };
        let (scope, value) = (instance.value.flow_scope_key, instance.value.clone());
        if !self.state.instance(scope).is_some_and(|scope| scope.is_active()) {
            return;
        }
        let completing = WorkflowInstanceIntent::ElementCompleting;
        self.state.update_instance(key, |instance| {
            instance.state = completing;
            instance.job_key = -1;
        });
        self.out.event(key, completing, Value::WorkflowInstance(value));
        self.state.temporary_variables.put(key, job.variables.clone());
    }

    /// An error that a worker threw: nothing in the modelled elements catches it.
    pub(super) fn error_thrown(&mut self, key: i64, job: &Job) {
        if self.state.instance(job.element_instance_key).is_some_and(|instance| instance.is_active()) {
            let code = &job.error_code;
            let message = format!("An error was thrown with the code '{code}' but not caught.");
            self.job_incident(key, job, ErrorType::UnhandledErrorEvent, &message);
        }
    }

    fn job_incident(&mut self, job_key: i64, job: &Job, error_type: ErrorType, otherwise: &str) {
        let error_message: Text =
            if job.error_message.is_empty() { otherwise.into() } else { job.error_message.clone() };
        let incident = Incident {
            error_type,
            error_message,
            bpmn_process_id: job.bpmn_process_id.clone(),
            workflow_key: job.workflow_key,
            workflow_instance_key: job.workflow_instance_key,
            element_id: job.element_id.clone(),
            element_instance_key: job.element_instance_key,
            job_key,
            variable_scope_key: job.element_instance_key,
        };
        self.out.command(NO_KEY, IncidentIntent::Create, Value::Incident(Arc::new(incident)));
    }
}
