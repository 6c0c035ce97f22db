//! Jobs, those that can be activated by their type, and those that are activated by their deadline.
//!
//! A stored job has no variables, whatever its record said.
//!
//= camunda/zeebe@0.24.4:engine/src/main/java/io/zeebe/engine/state/instance/JobState.java (tables and transitions)

use super::State;
use crate::protocol::{Document, Job, Text};
use std::sync::Arc;

/// What a job is waiting for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum JobState {
    /// A worker.
    Activatable,
    /// Its worker.
    Activated,
    /// An operator.
    Failed,
    /// An operator, after an error that nothing caught.
    ErrorThrown,
}

impl JobState {
    /// Its name in messages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            JobState::Activatable => "ACTIVATABLE",
            JobState::Activated => "ACTIVATED",
            JobState::Failed => "FAILED",
            JobState::ErrorThrown => "ERROR_THROWN",
        }
    }
}

/// A stored job.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct JobRow {
    /// Its record, without variables.
    pub record: Arc<Job>,
    /// What it is waiting for.
    pub state: JobState,
}

impl State {
    /// A job.
    #[must_use]
    pub fn job(&self, key: i64) -> Option<&JobRow> {
        self.jobs.get(&key)
    }

    /// All jobs, by key.
    pub fn all_jobs(&self) -> impl Iterator<Item = (i64, &JobRow)> {
        self.jobs.iter().map(|(key, row)| (*key, row))
    }

    /// Stores a job that can be activated.
    pub fn create_job(&mut self, key: i64, record: &Arc<Job>) {
        self.put_job(key, record, JobState::Activatable);
        self.activatable.put((record.r#type.clone(), key), ());
    }

    /// Stores a job as activated until its deadline.
    pub fn activate_job(&mut self, key: i64, record: &Arc<Job>) {
        self.put_job(key, record, JobState::Activated);
        self.activatable.delete(&(record.r#type.clone(), key));
        self.deadlines.put((record.deadline, key), ());
    }

    /// Stores a job, as the command has it, as one that can be activated again.
    pub fn time_out_job(&mut self, key: i64, record: &Arc<Job>) {
        self.create_job(key, record);
        self.deadlines.delete(&(record.deadline, key));
    }

    /// Stores a job that failed, or whose incident is resolved: to be activated again if it has retries.
    pub fn update_job(&mut self, key: i64, record: &Arc<Job>, state: JobState) {
        self.put_job(key, record, state);
        if state == JobState::Activatable {
            self.activatable.put((record.r#type.clone(), key), ());
        }
        if record.deadline > 0 {
            self.deadlines.delete(&(record.deadline, key));
        }
    }

    /// Keeps a job from being activated: it goes out of the list, whatever its state.
    pub fn make_not_activatable(&mut self, key: i64, kind: &Text) {
        self.activatable.delete(&(kind.clone(), key));
    }

    /// Changes a job's record and nothing else.
    pub fn put_job_record(&mut self, key: i64, record: &Arc<Job>) {
        if let Some(row) = self.jobs.get(&key) {
            let state = row.state;
            self.put_job(key, record, state);
        }
    }

    /// Removes a job that is completed or cancelled.
    pub fn delete_job(&mut self, key: i64, record: &Job) {
        self.jobs.delete(&key);
        self.activatable.delete(&(record.r#type.clone(), key));
        self.deadlines.delete(&(record.deadline, key));
    }

    /// Jobs of a type that can be activated, in the order of their keys.
    pub fn activatable_jobs<'a>(&'a self, kind: &Text) -> impl Iterator<Item = (i64, &'a JobRow)> + use<'a> {
        self.activatable
            .range((kind.clone(), i64::MIN)..=(kind.clone(), i64::MAX))
            .filter_map(|((_, key), ())| self.jobs.get(key).map(|row| (*key, row)))
    }

    /// Jobs whose deadline is before a time, in the order of deadline and key.
    pub fn overdue_jobs(&self, now: i64) -> impl Iterator<Item = (i64, &Arc<Job>)> {
        self.deadlines
            .range(..(now, i64::MIN))
            .filter_map(|((_, key), ())| self.jobs.get(key).map(|row| (*key, &row.record)))
    }

    fn put_job(&mut self, key: i64, record: &Arc<Job>, state: JobState) {
        let record = if record.variables.is_empty() {
            record.clone()
        } else {
            Arc::new(Job { variables: Document::default(), ..(**record).clone() })
        };
        self.jobs.put(key, JobRow { record, state });
    }
}
