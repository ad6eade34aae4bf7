//! Numbers as a person reads them.

/// A number with up to `digits` significant digits, without trailing zeros; far from 1 in
/// scientific notation. `-` stands for what is not a number.
pub fn significant(value: f64, digits: usize) -> String {
    match value {
        value if value.is_nan() => return "-".to_owned(),
        value if value.is_infinite() => return if value > 0.0 { "inf" } else { "-inf" }.to_owned(),
        0.0 => return "0".to_owned(),
        _ => {}
    }
    // Rounded first: 9.996 to three digits is 10.0, one power up.
    let written = format!("{:.*e}", digits.max(1) - 1, value);
    let (mantissa, exponent) = written.split_once('e').unwrap_or((&written, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..6).contains(&exponent) {
        let decimals = (digits as i32 - 1 - exponent).max(0) as usize;
        // Digits before the point that are not significant become zeros.
        let rounded: f64 = written.parse().unwrap_or(value);
        trimmed(&format!("{rounded:.decimals$}")).to_owned()
    } else {
        format!("{}e{exponent}", trimmed(mantissa))
    }
}

/// Always scientific, such as `1.0e6`: for counts that span decades.
pub fn scientific(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    format!("{value:.1e}")
}

/// A value to the digit in which its error begins, and the error to one digit: `0.500 +- 0.003`.
pub fn with_error(value: f64, error: f64) -> (String, String) {
    if !(error > 0.0 && error.is_finite() && value.is_finite()) {
        return (significant(value, 3), significant(error, 1));
    }
    let rounded = format!("{error:.0e}");
    let exponent = rounded.split_once('e').and_then(|(_, e)| e.parse().ok());
    let decimals = (-exponent.unwrap_or(0i32)).max(0) as usize;
    // Of what ran away no row of digits.
    if value.abs() >= 1e12 || error >= 1e6 {
        let digits = (value.abs() / error).log10().floor() + 1.0;
        let digits = digits.clamp(1.0, 6.0) as usize;
        return (significant(value, digits), significant(error, 1));
    }
    if decimals > 12 {
        return (significant(value, 6), significant(error, 1));
    }
    (format!("{value:.decimals$}"), significant(error, 1))
}

/// A place on a range of the given length, to a thousandth of it or so: `-0.558` on one of 2.7.
pub fn place(value: f64, range: f64) -> String {
    let decimals = -(range / 2000.0).log10().floor();
    if !(value.is_finite() && decimals.is_finite() && decimals < 12.0) {
        return significant(value, 4);
    }
    let decimals = decimals.max(0.0) as usize;
    let written = format!("{value:.decimals$}");
    // No negative zero.
    match written.trim_start_matches(['-', '0', '.']) {
        "" => "0".to_owned(),
        _ => written,
    }
}

/// A formula with its numbers to so many digits: for reading alone.
pub fn shortened(formula: &str, digits: usize) -> String {
    let mut out = String::with_capacity(formula.len());
    let mut rest = formula;
    // A digit within a name is no number.
    let mut in_name = false;
    while let Some(c) = rest.chars().next() {
        let number = if in_name { 0 } else { number_length(rest) };
        let long = rest[..number].chars().filter(char::is_ascii_digit).count() > digits;
        match rest[..number].parse::<f64>() {
            Ok(value) if long => out.push_str(&significant(value, digits)),
            Ok(_) => out.push_str(&rest[..number]),
            Err(_) => {
                in_name = c.is_alphanumeric() || c == '_';
                out.push(c);
                rest = &rest[c.len_utf8()..];
                continue;
            }
        }
        rest = &rest[number..];
    }
    out.replace("+ -", "- ").replace("- -", "+ ")
}

/// The bytes of the number without a sign that a text begins with; 0 where it begins with none.
fn number_length(text: &str) -> usize {
    let digits = |from: usize| {
        let rest = text[from..].bytes();
        rest.take_while(u8::is_ascii_digit).count()
    };
    let whole = digits(0);
    if whole == 0 {
        return 0;
    }
    let mut end = whole;
    if text[end..].starts_with('.') {
        end += 1 + digits(end + 1);
    }
    if text[end..].starts_with(['e', 'E']) {
        let sign = usize::from(text[end + 1..].starts_with(['+', '-']));
        let power = digits(end + 1 + sign);
        if power > 0 {
            end += 1 + sign + power;
        }
    }
    end
}

fn trimmed(number: &str) -> &str {
    if number.contains('.') {
        number.trim_end_matches('0').trim_end_matches('.')
    } else {
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_shortened_in_their_numbers_alone() {
        let cases = [
            (
                "0.00025*sin((0.8989154765609233*x + -0.43812209028905186*y)/0.001 + 2.5)",
                "0.00025*sin((0.8989*x - 0.4381*y)/0.001 + 2.5)",
            ),
            ("x123456 - -1.234567e-12*q1", "x123456 + 1.235e-12*q1"),
            ("eps1*sin(q/eps1) + 2e", "eps1*sin(q/eps1) + 2e"),
            ("\u{3b5}2*3.14159265", "\u{3b5}2*3.142"),
        ];
        for (long, short) in cases {
            assert_eq!(shortened(long, 4), short);
        }
    }

    #[test]
    fn digits_follow_the_size_and_the_error() {
        let cases = [
            (0.84213, "0.842"),
            (9.996, "10"),
            (-7.1, "-7.1"),
            (17.0, "17"),
            (1234567.0, "1.23e6"),
            (0.00005, "5e-5"),
            (0.0004999, "0.0005"),
            (100.0, "100"),
            (50213.0, "50200"),
        ];
        for (value, expected) in cases {
            assert_eq!(significant(value, 3), expected);
        }
        assert_eq!(significant(f64::NAN, 3), "-");
        assert_eq!(scientific(1e6), "1.0e6");
        assert_eq!(place(-0.55822, 2.7), "-0.558");
        assert_eq!(place(-0.0001, 2.7), "0");
        assert_eq!(place(314.159, 360.0), "314.2");
        assert_eq!(place(0.5, f64::NAN), "0.5");
        let (value, error) = with_error(0.49973, 0.0031);
        assert_eq!((value.as_str(), error.as_str()), ("0.500", "0.003"));
        let (value, error) = with_error(-3.21e93, 2.6e93);
        assert_eq!((value.as_str(), error.as_str()), ("-3e93", "3e93"));
        let (value, error) = with_error(1_234_567.0, 34.0);
        assert_eq!((value.as_str(), error.as_str()), ("1234567", "30"));
        let (value, error) = with_error(1.0, 0.00096);
        assert_eq!((value.as_str(), error.as_str()), ("1.000", "0.001"));
    }
}
