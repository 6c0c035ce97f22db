//! Whatever makes a value another one changes its hash, and so the digest of a run. That no field is forgotten is the
//! compiler's business: the hashes take their values apart by name.

use kernel::identity::NodeId;
use relapse_restate::config::{Cluster, Costs, Job, Settings};
use relapse_restate::invocation::{Argument, Invocation, InvocationId, Key, Method, Sink};
use relapse_restate::workload::{Params, Rule, Service, Tree, generate, json};
use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// All of them differ.
fn assert_all_differ<T: Hash + std::fmt::Debug>(values: &[T]) {
    let hashes: BTreeSet<u64> = values.iter().map(hash).collect();
    assert_eq!(hashes.len(), values.len(), "{values:?}");
}

#[test]
fn every_setting_counts() {
    let base = Settings::default();
    assert_all_differ(&[
        base,
        Settings { partitions: 5, ..base },
        Settings { sdk_suspends_after: 1, ..base },
        Settings { inactivity: 1, ..base },
        Settings { retry_min: 1, ..base },
        Settings { retry_max: 1, ..base },
        Settings { ingress_concurrency: 1, ..base },
        Settings { resumable_check: false, ..base },
        Settings { checkpoint_after: 1, ..base },
    ]);
}

#[test]
fn every_part_of_an_invocation_counts_but_the_routing_hash() {
    let key = Key { service: Service::Interpreter, job: 0, target: 5, hash: 0 };
    let id = InvocationId { identity: 1, created_ms: 2 };
    let (method, argument, sink) = (Method::Call, Argument::None, Some(Sink::Ingress));
    let base = Invocation { id, key, method, argument, sink };
    let caller = Sink::Caller { id, key, index: 1 };
    assert_all_differ(&[
        base.clone(),
        Invocation { id: InvocationId { identity: 7, ..id }, ..base.clone() },
        Invocation { id: InvocationId { created_ms: 7, ..id }, ..base.clone() },
        Invocation { key: Key { service: Service::Verifier, ..key }, ..base.clone() },
        Invocation { key: Key { job: 7, ..key }, ..base.clone() },
        Invocation { key: Key { target: 7, ..key }, ..base.clone() },
        Invocation { method: Method::Verify, ..base.clone() },
        Invocation { argument: Argument::Expected(7), ..base.clone() },
        Invocation { sink: None, ..base.clone() },
        Invocation { sink: Some(caller), ..base.clone() },
        Invocation { sink: Some(Sink::Caller { id, key, index: 2 }), ..base.clone() },
    ]);
    assert_eq!(hash(&Invocation { key: Key { hash: 7, ..key }, ..base.clone() }), hash(&base));
}

fn params(seed: &str) -> Params {
    Params { seed: seed.to_owned(), width: 2, depth: 3, max_sleep_ms: 10 }
}

fn given(text: &str) -> Arc<Tree> {
    Arc::new(json::read(text, params("a")).expect("a tree").tree)
}

#[test]
fn a_job_is_its_parameters_and_the_tree_that_it_was_given() {
    let one = given(r#"{"target": 1, "commands": []}"#);
    let jobs = [
        Job::new(params("a")),
        Job::new(params("b")),
        Job::new(Params { width: 3, ..params("a") }),
        Job::new(Params { depth: 4, ..params("a") }),
        Job::new(Params { max_sleep_ms: 11, ..params("a") }),
        Job::with_tree(one),
        Job::with_tree(given(r#"{"target": 2, "commands": []}"#)),
    ];
    assert_all_differ(&jobs);
    for (job, place) in jobs.iter().zip(0..) {
        assert!(jobs.iter().enumerate().all(|(other, its)| (job == its) == (other == place)), "{job:?}");
    }
    let tree = Arc::new(generate(params("a"), Rule::FreeTargets).expect("a small tree"));
    let again = Job::with_generated(Rule::FreeTargets, tree);
    assert_eq!((hash(&again), &again), (hash(&jobs[0]), &jobs[0]), "a tree that was generated before only saves time");
}

#[test]
fn everything_that_a_cluster_is_made_of_counts() {
    let base = Cluster {
        settings: Settings::default(),
        costs: Costs::default(),
        jobs: vec![Job::new(params("a"))],
        server: NodeId(0),
        endpoints: vec![NodeId(1)],
    };
    let other = kernel::latency::Latency::constant(7);
    let costs = |costs| Cluster { costs, ..base.clone() };
    assert_all_differ(&[
        base.clone(),
        Cluster { settings: Settings { partitions: 7, ..Settings::default() }, ..base.clone() },
        costs(Costs { command: other, ..Costs::default() }),
        costs(Costs { shuffle: other, ..Costs::default() }),
        costs(Costs { handler: other, ..Costs::default() }),
        costs(Costs { pod_start: other, ..Costs::default() }),
        Cluster { jobs: vec![Job::new(params("b"))], ..base.clone() },
        Cluster { jobs: vec![Job::new(params("a")); 2], ..base.clone() },
        Cluster { server: NodeId(7), ..base.clone() },
        Cluster { endpoints: vec![NodeId(1), NodeId(2)], ..base.clone() },
    ]);
}
