//! What can be wrong with a scenario.

use std::path::PathBuf;
use std::sync::Arc;

use miette::{Diagnostic, NamedSource, SourceSpan};
use thiserror::Error;

/// Something is wrong with a scenario, or with what was asked of it. All of these end with exit status 2.
#[derive(Debug, Error, Diagnostic)]
pub enum Problem {
    /// At a place of the file.
    #[error("{message}")]
    Place {
        /// What is wrong.
        message: String,
        /// Said at the place itself.
        label: String,
        /// The file.
        #[source_code]
        source_code: NamedSource<Arc<str>>,
        /// The place.
        #[label("{label}")]
        span: SourceSpan,
        /// The way out.
        #[help]
        help: Option<String>,
    },
    /// In a flag.
    #[error("{said}: {message}")]
    Flag {
        /// The flag and its argument.
        said: String,
        /// What is wrong.
        message: String,
        /// The way out.
        #[help]
        help: Option<String>,
    },
    /// With the file as a whole.
    #[error("{}: {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
        /// The way out.
        #[help]
        help: Option<String>,
    },
    /// With the command line as a whole.
    #[error("{message}")]
    Usage {
        /// What is wrong.
        message: String,
        /// The way out.
        #[help]
        help: Option<String>,
    },
}
