//! Help and version.

use crate::call;

#[test]
fn the_version_names_the_host() {
    let said = call(&["--version"]);

    let host = if cfg!(madsim) { "guarded" } else { "plain" };
    assert_eq!((said.status, &*said.err), (0, ""));
    assert_eq!(said.out, format!("relapse {}\nhost: {host}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn help_shows_the_verbs_and_the_exit_statuses() {
    let said = call(&["--help"]);

    assert_eq!((said.status, &*said.err), (0, ""));
    insta::assert_snapshot!(said.out, @r"
    Makes the rare failures of a replicated cluster come back on demand

    Usage: relapse <COMMAND>

    Commands:
      list    Show the scenarios under scenarios/
      run     Run a scenario, with one seed or over many
      sweep   Run scenarios over many seeds, group what comes of them, and keep one run of each kind of
              failure
      tree    Show the command tree of a verification job: its size, expected counters and static lock
              cycles
      jobs    Sweep every verification job of a window whose tree has a static lock cycle, and write a
              table
      log     Work on the log of a Zeebe partition
      replay  Make the run of a bundle again, and hold it against what the bundle says
      shrink  Leave out of a failing run whatever it fails without, and say how much each part that is
              left is needed
      prove   Show that a run is the same run in another thread, process, order and host
      bench   Measure this machine: the figures of the README, each against its bar
      help    Print this message or the help of the given subcommand(s)

    Options:
      -h, --help     Print help
      -V, --version  Print version

    Exit status:
      0    pass: every run was judged, and none failed
      1    a failure was found
      2    usage or input: nothing was judged
      3    vacuous or inconclusive: nothing failed, but not every run could be judged
      4    simulator bug or divergence: nothing that was found can be trusted
      130  aborted by a second Ctrl-C
    Over many seeds: 4 before 1 before 3 before 0.
    ");
}

#[test]
fn help_of_run_shows_its_flags_and_the_exit_statuses() {
    let said = call(&["run", "-h"]);

    assert_eq!((said.status, &*said.err), (0, ""));
    insta::assert_snapshot!(said.out, @r"
    Run a scenario, with one seed or over many

    Usage: relapse run [OPTIONS] <SCENARIO>

    Arguments:
      <SCENARIO>  Path of a scenario file, or name of one under scenarios/

    Options:
          --set <PATH=VALUE>     Edit the scenario: a dotted path and a value of TOML, or else a text
          --toggle <NAME=VALUE>  Set a toggle of the system; the same as --set toggles.NAME=VALUE
          --seed <N>             Run one seed and show the run [default: 0]
          --seeds <A..B>         Run the seeds from A to B, B left out, and group what comes of them
          --workers <N>          Threads that run seeds [default: one per core]
          --until-failures <K>   End after so many failures of a scenario
          --for <TIME>           End after so much host time, such as 60s, shared evenly by the
                                 scenarios
          --out <DIR>            Keep a run of each signature as a bundle in this directory
          --trace <FILE>         Write each event of the run to a file, as a line of JSON; - for
                                 standard output, and the report to standard error
          --host <HOST>          What runs the world [default: what the binary was built as] [possible
                                 values: guarded, plain]
          --json                 Print one JSON object
      -h, --help                 Print help (see more with '--help')

    Exit status:
      0    pass: every run was judged, and none failed
      1    a failure was found
      2    usage or input: nothing was judged
      3    vacuous or inconclusive: nothing failed, but not every run could be judged
      4    simulator bug or divergence: nothing that was found can be trusted
      130  aborted by a second Ctrl-C
    Over many seeds: 4 before 1 before 3 before 0.
    ");
}

#[test]
fn help_of_list_and_of_tree_tells_the_exit_statuses() {
    for (verb, statuses) in
        [("list", ["  0  every", "  2  usage or input"]), ("tree", ["  0  the tree", "  2  usage or input"])]
    {
        let said = call(&[verb, "--help"]);

        let (_, after) = said.out.split_once("Exit status:\n").unwrap_or_else(|| panic!("{verb}: {}", said.out));
        let starts: Vec<&str> = after.lines().collect();
        assert!(starts.iter().zip(statuses).all(|(line, status)| line.starts_with(status)), "{verb}: {}", said.out);
    }
}

#[test]
fn help_of_bench_breaks_its_lines_where_the_terminal_ends() {
    let said = call(&["bench", "--help"]);

    let (_, after) = said.out.split_once("--help   Print help\n\n").expect("text after the flags");
    insta::assert_snapshot!(after, @r"
    Each figure is taken in several rounds, in which the two sides of a ratio take turns: the median
    counts, the smallest and the largest stand beside it. A busy machine widens the spread more than it
    moves the median.

    Ctrl-C ends it within seconds, with the figures so far; the one under way is given up.

    Exit status:
      0    every figure that was measured here is on the right side of its bar
      1    one is not
      2    usage: nothing was measured
      3    none that was measured is on the wrong side, but Ctrl-C cut the measuring short
      130  aborted by a second Ctrl-C
    ");
}

#[test]
fn what_other_processes_ask_is_not_offered_to_people() {
    assert!(!call(&["--help"]).out.contains("digest"));
    assert_eq!(call(&["digest", "--help"]).status, 0);
}
