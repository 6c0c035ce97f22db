//! Bundles on the disk. A file is written whole or not at all, and whatever is no bundle is refused with one error.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use miette::Report;
use serde_json::Value as Json;

use super::{Bundle, FORMAT};
use crate::scenario::problem::Problem;

/// No bundle is larger: its scenario is text, and its files are trees and processes.
const BYTES_MAX: u64 = 64 << 20;

/// Whether a file is meant to be a bundle: JSON begins with a brace, which no scenario file may.
pub fn is_bundle(path: &Path) -> bool {
    let mut head = Vec::new();
    let read = File::open(path).and_then(|file| file.take(256).read_to_end(&mut head));
    read.is_ok() && head.trim_ascii_start().first() == Some(&b'{')
}

impl Bundle {
    /// Reads one.
    ///
    /// # Errors
    /// It cannot be read, is too large, is damaged, or is no bundle of a format that this build knows.
    pub fn read(path: &Path) -> Result<Bundle, Report> {
        let refuse = |reason: String, help: &str| {
            Report::from(Problem::File { path: path.to_owned(), reason, help: Some(help.to_owned()) })
        };
        let again = "`relapse sweep --out DIR` and `relapse run --out DIR` write bundles";
        let metadata = path.metadata().map_err(|error| refuse(format!("cannot be read: {error}"), again))?;
        if !metadata.is_file() {
            return Err(refuse("this is no regular file".to_owned(), again));
        }
        let mut bytes = Vec::new();
        let file = File::open(path).map_err(|error| refuse(format!("cannot be read: {error}"), again))?;
        let read = file.take(BYTES_MAX + 1).read_to_end(&mut bytes);
        read.map_err(|error| refuse(format!("cannot be read: {error}"), again))?;
        if bytes.len() as u64 > BYTES_MAX {
            return Err(refuse(format!("is larger than {} MiB: this is no bundle", BYTES_MAX >> 20), again));
        }
        Bundle::parse(&bytes).map_err(|why| refuse(why, again))
    }

    /// Takes bytes for a bundle; or says why they are none.
    pub fn parse(bytes: &[u8]) -> Result<Bundle, String> {
        let json: Json = serde_json::from_slice(bytes).map_err(|error| {
            let cut = if error.is_eof() { "the end is missing: it was cut off" } else { "it is damaged, or no JSON" };
            format!("{cut} ({error})")
        })?;
        match json.get("bundle").and_then(Json::as_u64) {
            None => return Err("this is JSON, and no bundle of relapse: it has no `bundle`".to_owned()),
            Some(format) if format != u64::from(FORMAT) => {
                return Err(format!("it is a bundle of format {format}, and this build knows format {FORMAT} only"));
            }
            Some(_) => {}
        }
        let bundle: Bundle = serde_json::from_value(json).map_err(|error| format!("it is damaged: {error}"))?;
        let digits = bundle.digest.len() == 32 && bundle.digest.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f'));
        if !digits {
            return Err("it is damaged: `digest` is no number of 32 hexadecimal digits".to_owned());
        }
        Ok(bundle)
    }

    /// Writes it into a directory, which is made if it is not there, under a name that says what it is. A file of that name
    /// is replaced at once, so that nobody ever reads half of it.
    ///
    /// # Errors
    /// The disk does not take it.
    pub fn write_into(&self, directory: &Path) -> io::Result<PathBuf> {
        std::fs::create_dir_all(directory)?;
        let path = directory.join(self.file_name());
        let beside = path.with_extension("json.part");
        let written = self.write_to(&beside).and_then(|()| std::fs::rename(&beside, &path));
        if written.is_err() {
            // What is left of it is of no use; that it cannot be taken away is not the error to be told.
            let _ = std::fs::remove_file(&beside);
        }
        written.map(|()| path)
    }

    fn write_to(&self, path: &Path) -> io::Result<()> {
        let mut file = File::create(path)?;
        let mut text = serde_json::to_vec_pretty(self)?;
        text.push(b'\n');
        file.write_all(&text)?;
        file.sync_all()
    }

    fn file_name(&self) -> String {
        let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' || c == '.' { c } else { '-' };
        let named = self.scenario.get("name").and_then(Json::as_str).unwrap_or("scenario");
        let cause = if self.signature.is_empty() { &self.verdict } else { &self.signature };
        let cause: String = cause.chars().map(plain).take(120).collect();
        let named: String = named.chars().map(plain).take(80).collect();
        let salt = self.fork.map(|fork| format!("-salt-{}", fork.salt)).unwrap_or_default();
        format!("{named}-{cause}-seed-{}{salt}.json", self.seed)
    }
}
