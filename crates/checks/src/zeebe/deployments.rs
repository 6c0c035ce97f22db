//! A deployment that a client was told of is known on every partition; and no two partitions know different workflows by one
//! key.
//!
//! Judged at the end, of deployments that had `SETTLED` of calm since the client was told, since faults were over, and since
//! partition 1 or the one that lacks it got its leader: two rounds of upstream's 15 s (a push, and the one after lost
//! confirmations), and 15 s for gossip. Only partitions whose leader processes are asked: `progress` judges the others. Not
//! covered: a deployment that brought nothing new, since its workflows are known already; whether its message and timer
//! start events are open.
//= specs/zeebe.md 4.3, 4.5, 5.4 (regression), 5.8; 11.1, Oracles (b)

use super::Finding;
use kernel::identity::{Nanos, SECONDS};
use std::sync::Arc;
use zeebe::protocol::DeployedWorkflow;
use zeebe::state::{State, Workflow};

/// A partition does not know a deployment.
pub const LOST: &str = "zeebe/deployment-lost";
/// Two partitions know different workflows by one key.
pub const DIFFERS: &str = "zeebe/deployment-differs";
/// How long a deployment may take to reach every partition, when nothing is in its way.
pub const SETTLED: Nanos = 45 * SECONDS;

#[derive(Clone, Debug)]
struct Told {
    key: i64,
    workflows: Arc<[DeployedWorkflow]>,
    at: Nanos,
}

/// Deployments that clients were told of.
#[derive(Clone, Debug, Default)]
pub struct Deployments(Vec<Told>);

impl Deployments {
    /// A client is told that a deployment is made.
    pub fn told(&mut self, key: i64, workflows: &Arc<[DeployedWorkflow]>, at: Nanos) {
        self.0.push(Told { key, workflows: workflows.clone(), at });
    }

    /// What a partition's leader lacks of the deployments told until `before`.
    pub fn missing(&self, before: Nanos, knows: impl Fn(i64) -> bool) -> Option<Finding> {
        let lacks = |told: &&Told| told.workflows.iter().any(|workflow| !knows(workflow.workflow_key));
        let lost: Vec<&Told> = self.0.iter().filter(|told| told.at <= before).filter(lacks).collect();
        let first = lost.first()?;
        let seconds = first.at as f64 / SECONDS as f64;
        let workflows: Vec<i64> = first.workflows.iter().map(|workflow| workflow.workflow_key).collect();
        let story = format!(
            "the leader does not know {} of the deployments that clients were told of; the first is {}, told at {seconds:.3} \
             s, with the workflows {workflows:?}",
            lost.len(),
            first.key
        );
        Some(Finding { signature: LOST, detail: String::new(), key: Some(first.key), story: vec![story] })
    }
}

/// The first workflow that another partition knows otherwise.
pub fn differing(state: &State, other: (u16, &State)) -> Option<Finding> {
    let differs = |one: &&Arc<Workflow>| {
        let two = other.1.workflow(one.key);
        two.is_some_and(|two| two != *one || two.process != one.process)
    };
    let workflow = state.all_workflows().find(differs)?;
    let story = format!(
        "workflow {} is version {} of {} here, and something else on partition {}",
        workflow.key, workflow.version, &*workflow.process_id, other.0
    );
    Some(Finding { signature: DIFFERS, detail: String::new(), key: None, story: vec![story] })
}

#[cfg(test)]
mod tests {
    use super::super::hand_made::workflow;
    use super::{DIFFERS, Deployments, LOST, differing};
    use zeebe::protocol::DeployedWorkflow;
    use zeebe::state::State;

    fn deployments() -> Deployments {
        let mut deployments = Deployments::default();
        for (key, at) in [(5, 10), (8, 20)] {
            let (version, bpmn_process_id, resource_name) = (1, "p".into(), "p.bpmn".into());
            let workflow = DeployedWorkflow { version, bpmn_process_id, workflow_key: key - 1, resource_name };
            deployments.told(key, &[workflow].into(), at);
        }
        deployments
    }

    #[test]
    fn a_deployment_that_a_partition_does_not_know_is_reported() {
        let finding = deployments().missing(20, |key| key == 4).expect("8 is lost");

        assert_eq!(finding.signature, LOST);
        assert!(finding.story[0].contains("the first is 8"), "{finding:?}");
    }

    #[test]
    fn one_that_is_too_new_to_judge_or_known_is_fine() {
        assert!(deployments().missing(19, |key| key == 4).is_none());
        assert!(deployments().missing(20, |key| [4, 7].contains(&key)).is_none());
    }

    #[test]
    fn one_key_with_two_workflows_is_reported_and_with_one_or_none_is_fine() {
        let (mut one, mut two) = (State::default(), State::default());
        one.put_workflow(workflow(4, "p", 1));
        two.put_workflow(workflow(4, "p", 2));
        assert_eq!(differing(&one, (2, &two)).map(|finding| finding.signature), Some(DIFFERS));

        two.put_workflow(workflow(4, "p", 1));
        two.put_workflow(workflow(9, "q", 1));
        assert!(differing(&one, (2, &two)).is_none());
    }
}
