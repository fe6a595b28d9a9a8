//! Every datapoint that links called for, as three facts: what is wanted, what Beeminder confirmed, and the
//! user's word. Kept by goal and key, so that they outlive links.

use chrono::{DateTime, NaiveDate, Utc};
use rusqlite::{Connection, OptionalExtension, Row, params};
use rust_decimal::Decimal;
use strum::{EnumString, IntoStaticStr};

use super::moment;
use crate::domain::datapoint::{Datapoint, Moment, RequestId};
use crate::domain::day::{DayRule, Daystamp};
use crate::domain::difference::{Action, Confirmed, Word, difference};
use crate::domain::goal::{GoalId, GoalSlug};
use crate::domain::link::LinkId;

/// The three facts as one word, which the schema works out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr, EnumString)]
#[strum(serialize_all = "snake_case")]
pub enum DatapointState {
    /// Beeminder is still to be asked for something.
    Pending,
    /// Beeminder has it as it should be.
    Confirmed,
    /// The user decided against it before Beeminder had it.
    Discarded,
    /// The user deleted it at Beeminder; it stays deleted.
    Deleted,
    /// Beeminder has it, but no measurement calls for it any more; the user is asked.
    Stale,
    /// The same, and the user wants it to stay.
    Kept,
    /// To be deleted at Beeminder.
    Removing,
    /// Deleted at Beeminder by this program, at the user's word.
    Removed,
}

impl DatapointState {
    /// The word in the store and for programs.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Reads the word back.
    pub fn named(name: &str) -> Option<DatapointState> {
        name.parse().ok()
    }
}

/// A datapoint with the three facts about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The number that `bws` knows it by.
    pub id: i64,
    /// The goal, by Beeminder's id.
    pub goal: GoalId,
    /// The goal's name as last seen.
    pub slug: GoalSlug,
    /// The link that called for it last.
    pub link: LinkId,
    /// The form last called for.
    pub datapoint: Datapoint,
    /// Whether a link in force calls for it.
    pub wanted: bool,
    /// What Beeminder has of it.
    pub confirmed: Confirmed,
    /// What the user decided about it.
    pub word: Word,
    /// The three facts as one word.
    pub state: DatapointState,
    /// The day Beeminder counts it for, once known.
    pub beeminder_day: Option<String>,
    /// When the goal's list first lacked it; `None` while it has it.
    pub missing_since: Option<DateTime<Utc>>,
}

impl Stored {
    /// The form the links call for, if they do.
    pub fn wanted(&self) -> Option<&Datapoint> {
        self.wanted.then_some(&self.datapoint)
    }

    /// Whether the user decided against just this, in favour of what is there.
    pub fn is_decided_against(&self, form: &Datapoint) -> bool {
        let is_same = self.datapoint.value == form.value && self.datapoint.moment == form.moment;
        !self.wanted && self.word == Word::Keep && is_same
    }

    /// Whether it is at Beeminder as it is to stay: as the links call for it, or as the user kept it.
    pub fn stands(&self) -> bool {
        let is_kept = self.word == Word::Keep && self.confirmed.is_there() && !self.confirmed.unsure;
        if self.wanted { self.is_confirmed_as(&self.datapoint) } else { is_kept }
    }

    /// A day that is surely none after the one that Beeminder counts it for.
    pub fn first_day(&self, rule: DayRule) -> Daystamp {
        let told = self.beeminder_day.as_ref().and_then(|day| day.parse().ok());
        told.unwrap_or_else(|| {
            let day = self.confirmed.form.as_ref().unwrap_or(&self.datapoint).day(rule);
            Daystamp(day.0.pred_opt().unwrap_or(day.0))
        })
    }

    /// What is to be asked of Beeminder.
    pub fn difference(&self) -> Option<Action> {
        difference(self.wanted(), &self.confirmed, self.word)
    }

    /// Whether Beeminder has exactly this, for all that is known.
    pub fn is_confirmed_as(&self, form: &Datapoint) -> bool {
        !self.confirmed.unsure && self.confirmed.form.as_ref() == Some(form)
    }

    /// What Beeminder has of it as a number; what is wanted while that is not known.
    pub fn shown_value(&self) -> Decimal {
        self.confirmed.form.as_ref().map_or(self.datapoint.value, |form| form.value)
    }
}

/// Loads the datapoint with this key.
pub fn load(conn: &Connection, goal: &GoalId, id: &RequestId) -> anyhow::Result<Option<Stored>> {
    conn.prepare_cached(&format!("{SELECT} WHERE d.goal_id = ?1 AND d.request_id = ?2"))?
        .query_row([&goal.0, &id.0], read)
        .optional()
        .map_err(Into::into)
}

/// Loads a datapoint by its number.
pub fn load_number(conn: &Connection, id: i64) -> anyhow::Result<Option<Stored>> {
    Ok(conn.query_row(&format!("{SELECT} WHERE d.id = ?1"), [id], read).optional()?)
}

/// Loads the datapoints in one state, oldest first.
pub fn load_in(conn: &Connection, state: DatapointState) -> anyhow::Result<Vec<Stored>> {
    let found = conn
        .prepare_cached(&format!("{SELECT} WHERE d.state = ?1 ORDER BY d.id"))?
        .query_map([state.name()], read)?
        .collect::<Result<_, _>>()?;
    Ok(found)
}

/// Loads what a goal has at Beeminder or may have, and what is to be sent to it.
pub fn load_live(conn: &Connection, goal: &GoalId) -> anyhow::Result<Vec<Stored>> {
    let found = conn
        .prepare_cached(&format!(
            "{SELECT} WHERE d.goal_id = ?1 AND (d.state IN ('pending', 'confirmed', 'stale', 'kept')
                 OR (d.state = 'removing' AND d.word = 'moved'))
             ORDER BY d.id"
        ))?
        .query_map([&goal.0], read)?
        .collect::<Result<_, _>>()?;
    Ok(found)
}

/// Loads what a goal has at Beeminder, or may have, though no link calls for it, and that is not to be removed.
pub fn load_left(conn: &Connection, goal: &GoalId) -> anyhow::Result<Vec<Stored>> {
    let found = conn
        .prepare_cached(&format!(
            "{SELECT} WHERE d.goal_id = ?1 AND d.wanted = 0 AND d.word NOT IN ('remove', 'moved', 'deleted')
                 AND (d.sent_value IS NOT NULL OR d.beeminder_id IS NOT NULL OR d.unsure = 1)
             ORDER BY d.id"
        ))?
        .query_map([&goal.0], read)?
        .collect::<Result<_, _>>()?;
    Ok(found)
}

/// Whether a removal of a datapoint went out without an answer, and may have been done.
const MAY_BE_REMOVED: &str = "(d.unsure = 1 AND EXISTS (SELECT 1 FROM outbox o
    WHERE o.datapoint_id = d.id AND o.action = 'remove' AND o.attempts > 0))";

/// Whether Beeminder has a datapoint for all that was said, unless this program took it away.
fn is_there() -> String {
    format!(
        "((d.unsure = 0 AND d.sent_value IS NOT NULL) OR (d.beeminder_id IS NOT NULL AND NOT {MAY_BE_REMOVED}))"
    )
}

/// Loads what a goal has at Beeminder on `first` or later, and what it was found to lack, for comparing both with what
/// is there. A day that is not known is reckoned from the moment, with a day to spare.
pub fn load_to_compare(conn: &Connection, goal: &GoalId, first: Daystamp) -> anyhow::Result<Vec<Stored>> {
    let is_there = is_there();
    let found = conn
        .prepare_cached(&format!(
            "{SELECT} WHERE d.goal_id = ?1 AND {is_there}
                 AND (d.beeminder_day >= ?2 OR (d.beeminder_day IS NULL AND
                      coalesce(d.daystamp, strftime('%Y%m%d', d.timestamp, 'unixepoch')) > ?2)
                      OR (d.missing_since IS NOT NULL AND d.word NOT IN ('remove', 'moved')))
             ORDER BY d.id"
        ))?
        .query_map([&goal.0, &first.to_string()], read)?
        .collect::<Result<_, _>>()?;
    Ok(found)
}

/// When something was first missing that a goal lacks still; not what is to be removed.
pub fn missing_since(conn: &Connection, goal: &GoalId) -> anyhow::Result<Option<DateTime<Utc>>> {
    let is_there = is_there();
    let since: Option<i64> = conn
        .prepare_cached(&format!(
            "SELECT min(d.missing_since) FROM datapoint d
             WHERE d.goal_id = ?1 AND d.missing_since IS NOT NULL AND d.word NOT IN ('remove', 'moved')
                 AND {is_there}"
        ))?
        .query_row([&goal.0], |row| row.get(0))?;
    Ok(since.map(moment))
}

/// Loads every datapoint of a goal on the days from `first` to `last`, whatever became of it. A moment whose
/// day Beeminder did not tell is found by its day in UTC, with one to spare at both ends.
pub fn load_days(
    conn: &Connection,
    goal: &GoalId,
    first: Daystamp,
    last: Daystamp,
) -> anyhow::Result<Vec<Stored>> {
    let beside = |day: Option<NaiveDate>, end: Daystamp| day.map_or(end, Daystamp).to_string();
    let (before, after) = (beside(first.0.pred_opt(), first), beside(last.0.succ_opt(), last));
    let found = conn
        .prepare_cached(&format!(
            "{SELECT} WHERE d.goal_id = ?1
                 AND (coalesce(d.beeminder_day, d.daystamp) BETWEEN ?2 AND ?3
                      OR (d.beeminder_day IS NULL AND d.daystamp IS NULL
                          AND strftime('%Y%m%d', d.timestamp, 'unixepoch') BETWEEN ?4 AND ?5))
             ORDER BY d.id"
        ))?
        .query_map([&goal.0, &first.to_string(), &last.to_string(), &before, &after], read)?
        .collect::<Result<_, _>>()?;
    Ok(found)
}

/// Loads what a link calls for.
pub fn load_wanted_by(conn: &Connection, link: LinkId) -> anyhow::Result<Vec<Stored>> {
    let found = conn
        .prepare_cached(&format!("{SELECT} WHERE d.link_id = ?1 AND d.wanted = 1 ORDER BY d.id"))?
        .query_map([link.0], read)?
        .collect::<Result<_, _>>()?;
    Ok(found)
}

/// What is still to be removed from a goal, or to be looked for, that no link calls for.
pub fn left_undone(conn: &Connection, goal: &GoalId) -> anyhow::Result<Vec<i64>> {
    let ids = conn
        .prepare_cached(
            "SELECT id FROM datapoint WHERE goal_id = ?1 AND wanted = 0 AND state IN ('removing', 'pending')",
        )?
        .query_map([&goal.0], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    Ok(ids)
}

/// Loads what a link calls for though no reading does any more, up to `most` of it.
pub fn load_orphans(conn: &Connection, link: LinkId, most: u32) -> anyhow::Result<Vec<Stored>> {
    let found = conn
        .prepare_cached(&format!(
            "{SELECT} WHERE d.link_id = ?1 AND d.wanted = 1 AND NOT EXISTS
                 (SELECT 1 FROM decision x WHERE x.link_id = ?1 AND x.request_id = d.request_id)
             ORDER BY d.id LIMIT ?2"
        ))?
        .query_map(params![link.0, most], read)?
        .collect::<Result<_, _>>()?;
    Ok(found)
}

/// How many datapoints are in one state, under links in force or not.
pub fn count_in(conn: &Connection, state: DatapointState) -> anyhow::Result<u64> {
    Ok(conn.query_row("SELECT count(*) FROM datapoint WHERE state = ?1", [state.name()], |row| row.get(0))?)
}

/// Whether a link sent, or has in the outbox, anything for `day`, or one before it did.
pub fn has_for_day(conn: &Connection, link: LinkId, day: Daystamp) -> anyhow::Result<bool> {
    Ok(conn
        .prepare_cached(
            "SELECT 1 FROM decision WHERE link_id = ?1 AND daystamp = ?2
                 AND (request_id IS NOT NULL OR reason = 'sent_before')",
        )?
        .exists(params![link.0, day.to_string()])?)
}

const SELECT: &str = "SELECT d.id, d.value, d.timestamp, d.daystamp, d.comment, d.state, d.beeminder_id,
            d.request_id, d.goal_id, d.link_id, d.beeminder_day, g.slug, d.wanted, d.sent_value,
            d.sent_timestamp, d.sent_daystamp, d.sent_comment, d.unsure, d.word, d.missing_since
     FROM datapoint d JOIN goal g ON g.id = d.goal_id";

fn read(row: &Row<'_>) -> rusqlite::Result<Stored> {
    let request_id = RequestId(row.get(7)?);
    let form = |value: String, timestamp: Option<i64>, day: Option<String>, comment: String| Datapoint {
        request_id: request_id.clone(),
        value: value.parse::<Decimal>().unwrap_or_default(),
        moment: day
            .and_then(|day| day.parse().ok())
            .map_or_else(|| Moment::At(moment(timestamp.unwrap_or(0))), Moment::On),
        comment,
    };
    let sent = match row.get::<_, Option<String>>(13)? {
        None => None,
        Some(value) => Some(form(
            value,
            row.get(14)?,
            row.get(15)?,
            row.get::<_, Option<String>>(16)?.unwrap_or_default(),
        )),
    };
    let state: String = row.get(5)?;
    Ok(Stored {
        id: row.get(0)?,
        goal: GoalId(row.get(8)?),
        slug: GoalSlug(row.get(11)?),
        link: LinkId(row.get(9)?),
        datapoint: form(row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?),
        wanted: row.get(12)?,
        confirmed: Confirmed { form: sent, beeminder_id: row.get(6)?, unsure: row.get(17)? },
        word: row.get::<_, String>(18)?.parse().unwrap_or_default(),
        state: DatapointState::named(&state).unwrap_or(DatapointState::Pending),
        beeminder_day: row.get(10)?,
        missing_since: row.get::<_, Option<i64>>(19)?.map(moment),
    })
}

/// A form as the table has it: its moment, or its day.
fn moment_columns(form: &Datapoint) -> (Option<i64>, Option<String>) {
    match form.moment {
        Moment::At(moment) => (Some(moment.timestamp()), None),
        Moment::On(day) => (None, Some(day.to_string())),
    }
}

/// The first day that Beeminder has something of this program's for, in a goal.
pub fn first_day(conn: &Connection, goal: &GoalId) -> anyhow::Result<Option<Daystamp>> {
    let first: Option<String> = conn
        .prepare_cached(
            "SELECT min(beeminder_day) FROM datapoint WHERE goal_id = ?1 AND beeminder_id IS NOT NULL",
        )?
        .query_row([&goal.0], |row| row.get(0))?;
    Ok(first.and_then(|day| day.parse().ok()))
}

/// Notes that a link calls for a datapoint in this form, and returns its number. A word on it is over: what
/// is struck out by the user is not called for.
pub fn want(conn: &Connection, goal: &GoalId, link: LinkId, form: &Datapoint) -> anyhow::Result<i64> {
    let (timestamp, day) = moment_columns(form);
    let id = conn
        .prepare_cached(
            "INSERT INTO datapoint (goal_id, request_id, link_id, wanted, value, timestamp, daystamp,
                 comment, unsure, word)
             VALUES (?1, ?2, ?3, 1, ?4, ?5, ?6, ?7, 0, '')
             ON CONFLICT (goal_id, request_id) DO UPDATE SET
                 link_id = excluded.link_id, wanted = 1, value = excluded.value,
                 timestamp = excluded.timestamp, daystamp = excluded.daystamp, comment = excluded.comment,
                 word = ''
             RETURNING id",
        )?
        .query_row(
            params![goal.0, form.request_id.0, link.0, form.value.to_string(), timestamp, day, form.comment],
            |row| row.get(0),
        )?;
    forget_half_removed(conn, id)?;
    Ok(id)
}

/// Forgets what is known of a datapoint whose removal went out without an answer: it may have been done, and
/// then there is nothing to change and nothing that it is made of.
fn forget_half_removed(conn: &Connection, id: i64) -> anyhow::Result<()> {
    let forgotten = conn
        .prepare_cached(&format!(
            "UPDATE datapoint AS d SET beeminder_id = NULL, sent_value = NULL WHERE d.id = ?1 AND {MAY_BE_REMOVED}"
        ))?
        .execute([id])?;
    if forgotten > 0 { forget_readings(conn, id) } else { Ok(()) }
}

/// Forgets what a datapoint is made of.
fn forget_readings(conn: &Connection, id: i64) -> anyhow::Result<()> {
    conn.prepare_cached(
        "DELETE FROM made_of WHERE (goal_id, request_id) = (SELECT goal_id, request_id FROM datapoint WHERE id = ?1)",
    )?
    .execute([id])?;
    Ok(())
}

/// Notes that no link calls for a datapoint, and what the user decided about it.
pub fn unwant(conn: &Connection, id: i64, word: Word) -> anyhow::Result<()> {
    if !word.removes() {
        forget_half_removed(conn, id)?;
    }
    conn.prepare_cached("UPDATE datapoint SET wanted = 0, word = ?2 WHERE id = ?1")?
        .execute(params![id, word.name()])?;
    Ok(())
}

/// Notes that a request about it is on its way, before it is sent.
pub fn save_unsure(conn: &Connection, id: i64, unsure: bool) -> anyhow::Result<()> {
    conn.prepare_cached("UPDATE datapoint SET unsure = ?2 WHERE id = ?1")?.execute(params![id, unsure])?;
    Ok(())
}

/// What Beeminder said of a datapoint: its id, and the day it counts for. Unknown ones keep what was known.
#[derive(Debug, Clone, Copy, Default)]
pub struct DatapointAnswer<'a> {
    /// Beeminder's `id`; `None` when the answer lacked it.
    pub beeminder_id: Option<&'a str>,
    /// Beeminder's `daystamp`; `None` when the answer lacked it.
    pub day: Option<&'a str>,
}

/// Notes that Beeminder has a datapoint in the form that a request carried.
pub fn save_confirmed(
    conn: &Connection,
    id: i64,
    carried: &Datapoint,
    answer: DatapointAnswer<'_>,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let (timestamp, day) = moment_columns(carried);
    conn.prepare_cached(
        "UPDATE datapoint SET sent_value = ?2, sent_timestamp = ?3, sent_daystamp = ?4, sent_comment = ?5,
             beeminder_id = coalesce(?6, beeminder_id), beeminder_day = coalesce(?7, beeminder_day),
             confirmed_at = ?8, unsure = 0, missing_since = NULL
         WHERE id = ?1",
    )?
    .execute(params![
        id,
        carried.value.to_string(),
        timestamp,
        day,
        carried.comment,
        answer.beeminder_id,
        answer.day,
        now.timestamp()
    ])?;
    Ok(())
}

/// Notes that Beeminder has a datapoint, in whatever form.
pub fn save_found(
    conn: &Connection,
    id: i64,
    answer: DatapointAnswer<'_>,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    conn.prepare_cached(
        "UPDATE datapoint SET sent_value = NULL, beeminder_id = coalesce(?2, beeminder_id),
             beeminder_day = coalesce(?3, beeminder_day), confirmed_at = ?4, unsure = 0, missing_since = NULL
         WHERE id = ?1",
    )?
    .execute(params![id, answer.beeminder_id, answer.day, now.timestamp()])?;
    Ok(())
}

/// Notes the id and the day of a datapoint whose form is known.
pub fn save_id(conn: &Connection, id: i64, answer: DatapointAnswer<'_>) -> anyhow::Result<()> {
    conn.prepare_cached(
        "UPDATE datapoint SET beeminder_id = coalesce(?2, beeminder_id),
             beeminder_day = coalesce(?3, beeminder_day) WHERE id = ?1",
    )?
    .execute(params![id, answer.beeminder_id, answer.day])?;
    Ok(())
}

/// Notes that Beeminder does not have a datapoint.
pub fn save_absent(conn: &Connection, id: i64) -> anyhow::Result<()> {
    conn.prepare_cached(
        "UPDATE datapoint SET sent_value = NULL, beeminder_id = NULL, unsure = 0, missing_since = NULL
         WHERE id = ?1",
    )?
    .execute([id])?;
    forget_readings(conn, id)
}

/// Notes when a goal's list lacked a datapoint, or that it has it.
pub fn save_missing(conn: &Connection, id: i64, since: Option<DateTime<Utc>>) -> anyhow::Result<()> {
    conn.prepare_cached("UPDATE datapoint SET missing_since = ?2 WHERE id = ?1")?
        .execute(params![id, since.map(|since| since.timestamp())])?;
    Ok(())
}

/// Forgets a datapoint that Beeminder never had, and its place in the outbox with it.
pub fn forget(conn: &Connection, id: i64) -> anyhow::Result<()> {
    conn.execute("DELETE FROM datapoint WHERE id = ?1", [id])?;
    Ok(())
}

/// How many datapoints of a link Beeminder has.
pub fn confirmed_of(conn: &Connection, link: LinkId) -> anyhow::Result<u64> {
    Ok(conn
        .prepare_cached("SELECT count(*) FROM datapoint WHERE link_id = ?1 AND state = 'confirmed'")?
        .query_row([link.0], |row| row.get(0))?)
}

/// When Beeminder last confirmed one.
pub fn latest_confirmation(conn: &Connection) -> anyhow::Result<Option<DateTime<Utc>>> {
    let latest: Option<i64> =
        conn.query_row("SELECT max(confirmed_at) FROM datapoint", [], |row| row.get(0))?;
    Ok(latest.map(moment))
}

/// The value and the day of the last datapoint of a link that Beeminder has.
pub fn latest_of(conn: &Connection, link: LinkId) -> anyhow::Result<Option<(String, String)>> {
    Ok(conn
        .prepare_cached(
            "SELECT coalesce(sent_value, value), coalesce(beeminder_day, daystamp, '') FROM datapoint
             WHERE link_id = ?1 AND state = 'confirmed'
             ORDER BY coalesce(beeminder_day, daystamp) DESC, timestamp DESC LIMIT 1",
        )?
        .query_row([link.0], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?)
}

/// The values of a link's last datapoints that Beeminder has, oldest first.
pub fn latest_values(conn: &Connection, link: LinkId, count: u32) -> anyhow::Result<Vec<Decimal>> {
    let mut values: Vec<Decimal> = conn
        .prepare_cached(
            "SELECT value FROM datapoint WHERE link_id = ?1 AND state = 'confirmed'
             ORDER BY coalesce(timestamp, unixepoch(substr(daystamp, 1, 4) || '-' ||
                 substr(daystamp, 5, 2) || '-' || substr(daystamp, 7, 2))) DESC LIMIT ?2",
        )?
        .query_map(params![link.0, count], |row| row.get::<_, String>(0))?
        .filter_map(|value| value.ok()?.parse().ok())
        .collect();
    values.reverse();
    Ok(values)
}
