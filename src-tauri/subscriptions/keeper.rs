//! The keeper of Withings' notifications beside the poller: it has them received, keeps a tunnel up, and sees that the
//! subscriptions lead here, as long as the user wants them.
//!
//! Nothing that goes wrong here stops the polling; it is noted, and tried again after a while.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, mpsc};

use super::inbox::Inbox;
use super::line::Line;
use super::problem::{self, TunnelTrouble};
use super::receiver::Receiver;
use super::upkeep::{Chosen, Upkeep};
use crate::domain::public_address::PublicAddress;
use crate::health::announced;
use crate::platform::clock;
use crate::services::own_address::Unreached;
use crate::services::withings;
use crate::store;
use crate::text::Message;

/// The longest sleep: how late a wake-up from suspend is noticed at most.
const STEP: Duration = Duration::from_secs(60);

/// After Withings asked for a pause, or this computer failed.
const LONG: TimeDelta = TimeDelta::minutes(10);

/// After so many failures in a row, which takes some minutes, a tunnel is started anew.
const ANEW_AFTER: u32 = 8;

/// How it went, for those who asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Kept {
    /// Notifications are off, or Withings is not connected.
    Off,
    /// The address leads here, and Withings has what the links need.
    Well,
    /// Something is wrong.
    Failed {
        /// What.
        why: Message,
    },
}

/// Keeps notifications coming.
#[derive(Debug, Default)]
pub struct Keeper {
    changed: Notify,
    asked: Mutex<Vec<mpsc::UnboundedSender<String>>>,
}

/// How long to wait after so many failures in a row: a second at first, since a new tunnel is often known a moment
/// later, and up to a quarter of an hour.
pub(super) fn delay(failures: u32) -> TimeDelta {
    TimeDelta::seconds(1_i64 << failures.min(10)).min(TimeDelta::minutes(15))
}

impl Keeper {
    /// Has it look again: the user chose, links changed, or something was missed.
    pub fn look_again(&self) {
        self.changed.notify_one();
    }

    /// Has it look again, and replies how it went: [`Kept`] as JSON.
    pub fn ask(&self, reply: mpsc::UnboundedSender<String>) {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(reply);
        self.look_again();
    }

    fn is_asked(&self) -> bool {
        !self.asked.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    fn answer(&self, kept: &Kept) {
        let line = serde_json::to_string(kept).expect("names and texts are JSON");
        for reply in self.asked.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            // The client may have disconnected.
            let _ = reply.send(line.clone());
        }
    }

    /// Keeps notifications coming for as long as it is polled. `told` is called when something was noted.
    pub async fn run(&self, upkeep: Upkeep<'_>, inbox: &Arc<Inbox>, told: &impl Fn()) {
        loop {
            let served = match upkeep.chosen().await {
                Ok(Some(chosen)) => self.serve(upkeep, &chosen, inbox, told).await,
                Ok(None) => self.rest(upkeep).await,
                Err(error) => Err(error),
            };
            if let Err(error) = served {
                let now = clock::now();
                self.note(upkeep, &Err(error), now + LONG, now, told);
                self.sleep_until(now + LONG).await;
            }
        }
    }

    /// Waits until notifications are switched on, and ends at Withings what was left there.
    async fn rest(&self, upkeep: Upkeep<'_>) -> anyhow::Result<()> {
        let left = upkeep.store.read(store::subscription::load_all)?;
        if !left.is_empty()
            && let Some(secrets) = upkeep.tokens.kept_notifications().await?
        {
            let ended = upkeep.end_all(&super::key::Key::kept(secrets.key), clock::now()).await;
            if let Err(error) = ended {
                tracing::info!("Subscriptions are left at Withings: {error:#}");
                self.answer(&Kept::Off);
                self.sleep_until(clock::now() + LONG).await;
                return Ok(());
            }
            if upkeep.store.read(store::notifications::reachable)?.is_none() {
                upkeep.tokens.forget_notifications().await?;
            }
        }
        self.answer(&Kept::Off);
        self.changed.notified().await;
        Ok(())
    }

    /// Receives notifications until the user chooses something else.
    async fn serve(
        &self,
        upkeep: Upkeep<'_>,
        chosen: &Chosen,
        inbox: &Arc<Inbox>,
        told: &impl Fn(),
    ) -> anyhow::Result<()> {
        let (listen, user) = (chosen.reachable.listen, chosen.user.clone());
        let receiver = Receiver::start(listen, chosen.key.clone(), user, Arc::clone(inbox))?;
        let line = Line::open(chosen, receiver.address().port(), upkeep.reach, clock::now());
        let kept = match line {
            Ok(mut line) => {
                let kept = self.keep(upkeep, chosen, &mut line, told).await;
                line.end().await;
                kept
            }
            Err(error) => Err(error),
        };
        receiver.finish().await;
        kept
    }

    async fn keep(
        &self,
        upkeep: Upkeep<'_>,
        chosen: &Chosen,
        line: &mut Line,
        told: &impl Fn(),
    ) -> anyhow::Result<()> {
        let (mut failures, mut due) = (0, clock::now());
        loop {
            let now = clock::now();
            if now >= due || self.is_asked() || upkeep.is_to_be_changed()? && failures == 0 {
                due = match look(upkeep, chosen, line, now).await {
                    None => line.due(now).unwrap_or(now + LONG),
                    Some(outcome) => {
                        failures = if outcome.is_ok() { 0 } else { failures + 1 };
                        let next = match &outcome {
                            Ok(()) => upkeep.store.read(|conn| announced::repaired_at(conn, now))?,
                            Err(error) => now + pause(error, failures),
                        };
                        self.note(upkeep, &outcome, next, now, told);
                        if failures > 0 && failures % ANEW_AFTER == 0 && is_of_the_way(&outcome) {
                            line.start_anew(now).await;
                        }
                        line.due(now).map_or(next, |line| next.min(line))
                    }
                };
            }
            tokio::select! {
                () = self.sleep_until(due) => {}
                () = line.changed() => due = clock::now(),
            }
            if !upkeep.is_current(chosen)? {
                return Ok(());
            }
            if failures == 0 {
                // One may have been missed meanwhile.
                due = due.min(upkeep.store.read(|conn| announced::repaired_at(conn, now))?);
            }
        }
    }

    /// Notes how it went, and tells those who asked.
    fn note(
        &self,
        upkeep: Upkeep<'_>,
        outcome: &anyhow::Result<()>,
        next: DateTime<Utc>,
        now: DateTime<Utc>,
        told: &impl Fn(),
    ) {
        let kept = match outcome {
            Ok(()) => Kept::Well,
            Err(error) => {
                tracing::info!("Withings' notifications do not reach this program: {error:#}");
                Kept::Failed { why: problem::sentence(error) }
            }
        };
        if let Err(error) = upkeep.note(outcome, next, now) {
            tracing::error!("What became of Withings' notifications cannot be noted: {error:#}");
        }
        self.answer(&kept);
        told();
    }

    /// Sleeps until a moment, or until it is to look again. In steps, so that time spent in suspend counts.
    async fn sleep_until(&self, moment: DateTime<Utc>) {
        loop {
            let Ok(left) = (moment - clock::now()).to_std() else { return };
            tokio::select! {
                () = self.changed.notified() => return,
                () = tokio::time::sleep(left.min(STEP)) => {}
            }
        }
    }
}

/// Looks once whether all is well; `None` while a tunnel may still print its address.
async fn look(
    upkeep: Upkeep<'_>,
    chosen: &Chosen,
    line: &mut Line,
    now: DateTime<Utc>,
) -> Option<anyhow::Result<()>> {
    let addresses = match line.addresses(now) {
        Ok(addresses) if addresses.is_empty() => return None,
        Ok(addresses) => addresses,
        Err(error) => return Some(Err(error)),
    };
    let outcome = upkeep.round(&chosen.key, &addresses, now).await;
    if outcome.is_ok() {
        line.note_proven();
    }
    Some(outcome)
}

/// How long a tunnel that is tried out may take until its address is known everywhere.
const TRYING: TimeDelta = TimeDelta::seconds(45);

/// Tries out whether an address leads here, for as long as this program does not poll. Withings is not asked.
///
/// # Errors
/// Why none does.
pub async fn try_out(upkeep: Upkeep<'_>, chosen: &Chosen) -> anyhow::Result<PublicAddress> {
    let (listen, user) = (chosen.reachable.listen, chosen.user.clone());
    let receiver = Receiver::start(listen, chosen.key.clone(), user, Arc::default())?;
    let begun = clock::now();
    let mut line = Line::open(chosen, receiver.address().port(), upkeep.reach, begun)?;
    let found = loop {
        let now = clock::now();
        let found = match line.addresses(now) {
            Ok(addresses) if addresses.is_empty() => None,
            Ok(addresses) => Some(upkeep.prove(&chosen.key, &addresses).await),
            Err(error) => Some(Err(error)),
        };
        let is_last = |error: &anyhow::Error| {
            !matches!(line, Line::Tunnel(_)) || error.is::<TunnelTrouble>() || now - begun >= TRYING
        };
        match found {
            Some(Err(error)) if !is_last(&error) => {}
            Some(found) => break found,
            None => {}
        }
        tokio::select! {
            () = line.changed() => {}
            () = tokio::time::sleep(Duration::from_secs(1)) => {}
        }
    };
    line.end().await;
    receiver.finish().await;
    found
}

/// Whether the address does not lead here.
fn is_of_the_way(outcome: &anyhow::Result<()>) -> bool {
    outcome.as_ref().is_err_and(|error| error.is::<Unreached>() || error.is::<TunnelTrouble>())
}

/// How long to leave it alone.
fn pause(error: &anyhow::Error, failures: u32) -> TimeDelta {
    let is_limit = matches!(error.downcast_ref(), Some(withings::Error::RateLimited));
    if is_limit { LONG } else { delay(failures) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_quarter_of_an_hour_and_withings_wish_comes_first() {
        let seconds = [0, 1, 5, 9, 10, 4_000_000].map(|failures| delay(failures).num_seconds());
        assert_eq!(seconds, [1, 2, 32, 512, 900, 900]);
        assert_eq!(pause(&withings::Error::RateLimited.into(), 1), LONG);
        assert_eq!(pause(&anyhow::anyhow!("no"), 1), TimeDelta::seconds(2));
    }
}
