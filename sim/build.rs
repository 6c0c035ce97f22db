//! What this build is made of, for bundles: hashes of the sources and of `Cargo.lock`, compiler and target.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest, Sha256};

/// What runs are made of. Tests, scenarios and documents make no run another one; this one file is built in.
const SOURCES: &[&str] = &["crates", "sim", "Cargo.toml", "scenarios/zeebe/benchmark.bpmn"];

fn main() {
    let mut files = Vec::new();
    for source in SOURCES {
        println!("cargo:rerun-if-changed={source}");
        collect(Path::new(source), &mut files);
    }
    // The order in which a directory lists its files is the host's.
    files.sort();
    println!("cargo:rerun-if-changed=Cargo.lock");
    println!("cargo:rustc-env=RELAPSE_SOURCES={}", hash(&files));
    println!("cargo:rustc-env=RELAPSE_LOCK={}", hash(&[PathBuf::from("Cargo.lock")]));
    println!("cargo:rustc-env=RELAPSE_RUSTC={}", compiler().unwrap_or_else(|| "unknown".to_owned()));
    println!("cargo:rustc-env=RELAPSE_TARGET={}", std::env::var("TARGET").unwrap_or_else(|_| "unknown".to_owned()));
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(path) else {
        // A file; or nothing, where a package holds less than the repository.
        if path.is_file() {
            files.push(path.to_owned());
        }
        return;
    };
    let mut entries: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    entries.retain(|entry| !entry.ends_with("tests") && !entry.ends_with("target"));
    entries.iter().for_each(|entry| collect(entry, files));
}

fn hash(files: &[PathBuf]) -> String {
    let mut hash = Sha256::new();
    for file in files {
        let content = fs::read(file).unwrap_or_default();
        hash.update(file.to_string_lossy().as_bytes());
        hash.update((content.len() as u64).to_le_bytes());
        hash.update(&content);
    }
    hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

fn compiler() -> Option<String> {
    let output = Command::new(std::env::var_os("RUSTC")?).arg("--version").output().ok()?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}
