//! ACTIVATE: a worker takes jobs.
//!
//! Not modelled: the limit of 4 MB a batch (`truncated` is always false).
//!
//= camunda/zeebe@0.24.4:engine/src/main/java/io/zeebe/engine/processor/workflow/job/JobBatchActivateProcessor.java

use super::Engine;
use crate::protocol::{Job, JobBatch, JobBatchIntent, JobIntent, Record, RejectionType, Value};
use std::sync::Arc;

impl Engine<'_> {
    pub(super) fn activate_jobs(&mut self, record: &Record, value: &JobBatch) {
        if let Some((what, how, was)) = objection(value) {
            let reason = format!("Expected to activate job batch with {what} to be {how}, but it was {was}");
            return self.out.reject(record, RejectionType::InvalidArgument, reason);
        }
        let batch_key = self.state.next_key(self.partition);
        let wanted = usize::try_from(value.max_jobs_to_activate).unwrap_or(0);
        let deadline = record.timestamp + value.timeout;
        let found: Vec<(i64, Arc<Job>)> = self
            .state
            .activatable_jobs(&value.r#type)
            .take(wanted)
            .map(|(key, row)| {
                let scope = row.record.element_instance_key;
                let job = Job {
                    deadline,
                    worker: value.worker.clone(),
                    variables: self.state.visible_variables(scope, &[]),
                    ..(*row.record).clone()
                };
                (key, Arc::new(job))
            })
            .collect();
        for (key, job) in &found {
            self.out.event(*key, JobIntent::Activated, Value::Job(job.clone()));
            self.state.activate_job(*key, job);
        }
        let activated = Value::JobBatch(Arc::new(JobBatch {
            job_keys: found.iter().map(|(key, _)| *key).collect(),
            jobs: found.iter().map(|(_, job)| (**job).clone()).collect(),
            ..value.clone()
        }));
        self.out.accept(record, batch_key, JobBatchIntent::Activated, activated);
    }
}

fn objection(value: &JobBatch) -> Option<(&'static str, &'static str, String)> {
    if value.max_jobs_to_activate < 1 {
        return Some(("max jobs to activate", "greater than zero", format!("'{}'", value.max_jobs_to_activate)));
    }
    if value.timeout < 1 {
        return Some(("timeout", "greater than zero", format!("'{}'", value.timeout)));
    }
    if value.r#type.is_empty() {
        return Some(("type", "present", "blank".to_owned()));
    }
    value.worker.is_empty().then(|| ("worker", "present", "blank".to_owned()))
}
