//! How strong an action is, and the weaker forms of it.

use crate::duration::{Shift, Span};
use crate::selector::Selector;
use crate::share::Share;
use crate::vocabulary::{Action, Degrade, Kill, Restart, Unsynced};

/// Half of it, rounded to what people would write: one digit is kept if it is at least two.
pub(crate) fn halved(value: u64) -> u64 {
    let half = value / 2;
    let unit = 10_u64.pow(half.checked_ilog10().unwrap_or(0));
    if half / unit >= 2 { half - half % unit } else { half }
}

/// A measure that every weaker form lowers: nanoseconds, percent, parts per million, counts.
pub(crate) fn weight(action: &Action) -> u128 {
    let of_selectors: u128 = action.selectors().iter().map(|(_, selector)| breadth(selector)).sum();
    let strength = match action {
        Action::Kill(kill) => kill.unsynced as u128 + u128::from(kill.dark),
        Action::Restart(restart) => u128::from(restart.readdress),
        Action::Degrade(degrade) => degrade_weight(degrade),
        Action::ClockOffset(shift) | Action::ClockJump(shift) => u128::from(shift.by.0.unsigned_abs()),
        Action::ClockDrift(drift) => u128::from(drift.ppm.unsigned_abs()),
        Action::Slow(slow) | Action::DiskSlow(slow) => u128::from(slow.percent),
        Action::DiskError(error) => u128::from(error.operations),
        Action::LostSync(lost) => u128::from(lost.syncs),
        _ => 0,
    };
    of_selectors + strength
}

/// Weaker forms, the much weaker ones first. Not offered: other targets, since whom a fault hits is what a shrunk plan
/// is there to say.
pub(crate) fn weaker(action: &Action) -> Vec<Action> {
    let mut actions = simpler(action);
    match action {
        // One side of two is not dropped: what is left would be cut off from everybody else.
        Action::Partition(partition) if partition.groups.len() > 2 => {
            for index in 0..partition.groups.len() {
                let mut partition = partition.clone();
                partition.groups.remove(index);
                actions.push(Action::Partition(partition));
            }
        }
        Action::Block(block) if block.pairs.len() > 1 => {
            for index in 0..block.pairs.len() {
                let mut block = block.clone();
                block.pairs.remove(index);
                actions.push(Action::Block(block));
            }
        }
        Action::Degrade(degrade) => actions.extend(weaker_links(degrade).into_iter().map(Action::Degrade)),
        _ => {}
    }
    actions
}

fn simpler(action: &Action) -> Vec<Action> {
    let mut one = action.clone();
    match &mut one {
        Action::Kill(Kill { unsynced, dark, .. }) => {
            let mut actions = Vec::new();
            if *unsynced != Unsynced::Keep {
                let Action::Kill(kill) = action else { return actions };
                actions.push(Action::Kill(Kill { unsynced: Unsynced::Keep, ..kill.clone() }));
                if *unsynced == Unsynced::Tear {
                    actions.push(Action::Kill(Kill { unsynced: Unsynced::Lose, ..kill.clone() }));
                }
            }
            if std::mem::take(dark) {
                actions.push(one);
            }
            return actions;
        }
        Action::Restart(Restart { readdress, .. }) if *readdress => *readdress = false,
        Action::ClockOffset(shift) | Action::ClockJump(shift) => shift.by = Shift(shift.by.0 / 2),
        Action::ClockDrift(drift) => drift.ppm /= 2,
        Action::Slow(slow) | Action::DiskSlow(slow) => slow.percent = halved(slow.percent.into()) as u32,
        Action::DiskError(error) => error.operations /= 2,
        Action::LostSync(lost) => lost.syncs /= 2,
        _ => return Vec::new(),
    }
    vec![one]
}

fn weaker_links(degrade: &Degrade) -> Vec<Degrade> {
    let half = |share: Share| Share::of_ppm(halved(share.ppm().into()) as u32);
    let with = |change: &dyn Fn(&mut Degrade)| {
        let mut degrade = degrade.clone();
        change(&mut degrade);
        degrade
    };
    // First without one kind altogether, then half of it: what leaves nothing, validation throws out.
    vec![
        with(&|it| (it.latency, it.jitter) = (Span(0), Span(0))),
        with(&|it| it.loss = Share::NONE),
        with(&|it| it.duplication = Share::NONE),
        with(&|it| (it.reorder, it.reorder_max) = (Share::NONE, Span(0))),
        with(&|it| it.bytes_per_second = None),
        with(&|it| it.jitter = Span(0)),
        with(&|it| it.latency = Span(halved(it.latency.0))),
        with(&|it| it.jitter = Span(halved(it.jitter.0))),
        with(&|it| it.loss = half(it.loss)),
        with(&|it| it.duplication = half(it.duplication)),
        with(&|it| it.reorder = half(it.reorder)),
        with(&|it| it.reorder_max = Span(halved(it.reorder_max.0))),
    ]
}

fn degrade_weight(degrade: &Degrade) -> u128 {
    let spans = [degrade.latency, degrade.jitter, degrade.reorder_max];
    let shares = [degrade.loss, degrade.duplication, degrade.reorder];
    let spans: u128 = spans.iter().map(|span| u128::from(span.0)).sum();
    let shares: u128 = shares.iter().map(|share| u128::from(share.ppm())).sum();
    spans + shares + u128::from(degrade.bytes_per_second.is_some())
}

fn breadth(selector: &Selector) -> u128 {
    match selector {
        Selector::All | Selector::Word(_) => 1,
        Selector::Random(of, count) => breadth(of) + u128::from(*count),
        Selector::Up(of) | Selector::Down(of) => breadth(of),
        Selector::Any(of) => of.iter().map(breadth).sum(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_numbers_that_people_would_write() {
        for (value, half) in [(10, 5), (43_217, 20_000), (5_000, 2_000), (3, 1), (1, 0), (0, 0), (30, 15)] {
            assert_eq!(halved(value), half, "{value}");
        }
    }

    #[test]
    fn a_torn_dark_kill_offers_each_milder_death() {
        let kill: Action =
            serde_json::from_str(r#"{"kill": {"node": "a", "unsynced": "tear", "dark": true}}"#).unwrap();

        let milder: Vec<u128> = weaker(&kill).iter().map(weight).collect();

        assert_eq!(milder, [weight(&kill) - 2, weight(&kill) - 1, weight(&kill) - 1]);
    }
}
