//! The desktop's service of notifications: what it is asked for and what it tells.

use std::collections::HashMap;

use futures_util::StreamExt;
use tokio::sync::mpsc::UnboundedSender;
use zbus::names::OwnedUniqueName;
use zbus::proxy::OwnerChangedStream;
use zbus::zvariant::Value;
use zbus::{Connection, fdo, proxy};

use super::DEFAULT_ACTION;
use crate::view::tray::{Click, MenuAction};

/// Why a notification was closed, as the specification numbers it. One that expired may not have been seen.
const BY_USER: u32 = 2;
const BY_PROGRAM: u32 = 3;

#[proxy(
    interface = "org.freedesktop.Notifications",
    default_service = "org.freedesktop.Notifications",
    default_path = "/org/freedesktop/Notifications",
    gen_blocking = false
)]
pub(super) trait Service {
    fn get_capabilities(&self) -> zbus::Result<Vec<String>>;

    #[expect(clippy::too_many_arguments, reason = "the specification's")]
    fn notify(
        &self,
        app_name: &str,
        replaces_id: u32,
        app_icon: &str,
        summary: &str,
        body: &str,
        actions: &[&str],
        hints: HashMap<&str, Value<'_>>,
        expire_timeout: i32,
    ) -> zbus::Result<u32>;

    fn close_notification(&self, id: u32) -> zbus::Result<()>;

    #[zbus(signal)]
    fn action_invoked(&self, id: u32, action: String) -> zbus::Result<()>;

    #[zbus(signal)]
    fn notification_closed(&self, id: u32, reason: u32) -> zbus::Result<()>;

    /// Comes before the action that it is for.
    #[zbus(signal)]
    fn activation_token(&self, id: u32, token: String) -> zbus::Result<()>;
}

/// The service, and who has its name.
pub(super) struct Connected {
    pub(super) service: ServiceProxy<'static>,
    closed: NotificationClosedStream,
    owners: OwnerChangedStream<'static>,
    owner: Option<OwnedUniqueName>,
}

/// What is heard of the service.
#[derive(Debug, Clone, Copy)]
pub(super) enum News {
    /// The user closed a notification, with a click on it or without, or this program did.
    Closed(u32),
    /// It ended, with what it had on the screen, if there was one; and whether another one is there.
    OwnerChanged { ended: bool, began: bool },
}

impl Connected {
    pub(super) async fn connect(clicks: &UnboundedSender<Click>) -> zbus::Result<Connected> {
        let bus = Connection::session().await?;
        let service = ServiceProxy::new(&bus).await?;
        let owners = service.inner().receive_owner_changed().await?;
        let closed = service.receive_notification_closed().await?;
        let actions = service.receive_action_invoked().await?;
        let tokens = service.receive_activation_token().await?;
        tokio::spawn(hear_clicks(actions, tokens, clicks.clone()));
        let owner = match fdo::DBusProxy::new(&bus)
            .await?
            .get_name_owner(service.inner().destination().clone())
            .await
        {
            Ok(owner) => Some(owner),
            // The first notification starts one, or finds none.
            Err(fdo::Error::NameHasNoOwner(_)) => None,
            Err(error) => return Err(error.into()),
        };
        Ok(Connected { service, closed, owners, owner })
    }

    /// Waits for news; what was closed before a service ended comes before its end.
    pub(super) async fn news(&mut self) -> News {
        loop {
            let news = tokio::select! {
                biased;
                Some(closed) = self.closed.next() => was_closed(&closed),
                Some(owner) = self.owners.next() => self.is_owned_by(owner.map(OwnedUniqueName::from)),
                else => std::future::pending().await,
            };
            if let Some(news) = news {
                return news;
            }
        }
    }

    fn is_owned_by(&mut self, owner: Option<OwnedUniqueName>) -> Option<News> {
        let before = std::mem::replace(&mut self.owner, owner);
        let (ended, began) = (before.is_some(), self.owner.is_some());
        (before != self.owner).then_some(News::OwnerChanged { ended, began })
    }
}

fn was_closed(closed: &NotificationClosed) -> Option<News> {
    match closed.args() {
        Ok(closed) => matches!(closed.reason, BY_USER | BY_PROGRAM).then_some(News::Closed(closed.id)),
        Err(error) => {
            tracing::warn!("How a notification was closed was not understood: {error}");
            None
        }
    }
}

/// Opens the window on a click, with the permission that the desktop sends before it.
async fn hear_clicks(
    mut actions: ActionInvokedStream,
    mut tokens: ActivationTokenStream,
    clicks: UnboundedSender<Click>,
) {
    let mut token = None;
    loop {
        tokio::select! {
            biased;
            Some(given) = tokens.next() => {
                token = given.args().ok().map(|given| (given.id, given.token));
            }
            Some(invoked) = actions.next() => {
                let Ok(invoked) = invoked.args() else { continue };
                if invoked.action == DEFAULT_ACTION {
                    let token = token.take().filter(|(id, _)| *id == invoked.id).map(|(_, token)| token);
                    let _ = clicks.send(Click { action: MenuAction::Open, token });
                }
            }
            else => return,
        }
    }
}
