//! Compares what linked goals have with what was sent: what the user deleted at Beeminder stays deleted, and
//! history says so.
//!
//! Once a day for each goal, and soon again where that taught nothing or something was missing. What its list
//! lacks is believed only when the list shows what must be there, and when it lacked the same some time before.

use chrono::{DateTime, TimeDelta, Utc};

use super::deliver::told;
use super::listing::Listing;
use super::missing::{self, APART};
use super::step_error::StepError;
use super::trouble;
use super::{SyncPass, Trigger, goals};
use crate::domain::day::{DayRule, Daystamp};
use crate::domain::goal::{Goal, GoalId};
use crate::domain::service::Service;
use crate::domain::trouble::Place;
use crate::services::beeminder::{Error, StoredDatapoint, Token};
use crate::store::datapoint::{self, Stored};
use crate::store::goal::Compared;
use crate::store::{self, Connection};

/// How often a goal is compared.
const AGE: TimeDelta = TimeDelta::hours(24);

/// How far back.
const WINDOW: TimeDelta = TimeDelta::days(30);

/// Goals that cannot be reached in a row, after which Beeminder is taken not to be there.
const MOST_UNREACHABLE: u32 = 2;

/// What a comparison taught.
enum ComparisonOutcome {
    /// Nothing was sent, so there is nothing to compare.
    NothingSent,
    /// What is there and what is not.
    Learnt,
    /// Nothing: the list may lack what is there.
    Unproven,
}

/// Compares the goals that are to be compared by now, of those whose `turn` it is. One that fails holds up none of the others.
///
/// # Errors
/// When the store cannot be used; trouble with Beeminder is noted.
pub(super) async fn compare(pass: &SyncPass<'_>, turn: impl Fn(&GoalId) -> bool) -> anyhow::Result<()> {
    let mut goals = pass.store.read(|conn| due(conn, pass.trigger, pass.now))?;
    goals.retain(|goal| turn(&goal.id));
    if goals.is_empty() {
        return Ok(());
    }
    let token = match pass.tokens.beeminder().await {
        Ok(token) => token,
        Err(error) => {
            let trouble = StepError::from(error).into_trouble()?;
            return trouble.note(pass, &Place::Account(Service::Beeminder));
        }
    };
    let mut unreachable = 0;
    for goal in goals {
        let place = Place::Comparison(goal.id.clone());
        match compare_goal(pass, &token, &goal).await {
            Ok(outcome) => {
                unreachable = 0;
                pass.store.write(|conn| note(conn, &goal.id, &outcome, pass.now))?;
            }
            Err(error) => {
                let trouble = error.into_trouble()?;
                trouble.note(pass, &place)?;
                unreachable = if trouble.is_unreachable() { unreachable + 1 } else { 0 };
                if trouble.is_of_account || unreachable == MOST_UNREACHABLE {
                    return Ok(());
                }
            }
        }
    }
    Ok(())
}

/// The goals whose turn it is, but for those that are being left alone.
fn due(conn: &Connection, trigger: Trigger, now: DateTime<Utc>) -> anyhow::Result<Vec<Goal>> {
    let mut goals = Vec::new();
    for compared in store::goal::load_compared(conn)? {
        // A moment in the future was noted by a clock that was wrong.
        let is_old = now - compared.at >= AGE || compared.at > now;
        let is_due = is_old || looked_at_again(conn, &compared, now)?.is_some_and(|at| at <= now);
        if is_due && trouble::may_ask(conn, &Place::Comparison(compared.goal.clone()), trigger, now)? {
            goals.extend(store::goal::load(conn, &compared.goal)?);
        }
    }
    Ok(goals)
}

/// When passes are due that look again for what goals were found to lack.
pub(super) fn looks_again_at(conn: &Connection, now: DateTime<Utc>) -> anyhow::Result<Vec<DateTime<Utc>>> {
    let mut moments = Vec::new();
    for compared in store::goal::load_compared(conn)? {
        moments.extend(looked_at_again(conn, &compared, now)?);
    }
    Ok(moments)
}

/// When it is looked for again what a goal was found to lack, by this computer's clock.
fn looked_at_again(
    conn: &Connection,
    compared: &Compared,
    now: DateTime<Utc>,
) -> anyhow::Result<Option<DateTime<Utc>>> {
    // It was noted by Beeminder's clock.
    let there = store::checkpoint::clock(conn, now)?;
    let Some(since) = compared.missing_since else {
        return Ok(None);
    };
    Ok(Some(now + (missing::believed_at(conn, &compared.goal, since, there)? - there)))
}

/// Notes when a goal's turn comes again, and that Beeminder answered.
fn note(
    conn: &Connection,
    goal: &GoalId,
    outcome: &ComparisonOutcome,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let place = Place::Comparison(goal.clone());
    match outcome {
        ComparisonOutcome::NothingSent => {
            store::trouble::end(conn, &place)?;
            store::goal::save_compared(conn, goal, now)
        }
        ComparisonOutcome::Learnt => {
            trouble::end(conn, &place)?;
            store::goal::save_compared(conn, goal, now)
        }
        ComparisonOutcome::Unproven => {
            trouble::end(conn, &place)?;
            store::goal::save_compared(conn, goal, now - AGE + APART)
        }
    }
}

/// Notes that a goal's list has a datapoint.
fn note_there(
    conn: &Connection,
    stored: &Stored,
    found: &StoredDatapoint,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    if missing::is_another(stored, found) {
        return missing::note_found(conn, stored.id, found, now);
    }
    if stored.missing_since.is_some() {
        datapoint::save_missing(conn, stored.id, None)?;
    }
    // The user may have put it on another day.
    let is_elsewhere =
        found.confirmation.daystamp.is_some() && found.confirmation.daystamp != stored.beeminder_day;
    if stored.confirmed.beeminder_id.is_none() || is_elsewhere {
        datapoint::save_id(conn, stored.id, told(&found.confirmation))?;
    }
    note_readings(conn, stored.id)
}

/// Notes that a day's datapoint which is there stands for the readings that came since, though its form is
/// the same.
fn note_readings(conn: &Connection, id: i64) -> anyhow::Result<()> {
    // As it is now: the user may have decided otherwise while the list was read.
    let Some(stored) = datapoint::load_number(conn, id)? else {
        return Ok(());
    };
    if stored.datapoint.is_of_day() && stored.stands() {
        let (goal, key) = (&stored.goal, &stored.datapoint.request_id);
        let readings = store::struck::wanted_readings(conn, goal, key)?;
        store::struck::save_made_of(conn, goal, key, &readings)?;
    }
    Ok(())
}

/// The day to read a list from: what is missing is looked for, though the window has left it behind meanwhile.
fn first_day(sent: &[Stored], first: Daystamp, rule: DayRule) -> Daystamp {
    let missing = sent.iter().filter(|stored| stored.missing_since.is_some());
    missing.map(|stored| stored.first_day(rule)).fold(first, Ord::min)
}

/// Notes what a goal's list lacks.
async fn compare_goal(
    pass: &SyncPass<'_>,
    token: &Token,
    goal: &Goal,
) -> Result<ComparisonOutcome, StepError> {
    let rule = goal.day_rule(pass.store.read(store::account::time_zone)?);
    // This computer's clock may be wrong.
    let now = pass.store.read(|conn| store::checkpoint::clock(conn, pass.now))?;
    let first = rule.day_of(now - WINDOW);
    let sent = pass.store.read(|conn| datapoint::load_to_compare(conn, &goal.id, first))?;
    if sent.is_empty() {
        return Ok(ComparisonOutcome::NothingSent);
    }
    let beeminder = pass.beeminder;
    let (read, last) = match beeminder.goal_with_last(token, &goal.slug).await {
        Ok(read) => read,
        // Whether the goal is still there is found out elsewhere.
        Err(Error::NotFound { .. }) => return Ok(ComparisonOutcome::Unproven),
        Err(error) => return Err(error.into()),
    };
    if read.id != goal.id {
        return Ok(ComparisonOutcome::Unproven);
    }
    pass.store.write(|conn| goals::save(conn, &read, pass.now))?;
    // What is planned goes by days that are cut elsewhere by now.
    if read.is_cut_elsewhere(goal) {
        return Ok(ComparisonOutcome::Unproven);
    }
    let first = first_day(&sent, first, rule);
    let listing = Listing::since(beeminder, token, &goal.slug, first).await?;
    let latest = Listing::latest(beeminder, token, &goal.slug).await?;
    let find = |stored: &Stored| {
        let (key, id) = (&stored.datapoint.request_id, stored.confirmed.beeminder_id.as_deref());
        listing.find(key, id).or_else(|| latest.find(key, id))
    };
    let believed = listing.proves_itself(&last);
    pass.store.write(|conn| {
        for stored in &sent {
            if let Some(found) = find(stored) {
                note_there(conn, stored, found, pass.now)?;
            } else if believed {
                missing::note(conn, stored.id, pass.beeminder_now())?;
            }
        }
        Ok(())
    })?;
    Ok(if believed { ComparisonOutcome::Learnt } else { ComparisonOutcome::Unproven })
}
