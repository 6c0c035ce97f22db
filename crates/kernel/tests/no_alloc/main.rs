//! After warm-up the kernel's own path allocates nothing per event: datagrams, connections, jobs, timers, disks.
//!
//! Room that a log needs because it grows is no such thing: a segment is made for each 256 records, and one that is shared
//! with a snapshot (of a fork, or of what is durable) is copied when a record inside it is written over.
#![allow(unsafe_code, reason = "a global allocator cannot be written without")]

mod chores;

use chores::Chore;
use relapse_kernel::dice::Probability;
use relapse_kernel::identity::{MILLIS, NodeId};
use relapse_kernel::network::LinkProfile;
use relapse_kernel::toys::ping_pong::Config;
use relapse_kernel::world::World;
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering};

struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

#[global_allocator]
static COUNTING: Counting = Counting;

// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: as the caller promises.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

/// Allocations of 50,000 queue events after 70,000. In between the checkpoints of the digest (one in 4,096 events) need
/// no more room: they double it at 65,536 and at 131,072 events.
fn allocations<S: relapse_kernel::system::System>(world: &mut World<S>) -> u64 {
    while world.events() < 70_000 {
        assert!(world.next_at().is_some(), "nothing is left to do");
        world.step(&mut ());
    }
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    while world.events() < 120_000 {
        world.step(&mut ());
    }
    ALLOCATIONS.load(Ordering::Relaxed) - before
}

fn of_ping_pong(loss: Probability) -> u64 {
    let config = Config { servers: 2, clients: 2, in_flight: 8, retry_after: 5 * MILLIS, ..Config::default() };
    let link = LinkProfile { loss, duplication: loss, reorder: loss, reorder_max: MILLIS, ..LinkProfile::default() };
    let mut world = config.builder(1).links(move |_, _| link).build();

    let allocations = allocations(&mut world);

    let client = world.node(NodeId(2)).and_then(|node| node.client());
    assert!(client.is_some_and(|client| client.replies > 10_000));
    allocations
}

fn of_chore(chore: Chore) -> u64 {
    let mut world = chores::builder(chore).build();

    let allocations = allocations(&mut world);

    let done = world.node(NodeId(0)).map_or(0, |worker| worker.done);
    assert!(done > 10_000, "{chore:?} was done {done} times");
    allocations
}

// One test only: the counter is the whole process's.
#[test]
fn after_warm_up_nothing_is_allocated_per_event() {
    assert_eq!(of_ping_pong(Probability::NEVER), 0, "quiet");
    assert_eq!(of_ping_pong(Probability::ppm(20_000)), 0, "lossy, doubling and reordering");
    let counted: Vec<(Chore, u64)> = Chore::ALL.into_iter().map(|chore| (chore, of_chore(chore))).collect();
    assert!(counted.iter().all(|(_, allocations)| *allocations == 0), "{counted:?}");
}
