//! Tells who took away what was to be removed: this program, another computer of the user's, or the user.

use chrono::{DateTime, Utc};

use super::Listing;
use crate::domain::difference::Action;
use crate::store::outbox::{self, Claimed, OutboxEntry};
use crate::store::{self, Connection, datapoint, replacement};
use crate::sync::missing;

/// Notes that what was to be removed is not there, by what `lists` of its goal have.
pub(super) fn note(
    conn: &Connection,
    claimed: &Claimed,
    lists: [&Listing; 2],
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let entry = &claimed.entry;
    let is_by_user = may_be_by_user(claimed) && is_by_user(conn, entry, lists)?;
    match datapoint::load_number(conn, entry.id)?.filter(|_| is_by_user) {
        Some(stored) => missing::note_absent(conn, &stored, now),
        None => {
            datapoint::save_absent(conn, entry.id)?;
            outbox::settle(conn, entry.id, now).map(drop)
        }
    }
}

/// Whether it was seen there, and no request of this program can have done it. What was missing before was not
/// taken away by one: nothing is found missing while a removal is without an answer.
fn may_be_by_user(claimed: &Claimed) -> bool {
    let entry = &claimed.entry;
    entry.action.beeminder_id().is_some() && (entry.is_missing || !claimed.may_be_removed)
}

/// Whether the user did it rather than another computer, which removes what this one does: once what takes its place
/// is there, or because its readings are gone at Withings or may be another person's.
fn is_by_user(conn: &Connection, entry: &OutboxEntry, lists: [&Listing; 2]) -> anyhow::Result<bool> {
    let links = store::link::load_all(conn)?;
    let is_called_for =
        links.iter().any(|link| link.goal == entry.goal && link.feed.names(&entry.request_id));
    if !is_called_for || was_not_looked_for(conn, entry)? {
        return Ok(true);
    }
    if !entry.is_missing {
        return Ok(false);
    }
    let successors = replacement::load_all(conn, entry)?;
    if successors.is_empty() {
        return Ok(!are_readings_taken_back(conn, entry)?);
    }
    for successor in successors {
        if is_there(conn, successor, lists)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether a link was removed with what it sent, and its goal was not compared since: nobody but the user deletes
/// that, and a link made meanwhile must not bring it back.
fn was_not_looked_for(conn: &Connection, entry: &OutboxEntry) -> anyhow::Result<bool> {
    let is_of_removed_link = store::link::load(conn, entry.link)?.is_none();
    Ok(is_of_removed_link && store::goal::is_to_be_compared(conn, &entry.goal)?)
}

/// Whether a datapoint is there as it is to be, though this computer may not have sent it.
fn is_there(conn: &Connection, id: i64, lists: [&Listing; 2]) -> anyhow::Result<bool> {
    let Some(entry) = outbox::load(conn, id)? else {
        return Ok(true);
    };
    let (key, carried) = (&entry.request_id, entry.carried());
    let mut lists = lists.into_iter();
    Ok(match &entry.action {
        Action::Create => lists.any(|list| list.find(key, None).is_some()),
        Action::Update(id) => lists.any(|list| list.find_as(&carried, Some(id)).is_some()),
        Action::Remove(_) | Action::LookUp => false,
    })
}

/// Whether Withings has none of the readings any more that a datapoint was made of, or not as the user's.
fn are_readings_taken_back(conn: &Connection, entry: &OutboxEntry) -> anyhow::Result<bool> {
    let readings = store::struck::confirmed_readings(conn, &entry.goal, &entry.request_id)?;
    let known = store::measurement::load_these(conn, &readings)?;
    Ok(!readings.is_empty() && known.iter().all(|group| group.gone || group.is_unsure()))
}
