//! The files that a scenario names: on the disk, or brought along with the scenario itself.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Files that came with a scenario, by the paths that the scenario means. All others are on the disk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files(Arc<BTreeMap<PathBuf, Vec<u8>>>);

impl Files {
    /// These.
    pub fn new(files: impl IntoIterator<Item = (PathBuf, Vec<u8>)>) -> Self {
        Files(Arc::new(files.into_iter().collect()))
    }

    /// The content of a file.
    ///
    /// # Errors
    /// It did not come along, and the disk does not give it, or it is no regular file there.
    pub fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        if let Some(bytes) = self.0.get(path) {
            return Ok(bytes.clone());
        }
        if path.metadata()?.is_file() { std::fs::read(path) } else { Err(io::Error::other("this is no regular file")) }
    }
}
