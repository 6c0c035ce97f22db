//! The table of jobs: what it sums up, and that rows of different terms never stand in one file.

use std::fs;
use std::path::Path;

use crate::{Said, call};

/// Four consecutive jobs, two of which have a static cycle, on fast costs.
const WINDOW: &str = "28113360..28113364";

fn jobs(more: &[&str]) -> Said {
    let arguments = ["jobs", "../../../scenarios/restate/golden-tree.toml", "--window", WINDOW];
    call(&[&arguments, more].concat())
}

fn rows(text: &str) -> Vec<&str> {
    text.lines().filter(|line| line.starts_with("| test-")).collect()
}

#[test]
fn the_document_sets_the_named_jobs_against_the_others() {
    let said = jobs(&["--seeds", "0..3", "--named", "test-28113361", "--workers", "1"]);

    assert!(said.status <= 1, "{}", said.err);
    assert!(said.out.starts_with("<!-- relapse jobs: profile "), "{}", said.out);
    assert!(said.out.contains("width 4, depth 14, rule free-targets, seeds 0..3 -->"), "{}", said.out);
    assert!(said.out.contains("of 4 trees, 2 have a cycle"), "{}", said.out);
    assert!(said.out.contains("- The 1 named jobs: mean rate "), "{}", said.out);
    assert!(said.out.contains("- The 1 others: mean rate "), "{}", said.out);
    assert!(said.out.contains("--window 28113360..28113364 --seeds 0..3 --named test-28113361\n"), "{}", said.out);
    assert!(rows(&said.out)[0].starts_with("| test-28113361 | 1724 | 119,970 | "), "{}", said.out);
    assert!(rows(&said.out)[1].starts_with("| test-28113363 | 668 | 711,771 | "), "{}", said.out);
}

#[test]
fn by_the_rule_of_the_fix_no_job_can_deadlock() {
    let said = jobs(&["--seeds", "0..1", "--toggle", "generator=increasing-targets"]);

    assert_eq!(said.status, 0, "{}", said.err);
    assert!(said.out.contains("rule increasing-targets") && said.out.contains("No job of the window"), "{}", said.out);
    assert!(rows(&said.out).is_empty(), "{}", said.out);
}

#[test]
fn a_job_beyond_the_window_is_refused() {
    let said = jobs(&["--named", "test-28113361,test-7"]);

    assert_eq!((said.status, &*said.out), (2, ""));
    assert!(said.err.contains("--named test-7") && said.err.contains(WINDOW), "{}", said.err);
}

#[test]
fn a_kept_table_is_printed_again_without_a_run_and_a_torn_line_is_made_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("rows.md");
    let kept = |path: &Path| jobs(&["--seeds", "0..2", "--out", path.to_str().expect("a path")]);

    let first = kept(&path);
    let whole = fs::read_to_string(&path).expect("the rows");
    let again = kept(&path);
    fs::write(&path, &whole[..whole.len() - 9]).expect("a torn file");
    let mended = kept(&path);

    assert_eq!(rows(&whole).len(), 2, "{}", first.err);
    assert!(first.err.contains("test-28113363: ") && !again.err.contains("blocked"), "{}", again.err);
    assert_eq!((&first.out, first.status), (&again.out, again.status));
    assert!(mended.err.contains("torn") && mended.err.contains("test-28113363: "), "{}", mended.err);
    assert!(!mended.err.contains("test-28113361: "), "a whole row was swept again: {}", mended.err);
    assert_eq!(mended.out, first.out);
    assert_eq!(fs::read_to_string(&path).expect("the rows"), whole);
}

#[test]
fn rows_of_other_seeds_or_of_another_profile_are_refused_and_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("rows.md");
    let with = |more: &[&str]| jobs(&[&["--out", path.to_str().expect("a path")], more].concat());
    with(&["--seeds", "0..1"]);
    let whole = fs::read_to_string(&path).expect("the rows");

    for (more, why) in [
        (&["--seeds", "0..2"][..], "seeds 0..1"),
        (&["--seeds", "0..1", "--set", "service.handler=1ms"], "of other terms"),
        (&["--seeds", "0..1", "--set", "cluster.partitions=8"], "of other terms"),
    ] {
        let said = with(more);

        assert_eq!((said.status, &*said.out), (2, ""), "{more:?}");
        assert!(said.err.contains(why) && said.err.contains("name another file"), "{more:?}: {}", said.err);
        assert_eq!(fs::read_to_string(&path).expect("the rows"), whole, "{more:?}");
    }
    // What changes no run is no term.
    assert!(with(&["--seeds", "0..1", "--set", "title=another"]).status <= 1);
}

#[test]
fn rows_under_a_head_that_is_not_theirs_are_found_out() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("rows.md");
    let with = |seeds: &str| jobs(&["--seeds", seeds, "--out", path.to_str().expect("a path")]);
    with("0..1");
    let whole = fs::read_to_string(&path).expect("the rows");

    for (text, why) in [
        (whole.split_once('\n').expect("lines").1.to_owned(), "its first line does not say"),
        (whole.replace("seeds 0..1 ", "seeds 0..2 "), "rows.md:4: this row is of 1 seeds"),
        (whole.clone() + rows(&whole)[0] + "\n", "rows.md:6: a second row of test-28113361"),
        (whole.replace("| 1724 |", "| 1724 | 3 |"), "rows.md:4: this is no row"),
    ] {
        fs::write(&path, &text).expect("a file");

        let said = with(if text.contains("seeds 0..2") { "0..2" } else { "0..1" });

        assert_eq!(said.status, 2, "{text}");
        // The report breaks long lines where it likes.
        let err = said.err.split_whitespace().collect::<Vec<_>>().join(" ").replace("│ ", "");
        assert!(err.contains(why), "no {why:?} in {err}");
        assert_eq!(fs::read_to_string(&path).expect("the file"), text);
    }
}
