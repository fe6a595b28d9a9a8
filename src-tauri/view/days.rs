//! The day view: what each day of a goal has, or why it has nothing. `bws why` and the window show the same.

mod entry;
mod nothing;

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use crate::app::App;
use crate::domain::day::{DayRule, Daystamp};
use crate::domain::goal::{Goal, GoalId};
use crate::domain::link::Link;
use crate::domain::measure::kind::Source;
use crate::domain::service::Service;
use crate::domain::trouble::Place;
use crate::store::history::{self, HistoryRow};
use crate::store::{self, Connection};
use crate::text::{Message, args};

pub use entry::{DayAct, DayEntry};

use entry::Waits;

/// One day of a goal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DayLine {
    /// The goal's day, cut at its deadline.
    pub day: Daystamp,
    /// The moment after its last.
    pub deadline: DateTime<Utc>,
    /// Whether it is not over yet.
    pub is_today: bool,
    /// What it has, or would have; a single entry where there is nothing.
    pub entries: Vec<DayEntry>,
    /// Readings of this calendar day that count for another one, and the other way round.
    pub notes: Vec<Message>,
}

impl App {
    /// The days of a linked goal from the first to the last, newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn days(
        &self,
        goal: &Goal,
        range: (Daystamp, Daystamp),
        now: DateTime<Utc>,
    ) -> anyhow::Result<Vec<DayLine>> {
        self.store.read(|conn| days(conn, goal, range, now))
    }
}

/// Makes the lines of the days from `first` to `last`, newest first.
///
/// # Errors
/// When the store cannot be read.
fn days(
    conn: &Connection,
    goal: &Goal,
    (first, last): (Daystamp, Daystamp),
    now: DateTime<Utc>,
) -> anyhow::Result<Vec<DayLine>> {
    let rule = goal.day_rule(store::account::time_zone(conn)?);
    let links: Vec<Link> =
        store::link::load_all(conn)?.into_iter().filter(|link| link.goal == goal.id).collect();
    let waits = Waits { now, held_up_until: held_up_until(conn, &goal.id, now)? };
    let mut days = Days { rule, now, entries: BTreeMap::new(), notes: BTreeMap::new() };
    let mut told = HashSet::new();
    // A reading may count for the day before or after the one it seems to belong to.
    let (from, until) = (rule.start_of(first) - TimeDelta::days(2), rule.end_of(last) + TimeDelta::days(2));
    for link in &links {
        let heights = crate::sync::heights_for(conn, &link.feed)?;
        let rows = history::load_of(conn, link, from, until)?;
        told.extend(rows.iter().filter_map(|row| row.outcome.as_ref()?.request_id.clone()));
        for (day, rows) in days.by_datapoint(rows) {
            days.note_elsewhere(day, &rows);
            days.entries.entry(day).or_default().push(entry::of_rows(link, &heights, &rows, waits));
        }
    }
    for stored in store::datapoint::load_days(conn, &goal.id, first, last)? {
        if !told.contains(&stored.datapoint.request_id.0) {
            let day = stored.beeminder_day.as_deref().and_then(|day| day.parse().ok());
            let day = day.unwrap_or_else(|| stored.datapoint.day(rule));
            let entry = store::outbox::load(conn, stored.id)?;
            days.entries.entry(day).or_default().push(entry::of_datapoint(&stored, entry.as_ref(), waits));
        }
    }
    let why_nothing = nothing::Reasons::of(conn, goal, &links, rule, now)?;
    let mut lines = Vec::new();
    let mut day = Some(last);
    while let Some(date) = day.filter(|day| *day >= first) {
        lines.push(days.line(date, &why_nothing));
        day = date.0.pred_opt().map(Daystamp);
    }
    Ok(lines)
}

/// Until when trouble with a goal, or with Beeminder, holds up what waits for it.
fn held_up_until(
    conn: &Connection,
    goal: &GoalId,
    now: DateTime<Utc>,
) -> anyhow::Result<Option<DateTime<Utc>>> {
    let mut latest = None;
    for place in [Place::Goal(goal.clone()), Place::Account(Service::Beeminder)] {
        latest = latest.max(store::trouble::load(conn, &place)?.and_then(|problem| problem.waits_until(now)));
    }
    Ok(latest)
}

/// The days while they are put together.
struct Days {
    rule: DayRule,
    now: DateTime<Utc>,
    entries: BTreeMap<Daystamp, Vec<DayEntry>>,
    notes: BTreeMap<Daystamp, Vec<Message>>,
}

impl Days {
    /// Puts together the readings that went into one datapoint; each of the others stands alone.
    fn by_datapoint(&self, rows: Vec<HistoryRow>) -> Vec<(Daystamp, Vec<HistoryRow>)> {
        let mut parts: Vec<(Daystamp, Option<String>, Vec<HistoryRow>)> = Vec::new();
        for row in rows {
            let day = self.day_of(&row);
            let key = row.outcome.as_ref().and_then(|outcome| outcome.request_id.clone());
            let known = parts.iter_mut().find(|(_, known, _)| key.is_some() && *known == key);
            match known {
                Some((_, _, rows)) => rows.push(row),
                None => parts.push((day, key, vec![row])),
            }
        }
        parts.into_iter().map(|(day, _, rows)| (day, rows)).collect()
    }

    fn day_of(&self, row: &HistoryRow) -> Daystamp {
        let given = row.outcome.as_ref().and_then(|outcome| outcome.day.parse().ok());
        given.or(row.group.day).unwrap_or_else(|| self.rule.day_of(row.group.measured_at))
    }

    /// Notes readings that count for another day than the calendar's.
    fn note_elsewhere(&mut self, day: Daystamp, rows: &[HistoryRow]) {
        for row in rows.iter().filter(|row| row.group.source == Source::Measure) {
            let at = row.group.measured_at;
            let date = Daystamp(at.with_timezone(&self.rule.time_zone).date_naive());
            if date != day {
                let deadline = self.rule.end_of(day);
                let about = |day: Daystamp| {
                    args([
                        ("at", at.to_rfc3339()),
                        ("day", day.0.to_string()),
                        ("deadline", deadline.to_rfc3339()),
                    ])
                };
                let counts_for = Message { key: "day.counts_for".into(), args: about(day) };
                let counts_here = Message { key: "day.counts_here".into(), args: about(date) };
                self.notes.entry(date).or_default().push(counts_for);
                self.notes.entry(day).or_default().push(counts_here);
            }
        }
    }

    fn line(&mut self, day: Daystamp, why_nothing: &nothing::Reasons) -> DayLine {
        let entries = self.entries.remove(&day).unwrap_or_default();
        DayLine {
            day,
            deadline: self.rule.end_of(day),
            is_today: self.rule.day_of(self.now) == day,
            entries: if entries.is_empty() { vec![why_nothing.entry(day)] } else { entries },
            notes: self.notes.remove(&day).unwrap_or_default(),
        }
    }
}
