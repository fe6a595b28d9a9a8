//! Finds what takes the place of a datapoint that is to be removed.

use rusqlite::{Connection, Params, params};

use super::beside::LONGEST_STRETCH;
use super::outbox::OutboxEntry;
use super::{link, struck};
use crate::domain::datapoint::RequestId;
use crate::domain::difference::Word;
use crate::domain::measure::measurement::GroupId;

/// The datapoints that tell of what a datapoint was made of. A reading that came again has another number, and a night or
/// workout may be told by another one of the same time. Of those, the ones about the same subject say the same.
///
/// Crossed, so that it begins with the readings, which are few.
const TELLING: &str = "FROM made_of m
    CROSS JOIN measure_group was ON was.id = m.group_id
    CROSS JOIN measure_group tells ON tells.measured_at
        BETWEEN was.measured_at - iif(was.length IS NULL, 0, ?3)
            AND was.measured_at + iif(was.length IS NULL, 0, ?3)
        AND (was.length IS NULL OR tells.id = was.id
            OR (tells.measured_at - iif(tells.source = 'sleep', tells.length, 0)
                    < was.measured_at + iif(was.source = 'sleep', 0, was.length)
                AND was.measured_at - iif(was.source = 'sleep', was.length, 0)
                    < tells.measured_at + iif(tells.source = 'sleep', 0, tells.length)))
    CROSS JOIN decision d ON d.group_id = tells.id
    JOIN datapoint p ON p.goal_id = m.goal_id AND p.request_id = d.request_id";

/// What must be there before a datapoint is taken away.
///
/// It is what its readings went into instead, as far as that is still to be sent or looked for; nothing for one that is
/// missing already, or that the user wants taken away.
/// Where it is not known what it is made of, it is all that its link has to send.
pub fn load(conn: &Connection, entry: &OutboxEntry) -> anyhow::Result<Vec<i64>> {
    if entry.is_missing || !entry.is_moved {
        return Ok(Vec::new());
    }
    if struck::confirmed_readings(conn, &entry.goal, &entry.request_id)?.is_empty() {
        return all_of_link(conn, entry);
    }
    let query = format!(
        "SELECT DISTINCT p.id, p.request_id {TELLING} JOIN link l ON l.id = d.link_id JOIN outbox o ON o.datapoint_id = p.id
         WHERE m.goal_id = ?1 AND m.request_id = ?2 AND l.goal_id = ?1 AND o.action <> 'remove'"
    );
    alike(conn, &query, &entry.request_id, params![entry.goal.0, entry.request_id.0, LONGEST_STRETCH])
}

/// Whether a datapoint is still to be taken away: if it is for what its readings went into instead, that has to be
/// wanted, or there, or the user decided against just that.
///
/// Where it is not known what it is made of, it is for what its link sends.
pub fn is_called_for(conn: &Connection, entry: &OutboxEntry) -> anyhow::Result<bool> {
    if !entry.is_moved {
        return Ok(true);
    }
    let (goal, id) = (&entry.goal, &entry.request_id);
    let readings = struck::confirmed_readings(conn, goal, id)?;
    if readings.is_empty() {
        return Ok(link::load(conn, entry.link)?.is_some());
    }
    let struck = struck::load(conn, goal)?;
    let is_struck = |reading: &GroupId| {
        let word = struck.get(&(*reading, id.subject())).copied();
        matches!(word, Some(Word::Discarded | Word::Deleted))
    };
    if readings.iter().any(is_struck) {
        return Ok(true);
    }
    let query = format!(
        "SELECT DISTINCT p.id, p.request_id {TELLING} JOIN link l ON l.id = d.link_id
         WHERE m.goal_id = ?1 AND m.request_id = ?2 AND l.goal_id = ?1 AND p.id <> ?4
             AND p.word NOT IN ('remove', 'moved')
             AND (p.wanted = 1 OR p.unsure = 1 OR p.sent_value IS NOT NULL OR p.beeminder_id IS NOT NULL)"
    );
    let instead = alike(conn, &query, id, params![goal.0, id.0, LONGEST_STRETCH, entry.id])?;
    Ok(!instead.is_empty())
}

/// What the readings of a datapoint go into instead under the links in force, whether it is there or still to be sent.
pub fn load_all(conn: &Connection, entry: &OutboxEntry) -> anyhow::Result<Vec<i64>> {
    if struck::confirmed_readings(conn, &entry.goal, &entry.request_id)?.is_empty() {
        return all_of_link(conn, entry);
    }
    let query = format!(
        "SELECT DISTINCT p.id, p.request_id {TELLING} JOIN link l ON l.id = d.link_id
         WHERE m.goal_id = ?1 AND m.request_id = ?2 AND p.id <> ?4 AND p.wanted = 1
             AND l.goal_id = ?1 AND l.removed_at IS NULL"
    );
    let params = params![entry.goal.0, entry.request_id.0, LONGEST_STRETCH, entry.id];
    alike(conn, &query, &entry.request_id, params)
}

fn all_of_link(conn: &Connection, entry: &OutboxEntry) -> anyhow::Result<Vec<i64>> {
    let query = "SELECT p.id, p.request_id FROM outbox o JOIN datapoint p ON p.id = o.datapoint_id
         WHERE o.goal_id = ?1 AND p.request_id <> ?2 AND p.link_id = ?3
             AND o.action <> 'remove'";
    alike(conn, query, &entry.request_id, params![entry.goal.0, entry.request_id.0, entry.link.0])
}

/// The numbers of what a query found, of those about the same subject: a reading's fat ratio is not in the place of its
/// weight, nor what another link counts.
fn alike(conn: &Connection, query: &str, id: &RequestId, params: impl Params) -> anyhow::Result<Vec<i64>> {
    let found: Vec<(i64, String)> = conn
        .prepare_cached(query)?
        .query_map(params, |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let subject = id.subject();
    Ok(found
        .into_iter()
        .filter(|(_, id)| RequestId(id.clone()).subject() == subject)
        .map(|(id, _)| id)
        .collect())
}
