//! What a partition's leader knows: the column families, with one transaction at a time.
//!
//! Kept as upstream's RocksDB keeps it: writes outside of a transaction commit at once, writes inside join it, whoever
//! makes them; a checkpoint (a clone) holds what is committed. The instances of a workflow's elements, their variables and
//! jobs, incidents, timers, messages, deployments still to be distributed, keys, and the position processed last.
//!
//! Not kept: what the modelled elements do not use; metrics.
//!
//= camunda/zeebe@0.24.4:engine/src/main/java/io/zeebe/engine/state/ZbColumnFamilies.java (families)
//= camunda/zeebe@0.24.4:zb-db/src/main/java/io/zeebe/db/impl/rocksdb/transaction/DefaultDbContext.java (joining)

mod column;
mod deployments;
mod document_index;
mod events;
mod incidents;
mod instances;
mod jobs;
mod messages;
mod timers;
mod variables;

pub use column::Column;
pub use deployments::{Pending, Workflow};
pub use document_index::{DocumentIndex, IndexSize};
pub use events::Trigger;
pub use instances::ElementInstance;
pub use jobs::{JobRow, JobState};
pub use messages::MessageRow;
pub use timers::TimerRow;
pub use variables::{VariableRow, VariableWrite};

use crate::protocol::{
    Incident, MessageStartEventSubscription, NO_POSITION, RequestId, Text, WorkflowInstance, first_key,
};
use std::sync::Arc;
use variables::VariableName;

/// The state and its transaction: every column family with its type, and what concerns all of them.
macro_rules! columns {
    ($($(#[$doc:meta])* $column:ident: $key:ty => $row:ty,)+) => {
        /// The state of one partition.
        #[derive(Clone, Debug, Default, Hash, PartialEq)]
        pub struct State {
            $($(#[$doc])* pub(crate) $column: Column<$key, $row>,)+
            open: Transaction,
        }

        impl State {
            /// Ends the transaction and keeps what it wrote.
            #[inline]
            pub fn commit(&mut self) {
                $(self.$column.commit();)+
                self.open = Transaction(false);
            }

            /// Ends the transaction and takes back what it wrote.
            pub fn rollback(&mut self) {
                $(self.$column.rollback();)+
                self.open = Transaction(false);
            }

            /// Watches every column family from now on, so that `fingerprints` has something to tell. What nobody compares, a
            /// replay of a file above all, does not pay for it.
            pub fn watch(&mut self) {
                $(self.$column.watch();)+
            }

            /// Fingerprints of the committed rows per column family, in the order of their declaration; all 0 if the state
            /// is not watched.
            #[must_use]
            pub fn fingerprints(&self) -> [u64; Self::COLUMNS.len()] {
                [$(self.$column.fingerprint(),)+]
            }

            /// Names of the column families, in the order of their declaration.
            pub const COLUMNS: [&'static str; [$(stringify!($column),)+].len()] = [$(stringify!($column),)+];

            /// Number of rows per column family, in the order of their declaration.
            #[must_use]
            pub fn sizes(&self) -> Vec<(&'static str, usize)> {
                vec![$((stringify!($column), self.$column.len()),)+]
            }
        }
    };
}

columns! {
    /// The last key drawn.
    latest_key: () => i64,
    /// The position processed last.
    last_processed: () => i64,
    /// The last version given to a process.
    next_version: Text => i32,
    /// MD5 of the resource of a process's last version.
    digests: Text => [u8; 16],
    /// Workflows by key.
    workflows: i64 => Arc<Workflow>,
    /// Workflows by process and version.
    workflows_by_version: (Text, i32) => Arc<Workflow>,
    /// The highest version of a process.
    latest_version: Text => i32,
    /// Deployments that not all partitions have confirmed.
    pending: i64 => Pending,
    /// Elements under way.
    instances: i64 => ElementInstance,
    /// Elements by the element that contains them.
    children: (i64, i64) => (),
    /// Variables by scope and name.
    variables: (i64, VariableName) => VariableRow,
    /// What a completed job brought, until its element completes.
    temporary_variables: i64 => crate::protocol::Document,
    /// Jobs.
    jobs: i64 => JobRow,
    /// Jobs that can be activated, by type.
    activatable: (Text, i64) => (),
    /// Jobs that are activated, by deadline.
    deadlines: (i64, i64) => (),
    /// Open incidents.
    incidents: i64 => Arc<Incident>,
    /// Incident of a job.
    job_incidents: i64 => i64,
    /// Incident of an element.
    element_incidents: i64 => i64,
    /// Timers by element and key.
    timers: (i64, i64) => TimerRow,
    /// Timers by due date.
    due_dates: (i64, i64, i64) => (),
    /// Workflows whose start events are accepted.
    start_scopes: i64 => (),
    /// Events by scope and key, until they are handled.
    triggers: (i64, i64) => Trigger,
    /// Elements that wait for their scope to be active, by scope and key.
    deferred: (i64, i64) => Arc<WorkflowInstance>,
    /// Messages that wait.
    messages: i64 => MessageRow,
    /// Messages by name, correlation key and key.
    message_queue: (Text, Text, i64) => (),
    /// Messages by deadline.
    message_deadlines: (i64, i64) => (),
    /// Names, correlation keys and ids of messages.
    message_ids: (Text, Text, Text) => (),
    /// Processes that a message was correlated to.
    message_correlations: (i64, Text) => (),
    /// Processes and correlation keys that an instance holds, so that messages of that key wait.
    correlation_locks: (Text, Text) => (),
    /// Correlation key of the message that started an instance.
    instance_correlation_keys: i64 => Text,
    /// Message start events by message name and workflow.
    start_subscriptions: (Text, i64) => Arc<MessageStartEventSubscription>,
    /// Message names by workflow.
    subscribed_names: (i64, Text) => (),
    /// Instances that processing failed for.
    blacklist: i64 => (),
    /// Who waits for an instance's end.
    awaiting: i64 => RequestId,
}

/// Whether a transaction is open; no part of what two states are compared by.
#[derive(Clone, Copy, Debug, Default)]
struct Transaction(bool);

impl std::hash::Hash for Transaction {
    fn hash<H: std::hash::Hasher>(&self, _: &mut H) {}
}

impl PartialEq for Transaction {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl State {
    /// Opens a transaction, or joins the one that is open.
    pub fn begin(&mut self) {
        self.open = Transaction(true);
    }

    /// What is committed: what a checkpoint holds while a transaction is open.
    #[must_use]
    pub fn committed(&self) -> State {
        let mut committed = self.clone();
        committed.rollback();
        committed
    }

    /// Whether a transaction is open.
    #[must_use]
    pub const fn in_transaction(&self) -> bool {
        self.open.0
    }

    /// Writes from outside of processing: part of the transaction that happens to be open, or committed at once.
    pub fn alone<T>(&mut self, write: impl FnOnce(&mut State) -> T) -> T {
        let joins = self.in_transaction();
        let result = write(self);
        if !joins {
            self.commit();
        }
        result
    }

    /// The next key of a partition.
    ///
    //= camunda/zeebe@0.24.4:engine/src/main/java/io/zeebe/engine/state/KeyState.java (part of the transaction)
    pub fn next_key(&mut self, partition: u16) -> i64 {
        let key = self.latest_key.get(&()).copied().unwrap_or(first_key(partition)) + 1;
        self.latest_key.put((), key);
        key
    }

    /// The position processed last, or `NO_POSITION`.
    #[must_use]
    pub fn last_processed(&self) -> i64 {
        self.last_processed.get(&()).copied().unwrap_or(NO_POSITION)
    }

    /// Notes that a record is processed.
    pub fn mark_processed(&mut self, position: i64) {
        self.last_processed.put((), position);
    }

    /// Whether the records of an instance are passed over.
    #[must_use]
    pub fn is_blacklisted(&self, workflow_instance_key: i64) -> bool {
        self.blacklist.contains(&workflow_instance_key)
    }

    /// Passes over the records of an instance from now on.
    pub fn blacklist(&mut self, workflow_instance_key: i64) {
        if workflow_instance_key >= 0 {
            self.blacklist.put(workflow_instance_key, ());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::State;

    #[test]
    fn writes_from_outside_join_an_open_transaction_and_vanish_with_it() {
        let mut state = State::default();
        state.alone(|state| state.mark_processed(1));
        state.begin();
        state.alone(|state| state.mark_processed(2));
        assert_eq!(state.next_key(1), 2_251_799_813_685_249);
        state.rollback();
        assert_eq!(state.last_processed(), 1);
        state.begin();
        assert_eq!(state.next_key(1), 2_251_799_813_685_249, "a key that was rolled back is drawn again");
        state.commit();
        assert_eq!(state.next_key(1), 2_251_799_813_685_250);
    }

    #[test]
    fn a_checkpoint_does_not_see_what_follows() {
        let mut state = State::default();
        state.alone(|state| state.mark_processed(7));
        let checkpoint = state.clone();
        state.alone(|state| state.mark_processed(8));
        assert_eq!((checkpoint.last_processed(), state.last_processed()), (7, 8));
        assert!(checkpoint != state);
    }
}
