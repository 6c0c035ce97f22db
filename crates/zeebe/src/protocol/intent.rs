//! Intents: what a record says happened or shall happen.
//!
//! The type of the value follows from the intent's family, so an `Intent` holds both.
//!
//= camunda/zeebe@0.24.4:protocol/src/main/java/io/zeebe/protocol/record/intent/*.java (names)

/// One enum per family, the value types, and the sum of all.
macro_rules! intents {
    ($($family:ident $enum:ident $value_type:literal { $($item:ident = $name:literal),+ $(,)? })+) => {
        $(
            #[doc = concat!("What happens to a ", $value_type, ".")]
            #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
            pub enum $enum {
                $(
                    #[doc = concat!("`", $name, "`")]
                    $item,
                )+
            }

            impl From<$enum> for Intent {
                fn from(intent: $enum) -> Self {
                    Intent::$family(intent)
                }
            }
        )+

        /// What a record's value is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum ValueType {
            $(
                #[doc = concat!("`", $value_type, "`")]
                $family,
            )+
        }

        impl ValueType {
            /// Its name in the protocol.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(ValueType::$family => $value_type,)+
                }
            }

            /// The type of this name.
            #[must_use]
            pub fn named(name: &str) -> Option<ValueType> {
                match name {
                    $($value_type => Some(ValueType::$family),)+
                    _ => None,
                }
            }

            /// All of them, in the order of their names here.
            pub const ALL: &'static [ValueType] = &[$(ValueType::$family),+];
        }

        /// An intent with its family.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Intent {
            $(
                #[doc = concat!("Of a ", $value_type, ".")]
                $family($enum),
            )+
        }

        impl Intent {
            /// The type of the value that comes with it.
            #[must_use]
            pub const fn value_type(self) -> ValueType {
                match self {
                    $(Intent::$family(_) => ValueType::$family,)+
                }
            }

            /// Its name in the protocol.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Intent::$family(intent) => match intent { $($enum::$item => $name,)+ },)+
                }
            }

            /// The enum that upstream has it in, as its text forms name it.
            #[must_use]
            pub const fn family(self) -> &'static str {
                match self {
                    $(Intent::$family(_) => stringify!($enum),)+
                }
            }

            /// The intent of this name among those of a value type.
            #[must_use]
            pub fn named(value_type: ValueType, name: &str) -> Option<Intent> {
                match value_type {
                    $(ValueType::$family => match name {
                        $($name => Some(Intent::$family($enum::$item)),)+
                        _ => None,
                    },)+
                }
            }

            /// The names of all intents of a value type.
            #[must_use]
            pub const fn names(value_type: ValueType) -> &'static [&'static str] {
                match value_type {
                    $(ValueType::$family => &[$($name),+],)+
                }
            }
        }
    };
}

intents! {
    Deployment DeploymentIntent "DEPLOYMENT" {
        Create = "CREATE",
        Created = "CREATED",
        Distribute = "DISTRIBUTE",
        Distributed = "DISTRIBUTED",
    }
    WorkflowInstance WorkflowInstanceIntent "WORKFLOW_INSTANCE" {
        Cancel = "CANCEL",
        SequenceFlowTaken = "SEQUENCE_FLOW_TAKEN",
        ElementActivating = "ELEMENT_ACTIVATING",
        ElementActivated = "ELEMENT_ACTIVATED",
        ElementCompleting = "ELEMENT_COMPLETING",
        ElementCompleted = "ELEMENT_COMPLETED",
        ElementTerminating = "ELEMENT_TERMINATING",
        ElementTerminated = "ELEMENT_TERMINATED",
        EventOccurred = "EVENT_OCCURRED",
    }
    WorkflowInstanceCreation WorkflowInstanceCreationIntent "WORKFLOW_INSTANCE_CREATION" {
        Create = "CREATE",
        Created = "CREATED",
        CreateWithAwaitingResult = "CREATE_WITH_AWAITING_RESULT",
    }
    WorkflowInstanceResult WorkflowInstanceResultIntent "WORKFLOW_INSTANCE_RESULT" {
        Completed = "COMPLETED",
    }
    Job JobIntent "JOB" {
        Create = "CREATE",
        Created = "CREATED",
        Activated = "ACTIVATED",
        Complete = "COMPLETE",
        Completed = "COMPLETED",
        TimeOut = "TIME_OUT",
        TimedOut = "TIMED_OUT",
        Fail = "FAIL",
        Failed = "FAILED",
        UpdateRetries = "UPDATE_RETRIES",
        RetriesUpdated = "RETRIES_UPDATED",
        Cancel = "CANCEL",
        Canceled = "CANCELED",
        ThrowError = "THROW_ERROR",
        ErrorThrown = "ERROR_THROWN",
    }
    JobBatch JobBatchIntent "JOB_BATCH" {
        Activate = "ACTIVATE",
        Activated = "ACTIVATED",
    }
    Timer TimerIntent "TIMER" {
        Create = "CREATE",
        Created = "CREATED",
        Trigger = "TRIGGER",
        Triggered = "TRIGGERED",
        Cancel = "CANCEL",
        Canceled = "CANCELED",
    }
    Incident IncidentIntent "INCIDENT" {
        Create = "CREATE",
        Created = "CREATED",
        Resolve = "RESOLVE",
        Resolved = "RESOLVED",
    }
    Variable VariableIntent "VARIABLE" {
        Created = "CREATED",
        Updated = "UPDATED",
    }
    VariableDocument VariableDocumentIntent "VARIABLE_DOCUMENT" {
        Update = "UPDATE",
        Updated = "UPDATED",
    }
    Message MessageIntent "MESSAGE" {
        Publish = "PUBLISH",
        Published = "PUBLISHED",
        Delete = "DELETE",
        Deleted = "DELETED",
    }
    MessageStartEventSubscription MessageStartEventSubscriptionIntent "MESSAGE_START_EVENT_SUBSCRIPTION" {
        Open = "OPEN",
        Opened = "OPENED",
        Close = "CLOSE",
        Closed = "CLOSED",
    }
    Error ErrorIntent "ERROR" {
        Created = "CREATED",
    }
}

#[cfg(test)]
mod tests {
    use super::{DeploymentIntent, Intent, ValueType};

    #[test]
    fn every_intent_is_found_by_its_name() {
        let mut seen = 0;
        for value_type in ValueType::ALL.iter().copied() {
            assert_eq!(ValueType::named(value_type.name()), Some(value_type));
            for name in Intent::names(value_type) {
                let intent = Intent::named(value_type, name).expect("a name of the list");
                assert_eq!((intent.name(), intent.value_type()), (*name, value_type));
                seen += 1;
            }
        }
        assert!(seen > 50, "{seen}");
        assert_eq!(Intent::named(ValueType::Job, "DISTRIBUTED"), None);
    }

    #[test]
    fn text_forms_name_the_enum_of_upstream() {
        let intent = Intent::from(DeploymentIntent::Distributed);
        assert_eq!(format!("{}:{}", intent.family(), intent.name()), "DeploymentIntent:DISTRIBUTED");
    }
}
