//! What a member makes of news about others: who is added, suspected, refuted, removed.

use crate::membership::host::{Change, Host};
use crate::membership::info::{MemberInfo, State};
use crate::membership::member::{Member, Other, shuffle};
use kernel::identity::NodeId;
use std::sync::Arc;

impl Member {
    /// News of a member, from whomever. True if this member thinks otherwise of it now; then it passes that on.
    ///
    /// An unknown member is taken as new whatever its incarnation: one that was removed as dead comes back by the word
    /// of anybody who still takes it for alive.
    //= camunda/zeebe@0.24.4:atomix/cluster/src/main/java/io/atomix/cluster/protocol/SwimMembershipProtocol.java (updateState)
    pub(super) fn update<H: Host>(&mut self, news: &MemberInfo, host: &mut H) -> bool {
        if news.id == self.me.id {
            return false;
        }
        let Some(other) = self.others.get(&news.id) else { return self.add(news, host) };
        if news.incarnation > other.info.incarnation {
            self.renew(news, host);
        } else if news.incarnation == other.info.incarnation && news.state > other.info.state {
            self.worsen(news.id, news.state, host);
        } else {
            return false;
        }
        true
    }

    fn add<H: Host>(&mut self, news: &MemberInfo, host: &mut H) -> bool {
        if news.state != State::Alive {
            return false;
        }
        self.others.insert(news.id, Other { info: news.clone(), changed_at: host.wall() });
        self.rotation.push(news.id);
        shuffle(&mut self.rotation, host);
        host.changed(Change::Added, news);
        self.record(news.clone());
        true
    }

    /// The member itself, or one that speaks for it, has said something later.
    fn renew<H: Host>(&mut self, news: &MemberInfo, host: &mut H) {
        let other = self.others.get_mut(&news.id).expect("the caller has found it");
        other.info.incarnation = news.incarnation;
        let was = other.info.state;
        match (news.state, was) {
            (State::Alive, State::Suspect | State::Dead) => {
                other.turn(State::Alive, host);
                other.tell(news, host);
            }
            (State::Suspect, State::Alive | State::Dead) => {
                other.tell(news, host);
                other.turn(State::Suspect, host);
                self.notify(news.id, host);
            }
            (State::Dead, State::Alive | State::Suspect) => {
                // What a dead one said of itself is of no interest.
                if was == State::Alive {
                    other.turn(State::Suspect, host);
                }
                return self.remove(news.id, host);
            }
            _ => other.tell(news, host),
        }
        let known = self.others[&news.id].info.clone();
        self.record(known);
    }

    /// Somebody takes the same incarnation of a member for worse than this member does.
    fn worsen<H: Host>(&mut self, id: NodeId, state: State, host: &mut H) {
        if state == State::Dead {
            // No word of its being unreachable, even if it was not suspected here.
            return self.remove(id, host);
        }
        let other = self.others.get_mut(&id).expect("the caller has found it");
        other.turn(state, host);
        self.notify(id, host);
        let known = self.others[&id].info.clone();
        self.record(known);
    }

    /// Suspects die after a while.
    pub(super) fn bury<H: Host>(&mut self, host: &mut H) {
        let (wall, timeout) = (host.wall(), self.settings.failure_timeout);
        let is_due =
            |other: &Other| other.info.state == State::Suspect && wall.saturating_sub(other.changed_at) > timeout;
        while let Some(id) = self.others.values().find(|other| is_due(other)).map(|other| other.info.id) {
            self.remove(id, host);
        }
    }

    fn remove<H: Host>(&mut self, id: NodeId, host: &mut H) {
        let Some(mut other) = self.others.remove(&id) else { return };
        other.info.state = State::Dead;
        self.rotation.retain(|known| *known != id);
        shuffle(&mut self.rotation, host);
        host.changed(Change::Removed, &other.info);
        self.record(other.info);
    }

    fn notify<H: Host>(&mut self, suspect: NodeId, host: &mut H) {
        if self.settings.notify_suspect {
            let updates = Arc::new([self.others[&suspect].info.clone()]);
            self.unicast(suspect, updates, host);
        }
    }
}

impl Other {
    fn turn<H: Host>(&mut self, state: State, host: &mut H) {
        self.info.state = state;
        self.changed_at = host.wall();
        host.changed(Change::ReachabilityChanged, &self.info);
    }

    fn tell<H: Host>(&mut self, news: &MemberInfo, host: &mut H) {
        if news.properties != self.info.properties {
            self.info.properties.merge(&news.properties);
            host.changed(Change::MetadataChanged, &self.info);
        }
    }
}
