//! A host that collects what a member does, for tests that feed it by hand. Its disk takes effect at once; notices wait
//! until the test lets them come.

use kernel::disk::DiskError;
use kernel::identity::{FileName, MILLIS, Nanos, NodeId, SECONDS};
use kernel::system::DiskOp;
use relapse_raft::message::{Append, Appended, Candidacy, Granted};
use relapse_raft::{
    Body, Content, Entry, Event, Host, Member, Message, Outcome, Positions, Record, Role, Settings, Snapshot, Timer,
};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// What is replicated here: a number, of a size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Word(pub u64, pub u64);

impl Content for Word {
    type Snapshot = ();

    fn bytes(&self) -> u64 {
        self.1
    }
}

pub const ME: NodeId = NodeId(0);
pub const ONE: NodeId = NodeId(1);
pub const TWO: NodeId = NodeId(2);

/// What the member did.
pub struct Hand {
    pub now: Nanos,
    pub sent: Vec<(NodeId, Message<Word>)>,
    pub timers: BTreeMap<Timer, Nanos>,
    pub notices: VecDeque<u64>,
    pub files: BTreeMap<FileName, Vec<Record<Word>>>,
    pub announced: Vec<(Role, u64)>,
    pub committed: Vec<u64>,
    pub outcomes: Vec<(u64, Outcome)>,
    pub stored: Vec<u64>,
    pub failed: bool,
}

impl Hand {
    pub fn new() -> Self {
        Hand {
            now: 1_000 * SECONDS,
            sent: Vec::new(),
            timers: BTreeMap::new(),
            notices: VecDeque::new(),
            files: BTreeMap::new(),
            announced: Vec::new(),
            committed: Vec::new(),
            outcomes: Vec::new(),
            stored: Vec::new(),
            failed: false,
        }
    }

    /// Takes what was sent.
    pub fn take(&mut self) -> Vec<(NodeId, Message<Word>)> {
        std::mem::take(&mut self.sent)
    }

    /// Names of what was sent, taken.
    pub fn names(&mut self) -> Vec<&'static str> {
        self.take().iter().map(|(_, message)| kernel::system::Traced::name(message)).collect()
    }
}

impl Host<Word> for Hand {
    fn monotonic(&self) -> Nanos {
        self.now
    }
    fn wall(&self) -> Nanos {
        self.now
    }
    fn draw(&mut self) -> u64 {
        0
    }
    fn send(&mut self, to: NodeId, message: Message<Word>) {
        self.sent.push((to, message));
    }
    fn set_timer(&mut self, timer: Timer, after: Nanos) {
        self.timers.insert(timer, self.now + after);
    }
    fn cancel_timer(&mut self, timer: Timer) {
        self.timers.remove(&timer);
    }
    fn disk(&mut self, operation: DiskOp<Record<Word>>, notice: Option<u64>) {
        match operation {
            DiskOp::Append(file, record) => self.files.entry(file).or_default().push(record),
            DiskOp::Write(file, index, record) => {
                self.files.get_mut(&file).expect("a file that is written to")[index as usize] = record;
            }
            DiskOp::Truncate(file, len) => {
                self.files.get_mut(&file).expect("a file that is cut").truncate(len as usize);
            }
            DiskOp::Delete(file) => {
                self.files.remove(&file).expect("a file that is removed");
            }
            DiskOp::Sync(file) => assert!(self.files.contains_key(&file), "a sync of {file}, which is not there"),
            DiskOp::Rename(..) | DiskOp::Read(..) => {}
        }
        self.notices.extend(notice);
    }
    fn files(&self) -> Vec<FileName> {
        self.files.keys().copied().collect()
    }
    fn file_len(&self, file: FileName) -> Option<u64> {
        self.files.get(&file).map(|records| records.len() as u64)
    }
    fn record(&self, file: FileName, index: u64) -> Result<&Record<Word>, DiskError> {
        self.files.get(&file).and_then(|records| records.get(index as usize)).ok_or(DiskError::Missing)
    }
    fn store_snapshot(&mut self, snapshot: Snapshot<Word>, notice: u64) {
        self.stored.push(snapshot.index);
        self.notices.push_back(notice);
    }
    fn announced(&mut self, role: Role, term: u64) {
        self.announced.push((role, term));
    }
    fn committed(&mut self, index: u64) {
        self.committed.push(index);
    }
    fn appended(&mut self, ticket: u64, outcome: Outcome) {
        self.outcomes.push((ticket, outcome));
    }
    fn failed(&mut self) {
        self.failed = true;
    }
    fn emit(&mut self, _: Event) {}
}

/// A member of three and its host.
pub struct Scene {
    pub member: Member<Word>,
    pub hand: Hand,
}

impl Scene {
    /// A member that has just started, on an empty disk.
    pub fn new(settings: Settings) -> Self {
        let mut scene = Scene { member: Scene::member(settings), hand: Hand::new() };
        scene.member.start(None, &mut scene.hand);
        scene.settle();
        scene
    }

    fn member(settings: Settings) -> Member<Word> {
        Member::new(Arc::new(settings), 0, ME, &[ONE, TWO], 1)
    }

    /// The next process on the same disk.
    pub fn restarted(self, settings: Settings) -> Self {
        let (member, hand) = self.starting(settings);
        let mut scene = Scene { member, hand };
        scene.settle();
        scene
    }

    /// The same before its disk has finished anything.
    pub fn starting(self, settings: Settings) -> (Member<Word>, Hand) {
        let mut hand = Hand { files: self.hand.files, ..Hand::new() };
        let mut member = Scene::member(settings);
        member.start(None, &mut hand);
        (member, hand)
    }

    /// The disk says that the oldest of what it was given has failed.
    pub fn fails_disk(&mut self) {
        let notice = self.hand.notices.pop_front().expect("something underway");
        self.member.disk_done(notice, Err(DiskError::Io), &mut self.hand);
    }

    /// The disk finishes all it was given; what was said at the start is forgotten.
    pub fn settle(&mut self) {
        self.finish_disk();
        self.hand.sent.clear();
    }

    pub fn finish_disk(&mut self) {
        while let Some(notice) = self.hand.notices.pop_front() {
            self.member.disk_done(notice, Ok(()), &mut self.hand);
        }
    }

    pub fn gets(&mut self, from: NodeId, message: Message<Word>) {
        self.member.receive(from, message, &mut self.hand);
    }

    /// Its timer of a kind fires.
    pub fn fires(&mut self, timer: Timer) {
        let at = self.hand.timers.remove(&timer).expect("a timer that is set");
        self.hand.now = self.hand.now.max(at);
        self.member.timer(timer, &mut self.hand);
    }

    pub fn passes(&mut self, ms: u64) {
        self.hand.now += ms * MILLIS;
    }

    /// Everything it has sent is answered with yes by this one.
    pub fn agreed_by(&mut self, peer: NodeId) {
        for (to, message) in self.hand.take() {
            if to == peer
                && let Some(answer) = yes(&message)
            {
                self.gets(peer, answer);
            }
        }
    }

    /// It leads term 1, with nothing else in its log; its first entry is not committed.
    pub fn elected(settings: Settings) -> Self {
        let mut scene = Scene::new(settings);
        scene.fires(Timer::Heartbeat);
        scene.agreed_by(ONE);
        scene.finish_disk();
        scene.agreed_by(ONE);
        scene.finish_disk();
        assert_eq!(scene.member.role(), Role::Leader);
        scene
    }

    /// It leads, and both others follow.
    pub fn leading(settings: Settings) -> Self {
        let mut scene = Scene::elected(settings);
        for _ in 0..4 {
            for peer in [ONE, TWO] {
                let sent = scene.hand.sent.clone();
                scene.agreed_by(peer);
                let others = sent.into_iter().filter(|(to, _)| *to != peer);
                scene.hand.sent.splice(0..0, others);
            }
            scene.finish_disk();
        }
        scene.hand.sent.clear();
        scene
    }

    /// Its host gives it a number of a size.
    pub fn given(&mut self, number: u64, bytes: u64) {
        let positions = Positions { lowest: number, highest: number };
        self.member.append(number, positions, Word(number, bytes), &mut self.hand);
    }
}

/// The answer of one that agrees and has everything.
pub fn yes(message: &Message<Word>) -> Option<Message<Word>> {
    Some(match message {
        Message::Poll(asked) => Message::Polled(Granted { id: asked.id, term: asked.term, granted: true }),
        Message::Vote(asked) => Message::Voted(Granted { id: asked.id, term: asked.term, granted: true }),
        Message::Configure { id, .. } => Message::Configured { id: *id },
        Message::Append(append) => Message::Appended(Appended {
            id: append.id,
            term: append.term,
            succeeded: true,
            last_index: append.previous_index + append.entries.len() as u64,
            snapshot_index: 0,
        }),
        Message::Install { id, .. } => Message::Installed { id: *id },
        Message::Join { id } => Message::Joined { id: *id },
        _ => return None,
    })
}

pub fn candidacy(term: u64, last_index: u64, last_term: u64) -> Candidacy {
    Candidacy { id: 1, term, last_index, last_term }
}

/// An append of entries of these terms behind an index and its term.
pub fn append(term: u64, previous: (u64, u64), commit: u64, terms: &[u64]) -> Message<Word> {
    let entries: Vec<Entry<Word>> = terms.iter().map(|term| Entry { term: *term, body: Body::Initialize }).collect();
    let (previous_index, previous_term) = previous;
    Message::Append(Append { id: 1, term, previous_index, previous_term, commit, entries: entries.into() })
}

/// A snapshot of an index and term, in so many pieces.
pub fn snapshot(index: u64, term: u64, chunks: u32) -> Snapshot<Word> {
    Snapshot { index, term, chunks, chunk_bytes: 1, data: () }
}

/// Whether a vote was given, and whether an append succeeded with which last index.
pub fn granted(sent: &[(NodeId, Message<Word>)]) -> Vec<bool> {
    let of = |message: &Message<Word>| match message {
        Message::Voted(answer) | Message::Polled(answer) => Some(answer.granted),
        _ => None,
    };
    sent.iter().filter_map(|(_, message)| of(message)).collect()
}

pub fn appended(sent: &[(NodeId, Message<Word>)]) -> Vec<(bool, u64)> {
    let of = |message: &Message<Word>| match message {
        Message::Appended(answer) => Some((answer.succeeded, answer.last_index)),
        _ => None,
    };
    sent.iter().filter_map(|(_, message)| of(message)).collect()
}
