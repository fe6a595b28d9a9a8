//! Keeps the subscriptions at Withings as the links need them, once the address is proven to lead here.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use secrecy::SecretString;

use super::key::Key;
use super::plan::{self, Step, callback};
use super::problem::{self, SecretsGone, TunnelTrouble};
use crate::accounts::scope;
use crate::accounts::tokens::{NotificationSecrets, Tokens};
use crate::domain::appli::Appli;
use crate::domain::problem_code::ProblemCode;
use crate::domain::public_address::{PublicAddress, Reach};
use crate::domain::reachable::Reachable;
use crate::domain::service::Service;
use crate::domain::trouble::Place;
use crate::health::announced;
use crate::services::withings::Subscribed;
use crate::services::{own_address, withings};
use crate::store::{self, Connection, Store};

/// What upkeep works with.
#[derive(Debug, Clone, Copy)]
pub struct Upkeep<'a> {
    /// The database.
    pub store: &'a Store,
    /// Withings.
    pub withings: &'a withings::Client,
    /// Its tokens, and the secrets of notifications.
    pub tokens: &'a Tokens,
    /// Who may be called.
    pub reach: Reach,
}

/// How notifications are received, as the user chose it.
#[derive(Debug)]
pub struct Chosen {
    /// How Withings reaches this program.
    pub reachable: Reachable,
    /// What its addresses are made of.
    pub key: Key,
    /// The tunnel's command, where there is one.
    pub command: Option<SecretString>,
    /// Whose notifications are taken.
    pub user: String,
    /// Which choice of the user's it is.
    pub number: i64,
}

impl Upkeep<'_> {
    /// What the user chose; `None` while notifications are off, or nobody is connected.
    ///
    /// # Errors
    /// When keychain or database cannot be read.
    pub async fn chosen(&self) -> anyhow::Result<Option<Chosen>> {
        let (reachable, account, number) = self.store.read(|conn| {
            let account = store::account::load(conn, Service::Withings)?;
            Ok((store::notifications::reachable(conn)?, account, store::notifications::number(conn)?))
        })?;
        let Some((reachable, account)) = reachable.zip(account.filter(|account| account.connected)) else {
            return Ok(None);
        };
        let secrets = self.tokens.kept_notifications().await?;
        let NotificationSecrets { key, command } = secrets.ok_or(SecretsGone)?;
        Ok(Some(Chosen { reachable, key: Key::kept(key), command, user: account.user_id, number }))
    }

    /// Whether a choice still is the user's.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn is_current(&self, chosen: &Chosen) -> anyhow::Result<bool> {
        self.store.read(|conn| {
            let account = store::account::load(conn, Service::Withings)?;
            let is_theirs =
                account.is_some_and(|account| account.connected && account.user_id == chosen.user);
            Ok(is_theirs && store::notifications::number(conn)? == chosen.number)
        })
    }

    /// Calls this program's own address. Withings is asked only after that.
    ///
    /// # Errors
    /// [`own_address::Unreached`] when the address does not lead here.
    pub async fn challenge(&self, key: &Key, address: &PublicAddress) -> anyhow::Result<()> {
        let (end, answer) = key.challenge()?;
        own_address::call(address, &end, &answer).await
    }

    /// Finds the first of several addresses that leads here, and has the subscriptions lead to it.
    ///
    /// # Errors
    /// Why none does, or why Withings does not take it.
    pub async fn round(
        &self,
        key: &Key,
        addresses: &[PublicAddress],
        now: DateTime<Utc>,
    ) -> anyhow::Result<()> {
        // One that leads here is left for no other that was printed since.
        let known = self.store.read(store::notifications::proven_address)?;
        let mut addresses = addresses.to_vec();
        addresses.sort_by_key(|address| known.as_ref() != Some(&address.to_string()));
        let address = self.prove(key, &addresses).await?;
        self.repair(key, &address, now).await
    }

    /// Finds the first of several addresses that leads here.
    ///
    /// # Errors
    /// Why the first one does not, where none does.
    pub async fn prove(&self, key: &Key, addresses: &[PublicAddress]) -> anyhow::Result<PublicAddress> {
        let mut refused = None;
        for address in addresses {
            match self.challenge(key, address).await {
                Ok(()) => return Ok(address.clone()),
                Err(error) => refused = refused.or(Some(error)),
            }
        }
        Err(refused.unwrap_or_else(|| TunnelTrouble::Silent.into()))
    }

    /// Compares Withings' list with what the links need, and does what is to be done.
    ///
    /// # Errors
    /// When Withings does not do it.
    pub async fn repair(&self, key: &Key, address: &PublicAddress, now: DateTime<Utc>) -> anyhow::Result<()> {
        let (needed, renew) = self.store.write(|conn| {
            if store::notifications::proven_address(conn)?.as_deref() != Some(&address.to_string()) {
                store::notifications::save_proven_address(conn, Some(&address.to_string()))?;
            }
            Ok((needed(conn)?, announced::are_silent(conn, now)?))
        })?;
        let listed = self.ask(Request::List, now).await?;
        let (mut there, mut failed) = (needed.clone(), None);
        for step in plan::steps(key, address, &needed, &listed, renew) {
            let Err(error) = self.take(key, address, &step, now).await else { continue };
            if step.appli() == Appli::Profile {
                // Whether the account is still there is found out by reading as well.
                tracing::info!("Withings does not notify of the account: {error:#}");
                continue;
            }
            there.remove(&step.appli());
            let is_about_it = is_about_one(&error);
            failed = failed.or(Some(error));
            if !is_about_it {
                // The others would not be done either. What was there before may be.
                let known = self.store.read(store::subscription::load_all)?;
                there.retain(|appli| known.iter().any(|known| known.appli == *appli));
                break;
            }
        }
        self.store.write(|conn| {
            for known in store::subscription::load_all(conn)? {
                if !there.contains(&known.appli) {
                    store::subscription::forget(conn, known.appli)?;
                }
            }
            for appli in &there {
                store::subscription::save(conn, *appli, &address.to_string(), now)?;
            }
            if failed.is_none() { store::notifications::save_repaired(conn, now) } else { Ok(()) }
        })?;
        failed.map_or(Ok(()), Err)
    }

    async fn take(
        &self,
        key: &Key,
        address: &PublicAddress,
        step: &Step,
        now: DateTime<Utc>,
    ) -> anyhow::Result<()> {
        match step {
            Step::Subscribe(appli) => {
                let to = callback(key, address, *appli);
                self.ask(Request::Subscribe(*appli, &to), now).await?;
            }
            Step::Revoke(appli, from) => {
                self.ask(Request::Revoke(*appli, from), now).await?;
            }
            Step::Move(appli, from) => {
                let to = callback(key, address, *appli);
                let Err(error) = self.ask(Request::Move(*appli, from, &to), now).await else {
                    return Ok(());
                };
                if !may_be_made_anew(&error) {
                    return Err(error);
                }
                tracing::info!("A subscription is made anew, since Withings did not move it: {error:#}");
                self.ask(Request::Revoke(*appli, from), now).await?;
                self.ask(Request::Subscribe(*appli, &to), now).await?;
            }
        }
        Ok(())
    }

    /// Ends everything that this program subscribed to.
    ///
    /// # Errors
    /// When something of it may still be there.
    pub async fn end_all(&self, key: &Key, now: DateTime<Utc>) -> anyhow::Result<()> {
        let listed = self.ask(Request::List, now).await?;
        for (appli, at) in plan::all_of_ours(key, &listed) {
            self.ask(Request::Revoke(appli, &at), now).await?;
        }
        self.store.write(store::subscription::forget_all)
    }

    /// Whether the subscriptions are not those that the links need, as far as is known here.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn is_to_be_changed(&self) -> anyhow::Result<bool> {
        self.store.read(|conn| {
            let there = store::subscription::load_all(conn)?;
            Ok(there.into_iter().map(|known| known.appli).collect::<BTreeSet<_>>() != needed(conn)?)
        })
    }

    /// Notes how it went, with the time of the next attempt.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn note(
        &self,
        outcome: &anyhow::Result<()>,
        next: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> anyhow::Result<()> {
        self.store.write(|conn| {
            let Err(error) = outcome else {
                return store::trouble::end(conn, &Place::Notifications).map(drop);
            };
            if error.is::<own_address::Unreached>() || error.is::<TunnelTrouble>() {
                store::notifications::save_proven_address(conn, None)?;
            }
            let (code, facts) = (ProblemCode::NotificationsFailed, problem::facts(error));
            store::trouble::save(conn, &Place::Notifications, code, &facts, next, now)
        })
    }

    /// Asks Withings, once more with a new token where it does not accept the one at hand.
    async fn ask(&self, request: Request<'_>, now: DateTime<Utc>) -> anyhow::Result<Vec<Subscribed>> {
        let token = self.tokens.withings(self.withings, None, now).await?;
        match self.send(request, &token).await {
            Err(withings::Error::AccessTokenRefused { .. }) => {
                let token = self.tokens.withings(self.withings, Some(&token), now).await?;
                Ok(self.send(request, &token).await?)
            }
            answer => Ok(answer?),
        }
    }

    async fn send(
        &self,
        request: Request<'_>,
        token: &SecretString,
    ) -> Result<Vec<Subscribed>, withings::Error> {
        let client = self.withings;
        match request {
            Request::List => return client.subscriptions(token).await,
            Request::Subscribe(appli, to) => client.subscribe(token, appli, to).await?,
            Request::Move(appli, from, to) => client.move_subscription(token, appli, from, to).await?,
            Request::Revoke(appli, from) => client.revoke(token, appli, from).await?,
        }
        Ok(Vec::new())
    }
}

/// What Withings is asked for.
#[derive(Debug, Clone, Copy)]
enum Request<'a> {
    List,
    Subscribe(Appli, &'a SecretString),
    Move(Appli, &'a SecretString, &'a SecretString),
    Revoke(Appli, &'a SecretString),
}

/// What is to be subscribed to.
fn needed(conn: &Connection) -> anyhow::Result<BTreeSet<Appli>> {
    let mut feeds = Vec::new();
    for link in store::link::load_all(conn)? {
        // What is not shared is not told of either.
        if scope::is_shared(conn, link.feed.source())? {
            feeds.push(link.feed);
        }
    }
    Ok(Appli::needed(feeds.iter()))
}

/// Whether Withings refused one kind of change, which says nothing about the others.
fn is_about_one(error: &anyhow::Error) -> bool {
    use withings::Error as E;
    let known = error.downcast_ref::<E>();
    matches!(
        known,
        Some(E::NoSuchSubscription | E::NotRevoked | E::MayNotSubscribe { .. } | E::Rejected { .. })
    )
}

/// Whether a subscription that could not be moved may be ended and made again.
fn may_be_made_anew(error: &anyhow::Error) -> bool {
    use withings::Error as E;
    matches!(error.downcast_ref::<E>(), Some(E::NoSuchSubscription | E::Rejected { .. }))
}
