//! The sequences T1 to T5 of the specification, by position and key, and what the storage errors of the cache that is not
//! rolled back come to. One stream processor per partition on a stage; the cluster around them is not there.

mod messages;
mod stage;
mod toggles;

use relapse_zeebe::bpmn::encode;
use relapse_zeebe::processor::{Notice, Phase, StoragePoint};
use relapse_zeebe::protocol::{
    Deployment, DeploymentIntent, Document, Job, JobBatch, JobBatchIntent, JobIntent, NO_KEY, Resource, Value,
    WorkflowInstanceCreation, WorkflowInstanceCreationIntent,
};
use relapse_zeebe::state::State;
use stage::Stage;
use std::sync::Arc;

const K: i64 = 2_251_799_813_685_248;
const BENCHMARK: &[u8] = include_bytes!("../../../../tests/fixtures/zeebe/benchmark.bpmn");

fn deploy(stage: &mut Stage) {
    let resource = Resource {
        resource: encode(BENCHMARK).into(),
        resource_type: "BPMN_XML".into(),
        resource_name: "benchmark.bpmn".into(),
    };
    let value = Deployment { resources: vec![resource], deployed_workflows: Vec::new() };
    stage.command(1, NO_KEY, DeploymentIntent::Create, Value::Deployment(Arc::new(value)));
}

fn create(stage: &mut Stage) {
    let value = WorkflowInstanceCreation {
        bpmn_process_id: "benchmark".into(),
        version: -1,
        workflow_key: 0,
        workflow_instance_key: -1,
        variables: Document::default(),
    };
    let value = Value::WorkflowInstanceCreation(Arc::new(value));
    stage.command(1, NO_KEY, WorkflowInstanceCreationIntent::Create, value);
}

fn activate(stage: &mut Stage, timeout: i64) {
    let value = JobBatch {
        r#type: "benchmark-task".into(),
        worker: "benchmark-worker".into(),
        timeout,
        max_jobs_to_activate: 1,
        job_keys: Vec::new(),
        jobs: Vec::new(),
        truncated: false,
    };
    stage.command(1, NO_KEY, JobBatchIntent::Activate, Value::JobBatch(Arc::new(value)));
}

/// T1 and the first half of T2.
fn activated(preset: &str, timeout: i64) -> Stage {
    let mut stage = Stage::new(preset);
    deploy(&mut stage);
    create(&mut stage);
    activate(&mut stage, timeout);
    stage
}

fn finished(preset: &str) -> Stage {
    let mut stage = activated(preset, 1_800);
    stage.command(1, K + 8, JobIntent::Complete, Value::Job(Arc::new(Job::default())));
    stage
}

#[test]
fn t1_a_deployment_without_a_fault() {
    let mut stage = Stage::new("0.24.4");
    deploy(&mut stage);
    assert_eq!(
        stage.log(1, 1),
        [
            "1 C DEPLOYMENT.CREATE - -",
            "2 E DEPLOYMENT.CREATED k2 1",
            "3 C DEPLOYMENT.DISTRIBUTE k2 2",
            "4 E DEPLOYMENT.DISTRIBUTED k2 3"
        ]
    );
    for partition in [2, 3] {
        assert_eq!(stage.log(partition, 1), ["1 C DEPLOYMENT.CREATE k2 -", "2 E DEPLOYMENT.CREATED k2 1"]);
    }
    assert!(stage.processor(1).state().pending(K + 2).is_none());
    for partition in 1..=3 {
        assert!(stage.processor(partition).seen().contains(K + 2), "{partition}");
    }
}

#[test]
fn t2_one_instance_from_end_to_end() {
    let stage = finished("0.24.4");
    let expected = "5 C WIC.CREATE - -|6 E WI.ELEMENT_ACTIVATING k3 5|7 E WIC.CREATED k4 5|8 E WI.ELEMENT_ACTIVATED k3 6|\
        9 E WI.ELEMENT_ACTIVATING k5 8|10 E WI.ELEMENT_ACTIVATED k5 9|11 E WI.ELEMENT_COMPLETING k5 10|\
        12 E WI.ELEMENT_COMPLETED k5 11|13 E WI.SEQUENCE_FLOW_TAKEN k6 12|14 E WI.ELEMENT_ACTIVATING k7 13|\
        15 E WI.ELEMENT_ACTIVATED k7 14|16 C JOB.CREATE - 15|17 E JOB.CREATED k8 16|18 C JOB_BATCH.ACTIVATE - -|\
        19 E JOB.ACTIVATED k8 18|20 E JOB_BATCH.ACTIVATED k9 18|21 C JOB.COMPLETE k8 -|22 E JOB.COMPLETED k8 21|\
        23 E WI.ELEMENT_COMPLETING k7 22|24 E WI.ELEMENT_COMPLETED k7 23|25 E WI.SEQUENCE_FLOW_TAKEN k10 24|\
        26 E WI.ELEMENT_ACTIVATING k11 25|27 E WI.ELEMENT_ACTIVATED k11 26|28 E WI.ELEMENT_COMPLETING k11 27|\
        29 E WI.ELEMENT_COMPLETED k11 28|30 E WI.ELEMENT_COMPLETING k3 29|31 E WI.ELEMENT_COMPLETED k3 30";
    assert_eq!(stage.log(1, 5).join("|"), expected);
    let mut state = stage.processor(1).state().clone();
    for (column, rows) in state.sizes() {
        let left = ["instances", "children", "jobs", "activatable", "deadlines", "variables"].contains(&column);
        assert!(!left || rows == 0, "{column}: {rows}");
    }
    assert_eq!(state.next_key(1), K + 12);
}

#[test]
fn t3_a_new_leader_replays_and_pushes_again() {
    for held in [false, true] {
        let mut stage = finished("0.24.4");
        stage.world.notices.clear();
        stage.lead(1, State::default());
        stage.world.held = held;
        if held {
            stage.run();
            stage.world.held = false;
        }
        stage.run();
        let notices: Vec<&Notice> = stage.world.notices.iter().map(|(_, notice)| notice).collect();
        assert!(notices.contains(&&Notice::Reprocessing { last_source: 30 }), "{notices:?}");
        assert!(notices.contains(&&Notice::Reprocessed { position: 31 }), "{notices:?}");
        assert!(notices.contains(&&Notice::Processed { position: 31 }), "{notices:?}");
        assert_eq!(stage.processor(1).phase(), Phase::Processing);
        assert_eq!(stage.processor(1).state().clone().next_key(1), K + 12);
        for partition in [2, 3] {
            let log = stage.log(partition, 3);
            assert_eq!(log[..2], ["3 C DEPLOYMENT.CREATE k2 -", "4 R DEPLOYMENT.CREATE k2 3"]);
            assert_eq!(log.len(), if held { 4 } else { 2 }, "{log:?}");
        }
        let tail = stage.log(1, 32);
        assert_eq!(tail, if held { vec!["32 E DEPLOYMENT.DISTRIBUTED k2 3"] } else { vec![] });
    }
}

#[test]
fn t4_a_replica_with_an_older_snapshot_dies_of_two_creates_of_one_deployment() {
    let run = |preset: &str, second: i64| {
        let mut stage = Stage::new(preset);
        deploy(&mut stage);
        let snapshot = stage.processor(3).state().clone();
        assert_eq!(snapshot.last_processed(), 2);
        // A dies, B leads from its snapshot; partition 1 has a new leader too, and pushes again.
        stage.lead(3, snapshot.clone());
        stage.run();
        stage.lead(1, State::default());
        stage.run();
        assert_eq!(stage.log(3, 3)[..2], ["3 C DEPLOYMENT.CREATE k2 -", "4 E DEPLOYMENT.CREATED k2 3"], "{preset}");
        stage.lead(3, if second < 0 { State::default() } else { snapshot });
        stage.world.notices.clear();
        stage.run();
        stage
    };
    let stage = run("0.24.4", -1);
    assert_eq!(stage.processor(3).phase(), Phase::Failed);
    let resource = encode(BENCHMARK);
    let expected = format!(
        "Reprocessing issue detected! Restore the data from a backup and follow the recommended upgrade procedure. \
         [cause: \"The intent of the record on the log stream doesn't match to the record from reprocessing.\", \
         log-stream-record: {{\"partitionId\":3,\"value\":{{\"resources\":[{{\"resource\":\"{resource}\",\
         \"resourceType\":\"BPMN_XML\",\"resourceName\":\"benchmark.bpmn\"}}],\"deployedWorkflows\":[{{\"version\":1,\
         \"bpmnProcessId\":\"benchmark\",\"workflowKey\":2251799813685249,\"resourceName\":\"benchmark.bpmn\"}}]}},\
         \"sourceRecordPosition\":3,\"timestamp\":1600000000000,\"position\":4,\"valueType\":\"DEPLOYMENT\",\
         \"intent\":\"CREATED\",\"recordType\":\"EVENT\",\"rejectionReason\":\"\",\"rejectionType\":\"NULL_VAL\",\
         \"key\":2251799813685250}}, reprocessing-record: {{key=2251799813685250, sourceRecordPosition=3, \
         intent=DeploymentIntent:CREATE, recordType=COMMAND_REJECTION}}]"
    );
    assert_eq!(stage.death(), Some(&*expected));
    assert_eq!(run("0.24.4", 2).processor(3).phase(), Phase::Processing, "from the newer snapshot");
    assert_eq!(run("fixed", -1).processor(3).phase(), Phase::Processing, "mended");
    assert_eq!(run("0.24.5", -1).processor(3).phase(), Phase::Processing, "not looked at");
}

/// The second control of T4: fewer CREATEs are replayed than the log's leader saw. No exception, one entry in the ledger.
#[test]
fn t4_a_replica_with_a_newer_snapshot_accepts_what_the_log_refused() {
    for (snapshot, silent) in [(2, 1), (-1, 0)] {
        let mut stage = Stage::new("0.24.4");
        deploy(&mut stage);
        let state = stage.processor(3).state().clone();
        assert_eq!(state.last_processed(), 2);
        // A goes on leading; partition 1 has a new leader, which pushes again.
        stage.lead(1, State::default());
        stage.run();
        let log = ["3 C DEPLOYMENT.CREATE k2 -", "4 R DEPLOYMENT.CREATE k2 3"];
        assert_eq!(stage.log(3, 3), log);
        stage.world.notices.clear();
        stage.lead(3, if snapshot < 0 { State::default() } else { state });
        stage.run();
        let created =
            "{key=2251799813685250, sourceRecordPosition=3, intent=DeploymentIntent:CREATED, recordType=EVENT}";
        let ledger: Vec<(i64, String)> = (0..silent).map(|_| (4, created.to_owned())).collect();
        assert_eq!(stage.divergences(), ledger, "from {snapshot}");
        assert_eq!((stage.processor(3).phase(), stage.death()), (Phase::Processing, None), "from {snapshot}");
        assert_eq!(stage.log(3, 3), log, "from {snapshot}");
    }
}

#[test]
fn t5_confirmations_between_distribute_and_a_time_out_with_its_source_kill_the_leader() {
    let recorded = |preset: &str| {
        let mut stage = activated(preset, 300);
        let snapshot = stage.processor(1).state().clone();
        assert_eq!(snapshot.last_processed(), 18);
        stage.world.held = true;
        deploy(&mut stage);
        stage.pass(30_000);
        (stage, snapshot)
    };
    let (stage, _) = recorded("0.24.4");
    assert_eq!(
        stage.log(1, 21),
        [
            "21 C DEPLOYMENT.CREATE - -",
            "22 E DEPLOYMENT.CREATED k10 21",
            "23 C DEPLOYMENT.DISTRIBUTE k10 22",
            "24 C JOB.TIME_OUT k8 23",
            "25 E JOB.TIMED_OUT k8 24"
        ]
    );
    // Confirmed between the replay of 23 and the reading of 24.
    let replay = |preset: &str, early: bool| {
        let (mut stage, snapshot) = recorded(preset);
        stage.world.confirmations.clear();
        stage.world.held = true;
        stage.lead(1, snapshot);
        if early {
            while stage.world.pushes.is_empty() && stage.step(1) {}
            for partition in [2, 3] {
                stage.submit(1, relapse_zeebe::processor::Job::Confirmed { key: K + 10, partition });
            }
        }
        stage.run();
        stage.world.held = false;
        stage.run();
        stage
    };
    let stage = replay("0.24.4", true);
    assert_eq!(stage.processor(1).phase(), Phase::Failed);
    let expected = "Reprocessing issue detected! Restore the data from a backup and follow the recommended upgrade \
                    procedure. [cause: \"The key of the record on the log stream doesn't match to the record from \
                    reprocessing.\", log-stream-record: {\"partitionId\":1,\"value\":{\"type\":\"benchmark-task\",\
                    \"retries\":3,\"worker\":\"benchmark-worker\",\"deadline\":1600000000300,\"variables\":{},\
                    \"customHeaders\":{},\"errorMessage\":\"\",\"errorCode\":\"\",\"bpmnProcessId\":\"benchmark\",\
                    \"workflowKey\":2251799813685249,\"workflowDefinitionVersion\":1,\
                    \"workflowInstanceKey\":2251799813685251,\"elementId\":\"task\",\
                    \"elementInstanceKey\":2251799813685255},\"sourceRecordPosition\":23,\
                    \"timestamp\":1600000030000,\"position\":24,\"valueType\":\"JOB\",\"intent\":\"TIME_OUT\",\
                    \"recordType\":\"COMMAND\",\"rejectionReason\":\"\",\"rejectionType\":\"NULL_VAL\",\
                    \"key\":2251799813685256}, reprocessing-record: {key=2251799813685258, sourceRecordPosition=23, \
                    intent=DeploymentIntent:DISTRIBUTED, recordType=EVENT}]";
    assert_eq!(stage.death(), Some(expected));
    let late = replay("0.24.4", false);
    assert_eq!(late.processor(1).phase(), Phase::Processing);
    assert_eq!(late.log(1, 26), ["26 E DEPLOYMENT.DISTRIBUTED k10 23"], "pushed again after the recovery");
    let (mut stage, _) = recorded("0.24.4");
    let newer = stage.processor(1).state().clone();
    assert_eq!(newer.last_processed(), 24);
    stage.lead(1, newer);
    stage.run();
    assert_eq!(stage.processor(1).phase(), Phase::Processing, "nothing to replay");
}

/// Mended, the shared writer forgets its source and the push is a side effect: nothing is left to be confused.
#[test]
fn t5_mended() {
    let mut stage = activated("fixed", 300);
    let snapshot = stage.processor(1).state().clone();
    stage.world.held = true;
    deploy(&mut stage);
    stage.pass(30_000);
    assert!(stage.log(1, 24)[0].starts_with("24 C JOB.TIME_OUT k8 -"), "{:?}", stage.log(1, 24));
    stage.lead(1, snapshot);
    stage.world.held = false;
    stage.run();
    assert_eq!(stage.processor(1).phase(), Phase::Processing);
    assert!(stage.processor(1).state().pending(K + 10).is_none(), "pushed again from the state, and confirmed");
}

/// A storage error after the deployment was put: the same transaction goes on, the key has been seen, and the log gets a
/// rejection of a deployment that nobody made before. A new leader accepts it: a silent divergence.
#[test]
fn a_storage_error_makes_a_first_create_look_like_a_second() {
    for (preset, expected) in [("0.24.4", "2 R DEPLOYMENT.CREATE k2 1"), ("fixed", "2 E DEPLOYMENT.CREATED k2 1")] {
        let mut stage = Stage::new(preset);
        stage.world.storage = vec![(StoragePoint::MarkProcessed, 3)];
        deploy(&mut stage);
        stage.pass(250);
        let logs: Vec<String> = [2, 3].iter().map(|partition| stage.log(*partition, 2)[0].clone()).collect();
        assert!(logs.contains(&expected.to_owned()), "{preset}: {logs:?}");
        stage.world.notices.clear();
        for partition in [2, 3] {
            stage.lead(partition, State::default());
        }
        stage.run();
        let created =
            "{key=2251799813685250, sourceRecordPosition=1, intent=DeploymentIntent:CREATED, recordType=EVENT}";
        let silent = (preset == "0.24.4").then(|| (2, created.to_owned()));
        assert_eq!(stage.divergences(), silent.into_iter().collect::<Vec<_>>(), "{preset}");
    }
}
