//! The `relapse` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    relapse::cli::main()
}
