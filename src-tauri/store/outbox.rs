//! The queue: for each datapoint whose wanted form differs from the confirmed one, the request that is to be
//! sent. A row leaves it when nothing differs any more, and never otherwise.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::datapoint::{self, Stored};
use super::moment;
use crate::domain::datapoint::{Datapoint, Moment, RequestId};
use crate::domain::day::Daystamp;
use crate::domain::difference::{Action, Word};
use crate::domain::goal::{GoalId, GoalSlug};
use crate::domain::link::LinkId;
use crate::domain::measure::measurement::GroupId;

/// One request waiting to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxEntry {
    /// The number of the datapoint row it is about.
    pub id: i64,
    /// The goal, by Beeminder's id.
    pub goal: GoalId,
    /// The goal's name as last seen.
    pub slug: GoalSlug,
    /// Its key within the goal.
    pub request_id: RequestId,
    /// The link that called for it last.
    pub link: LinkId,
    /// The datapoint's value, as it is shown.
    pub value: String,
    /// What is asked of Beeminder.
    pub action: Action,
    /// The request as it is sent, without the token.
    pub form: String,
    /// How often it was sent.
    pub attempts: u32,
    /// When a request was last sent that had no answer at all.
    pub unanswered_at: Option<DateTime<Utc>>,
    /// Automatic passes leave it alone until then.
    pub wait_until: DateTime<Utc>,
    /// Beeminder's words of refusal, until the user decides.
    pub parked: Option<String>,
    /// When what it is about happened; for a day, its noon.
    pub moment: DateTime<Utc>,
    /// When it was decided on.
    pub queued_at: DateTime<Utc>,
    /// The form last called for; a request that waits carries it.
    pub datapoint: Datapoint,
    /// The day Beeminder counts it for, once known.
    pub beeminder_day: Option<Daystamp>,
    /// Whether the goal's list lacked it.
    pub is_missing: bool,
    /// Whether it is to be removed because its readings went into something else.
    pub is_moved: bool,
}

impl OutboxEntry {
    /// The form that the request carries, read back from the request itself.
    pub fn carried(&self) -> Datapoint {
        self.datapoint.as_in_form(&self.form)
    }
}

/// Brings the queue in line with the three facts about a datapoint.
///
/// A request that is the same stays as it is, with its attempts; one that differs takes its place. What nobody
/// calls for, and Beeminder does not have, is forgotten. Returns whether something is to be sent that was not
/// before.
pub fn settle(conn: &Connection, id: i64, now: DateTime<Utc>) -> anyhow::Result<bool> {
    let Some(stored) = datapoint::load_number(conn, id)? else {
        return Ok(false);
    };
    let Some(action) = stored.difference() else {
        remove(conn, id)?;
        if !stored.wanted && !stored.confirmed.is_there() {
            if matches!(stored.word, Word::None | Word::Left | Word::Keep) {
                datapoint::forget(conn, id)?;
            }
            mark_sent_before(conn, &stored.goal)?;
        }
        return Ok(false);
    };
    let form = match &action {
        Action::Create => stored.datapoint.create_form(),
        Action::Update(_) => stored.datapoint.update_form(),
        Action::Remove(_) | Action::LookUp => String::new(),
    };
    if let Some(entry) = load(conn, id)?
        && entry.action == action
        && entry.form == form
    {
        return Ok(false);
    }
    conn.prepare_cached(
        "INSERT INTO outbox VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, 0, 0, NULL, ?7)
         ON CONFLICT (datapoint_id) DO UPDATE SET
             moment = excluded.moment, action = excluded.action, form = excluded.form,
             beeminder_id = excluded.beeminder_id, attempts = 0, wait_until = 0, parked = NULL",
    )?
    .execute(params![
        id,
        stored.goal.0,
        moment_of(&stored.datapoint),
        action.name(),
        form,
        action.beeminder_id(),
        now.timestamp()
    ])?;
    Ok(true)
}

/// Notes that a link calls for a datapoint in this form. Returns whether something is to be sent that was
/// not before.
pub fn want(
    conn: &Connection,
    goal: &GoalId,
    link: LinkId,
    form: &Datapoint,
    now: DateTime<Utc>,
) -> anyhow::Result<bool> {
    let known = datapoint::load(conn, goal, &form.request_id)?;
    if let Some(known) = known {
        let is_wanted = known.wanted() == Some(form) && known.link == link;
        if is_wanted || stays_as_it_is(conn, &known, form)? {
            return Ok(false);
        }
    }
    let id = datapoint::want(conn, goal, link, form)?;
    settle(conn, id, now)
}

/// Whether a datapoint stays as it is though a link calls for this form: the user decided against just that, and no
/// new reading makes it so.
pub fn stays_as_it_is(conn: &Connection, known: &Stored, form: &Datapoint) -> anyhow::Result<bool> {
    Ok(known.is_decided_against(form)
        && !super::struck::is_made_by_a_new_one(conn, &known.goal, &form.request_id)?)
}

/// Notes what a datapoint is made of whose request had no answer, while a link still tells.
fn note_readings(conn: &Connection, stored: &Stored) -> anyhow::Result<()> {
    let (goal, id) = (&stored.goal, &stored.datapoint.request_id);
    if super::struck::confirmed_readings(conn, goal, id)?.is_empty() {
        let readings = super::struck::wanted_readings(conn, goal, id)?;
        super::struck::save_made_of(conn, goal, id, &readings)?;
    }
    Ok(())
}

/// Notes that no link calls for a datapoint, and what the user decided about it. Returns whether something
/// is to be sent that was not before.
pub fn unwant(conn: &Connection, stored: &Stored, word: Word, now: DateTime<Utc>) -> anyhow::Result<bool> {
    if word == Word::Left && stored.confirmed.unsure {
        note_readings(conn, stored)?;
    }
    datapoint::unwant(conn, stored.id, word)?;
    mark_sent_before(conn, &stored.goal)?;
    settle(conn, stored.id, now)
}

/// Marks for the plan what was left out because an earlier link had sent it: that may be gone now.
fn mark_sent_before(conn: &Connection, goal: &GoalId) -> anyhow::Result<()> {
    conn.prepare_cached(
        "INSERT OR IGNORE INTO unplanned SELECT d.group_id FROM link l JOIN decision d ON d.link_id = l.id
         WHERE l.goal_id = ?1 AND l.removed_at IS NULL AND d.reason = 'sent_before'
             AND EXISTS (SELECT 1 FROM measure_group g WHERE g.id = d.group_id)",
    )?
    .execute([&goal.0])?;
    Ok(())
}

/// What "oldest" goes by.
fn moment_of(datapoint: &Datapoint) -> i64 {
    match datapoint.moment {
        Moment::At(moment) => moment.timestamp(),
        Moment::On(day) => day.0.and_hms_opt(12, 0, 0).map_or(0, |noon| noon.and_utc().timestamp()),
    }
}

/// Loads everything, oldest first within each goal. What is to be removed comes last: what takes its place must be
/// there by then.
pub fn load_all(conn: &Connection) -> anyhow::Result<Vec<OutboxEntry>> {
    let query = format!("{SELECT} ORDER BY o.goal_id, o.action = 'remove', o.moment, o.datapoint_id");
    let entries = conn.prepare_cached(&query)?.query_map([], read)?.collect::<Result<_, _>>()?;
    Ok(entries)
}

/// Loads what is to be removed once something else is there.
pub fn load_moved(conn: &Connection) -> anyhow::Result<Vec<OutboxEntry>> {
    let query = format!("{SELECT} WHERE d.word = 'moved' AND o.action = 'remove' ORDER BY o.datapoint_id");
    let entries = conn.prepare_cached(&query)?.query_map([], read)?.collect::<Result<_, _>>()?;
    Ok(entries)
}

/// Loads one entry.
pub fn load(conn: &Connection, id: i64) -> anyhow::Result<Option<OutboxEntry>> {
    let query = format!("{SELECT} WHERE o.datapoint_id = ?1");
    Ok(conn.prepare_cached(&query)?.query_row([id], read).optional()?)
}

/// A request that is about to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// The request, as it is just now.
    pub entry: OutboxEntry,
    /// Whether an earlier request about the datapoint was not answered.
    pub was_unsure: bool,
    /// Whether an earlier removal was not answered, and may have been done.
    pub may_be_removed: bool,
    /// Whether Beeminder may have the datapoint, in another form maybe.
    pub may_be_there: bool,
    /// The readings that the form it carries is made of.
    pub readings: Vec<GroupId>,
}

/// Counts an attempt, before it is made, and notes that its answer is not known.
///
/// Returns the request as it is then; `None` when there is nothing to be sent any more.
pub fn claim(conn: &Connection, id: i64, now: DateTime<Utc>) -> anyhow::Result<Option<Claimed>> {
    let counted = conn
        .prepare_cached(
            // What was decided on later than now was so by a clock that was wrong.
            "UPDATE outbox SET attempts = attempts + 1, queued_at = min(queued_at, ?2),
                 unanswered_at = iif(action IN ('look_up', 'remove'), unanswered_at, ?2)
             WHERE datapoint_id = ?1 AND parked IS NULL",
        )?
        .execute([id, now.timestamp()])?;
    let known = datapoint::load_number(conn, id)?.filter(|_| counted > 0);
    let (Some(known), Some(entry)) = (known, load(conn, id)?) else {
        return Ok(None);
    };
    datapoint::save_unsure(conn, id, true)?;
    let mut readings = super::struck::wanted_readings(conn, &entry.goal, &entry.request_id)?;
    if readings.is_empty() {
        readings = super::struck::readings_left(conn, &entry.goal, &entry.request_id)?;
    }
    let was_unsure = known.confirmed.unsure;
    // What was asked before its removal took nothing away.
    let is_removed_again = matches!(entry.action, Action::Remove(_)) && entry.attempts > 1;
    Ok(Some(Claimed {
        entry,
        was_unsure,
        may_be_removed: was_unsure && is_removed_again,
        may_be_there: was_unsure || known.confirmed.is_there(),
        readings,
    }))
}

/// Notes that the service answered, so that nothing of it is still on its way.
pub fn save_answered(conn: &Connection, id: i64) -> anyhow::Result<()> {
    conn.prepare_cached("UPDATE outbox SET unanswered_at = 0 WHERE datapoint_id = ?1")?.execute([id])?;
    Ok(())
}

/// Leaves an entry alone for a while.
pub fn save_wait(conn: &Connection, id: i64, until: DateTime<Utc>) -> anyhow::Result<()> {
    conn.execute(
        "UPDATE outbox SET wait_until = ?2 WHERE datapoint_id = ?1",
        params![id, until.timestamp()],
    )?;
    Ok(())
}

/// Sets an entry aside until the user decides.
pub fn park(conn: &Connection, id: i64, reason: &str) -> anyhow::Result<()> {
    conn.execute("UPDATE outbox SET parked = ?2 WHERE datapoint_id = ?1", params![id, reason])?;
    Ok(())
}

/// Lets an entry be sent again, at once.
pub fn unpark(conn: &Connection, id: i64) -> anyhow::Result<()> {
    conn.execute("UPDATE outbox SET parked = NULL, wait_until = 0 WHERE datapoint_id = ?1", [id])?;
    Ok(())
}

/// Lets everything that a goal refused be sent again. Returns how many there are.
pub fn unpark_goal(conn: &Connection, goal: &GoalId) -> anyhow::Result<usize> {
    Ok(conn.execute(
        "UPDATE outbox SET parked = NULL, wait_until = 0 WHERE goal_id = ?1 AND parked IS NOT NULL",
        [&goal.0],
    )?)
}

/// Whether a goal has refused another one with the same words.
pub fn is_parked_alike(conn: &Connection, goal: &GoalId, reason: &str) -> anyhow::Result<bool> {
    Ok(conn
        .prepare_cached("SELECT 1 FROM outbox WHERE goal_id = ?1 AND parked = ?2")?
        .exists([&goal.0, reason])?)
}

/// Lets those that a goal refused with the same words wait with it.
pub fn unpark_alike(conn: &Connection, goal: &GoalId, reason: &str) -> anyhow::Result<()> {
    conn.execute(
        "UPDATE outbox SET parked = NULL, wait_until = 0 WHERE goal_id = ?1 AND parked = ?2",
        [&goal.0, reason],
    )?;
    Ok(())
}

/// Takes an entry out.
pub fn remove(conn: &Connection, id: i64) -> anyhow::Result<()> {
    conn.prepare_cached("DELETE FROM outbox WHERE datapoint_id = ?1")?.execute([id])?;
    Ok(())
}

/// How many can be sent, and how many are parked.
pub fn counts(conn: &Connection) -> anyhow::Result<(u64, u64)> {
    Ok(conn.query_row(
        "SELECT count(*) FILTER (WHERE parked IS NULL), count(parked) FROM outbox",
        [],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?)
}

/// The same for one link.
pub fn counts_of(conn: &Connection, link: LinkId) -> anyhow::Result<(u64, u64)> {
    Ok(conn
        .prepare_cached(
            "SELECT count(*) FILTER (WHERE o.parked IS NULL), count(o.parked)
             FROM outbox o JOIN datapoint d ON d.id = o.datapoint_id WHERE d.link_id = ?1",
        )?
        .query_row([link.0], |row| Ok((row.get(0)?, row.get(1)?)))?)
}

/// The goals that something waits for though it was put into the queue before `since` and sent since.
pub fn goals_waiting_since(conn: &Connection, since: DateTime<Utc>) -> anyhow::Result<Vec<GoalId>> {
    let goals = conn
        .prepare_cached(
            "SELECT DISTINCT goal_id FROM outbox
             WHERE parked IS NULL AND attempts > 0 AND queued_at <= ?1 ORDER BY goal_id",
        )?
        .query_map([since.timestamp()], |row| row.get(0).map(GoalId))?
        .collect::<Result<_, _>>()?;
    Ok(goals)
}

/// How many can be sent and never were.
pub fn unsent(conn: &Connection) -> anyhow::Result<u64> {
    Ok(conn.query_row("SELECT count(*) FROM outbox WHERE parked IS NULL AND attempts = 0", [], |row| {
        row.get(0)
    })?)
}

/// The datapoints of a goal that nobody calls for and something is still to be asked about.
pub fn unwanted(conn: &Connection, goal: &GoalId) -> anyhow::Result<Vec<i64>> {
    let ids = conn
        .prepare_cached(
            "SELECT o.datapoint_id FROM outbox o JOIN datapoint d ON d.id = o.datapoint_id
             WHERE o.goal_id = ?1 AND d.wanted = 0",
        )?
        .query_map([&goal.0], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    Ok(ids)
}

/// The names of the goals that refused something nobody has decided on.
pub fn goals_parked(conn: &Connection) -> anyhow::Result<Vec<String>> {
    let goals = conn
        .prepare_cached(
            "SELECT DISTINCT g.slug FROM outbox o JOIN goal g ON g.id = o.goal_id
             WHERE o.parked IS NOT NULL ORDER BY g.slug",
        )?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    Ok(goals)
}

/// The value to show for each of `entries`: of what is to be removed, the one that Beeminder has.
pub fn shown_values(conn: &Connection, entries: &[OutboxEntry]) -> anyhow::Result<Vec<String>> {
    let shown = |entry: &OutboxEntry| {
        let stored = match entry.action {
            Action::Remove(_) => datapoint::load_number(conn, entry.id)?,
            Action::Create | Action::Update(_) | Action::LookUp => None,
        };
        Ok(stored.map_or_else(|| entry.value.clone(), |stored| stored.shown_value().to_string()))
    };
    entries.iter().map(shown).collect()
}

/// The numbers of the datapoints that Beeminder refused and nobody has decided on.
pub fn parked(conn: &Connection) -> anyhow::Result<Vec<i64>> {
    let ids = conn
        .prepare_cached("SELECT datapoint_id FROM outbox WHERE parked IS NOT NULL ORDER BY datapoint_id")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    Ok(ids)
}

/// The goals that something waits for.
pub fn goals(conn: &Connection) -> anyhow::Result<Vec<GoalId>> {
    let goals = conn
        .prepare_cached("SELECT DISTINCT goal_id FROM outbox ORDER BY goal_id")?
        .query_map([], |row| row.get(0).map(GoalId))?
        .collect::<Result<_, _>>()?;
    Ok(goals)
}

const SELECT: &str = "SELECT o.datapoint_id, o.goal_id, g.slug, d.request_id, d.link_id, d.value, o.form,
            o.beeminder_id, o.attempts, o.wait_until, o.parked, o.queued_at, o.action, o.moment,
            o.unanswered_at, d.timestamp, d.daystamp, d.comment, d.beeminder_day,
            d.missing_since IS NOT NULL, d.word = 'moved'
     FROM outbox o JOIN datapoint d ON d.id = o.datapoint_id JOIN goal g ON g.id = o.goal_id";

fn read(row: &Row<'_>) -> rusqlite::Result<OutboxEntry> {
    let (request_id, value) = (RequestId(row.get(3)?), row.get::<_, String>(5)?);
    let day = row.get::<_, Option<String>>(16)?.and_then(|day| day.parse().ok());
    let timestamp: Option<i64> = row.get(15)?;
    let action: String = row.get(12)?;
    Ok(OutboxEntry {
        id: row.get(0)?,
        goal: GoalId(row.get(1)?),
        slug: GoalSlug(row.get(2)?),
        link: LinkId(row.get(4)?),
        datapoint: Datapoint {
            request_id: request_id.clone(),
            value: value.parse().unwrap_or_default(),
            moment: day.map_or_else(|| Moment::At(moment(timestamp.unwrap_or(0))), Moment::On),
            comment: row.get(17)?,
        },
        request_id,
        value,
        form: row.get(6)?,
        // What another version wrote and this one cannot read is looked up, which does no harm.
        action: Action::named(&action, row.get(7)?).unwrap_or(Action::LookUp),
        attempts: row.get(8)?,
        unanswered_at: row.get::<_, Option<i64>>(14)?.filter(|at| *at > 0).map(moment),
        wait_until: moment(row.get(9)?),
        parked: row.get(10)?,
        queued_at: moment(row.get(11)?),
        moment: moment(row.get(13)?),
        beeminder_day: row.get::<_, Option<String>>(18)?.and_then(|day| day.parse().ok()),
        is_missing: row.get(19)?,
        is_moved: row.get(20)?,
    })
}
