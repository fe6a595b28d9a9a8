//! The ledger: each measurement and what became of it, newest first.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, Rows, named_params};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{measurement, moment};
use crate::domain::link::Link;
use crate::domain::measure::kind::MeasureKind;
use crate::domain::measure::measurement::{GroupId, MeasureGroup};

/// Which lines are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only what was measured at or after this moment.
    pub since: DateTime<Utc>,
    /// Only groups with one of these kinds; all when empty.
    pub kinds: Vec<MeasureKind>,
    /// Only what concerns the goal of this name.
    pub goal: Option<String>,
    /// What was measured before a link of that goal began, which concerns it as well.
    pub early: Vec<Early>,
    /// Only groups that a link decided on, or with one of these kinds; all when it is not said.
    pub linked: Option<Vec<MeasureKind>>,
    /// Only what ended in this way; see [`Outcome::outcome`].
    pub outcome: Option<String>,
    /// Only lines in which these letters stand: in the day, the value sent, the goal, the device, the
    /// request id, or Beeminder's refusal.
    pub search: String,
    /// Or, for the same search, those with one of these kinds or reasons, which users know by other words.
    pub meant: Meant,
    /// Or, for the same search, those with such a value, whether it was sent or not.
    pub values: Vec<ValueRange>,
    /// Only lines after this one.
    pub after: Option<Place>,
}

/// What was measured of some kinds before a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Early {
    /// The kinds that a link is about.
    pub kinds: Vec<MeasureKind>,
    /// When it began.
    pub before: DateTime<Utc>,
}

/// What a search means beside its letters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Meant {
    /// Readings with one of these kinds.
    pub kinds: Vec<i64>,
    /// Readings with one of these reasons.
    pub reasons: Vec<String>,
    /// Readings that ended in one of these ways.
    pub outcomes: Vec<String>,
    /// Readings of these stretches: from one moment to before another, in Unix seconds.
    pub stretches: Vec<(i64, i64)>,
}

/// Values of some kinds, from one to before another, in the unit Withings measures in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueRange {
    /// The kinds that make the range.
    pub kinds: Vec<MeasureKind>,
    /// The smallest value that matches, in the unit Withings measures in.
    pub from: Decimal,
    /// The smallest value that no longer matches.
    pub until: Decimal,
}

/// Where a line stands among the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// When it was measured, in Unix seconds.
    measured_at: i64,
    group: i64,
    link: i64,
}

/// What became of one group under one link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The goal's name as last seen.
    pub goal: String,
    /// The day it was given, until Beeminder said otherwise.
    pub day: String,
    /// Why it is sent, held or skipped; a code of `sync::plan::Reason`.
    pub reason: String,
    /// The datapoint it went into.
    pub request_id: Option<String>,
    /// `sent`, `pending`, `refused`, `not_chosen`, `held`, `skipped`, or a name of `datapoint::State`.
    pub outcome: String,
    /// The datapoint's value.
    pub value: Option<String>,
    /// Why the datapoint needs the user.
    pub parked: Option<String>,
    /// The number of the datapoint, which retry and discard take.
    pub datapoint: Option<i64>,
    /// When it is sent again, while it waits after an attempt that failed.
    pub wait_until: Option<DateTime<Utc>>,
}

/// One line of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryRow {
    /// The reading.
    pub group: MeasureGroup,
    /// What became of it; `None` when no link is about it.
    pub outcome: Option<Outcome>,
    /// Where the row stands in the order, to go on from.
    pub place: Place,
}

/// Loads up to `limit` lines, newest first.
pub fn load(conn: &Connection, filter: &Filter, limit: u32) -> anyhow::Result<Vec<HistoryRow>> {
    let query = format!(
        "SELECT {} {} ORDER BY g.measured_at DESC, g.id DESC, coalesce(d.link_id, 0) DESC LIMIT {limit}",
        columns(),
        wanted(filter)
    );
    let mut statement = conn.prepare(&query)?;
    let after = filter.after.unwrap_or(Place { measured_at: i64::MAX, group: i64::MAX, link: i64::MAX });
    let mut found = statement.query(named_params! {
        ":since": filter.since.timestamp(), ":goal": filter.goal, ":outcome": filter.outcome,
        ":search": filter.search.to_lowercase(),
        ":at": after.measured_at, ":group": after.group, ":link": after.link,
    })?;
    read_rows(conn, &mut found)
}

/// Loads what a link concerns of what was measured from one moment to before another, oldest first, whatever
/// became of it.
pub fn load_of(
    conn: &Connection,
    link: &Link,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
) -> anyhow::Result<Vec<HistoryRow>> {
    let kinds: Vec<_> = link.feed.kinds().iter().map(|kind| kind.0.to_string()).collect();
    let query = format!(
        "SELECT {} FROM measure_group g
         LEFT JOIN decision d ON d.group_id = g.id AND d.link_id = :link
         {JOINS}
         WHERE g.measured_at >= :from AND g.measured_at < :until
           AND EXISTS (SELECT 1 FROM measurement m WHERE m.group_id = g.id AND m.kind IN ({}))
         ORDER BY g.measured_at, g.id",
        columns(),
        kinds.join(", ")
    );
    let mut statement = conn.prepare(&query)?;
    let mut found = statement.query(named_params! {
        ":link": link.id.0, ":from": from.timestamp(), ":until": until.timestamp(),
    })?;
    read_rows(conn, &mut found)
}

/// What a row is read from.
fn columns() -> String {
    format!(
        "g.id, goal.slug, coalesce(p.beeminder_day, d.daystamp), d.reason, d.request_id,
         {OUTCOME}, p.value, o.parked, g.measured_at, coalesce(d.link_id, 0), p.id, o.wait_until"
    )
}

fn read_rows(conn: &Connection, found: &mut Rows<'_>) -> anyhow::Result<Vec<HistoryRow>> {
    let mut lines = Vec::new();
    while let Some(row) = found.next()? {
        let Some(group) = measurement::load(conn, GroupId(row.get(0)?))? else {
            continue;
        };
        let place = Place { measured_at: row.get(8)?, group: group.id.0, link: row.get(9)? };
        let outcome = match row.get::<_, Option<String>>(1)? {
            None => None,
            Some(goal) => Some(Outcome {
                goal,
                day: row.get(2)?,
                reason: row.get(3)?,
                request_id: row.get(4)?,
                outcome: row.get(5)?,
                value: row.get(6)?,
                parked: row.get(7)?,
                datapoint: row.get(10)?,
                wait_until: row.get::<_, Option<i64>>(11)?.map(moment),
            }),
        };
        lines.push(HistoryRow { group, outcome, place });
    }
    Ok(lines)
}

/// How many lines there are, whatever the place.
pub fn count(conn: &Connection, filter: &Filter) -> anyhow::Result<u64> {
    let query = format!("SELECT count(*) {}", wanted(filter));
    let count = conn.prepare(&query)?.query_row(
        named_params! {
            ":since": filter.since.timestamp(), ":goal": filter.goal, ":outcome": filter.outcome,
            ":search": filter.search.to_lowercase(),
            ":at": i64::MAX, ":group": i64::MAX, ":link": i64::MAX,
        },
        |row| row.get(0),
    )?;
    Ok(count)
}

/// The groups whose datapoint Beeminder has.
pub fn sent_groups(conn: &Connection) -> anyhow::Result<HashSet<GroupId>> {
    let groups = conn
        .prepare_cached(
            "SELECT d.group_id FROM decision d
             JOIN link l ON l.id = d.link_id
             JOIN datapoint p ON p.goal_id = l.goal_id AND p.request_id = d.request_id
             WHERE p.state = 'confirmed' AND d.reason <> 'other_of_day'",
        )?
        .query_map([], |row| row.get(0).map(GroupId))?
        .collect::<Result<_, _>>()?;
    Ok(groups)
}

/// What a decision is about.
const JOINS: &str = "LEFT JOIN link l ON l.id = d.link_id
         LEFT JOIN goal ON goal.id = l.goal_id
         LEFT JOIN datapoint p ON p.goal_id = l.goal_id AND p.request_id = d.request_id
         LEFT JOIN outbox o ON o.datapoint_id = p.id";

/// How it ended, as one word.
const OUTCOME: &str = "CASE
         WHEN d.link_id IS NULL THEN 'unlinked'
         WHEN d.reason IN ('deleted', 'discarded') THEN d.reason
         WHEN o.parked IS NOT NULL THEN 'refused'
         WHEN p.state = 'confirmed' AND d.reason = 'other_of_day' THEN 'not_chosen'
         WHEN p.state = 'confirmed' THEN 'sent'
         WHEN p.state IS NOT NULL THEN p.state
         WHEN d.reason IN ('ambiguous', 'unknown_origin', 'in_future') THEN 'held'
         ELSE 'skipped' END";

/// The lines that `filter` lets through. Numbers and the words of closed sets alone are put into the text.
fn wanted(filter: &Filter) -> String {
    let numbers = |numbers: &mut dyn Iterator<Item = i64>| {
        numbers.map(|number| number.to_string()).collect::<Vec<_>>().join(", ")
    };
    let has_kind = |kinds: String| {
        format!("EXISTS (SELECT 1 FROM measurement m WHERE m.group_id = g.id AND m.kind IN ({kinds}))")
    };
    let of_kind = if filter.kinds.is_empty() {
        "TRUE".to_owned()
    } else {
        has_kind(numbers(&mut filter.kinds.iter().map(|kind| kind.0)))
    };
    let early = |early: &Early| {
        let kinds = has_kind(numbers(&mut early.kinds.iter().map(|kind| kind.0)));
        format!("g.measured_at < {} AND {kinds}", early.before.timestamp())
    };
    let early = any(filter.early.iter().map(early));
    let linked = filter.linked.as_ref().map_or("TRUE".to_owned(), |kinds| {
        format!("(d.link_id IS NOT NULL OR {})", has_kind(numbers(&mut kinds.iter().map(|kind| kind.0))))
    });
    let stretch = |(from, until): &(i64, i64)| format!("g.measured_at >= {from} AND g.measured_at < {until}");
    format!(
        "FROM measure_group g
         LEFT JOIN decision d ON d.group_id = g.id AND (:goal IS NULL OR d.link_id IN (
             SELECT l.id FROM link l JOIN goal ON goal.id = l.goal_id WHERE goal.slug = :goal))
         {JOINS}
         WHERE g.measured_at >= :since
           AND g.measured_at <= :at
           AND (g.measured_at, g.id, coalesce(d.link_id, 0)) < (:at, :group, :link)
           AND {of_kind}
           AND {linked}
           AND (:goal IS NULL OR d.link_id IS NOT NULL OR {early})
           AND (:outcome IS NULL OR {OUTCOME} = :outcome)
           AND (:search = '' OR instr(lower(concat_ws(' ', coalesce(p.beeminder_day, d.daystamp),
                   date(g.measured_at, 'unixepoch'), p.value, goal.slug, g.model, d.request_id, o.parked)),
                   :search)
                OR {} OR {} OR {} OR d.reason IN ({}) OR {OUTCOME} IN ({}))",
        has_kind(numbers(&mut filter.meant.kinds.iter().copied())),
        has_value(&filter.values),
        any(filter.meant.stretches.iter().map(stretch)),
        words(&filter.meant.reasons),
        words(&filter.meant.outcomes)
    )
}

/// One of these conditions; never when there is none.
fn any(conditions: impl Iterator<Item = String>) -> String {
    let all: Vec<_> = conditions.map(|condition| format!("({condition})")).collect();
    if all.is_empty() { "FALSE".into() } else { format!("({})", all.join(" OR ")) }
}

/// Words of a closed set as SQL has them; what is none is left out.
fn words(words: &[String]) -> String {
    let is_word = |word: &&String| word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    words.iter().filter(is_word).map(|word| format!("'{word}'")).collect::<Vec<_>>().join(", ")
}

/// Whether a group has one of the values. The groups that do are looked up once, each kind by its index.
fn has_value(ranges: &[ValueRange]) -> String {
    let powers: String = (-9..=3).map(|exponent| format!(" WHEN {exponent} THEN 1e{exponent}")).collect();
    let value = format!("mantissa * CASE exponent{powers} END");
    let in_range = |range: &ValueRange| {
        let kinds: Vec<_> = range.kinds.iter().map(|kind| kind.0.to_string()).collect();
        let (kinds, ValueRange { from, until, .. }) = (kinds.join(", "), range);
        format!(
            "SELECT group_id FROM measurement WHERE kind IN ({kinds}) AND {value} >= {from} AND {value} < {until}"
        )
    };
    let groups: Vec<_> = ranges.iter().map(in_range).collect();
    if groups.is_empty() { "FALSE".into() } else { format!("g.id IN ({})", groups.join(" UNION ALL ")) }
}
