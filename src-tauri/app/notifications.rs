//! Withings' notifications, as the user switches them on and off and tries them out.

use std::net::SocketAddr;
use std::time::Duration;

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};

use super::{App, UserError, polling};
use crate::accounts::tokens::{NotificationSecrets, TokenError};
use crate::domain::public_address::PublicAddress;
use crate::domain::reachable::{Reachable, Way};
use crate::domain::service::Service;
use crate::domain::trouble::Place;
use crate::platform::data_dir::Lock;
use crate::store;
use crate::subscriptions::keeper::{self, Kept};
use crate::subscriptions::key::Key;
use crate::subscriptions::problem;
use crate::text::Message;

/// What is to lead from outside to this program.
#[derive(Debug)]
pub enum NewWay {
    /// An address of the user's.
    Address(String),
    /// A command that this program runs.
    Tunnel(SecretString),
}

/// Whether notifications come, as far as could be tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tried {
    /// Whoever polls says so.
    Kept(Kept),
    /// Nobody polls. The address leads here all the same, so they would come.
    WouldCome,
    /// Nobody polls, and they would not come either.
    WouldNotCome(Message),
}

impl Tried {
    /// The sentence for people.
    pub fn message(&self) -> Message {
        match self {
            Tried::Kept(Kept::Off) => Message::new("told.off", []),
            Tried::Kept(Kept::Well) => Message::new("told.well", []),
            Tried::WouldCome => Message::new("told.nobody_polls", []),
            Tried::Kept(Kept::Failed { why }) | Tried::WouldNotCome(why) => why.clone(),
        }
    }
}

/// How long ending the subscriptions may hold up what the user wants.
const PATIENCE: Duration = Duration::from_secs(20);

impl App {
    /// Switches notifications on, or has them come another way. Whoever polls sees to the rest.
    ///
    /// # Errors
    /// When Withings would not take the address, or the keychain does not keep the secrets.
    pub async fn notifications_on(&self, way: NewWay, listen: SocketAddr) -> anyhow::Result<()> {
        let account = self.store.read(|conn| store::account::load(conn, Service::Withings))?;
        if account.is_none_or(|account| !account.connected) {
            return Err(TokenError::NotConnected(Service::Withings).into());
        }
        let (way, command) = match way {
            NewWay::Address(text) => {
                let address = PublicAddress::parse(&text, self.upkeep().reach)
                    .map_err(|error| UserError::in_field("address", error.message()))?;
                (Way::Address { address: address.to_string() }, None)
            }
            NewWay::Tunnel(command) => {
                let text = command.expose_secret();
                let empty = || UserError::in_field("command", Message::error("tunnel_empty", []));
                anyhow::ensure!(!text.trim().is_empty(), empty());
                // There is nothing there yet that would end the command with this program.
                let not_here = || UserError::in_field("command", Message::error("tunnel_not_here", []));
                anyhow::ensure!(cfg!(unix), not_here());
                (Way::of_command(text), Some(command))
            }
        };
        let known = self.tokens.kept_notifications().await?;
        // What was subscribed to before is found again by it, and moved.
        let key = known.map_or_else(Key::new, |known| Ok(Key::kept(known.key)))?;
        let secrets = NotificationSecrets { key: key.text().clone(), command };
        self.tokens.keep_notifications(&secrets).await?;
        self.store.write(|conn| {
            store::announced::forget_all(conn)?;
            store::trouble::end(conn, &Place::Notifications)?;
            store::notifications::save_reachable(conn, Some(&Reachable { listen, way }))
        })
    }

    /// Switches notifications off. Returns whether Withings has ended the subscriptions; if not, whoever polls tries
    /// again, and Withings itself ends what it cannot reach.
    ///
    /// # Errors
    /// When keychain or store cannot be used.
    pub async fn notifications_off(&self, now: DateTime<Utc>) -> anyhow::Result<bool> {
        self.store.write(|conn| {
            store::announced::forget_all(conn)?;
            store::trouble::end(conn, &Place::Notifications)?;
            store::notifications::save_reachable(conn, None)
        })?;
        let have_ended = self.end_subscriptions(now).await?;
        if have_ended {
            self.tokens.forget_notifications().await?;
        }
        Ok(have_ended)
    }

    /// Ends the subscriptions at Withings. Returns whether that could be done.
    pub(super) async fn end_subscriptions(&self, now: DateTime<Utc>) -> anyhow::Result<bool> {
        let Some(secrets) = self.tokens.kept_notifications().await? else {
            return Ok(true);
        };
        let (key, upkeep) = (Key::kept(secrets.key), self.upkeep());
        match tokio::time::timeout(PATIENCE, upkeep.end_all(&key, now)).await {
            Ok(Ok(())) => Ok(true),
            Ok(Err(error)) => {
                tracing::info!("The subscriptions at Withings could not be ended: {error:#}");
                Ok(false)
            }
            Err(_) => Ok(false),
        }
    }

    /// Tries whether notifications come: asks whoever polls, or else calls the own address.
    ///
    /// # Errors
    /// When whoever polls hangs, or keychain or store cannot be used.
    pub async fn try_notifications(&self) -> anyhow::Result<Tried> {
        if let Some(kept) = polling::keep(self).await? {
            return Ok(Tried::Kept(kept));
        }
        let (upkeep, _poller) = (self.upkeep(), self.data_dir.try_lock(Lock::Poller)?);
        let Some(chosen) = upkeep.chosen().await? else {
            return Ok(Tried::Kept(Kept::Off));
        };
        Ok(match keeper::try_out(upkeep, &chosen).await {
            Ok(_) => Tried::WouldCome,
            Err(error) => Tried::WouldNotCome(problem::sentence(&error)),
        })
    }

    /// Calls the own address, which whoever polls has proven before; `None` where there is none.
    pub(super) async fn challenge(&self) -> anyhow::Result<Option<()>> {
        let (reachable, proven) = self.store.read(|conn| {
            Ok((store::notifications::reachable(conn)?, store::notifications::proven_address(conn)?))
        })?;
        let secrets = self.tokens.kept_notifications().await?;
        let (Some(_), Some(proven), Some(secrets)) = (reachable, proven, secrets) else {
            return Ok(None);
        };
        let upkeep = self.upkeep();
        let address = PublicAddress::parse(&proven, upkeep.reach)?;
        upkeep.challenge(&Key::kept(secrets.key), &address).await.map(Some)
    }
}
