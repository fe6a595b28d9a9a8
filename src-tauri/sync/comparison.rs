//! Compares what linked goals have with what was sent: what the user deleted at Beeminder stays deleted, and
//! history says so.
//!
//! Once a day for each goal. What its list lacks is believed only when the list shows what must be there, and
//! when it lacked the same some time before.

use chrono::TimeDelta;

use super::SyncPass;
use super::deliver::{APART, note_missing, told};
use super::listing::Listing;
use super::trouble::{self, Trouble};
use crate::domain::goal::Goal;
use crate::domain::service::Service;
use crate::domain::trouble::Place;
use crate::services::beeminder::{Error, Token};
use crate::store::datapoint::{self, Stored};
use crate::store::{self, Rows};

/// How often a goal is compared.
const AGE: TimeDelta = TimeDelta::hours(24);

/// How far back.
const WINDOW: TimeDelta = TimeDelta::days(30);

/// Compares the goals whose turn it is.
///
/// # Errors
/// When the store cannot be used; trouble with Beeminder is noted.
pub(super) async fn compare(pass: &SyncPass<'_>) -> anyhow::Result<()> {
    let now = pass.now;
    let goals = pass.store.read(|rows| {
        let goals = store::goal::load_uncompared(rows, now - AGE, now - APART, now)?;
        Ok(if trouble::may_ask(rows, &Place::Comparison, pass.trigger, pass.now)? {
            goals
        } else {
            Vec::new()
        })
    })?;
    if goals.is_empty() {
        return Ok(());
    }
    let token = match pass.tokens.beeminder().await {
        Ok(token) => token,
        Err(error) => return trouble::of_token(error)?.note(pass, &Place::Account(Service::Beeminder)),
    };
    for goal in goals {
        let has_asked = match compare_goal(pass, &token, &goal).await? {
            Ok(has_asked) => has_asked,
            Err(error) => return Trouble::from(error).note(pass, &Place::Comparison),
        };
        pass.store.write(|rows| {
            store::goal::save_compared(rows, &goal.id, now)?;
            if has_asked { trouble::end(rows, &Place::Comparison) } else { Ok(()) }
        })?;
    }
    Ok(())
}

/// Notes that a day's datapoint which is there stands for the readings that came since, though its form is
/// the same.
fn note_readings(rows: &Rows, id: i64) -> anyhow::Result<()> {
    // As it is now: the user may have decided otherwise while the list was read.
    let Some(stored) = datapoint::load_number(rows, id)? else {
        return Ok(());
    };
    if stored.datapoint.is_of_day() && stored.wanted && stored.is_confirmed_as(&stored.datapoint) {
        let (goal, key) = (&stored.goal, &stored.datapoint.request_id);
        let readings = store::struck::wanted_readings(rows, goal, key)?;
        store::struck::save_made_of(rows, goal, key, &readings)?;
    }
    Ok(())
}

/// Notes what a goal's list lacks. Returns whether Beeminder was asked; the inner error is Beeminder's.
async fn compare_goal(
    pass: &SyncPass<'_>,
    token: &Token,
    goal: &Goal,
) -> anyhow::Result<Result<bool, Error>> {
    let rule = goal.day_rule(pass.store.read(store::account::time_zone)?);
    let first = rule.day_of(pass.now - WINDOW);
    let sent = pass.store.read(|rows| datapoint::load_confirmed_since(rows, &goal.id, first))?;
    if sent.is_empty() {
        return Ok(Ok(false));
    }
    let beeminder = pass.beeminder;
    let (read, last) = match beeminder.goal_with_last(token, &goal.slug).await {
        Ok(read) => read,
        // Whether the goal is still there is found out elsewhere.
        Err(Error::NotFound { .. }) => return Ok(Ok(true)),
        Err(error) => return Ok(Err(error)),
    };
    if read.id != goal.id {
        return Ok(Ok(true));
    }
    let read = async {
        let listing = Listing::since(beeminder, token, &goal.slug, first).await?;
        Ok((listing, Listing::latest(beeminder, token, &goal.slug).await?))
    };
    let (listing, latest) = match read.await {
        Ok(read) => read,
        Err(error) => return Ok(Err(error)),
    };
    let find = |stored: &Stored| {
        let (key, id) = (&stored.datapoint.request_id, stored.confirmed.beeminder_id.as_deref());
        listing.find(key, id).or_else(|| latest.find(key, id))
    };
    let believed = listing.proves_itself(&last);
    pass.store.write(|rows| {
        for stored in &sent {
            if let Some(found) = find(stored) {
                if stored.missing_since.is_some() {
                    datapoint::save_missing(rows, stored.id, None)?;
                }
                if stored.confirmed.beeminder_id.is_none() {
                    datapoint::save_id(rows, stored.id, told(&found.confirmation))?;
                }
                note_readings(rows, stored.id)?;
            } else if believed {
                note_missing(rows, stored.id, pass.beeminder_now())?;
            }
        }
        Ok(())
    })?;
    Ok(Ok(true))
}
