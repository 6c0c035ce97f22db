//! A whole log: the records of one partition, from the first.

use super::error::{LogError, Problem};
use super::line::read_line;
use crate::protocol::{Pool, Record};
use flate2::read::MultiGzDecoder;
use std::borrow::Cow;
use std::io::Read;

/// How a gzip file begins.
///
//= rfc1952 section 2.3.1 (ID1, ID2)
const GZIP: &[u8] = &[0x1f, 0x8b];

/// What a file holds: all records of a partition, from position 1, without gaps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFile {
    /// The partition.
    pub partition: u16,
    /// Its records; the one at position p is at index p - 1.
    pub records: Vec<Record>,
}

impl LogFile {
    /// Reads the bytes of a file, plain or gzipped as they say themselves. `name` is for errors only.
    ///
    /// Equal strings are one allocation, and a record whose value equals its source's shares it.
    ///
    /// # Errors
    /// At the first line that is no record, or not the next one of this partition; at the end of an empty file, or where
    /// a gzip stream breaks off.
    pub fn read(name: &str, bytes: &[u8]) -> Result<LogFile, LogError> {
        let at = |line: usize, problem: Problem| LogError { file: name.into(), line, problem };
        let text = unpacked(bytes).map_err(|(lines, problem)| at(lines + 1, problem))?;
        let mut lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').collect();
        // What stands after the last line break.
        if lines.last().is_some_and(|line| line.is_empty()) {
            lines.pop();
        }
        let mut log = Log::default();
        for (index, line) in lines.into_iter().enumerate() {
            log.add(line).map_err(|problem| at(index + 1, problem))?;
        }
        let partition = log.partition.ok_or_else(|| at(1, Problem::Empty))?;
        Ok(LogFile { partition, records: log.records })
    }
}

/// What is read so far.
#[derive(Default)]
struct Log {
    partition: Option<u16>,
    records: Vec<Record>,
    pool: Pool,
}

impl Log {
    fn add(&mut self, line: &[u8]) -> Result<(), Problem> {
        let line = std::str::from_utf8(line).map_err(|error| Problem::NoText { column: error.valid_up_to() + 1 })?;
        let (found, mut record) = read_line(line, &mut self.pool)?;
        let expected = *self.partition.get_or_insert(found);
        if found != expected {
            return Err(Problem::TwoPartitions { expected, found });
        }
        let next = self.records.last().map_or(1, |last| last.position + 1);
        if record.position != next {
            return Err(Problem::Position { expected: next, found: record.position });
        }
        if let Some(origin) = self.origin(&record)
            && origin.value == record.value
        {
            record.value = origin.value.clone();
        }
        self.records.push(record);
        Ok(())
    }

    /// The record at the source of the next one. That a source is an earlier record is for a verifier to find.
    fn origin(&self, record: &Record) -> Option<&Record> {
        let index = usize::try_from(record.source).ok().and_then(|source| source.checked_sub(1))?;
        self.records.get(index)
    }
}

/// The bytes of the lines; or how many whole lines there are before the stream breaks off.
fn unpacked(bytes: &[u8]) -> Result<Cow<'_, [u8]>, (usize, Problem)> {
    if !bytes.starts_with(GZIP) {
        return Ok(bytes.into());
    }
    let mut text = Vec::new();
    match MultiGzDecoder::new(bytes).read_to_end(&mut text) {
        Ok(_) => Ok(text.into()),
        Err(error) => {
            let lines = text.iter().filter(|byte| **byte == b'\n').count();
            Err((lines, Problem::Gzip { message: error.to_string() }))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::LogFile;
    use crate::exported::{LogError, Problem};
    use crate::protocol::Value;
    use flate2::{Compression, write::GzEncoder};
    use proptest::prelude::*;
    use std::io::Write;
    use std::sync::Arc;

    fn line(partition: u16, position: i64, source: i64) -> String {
        format!(
            "{{\"intent\":\"ACTIVATE\",\"key\":-1,\"partitionId\":{partition},\"position\":{position},\
             \"recordType\":\"COMMAND\",\"rejectionReason\":\"\",\"rejectionType\":\"NULL_VAL\",\
             \"sourceRecordPosition\":{source},\"timestamp\":1,\"value\":{{\"jobKeys\":[],\"jobs\":[],\
             \"maxJobsToActivate\":4,\"timeout\":30000,\"truncated\":false,\"type\":\"task\",\"worker\":\"w\"}},\
             \"valueType\":\"JOB_BATCH\"}}\n"
        )
    }

    /// The log of these (partition, position, source).
    fn log(records: &[(u16, i64, i64)]) -> String {
        records.iter().map(|(partition, position, source)| line(*partition, *position, *source)).collect()
    }

    fn refused(bytes: impl AsRef<[u8]>) -> LogError {
        LogFile::read("a.jsonl", bytes.as_ref()).expect_err("an error")
    }

    fn gzipped(text: &str) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text.as_bytes()).expect("memory does not fail");
        encoder.finish().expect("memory does not fail")
    }

    #[test]
    fn a_log_is_read_plain_or_gzipped_with_or_without_a_last_line_break() {
        let text = log(&[(3, 1, -1), (3, 2, 1), (3, 3, -1)]);
        let plain = LogFile::read("a.jsonl", text.as_bytes()).expect("a log");
        assert_eq!((plain.partition, plain.records.len()), (3, 3));
        assert_eq!(LogFile::read("a.jsonl.gz", &gzipped(&text)).expect("a log"), plain);
        assert_eq!(LogFile::read("a.jsonl", text.trim_end().as_bytes()).expect("a log"), plain);
        assert_eq!(LogFile::read("a.jsonl", text.replace('\n', "\r\n").as_bytes()).expect("a log"), plain);
    }

    #[test]
    fn strings_are_shared_and_values_along_a_chain() {
        let text = log(&[(3, 1, -1), (3, 2, 1), (3, 3, -1)]);
        let read = LogFile::read("a.jsonl", text.as_bytes()).expect("a log");
        let [Value::JobBatch(one), Value::JobBatch(two), Value::JobBatch(three)] =
            [0, 1, 2].map(|index| read.records[index].value.clone())
        else {
            panic!("batches")
        };
        assert!(Arc::ptr_eq(&one, &two) && !Arc::ptr_eq(&one, &three));
        assert!(std::ptr::eq(one.r#type.as_str(), three.r#type.as_str()));
    }

    #[test]
    fn an_empty_file_is_no_log() {
        assert_eq!(
            refused("").to_string(),
            "a.jsonl:1: the log is empty; name a file that an exporter wrote, one record a line"
        );
        assert_eq!(refused(gzipped("")).problem, Problem::Empty);
        assert!(matches!(refused("\n").problem, Problem::Json { .. }));
    }

    #[test]
    fn positions_must_begin_at_one_and_have_neither_gaps_nor_repetitions() {
        let late = refused(log(&[(1, 2, -1)]));
        assert_eq!((late.line, late.problem), (1, Problem::Position { expected: 1, found: 2 }));
        let gap = refused(log(&[(1, 1, -1), (1, 3, -1)]));
        assert!(gap.to_string().starts_with("a.jsonl:2: expected position 2, found 3; records are missing"), "{gap}");
        let twice = refused(log(&[(1, 1, -1), (1, 2, -1), (1, 2, -1)]));
        assert!(
            twice.to_string().starts_with("a.jsonl:3: expected position 3, found 2; records must be sorted"),
            "{twice}"
        );
    }

    #[test]
    fn a_file_holds_one_partition() {
        let error = refused(log(&[(1, 1, -1), (2, 2, -1)]));
        assert_eq!((error.line, error.problem), (2, Problem::TwoPartitions { expected: 1, found: 2 }));
        assert_eq!(refused(log(&[(0, 1, -1)])).problem, Problem::NoPartition);
    }

    #[test]
    fn bytes_that_are_no_text_are_named_by_their_column() {
        let mut bytes = log(&[(1, 1, -1), (1, 2, -1)]).into_bytes();
        let second = bytes.iter().position(|byte| *byte == b'\n').expect("a line break") + 1;
        bytes[second + 4] = 0xff;
        let error = refused(bytes);
        assert_eq!((error.line, error.problem), (2, Problem::NoText { column: 5 }));
    }

    #[test]
    fn a_gzip_file_that_was_cut_off_says_after_which_line() {
        let positions: Vec<_> = (1..=200).map(|position| (1, position, -1)).collect();
        let whole = gzipped(&log(&positions));
        let tail = refused(&whole[..whole.len() - 3]);
        assert!(matches!(tail.problem, Problem::Gzip { .. }), "{tail}");
        assert_eq!(tail.line, 201);
        assert!(matches!(refused(&whole[..5]).problem, Problem::Gzip { .. }));
        let middle = refused(&whole[..whole.len() / 2]);
        assert!(matches!(middle.problem, Problem::Gzip { .. }) && middle.line < 201, "{middle}");
    }

    proptest! {
        #[test]
        fn garbage_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300), gzip: bool) {
            let bytes = if gzip { [super::GZIP, &bytes].concat() } else { bytes };
            prop_assert!(LogFile::read("garbage", &bytes).is_err());
        }

        #[test]
        fn a_damaged_byte_is_read_or_refused(at in 0_usize..800, byte: u8) {
            let mut bytes = log(&[(1, 1, -1), (1, 2, 1), (1, 3, -1)]).into_bytes();
            let at = at % bytes.len();
            bytes[at] = byte;
            if let Err(error) = LogFile::read("damaged", &bytes) {
                prop_assert!(!error.to_string().is_empty());
            }
        }
    }
}
