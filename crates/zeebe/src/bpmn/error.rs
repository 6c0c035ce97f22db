//! Why a resource is no model.

/// A resource that cannot be executed: upstream rejects it, or this model goes less far than upstream.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BpmnError {
    /// Upstream rejects a deployment of it as INVALID_ARGUMENT.
    #[error("{message}")]
    Invalid {
        /// What upstream says of the resource. Its rejection's reason is `Expected to deploy new resources, but
        /// encountered the following errors:`, then for each such resource a line break, `'<resource name>': ` and this.
        message: String,
        /// The line at which reading it ended, from 1, if it is no XML. Upstream does not say it.
        line: Option<usize>,
    },
    /// It uses what the model does not have; what upstream makes of it is not known here.
    #[error(
        "line {line}, element `{element}`: {construct} is beyond the model; use a process without, or leave out the log"
    )]
    Unsupported {
        /// The id of the element, or of the closest one around it that has an id.
        element: String,
        /// Its line in the resource, from 1.
        line: usize,
        /// What it is.
        construct: String,
    },
    /// A log's resource is not the text that exporters write.
    #[error("the resource is no Base64: {message}; export the log again")]
    NoBase64 {
        /// What its reader says.
        message: String,
    },
}

impl BpmnError {
    pub(super) fn invalid(message: impl Into<String>) -> Self {
        BpmnError::Invalid { message: message.into(), line: None }
    }

    /// Says the line of what is no XML, if it is not said yet.
    pub(super) fn at(self, line: usize) -> Self {
        match self {
            BpmnError::Invalid { message, line: None } => BpmnError::Invalid { message, line: Some(line) },
            other => other,
        }
    }

    /// What upstream's parser says of all that is no XML or that its schema of BPMN 2.0 refuses.
    ///
    //= camunda/camunda-bpm-platform@7.13.0:model-api/xml-model/src/main/java/org/camunda/bpm/model/xml/impl/util/DomUtil.java (parseInputStream)
    pub(super) fn refused_by_parser() -> Self {
        BpmnError::invalid("SAXException while parsing input stream")
    }

    pub(crate) fn unsupported(element: &str, line: usize, construct: impl Into<String>) -> Self {
        BpmnError::Unsupported { element: element.into(), line, construct: construct.into() }
    }
}
