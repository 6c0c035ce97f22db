//! An instance that a client was told of comes to its end, if all that it waits for is a worker that is there.
//!
//! Judged at the end, of instances that had `PATIENCE` since the client was told and since faults were over. One that waits
//! for a job is stuck if it was overtaken: a job of an instance that is newer by key was completed on its partition, and
//! since then 30 s have passed; or if no job was completed there for as long. So a worker that cannot keep up, and takes jobs
//! in their order, is no finding. One that waits for nothing at all is stuck if the log has had nothing of it for 30 s.
//! Left out: instances with an incident or a timer, on the blacklist, or with a job that nobody works on. Not covered: whether what was done is right; an
//! instance that is gone without having been completed, which `states` and `committed` would have to find.
//= specs/zeebe.md 9.2, 9.3; 11.1, Oracles (f)

use super::Finding;
use kernel::identity::{Nanos, SECONDS};
use std::collections::{BTreeMap, BTreeSet};
use zeebe::protocol::{Text, partition_of};
use zeebe::state::{JobRow, JobState, State};

/// The check's name.
pub const NAME: &str = "zeebe/instance-stuck";
/// How long an instance may take whose job a worker can have, and how long what overtook it must lie back: a worker's poll,
/// a job's time-out and the broker's look at those.
pub const PATIENCE: Nanos = 60 * SECONDS;
const OVERTAKEN: Nanos = 30 * SECONDS;
/// What the log has had something of within this time goes on.
pub const MOVED: Nanos = 30 * SECONDS;

/// Instances of a partition: what clients were told, and what is completed.
#[derive(Clone, Debug, Default)]
pub struct Instances {
    told: Vec<(i64, Nanos)>,
    /// The newest instance that a job was completed of, each time that it was a newer one.
    newest: Vec<(Nanos, i64)>,
    completed_at: Nanos,
}

/// What an instance waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waits {
    /// A worker that is there, for a job in this state.
    Worker(JobState),
    /// Nothing that is known.
    Nothing,
    /// Something that no check can hurry.
    Other,
}

impl Instances {
    /// A client is told that an instance is created.
    pub fn told(&mut self, key: i64, at: Nanos) {
        self.told.push((key, at));
    }

    /// A job of an instance is completed.
    pub fn job_completed(&mut self, instance: i64, at: Nanos) {
        self.completed_at = at;
        if self.newest.last().is_none_or(|(_, newest)| instance > *newest) {
            self.newest.push((at, instance));
        }
    }

    /// Whether jobs of a newer instance were completed, or none at all, long enough ago.
    fn passed_over(&self, instance: i64, now: Nanos) -> bool {
        let before = now.saturating_sub(OVERTAKEN);
        let overtaken = self.newest.iter().any(|(at, newest)| *at <= before && *newest > instance);
        overtaken || self.completed_at <= before
    }

    /// What is stuck; `calm_since` is the time from which nothing stood in the way, `worked` are the types of jobs with a
    /// worker, and `moved` says whether the log has had something of an instance within `MOVED`.
    pub fn stuck(
        &self,
        state: &State,
        worked: &[Text],
        (calm_since, now): (Nanos, Nanos),
        moved: impl Fn(i64) -> bool,
    ) -> Option<Finding> {
        let old = self.told.iter().filter(|(_, at)| (*at).max(calm_since) + PATIENCE <= now);
        let underway = Underway::of(state);
        let mut stuck = old.filter_map(|(key, at)| match underway.waits(*key, state, worked) {
            Some(Waits::Nothing) if !moved(*key) => Some((key, at, "nothing".to_owned())),
            Some(Waits::Worker(job)) if self.passed_over(*key, now) => {
                Some((key, at, format!("a worker, its job being {}", job.name())))
            }
            _ => None,
        });
        let (key, at, waits) = stuck.next()?;
        let seconds = *at as f64 / SECONDS as f64;
        let story = format!(
            "{} instances are stuck; the first is {key}, which a client was told of at {seconds:.3} s and which waits for \
             {waits}",
            1 + stuck.count()
        );
        Some(Finding { signature: NAME, detail: String::new(), key: None, story: vec![story] })
    }
}

/// What a state holds by instance: one look at it for all instances.
struct Underway<'a> {
    /// Instances with an incident or a timer.
    excused: BTreeSet<i64>,
    /// The first job of each.
    jobs: BTreeMap<i64, &'a JobRow>,
}

impl<'a> Underway<'a> {
    fn of(state: &'a State) -> Self {
        let incidents = state.all_incidents().map(|incident| incident.workflow_instance_key);
        let timers = state.all_timers().map(|timer| timer.record.workflow_instance_key);
        let mut jobs = BTreeMap::new();
        for (_, job) in state.all_jobs() {
            jobs.entry(job.record.workflow_instance_key).or_insert(job);
        }
        Underway { excused: incidents.chain(timers).collect(), jobs }
    }

    /// What an instance waits for; nothing if it has come to its end.
    fn waits(&self, instance: i64, state: &State, worked: &[Text]) -> Option<Waits> {
        state.instance(instance)?;
        if state.is_blacklisted(instance) || self.excused.contains(&instance) {
            return Some(Waits::Other);
        }
        let Some(job) = self.jobs.get(&instance) else { return Some(Waits::Nothing) };
        Some(if worked.contains(&job.record.r#type) { Waits::Worker(job.state) } else { Waits::Other })
    }
}

/// The place of a key's partition among all.
pub fn place_of(key: i64) -> Option<usize> {
    usize::try_from(partition_of(key) - 1).ok()
}

#[cfg(test)]
mod tests {
    use super::{Instances, NAME, PATIENCE};
    use kernel::identity::{Nanos, SECONDS};
    use std::sync::Arc;
    use zeebe::protocol::{Incident, Job, WorkflowInstance};
    use zeebe::state::State;

    const NOW: Nanos = 300 * SECONDS;

    /// A state in which instance 7 is under way, with a job if one is given.
    fn state(job: Option<&str>) -> State {
        let mut state = State::default();
        state.new_instance(7, Arc::new(WorkflowInstance::default()));
        if let Some(kind) = job {
            let job = Job { r#type: kind.into(), workflow_instance_key: 7, ..Job::default() };
            state.create_job(9, &Arc::new(job));
        }
        state
    }

    /// Instance 7 was told of at a time; jobs were completed of these.
    fn stuck(state: &State, told: Nanos, completed: &[(i64, Nanos)]) -> Option<&'static str> {
        let mut instances = Instances::default();
        instances.told(7, told);
        completed.iter().for_each(|(instance, at)| instances.job_completed(*instance, *at));
        instances.stuck(state, &["work".into()], (0, NOW), |_| false).map(|finding| finding.signature)
    }

    #[test]
    fn an_instance_that_others_overtook_is_reported() {
        let completed = [(5, NOW - 50 * SECONDS), (8, NOW - 40 * SECONDS), (9, NOW)];
        assert_eq!(stuck(&state(Some("work")), 10, &completed), Some(NAME));
    }

    #[test]
    fn one_without_a_job_and_one_where_nothing_goes_on_are_reported() {
        assert_eq!(stuck(&state(None), 10, &[(9, NOW)]), Some(NAME));
        assert_eq!(stuck(&state(Some("work")), 10, &[(5, NOW - 40 * SECONDS)]), Some(NAME));
    }

    #[test]
    fn one_that_waits_for_its_turn_is_fine() {
        assert_eq!(stuck(&state(Some("work")), 10, &[(5, NOW), (8, NOW)]), None, "overtaken just now");
        assert_eq!(stuck(&state(Some("work")), NOW - PATIENCE + 1, &[(8, 1)]), None, "too new");
        assert_eq!(stuck(&state(Some("other")), 10, &[(8, 1)]), None, "nobody works on it");
    }

    #[test]
    fn one_without_a_job_that_has_just_moved_is_fine() {
        let mut instances = Instances::default();
        instances.told(7, 10);
        assert!(instances.stuck(&state(None), &[], (0, NOW), |key| key == 7).is_none());
        assert!(instances.stuck(&state(None), &[], (0, NOW), |key| key == 8).is_some());
    }

    #[test]
    fn one_with_an_incident_and_one_that_is_over_are_fine() {
        let mut state = state(Some("work"));
        let incident = Incident { workflow_instance_key: 7, ..incident() };
        state.create_incident(11, Arc::new(incident));
        assert_eq!(stuck(&state, 10, &[(8, 1)]), None);
        assert_eq!(stuck(&State::default(), 10, &[(8, 1)]), None);
    }

    fn incident() -> Incident {
        Incident {
            error_type: zeebe::protocol::ErrorType::JobNoRetries,
            error_message: "".into(),
            bpmn_process_id: "".into(),
            workflow_key: -1,
            workflow_instance_key: -1,
            element_id: "".into(),
            element_instance_key: -1,
            job_key: 9,
            variable_scope_key: -1,
        }
    }
}
