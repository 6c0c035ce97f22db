//! The job as its pods run it: lines, retries, hangs.

use kernel::identity::SECONDS;
use relapse::systems::restate::Plan;
use restate::Process;
use restate::driver::{Driver, Phase};

use crate::{plan, root, seen};

fn run(plan: &Plan, seed: u64) -> Driver {
    let mut world = plan.build(seed);
    world.run(plan.budget, &mut ());
    match world.node(plan.driver()) {
        Some(Process::Driver(driver)) => (**driver).clone(),
        _ => panic!("the driver is up"),
    }
}

#[test]
fn the_sample_of_upstreams_documentation_gives_its_map() {
    let sets = [
        "workload.job=my-seed",
        "workload.width=3",
        "workload.max_sleep=5000ms",
        "toggles.generator=increasing-targets",
    ];
    let driver = run(&plan("verification.toml", &sets), 0);

    assert_eq!(driver.phase, Phase::Succeeded);
    let (_, last) = driver.lines.last().expect("a line");
    let line: serde_json::Value = serde_json::from_str(last).expect("a line is JSON");
    let expected = serde_json::json!({"84": 2, "27": 1, "30": 1, "91": 1, "23": 1});
    assert_eq!(line["result"]["counters"], expected);
}

#[test]
fn a_pod_prints_the_two_lines_of_the_document() {
    let driver = run(&plan("verification.toml", &[]), 2);

    let (_, first) = &driver.lines[0];
    let ok = r#"{"command": "execute", "test_job": "test-28113175", "result": {"code": "ok", "message": "Success"}}"#;
    assert_eq!(first, ok);
    let (_, second) = &driver.lines[1];
    let head = r#"{"command": "verify", "test_job": "test-28113175", "result": {"code":"internal","message":"Uncaught exception for invocation id "#;
    assert!(second.starts_with(head), "{second}");
    assert!(second.contains(": Incorrect value for target ") && second.contains(": expected "), "{second}");
}

#[test]
fn a_blocked_job_gives_up_after_seven_pods_with_the_back_off_of_the_job_controller() {
    // On fast costs, so that a pod runs for little more than the second that it takes to start.
    let sets = ["workload.job=test-28113838", "workload.verify=true", "workload.pods=7", "cluster.endpoints=3"];
    let plan = plan("golden-tree.toml", &sets);
    let driver = run(&plan, blocked_seed(&plan));

    assert_eq!((driver.phase.clone(), driver.pods), (Phase::GaveUp, 7));
    let verifies: Vec<u64> = driver.lines.iter().skip(1).step_by(2).map(|(at, _)| at / SECONDS).collect();
    let gaps: Vec<u64> = verifies.windows(2).map(|pair| pair[1] - pair[0]).collect();
    for (gap, back_off) in gaps.iter().zip([0, 10, 20, 40, 80, 160]) {
        // A pod takes its second to start and some time to run.
        assert!((back_off + 1..back_off + 5).contains(gap), "{gaps:?}");
    }
}

fn blocked_seed(plan: &Plan) -> u64 {
    let blocks = |seed: &u64| {
        let (findings, _) = seen(plan, *seed);
        !findings.rings.is_empty() && findings.victims().len() > 1
    };
    (0..200).find(blocks).expect("a seed that blocks")
}

#[test]
fn a_verification_of_a_blocked_job_names_a_free_key_and_leaves_one_call_in_each_held_inbox_per_try() {
    let sets = ["workload.job=test-28113838", "workload.verify=true", "workload.pods=7", "cluster.endpoints=3"];
    let plan = plan("golden-tree.toml", &sets);
    let seed = blocked_seed(&plan);
    let (findings, _) = seen(&plan, seed);
    let driver = run(&plan, seed);

    let errors = driver.lines.iter().filter(|(_, line)| line.contains("Incorrect value for target "));
    for (_, line) in errors {
        let rest = line.split("for target ").nth(1).expect("a target");
        let named: i32 = rest.split(':').next().and_then(|key| key.parse().ok()).expect("a key");
        assert!(!findings.locked.contains_key(&named), "{line}");
    }
    let expected = restate::workload::expected_counters(&plan.tree);
    for (key, held) in findings.locked.iter().filter(|(key, _)| expected.iter().any(|(target, _)| target == *key)) {
        // The first pod may have verified before the ring had closed.
        assert!((6..=7).contains(&held.queued_verifies), "{key}: {held:?}");
    }
}

#[test]
fn an_execute_whose_root_is_in_the_ring_hangs_its_pod() {
    let tree = root().join("tests/golden/restate/D10-victims-free-keys.json");
    let sets = [&format!("workload.tree={}", tree.display()), "workload.verify=true", "workload.pods=3"];
    let plan = plan("golden-tree.toml", &sets.map(|set: &str| set));

    let driver = run(&plan, 1);

    assert_eq!((driver.phase, driver.pods), (Phase::Executing, 1));
}
