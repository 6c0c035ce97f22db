//! Bounds refuse what cannot be survived, before the run or at the strike, and let the rest pass.

use crate::toy::{Stage, Truth, plan};
use faults::bounds::Bounds;
use faults::injector::Injector;
use faults::names::Names;
use faults::plan::Plan;
use faults::report::Phase;
use kernel::builder::Builder;
use kernel::disk::DiskProfile;
use std::sync::Arc;

const QUORUM: &str = "end_at = \"400ms\"\n[group.workers]\ndown_max = 1\nquorum = true\n";

fn bounds(text: &str) -> Bounds {
    toml::from_str(text).unwrap()
}

fn entries(rows: &[(&str, &str, &str, &str)]) -> Plan {
    let row = |(id, at, lasts, action): &(&str, &str, &str, &str)| {
        let lasts = if lasts.is_empty() { String::new() } else { format!("for = \"{lasts}\"\n") };
        format!("[[fault]]\nid = \"{id}\"\nat = \"{at}\"\n{lasts}do = {{ {action} }}\n")
    };
    plan(&rows.iter().map(row).collect::<String>())
}

fn refused(text: &str, plan: &Plan) -> String {
    let mut builder = Builder::new(7);
    let ids: Vec<_> = (0..3).map(|_| builder.node(3, DiskProfile::default())).collect();
    let names = Arc::new(Names::new().family("workers", "worker", ids));
    let installed =
        Injector::install(Arc::new(plan.clone()), names, Truth, Some(Arc::new(bounds(text))), &mut builder.build());
    installed.err().map(|error| error.to_string()).unwrap_or_default()
}

#[test]
fn what_a_plan_says_outright_is_refused_before_the_run() {
    let kill = |node: &str| format!("kill = {{ node = \"{node}\" }}");
    for (rows, why) in [
        (vec![("x", "1ms", "1ms", kill("all"))], "fault `x`: 3 of `workers` would be down, and 1 may be at a time"),
        (vec![("x", "1ms", "", kill("worker-0"))], "fault `x`: it never ends"),
        (vec![("x", "399ms", "2ms", kill("worker-0"))], "fault `x`: it ends at 401ms"),
        (
            vec![("x", "1ms", "9ms", kill("worker-0")), ("y", "9ms", "9ms", kill("worker-1"))],
            "fault `y`: 2 of `workers` would be down",
        ),
        (
            vec![
                ("x", "1ms", "", "wipe = { node = \"worker-0\" }".into()),
                ("y", "9ms", "", "wipe = { node = \"worker-1\" }".into()),
            ],
            "fault `y`: 2 of `workers` would be damaged, and 1 may be in all",
        ),
        (vec![("x", "399ms", "1ms", kill("worker-0"))], ""),
        (vec![("x", "1ms", "9ms", kill("worker-0")), ("y", "10ms", "9ms", kill("worker-1"))], ""),
    ] {
        let rows: Vec<_> = rows.iter().map(|(id, at, lasts, action)| (*id, *at, *lasts, action.as_str())).collect();
        let message = refused(QUORUM, &entries(&rows));
        assert!(message.contains(why) && message.is_empty() == why.is_empty(), "{rows:?}: {message}");
    }
    assert!(refused("[group.brokers]\nquorum = true\n", &Plan::empty()).contains("says `brokers`"));
}

#[test]
fn a_strike_that_would_break_a_bound_is_skipped_and_not_blamed() {
    let plan = entries(&[
        ("a", "50ms", "100ms", "kill = { node = \"leader\" }"),
        ("b", "60ms", "100ms", "kill = { node = \"leader\" }"),
        ("c", "160ms", "100ms", "kill = { node = \"leader\" }"),
    ]);

    let stage = Stage::bounded(&plan, 3, 7, Some(bounds(QUORUM))).until(400);

    assert_eq!(["a", "b", "c"].map(|id| stage.report(id).phase), [Phase::Undone, Phase::Skipped, Phase::Undone]);
    assert_eq!(stage.report("b").nothing.unwrap(), "2 of `workers` would be down, and 1 may be at a time");
    assert_eq!(stage.vacuous(), None);
}

#[test]
fn a_cut_that_leaves_a_majority_passes_and_one_more_does_not() {
    let plan = entries(&[
        ("a", "50ms", "100ms", "isolate = { node = \"next-to(0)\" }"),
        ("b", "60ms", "10ms", "block = { pairs = [[\"next-to(1)\", \"leader\"]], way = \"out\" }"),
        ("c", "200ms", "10ms", "block = { pairs = [[\"next-to(1)\", \"leader\"]], way = \"out\" }"),
    ]);

    let stage = Stage::bounded(&plan, 3, 7, Some(bounds(QUORUM))).until(400);

    assert_eq!(["a", "b", "c"].map(|id| stage.report(id).phase), [Phase::Undone, Phase::Skipped, Phase::Undone]);
    assert!(stage.report("b").nothing.unwrap().contains("no majority of `workers`"));
}

#[test]
fn no_more_than_a_minority_of_volumes_is_harmed() {
    let wipe = "wipe = { node = \"random(workers)\" }";
    let plan =
        entries(&[("a", "50ms", "", wipe), ("b", "60ms", "", wipe), ("c", "70ms", "", wipe), ("d", "80ms", "", wipe)]);

    for seed in 0..20 {
        let stage = Stage::bounded(&plan, 5, seed, Some(bounds("[group.workers]\nquorum = true\n"))).until(100);
        let harmed: std::collections::BTreeSet<String> = stage
            .injector
            .reports(&stage.world)
            .into_iter()
            .filter(|it| it.phase == Phase::Fired)
            .flat_map(|it| it.nodes)
            .collect();
        assert!(harmed.len() <= 2, "seed {seed}: {harmed:?}");
    }
}

#[test]
fn what_waits_for_a_skipped_entry_is_not_blamed_either() {
    let text = "[[fault]]\nid = \"a\"\nat = \"50ms\"\nfor = \"100ms\"\ndo = { kill = { node = \"leader\" } }\n\
                [[fault]]\nid = \"b\"\nat = \"60ms\"\nfor = \"10ms\"\ndo = { hang = { node = \"leader\" } }\n\
                [[fault]]\nid = \"c\"\nafter = { entry = \"b\" }\ndo = { clock-jump = { node = \"leader\", by = \"1s\" } }\n";

    let stage = Stage::bounded(&plan(text), 3, 7, Some(bounds(QUORUM))).until(400);

    assert_eq!(stage.report("c").phase, Phase::Waiting);
    assert_eq!(stage.vacuous(), None);
}
