//! Rows as JSON lines.

use crate::record::names::Names;
use crate::record::row::Row;
use std::io::Write;

/// Writes a row as one JSON object and a newline. `roles` says what the nodes are, by number; the field is left out where
/// it says nothing.
pub fn write_line(row: &Row, names: &Names, roles: &[String], out: &mut Vec<u8>) {
    let Row { id, at, parent, data: [first, second, third], incarnation, node, .. } = *row;
    put(out, format_args!("{{\"id\":{id},\"at_ns\":{at},\"node\":\"{node}\""));
    if let Some(role) = roles.get(usize::from(node.0)) {
        put(out, format_args!(",\"role\":"));
        quote(role, out);
    }
    put(
        out,
        format_args!(",\"incarnation\":{incarnation},\"parent\":{parent},\"kind\":\"{}\",\"name\":", row.kind().word()),
    );
    quote(row.name(names), out);
    put(out, format_args!(",\"data\":[{first},{second},{third}]}}\n"));
}

fn put(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("memory takes all that is written to it");
}

/// A text as JSON has it.
fn quote(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => out.extend([b'\\', byte]),
            0..0x20 => put(out, format_args!("\\u{byte:04x}")),
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_quoted_as_json_has_it() {
        let quoted = |text| {
            let mut out = Vec::new();
            quote(text, &mut out);
            String::from_utf8(out).expect("it was text")
        };

        assert_eq!(quoted("plain-word"), "\"plain-word\"");
        assert_eq!(quoted("a \"b\"\\\n\u{e9}"), "\"a \\\"b\\\"\\\\\\u000a\u{e9}\"");
    }
}
