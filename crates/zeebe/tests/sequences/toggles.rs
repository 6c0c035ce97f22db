//! One defect at a time: 0.24.4, and 0.24.4 with nothing but that mended.

use super::{K, Stage, create, deploy};
use relapse_zeebe::processor::{Job, Notice, Phase, StoragePoint};
use relapse_zeebe::state::State;

/// 15 s without a confirmation: pushed once more, and then never again (camunda/zeebe#8525); mended, every 15 s.
#[test]
fn fix_8526_an_unconfirmed_push_is_repeated_once() {
    for (mended, pushes) in [(false, 2), (true, 5)] {
        let mut stage = Stage::toggled("fix_8526", mended);
        stage.world.held = true;
        deploy(&mut stage);
        stage.pass(14_999);
        assert_eq!(stage.log(2, 1).len(), 2, "{mended}");
        stage.pass(60_001 - 14_999);
        let creates = stage.log(2, 1).iter().filter(|line| line.contains("C DEPLOYMENT.CREATE")).count();
        assert_eq!(creates, pushes, "{mended}");
    }
}

/// Two confirmations of one partition count for two: the deployment is distributed, though partition 3 was never heard of.
#[test]
fn count_by_partition_confirmations_are_counted_whoever_sends_them() {
    for (mended, tail) in [(false, vec!["4 E DEPLOYMENT.DISTRIBUTED k2 3"]), (true, vec![])] {
        let mut stage = Stage::toggled("count_by_partition", mended);
        stage.world.held = true;
        deploy(&mut stage);
        for _ in 0..2 {
            stage.submit(1, Job::Confirmed { key: K + 2, partition: 2 });
        }
        stage.run();
        assert_eq!(stage.log(1, 4), tail, "{mended}");
        assert_eq!(stage.processor(1).state().pending(K + 2).is_none(), !mended);
        stage.submit(1, Job::Confirmed { key: K + 2, partition: 3 });
        stage.run();
        assert_eq!(stage.log(1, 4), ["4 E DEPLOYMENT.DISTRIBUTED k2 3"], "{mended}");
    }
}

/// The store fails while a CREATE is replayed, behind the processor: what it stored is rolled back, that it has seen the
/// deployment is not. The second attempt refuses, so nothing is stored, and CREATED stumbles over that.
#[test]
fn cache_rollback_a_replayed_deployment_is_seen_and_not_stored() {
    for (mended, tail) in [(false, vec!["3 E ERROR.CREATED k2 2"]), (true, vec![])] {
        let mut stage = Stage::toggled("cache_rollback", mended);
        deploy(&mut stage);
        stage.world.storage = vec![(StoragePoint::MarkReprocessed, 0)];
        stage.world.notices.clear();
        stage.lead(3, State::default());
        stage.run();
        let again = (3, Notice::RunsAgain { position: 1, why: "the store failed".to_owned() });
        assert_eq!(stage.world.notices.iter().filter(|notice| **notice == again).count(), 1, "{mended}");
        assert_eq!(stage.processor(3).state().workflow(K + 1).is_some(), mended);
        assert_eq!(stage.log(3, 3), tail, "{mended}");
        assert_eq!(stage.processor(3).phase(), Phase::Processing);
    }
}

/// A record that nothing follows from makes the last position written 0, so a snapshot does not wait for what was written
/// before. The leader is gone before that is committed, and the next one begins where the instance has made a step that the
/// log does not show: it stands still for ever.
#[test]
fn fix_6049_a_snapshot_that_is_ahead_of_the_log_loses_a_step() {
    for mended in [false, true] {
        let mut stage = Stage::toggled("fix_6049", mended);
        deploy(&mut stage);
        stage.world.held = true;
        stage.commit(Some(4));
        deploy(&mut stage);
        create(&mut stage);
        stage.commit(Some(10));
        let log = [
            "5 C DEPLOYMENT.CREATE - -",
            "6 C WIC.CREATE - -",
            "7 E DEPLOYMENT.CREATED k3 5",
            "8 E WI.ELEMENT_ACTIVATING k4 6",
            "9 E WIC.CREATED k5 6",
            "10 C DEPLOYMENT.DISTRIBUTE k3 7",
        ];
        let step = "11 E WI.ELEMENT_ACTIVATED k4 8";
        assert_eq!(stage.log(1, 5), [&log[..], &[step]].concat());

        // A snapshot is valid when what was written before it is committed.
        stage.world.notices.clear();
        stage.submit(1, Job::Probe(1));
        stage.run();
        let positions = stage.world.notices.iter().find_map(|(_, notice)| match notice {
            Notice::Positions { processed, written, .. } => Some((*processed, *written)),
            _ => None,
        });
        assert_eq!(positions, Some((10, if mended { 11 } else { 0 })));
        let valid = positions.is_some_and(|(_, written)| written <= 10);
        let snapshot = if valid { stage.processor(1).state().clone() } else { State::default() };

        // What is not committed is not on the next leader's log.
        stage.world.logs.get_mut(&1).expect("a log").truncate(10);
        stage.lead(1, snapshot);
        stage.commit(None);
        assert_eq!(stage.log(1, 5)[..6], log);
        let goes_on = stage.log(1, 11).iter().any(|line| line == step);
        let works = stage.log(1, 11).iter().any(|line| line.contains("JOB.CREATED"));
        assert_eq!((goes_on, works), (mended, mended), "{:?}", stage.log(1, 11));
    }
}
