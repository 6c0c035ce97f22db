//! What people read, and what machines read. Everything here is a function of results; nothing is run, nothing written.

pub mod figures;
pub mod listing;
pub mod one;
pub mod paint;
pub mod progress;
pub mod proven;
pub mod shown_log;
pub mod shrunk;
pub mod swept;
pub mod verified;

use explore::{SeedRange, TotalCost};
use serde::Serialize;

use crate::host::Host;
use crate::registry::LogOf;
use crate::scenario::Scenario;

/// What was run.
pub struct Context<'a> {
    /// The scenario.
    pub scenario: &'a Scenario,
    /// The arguments that mean it again.
    pub said: Vec<String>,
    /// What ran it.
    pub host: Host,
    /// How one of its runs is made again.
    pub again: Again,
}

/// How a run is made again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// With its seed.
    Seed,
    /// By its bundle, which says the seed.
    Bundle,
}

impl Context<'_> {
    /// The command that makes the run of one seed again.
    fn again(&self, seed: u64) -> String {
        let words = self.said.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ");
        match self.again {
            Again::Seed => format!("relapse run {words} --seed {seed}"),
            Again::Bundle => format!("relapse replay {words}"),
        }
    }
}

impl Context<'_> {
    /// The commands that read a log of one seed.
    fn read_log(&self, seed: u64, log: &LogOf) -> String {
        let words = self.said.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ");
        let LogOf { partition, node, at, verify } = log;
        let verify = verify.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ");
        let seed = if self.again == Again::Seed { format!(" --seed {seed}") } else { String::new() };
        format!(
            "relapse log show {words}{seed} --partition {partition} --node {node} --at {at}ns --json | relapse log \
             verify - {verify}"
        )
    }
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// What runs took, as JSON.
#[derive(Serialize)]
struct CostJson {
    events: u128,
    virtual_ns: u128,
    operations: u128,
}

impl From<TotalCost> for CostJson {
    fn from(cost: TotalCost) -> Self {
        CostJson { events: cost.events, virtual_ns: cost.virtual_ns, operations: cost.operations }
    }
}

/// A range of seeds as JSON.
#[derive(Serialize)]
struct Seeds {
    from: u64,
    to: u64,
}

impl From<SeedRange> for Seeds {
    fn from(seeds: SeedRange) -> Self {
        Seeds { from: seeds.from(), to: seeds.to() }
    }
}

/// A digest as JSON and people have it.
fn digest(digest: u128) -> String {
    format!("{digest:032x}")
}

/// A number with its thousands set apart.
pub fn thousands(number: u128) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!(["0", "999", "1,000", "1,234,567"], [0, 999, 1_000, 1_234_567].map(thousands)[..]);
    }

    #[test]
    fn a_word_with_blanks_is_quoted() {
        assert_eq!(quoted("workload.job=test-1"), "workload.job=test-1");
        assert_eq!(quoted("a b'c"), r"'a b'\''c'");
    }
}
