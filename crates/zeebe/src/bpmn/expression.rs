//! Texts that may be expressions. None is evaluated here; those that would need it are beyond the model.
//!
//= camunda/zeebe@0.24.4:expression-language/src/main/java/io/zeebe/el/impl/FeelExpressionLanguage.java (parseExpression)
//= camunda/zeebe@0.24.4:expression-language/src/main/java/io/zeebe/el/impl/StaticExpression.java (treatAsNumber)

/// Whether upstream evaluates it. A lone `=` is a text.
pub(super) fn is_expression(text: &str) -> bool {
    text.len() > 1 && text.starts_with('=')
}

/// Whether upstream takes it for a number, and then for no string.
pub(super) fn is_number(text: &str) -> bool {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let unsigned = |text: &str| text.strip_prefix(['+', '-']).unwrap_or(text).to_owned();
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let mantissa = unsigned(mantissa);
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((&mantissa, ""));
    let exponent_is_sound = exponent.is_none_or(|exponent| {
        let exponent = unsigned(exponent);
        !exponent.is_empty() && digits(&exponent)
    });
    !(whole.is_empty() && fraction.is_empty()) && digits(whole) && digits(fraction) && exponent_is_sound
}

#[cfg(test)]
mod tests {
    use super::{is_expression, is_number};

    #[test]
    fn expressions_begin_with_an_equals_sign_and_have_more() {
        assert!(is_expression("=a") && is_expression("= 1"));
        assert!(!is_expression("=") && !is_expression("a=b") && !is_expression(""));
    }

    #[test]
    fn numbers_are_those_of_a_big_decimal() {
        for text in ["3", "-3", "+3.5", ".5", "5.", "1e3", "1E-3"] {
            assert!(is_number(text), "{text}");
        }
        for text in ["", ".", "e3", "1e", "three", "1.2.3", " 3", "--3", "0x3"] {
            assert!(!is_number(text), "{text}");
        }
    }
}
