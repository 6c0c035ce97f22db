//! What a build is made of. Two builds that agree on all of it make the same runs, debug or release, guarded or plain.

use serde::{Deserialize, Serialize};

/// A build.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Build {
    /// Version of relapse.
    pub version: String,
    /// Hash of its sources.
    pub sources: String,
    /// Hash of `Cargo.lock`.
    pub lock: String,
    /// The compiler.
    pub rustc: String,
    /// The target.
    pub target: String,
}

impl Build {
    /// This one.
    pub fn this() -> Build {
        Build {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            sources: env!("RELAPSE_SOURCES").to_owned(),
            lock: env!("RELAPSE_LOCK").to_owned(),
            rustc: env!("RELAPSE_RUSTC").to_owned(),
            target: env!("RELAPSE_TARGET").to_owned(),
        }
    }

    /// What is another thing in this build than in the other, in words.
    pub fn differences(&self, other: &Build) -> Vec<String> {
        let pairs = [
            ("version", &self.version, &other.version),
            ("sources", &self.sources, &other.sources),
            ("Cargo.lock", &self.lock, &other.lock),
            ("rustc", &self.rustc, &other.rustc),
            ("target", &self.target, &other.target),
        ];
        let differs = pairs.into_iter().filter(|(_, this, other)| this != other);
        differs.map(|(what, this, other)| format!("{what}: {other} made the bundle, this is {this}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_knows_what_it_is_made_of_and_names_what_differs() {
        let this = Build::this();
        for hash in [&this.sources, &this.lock] {
            assert!(hash.len() == 32 && hash.chars().all(|c| c.is_ascii_hexdigit()), "{hash}");
        }
        assert!(this.rustc.starts_with("rustc ") && this.target.contains('-'), "{this:?}");
        assert_eq!(this.differences(&this), Vec::<String>::new());
        let other = Build { sources: "0".repeat(32), rustc: "rustc 1.0".to_owned(), ..this.clone() };
        let differences = this.differences(&other);
        assert_eq!(differences.len(), 2);
        assert!(differences[0].starts_with("sources: 000") && differences[1].starts_with("rustc: rustc 1.0 made"));
    }
}
