//! What clients get, and the statuses of what went wrong.
//!
//= camunda/zeebe@0.24.4:gateway/src/main/java/io/zeebe/gateway/ResponseMapper.java (answers)
//= camunda/zeebe@0.24.4:gateway/src/main/java/io/zeebe/gateway/EndpointManager.java (convertThrowable: statuses, texts)

use crate::engine::Answer;
use crate::protocol::{DeployedWorkflow, Document, Intent, JobBatch, Rejection, RejectionType, Text, Value, ValueType};
use kernel::identity::{MILLIS, Nanos, SECONDS};
use std::fmt;
use std::sync::Arc;

/// A status code of gRPC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)] // They are gRPC's.
pub enum Code {
    Unknown,
    InvalidArgument,
    DeadlineExceeded,
    NotFound,
    AlreadyExists,
    ResourceExhausted,
    FailedPrecondition,
    Internal,
    Unavailable,
}

impl Code {
    /// Its name in gRPC.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Code::Unknown => "UNKNOWN",
            Code::InvalidArgument => "INVALID_ARGUMENT",
            Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
            Code::NotFound => "NOT_FOUND",
            Code::AlreadyExists => "ALREADY_EXISTS",
            Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
            Code::FailedPrecondition => "FAILED_PRECONDITION",
            Code::Internal => "INTERNAL",
            Code::Unavailable => "UNAVAILABLE",
        }
    }
}

/// How a call failed. Its text is the one that the Java client shows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Status {
    /// What kind of failure.
    pub code: Code,
    /// The text for the client.
    pub description: Text,
}

impl Status {
    /// A status.
    #[must_use]
    pub fn new(code: Code, description: impl Into<Text>) -> Self {
        Status { code, description: description.into() }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.name(), self.description)
    }
}

/// What a call came to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Response {
    /// The gateway's picture of the cluster.
    Topology(Text),
    /// Files are deployed.
    Deployed {
        /// The deployment.
        key: i64,
        /// What it brought, or confirmed.
        workflows: Arc<[DeployedWorkflow]>,
    },
    /// An instance is created.
    Created {
        /// Of which workflow.
        workflow_key: i64,
        /// Which instance.
        workflow_instance_key: i64,
    },
    /// An instance has come to its end.
    Result {
        /// Which instance.
        workflow_instance_key: i64,
        /// What it left.
        variables: Document,
    },
    /// Variables are set.
    VariablesSet {
        /// The command's key.
        key: i64,
    },
    /// It is done, and there is nothing to say.
    Done,
}

/// What a client gets. A call ends with any of them but `Jobs`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Reply {
    /// The one answer of a call that has one.
    Response(Response),
    /// Jobs of one partition, for a poll.
    Jobs(Arc<JobBatch>),
    /// A poll has ended.
    End,
    /// The call failed.
    Error(Status),
}

impl Reply {
    kernel::plain_words! {
        Reply::Response(_) => "response",
        Reply::Jobs(_) => "jobs",
        Reply::End => "end",
        Reply::Error(_) => "error",
    }
}

/// How a broker refuses a request without writing anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)] // They are the protocol's.
pub enum ErrorCode {
    InternalError,
    PartitionLeaderMismatch,
    UnsupportedMessage,
    InvalidClientVersion,
    MalformedRequest,
    InvalidMessageTemplate,
    InvalidDeploymentPartition,
    WorkflowNotFound,
    ResourceExhausted,
}

impl ErrorCode {
    /// Its name in the protocol.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            ErrorCode::InternalError => "INTERNAL_ERROR",
            ErrorCode::PartitionLeaderMismatch => "PARTITION_LEADER_MISMATCH",
            ErrorCode::UnsupportedMessage => "UNSUPPORTED_MESSAGE",
            ErrorCode::InvalidClientVersion => "INVALID_CLIENT_VERSION",
            ErrorCode::MalformedRequest => "MALFORMED_REQUEST",
            ErrorCode::InvalidMessageTemplate => "INVALID_MESSAGE_TEMPLATE",
            ErrorCode::InvalidDeploymentPartition => "INVALID_DEPLOYMENT_PARTITION",
            ErrorCode::WorkflowNotFound => "WORKFLOW_NOT_FOUND",
            ErrorCode::ResourceExhausted => "RESOURCE_EXHAUSTED",
        }
    }
}

/// What can go wrong between a gateway and its brokers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Failure {
    /// The gateway never heard of the partition.
    PartitionNotFound,
    /// The request itself is wrong.
    InvalidArgument(String),
    /// No answer for so long.
    TimedOut(Nanos),
    /// The command was written, and refused.
    Rejected(Intent, Rejection),
    /// The broker did not take the request.
    Broker(ErrorCode, Text),
    /// There is no leader to send it to, or no connection to him, or it broke while the answer was waited for.
    Unreachable,
    /// The broker does not serve that partition.
    NoHandler,
    /// All partitions failed in a way in which the next one is tried.
    Exhausted,
    /// Anything else.
    Unexpected,
}

/// How a rejection is worded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Wording {
    /// Up to 0.24.5: the intent is called the code.
    #[default]
    IntentAsCode,
    /// From 0.24.6 and 0.25.0 on.
    //= camunda/zeebe@0.24.6:gateway/src/main/java/io/zeebe/gateway/grpc/GrpcErrorMapper.java (mapRejectionToStatus)
    IntentAndCode,
}

impl Failure {
    pub(crate) fn status(&self, wording: Wording) -> Status {
        match self {
            Failure::PartitionNotFound => {
                let text = "Expected to execute command, but this command refers to an element that doesn't exist.";
                Status::new(Code::NotFound, text)
            }
            Failure::InvalidArgument(text) => Status::new(Code::InvalidArgument, text.as_str()),
            Failure::TimedOut(after) => {
                let after = iso_duration(*after);
                let text = format!("Time out between gateway and broker: Request timed out after {after}");
                Status::new(Code::DeadlineExceeded, text)
            }
            Failure::Rejected(intent, rejection) => rejected(*intent, rejection, wording),
            Failure::Broker(ErrorCode::WorkflowNotFound, text) => Status::new(Code::NotFound, text.clone()),
            Failure::Broker(ErrorCode::ResourceExhausted, text) => Status::new(Code::ResourceExhausted, text.clone()),
            Failure::Broker(code, _) => {
                let code = code.name();
                Status::new(
                    Code::Internal,
                    format!("Unexpected error occurred between gateway and broker (code: {code})"),
                )
            }
            Failure::Unreachable | Failure::NoHandler | Failure::Exhausted | Failure::Unexpected => {
                Status::new(Code::Internal, "Unexpected error occurred during the request processing")
            }
        }
    }
}

fn rejected(intent: Intent, rejection: &Rejection, wording: Wording) -> Status {
    let code = match rejection.kind {
        RejectionType::InvalidArgument => Code::InvalidArgument,
        RejectionType::NotFound => Code::NotFound,
        RejectionType::AlreadyExists => Code::AlreadyExists,
        RejectionType::InvalidState => Code::FailedPrecondition,
        _ => Code::Unknown,
    };
    let (intent, kind, reason) = (intent.name(), rejection.kind.name(), &rejection.reason);
    let text = match wording {
        Wording::IntentAsCode => format!("Command rejected with code '{intent}': {reason}"),
        Wording::IntentAndCode => format!("Command '{intent}' rejected with code '{kind}': {reason}"),
    };
    Status::new(code, text)
}

/// What an accepted command comes to for the client. `Unexpected` if the answer is not of the kind that the command has.
pub(crate) fn response_of(command: Intent, answer: &Answer) -> Result<Response, Failure> {
    Ok(match (command, &answer.value) {
        (Intent::Deployment(_), Value::Deployment(value)) => {
            Response::Deployed { key: answer.key, workflows: value.deployed_workflows.as_slice().into() }
        }
        (Intent::WorkflowInstanceCreation(_), Value::WorkflowInstanceCreation(value)) => {
            Response::Created { workflow_key: value.workflow_key, workflow_instance_key: value.workflow_instance_key }
        }
        (Intent::WorkflowInstanceCreation(_), Value::WorkflowInstanceResult(value)) => {
            Response::Result { workflow_instance_key: value.workflow_instance_key, variables: value.variables.clone() }
        }
        (Intent::VariableDocument(_), Value::VariableDocument(_)) => Response::VariablesSet { key: answer.key },
        (command, value) if command.value_type() == value.value_type() && !told(value.value_type()) => Response::Done,
        _ => return Err(Failure::Unexpected),
    })
}

/// Whether a response tells something of such a value.
const fn told(value: ValueType) -> bool {
    matches!(value, ValueType::Deployment | ValueType::WorkflowInstanceCreation | ValueType::VariableDocument)
}

/// A duration as Java writes it.
fn iso_duration(duration: Nanos) -> String {
    let (seconds, millis) = (duration / SECONDS, duration % SECONDS / MILLIS);
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    let mut text = "PT".to_owned();
    if hours > 0 {
        text.push_str(&format!("{hours}H"));
    }
    if minutes > 0 {
        text.push_str(&format!("{minutes}M"));
    }
    if millis > 0 {
        let fraction = format!("{millis:03}");
        text.push_str(&format!("{seconds}.{}S", fraction.trim_end_matches('0')));
    } else if seconds > 0 || text.len() == 2 {
        text.push_str(&format!("{seconds}S"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Code, ErrorCode, Failure, Status, Wording, iso_duration};
    use crate::protocol::{DeploymentIntent, JobIntent, Rejection, RejectionType};
    use kernel::identity::{MILLIS, SECONDS};

    fn status(failure: &Failure) -> String {
        failure.status(Wording::IntentAsCode).to_string()
    }

    fn rejection(kind: RejectionType) -> Rejection {
        Rejection { kind, reason: "no".into() }
    }

    #[test]
    fn rejections_have_statuses_of_their_own() {
        let expected = [
            (RejectionType::InvalidArgument, "INVALID_ARGUMENT"),
            (RejectionType::NotFound, "NOT_FOUND"),
            (RejectionType::AlreadyExists, "ALREADY_EXISTS"),
            (RejectionType::InvalidState, "FAILED_PRECONDITION"),
            (RejectionType::ProcessingError, "UNKNOWN"),
        ];
        for (kind, code) in expected {
            let failure = Failure::Rejected(JobIntent::Complete.into(), rejection(kind));
            assert_eq!(status(&failure), format!("{code}: Command rejected with code 'COMPLETE': no"));
        }
    }

    #[test]
    fn later_releases_word_a_rejection_differently() {
        let failure = Failure::Rejected(DeploymentIntent::Create.into(), rejection(RejectionType::NotFound));
        let status = failure.status(Wording::IntentAndCode).to_string();
        assert_eq!(status, "NOT_FOUND: Command 'CREATE' rejected with code 'NOT_FOUND': no");
    }

    #[test]
    fn what_a_broker_refuses_is_internal_but_for_two_codes() {
        let full = Failure::Broker(ErrorCode::ResourceExhausted, "full".into());
        assert_eq!(status(&full), "RESOURCE_EXHAUSTED: full");
        let mismatch = Failure::Broker(ErrorCode::PartitionLeaderMismatch, "not here".into());
        let text = "INTERNAL: Unexpected error occurred between gateway and broker (code: PARTITION_LEADER_MISMATCH)";
        assert_eq!(status(&mismatch), text);
        assert_eq!(status(&Failure::NoHandler), "INTERNAL: Unexpected error occurred during the request processing");
        assert_eq!(
            status(&Failure::InvalidArgument("it".into())),
            Status::new(Code::InvalidArgument, "it").to_string()
        );
    }

    #[test]
    fn a_time_out_tells_how_long_was_waited_as_java_writes_it() {
        let text = "DEADLINE_EXCEEDED: Time out between gateway and broker: Request timed out after PT15S";
        assert_eq!(status(&Failure::TimedOut(15 * SECONDS)), text);
        let written =
            [(10_500, "PT10.5S"), (62_000, "PT1M2S"), (60_000, "PT1M"), (0, "PT0S"), (3_600_250, "PT1H0.25S")];
        for (millis, expected) in written {
            assert_eq!(iso_duration(millis * MILLIS), expected);
        }
    }
}
