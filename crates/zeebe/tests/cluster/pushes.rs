//! What becomes of a push to a leader that is gone: a refused or a reset connection fails it at once, and it is tried again
//! every 100 ms until the next leader is known; only silence takes the 15 s of the request.

use super::{deploy, log, script};
use kernel::control::Command;
use kernel::disk::Unsynced;
use kernel::event::{Event as Traced, Observer, What};
use kernel::identity::{MILLIS, Nanos, NodeId, SECONDS};
use kernel::system::Input;
use kernel::world::World;
use relapse_zeebe::cluster::{Event, Message, Settings, Zeebe, builder};
use relapse_zeebe::protocol::{DeploymentIntent, RecordType};
use relapse_zeebe::settings::Toggles;
use std::sync::Arc;

const PUSHER: NodeId = NodeId(0);
const DEAD: NodeId = NodeId(1);
const KILLED_AT: Nanos = 40 * SECONDS;

/// When partition 3 has a leader again and which, when the pusher hears of that, and when a push is answered as appended.
#[derive(Default)]
struct Answers {
    leader: Option<NodeId>,
    known_at: Option<Nanos>,
    appended_at: Option<Nanos>,
}

impl Observer<Zeebe> for Answers {
    fn on_event(&mut self, event: &Traced<'_, Zeebe>, _: &World<Zeebe>) {
        match event.what {
            What::Emitted(Event::Raft(3, raft::Event::Became { role: raft::Role::Leader, .. })) => {
                self.leader.get_or_insert(event.node);
            }
            What::Emitted(Event::Member(_, of)) if event.node == PUSHER && self.leader == Some(*of) => {
                self.known_at.get_or_insert(event.at);
            }
            What::Input(Input::Received { message: Message::Pushed { appended: true, .. }, .. })
                if event.node == PUSHER =>
            {
                self.appended_at.get_or_insert(event.at);
            }
            _ => {}
        }
    }
}

/// The leader of partition 3 dies, and 100 ms later something is deployed: from when the pusher knows the next leader to the
/// answer that its push is taken, and from the deployment to it. Nothing if the pusher itself is elected, to which no connection leads.
fn after_the_leader_died(seed: u64, dark: bool, pushed_before: bool) -> Option<(Nanos, Nanos)> {
    let mut settings = Settings::new(Toggles::preset("0.24.4").expect("a preset"));
    settings.first_leaders = [0, 0, 1].into();
    let deployed_at = KILLED_AT + 100 * MILLIS;
    let before = pushed_before.then(|| deploy(12 * SECONDS));
    let operations = before.into_iter().chain([deploy(deployed_at)]).collect();
    let mut world = builder(seed, &Arc::new(settings), vec![script(operations)]).build();
    while world.step_until(KILLED_AT, &mut ()) {}
    let mut answers = Answers::default();
    world.control(Command::Kill { node: DEAD, unsynced: Unsynced::Keep, dark }, &mut answers);
    while world.step_until(KILLED_AT + 30 * SECONDS, &mut answers) {}
    if answers.leader.expect("a leader") == PUSHER {
        return None;
    }
    let is_create = |kind| kind == RecordType::Command;
    let created = log(&world, 2, 3)
        .iter()
        .filter(|record| is_create(record.kind) && record.intent == DeploymentIntent::Create.into())
        .count();
    assert!(created > usize::from(pushed_before), "{seed}: {created}");
    let appended_at = answers.appended_at.expect("an answer");
    Some((appended_at - answers.known_at.expect("known"), appended_at - deployed_at))
}

fn milliseconds(dark: bool, pushed_before: bool) -> (Vec<Nanos>, Vec<Nanos>) {
    let found = (0..30).filter_map(|seed| after_the_leader_died(seed, dark, pushed_before));
    let (after_news, after_deployment): (Vec<_>, Vec<_>) =
        found.map(|(after_news, after_deployment)| (after_news / MILLIS, after_deployment / MILLIS)).unzip();
    assert!(after_news.len() > 8, "{}", after_news.len());
    (after_news, after_deployment)
}

#[test]
fn a_push_to_a_dead_process_reaches_the_next_leader_as_soon_as_it_is_known() {
    for pushed_before in [false, true] {
        let (after_news, _) = milliseconds(false, pushed_before);
        assert!(after_news.iter().all(|after| *after <= 110), "{after_news:?}");
    }
}

#[test]
fn a_push_to_a_silent_machine_fails_by_its_own_time_limits() {
    // No connection stands: the attempt to connect fails after 1 s, and again.
    let (after_news, _) = milliseconds(true, false);
    assert!(after_news.iter().all(|after| *after <= 1_110), "{after_news:?}");
    assert!(after_news.iter().any(|after| *after > 300), "{after_news:?}");
    // One does: what is written to it is waited for.
    let (_, after_deployment) = milliseconds(true, true);
    assert!(after_deployment.iter().all(|after| (15_000..15_500).contains(after)), "{after_deployment:?}");
}
