//! The recorded logs, read and written again.

#![allow(clippy::unwrap_used, reason = "helpers of tests, which the lint does not know as tests")]

use flate2::read::GzDecoder;
use relapse_zeebe::exported::{LogFile, write_line};
use serde_json::Value;
use std::io::Read;
use std::path::{Path, PathBuf};

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/golden/zeebe");

/// Every recorded log, in the order of their names.
fn logs() -> Vec<PathBuf> {
    let entries = |folder: &Path| -> Vec<PathBuf> {
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
    };
    let folders = entries(Path::new(GOLDEN)).into_iter().filter(|path| path.is_dir());
    let mut logs: Vec<_> = folders
        .flat_map(|folder| entries(&folder))
        .filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("log-"))
        .collect();
    logs.sort();
    logs
}

fn text_of(path: &Path) -> String {
    let bytes = std::fs::read(path).unwrap();
    if path.extension().is_some_and(|ending| ending == "gz") {
        let mut text = String::new();
        GzDecoder::new(&*bytes).read_to_string(&mut text).unwrap();
        return text;
    }
    String::from_utf8(bytes).unwrap()
}

#[test]
fn every_line_of_every_log_is_written_as_it_was_read() {
    let mut lines = 0;
    for path in logs() {
        let name = path.display().to_string();
        let log = LogFile::read(&name, &std::fs::read(&path).unwrap()).unwrap();
        assert!(name.contains(&format!("log-{}.", log.partition)), "{name} is of partition {}", log.partition);
        let text = text_of(&path);
        assert_eq!(text.lines().count(), log.records.len(), "{name}");
        for (line, record) in text.lines().zip(&log.records) {
            let mut read: Value = serde_json::from_str(line).unwrap();
            read.as_object_mut().unwrap().remove("brokerVersion");
            let written: Value = serde_json::from_str(&write_line(log.partition, record)).unwrap();
            assert_eq!(written, read, "{name} at {}", record.position);
            lines += 1;
        }
    }
    assert_eq!((logs().len(), lines), (25, 16_721));
}

#[test]
fn what_was_written_is_read_as_the_same_records() {
    let path = Path::new(GOLDEN).join("variables/log-1.jsonl");
    let log = LogFile::read("recorded", &std::fs::read(path).unwrap()).unwrap();
    let text: String = log.records.iter().map(|record| write_line(log.partition, record) + "\n").collect();
    assert_eq!(LogFile::read("written", text.as_bytes()).unwrap(), log);
}
