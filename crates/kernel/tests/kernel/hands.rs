//! Feeding a node by hand.

use relapse_kernel::hand::HandEnv;
use relapse_kernel::identity::{MILLIS, NodeId};
use relapse_kernel::system::{DiskOp, Input, Node, System, Target};
use relapse_kernel::toys::token_ring::{Event, HOPS, Member, Message, Record, Role, TokenRing};

fn member(node: u16) -> (Member, HandEnv<TokenRing>) {
    let (mut member, mut env) = (TokenRing::boot(&Role::default()), HandEnv::new(NodeId(node), 1));
    member.handle(Input::Start, &mut env);
    (member, env)
}

#[test]
fn a_token_is_written_and_synced_before_its_sender_is_told() {
    let (mut member, mut env) = member(1);
    let connection = env.connection();

    member.handle(Input::Received { connection, message: Message::Token(2) }, &mut env);
    assert!(matches!(env.disk[..], [(DiskOp::Append(HOPS, Record::Took(2)), None), (DiskOp::Sync(HOPS), Some(2))]));
    assert_eq!((env.files[&HOPS].len(), env.written.len()), (1, 0));

    env.wall = 77;
    member.handle(Input::Disk { token: 2, result: Ok(()) }, &mut env);
    assert_eq!(env.written, [(connection, Message::Taken(2))]);
    assert_eq!(env.emitted, [Event::Took(2, 77)]);
}

#[test]
fn a_token_is_passed_on_after_work_and_again_after_the_retry_timer() {
    let (mut member, mut env) = member(0);
    member.handle(Input::Disk { token: 1, result: Ok(()) }, &mut env);

    assert!((MILLIS..2 * MILLIS).contains(&env.jobs[0].1));
    env.work(&mut member);
    assert_eq!(env.opened[0].1, Target::Node(NodeId(1)));
    assert_eq!(env.written, [(env.opened[0].0, Message::Token(2))]);

    assert!(env.fire(&mut member));
    assert_eq!((env.written.len(), env.opened.len(), env.monotonic), (2, 1, 100 * MILLIS));
    member.handle(Input::Received { connection: env.opened[0].0, message: Message::Taken(2) }, &mut env);
    assert!(env.fire(&mut member));
    assert_eq!((env.written.len(), env.timers.len()), (2, 0));
}

#[test]
fn a_restarted_member_finds_the_token_on_its_disk() {
    let (mut first, mut env) = member(0);
    first.handle(Input::Disk { token: 1, result: Ok(()) }, &mut env);
    let mut later = env.restarted();

    let mut restarted = TokenRing::boot(&Role::default());
    restarted.handle(Input::Start, &mut later);
    restarted.handle(Input::Disk { token: 1, result: Ok(()) }, &mut later);
    later.work(&mut restarted);

    assert_eq!(later.emitted[0], Event::Recovered(1));
    assert_eq!(later.written.last().map(|write| write.1), Some(Message::Token(2)));
}

#[test]
fn equal_seeds_give_the_draws_of_a_world_of_that_seed() {
    use relapse_kernel::dice::{Dice, Purpose};
    use relapse_kernel::system::Env;
    let mut env = HandEnv::<TokenRing>::new(NodeId(0), 42);
    let mut stream = Env::stream(&env, Purpose::new("x"), 3);
    let mut dice = Dice::new(42);

    let mut expected = dice.stream(Purpose::new("x"), 3);

    assert_eq!(Env::draw(&mut env, &mut stream), dice.draw(&mut expected));
}

#[test]
fn a_cancelled_timer_is_taken_out_once() {
    use relapse_kernel::system::Env;
    use relapse_kernel::toys::token_ring::Retry;
    let mut env = HandEnv::<TokenRing>::new(NodeId(0), 42);

    let timer = env.set_timer(5, Retry(1));

    assert!(env.cancel_timer(timer) && !env.cancel_timer(timer) && env.timers.is_empty());
}
