//! `relapse tree`: the command tree of a verification job, from its name.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use clap::ValueEnum;
use clap::builder::NonEmptyStringValueParser;
use kernel::identity::MILLIS;
use miette::Report;
use restate::workload::{self, Params, Tree, expected_counters, generate, json, static_cycles};
use serde::Serialize;
use serde_json::value::RawValue;

use super::output::{Output, is_stdout, unwritable};
use super::status::Status;
use crate::scenario::duration::parse_duration;
use crate::scenario::problem::Problem;

const HELP: &str = "\
Exit status:
  0  the tree was shown, with or without static lock cycles
  2  usage or input: there is no such tree, or it cannot be written";

/// Show the command tree of a verification job: its size, expected counters and static lock cycles
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub struct Args {
    /// The job's name, which is the seed of the tree
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    job: String,

    /// Which keys a call may lock
    #[arg(long, value_enum, default_value_t = Rule::FreeTargets)]
    rule: Rule,

    /// Width of the tree
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=64))]
    width: u32,

    /// Depth of the tree
    #[arg(long, value_name = "N", default_value_t = 14, value_parser = clap::value_parser!(u32).range(1..=64))]
    depth: u32,

    /// What all sleeps of the tree together may take
    #[arg(long, value_name = "DURATION", default_value = "32768ms", value_parser = parse_duration)]
    max_sleep: u64,

    /// Write the tree as JSON to a file, which `workload.tree` reads; - for standard output, and the rest to standard error
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Which keys a generated call may lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Rule {
    /// Any that its own chain has not locked: the rule before e2e@fe2d609.
    FreeTargets,
    /// Only larger ones: the rule since.
    IncreasingTargets,
}

#[derive(Serialize)]
struct TreeJson {
    job: String,
    rule: &'static str,
    width: u32,
    depth: u32,
    max_sleep_ms: u32,
    root: i32,
    invocations: u32,
    increments: u32,
    sync_calls: u32,
    async_calls: u32,
    awaits: u32,
    background_calls: u32,
    sleeps: u32,
    canonical_sha256: String,
    static_cycles: Vec<Vec<i32>>,
    /// By key.
    expected: BTreeMap<i32, u32>,
    /// Key and count, in the order of the first increment, which is that of the verifier's questions.
    expected_in_order: Vec<(i32, u32)>,
    /// As `--out` writes it.
    tree: Box<RawValue>,
}

/// Shows it.
pub fn call(args: &Args, output: &mut Output) -> Result<Status, Report> {
    let (rule, rule_name) = match args.rule {
        Rule::FreeTargets => (workload::Rule::FreeTargets, "free-targets"),
        Rule::IncreasingTargets => (workload::Rule::IncreasingTargets, "increasing-targets"),
    };
    let wrong = |message: String, help: &str| Problem::Usage { message, help: Some(help.to_owned()) };
    let max_sleep_ms =
        u32::try_from(args.max_sleep / MILLIS).ok().filter(|ms| *ms > 0 || args.max_sleep == 0).ok_or_else(|| {
            wrong(
                "--max-sleep: out of range".to_owned(),
                "take 1ms to 4294967295ms, or 0s for upstream's default of 32768ms",
            )
        })?;
    let params = Params { seed: args.job.clone(), width: args.width, depth: args.depth, max_sleep_ms };
    let tree = generate(params, rule)
        .map_err(|error| wrong(format!("--job {}: {error}", args.job), "choose a smaller --width or --depth"))?;
    let mut aside = Output::stderr();
    let output = match args.out.as_deref() {
        Some(path) if is_stdout(path) => {
            output.line(json::write(&tree))?;
            &mut aside
        }
        Some(path) => {
            fs::write(path, json::write(&tree)).map_err(|error| unwritable("--out", path, &error))?;
            output
        }
        None => output,
    };
    let shown = describe(args, rule_name, max_sleep_ms, &tree);
    if args.json {
        output.json(&shown)?
    } else {
        output.text(&text(&shown, &tree))?
    }
    Ok(Status::DONE)
}

fn describe(args: &Args, rule: &'static str, max_sleep_ms: u32, tree: &Tree) -> TreeJson {
    let stats = tree.stats();
    TreeJson {
        job: args.job.clone(),
        rule,
        width: args.width,
        depth: args.depth,
        max_sleep_ms,
        root: tree.call(workload::CallIndex::ROOT).target,
        invocations: stats.invocations,
        increments: stats.increments,
        sync_calls: stats.syncs,
        async_calls: stats.asyncs,
        awaits: stats.awaits,
        background_calls: stats.backgrounds,
        sleeps: stats.sleeps,
        canonical_sha256: tree.canonical_sha256(),
        static_cycles: static_cycles(tree),
        expected: expected_counters(tree).into_iter().collect(),
        expected_in_order: expected_counters(tree),
        tree: RawValue::from_string(json::write(tree)).expect("what is written is JSON"),
    }
}

fn text(shown: &TreeJson, tree: &Tree) -> String {
    let mut lines = vec![
        format!(
            "{} ({}, width {}, depth {}): root {}, {} invocations",
            shown.job, shown.rule, shown.width, shown.depth, shown.root, shown.invocations
        ),
        format!(
            "commands: {} increments, {} sync, {} async, {} awaits, {} background, {} sleeps",
            shown.increments, shown.sync_calls, shown.async_calls, shown.awaits, shown.background_calls, shown.sleeps
        ),
        format!("sha256 of the canonical text: {}", shown.canonical_sha256),
    ];
    if shown.static_cycles.is_empty() {
        lines.push("static lock cycles: none (no schedule can deadlock it)".to_owned());
    }
    for cycle in &shown.static_cycles {
        let keys: Vec<String> = cycle.iter().map(i32::to_string).collect();
        lines.push(format!(
            "static lock cycle among keys {} (whether it bites depends on the schedule)",
            keys.join(" ")
        ));
    }
    let counters: Vec<String> = expected_counters(tree).iter().map(|(key, count)| format!("{key}:{count}")).collect();
    lines.push(format!(
        "{} expected counters, in the order of their first increment: {}",
        counters.len(),
        counters.join(" ")
    ));
    lines.push("the tree itself: --out FILE, or --json".to_owned());
    lines.join("\n") + "\n"
}
