//! Whether unrelated events stay where they are when one fault is removed: no matter of speed, and no matter of this
//! machine, so it is a test.

use miette::Report;

use super::{Bar, Effort, Figure};

/// Says where it is measured.
pub fn measure(_effort: Effort) -> Result<Vec<Figure>, Report> {
    let title = "unrelated events that stay put when one fault is removed";
    let why = "left to the tests of crates/faults: cargo test -p relapse-faults independence -- --nocapture";
    Ok(vec![Figure { unit: "%", ..Figure::missing("independence", title, Bar::AtLeast(95.0), why) }])
}
