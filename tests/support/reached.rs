//! A program that Withings reaches: a receiver, and a proxy that leads to it from outside.

use std::collections::BTreeSet;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use beeminder_withings_sync::app::NewWay;
use beeminder_withings_sync::domain::appli::Appli;
use beeminder_withings_sync::domain::public_address::{PublicAddress, Reach};
use beeminder_withings_sync::health::announced;
use beeminder_withings_sync::sandbox::tunnel::Proxy;
use beeminder_withings_sync::subscriptions::inbox::Inbox;
use beeminder_withings_sync::subscriptions::receiver::Receiver;
use beeminder_withings_sync::subscriptions::upkeep::Chosen;
use beeminder_withings_sync::sync::{SyncReport, Trigger};
use beeminder_withings_sync::view::subscriptions::{Notifications, notifications};
use tokio::sync::mpsc;
use url::Url;

use super::TestApp;

/// A port that nobody listens on, below those that systems give to whoever connects: one of these may be taken in the
/// moment between.
pub(crate) fn free_port() -> u16 {
    static GIVEN: AtomicU32 = AtomicU32::new(0);
    loop {
        let given = GIVEN.fetch_add(1, Ordering::Relaxed);
        let port = 20_000 + (std::process::id() * 50 + given) % 12_000;
        let port = u16::try_from(port).unwrap();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// Where a receiver is to listen.
pub(crate) fn here(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

/// What leads to this program, and what came that way.
pub(crate) struct Reached {
    pub(crate) proxy: Proxy,
    pub(crate) address: PublicAddress,
    pub(crate) chosen: Chosen,
    pub(crate) inbox: Arc<Inbox>,
    pub(crate) receiver: Receiver,
}

impl Reached {
    /// Switches notifications on; nothing is subscribed to yet.
    pub(crate) async fn on(test: &TestApp) -> Reached {
        let port = free_port();
        let proxy = Proxy::start(port, mpsc::unbounded_channel().0).await.unwrap();
        test.app().notifications_on(NewWay::Address(proxy.address()), here(port)).await.unwrap();
        let chosen = test.app().upkeep().chosen().await.unwrap().unwrap();
        let inbox = Arc::new(Inbox::default());
        let receiver =
            Receiver::start(here(port), chosen.key.clone(), chosen.user.clone(), Arc::clone(&inbox)).unwrap();
        let address = PublicAddress::parse(&proxy.address(), Reach::Loopback).unwrap();
        Reached { proxy, address, chosen, inbox, receiver }
    }

    /// One round of the keeper.
    pub(crate) async fn look(&self, test: &TestApp) -> anyhow::Result<()> {
        let upkeep = test.app().upkeep();
        let outcome = upkeep.round(&self.chosen.key, std::slice::from_ref(&self.address), test.now).await;
        upkeep.note(&outcome, test.now + chrono::TimeDelta::minutes(1), test.now).unwrap();
        outcome
    }

    /// Has Withings send what is due, and notes it as the poller does. Returns what came.
    pub(crate) async fn hear(&self, test: &TestApp) -> Vec<Appli> {
        test.sandbox.notify().await;
        let heard = self.inbox.take_unread();
        test.app()
            .store
            .write(|conn| heard.iter().try_for_each(|appli| announced::note_notified(conn, *appli, test.now)))
            .unwrap();
        heard
    }

    /// The same, and the pass that follows.
    pub(crate) async fn hear_and_sync(&self, test: &TestApp) -> Option<SyncReport> {
        let heard = self.hear(test).await;
        let sources = heard.iter().flat_map(|appli| appli.sources()).copied().collect();
        if heard.is_empty() { None } else { Some(test.pass(Trigger::Notified(sources)).await) }
    }
}

/// What Withings has of the first person's subscriptions: each number with the address it leads to, without its end.
pub(crate) fn subscribed(test: &TestApp) -> BTreeSet<(i64, String)> {
    let base = |url: &Url| url.join(".").unwrap().to_string();
    let world = test.world();
    let all = world.withings.notify.subscriptions.iter();
    all.map(|subscription| (subscription.appli, base(&subscription.callback))).collect()
}

/// Their numbers.
pub(crate) fn numbers(test: &TestApp) -> Vec<i64> {
    subscribed(test).into_iter().map(|(appli, _)| appli).collect()
}

/// What there is to say of notifications.
pub(crate) fn shown(test: &TestApp) -> Notifications {
    test.app().store.read(notifications).unwrap()
}

/// How often Withings was asked for something about notifications.
pub(crate) fn asked(test: &TestApp) -> usize {
    test.world().requests.iter().filter(|request| request.contains("/notify")).count()
}
