//! Keys, invocations and a server made by hand, for the tests of the properties.

use crate::restate::job::Findings;
use crate::restate::rings::Locked;
use ::restate::Restate;
use ::restate::config::{Cluster, Costs, Job, JobRules, Role, Settings};
use ::restate::driver::Phase;
use ::restate::invocation::{Argument, Invocation, InvocationId, Key, Method};
use ::restate::node::partition::Partition;
use ::restate::node::server::Server;
use ::restate::store::{Op, Tables};
use ::restate::workload::{CallIndex, Params, Rule, Service, Tree, json};
use kernel::builder::Builder;
use kernel::dice::{Dice, Purpose};
use kernel::disk::DiskProfile;
use kernel::identity::NodeId;
use kernel::world::World;
use std::collections::BTreeMap;
use std::sync::Arc;

/// An interpreter key of job 0.
pub fn key(target: i32) -> Key {
    Key { service: Service::Interpreter, job: 0, target, hash: 0 }
}

/// The name of the invocation that this module makes of a key.
pub fn id(target: i32) -> InvocationId {
    InvocationId { identity: u64::from(target.unsigned_abs()), created_ms: 0 }
}

/// A background call of a key.
pub fn invocation(target: i32) -> Arc<Invocation> {
    Arc::new(Invocation {
        id: id(target),
        key: key(target),
        method: Method::BackgroundCall,
        argument: Argument::None,
        sink: None,
    })
}

/// A tree as the golden files write it.
pub fn tree(text: &str) -> Arc<Tree> {
    let params = Params { seed: "hand-made".to_owned(), width: 0, depth: 0, max_sleep_ms: 1 };
    Arc::new(json::read(text, params).expect("a tree").tree)
}

/// A job with that tree.
pub fn job(tree: &Arc<Tree>) -> Job {
    Job::with_tree(tree.clone())
}

/// The n-th call of a tree, in depth-first order; 0 is the root.
pub fn call(tree: &Arc<Tree>, nth: u32) -> Arc<Invocation> {
    let target = tree.call(CallIndex(nth)).target;
    let id = InvocationId { identity: u64::from(nth), created_ms: 1 };
    let argument = Argument::Commands(tree.clone(), CallIndex(nth));
    Arc::new(Invocation { id, key: key(target), method: Method::Call, argument, sink: None })
}

/// A verification of a key that expects this count.
pub fn verify(target: i32, expected: u32) -> Arc<Invocation> {
    let argument = Argument::Expected(expected);
    Arc::new(Invocation { id: id(target), key: key(target), method: Method::Verify, argument, sink: None })
}

/// A server with one partition, whose tables come of these changes.
pub fn server(ops: &[Op]) -> Server {
    let cluster = Cluster {
        settings: Settings::default(),
        costs: Costs::default(),
        jobs: Vec::new(),
        server: NodeId(0),
        endpoints: Vec::new(),
    };
    let mut tables = Tables::default();
    ops.iter().for_each(|op| tables.apply(op));
    let stream = Dice::new(0).stream(Purpose::new("hand-made"), 0);
    let mut server = Server::new(Arc::new(cluster));
    server.partitions.push(Partition::new(0, Arc::new(tables), stream));
    server
}

/// A server (node 0), an endpoint (1) and the drivers of two jobs (2 and 3), of which the first has this tree and starts at
/// 1 us; the second has nothing to do.
pub fn world(tree: &Arc<Tree>) -> World<Restate> {
    let cluster = Arc::new(Cluster {
        settings: Settings::default(),
        costs: Costs::default(),
        jobs: vec![job(tree)],
        server: NodeId(0),
        endpoints: vec![NodeId(1)],
    });
    let starts = |job, starts_at| Role::Driver(cluster.clone(), job, JobRules { starts_at, ..JobRules::default() });
    let endpoint = Role::Endpoint(cluster.clone(), Rule::FreeTargets);
    let mut builder = Builder::new(1);
    for role in [Role::Server(cluster.clone()), endpoint, starts(0, 1_000), starts(1, u64::MAX / 2)] {
        builder.node(role, DiskProfile::default());
    }
    builder.build()
}

/// Findings on a job that ended exact, of two increments of one key.
pub fn quiet() -> Findings {
    Findings {
        locked: BTreeMap::new(),
        verifier_held: false,
        rings: Vec::new(),
        counters: BTreeMap::from([(1, 2)]),
        differences: BTreeMap::new(),
        reachable: false,
        unsettled: false,
        orphaned_inboxes: Vec::new(),
        rows_left: BTreeMap::new(),
        pods: Some(Phase::Succeeded),
        increments: 2,
        named: true,
    }
}

/// A key whose holder waits for nobody, with one call behind it.
pub fn held(target: i32) -> BTreeMap<i32, Locked> {
    let holder = Locked {
        path: "r".to_owned(),
        position: 0,
        waits: Vec::new(),
        suspended: false,
        queued: 1,
        queued_verifies: 0,
    };
    BTreeMap::from([(target, holder)])
}
