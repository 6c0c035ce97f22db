//! What a group of members is set to: numbers of upstream, upstream's defects as toggles, and planted mutations.

use kernel::identity::{MILLIS, Nanos, SECONDS};

/// One for all members of a group. Durations are nanoseconds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Settings {
    /// Heartbeats may fail to come for so long; with as much again drawn on top.
    pub election_timeout: Nanos,
    /// From one heartbeat of a leader to the next.
    pub heartbeat: Nanos,
    /// A request without an answer has failed after so long.
    pub request_timeout: Nanos,
    /// A batch takes entries until it has so many bytes.
    pub batch_bytes: u64,
    /// Appends underway to one member, at most.
    pub appends_max: u32,
    /// Entries of a segment of the log. Upstream counts 512 MB; whole segments are what compaction drops.
    pub segment_entries: u64,
    /// Upstream's defects.
    pub toggles: Toggles,
    /// The planted one, if any.
    pub mutation: Mutation,
}

impl Default for Settings {
    /// Zeebe 0.24.4 as the broker sets it up.
    //= camunda/zeebe@0.24.4:atomix/cluster/src/main/java/io/atomix/raft/partition/RaftPartitionGroupConfig.java (timeouts)
    //= camunda/zeebe@0.24.4:atomix/cluster/src/main/java/io/atomix/raft/roles/AbstractAppender.java (batch size)
    //= camunda/zeebe@0.24.4:atomix/cluster/src/main/java/io/atomix/raft/cluster/impl/RaftMemberContext.java (appends)
    //= camunda/zeebe@0.24.4:atomix/cluster/src/main/java/io/atomix/cluster/messaging/impl/AbstractClientConnection.java (5 s)
    fn default() -> Self {
        Settings {
            election_timeout: 2_500 * MILLIS,
            heartbeat: 250 * MILLIS,
            request_timeout: 5 * SECONDS,
            batch_bytes: 32 * 1024,
            appends_max: 2,
            segment_entries: 1 << 20,
            toggles: Toggles::upstream(),
            mutation: Mutation::None,
        }
    }
}

/// Upstream's defects, one switch each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Toggles {
    /// A leader that finds an entry invalid steps down and does not append it. Upstream (camunda/zeebe#6316) steps down
    /// and appends it.
    pub fix_6316: bool,
    /// When the log is flushed.
    pub flush: Flush,
    /// A voter whose log is empty after an install compares candidates with its snapshot. Upstream votes for anybody.
    pub snapshot_votes: bool,
    /// A member refuses entries from the very beginning if its snapshot is further on. Upstream, if its log is empty, takes
    /// them and writes them behind the snapshot, under wrong indexes.
    pub snapshot_appends: bool,
}

/// When the log is flushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Flush {
    /// When the commit index moves, as upstream: a follower says that it has what is only in its page cache. The crash of
    /// a machine, not of a process, loses entries that count as replicated.
    //= camunda/zeebe@0.24.4:atomix/storage/src/main/java/io/atomix/storage/journal/SegmentedJournalWriter.java (commit)
    OnCommit,
    /// Before a follower answers, as Raft demands, and when the commit index moves.
    BeforeAnswer,
}

impl Toggles {
    /// Zeebe 0.24.4 as it is.
    pub const fn upstream() -> Self {
        Toggles { fix_6316: false, flush: Flush::OnCommit, snapshot_votes: false, snapshot_appends: false }
    }

    /// All defects fixed: what must survive every fault within bounds.
    pub const fn sound() -> Self {
        Toggles { fix_6316: true, flush: Flush::BeforeAnswer, snapshot_votes: true, snapshot_appends: true }
    }
}

/// A mistake planted in the machine, to see that the checks find it. Never set outside tests of the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mutation {
    /// None.
    None,
    /// A voter votes again in a term in which it has voted (camunda/zeebe#5356 is of this kind).
    VoteTwice,
    /// A restarted member knows its term, but not whom it voted for.
    ForgetVote,
    /// A voter does not look at the candidate's log.
    SkipUpToDate,
    /// A leader commits what a quorum has, of whatever term.
    CommitOldTerm,
    /// A leader commits what one member fewer than a quorum has.
    CommitMinority,
    /// A follower commits up to what the leader says, whether it has that or not.
    CommitBeyondMatch,
    /// A member that becomes follower or candidate drops what it does not know to be committed, as upstream's passive
    /// members do: with it goes what others have committed meanwhile.
    TruncateCommitted,
    /// A follower takes entries whatever precedes them.
    IgnorePrevious,
    /// Nobody waits for a sync before he answers.
    AnswerBeforeSync,
    /// A leader that learns of a newer term takes it over and stays leader (camunda/zeebe#5360).
    KeepLeading,
    /// A received snapshot replaces the log, also one that is behind it (as camunda/zeebe#6092 describes).
    SnapshotCutsLog,
    /// Leadership is announced before an entry of the term is committed (camunda/zeebe#3651).
    AnnounceEarly,
}

impl Mutation {
    /// All of them, with the words that scenarios use.
    pub const ALL: &[(Mutation, &str)] = &[
        (Mutation::None, "none"),
        (Mutation::VoteTwice, "vote-twice"),
        (Mutation::ForgetVote, "forget-vote"),
        (Mutation::SkipUpToDate, "skip-up-to-date"),
        (Mutation::CommitOldTerm, "commit-old-term"),
        (Mutation::CommitMinority, "commit-minority"),
        (Mutation::CommitBeyondMatch, "commit-beyond-match"),
        (Mutation::TruncateCommitted, "truncate-committed"),
        (Mutation::IgnorePrevious, "ignore-previous"),
        (Mutation::AnswerBeforeSync, "answer-before-sync"),
        (Mutation::KeepLeading, "keep-leading"),
        (Mutation::SnapshotCutsLog, "snapshot-cuts-log"),
        (Mutation::AnnounceEarly, "announce-early"),
    ];

    /// The one of that word.
    pub fn named(word: &str) -> Option<Mutation> {
        Mutation::ALL.iter().find(|(_, name)| *name == word).map(|(mutation, _)| *mutation)
    }
}
