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
use crate::accounts::tokens::Tokens;
use crate::attention::{Attention, attention};
use crate::data_dir::{DataDir, Lock};
use crate::store::account::Account;
use crate::store::{self, Store};
use crate::{beeminder, withings};

pub(crate) use decide::time_zone;
use fetch::Fetched;

/// Who asked for a pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// The user, now. Back-off and pause do not hold it up.
    Hand,
    /// The computer woke up, or is connected again: what could not be reached is asked at once.
    Wake,
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

impl Requests {
    fn since(self, before: Requests) -> Requests {
        Requests { withings: self.withings - before.withings, beeminder: self.beeminder - before.beeminder }
    }
}

/// A pass takes minutes when there is a lot to deliver.
const PATIENCE: Duration = Duration::from_secs(300);

/// One pass: who asked for it, when, and what it works with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SyncPass<'a> {
    pub(crate) data_dir: &'a DataDir,
    pub(crate) store: &'a Store,
    pub(crate) withings: &'a withings::Client,
    pub(crate) beeminder: &'a beeminder::Client,
    pub(crate) tokens: &'a Tokens,
    pub(crate) trigger: Trigger,
    pub(crate) now: DateTime<Utc>,
}

impl SyncPass<'_> {
    /// Makes the pass. Trouble with a service is noted in the store and in the report; it is not an
    /// error.
    ///
    /// # Errors
    /// When the store cannot be used.
    pub(crate) async fn make(&self, stop: &CancellationToken) -> anyhow::Result<SyncReport> {
        let _held = self.data_dir.lock(Lock::Pass, PATIENCE).await?;
        let before = self.requests();
        let fetched = self.fetch_if_due().await?;
        // Taken at once: the longer a pass lasts, the less an answer's date says about `now`.
        let answered = self.requests().withings > before.withings;
        let server_time = self.withings.server_time().filter(|_| answered);
        // Asked once: goals that cannot be read must not keep datapoints from being sent.
        let may_deliver = self.may_ask(Service::Beeminder)?;
        if may_deliver && goals::are_stale(self)? {
            goals::refresh(self).await?;
        }
        let planned = self.store.write(|rows| {
            if let Some(checkpoint) = fetched.checkpoint {
                store::checkpoint::save(rows, checkpoint)?;
            }
            decide::decide(rows, self.now)
        })?;
        let delivered = if may_deliver { deliver::deliver(self, stop).await? } else { 0 };
        self.store.read(|rows| {
            let (pending, parked) = store::outbox::counts(rows)?;
            Ok(SyncReport {
                fetched: fetched.changed,
                planned,
                delivered,
                pending,
                parked,
                held: store::decision::held(rows)?,
                requests: self.requests().since(before),
                attention: attention(rows, server_time, self.now)?,
                next: schedule::next_pass(rows, self.now)?,
            })
        })
    }

    /// Fetches without planning or delivering, for a preview.
    ///
    /// # Errors
    /// When the store cannot be used.
    pub(crate) async fn fetch_only(&self) -> anyhow::Result<()> {
        let _held = self.data_dir.lock(Lock::Pass, PATIENCE).await?;
        if let Some(checkpoint) = self.fetch_if_due().await?.checkpoint {
            // What was fetched stays marked for the plan, so nothing is skipped by moving on.
            self.store.write(|rows| store::checkpoint::save(rows, checkpoint))?;
        }
        Ok(())
    }

    async fn fetch_if_due(&self) -> anyhow::Result<Fetched> {
        if !self.may_ask(Service::Withings)? {
            return Ok(Fetched::default());
        }
        match fetch::fetch(self).await? {
            Ok(fetched) => {
                self.store.write(|rows| store::account::save_well(rows, Service::Withings))?;
                Ok(fetched)
            }
            Err(trouble) => {
                trouble.note(self, Service::Withings)?;
                Ok(Fetched::default())
            }
        }
    }

    /// Whether a service may be asked: it is connected, and not being left alone.
    fn may_ask(&self, service: Service) -> anyhow::Result<bool> {
        let account = self.store.read(|rows| store::account::load(rows, service))?;
        let free = |account: &Account| retry::may_ask(account, self.trigger, self.now);
        Ok(account.is_some_and(|account| account.connected && free(&account)))
    }

    fn requests(&self) -> Requests {
        Requests { withings: self.withings.sent(), beeminder: self.beeminder.sent() }
    }
}
