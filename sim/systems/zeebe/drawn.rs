//! What a seed draws of a scenario beside its faults: the period of snapshots, the times of deployments, and the snapshots that
//! an operator asks for, each within the range that the scenario gives. A range of one value draws no time.

use std::sync::Arc;

use kernel::dice::{Dice, Purpose, below};
use kernel::identity::{Nanos, identity_of};
use zeebe::client::{Operation, When};
use zeebe::client_node::ClientRole;
use zeebe::cluster::Settings;
use zeebe::gateway::Request;

use crate::scenario::Scenario;

const WORKLOAD: Purpose = Purpose::new("zeebe-workload");

/// The shortest and the longest.
type Range = (Nanos, Nanos);

/// The ranges of a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drawn {
    snapshot_period: Range,
    deploy_every: Option<Range>,
    snapshot_every: Option<Range>,
    partitions: u64,
    opens_at: Nanos,
    until: Nanos,
}

/// One stream of a seed.
struct Draws {
    dice: Dice,
    stream: kernel::dice::Stream,
}

impl Draws {
    fn new(seed: u64, what: &str) -> Self {
        let dice = Dice::new(seed);
        let stream = dice.stream(WORKLOAD, identity_of(what));
        Draws { dice, stream }
    }

    fn within(&mut self, (min, max): Range) -> Nanos {
        min + below(self.dice.draw(&mut self.stream), (max - min).saturating_add(1))
    }
}

impl Drawn {
    /// Of a scenario.
    pub fn of(scenario: &Scenario) -> Self {
        let (cluster, workload) = (&scenario.cluster, &scenario.workload);
        Drawn {
            snapshot_period: cluster.range("snapshot_period").expect("it has a default"),
            deploy_every: workload.range("deploy_every"),
            snapshot_every: workload.range("snapshot_every"),
            partitions: cluster.count("partitions").expect("it has a default"),
            opens_at: workload.duration("opens_at").expect("it has a default"),
            until: scenario.duration_ns,
        }
    }

    /// What every process knows in the run of a seed.
    pub fn settings(&self, settings: &Arc<Settings>, seed: u64) -> Arc<Settings> {
        if self.snapshot_period.0 == self.snapshot_period.1 {
            return settings.clone();
        }
        let snapshot_period = Draws::new(seed, "snapshot-period").within(self.snapshot_period);
        Arc::new(Settings { snapshot_period, ..(**settings).clone() })
    }

    /// The clients in the run of a seed.
    pub fn clients(&self, clients: &[(String, ClientRole)], seed: u64) -> Vec<ClientRole> {
        let of = |(_, role): &(String, ClientRole)| match (role, self.deploy_every, self.snapshot_every) {
            (ClientRole::Scripted(operations), Some(every), _) if every.0 < every.1 => {
                ClientRole::Scripted(self.deployments(operations, every, seed))
            }
            (ClientRole::Operator(asks), _, Some(every)) => {
                let mut asks = asks.to_vec();
                asks.extend(self.snapshots(every, seed));
                ClientRole::Operator(asks.into())
            }
            _ => role.clone(),
        };
        clients.iter().map(of).collect()
    }

    /// The deployments at other times; those for which there is none any more are left out.
    fn deployments(&self, operations: &[Operation], every: Range, seed: u64) -> Arc<[Operation]> {
        let mut draws = Draws::new(seed, "deployments");
        let mut next = self.opens_at;
        let timed = operations.iter().filter_map(|operation| {
            if !matches!(operation.request, Request::Deploy(_)) {
                return Some(operation.clone());
            }
            let at = next;
            next = next.saturating_add(draws.within(every));
            (at < self.until).then(|| Operation { when: When::At(at), ..operation.clone() })
        });
        timed.collect()
    }

    fn snapshots(&self, every: Range, seed: u64) -> Vec<(Nanos, u16)> {
        let mut draws = Draws::new(seed, "snapshots");
        let mut asks = Vec::new();
        let mut at = self.opens_at.saturating_add(draws.within(every));
        while at < self.until {
            let partition = 1 + below(draws.dice.draw(&mut draws.stream), self.partitions);
            asks.push((at, u16::try_from(partition).expect("bounded by the table")));
            at = at.saturating_add(draws.within(every));
        }
        asks
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::identity::SECONDS;

    const RANGE: Range = (30 * SECONDS, 60 * SECONDS);

    fn drawn() -> Drawn {
        Drawn {
            snapshot_period: RANGE,
            deploy_every: Some(RANGE),
            snapshot_every: Some(RANGE),
            partitions: 3,
            opens_at: 10 * SECONDS,
            until: 600 * SECONDS,
        }
    }

    fn clients() -> Vec<(String, ClientRole)> {
        let deploy =
            |id| Operation { id, when: When::At(0), request: Request::Deploy([].into()), subject: None, timeout: None };
        let operator = ClientRole::Operator([].into());
        vec![
            ("deployer".to_owned(), ClientRole::Scripted((0..20).map(deploy).collect())),
            ("operator".to_owned(), operator),
        ]
    }

    fn times(seed: u64) -> (Vec<Nanos>, Vec<(Nanos, u16)>) {
        match &drawn().clients(&clients(), seed)[..] {
            [ClientRole::Scripted(operations), ClientRole::Operator(asks)] => {
                let at = |operation: &Operation| match operation.when {
                    When::At(at) => at,
                    When::After { .. } => unreachable!("they all have times"),
                };
                (operations.iter().map(at).collect(), asks.to_vec())
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_drawn_lies_within_its_range_and_within_the_run() {
        for seed in 0..50 {
            let (deployments, asks) = times(seed);
            assert_eq!(deployments[0], 10 * SECONDS);
            assert!(
                (10..=20).contains(&deployments.len()) && (9..=20).contains(&asks.len()),
                "{deployments:?} {asks:?}"
            );
            let asked: Vec<Nanos> = asks.iter().map(|(at, _)| *at).collect();
            for pair in deployments.windows(2).chain(asked.windows(2)) {
                assert!((RANGE.0..=RANGE.1).contains(&(pair[1] - pair[0])), "{pair:?}");
            }
            assert!(asks.iter().all(|(at, partition)| *at < drawn().until && (1..=3).contains(partition)));
        }
    }

    #[test]
    fn a_seed_draws_the_same_again_and_another_seed_something_else() {
        assert_eq!(times(1), times(1));
        assert_ne!(times(1).0, times(2).0);
        assert_ne!(times(1).1, times(2).1);
    }

    #[test]
    fn one_value_is_no_draw() {
        let one = Drawn { snapshot_period: (5, 5), deploy_every: Some((7, 7)), snapshot_every: None, ..drawn() };
        let settings = Arc::new(Settings::new(zeebe::settings::Toggles::preset("fixed").expect("a preset")));
        assert!(Arc::ptr_eq(&one.settings(&settings, 3), &settings));
        let periods: Vec<Nanos> = (0..20).map(|seed| drawn().settings(&settings, seed).snapshot_period).collect();
        assert!(periods.iter().all(|period| (RANGE.0..=RANGE.1).contains(period)) && periods[0] != periods[1]);
        let given = clients();
        let kept = one.clients(&given, 3);
        assert!(given.iter().map(|(_, role)| role).eq(&kept));
    }
}
