//! A link's options: which measurements it lets through, and how it writes them.

use std::fmt;

use chrono::NaiveTime;
use serde::{Deserialize, Serialize};

use crate::domain::measure::workout;

/// What a link lets through and how it writes it, where the user wants it otherwise than usual.
///
/// A filter of a newer version makes the whole unreadable: what it keeps out must not be let through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// Only what was measured from this time of day on, where the Beeminder user lives.
    pub from_time: Option<NaiveTime>,
    /// Only what was measured before this time of day; earlier than `from_time` means across midnight.
    pub until_time: Option<NaiveTime>,
    /// Only these devices, by id or model; all when empty.
    pub devices: Vec<String>,
    /// Whether what was typed in counts.
    pub manual: bool,
    /// Whether what may be another person's, or is of unknown origin, counts without asking.
    pub ambiguous: bool,
    /// Only these types of workout, by Withings' number; all when empty.
    pub categories: Vec<i64>,
    /// How many decimals are sent, 0 to 6; as many as make sense in the unit when nothing is said.
    pub decimals: Option<u32>,
    /// What the comment says; see [`crate::domain::link::comment`].
    pub comment: Option<String>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            from_time: None,
            until_time: None,
            devices: Vec::new(),
            manual: true,
            ambiguous: false,
            categories: Vec::new(),
            decimals: None,
            comment: None,
        }
    }
}

impl Options {
    /// Whether a time of day is inside the window.
    pub fn is_in_time(&self, time: NaiveTime) -> bool {
        let after = self.from_time.is_none_or(|from| time >= from);
        let before = self.until_time.is_none_or(|until| time < until);
        match (self.from_time, self.until_time) {
            (Some(from), Some(until)) if until <= from => after || before,
            _ => after && before,
        }
    }
}

impl fmt::Display for Options {
    /// What differs from usual, as a person would say it; empty when nothing does.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let clock = |time: &NaiveTime| time.format("%H:%M").to_string();
        let mut said = Vec::new();
        match (&self.from_time, &self.until_time) {
            (Some(from), Some(until)) => said.push(format!("from {} to {}", clock(from), clock(until))),
            (Some(from), None) => said.push(format!("from {} on", clock(from))),
            (None, Some(until)) => said.push(format!("before {}", clock(until))),
            (None, None) => {}
        }
        if !self.devices.is_empty() {
            said.push(format!("only {}", self.devices.join(" or ")));
        }
        if !self.categories.is_empty() {
            let names: Vec<_> = self.categories.iter().map(|id| workout::name(*id)).collect();
            said.push(format!("only {}", names.join(" or ")));
        }
        if !self.manual {
            said.push("not what was typed in".into());
        }
        if self.ambiguous {
            said.push("even if it may be another person’s".into());
        }
        if let Some(decimals) = self.decimals {
            said.push(format!("to {decimals} {}", if decimals == 1 { "decimal" } else { "decimals" }));
        }
        f.write_str(&said.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_of_time_may_lie_across_midnight() {
        let time = |text: &str| text.parse::<NaiveTime>().unwrap();
        for (from, until, at, inside) in [
            (None, None, "12:00:00", true),
            (None, Some("10:00:00"), "09:59:59", true),
            (None, Some("10:00:00"), "10:00:00", false),
            (Some("05:00:00"), Some("10:00:00"), "04:59:59", false),
            (Some("05:00:00"), Some("10:00:00"), "05:00:00", true),
            (Some("22:00:00"), Some("02:00:00"), "23:00:00", true),
            (Some("22:00:00"), Some("02:00:00"), "01:59:59", true),
            (Some("22:00:00"), Some("02:00:00"), "12:00:00", false),
        ] {
            let (from_time, until_time) = (from.map(time), until.map(time));
            let options = Options { from_time, until_time, ..Options::default() };
            assert_eq!(options.is_in_time(time(at)), inside, "{from:?} {until:?} {at}");
        }
    }

    #[test]
    fn options_are_said_in_words_and_a_missing_one_is_the_usual() {
        assert_eq!(Options::default().to_string(), "");
        let options: Options =
            serde_json::from_str(r#"{"until_time":"10:00:00","devices":["Body+"],"manual":false}"#).unwrap();
        assert_eq!(options.to_string(), "before 10:00, only Body+, not what was typed in");
    }
}
