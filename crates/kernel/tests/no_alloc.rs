//! After warm-up the kernel's own path allocates nothing per event.
#![allow(unsafe_code, reason = "a global allocator cannot be written without")]

use relapse_kernel::dice::Probability;
use relapse_kernel::identity::{MILLIS, NodeId};
use relapse_kernel::network::LinkProfile;
use relapse_kernel::toys::ping_pong::Config;
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
fn allocations(loss: Probability) -> u64 {
    let config = Config { servers: 2, clients: 2, in_flight: 8, retry_after: 5 * MILLIS, ..Config::default() };
    let link = LinkProfile { loss, duplication: loss, reorder: loss, reorder_max: MILLIS, ..LinkProfile::default() };
    let mut world = config.builder(1).links(move |_, _| link).build();
    while world.events() < 70_000 {
        world.step(&mut ());
    }

    let before = ALLOCATIONS.load(Ordering::Relaxed);
    while world.events() < 120_000 {
        world.step(&mut ());
    }
    let after = ALLOCATIONS.load(Ordering::Relaxed);

    let client = world.node(NodeId(2)).and_then(|node| node.client());
    assert!(client.is_some_and(|client| client.replies > 10_000));
    after - before
}

// One test only: the counter is the whole process's.
#[test]
fn after_warm_up_ping_pong_allocates_nothing_per_event() {
    assert_eq!(allocations(Probability::NEVER), 0, "quiet");
    assert_eq!(allocations(Probability::ppm(20_000)), 0, "lossy, doubling and reordering");
}
