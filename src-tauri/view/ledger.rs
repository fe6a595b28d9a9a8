//! The ledger for people: each measurement, and what became of it and why. `bws history` and the window
//! show the same lines.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::Serialize;

use crate::domain::link::Link;
use crate::domain::measure::kind::MeasureKind;
use crate::domain::measure::measurement::{Attribution, MeasureGroup};
use crate::domain::settings::Units;
use crate::store::history::{HistoryRow, Place};
use crate::text::{self, Args, args};

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LedgerRow {
    /// When it was measured.
    pub measured_at: DateTime<Utc>,
    /// Withings' number for the act of measuring.
    pub group: i64,
    /// The device's model; `None` when it is not told.
    pub device: Option<String>,
    /// Whether it was typed in.
    pub typed_in: bool,
    /// The group's values, in the user's units.
    pub values: Vec<Shown>,
    /// The goal it concerns, if a link wants it.
    pub goal: Option<String>,
    /// What became of it; see [`crate::store::history::Outcome::outcome`], or `unlinked`.
    pub outcome: String,
    /// What the sentence is about.
    pub facts: Args,
    /// The datapoint it went into.
    pub request_id: Option<String>,
    /// The day it counts for.
    pub daystamp: Option<String>,
    /// The value that was sent.
    pub sent: Option<String>,
    /// Where it stands among the others.
    pub place: Place,
}

/// One value as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shown {
    /// The kind's word, or Withings' number for it.
    pub kind: String,
    /// The number; none when it is no number that can be shown.
    pub value: Option<String>,
    /// The unit's symbol; empty for bare numbers.
    pub unit: &'static str,
}

impl LedgerRow {
    /// Makes one out of what is stored.
    pub fn new(line: HistoryRow, links: &[Link], units: Units) -> LedgerRow {
        let HistoryRow { group, outcome, place } = line;
        let mut row = LedgerRow {
            measured_at: group.measured_at,
            group: group.id.0,
            device: group.model.clone(),
            typed_in: matches!(group.attribution(), Attribution::Manual | Attribution::AccountCreation),
            values: values(&group, units),
            goal: None,
            outcome: "unlinked".into(),
            facts: Args::new(),
            request_id: None,
            daystamp: None,
            sent: None,
            place,
        };
        match outcome {
            Some(outcome) => {
                row.facts = args([("why", outcome.reason)]);
                row.facts.extend(outcome.parked.map(|problem| ("problem".into(), problem)));
                row.outcome = outcome.outcome;
                row.goal = Some(outcome.goal);
                row.request_id = outcome.request_id;
                row.daystamp = Some(outcome.day);
                row.sent = outcome.value;
            }
            None => {
                let early = |link: &&Link| {
                    group.measured_at < link.since && group.measurement(link.feed.first_kind()).is_some()
                };
                let goals: Vec<_> = links.iter().filter(early).map(|link| link.slug.to_string()).collect();
                if !goals.is_empty() {
                    row.outcome = "early".into();
                    row.goal = Some(goals.join(", "));
                }
            }
        }
        row
    }

    /// What became of it, in English.
    pub fn sentence(&self) -> String {
        text::english(&format!("outcome.{}", self.outcome), &self.facts, Tz::UTC)
    }
}

/// The values of a group that stand for the person, in the units chosen.
pub fn values(group: &MeasureGroup, units: Units) -> Vec<Shown> {
    let whole = group.measurements.iter().filter(|m| m.kind.is_whole_at(m.position));
    whole
        .map(|m| {
            let unit = shown_in(m.kind, units);
            let value = m.value().and_then(|value| unit.convert(value));
            let value = value.map(|value| unit.round(value).to_string());
            Shown { kind: m.kind.to_string(), value, unit: unit.symbol() }
        })
        .collect()
}

/// The unit a kind is shown in.
pub fn shown_in(kind: MeasureKind, units: Units) -> crate::domain::measure::unit::Unit {
    units.shown(kind.unit())
}

/// A cell that a spreadsheet takes as text, whoever wrote it. Numbers stay numbers.
pub fn cell(text: &str) -> String {
    let is_number = text.parse::<rust_decimal::Decimal>().is_ok();
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    if is_formula && !is_number { format!("'{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spreadsheet_takes_cells_as_text_and_numbers_as_numbers() {
        for (text, expected) in [
            ("-3.5", "-3.5"),
            ("+1", "+1"),
            ("82.4", "82.4"),
            ("Body+", "Body+"),
            ("=1+1", "'=1+1"),
            ("+SUM(A1)", "'+SUM(A1)"),
            ("-2+3", "'-2+3"),
            ("@cmd", "'@cmd"),
            ("\t=1", "'\t=1"),
            ("\r=1", "'\r=1"),
            ("", ""),
        ] {
            assert_eq!(cell(text), expected);
        }
    }
}
