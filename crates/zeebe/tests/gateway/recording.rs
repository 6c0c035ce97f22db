//! What a recording holds: the client's commands with times and answers, and the logs.

use relapse_zeebe::exported::LogFile;
use relapse_zeebe::protocol::Text;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A command and its answer.
#[derive(Clone, Debug)]
pub struct Line {
    /// When it had ended, in nanoseconds from the first line on.
    pub at: u64,
    pub command: String,
    pub answer: String,
}

pub struct Recording {
    pub lines: Vec<Line>,
    pub logs: BTreeMap<u16, LogFile>,
}

fn file(name: &str) -> Vec<u8> {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "../../tests/golden/zeebe", name].iter().collect();
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A deployed file, as the log has it: in Base64.
pub fn bpmn(name: &str) -> Text {
    let log = LogFile::read("quiet", &file("quiet/log-1.jsonl")).unwrap();
    let resource = log.records.iter().find_map(|record| match &record.value {
        relapse_zeebe::protocol::Value::Deployment(deployment) => {
            deployment.resources.iter().find(|resource| &*resource.resource_name == name).cloned()
        }
        _ => None,
    });
    resource.unwrap_or_else(|| panic!("{name} was deployed")).resource
}

fn nanos(time: &str) -> u64 {
    let parts: Vec<u64> = time.split([':', '.']).map(|part| part.parse().unwrap()).collect();
    (((parts[0] * 60 + parts[1]) * 60 + parts[2]) * 1_000 + parts[3]) * 1_000_000
}

impl Recording {
    pub fn read(folder: &str) -> Self {
        let text = String::from_utf8(file(&format!("{folder}/commands.txt"))).unwrap();
        let first = nanos(text.split(' ').next().unwrap());
        let lines = text.lines().filter_map(|line| {
            let (time, rest) = line.split_once(' ')?;
            let (command, answer) = rest.strip_prefix("client ")?.split_once(" -> ")?;
            // One line of the recording is a little older than the one before it.
            let at = nanos(time).saturating_sub(first);
            Some(Line { at, command: command.to_owned(), answer: answer.to_owned() })
        });
        let log = |partition: u16| {
            let name = format!("{folder}/log-{partition}.jsonl");
            (partition, LogFile::read(&name, &file(&name)).unwrap())
        };
        Recording { lines: lines.collect(), logs: (1..=3).map(log).collect() }
    }
}
