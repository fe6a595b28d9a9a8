//! One entry of a day: a datapoint with the readings it is made of, or a reading that made none.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::domain::link::{Feed, Link};
use crate::domain::measure::kind::{Heights, Source};
use crate::domain::measure::measurement::MeasureGroup;
use crate::domain::plan::Reason;
use crate::store::datapoint::Stored;
use crate::store::history::{HistoryRow, Outcome};
use crate::store::outbox::OutboxEntry;
use crate::text::Message;

/// What a day has, or would have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DayEntry {
    /// How it ended, as `bws history` names it; `nothing` for a day without a reading.
    pub outcome: String,
    /// The datapoint's value, or what a reading would send; `None` when that is not known.
    pub value: Option<String>,
    /// The unit's symbol; empty for bare numbers.
    pub unit: &'static str,
    /// Why it is as it is.
    pub why: Message,
    /// When its readings were taken; empty for what Withings tells by the day.
    pub measured_at: Vec<DateTime<Utc>>,
    /// What can be done about it.
    pub acts: Vec<DayAct>,
}

/// Something that can be done about an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum DayAct {
    /// Say whether a reading was the user's.
    Answer {
        /// Withings' number for the reading.
        group: i64,
    },
    /// Take back the answer that it was somebody else's.
    TakeBack {
        /// Withings' number for the reading.
        group: i64,
    },
    /// Send a refused datapoint again.
    Retry {
        /// The datapoint's number.
        datapoint: i64,
    },
    /// Decide against a datapoint that waits.
    Discard {
        /// The datapoint's number.
        datapoint: i64,
    },
    /// Send what was deleted or discarded after all.
    SendAgain {
        /// The datapoint's number.
        datapoint: i64,
    },
    /// Decide on a datapoint that no measurement calls for.
    Decide {
        /// The datapoint's number.
        datapoint: i64,
    },
    /// Post the day, which lies before the link.
    SendDay {
        /// The link's number.
        link: i64,
    },
}

/// What a datapoint that is not sent yet waits for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Waits {
    pub(super) now: DateTime<Utc>,
    /// Until when trouble with the goal, or with Beeminder, holds it up.
    pub(super) held_up_until: Option<DateTime<Utc>>,
}

impl Waits {
    /// When it is tried again, where that is not with the next pass.
    fn next_try(self, outcome: &Outcome) -> Option<DateTime<Utc>> {
        outcome.wait_until.max(self.held_up_until).filter(|until| *until > self.now)
    }
}

/// The entry of readings that went into one datapoint, or of one that went into none.
pub(super) fn of_rows(link: &Link, heights: &Heights, rows: &[HistoryRow], waits: Waits) -> DayEntry {
    // The one that was chosen tells what became of the datapoint.
    let chosen = |row: &&HistoryRow| {
        row.outcome.as_ref().is_some_and(|outcome| outcome.reason != Reason::OtherOfDay.code())
    };
    let row = rows.iter().find(chosen).unwrap_or(&rows[0]);
    let measured_at: Vec<_> = rows
        .iter()
        .filter(|row| row.group.source == Source::Measure)
        .map(|row| row.group.measured_at)
        .collect();
    let own = || would_send(&link.feed, &row.group, heights);
    match &row.outcome {
        Some(outcome) => DayEntry {
            value: outcome.value.clone().or_else(own),
            unit: link.feed.unit(),
            why: why(link, outcome, rows.len(), &measured_at, waits),
            acts: acts(outcome, &row.group),
            outcome: outcome.outcome.clone(),
            measured_at,
        },
        None => {
            let is_early = row.group.measured_at < link.since;
            DayEntry {
                outcome: if is_early { "early" } else { "unplanned" }.into(),
                value: own(),
                unit: link.feed.unit(),
                why: Message::new(if is_early { "day.early" } else { "day.unplanned" }, []),
                acts: if is_early { vec![DayAct::SendDay { link: link.id.0 }] } else { Vec::new() },
                measured_at,
            }
        }
    }
}

/// The entry of a datapoint whose readings are gone, or whose link is.
pub(super) fn of_datapoint(stored: &Stored, entry: Option<&OutboxEntry>, waits: Waits) -> DayEntry {
    let parked = entry.and_then(|entry| entry.parked.clone());
    let outcome = match (&parked, stored.state.name()) {
        (Some(_), _) => "refused",
        (None, "confirmed") => "sent",
        (None, state) => state,
    };
    let outcome = Outcome {
        goal: stored.slug.to_string(),
        day: String::new(),
        reason: String::new(),
        request_id: Some(stored.datapoint.request_id.0.clone()),
        outcome: outcome.into(),
        value: Some(stored.shown_value().to_string()),
        datapoint: Some(stored.id),
        wait_until: entry.map(|entry| entry.wait_until),
        parked,
    };
    DayEntry {
        why: sentence(&outcome, waits),
        acts: acts_of_datapoint(&outcome),
        outcome: outcome.outcome,
        value: outcome.value,
        unit: "",
        measured_at: Vec::new(),
    }
}

/// What a reading would send.
fn would_send(feed: &Feed, group: &MeasureGroup, heights: &Heights) -> Option<String> {
    match feed {
        Feed::Track { kind, unit, .. } => {
            let value = unit.convert(kind.worked_out(group, heights)?)?;
            Some(unit.round(value).to_string())
        }
        Feed::Count { .. } => Some("1".into()),
    }
}

fn why(link: &Link, outcome: &Outcome, count: usize, measured_at: &[DateTime<Utc>], waits: Waits) -> Message {
    let times: Vec<_> = measured_at.iter().map(DateTime::to_rfc3339).collect();
    match (outcome.outcome.as_str(), &link.feed) {
        ("sent", Feed::Track { take, .. }) if link.feed.is_daily() && count > 1 => {
            let about = [("take", take.name().into()), ("count", count.to_string()), ("at", times.join(","))];
            Message::new(if measured_at.is_empty() { "day.sent_of_parts" } else { "day.sent_of" }, about)
        }
        ("sent", _) if !times.is_empty() => Message::new("day.sent_at", [("at", times.join(","))]),
        _ => sentence(outcome, waits),
    }
}

/// What became of a datapoint or a reading, whatever it is made of.
fn sentence(outcome: &Outcome, waits: Waits) -> Message {
    let about = |key: &str| Message::new(key, [("why", outcome.reason.clone())]);
    match outcome.outcome.as_str() {
        "sent" => Message::new("day.sent", []),
        "pending" => match waits.next_try(outcome) {
            Some(until) => Message::new("day.pending_until", [("until", until.to_rfc3339())]),
            None => Message::new("day.pending", []),
        },
        "refused" => Message::new("day.refused", [("problem", outcome.parked.clone().unwrap_or_default())]),
        "not_chosen" | "held" | "skipped" => about(&format!("reason.{}", outcome.reason)),
        other => about(&format!("outcome.{other}")),
    }
}

fn acts(outcome: &Outcome, group: &MeasureGroup) -> Vec<DayAct> {
    let is_question = Reason::named(&outcome.reason).is_some_and(Reason::is_held);
    if outcome.outcome == "held" && is_question {
        return vec![DayAct::Answer { group: group.id.0 }];
    }
    if outcome.reason == Reason::NotMine.code() {
        return vec![DayAct::TakeBack { group: group.id.0 }];
    }
    acts_of_datapoint(outcome)
}

fn acts_of_datapoint(outcome: &Outcome) -> Vec<DayAct> {
    let Some(datapoint) = outcome.datapoint else {
        return Vec::new();
    };
    match outcome.outcome.as_str() {
        "refused" => vec![DayAct::Retry { datapoint }, DayAct::Discard { datapoint }],
        "pending" => vec![DayAct::Discard { datapoint }],
        "deleted" | "discarded" => vec![DayAct::SendAgain { datapoint }],
        "stale" => vec![DayAct::Decide { datapoint }],
        _ => Vec::new(),
    }
}
