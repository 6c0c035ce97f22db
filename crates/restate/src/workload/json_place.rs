//! The line of a value in a text that is known to be JSON: the parser keeps no places, so an error looks its own up.
//!
//! Left out: names written with escapes. They are found as no name, and the line is that of the value around them.

/// One step down from a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step<'a> {
    /// To the value of a name of an object; to the last one if there are several, as the parser reads it.
    Name(&'a str),
    /// To an element of a list.
    Item(usize),
}

/// The line, from 1, of the value at a path; of the innermost one around it if it is not there.
pub(super) fn line(text: &str, path: &[Step<'_>]) -> usize {
    let bytes = text.as_bytes();
    let mut at = blanks(bytes, 0);
    for step in path {
        match child(bytes, at, *step) {
            Some(child) => at = child,
            None => break,
        }
    }
    1 + bytes[..at.min(bytes.len())].iter().filter(|byte| **byte == b'\n').count()
}

/// Where the value of a step begins.
fn child(text: &[u8], at: usize, step: Step<'_>) -> Option<usize> {
    let is_object = match (text.get(at)?, step) {
        (b'{', Step::Name(_)) => true,
        (b'[', Step::Item(_)) => false,
        _ => return None,
    };
    let mut found = None;
    let mut at = blanks(text, at + 1);
    let mut nth = 0;
    while !matches!(text.get(at)?, b'}' | b']') {
        let mut name: &[u8] = b"";
        if is_object {
            let end = after(text, at);
            name = text.get(at + 1..end - 1)?;
            at = blanks(text, blanks(text, end) + 1);
        }
        match step {
            Step::Name(wanted) if name == wanted.as_bytes() => found = Some(at),
            Step::Item(wanted) if nth == wanted => return Some(at),
            _ => {}
        }
        nth += 1;
        at = blanks(text, after(text, at));
        if text.get(at) == Some(&b',') {
            at = blanks(text, at + 1);
        }
    }
    found
}

/// Where the blanks end.
fn blanks(text: &[u8], at: usize) -> usize {
    at + text[at.min(text.len())..].iter().take_while(|byte| byte.is_ascii_whitespace()).count()
}

/// Where the value that begins here has ended.
fn after(text: &[u8], begin: usize) -> usize {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for (byte, at) in text[begin.min(text.len())..].iter().zip(begin..) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => {
                in_string = !in_string;
                if !in_string && depth == 0 {
                    return at + 1;
                }
            }
            _ if in_string => {}
            b'[' | b'{' => depth += 1,
            // The end of what is around a plain value, or of the value itself.
            b']' | b'}' if depth == 0 => return at,
            b']' | b'}' if depth == 1 => return at + 1,
            b']' | b'}' => depth -= 1,
            b',' if depth == 0 => return at,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::Step::{Item, Name};
    use super::*;

    const TEXT: &str =
        "\n{\"a\": [1, \"]}\\\"\",\n  [true],\n  {\"b\":\n null}],\n\"a\" :\n{\"c\": 2}, \"d\": -3.5e7\n}";

    #[test]
    fn a_value_is_found_among_others_like_it() {
        let list = &TEXT.replace("\"a\" :", "\"e\" :");

        assert_eq!(line(list, &[]), 2);
        assert_eq!(line(list, &[Name("a"), Item(1)]), 2);
        assert_eq!(line(list, &[Name("a"), Item(2), Item(0)]), 3);
        assert_eq!(line(list, &[Name("a"), Item(3), Name("b")]), 5);
        assert_eq!(line(list, &[Name("e"), Name("c")]), 7);
        assert_eq!(line(list, &[Name("d")]), 7);
    }

    #[test]
    fn the_last_of_equal_names_counts_as_the_parser_has_it() {
        assert_eq!(line(TEXT, &[Name("a"), Name("c")]), 7);
    }

    #[test]
    fn what_is_not_there_has_the_line_of_what_is_around_it() {
        assert_eq!(line(TEXT, &[Name("x")]), 2);
        assert_eq!(line(TEXT, &[Name("a"), Item(9)]), 7);
        assert_eq!(line("", &[Name("x")]), 1);
    }

    #[test]
    fn no_text_makes_it_panic() {
        for end in 0..TEXT.len() {
            for path in [&[Name("a"), Item(3), Name("b")][..], &[Name("d")], &[Item(0)]] {
                line(&TEXT[..end], path);
            }
        }
    }
}
