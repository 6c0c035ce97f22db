//! The verification services through the protocol: a client, the server and one service pod, with every message carried
//! by hand. What the job's pods never ask for (Inspect, Clear, and an operator's Kill) is asked for here.

use kernel::hand::HandEnv;
use kernel::identity::{ConnectionId, NodeId};
use kernel::system::{Ended, Env, Input, Node, System};
use relapse_restate::config::{Cluster, Costs, Job as JobOf, Role, Settings};
use relapse_restate::invocation::{InvocationId, Key, Method, Value};
use relapse_restate::message::{Command, Job, Message, Origin};
use relapse_restate::workload::{Params, Rule, Tree, expected_counters, json};
use relapse_restate::{Process, Restate};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

const SERVER: NodeId = NodeId(0);
const POD: NodeId = NodeId(1);
const CLIENT: NodeId = NodeId(2);

struct Stage {
    server: (Process, HandEnv<Restate>),
    pod: (Process, HandEnv<Restate>),
    /// Connections of the server with those of the pod.
    streams: BTreeMap<ConnectionId, ConnectionId>,
    answers: BTreeMap<ConnectionId, Value>,
    asked: u64,
}

impl Stage {
    fn new(tree: &str) -> Self {
        let params = Params { seed: "by-hand".to_owned(), width: 0, depth: 0, max_sleep_ms: 1 };
        let tree: Arc<Tree> = Arc::new(json::read(tree, params).expect("a tree").tree);
        let cluster = Arc::new(Cluster {
            settings: Settings::default(),
            costs: Costs::default(),
            jobs: vec![JobOf::with_tree(tree)],
            server: SERVER,
            endpoints: vec![POD],
        });
        let started = |role: Role, id| {
            let (mut process, mut env) = (Restate::boot(&role), HandEnv::new(id, 1));
            process.handle(Input::Start, &mut env);
            (process, env)
        };
        Stage {
            server: started(Role::Server(cluster.clone()), SERVER),
            pod: started(Role::Endpoint(cluster, Rule::FreeTargets), POD),
            streams: BTreeMap::new(),
            answers: BTreeMap::new(),
            asked: 0,
        }
    }

    /// Asks the verifier of the job; nothing has come of it yet.
    fn ask(&mut self, method: Method) -> ConnectionId {
        self.asked += 1;
        let (process, env) = &mut self.server;
        let connection = env.connection();
        process.handle(Input::Opened { connection, from: CLIENT, label: self.asked }, env);
        process.handle(Input::Received { connection, message: Message::Request(0, method) }, env);
        connection
    }

    /// Asks and waits.
    fn answer(&mut self, method: Method) -> Option<Value> {
        let connection = self.ask(method);
        self.settle();
        self.answers.remove(&connection)
    }

    /// Does all that is to be done but for timers: nothing here needs one to go on.
    fn settle(&mut self) {
        loop {
            self.server.1.work(&mut self.server.0);
            self.pod.1.work(&mut self.pod.0);
            let mut for_pod = VecDeque::new();
            let mut for_server = VecDeque::new();
            for (connection, _, label) in self.server.1.opened.drain(..) {
                let other = self.pod.1.connection();
                self.streams.insert(connection, other);
                for_pod.push_back(Input::Opened { connection: other, from: SERVER, label });
            }
            for (connection, message) in self.server.1.written.drain(..) {
                match (self.streams.get(&connection), message) {
                    (Some(other), message) => for_pod.push_back(Input::Received { connection: *other, message }),
                    (None, Message::Reply(value)) => assert!(self.answers.insert(connection, value).is_none()),
                    (None, message) => panic!("{message:?} for nobody"),
                }
            }
            for connection in self.server.1.aborted.drain(..) {
                for_pod.extend(self.streams.remove(&connection).map(|connection| closed(connection, Ended::Reset)));
            }
            let back: BTreeMap<ConnectionId, ConnectionId> = self.streams.iter().map(|(a, b)| (*b, *a)).collect();
            for (connection, message) in self.pod.1.written.drain(..) {
                for_server.extend(back.get(&connection).map(|&connection| Input::Received { connection, message }));
            }
            for connection in self.pod.1.closed.drain(..) {
                for_server.extend(back.get(&connection).map(|connection| closed(*connection, Ended::Finished)));
            }
            if for_pod.is_empty() && for_server.is_empty() && self.server.1.jobs.is_empty() {
                return;
            }
            for_pod.into_iter().for_each(|input| self.pod.0.handle(input, &mut self.pod.1));
            for_server.into_iter().for_each(|input| self.server.0.handle(input, &mut self.server.1));
        }
    }

    /// The counters that there are, and the keys that are held, with who holds them.
    fn rows(&self) -> (BTreeMap<i32, u32>, BTreeMap<i32, (InvocationId, Key)>) {
        let Process::Server(server) = &self.server.0 else { panic!("it is up") };
        let rows = || server.partitions.iter().flat_map(|partition| partition.tables.iter());
        let interpreters = || rows().filter(|(key, _)| key.service == relapse_restate::workload::Service::Interpreter);
        let counters = interpreters().filter_map(|(key, rows)| Some((key.target, rows.state?))).collect();
        let held = interpreters().filter_map(|(key, rows)| Some((key.target, (rows.status.holder()?.id, key))));
        (counters, held.collect())
    }

    fn kill(&mut self, id: InvocationId, key: Key) {
        let Process::Server(server) = &self.server.0 else { panic!("it is up") };
        let partition = relapse_restate::workload::partition_of(key.hash, server.partitions.len() as u32) as u16;
        let job = Job::Command(partition, Origin::Own, Command::Kill(id, key));
        self.server.1.submit(relapse_restate::node::actor::partition(partition), 0, job);
        self.settle();
    }
}

fn closed(connection: ConnectionId, how: Ended) -> Input<Restate> {
    Input::Closed { connection, how }
}

const SAFE: &str = r#"{"target":1,"commands":[{"t":"inc"},{"t":"sync","target":2,"commands":[{"t":"inc"},{"t":"inc"}]},
    {"t":"bg","target":3,"commands":[{"t":"inc"}]}]}"#;

#[test]
fn a_job_is_executed_verified_cleared_and_executed_again() {
    let mut stage = Stage::new(SAFE);
    let exact: Arc<[(i32, u32)]> = [(1, 1), (2, 2), (3, 1)].into();

    for _ in 0..2 {
        assert_eq!(stage.answer(Method::Execute), Some(Value::Empty));
        assert_eq!(stage.answer(Method::VerifyAll), Some(Value::Counters(exact.clone())));
        // Started already: nothing is done twice.
        assert_eq!(stage.answer(Method::Execute), Some(Value::Empty));
        assert_eq!(stage.rows().0, exact.iter().copied().collect());

        assert_eq!(stage.answer(Method::ClearAll), Some(Value::Keys([1, 2, 3].into())));
        assert_eq!(stage.rows().0, BTreeMap::new());
        let failure = stage.answer(Method::VerifyAll);
        assert!(matches!(&failure, Some(Value::Failure(why)) if why.contains(", got 0")), "{failure:?}");
    }
}

#[test]
fn inspect_answers_the_tree_and_changes_nothing() {
    let mut stage = Stage::new(SAFE);

    let Some(Value::Tree(tree)) = stage.answer(Method::Inspect) else { panic!("a tree") };

    assert_eq!(expected_counters(&tree), [(1, 1), (2, 2), (3, 1)]);
    assert_eq!(tree.stats().invocations, 3);
    assert_eq!(stage.rows(), (BTreeMap::new(), BTreeMap::new()));
}

/// Key 1 calls itself, and waits for ever.
const STUCK: &str = r#"{"target":1,"commands":[{"t":"inc"},{"t":"sync","target":1,"commands":[{"t":"inc"}]}]}"#;

#[test]
fn a_kill_gives_the_key_up_and_fails_whoever_waits() {
    let mut stage = Stage::new(STUCK);
    let execute = stage.ask(Method::Execute);
    stage.settle();
    assert_eq!(stage.answers.get(&execute), None, "it waits for itself");
    let (counters, held) = stage.rows();
    assert_eq!((counters, held.len()), (BTreeMap::from([(1, 1)]), 1));
    let (id, key) = held[&1];

    stage.kill(id, key);

    // The call that had queued behind it has had its turn; the caller has got the error for an answer.
    let (counters, held) = stage.rows();
    assert_eq!((counters, held), (BTreeMap::from([(1, 2)]), BTreeMap::new()));
    let answer = stage.answers.remove(&execute);
    assert!(matches!(&answer, Some(Value::Failure(why)) if why.contains("killed")), "{answer:?}");
}

#[test]
fn a_kill_of_what_does_not_hold_the_key_changes_nothing() {
    let mut stage = Stage::new(STUCK);
    stage.ask(Method::Execute);
    stage.settle();
    let before = stage.rows();
    let (id, key) = before.1[&1];

    stage.kill(InvocationId { identity: id.identity + 1, ..id }, key);

    assert_eq!(stage.rows(), before);
    assert!(stage.answers.is_empty());
}
