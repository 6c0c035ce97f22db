//! The command line: one file per verb, and what they share.

mod bench;
mod digest;
pub mod findings;
mod jobs;
mod list;
mod log;
mod one_run;
pub mod output;
mod prove;
mod replay;
mod run;
mod scenario_args;
mod seeds;
mod shrink;
mod smaller_file;
mod status;
mod stop;
mod sweep;
mod tree;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use miette::{MietteHandlerOpts, Report};

use self::output::{Output, say};
use self::status::Status;

#[cfg(madsim)]
const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "\nhost: guarded");
#[cfg(not(madsim))]
const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "\nhost: plain");

/// Makes the rare failures of a replicated cluster come back on demand.
#[derive(Debug, Parser)]
#[command(name = "relapse", version = VERSION, after_help = status::HELP, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    List(list::Args),
    Run(run::Args),
    Sweep(sweep::Args),
    Tree(tree::Args),
    Jobs(jobs::Args),
    Log(log::Args),
    Replay(replay::Args),
    Shrink(shrink::Args),
    Prove(prove::Args),
    Bench(bench::Args),
    Digest(digest::Args),
}

/// Does what the command line says.
pub fn main() -> ExitCode {
    // Fails only if a handler is set already, which then does as well.
    let _ = miette::set_hook(Box::new(|_| {
        Box::new(MietteHandlerOpts::new().color(output::stderr_colours()).terminal_links(false).width(120).build())
    }));

    let mut output = Output::stdout();
    let status = match Cli::try_parse() {
        Ok(cli) => cli.verb.call(&mut output),
        Err(error) => usage(&error, &mut output),
    };
    let status = status.and_then(|status| output.flush().map(|()| status));
    status.unwrap_or_else(|report| fail(&report)).into()
}

impl Verb {
    fn call(self, output: &mut Output) -> Result<Status, Report> {
        match self {
            Verb::List(args) => list::call(&args, output),
            Verb::Run(args) => run::call(&args, output),
            Verb::Sweep(args) => sweep::call(&args, output),
            Verb::Tree(args) => tree::call(&args, output),
            Verb::Jobs(args) => jobs::call(&args, output),
            Verb::Log(args) => log::call(&args, output),
            Verb::Replay(args) => replay::call(&args, output),
            Verb::Shrink(args) => shrink::call(&args, output),
            Verb::Prove(args) => prove::call(&args, output),
            Verb::Bench(args) => bench::call(&args, output),
            Verb::Digest(args) => digest::call(&args, output),
        }
    }
}

/// Help and version are output like any other; the rest is an error of usage.
fn usage(error: &clap::Error, output: &mut Output) -> Result<Status, Report> {
    let text = error.render();
    if error.use_stderr() {
        let text = if output::stderr_colours() { text.ansi().to_string() } else { text.to_string() };
        say(text.trim_end());
        return Ok(Status::USAGE);
    }
    let text = if output.colours() { text.ansi().to_string() } else { text.to_string() };
    output.text(&text).map(|()| Status::DONE)
}

fn fail(report: &Report) -> Status {
    say(format!("{report:?}").trim_end());
    Status::USAGE
}
