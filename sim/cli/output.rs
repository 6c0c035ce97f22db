//! Everything that is written to standard output and error goes through here.

use std::io::{self, ErrorKind, IsTerminal, Write};
use std::path::Path;

use miette::Report;

use crate::scenario::problem::Problem;

/// Standard output. A reader that went away ends it quietly: what follows is dropped, and the exit status is the verdict
/// all the same. Any other failure to write is an error.
pub struct Output {
    to: Box<dyn Write>,
    closed: bool,
    colours: bool,
}

impl Output {
    /// The process's own.
    pub fn stdout() -> Self {
        let stdout = io::stdout();
        let colours = colours_for(stdout.is_terminal());
        Output { to: Box::new(io::BufWriter::new(stdout)), closed: false, colours }
    }

    /// Standard error, for a report where something else has standard output.
    pub fn stderr() -> Self {
        Output { to: Box::new(io::stderr()), closed: false, colours: stderr_colours() }
    }

    /// Whether to write colours.
    pub fn colours(&self) -> bool {
        self.colours
    }

    /// Writes a line.
    pub fn line(&mut self, line: impl AsRef<str>) -> Result<(), Report> {
        self.text(&format!("{}\n", line.as_ref()))
    }

    /// Writes text as it is.
    pub fn text(&mut self, text: &str) -> Result<(), Report> {
        if self.closed {
            return Ok(());
        }
        let written = self.to.write_all(text.as_bytes());
        self.judge(written)
    }

    /// Writes a value as indented JSON.
    pub fn json(&mut self, value: &impl serde::Serialize) -> Result<(), Report> {
        let text = serde_json::to_string_pretty(value).expect("reports are trees of plain values");
        self.line(text)
    }

    /// Sends on what is still held back.
    pub fn flush(&mut self) -> Result<(), Report> {
        if self.closed {
            return Ok(());
        }
        let flushed = self.to.flush();
        self.judge(flushed)
    }

    fn judge(&mut self, result: io::Result<()>) -> Result<(), Report> {
        match result {
            Ok(()) => Ok(()),
            Err(error) => {
                self.closed = true;
                // What is left in the buffer would be tried again at the end.
                self.to = Box::new(io::sink());
                if error.kind() == ErrorKind::BrokenPipe {
                    return Ok(());
                }
                let message = format!("standard output cannot be written: {error}");
                let help = Some("send it elsewhere, or make room".to_owned());
                Err(Problem::Usage { message, help }.into())
            }
        }
    }
}

/// A stream whose reader may go away: what follows is dropped.
pub struct Piped<W> {
    to: Option<W>,
}

impl<W: Write> Piped<W> {
    /// Writes there.
    pub fn new(to: W) -> Self {
        Piped { to: Some(to) }
    }

    fn each<T>(&mut self, dropped: T, write: impl FnOnce(&mut W) -> io::Result<T>) -> io::Result<T> {
        let Some(to) = &mut self.to else { return Ok(dropped) };
        match write(to) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.to = None;
                Ok(dropped)
            }
            written => written,
        }
    }
}

impl<W: Write> Write for Piped<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.each(bytes.len(), |to| to.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.each((), Write::flush)
    }
}

/// A file that a flag names and that cannot be written.
pub fn unwritable(flag: &str, path: &Path, error: &io::Error) -> Report {
    let message = format!("{flag} {}: cannot be written: {error}", path.display());
    Problem::Usage { message, help: Some("name another file, or make room".to_owned()) }.into()
}

/// Whether a flag that names a file means standard output.
pub fn is_stdout(path: &Path) -> bool {
    path == Path::new("-")
}

/// Says something on standard error. Nobody can be told if that fails.
pub fn say(text: impl AsRef<str>) {
    let _ = writeln!(io::stderr(), "{}", text.as_ref());
}

/// Whether standard error gets colours.
pub fn stderr_colours() -> bool {
    colours_for(io::stderr().is_terminal())
}

/// Colours go to terminals only, and not if `NO_COLOR` asks for none (<https://no-color.org>).
fn colours_for(terminal: bool) -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    terminal && !set("NO_COLOR") && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}
