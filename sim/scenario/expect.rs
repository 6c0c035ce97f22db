//! `[expect]`: what must come of a scenario. It never changes a run, its verdict or the exit status; `list` shows it, and
//! the repository's tests hold every scenario to it. What it names is checked here, or a typing error would expect nothing.

use miette::Report;

use super::document::{Node, Table, Value};
use super::nearest::suggest;
use super::read::Reader;
use super::schema::{EXPECT, Schema};

/// What must come of a scenario over enough seeds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expect {
    /// The signature that must occur, or its beginning. Without it the scenario must pass.
    pub fail: Option<String>,
    /// A seed with which it occurs.
    pub seed: Option<u64>,
    /// Toggles, each of which makes the failure vanish.
    pub fixed_by: Vec<(&'static str, &'static str)>,
    /// Wait-for rings that may occur.
    pub rings: Vec<String>,
}

impl Expect {
    /// Whether a failure with this signature is the one that is expected.
    pub fn is_met_by(&self, signature: &str) -> bool {
        self.fail.as_ref().is_some_and(|fail| begins(signature, fail))
    }
}

/// Whether a beginning is one of whole words: up to the end, or up to a slash.
fn begins(signature: &str, beginning: &str) -> bool {
    signature.strip_prefix(beginning).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Reads the section.
pub(super) fn expect(reader: &Reader<'_>, schema: &'static Schema) -> Result<Expect, Report> {
    let table = reader.section("expect")?;
    let settings = reader.settings("expect", table.clone(), EXPECT, &[])?;
    let expect = Expect {
        fail: settings.text("fail").map(str::to_owned),
        seed: settings.count("seed"),
        fixed_by: fixed_by(reader, schema, &table)?,
        rings: settings.texts("rings").unwrap_or_default().to_vec(),
    };
    if let (Some(fail), Some(entry)) = (&expect.fail, table.get("fail")) {
        known(reader, schema, fail, &entry.node)?;
    }
    let dependent = ["seed", "fixed_by", "rings"].into_iter().find_map(|name| table.get(name));
    if let (None, Some(entry)) = (&expect.fail, dependent) {
        let message = format!("`expect.{}` says more about a failure, but none is expected", entry.name);
        let help = Some("say which: `fail = \"..\"`".to_owned());
        return Err(reader.document.problem(&entry.origin, message, String::new(), help));
    }
    for (ring, node) in expect.rings.iter().zip(elements(&table, "rings")) {
        is_ring(reader, ring, node)?;
    }
    Ok(expect)
}

/// The values of a list, each with its place; none if there is no list.
fn elements<'a>(table: &'a Table, name: &str) -> &'a [Node] {
    match table.get(name).map(|entry| &entry.node.value) {
        Some(Value::List(nodes)) => nodes,
        _ => &[],
    }
}

/// The signature must be one that a run of the system may end with, or the beginning of one.
fn known(reader: &Reader<'_>, schema: &Schema, fail: &str, node: &Node) -> Result<(), Report> {
    let is = |known: &str| match known.strip_suffix('*') {
        Some(open) => begins(open, fail) || fail.starts_with(open),
        None => begins(known, fail),
    };
    if schema.signatures.iter().any(|known| is(known)) {
        return Ok(());
    }
    let message = format!("no run of {} ends with signature `{fail}`", schema.system);
    let help = suggest(fail, schema.signatures.iter().copied());
    Err(reader.document.problem(&node.origin, message, String::new(), Some(help)))
}

/// A ring is written as verdicts write it: whole numbers, each once, in the order of waiting, the smallest first.
fn is_ring(reader: &Reader<'_>, ring: &str, node: &Node) -> Result<(), Report> {
    let wrong = |why: String| {
        let help = Some("write keys in the order of waiting, the smallest first, such as \"566>956\"".to_owned());
        reader.document.problem(&node.origin, format!("`{ring}` is no ring: {why}"), String::new(), help)
    };
    let key = |text: &str| text.parse::<i32>().ok().filter(|key| key.to_string() == text);
    let mut keys = Vec::new();
    for text in ring.split('>') {
        let key = key(text).ok_or_else(|| wrong(format!("`{text}` is no key")))?;
        if keys.contains(&key) {
            return Err(wrong(format!("{key} is there twice")));
        }
        keys.push(key);
    }
    match keys.iter().min() {
        Some(smallest) if *smallest != keys[0] => Err(wrong(format!("it must begin with {smallest}"))),
        _ => Ok(()),
    }
}

fn fixed_by(
    reader: &Reader<'_>,
    schema: &'static Schema,
    table: &Table,
) -> Result<Vec<(&'static str, &'static str)>, Report> {
    let mut fixed_by = Vec::new();
    for node in elements(table, "fixed_by") {
        let text = reader.text(node, "expect.fixed_by")?;
        let (name, word) = text.split_once('=').unwrap_or((&text, "true"));
        let toggle = schema.toggle(name).ok_or_else(|| {
            let help = suggest(name, schema.toggles.iter().map(|toggle| toggle.name));
            reader.document.problem(&node.origin, format!("unknown toggle `{name}`"), String::new(), Some(help))
        })?;
        fixed_by.push((toggle.name, super::position(reader, &node.origin, toggle, word)?));
    }
    Ok(fixed_by)
}

#[cfg(test)]
mod tests {
    use super::super::Scenario;
    use super::super::document::Document;
    use super::*;
    use std::path::Path;

    /// A scenario whose eighth line is the first of `[expect]`.
    fn read(expect: &str) -> Result<Expect, String> {
        let text = format!(
            "name = \"x\"\ntitle = \"x\"\nsystem = \"restate\"\nduration = \"1m\"\n[workload]\njob = \"x\"\n[expect]\n{expect}\n"
        );
        let document = Document::parse(Path::new("dir/file.toml"), &text).expect("it is TOML");
        Scenario::resolve(document, &[]).map(|scenario| scenario.expect).map_err(|report| {
            let mut shown = String::new();
            let handler = miette::GraphicalReportHandler::new_themed(miette::GraphicalTheme::none()).with_width(200);
            handler.render_report(&mut shown, report.as_ref()).expect("a string takes it");
            shown
        })
    }

    #[track_caller]
    fn assert_wrong(expect: &str, parts: &[&str]) {
        let said = read(expect).expect_err("it is wrong");
        assert!(parts.iter().all(|part| said.contains(part)), "no {parts:?} in:\n{said}");
    }

    #[test]
    fn signatures_and_their_beginnings_are_known() {
        for fail in
            ["restate", "restate/deadlock", "restate/deadlock/ring-of-2", "restate/lost", "restate/lost-and-doubled"]
        {
            assert_eq!(read(&format!("fail = \"{fail}\"")).map(|expect| expect.fail), Ok(Some(fail.to_owned())));
        }
    }

    #[test]
    fn a_signature_that_no_run_ends_with_is_told_at_its_line_with_the_nearest() {
        assert_wrong("fail = \"restate/deadlok\"", &["dir/file.toml:8:8", "`restate/deadlok`", "restate/deadlock"]);
        assert_wrong("fail = \"restate/los\"", &["dir/file.toml:8:8", "did you mean `restate/lost`?"]);
        assert_wrong("fail = \"restate/lost/more\"", &["dir/file.toml:8:8"]);
        assert_wrong("fail = \"raft/election-safety\"", &["dir/file.toml:8:8", "no run of restate"]);
        assert_wrong("fail = \"\"", &["dir/file.toml:8:8"]);
    }

    #[test]
    fn rings_are_keys_in_order_and_others_are_told_at_their_place() {
        let rings = |rings: &str| format!("fail = \"restate/deadlock\"\nrings = [{rings}]");
        let read_rings = |text: &str| read(&rings(text)).map(|expect| expect.rings);
        assert_eq!(
            read_rings(r#""5>7", "626>688>957", "1""#),
            Ok(["5>7", "626>688>957", "1"].map(str::to_owned).into())
        );

        assert_wrong(&rings(r#""5>7", "956>566""#), &["dir/file.toml:9:17", "must begin with 566"]);
        assert_wrong(&rings(r#""5->7""#), &["dir/file.toml:9:10", "`5-` is no key"]);
        assert_wrong(&rings(r#""5>7>""#), &["dir/file.toml:9:10", "`` is no key"]);
        assert_wrong(&rings(r#""5>7>7""#), &["dir/file.toml:9:10", "7 is there twice"]);
        assert_wrong(&rings(r#""5 > 7""#), &["dir/file.toml:9:10", "`5 ` is no key"]);
        assert_wrong(&rings(r#""05>7""#), &["dir/file.toml:9:10", "`05` is no key"]);
    }

    #[test]
    fn toggles_are_told_each_at_its_place() {
        let fixed = |text: &str| format!("fail = \"restate/deadlock\"\nfixed_by = [{text}]");
        let good = read(&fixed("\"generator=increasing-targets\"")).map(|expect| expect.fixed_by);
        assert_eq!(good, Ok(vec![("generator", "increasing-targets")]));

        assert_wrong(&fixed(r#""resumable_check=on", "generater=x""#), &["dir/file.toml:9:35", "`generater`"]);
        assert_wrong(&fixed(r#""generator=increasing""#), &["dir/file.toml:9:13", "no position `increasing`"]);
    }

    #[test]
    fn what_is_said_of_a_failure_needs_one() {
        for line in ["rings = [\"5>7\"]", "seed = 1", "fixed_by = [\"generator=increasing-targets\"]"] {
            assert_wrong(line, &["dir/file.toml:8:1", "none is expected"]);
        }
    }

    #[test]
    fn a_signature_meets_what_it_begins_with_in_whole_words() {
        let expect = |fail: &str| Expect { fail: Some(fail.to_owned()), ..Expect::default() };

        assert!(expect("restate/deadlock").is_met_by("restate/deadlock/ring-of-2"));
        assert!(expect("restate/lost").is_met_by("restate/lost"));
        assert!(!expect("restate/lost").is_met_by("restate/lost-and-doubled"));
        assert!(!Expect::default().is_met_by("restate/lost"));
    }
}
