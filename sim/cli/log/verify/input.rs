//! Where a log is read from, and what is refused before anything is replayed.

use std::convert::Infallible;
use std::fmt;
use std::io::{self, Read};
use std::path::PathBuf;
use std::str::FromStr;

use miette::Report;
use zeebe::exported::LogFile;
use zeebe::verify::{PartitionLog, check_resources};

use crate::scenario::problem::Problem;

/// A file, or standard input.
#[derive(Clone, Debug)]
pub enum Source {
    /// A path.
    File(PathBuf),
    /// `-`.
    Stdin,
}

impl FromStr for Source {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(if text == "-" { Source::Stdin } else { Source::File(text.into()) })
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::File(path) => path.display().fmt(f),
            Source::Stdin => f.write_str("standard input"),
        }
    }
}

impl Source {
    /// Reads the log.
    pub fn read(&self) -> Result<LogFile, Report> {
        let bytes = self.bytes().map_err(|error| Problem::Usage {
            message: format!("{self}: cannot be read: {error}"),
            help: Some("name a file that an exporter wrote, or - for standard input".to_owned()),
        })?;
        LogFile::read(&self.to_string(), &bytes)
            .map_err(|error| self.wrong(error.line, &error.problem, error.problem.way_out()))
    }

    /// Refuses a log with a deployment that the model cannot follow.
    pub fn check_resources(&self, log: PartitionLog<'_>) -> Result<(), Report> {
        let way_out =
            || "verify a log without such a deployment; what upstream makes of it is not known here".to_owned();
        // Records stand one a line from position 1.
        check_resources(log).map_err(|beyond| self.wrong(beyond.position, &beyond, way_out()))
    }

    /// Something is wrong at a line.
    pub fn wrong(&self, line: impl fmt::Display, what: impl fmt::Display, help: String) -> Report {
        Problem::Usage { message: format!("{self}:{line}: {what}"), help: Some(help) }.into()
    }

    fn bytes(&self) -> io::Result<Vec<u8>> {
        match self {
            Source::File(path) => std::fs::read(path),
            Source::Stdin => {
                let mut bytes = Vec::new();
                io::stdin().lock().read_to_end(&mut bytes)?;
                Ok(bytes)
            }
        }
    }
}
