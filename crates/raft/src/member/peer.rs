//! What a leader knows of another member.
//= camunda/zeebe@0.24.4:atomix/cluster/src/main/java/io/atomix/raft/cluster/impl/RaftMemberContext.java (all)

use kernel::identity::NodeId;

/// Latencies that are looked back on.
const WINDOW: usize = 8;

/// Another member, as its leader sees it. Times are milliseconds of the wall clock.
#[derive(Clone, Debug)]
pub(super) struct Peer {
    pub id: NodeId,
    /// The next index to send: where the reader of the log stands.
    pub next: u64,
    /// Up to here its log is the leader's.
    pub matched: u64,
    /// The index of its newest snapshot, as far as it said.
    pub snapshot_index: u64,
    /// The snapshot that is being sent, by its index, and the piece to send next.
    pub sending: Option<(u64, u32)>,
    /// The term in which it took a configure request.
    pub configured_term: u64,
    pub configuring: bool,
    pub installing: bool,
    /// Appends underway.
    pub appending: u32,
    pub append_succeeded: bool,
    pub append_ms: i64,
    latencies_ms: Vec<i64>,
    /// When it last answered, never earlier than known before: a clock that jumps back leaves it in the future.
    pub response_ms: i64,
    pub failures: u32,
    /// When the first of the failures in a row happened.
    pub failed_ms: i64,
}

impl Peer {
    /// A member to which nothing was sent yet.
    pub fn new(id: NodeId, next: u64) -> Self {
        Peer {
            id,
            next,
            matched: 0,
            snapshot_index: 0,
            sending: None,
            configured_term: 0,
            configuring: false,
            installing: false,
            appending: 0,
            append_succeeded: false,
            append_ms: 0,
            latencies_ms: Vec::new(),
            response_ms: 0,
            failures: 0,
            failed_ms: 0,
        }
    }

    /// Whether another append may be sent: the first; or one more half a mean latency after the last, if that went well.
    pub fn can_append(&self, appends_max: u32, now_ms: i64) -> bool {
        if self.appending == 0 {
            return true;
        }
        let (count, sum): (i64, i64) = (self.latencies_ms.len() as i64, self.latencies_ms.iter().sum());
        // Without a sample upstream compares with no number at all, which is never true.
        self.append_succeeded
            && self.appending < appends_max
            && count > 0
            && (now_ms - self.append_ms) * i64::from(appends_max) * count >= sum
    }

    /// An append with so many entries is no longer underway.
    pub fn complete_append(&mut self, entries: usize, latency_ms: i64) {
        self.appending -= 1;
        if entries > 0 {
            if self.latencies_ms.len() == WINDOW {
                self.latencies_ms.remove(0);
            }
            self.latencies_ms.push(latency_ms);
        }
    }

    /// One more failure.
    pub fn fail(&mut self, now_ms: i64) {
        if self.failures == 0 {
            self.failed_ms = now_ms;
        }
        self.failures += 1;
    }

    /// It is there.
    pub fn forgive(&mut self) {
        (self.failures, self.failed_ms) = (0, 0);
    }

    /// It answered.
    pub fn heard(&mut self, now_ms: i64) {
        self.response_ms = self.response_ms.max(now_ms);
    }
}
