//! What a fault does: the actions, as data.
//!
//! Left out: blocks by address (the kernel has them; no plan has needed one), slewed clocks, corruption on the wire
//! (checksums of TCP and TLS turn it into loss), Byzantine nodes.

pub use crate::manner::*;
use crate::selector::Selector;
use serde::{Deserialize, Serialize};

/// One kind of harm, or its undoing. In a plan: `do = { kill = { node = "server" } }`.
///
/// Where an entry says `for`, the action is undone after that time; what that means is said at each.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Ends processes. `for`: started again after that.
    Kill(Kill),
    /// Starts what has no process; leaves alone what has one.
    Restart(Restart),
    /// Stops processes (SIGSTOP): inputs wait. `for`: resumed after that.
    Pause(Whom),
    /// Lets stopped processes go on, whoever stopped them.
    Resume(Whom),
    /// Processes neither work nor exit. `for`: ended and started again after that, as a liveness probe would.
    Hang(Whom),
    /// Cuts nodes off from others. `for`: let in again after that.
    #[serde(alias = "cut")]
    Isolate(Isolate),
    /// Cuts groups off from one another. `for`: healed after that.
    Partition(Partition),
    /// Cuts pairs of nodes. `for`: healed after that.
    Block(Block),
    /// Makes links worse. `for`: as before after that.
    Degrade(Degrade),
    /// Sets wall clocks off. `for`: set back by as much after that.
    ClockOffset(ClockShift),
    /// Wall clocks jump, for good.
    ClockJump(ClockShift),
    /// Both clocks run at another rate. `for`: at their own rate after that.
    ClockDrift(ClockDrift),
    /// Both clocks stand still. `for`: they go on where they stood after that.
    ClockFreeze(Whom),
    /// All service times grow. `for`: as before after that.
    Slow(Slow),
    /// All disk operations take longer. `for`: as before after that.
    DiskSlow(Slow),
    /// Disks have no space left. `for`: they have again after that.
    DiskFull(Whom),
    /// The next disk operations fail. `for`: those that have not by then do not.
    DiskError(DiskError),
    /// Processes die while their disks write: a prefix of what was not synced stays, its last record damaged. `for`:
    /// started again after that.
    TornWrite(Whom),
    /// The next syncs do nothing and say that they did. `for`: those that have not come by then are honest.
    LostSync(LostSync),
    /// Damages a record.
    FlipBit(FlipBit),
    /// Removes a file.
    RemoveFile(RemoveFile),
    /// Empties volumes.
    Wipe(Whom),
    /// Replaces volumes by a copy of another one, as it is now. Processes that run on them are not told.
    CopyVolume(CopyVolume),
}

impl Action {
    /// Its word in plans.
    pub const fn word(&self) -> &'static str {
        match self {
            Action::Kill(_) => "kill",
            Action::Restart(_) => "restart",
            Action::Pause(_) => "pause",
            Action::Resume(_) => "resume",
            Action::Hang(_) => "hang",
            Action::Isolate(_) => "isolate",
            Action::Partition(_) => "partition",
            Action::Block(_) => "block",
            Action::Degrade(_) => "degrade",
            Action::ClockOffset(_) => "clock-offset",
            Action::ClockJump(_) => "clock-jump",
            Action::ClockDrift(_) => "clock-drift",
            Action::ClockFreeze(_) => "clock-freeze",
            Action::Slow(_) => "slow",
            Action::DiskSlow(_) => "disk-slow",
            Action::DiskFull(_) => "disk-full",
            Action::DiskError(_) => "disk-error",
            Action::TornWrite(_) => "torn-write",
            Action::LostSync(_) => "lost-sync",
            Action::FlipBit(_) => "flip-bit",
            Action::RemoveFile(_) => "remove-file",
            Action::Wipe(_) => "wipe",
            Action::CopyVolume(_) => "copy-volume",
        }
    }

    /// Whether `for` means something: it lasts until it is undone.
    pub const fn lasts(&self) -> bool {
        !matches!(
            self,
            Action::Restart(_)
                | Action::Resume(_)
                | Action::ClockJump(_)
                | Action::FlipBit(_)
                | Action::RemoveFile(_)
                | Action::Wipe(_)
                | Action::CopyVolume(_)
        )
    }

    /// All its selectors, with the key of each.
    pub fn selectors(&self) -> Vec<(&'static str, &Selector)> {
        match self {
            Action::Kill(Kill { node, .. })
            | Action::Restart(Restart { node, .. })
            | Action::ClockOffset(ClockShift { node, .. })
            | Action::ClockJump(ClockShift { node, .. })
            | Action::ClockDrift(ClockDrift { node, .. })
            | Action::Slow(Slow { node, .. })
            | Action::DiskSlow(Slow { node, .. })
            | Action::DiskError(DiskError { node, .. })
            | Action::LostSync(LostSync { node, .. })
            | Action::FlipBit(FlipBit { node, .. })
            | Action::RemoveFile(RemoveFile { node, .. }) => vec![("node", node)],
            Action::Pause(whom)
            | Action::Resume(whom)
            | Action::Hang(whom)
            | Action::ClockFreeze(whom)
            | Action::DiskFull(whom)
            | Action::TornWrite(whom)
            | Action::Wipe(whom) => vec![("node", &whom.node)],
            Action::Isolate(isolate) => vec![("node", &isolate.node), ("from", &isolate.from)],
            Action::Partition(partition) => partition.groups.iter().map(|group| ("groups", group)).collect(),
            Action::Block(block) => block.pairs.iter().flat_map(|(a, b)| [("pairs", a), ("pairs", b)]).collect(),
            Action::Degrade(degrade) => vec![("from", &degrade.from), ("to", &degrade.to)],
            Action::CopyVolume(copy) => vec![("from", &copy.from), ("to", &copy.to)],
        }
    }
}
