//! What can still be reached, and what is left, over whole runs: nothing is called quiet before it is.

use checks::restate::job::Findings;
use checks::restate::{reach, rows, server};
use kernel::event::{Event, Observer, What};
use kernel::verdict::Outcome;
use kernel::world::World;
use restate::Restate;
use restate::event::Event as Said;

use crate::{plan, root, tree_plan};

/// Counts the ends of invocations.
#[derive(Default)]
struct Ends(u64);

impl Observer<Restate> for Ends {
    fn on_event(&mut self, event: &Event<'_, Restate>, _: &World<Restate>) {
        self.0 += u64::from(matches!(event.what, What::Emitted(Said::Ended(..))));
    }
}

#[test]
fn a_job_is_within_reach_from_its_execute_to_its_last_end_and_leaves_no_row() {
    for name in ["S04-diamond-awaited", "S08-unawaited-async-to-ancestor-recrosses"] {
        let plan = tree_plan(&root().join(format!("tests/golden/restate/{name}.json")));
        let mut ends = Ends::default();
        plan.build(0).run(plan.budget, &mut ends);
        let all = ends.0;
        assert!(all > 3, "{name}");

        let (mut world, mut ends, mut looks) = (plan.build(0), Ends::default(), 0);
        while world.step(&mut ends) {
            // Before the pod has asked, nothing of the job is underway but the pod itself.
            let begun = server(&world).is_some_and(|server| server.partitions.iter().any(|one| !one.tables.is_empty()));
            if begun && ends.0 < all {
                assert!(reach::is_reachable(&world, 0), "{name}: {} of {all} ended, at {}", ends.0, world.now());
                looks += 1;
            }
        }

        assert!(looks > 50, "{name}: {looks}");
        assert!(!reach::is_reachable(&world, 0), "{name}");
        let left = rows::left(&world, server(&world).expect("it is up"), 0);
        assert!(left.is_empty(), "{name}: {left:?}");
    }
}

#[test]
fn a_blocked_job_is_out_of_reach_and_what_it_holds_is_not_left_over() {
    let plan = tree_plan(&root().join("tests/golden/restate/D10-victims-free-keys.json"));
    let mut world = plan.build(0);
    world.run(plan.budget, &mut ());

    let findings = Findings::of(&world, 0, &plan.cluster.jobs[0], &plan.tree, plan.rule).expect("it is up");
    assert!(!findings.reachable && findings.rings == ["5>7"], "{findings:?}");
    assert!(findings.rows_left.is_empty(), "{:?}", findings.rows_left);
}

#[test]
fn a_job_whose_pods_give_up_early_fails_though_its_counters_end_exact() {
    // The only pod verifies at once, while a background call still sleeps.
    let tree = std::env::temp_dir().join(format!("relapse-early-verify-{}.json", std::process::id()));
    let text = r#"{"target": 1, "commands": [{"t": "bg", "target": 2, "commands":
        [{"t": "sleep", "ms": 20000}, {"t": "bg", "target": 3, "commands": [{"t": "inc"}]}]}]}"#;
    std::fs::write(&tree, text).expect("it is written");
    let set = format!("workload.tree={}", tree.display());
    let with = |pods: &str| {
        let plan = plan("golden-tree.toml", &[&set, "workload.verify=true", pods, "cluster.endpoints=3"]);
        relapse::systems::restate::look(&plan, 0).verdict
    };
    let (one, more) = (with("workload.pods=1"), with("workload.pods=5"));
    std::fs::remove_file(&tree).expect("it was there");

    assert_eq!((one.outcome, &*one.signature), (Outcome::Fail, "restate/gave-up-though-exact"), "{one:?}");
    assert_eq!(more.outcome, Outcome::Pass, "{more:?}");
}
