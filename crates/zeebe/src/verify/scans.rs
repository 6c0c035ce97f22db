//! What a recovery's scan finds behind each snapshot. It reads only what stands there, so a record is missed that stands
//! before the snapshot and names one behind it, as its source or as what failed. No leader writes such a record; without
//! any, all snapshots have the scan of the whole log.

use crate::protocol::{NO_POSITION, Record, Value};
use crate::replay::Scan;

/// The scans of a log: each with the first snapshot that has it, up to the next one.
///
/// In each, `failed` holds besides what failed before its snapshots, as their states do; sources before them do not matter.
pub(super) fn scans(whole: &Scan, records: &[Record]) -> Vec<(i64, Scan)> {
    let mut bounds = vec![NO_POSITION];
    for record in records {
        let cause = cause(record);
        if record.source.max(cause) >= record.position {
            bounds.push(record.position);
        }
        if cause >= record.position {
            bounds.push(cause);
        }
    }
    bounds.sort_unstable();
    bounds.dedup();
    let mut scans: Vec<(i64, Scan)> = Vec::new();
    for bound in bounds {
        let scan = scan_behind(bound, whole, records);
        if scans.last().is_none_or(|(_, last)| *last != scan) {
            scans.push((bound, scan));
        }
    }
    scans
}

fn scan_behind(bound: i64, whole: &Scan, records: &[Record]) -> Scan {
    let behind = &records[records.partition_point(|record| record.position <= bound)..];
    let sources = behind.iter().map(|record| record.source).filter(|source| *source > 0);
    let before = whole.failed.range(..=bound).copied();
    let failed = before.chain(behind.iter().map(cause).filter(|position| *position >= 0)).collect();
    Scan { last_source: sources.max().unwrap_or(NO_POSITION), failed, ..*whole }
}

/// What failed, in the words of an ERROR.
fn cause(record: &Record) -> i64 {
    match &record.value {
        Value::Error(error) => error.error_event_position,
        _ => NO_POSITION,
    }
}

#[cfg(test)]
mod tests {
    use super::scans;
    use crate::exported::LogFile;
    use crate::protocol::NO_POSITION;
    use crate::replay::Scan;

    /// Each scan costs a pass over the log, whatever the number of snapshots.
    #[test]
    fn a_record_before_its_source_costs_another_pass_at_most() {
        let bytes = include_bytes!("../../../../tests/golden/zeebe/issue-3124/log-1.jsonl.gz");
        let mut file = LogFile::read("log", bytes).expect("a whole log");
        file.records.truncate(2_000);
        let passes = |source: Option<i64>| {
            let mut records = file.records.clone();
            if let Some(source) = source {
                records[100].source = source;
            }
            let whole = Scan::of(NO_POSITION, records.iter()).expect("positions rise");
            scans(&whole, &records).len()
        };
        assert_eq!(passes(None), 1);
        for source in [1_500, 1_999, 5_000] {
            assert!(passes(Some(source)) <= 2, "source {source}");
        }
        assert_eq!(passes(Some(5_000)), 2, "from behind it the last source is another");
    }
}
