//! What a leader sends to whom: configure requests, snapshots, entries, heartbeats; and what it makes of the answers.
//!
//! Kept: the order of these, two appends underway, the reader of the log that is not taken back when an append fails (the
//! next, empty one finds out), empty appends to a member that failed, back-off. The back-off counts from the first failure
//! in a row: after a minute of failures heartbeats go out at every interval again.
//= camunda/zeebe@0.24.4:atomix/cluster/src/main/java/io/atomix/raft/roles/LeaderAppender.java (appendEntries)
//= camunda/zeebe@0.24.4:atomix/cluster/src/main/java/io/atomix/raft/roles/AbstractAppender.java (requests and responses)

use crate::entry::{Content, Entry};
use crate::host::{Host, Role};
use crate::member::calls::{Asked, Call};
use crate::member::peer::Peer;
use crate::member::{Handled, Member};
use crate::message::{Append, Appended, Message};
use kernel::identity::MILLIS;
use std::sync::Arc;

/// Failures in a row after which a member is sent empty appends only, less and less often.
const BACK_OFF_AFTER: u32 = 5;
/// Failures in a row after which a leader asks itself whether it still has a quorum.
const STEP_DOWN_AFTER: u32 = 3;
/// No back-off is longer, in milliseconds.
const BACK_OFF_MAX_MS: i64 = 60_000;

impl<E: Content> Member<E> {
    fn peer(&mut self, nth: usize) -> Option<&mut Peer> {
        self.leadership.as_mut().map(|leadership| &mut leadership.peers[nth])
    }

    /// Where a member's reader stands has an entry.
    fn has_more(&self, next: u64) -> bool {
        next <= self.log.last_index() && next >= self.log.first_index()
    }

    /// Sends a member what it needs next, if anything may be sent.
    pub(super) fn replicate<H: Host<E>>(&mut self, nth: usize, host: &mut H) {
        let (now_ms, term, appends_max) = (self.wall_ms(host), self.term, self.settings.appends_max);
        let heartbeat_ms = (self.settings.heartbeat / MILLIS) as i64;
        let newest = self.snapshot();
        let first = self.log.first_index();
        let Some(peer) = self.peer(nth) else { return };
        if peer.failures >= BACK_OFF_AFTER {
            let wait_ms = heartbeat_ms << peer.failures.min(20);
            if now_ms - peer.failed_ms > wait_ms.min(BACK_OFF_MAX_MS) {
                self.send_append(nth, true, host);
            }
        } else if peer.configured_term < term {
            if !peer.configuring {
                peer.configuring = true;
                let to = peer.id;
                self.call(to, Asked::Configure, |id| Message::Configure { id, term }, host);
            } else if peer.appending == 0 {
                self.send_append(nth, true, host);
            }
        } else if let Some((index, _)) = newest
            && peer.snapshot_index < index
            && index >= (if peer.next > first { peer.next - 1 } else { 0 })
        {
            if !peer.installing {
                self.send_chunk(nth, host);
            }
        } else if peer.can_append(appends_max, now_ms) {
            let empty = peer.failures > 0;
            self.send_append(nth, empty, host);
        }
    }

    fn send_append<H: Host<E>>(&mut self, nth: usize, empty: bool, host: &mut H) {
        let now_ms = self.wall_ms(host);
        let Some(peer) = self.peer(nth) else { return };
        let (to, next, idle) = (peer.id, peer.next, peer.appending == 0);
        let entries = if empty { Vec::new() } else { self.batch(next) };
        // One heartbeat at a time.
        if entries.is_empty() && !idle {
            return;
        }
        let read = self.log.get(next.saturating_sub(1)).map(|entry| (next - 1, entry.term));
        let (previous_index, previous_term) = read.or(self.snapshot()).unwrap_or((0, 0));
        let (term, commit, count) = (self.term, self.commit, entries.len());
        let Some(peer) = self.peer(nth) else { return };
        peer.appending += 1;
        peer.append_ms = now_ms;
        peer.next += count as u64;
        let next = peer.next;
        let entries: Arc<[Entry<E>]> = entries.into();
        let message = |id| Message::Append(Append { id, term, previous_index, previous_term, commit, entries });
        self.call(to, Asked::Append(count), message, host);
        if count > 0 && self.has_more(next) {
            self.replicate(nth, host);
        }
    }

    /// The entries from an index on, until they are many bytes.
    fn batch(&self, next: u64) -> Vec<Entry<E>> {
        let mut bytes = 0;
        let mut batch = Vec::new();
        for index in next..=self.log.last_index() {
            let Some(entry) = self.log.get(index) else { break };
            bytes += entry.bytes();
            batch.push(entry.clone());
            if bytes >= self.settings.batch_bytes {
                break;
            }
        }
        batch
    }

    fn send_chunk<H: Host<E>>(&mut self, nth: usize, host: &mut H) {
        let (Some(snapshot), term) = (self.snapshot.clone(), self.term) else { return };
        let Some(peer) = self.peer(nth) else { return };
        let chunk = match peer.sending {
            Some((index, chunk)) if index == snapshot.index => chunk,
            _ => 0,
        };
        if chunk >= snapshot.chunks {
            return;
        }
        peer.sending = Some((snapshot.index, chunk + 1));
        peer.installing = true;
        let to = peer.id;
        let asked = Asked::Install(snapshot.index, chunk + 1 == snapshot.chunks);
        self.call(to, asked, |id| Message::Install { id, term, snapshot, chunk }, host);
    }

    /// The request is no longer underway; which member it went to, unless this one no longer leads.
    fn complete<H: Host<E>>(&mut self, call: Call, host: &H) -> Option<usize> {
        let now_ms = self.wall_ms(host);
        let leadership = self.leadership.as_mut()?;
        let nth = leadership.peers.iter().position(|peer| peer.id == call.to)?;
        let peer = &mut leadership.peers[nth];
        match call.asked {
            Asked::Append(entries) => peer.complete_append(entries, now_ms - call.sent_ms),
            Asked::Configure => peer.configuring = false,
            Asked::Install(..) => peer.installing = false,
            Asked::Poll(_) | Asked::Vote(_) | Asked::Join => {}
        }
        Some(nth)
    }

    /// A request failed. A leader that has heard no quorum for two election timeouts gives up.
    //= camunda/zeebe@0.24.4:atomix/cluster/src/main/java/io/atomix/raft/roles/LeaderAppender.java (failAttempt)
    pub(super) fn on_replication_failed<H: Host<E>>(&mut self, call: Call, host: &mut H) -> Handled {
        let Some(nth) = self.complete(call, host) else { return Ok(()) };
        let (now_ms, quorum) = (self.wall_ms(host), self.quorum());
        let silence_max_ms = 2 * (self.settings.election_timeout / MILLIS) as i64;
        let Some(leadership) = &mut self.leadership else { return Ok(()) };
        let peer = &mut leadership.peers[nth];
        if matches!(call.asked, Asked::Install(..)) {
            peer.sending = None;
        }
        peer.fail(now_ms);
        let failures = peer.failures;
        let mut heard: Vec<i64> = leadership.peers.iter().map(|peer| peer.response_ms).collect();
        heard.sort_unstable_by_key(|ms| std::cmp::Reverse(*ms));
        let silence_ms = now_ms - heard[quorum - 2].max(leadership.since_ms);
        if failures >= STEP_DOWN_AFTER && silence_ms > silence_max_ms {
            self.leader = None;
            return self.transition(Role::Follower, host);
        }
        Ok(())
    }

    pub(super) fn on_replication_answer<H: Host<E>>(
        &mut self,
        call: Call,
        message: Message<E>,
        host: &mut H,
    ) -> Handled {
        let Some(nth) = self.complete(call, host) else { return Ok(()) };
        match (call.asked, message) {
            (Asked::Append(entries), Message::Appended(answer)) => self.on_appended(nth, entries, answer, host)?,
            (Asked::Append(_), Message::Refused { .. }) => {
                let now_ms = self.wall_ms(host);
                if let Some(peer) = self.peer(nth) {
                    peer.fail(now_ms);
                }
            }
            (Asked::Configure, Message::Configured { .. }) => {
                if let Some(peer) = self.peer(nth) {
                    peer.forgive();
                    peer.configured_term = call.term;
                }
                self.replicate(nth, host);
            }
            (Asked::Install(index, last), Message::Installed { .. }) => {
                if let Some(peer) = self.peer(nth) {
                    peer.forgive();
                    if last {
                        peer.sending = None;
                        peer.snapshot_index = index;
                    }
                }
                if last {
                    self.read_from(nth, index + 1);
                }
                self.replicate(nth, host);
            }
            (Asked::Install(..), Message::Refused { .. }) => {
                if let Some(peer) = self.peer(nth) {
                    peer.sending = None;
                }
            }
            _ => {}
        }
        let now_ms = self.wall_ms(host);
        if let Some(peer) = self.peer(nth) {
            peer.heard(now_ms);
        }
        Ok(())
    }

    //= camunda/zeebe@0.24.4:atomix/cluster/src/main/java/io/atomix/raft/roles/LeaderAppender.java (handleAppendResponseOk)
    fn on_appended<H: Host<E>>(&mut self, nth: usize, entries: usize, answer: Appended, host: &mut H) -> Handled {
        let term = self.term;
        let Some(peer) = self.peer(nth) else { return Ok(()) };
        peer.forgive();
        if answer.succeeded {
            peer.append_succeeded = true;
            peer.matched = answer.last_index;
            if entries > 0 {
                self.commit_by_quorum(host);
            }
        } else if answer.term > term {
            self.set_term(answer.term, host);
            self.leader = None;
            return self.transition(Role::Follower, host);
        } else {
            peer.append_succeeded = false;
            peer.matched = peer.matched.min(answer.last_index);
            peer.snapshot_index = answer.snapshot_index;
            self.read_from(nth, answer.last_index + 1);
        }
        let next = self.peer(nth).map_or(0, |peer| peer.next);
        if self.has_more(next) {
            self.replicate(nth, host);
        }
        Ok(())
    }

    /// A member's reader is set to an index, as near as the log allows.
    fn read_from(&mut self, nth: usize, index: u64) {
        let (first, end) = (self.log.first_index(), self.log.last_index() + 1);
        if let Some(peer) = self.peer(nth) {
            peer.next = index.clamp(first, end);
        }
    }
}
