//! Reads single values, and says of those that are none what to type.

use std::path::Path;
use std::str::FromStr;

use chrono::{Datelike, NaiveDate, NaiveTime};
use rust_decimal::Decimal;

use crate::domain::goal::new_goal;

/// Reads a time of day.
pub(in crate::cli) fn time(text: &str) -> Result<NaiveTime, String> {
    NaiveTime::parse_from_str(text, "%H:%M")
        .map_err(|_| format!("“{text}” is no time of day; write it as 20:00"))
}

/// Reads a day.
pub(in crate::cli) fn day(text: &str) -> Result<NaiveDate, String> {
    let is_date = |parts: &[&str]| matches!(parts, [year, _, _] if year.len() == 4);
    let wrong = || format!("“{text}” is no day; write it as 2026-11-23");
    if !is_date(&text.split('-').collect::<Vec<_>>()) {
        return Err(wrong());
    }
    // Withings was founded in 2008; what is typed in may be older, and nothing is measured in other ages.
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").map_err(|_| wrong())?;
    if (1900..2200).contains(&day.year()) { Ok(day) } else { Err(wrong()) }
}

/// A day as a user names it; which one today is depends on the goal's deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum Day {
    /// So many days before today.
    Ago(u64),
    /// The day of this date.
    On(NaiveDate),
}

/// Reads a day, or the word for one.
pub(in crate::cli) fn day_or_word(text: &str) -> Result<Day, String> {
    match text.to_lowercase().as_str() {
        "today" => Ok(Day::Ago(0)),
        "yesterday" => Ok(Day::Ago(1)),
        _ => day(text)
            .map(Day::On)
            .map_err(|_| format!("“{text}” is no day; write “today”, “yesterday”, or a date as 2026-11-23")),
    }
}

/// Reads a number with a fraction, whichever sign its writer puts before it.
pub(in crate::cli) fn number(text: &str) -> Result<Decimal, String> {
    new_goal::number(text).ok_or_else(|| {
        format!("“{text}” is no number that Beeminder takes; write it as 82.5, with 6 decimals at most")
    })
}

/// Reads the number that a list gives something.
pub(in crate::cli) fn id(text: &str) -> Result<i64, String> {
    text.parse().map_err(|_| format!("“{text}” is no number; take one from the list, as 3"))
}

/// Reads how many decimals to send.
pub(in crate::cli) fn decimals(text: &str) -> Result<u32, String> {
    within(text, 0, 6, "how many decimals to send")
}

/// Reads how many days.
pub(in crate::cli) fn days(text: &str) -> Result<u64, String> {
    within(text, 1, 3660, "how many days to look back")
}

/// Reads how many lines.
pub(in crate::cli) fn lines(text: &str) -> Result<u32, String> {
    within(text, 1, 1_000_000, "how many lines to list at most")
}

/// Reads a port.
#[cfg(feature = "sandbox")]
pub(in crate::cli) fn port(text: &str) -> Result<u16, String> {
    within(text, 0, u16::MAX, "which port to listen at")
}

fn within<T: Copy + FromStr + PartialOrd + std::fmt::Display>(
    text: &str,
    least: T,
    most: T,
    what: &str,
) -> Result<T, String> {
    let number = text.parse::<T>().ok().filter(|number| (least..=most).contains(number));
    number.ok_or_else(|| format!("“{text}” does not say {what}; write a whole number from {least} to {most}"))
}

/// What to call a file in a sentence.
pub(in crate::cli) fn named(path: &Path) -> String {
    if path == Path::new("-") { "standard input".into() } else { path.display().to_string() }
}

/// A goal's name: line breaks and spaces would vanish in an address, and name another goal.
pub(super) fn goal_name(text: &str) -> Result<String, String> {
    let is_odd = |c: char| c.is_control() || c.is_whitespace() || ['/', '?', '#', '%'].contains(&c);
    if text.contains(is_odd) {
        return Err("a goal's name is as in its address, beeminder.com/you/NAME, without spaces".into());
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_value_is_answered_with_one_that_is() {
        for (wrong, words) in [
            (day("23.11.2026").unwrap_err(), "write it as 2026-11-23"),
            (day("2026-13-01").unwrap_err(), "write it as 2026-11-23"),
            (day("2026-02-30").unwrap_err(), "write it as 2026-11-23"),
            (day("26-11-23").unwrap_err(), "write it as 2026-11-23"),
            (day("+262142-12-31").unwrap_err(), "write it as 2026-11-23"),
            (day("0001-01-01").unwrap_err(), "write it as 2026-11-23"),
            (time("8pm").unwrap_err(), "write it as 20:00"),
            (time("25:00").unwrap_err(), "write it as 20:00"),
            (number("eighty").unwrap_err(), "write it as 82.5"),
            (number("1e400").unwrap_err(), "write it as 82.5"),
            (number("0.1234567").unwrap_err(), "6 decimals"),
            (number("0.00000000000000000000000000000001").unwrap_err(), "6 decimals"),
            (number("99999999999999999999999999999999").unwrap_err(), "write it as 82.5"),
            (number("1.000,5").unwrap_err(), "write it as 82.5"),
            (id("three").unwrap_err(), "as 3"),
            (id("99999999999999999999").unwrap_err(), "as 3"),
            (decimals("7").unwrap_err(), "from 0 to 6"),
            (days("0").unwrap_err(), "from 1 to 3660"),
            (lines("0").unwrap_err(), "from 1 to"),
            (lines("many").unwrap_err(), "how many lines"),
        ] {
            assert!(wrong.contains(words), "{wrong}");
        }
        assert_eq!(number("82,5"), Ok(rust_decimal::dec!(82.5)));
        assert_eq!(number(" 82.50 "), Ok(rust_decimal::dec!(82.5)));
        assert_eq!(day("2026-11-23").unwrap().to_string(), "2026-11-23");
        assert_eq!((id("3"), decimals("6"), lines("1")), (Ok(3), Ok(6), Ok(1)));
    }
}
