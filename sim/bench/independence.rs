//! Whether unrelated events stay where they are when one fault is removed. No matter of speed, so a turn is a seed.
//!
//! The world holds systems that share nothing but the kernel: players of ping-pong in pairs, and a ring that passes
//! a token. Under a plan of faults each entry is left out in turn. An event counts if it comes after that entry struck
//! and is outside the cone of what it did (`kernel::cone`), in the run with it and in the one without.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use faults::injector::{Injector, run};
use faults::names::Names;
use faults::plan::Plan;
use kernel::budget::Budget;
use kernel::builder::Builder;
use kernel::cone::Cone;
use kernel::control::Command;
use kernel::dice::{Draw, Probability};
use kernel::disk::DiskProfile;
use kernel::event::{Event, Observer, What};
use kernel::identity::{MICROS, MILLIS, Nanos, NodeId, SECONDS};
use kernel::latency::Latency;
use kernel::network::LinkProfile;
use kernel::pair::{Either, Pair};
use kernel::system::Input;
use kernel::toys::ping_pong::{self, PingPong};
use kernel::toys::token_ring::{self, TokenRing};
use kernel::world::World;
use miette::Report;

use super::{Bar, Effort, Figure, Spread};
use crate::render::thousands;

const BAR: Bar = Bar::AtLeast(95.0);
/// Fewer events than these show nothing.
const EVENTS_MIN: usize = 1_000;
/// An event that is off by no more has not moved.
const TOLERANCE: Nanos = MILLIS;
/// Pairs of a server and its client; the ring follows them.
const PAIRS: u16 = 4;
const MEMBERS: u16 = 3;

const FAULTS: [&str; 4] = ["kills-a-server", "kills-a-member", "cuts-a-client", "shakes-a-link"];
const PLAN: &str = r#"
[[fault]]
id = "kills-a-server"
at = "205ms"
for = "300ms"
do = { kill = { node = "random(servers)" } }
[[fault]]
id = "kills-a-member"
at = "305ms"
for = "200ms"
do = { kill = { node = "random(members)" } }
[[fault]]
id = "cuts-a-client"
at = "405ms"
for = "300ms"
do = { isolate = { node = "random(clients)" } }
[[fault]]
id = "shakes-a-link"
at = "505ms"
for = "500ms"
do = { degrade = { from = "random(members)", loss = "20%" } }
"#;

type Toys = Pair<PingPong, TokenRing>;

/// Measures.
pub fn measure(effort: Effort) -> Result<Vec<Figure>, Report> {
    let seeds = effort.of(10).max(3);
    let plan: Plan = toml::from_str(PLAN).expect("the plan is well formed");
    let (mut rates, mut fewest, mut all) = (Vec::new(), usize::MAX, Compared::default());
    for seed in 0..seeds {
        for fault in FAULTS {
            let compared = compare(&plan, fault, seed);
            rates.push(compared.percent());
            fewest = fewest.min(compared.unrelated);
            all.add(&compared);
        }
    }
    // The worst counts, not the median: a promise is about every fault.
    let worst = rates.iter().copied().fold(100.0, f64::min);
    let spread = Spread { median: worst, ..Spread::of(rates) };
    let notes = vec![
        format!(
            "{} unrelated events of {} after the fault, {} of them moved; the fewest for one fault are {}, {} are enough",
            count(all.unrelated),
            count(all.after),
            count(all.unrelated - all.unmoved),
            count(fewest),
            count(EVENTS_MIN)
        ),
        format!(
            "{} draws of equal purpose, identity and number, {} of them differ; {} faults left out in turn, {seeds} seeds; \
             the worst one is shown",
            count(all.draws),
            count(all.draws_off),
            FAULTS.len()
        ),
    ];
    let title = "unrelated events that stay put when one fault is removed";
    let figure = Figure::new("independence", title, "%", Some(BAR), spread, notes);
    let shown = fewest >= EVENTS_MIN && all.draws > 0 && all.draws_off == 0;
    Ok(vec![Figure { holds: Some(shown && figure.holds == Some(true)), ..figure }])
}

fn count(number: usize) -> String {
    thousands(number as u128)
}

/// A run with a fault beside the same one without it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Compared {
    /// Events of nodes after the fault struck.
    after: usize,
    /// Those outside of its cone.
    unrelated: usize,
    /// Those of them that are there without it too, at the same time.
    unmoved: usize,
    /// Draws of one name in both.
    draws: usize,
    /// Those of them that differ.
    draws_off: usize,
}

impl Compared {
    fn percent(&self) -> f64 {
        100.0 * self.unmoved as f64 / self.unrelated.max(1) as f64
    }

    fn add(&mut self, other: &Compared) {
        self.after += other.after;
        self.unrelated += other.unrelated;
        self.unmoved += other.unmoved;
        self.draws += other.draws;
        self.draws_off += other.draws_off;
    }
}

fn compare(plan: &Plan, fault: &str, seed: u64) -> Compared {
    let less = plan.without(&BTreeSet::from([fault]));
    let (mut with, mut without) = (play(plan, seed, Cone::default()), play(&less, seed, Cone::default()));
    let struck = only_in(&with.commands, &without.commands);
    let Some(began) = struck.iter().map(|(at, _)| *at).min() else { return Compared::default() };
    let mut reached: BTreeMap<NodeId, Nanos> = BTreeMap::new();
    for node in (0..2 * PAIRS + MEMBERS).map(NodeId) {
        let touched = struck.iter().filter(|(_, command)| command.touches(node));
        reached.extend(touched.map(|(at, _)| *at).min().map(|at| (node, at)));
    }
    let links = || struck.iter().filter_map(|(at, command)| Some((command.link()?, *at)));
    // What one run does not send because of the fault is sent in the other: each gets the reach of both.
    loop {
        let cone = Cone::of(reached.clone()).and_links(links());
        with = play(plan, seed, cone.clone());
        without = play(&less, seed, cone);
        let before = reached.clone();
        for (node, at) in with.cone.roots().chain(without.cone.roots()) {
            let since = reached.entry(node).or_insert(at);
            *since = at.min(*since);
        }
        if reached == before {
            break;
        }
    }
    let (draws, draws_off) = draws_of_one_name(&with.draws, &without.draws);
    let (unrelated, unmoved) = unmoved(&with.unrelated(began), &without.unrelated(began));
    let after = with.lines.iter().filter(|line| line.at >= began).count();
    Compared { after, unrelated, unmoved, draws, draws_off }
}

/// Per node, the first with the first, the second with the second. How many there are with the fault, and how many of
/// them are the same without it.
fn unmoved(with: &BTreeMap<NodeId, Vec<Line>>, without: &BTreeMap<NodeId, Vec<Line>>) -> (usize, usize) {
    let stays = |(one, other): &(&Line, &Line)| {
        (one.name, one.data) == (other.name, other.data) && one.at.abs_diff(other.at) <= TOLERANCE
    };
    let same = |(node, lines): (&NodeId, &Vec<Line>)| {
        let others = without.get(node).map_or(&[][..], Vec::as_slice);
        lines.iter().zip(others).filter(stays).count()
    };
    (with.values().map(Vec::len).sum(), with.iter().map(same).sum())
}

/// How many draws both have by name, and how many of them are not the same.
fn draws_of_one_name(one: &[Draw], other: &[Draw]) -> (usize, usize) {
    let name = |draw: &Draw| (draw.purpose, draw.identity, draw.nth);
    let others: BTreeMap<_, u64> = other.iter().map(|draw| (name(draw), draw.value)).collect();
    let both = one.iter().filter_map(|draw| Some((draw.value, *others.get(&name(draw))?)));
    both.fold((0, 0), |(count, off), (one, other)| (count + 1, off + usize::from(one != other)))
}

/// Commands of the first that the second has not.
fn only_in(one: &[(Nanos, Command)], other: &[(Nanos, Command)]) -> Vec<(Nanos, Command)> {
    one.iter().filter(|command| !other.contains(command)).cloned().collect()
}

/// An event of a node, without what names only its place in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Line {
    id: u64,
    at: Nanos,
    node: NodeId,
    name: &'static str,
    data: [u64; 3],
}

/// A run, watched.
#[derive(Default)]
struct Watched {
    cone: Cone,
    lines: Vec<Line>,
    commands: Vec<(Nanos, Command)>,
    draws: Vec<Draw>,
}

impl Watched {
    fn unrelated(&self, from: Nanos) -> BTreeMap<NodeId, Vec<Line>> {
        let mut lines: BTreeMap<NodeId, Vec<Line>> = BTreeMap::new();
        for line in self.lines.iter().filter(|line| line.at >= from && !self.cone.has(line.id)) {
            lines.entry(line.node).or_default().push(*line);
        }
        lines
    }
}

impl Observer<Toys> for Watched {
    fn on_event(&mut self, event: &Event<'_, Toys>, world: &World<Toys>) {
        self.cone.on_event(event, world);
        let data = match event.what {
            What::Control(Command::Wake(_)) => return,
            What::Control(command) => return self.commands.push((event.at, command.clone())),
            What::Input(Input::Opened { label, .. }) => [*label, 0, 0],
            What::Input(Input::Closed { how, .. }) => [*how as u64, 0, 0],
            What::Note(_) => [0; 3],
            _ => event.data(),
        };
        self.lines.push(Line { id: event.id, at: event.at, node: event.node, name: event.name(), data });
    }
}

fn play(plan: &Plan, seed: u64, cone: Cone) -> Watched {
    let rough = |_, _| LinkProfile {
        latency: Latency::uniform(50 * MICROS, 5 * MILLIS).expect("a range"),
        loss: Probability::ppm(20_000),
        duplication: Probability::ppm(20_000),
        ..LinkProfile::default()
    };
    let mut builder = Builder::<Toys>::new(seed).links(rough);
    let config = ping_pong::Config { servers: 1, in_flight: 4, retry_after: 30 * MILLIS, ..Default::default() };
    for _ in 0..PAIRS {
        builder.node(Either::Left(ping_pong::Role::Server), DiskProfile::default());
    }
    for server in 0..PAIRS {
        builder.node(Either::Left(config.client(server)), DiskProfile::default());
    }
    for _ in 0..MEMBERS {
        let role = token_ring::Role { first: 2 * PAIRS, members: MEMBERS, ..Default::default() };
        builder.node(Either::Right(role), DiskProfile::default());
    }
    let mut world = builder.build();
    world.keep_draws();
    let family = |from: u16, to: u16| (from..to).map(NodeId);
    let names = Names::new()
        .family("servers", "server", family(0, PAIRS))
        .family("clients", "client", family(PAIRS, 2 * PAIRS))
        .family("members", "member", family(2 * PAIRS, 2 * PAIRS + MEMBERS));
    let injector = Injector::install(Arc::new(plan.clone()), Arc::new(names), (), None, &mut world);
    let mut injector = injector.expect("the plan names what is there");
    let mut watched = Watched { cone, ..Watched::default() };
    run(&mut world, &mut injector, Budget::until(2 * SECONDS), &mut watched);
    Watched { draws: world.draws().to_vec(), ..watched }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_leaves_thousands_of_unrelated_events_and_moves_none() {
        let plan: Plan = toml::from_str(PLAN).expect("a plan");
        for fault in FAULTS {
            let compared = compare(&plan, fault, 1);

            assert!(compared.unrelated >= EVENTS_MIN && compared.unrelated < compared.after, "{fault}: {compared:?}");
            assert_eq!((compared.unmoved, compared.draws_off), (compared.unrelated, 0), "{fault}: {compared:?}");
            assert!(compared.draws >= EVENTS_MIN, "{fault}: {compared:?}");
        }
    }

    #[test]
    fn what_moves_is_seen() {
        let node = NodeId(0);
        let line = |at, name| Line { id: 0, at, node, name, data: [0; 3] };
        let lines = |lines: &[Line]| BTreeMap::from([(node, lines.to_vec())]);
        let with = lines(&[line(0, "a"), line(MILLIS, "b"), line(5 * MILLIS, "c")]);

        assert_eq!(unmoved(&with, &with), (3, 3));
        assert_eq!(unmoved(&with, &lines(&[line(MILLIS, "a"), line(0, "b"), line(7 * MILLIS, "c")])), (3, 2));
        assert_eq!(unmoved(&with, &lines(&[line(0, "a"), line(MILLIS, "x")])), (3, 1));
        assert_eq!(unmoved(&with, &BTreeMap::new()), (3, 0));
        let draw = |nth, value| Draw { purpose: 1, identity: 1, nth, value };
        assert_eq!(draws_of_one_name(&[draw(0, 5), draw(1, 6), draw(2, 7)], &[draw(0, 5), draw(1, 9)]), (2, 1));
    }

    #[test]
    fn another_seed_is_no_run_without_a_fault() {
        let plan: Plan = toml::from_str(PLAN).expect("a plan");
        let (one, other) = (play(&plan, 1, Cone::default()), play(&plan, 2, Cone::default()));

        let (unrelated, unmoved) = unmoved(&one.unrelated(0), &other.unrelated(0));
        assert!(unmoved * 2 < unrelated, "{unmoved} of {unrelated}");
        assert!(draws_of_one_name(&one.draws, &other.draws).1 > EVENTS_MIN);
    }
}
