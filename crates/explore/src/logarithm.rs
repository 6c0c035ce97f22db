//! Logarithms and exponentials made of the four operations, which IEEE 754 rounds correctly: unlike those of the
//! library, equal to the last bit on every machine. Good to about 1e-15 relative, which is more than a probability needs.

/// ln 2.
const LN_2: f64 = std::f64::consts::LN_2;
/// ln(2 pi) / 2.
const HALF_LN_TAU: f64 = 0.918_938_533_204_672_8;

/// Natural logarithm of a positive, normal number. Of 0 it is minus infinity.
pub(crate) fn ln(x: f64) -> f64 {
    if x == 0.0 {
        return f64::NEG_INFINITY;
    }
    assert!(x.is_normal() && x > 0.0, "SIMULATOR BUG: the logarithm of {x}");
    const MANTISSA: u64 = (1 << 52) - 1;
    let mut exponent = (x.to_bits() >> 52) as i32 - 1023;
    let mut mantissa = f64::from_bits((x.to_bits() & MANTISSA) | (1023 << 52));
    if mantissa > std::f64::consts::SQRT_2 {
        mantissa /= 2.0;
        exponent += 1;
    }
    // ln m = 2 artanh s; |s| is below 0.172, so 13 terms are exact to the last bits.
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let square = s * s;
    let series = (0..13).rev().fold(0.0, |sum, n| sum * square + 1.0 / f64::from(2 * n + 1));
    f64::from(exponent) * LN_2 + 2.0 * s * series
}

/// e to the power of a number that is not above 700. Below -700 it is 0.
pub(crate) fn exp(x: f64) -> f64 {
    if x < -700.0 {
        return 0.0;
    }
    assert!(x <= 700.0, "SIMULATOR BUG: the exponential of {x}");
    let twos = (x / LN_2).round();
    let rest = x - twos * LN_2;
    let series = (1..=20).rev().fold(1.0, |sum, n| 1.0 + rest / f64::from(n) * sum);
    series * f64::from_bits(((twos as i64 + 1023) as u64) << 52)
}

/// Logarithm of the beta function, for positive arguments.
pub(crate) fn ln_beta(a: f64, b: f64) -> f64 {
    ln_gamma(a) + ln_gamma(b) - ln_gamma(a + b)
}

/// Logarithm of the gamma function, for positive arguments: Stirling's series, far enough out.
fn ln_gamma(mut x: f64) -> f64 {
    let mut product = 1.0;
    while x < 15.0 {
        product *= x;
        x += 1.0;
    }
    let inverse = 1.0 / x;
    let square = inverse * inverse;
    let tail = inverse * (1.0 / 12.0 - square * (1.0 / 360.0 - square * (1.0 / 1260.0 - square / 1680.0)));
    (x - 0.5) * ln(x) - x + HALF_LN_TAU + tail - ln(product)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() <= 4e-15 * b.abs().max(1.0)
    }

    #[test]
    fn logarithms_are_those_of_the_tables() {
        for (x, wanted) in [
            (2.0, std::f64::consts::LN_2),
            (10.0, std::f64::consts::LN_10),
            (std::f64::consts::SQRT_2, std::f64::consts::LN_2 / 2.0),
            // Abramowitz and Stegun, table 4.2.
            (3.0, 1.098_612_288_668_109_8),
            (1e300, 690.775_527_898_213_7),
        ] {
            assert!(near(ln(x), wanted) && near(ln(1.0 / x), -wanted), "ln {x} = {}", ln(x));
        }
        assert_eq!((ln(1.0), ln(0.0)), (0.0, f64::NEG_INFINITY));
    }

    #[test]
    fn exponentials_undo_them() {
        assert!(near(exp(1.0), std::f64::consts::E) && near(exp(-1.0), 0.367_879_441_171_442_3));
        assert_eq!((exp(0.0), exp(-701.0)), (1.0, 0.0));
        for x in [1e-200, 1e-9, 0.3, 7.5, 1e100] {
            assert!((exp(ln(x)) / x - 1.0).abs() < 1e-13, "{x}");
        }
    }

    #[test]
    fn the_beta_function_is_a_ratio_of_factorials() {
        // Its logarithms are differences of larger ones, so it is good to one part in 1e13 only.
        let close = |a: f64, b: f64| (a - b).abs() <= 1e-13 * b.abs().max(1.0);
        assert!(close(ln_beta(1.0, 1.0), 0.0));
        // B(3, 4) = 2! 3! / 6! = 1/60; B(1/2, 1/2) = pi.
        assert!(close(ln_beta(3.0, 4.0), -4.094_344_562_222_101));
        assert!(close(ln_beta(0.5, 0.5), 1.144_729_885_849_400_2));
        // B(20, 30) = 19! 29! / 49!.
        assert!(close(ln_beta(20.0, 30.0), -33.968_820_791_977_41), "{}", ln_beta(20.0, 30.0));
    }
}
