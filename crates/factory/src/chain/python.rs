//! Numbers as AutoPyFactory wrote them. It ran on Python 2, and its users' scripts read its messages.

/// Significant digits of a float.
const DIGITS: usize = 12;

/// A float as `str()` of Python 2.7 writes it: 12 significant digits, `1.0`, `0.0416666666667`, `1e-05`.
pub fn float(value: f64) -> String {
    if !value.is_finite() {
        return format!("{value}").to_lowercase();
    }
    let rounded = format!("{value:.*e}", DIGITS - 1);
    let (mantissa, exponent) = rounded.split_once('e').unwrap_or((&rounded, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    // Python counts the ".0" that a whole number gets as a digit.
    if exponent < -4 || exponent >= DIGITS as i32 - 1 {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{}e{sign}{:02}", trimmed(mantissa), exponent.abs());
    }
    let decimals = usize::try_from(DIGITS as i32 - 1 - exponent).unwrap_or(0);
    let plain = format!("{value:.decimals$}");
    let plain = trimmed(&plain);
    if plain.contains('.') { plain.to_owned() } else { format!("{plain}.0") }
}

/// A whole number, or Python's word for none.
pub fn or_none(value: Option<i64>) -> String {
    value.map_or_else(|| "None".to_owned(), |value| value.to_string())
}

fn trimmed(number: &str) -> &str {
    if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { number }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The right column was printed by Python 2.7.18.
    #[test]
    fn floats_read_as_python_wrote_them() {
        let rows: [(f64, &str); 18] = [
            (1e11, "1e+11"),
            (99_999_999_999.0, "99999999999.0"),
            (123_456_789_012.5, "1.23456789012e+11"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (0.041_666_666_666_666_664, "0.0416666666667"),
            (1.0 / 3.0, "0.333333333333"),
            (1e16, "1e+16"),
            (0.1, "0.1"),
            (2.5, "2.5"),
            (-0.0, "-0.0"),
            (12_345.678_901_234_567, "12345.6789012"),
            (0.5, "0.5"),
            (1.0, "1.0"),
            (999_999_999_999.5, "1e+12"),
            (99_999_999_999.95, "99999999999.9"),
            (1e300, "1e+300"),
            (f64::NEG_INFINITY, "-inf"),
        ];
        for (value, text) in rows {
            assert_eq!(float(value), text);
        }
        assert_eq!((or_none(None), or_none(Some(-3))), ("None".to_owned(), "-3".to_owned()));
    }
}
