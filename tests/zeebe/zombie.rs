//! The subscription that outlives its stream processor: who leads partition 1 again in the same process hears no confirmation.

use kernel::identity::NodeId;
use zeebe::protocol::{DeploymentIntent, Intent, RecordType};

use super::plan;
use super::watched::Driven;

/// The only deployment's key.
const KEY: i64 = 2_251_799_813_685_250;

/// CREATEs on partition 3 between 2 and 4 minutes, and whether partition 1's leader still has the deployment under way; and
/// whether that leader is the one that led first.
fn pushes(seed: u64, sets: &[&str]) -> (usize, bool, bool) {
    let mut run = Driven::new(&plan("zombie-subscription.toml", sets), seed);
    let creates = |run: &Driven| {
        let create = Intent::Deployment(DeploymentIntent::Create);
        run.log(3).iter().filter(|record| record.kind == RecordType::Command && record.intent == create).count()
    };
    run.until(120);
    let before = creates(&run);
    run.until(240);
    let leads = |node: &NodeId| run.replica(*node, 1).processor().is_some();
    let leader = (0..3).map(NodeId).find(leads).expect("a leader");
    let under_way =
        run.replica(leader, 1).processor().is_some_and(|processor| processor.state().pending(KEY).is_some());
    (creates(&run) - before, under_way, leader == NodeId(0))
}

#[test]
fn a_leader_that_comes_back_in_one_process_is_deaf_to_confirmations() {
    // Two chains, since DISTRIBUTE was replayed: one push of each every 15 s.
    assert_eq!(pushes(3, &[]), (16, true, true));
    assert_eq!(pushes(3, &["toggles.fix_8526=off"]), (0, true, true));
    assert_eq!(pushes(0, &[]), (0, false, false), "another broker listens");
}
