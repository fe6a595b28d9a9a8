//! Notes what the user deleted at Beeminder: it stays deleted, and history says so.
//!
//! Once a day what a linked goal has is compared with what was sent to it. A datapoint that the list lacks
//! may have been moved to another day, so Beeminder is asked for it by its id before anything is concluded.

use std::collections::HashSet;

use chrono::TimeDelta;

use super::SyncPass;
use super::trouble::{self, Trouble};
use crate::accounts::Service;
use crate::beeminder::{Error, Token};
use crate::goal::Goal;
use crate::store::{self, datapoint};

/// How often a goal is compared.
const AGE: TimeDelta = TimeDelta::hours(24);

/// How far back.
const WINDOW: TimeDelta = TimeDelta::days(30);

/// How many datapoints of a goal are asked for one by one; the others wait for the next day.
const MOST: usize = 10;

/// Compares the goals whose turn it is.
///
/// # Errors
/// When the store cannot be used; trouble with Beeminder is noted.
pub(super) async fn note(pass: &SyncPass<'_>) -> anyhow::Result<()> {
    let goals = pass.store.read(|rows| store::goal::load_uncompared(rows, pass.now - AGE))?;
    if goals.is_empty() {
        return Ok(());
    }
    let token = match pass.tokens.beeminder().await {
        Ok(token) => token,
        Err(error) => return trouble::of_token(error)?.note(pass, Service::Beeminder),
    };
    for goal in goals {
        let gone = match missing(pass, &token, &goal).await? {
            Ok(gone) => gone,
            Err(error) => return Trouble::from(error).note(pass, Service::Beeminder),
        };
        pass.store.write(|rows| {
            for id in &gone {
                tracing::info!(goal = %goal.slug, datapoint = id, "Deleted at Beeminder");
                datapoint::save_deleted(rows, *id)?;
            }
            store::goal::save_compared(rows, &goal.id, pass.now)
        })?;
    }
    Ok(())
}

/// The numbers of the datapoints that a goal no longer has.
async fn missing(pass: &SyncPass<'_>, token: &Token, goal: &Goal) -> anyhow::Result<Result<Vec<i64>, Error>> {
    let rule = goal.day_rule(pass.store.read(store::account::time_zone)?);
    let first = rule.day_of(pass.now - WINDOW);
    let sent = pass.store.read(|rows| datapoint::confirmed_since(rows, &goal.id, first))?;
    if sent.is_empty() {
        return Ok(Ok(Vec::new()));
    }
    let found = match pass.beeminder.datapoints_since(token, &goal.slug, first).await {
        Ok(found) => found,
        Err(error) => return Ok(Err(error)),
    };
    let found: HashSet<String> = found.into_iter().filter_map(|found| found.confirmation.id).collect();
    let mut gone = Vec::new();
    for (id, beeminder_id) in sent.into_iter().filter(|(_, id)| !found.contains(id)).take(MOST) {
        match pass.beeminder.datapoint(token, &goal.slug, &beeminder_id).await {
            Ok(_) => {}
            Err(Error::NotFound { .. }) => gone.push(id),
            Err(error) => return Ok(Err(error)),
        }
    }
    Ok(Ok(gone))
}
