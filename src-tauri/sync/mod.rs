//! One pass: fetch what Withings has new, plan what that calls for, deliver it to Beeminder.
//!
//! Pages are stored as they come, marked as not yet planned, so memory stays flat and nothing fetched is
//! lost. Then one transaction decides, fills the outbox and moves the checkpoint. Only then is anything
//! sent, and only from the outbox. A crash anywhere leaves a state from which the next pass goes on.
//! This is the only folder that knows both services, and the only one that retries.

mod decide;
mod deliver;
mod fetch;
mod goals;
pub mod plan;
pub mod poller;
pub mod retry;
pub mod schedule;
mod trouble;

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::accounts::Service;
use crate::app::App;
use crate::data_dir::Lock;
use crate::status::{self, Attention};
use crate::store;

pub(crate) use decide::time_zone;

/// Who asked for a pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// The user, now. Back-off and pause do not hold it up.
    Hand,
    /// The schedule.
    Timer,
}

/// What a pass did, and how things stand after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncReport {
    /// Measure groups that were new or had changed.
    pub fetched: u64,
    /// Datapoints that were put into the outbox.
    pub planned: u64,
    /// Datapoints that Beeminder confirmed.
    pub delivered: u64,
    /// Datapoints still waiting.
    pub pending: u64,
    /// Datapoints that need the user.
    pub parked: u64,
    /// Measure groups that wait for the user's word.
    pub held: u64,
    /// Requests sent.
    pub requests: Requests,
    /// What the user should know.
    pub attention: Vec<Attention>,
    /// When the next pass is due, if anybody polls.
    pub next: DateTime<Utc>,
}

/// Requests sent in a pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requests {
    /// To Withings.
    pub withings: u64,
    /// To Beeminder.
    pub beeminder: u64,
}

/// A pass takes minutes when there is a lot to deliver.
const PATIENCE: Duration = Duration::from_secs(300);

/// Makes a pass. Trouble with a service is noted in the store and in the report; it is not an error.
///
/// # Errors
/// When the store cannot be used.
pub async fn pass(
    app: &App,
    trigger: Trigger,
    now: DateTime<Utc>,
    stop: &CancellationToken,
) -> anyhow::Result<SyncReport> {
    let _held = app.data_dir.lock(Lock::Pass, PATIENCE).await?;
    let before = Requests { withings: app.withings.sent(), beeminder: app.beeminder.sent() };

    let fetched = fetch_if_due(app, trigger, now).await?;
    // Taken now: the longer a pass lasts, the less an answer's date says about `now`.
    let answered = app.withings.sent() > before.withings;
    let server_time = app.withings.server_time().filter(|_| answered);
    // Asked once: goals that cannot be read must not keep datapoints from being sent.
    let may_deliver = may_ask(app, Service::Beeminder, trigger, now)?;
    if may_deliver && goals::are_stale(app, now)? {
        goals::refresh(app, now).await?;
    }
    let planned = app.store.write(|rows| {
        if let Some(checkpoint) = fetched.checkpoint {
            store::checkpoint::save(rows, checkpoint)?;
        }
        decide::decide(rows, now)
    })?;
    let mut delivered = 0;
    if may_deliver {
        delivered = deliver::deliver(app, trigger, now, stop).await?;
    }

    app.store.read(|rows| {
        let (pending, parked) = store::outbox::counts(rows)?;
        Ok(SyncReport {
            fetched: fetched.changed,
            planned,
            delivered,
            pending,
            parked,
            held: store::decision::held(rows)?,
            requests: Requests {
                withings: app.withings.sent() - before.withings,
                beeminder: app.beeminder.sent() - before.beeminder,
            },
            attention: status::attention(rows, server_time, now)?,
            next: schedule::next_pass(rows, now)?,
        })
    })
}

/// Fetches without planning or delivering, for a preview.
///
/// # Errors
/// When the store cannot be used.
pub async fn fetch_only(app: &App, now: DateTime<Utc>) -> anyhow::Result<()> {
    let _held = app.data_dir.lock(Lock::Pass, PATIENCE).await?;
    let fetched = fetch_if_due(app, Trigger::Hand, now).await?;
    if let Some(checkpoint) = fetched.checkpoint {
        // What was fetched stays marked for the plan, so nothing is skipped by moving on.
        app.store.write(|rows| store::checkpoint::save(rows, checkpoint))?;
    }
    Ok(())
}

async fn fetch_if_due(app: &App, trigger: Trigger, now: DateTime<Utc>) -> anyhow::Result<fetch::Fetched> {
    if !may_ask(app, Service::Withings, trigger, now)? {
        return Ok(fetch::Fetched::default());
    }
    match fetch::fetch(app, now).await? {
        Ok(fetched) => {
            app.store.write(|rows| store::account::save_well(rows, Service::Withings))?;
            Ok(fetched)
        }
        Err(trouble) => {
            trouble.note(app, Service::Withings, now)?;
            Ok(fetch::Fetched::default())
        }
    }
}

/// Whether a service may be asked: it is connected, and not being left alone.
fn may_ask(app: &App, service: Service, trigger: Trigger, now: DateTime<Utc>) -> anyhow::Result<bool> {
    let account = app.store.read(|rows| store::account::load(rows, service))?;
    Ok(account.is_some_and(|account| account.connected && retry::may_ask(&account, trigger, now)))
}
