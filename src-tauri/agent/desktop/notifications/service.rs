//! The desktop's service of notifications: what it is asked for and what it tells.

use std::collections::HashMap;

use futures_util::StreamExt;
use zbus::names::OwnedUniqueName;
use zbus::proxy::OwnerChangedStream;
use zbus::zvariant::Value;
use zbus::{Connection, fdo, proxy};

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
    actions: ActionInvokedStream,
    tokens: ActivationTokenStream,
    /// The permission that came last, and the notification it is for.
    token: Option<(u32, String)>,
    closed: NotificationClosedStream,
    owners: OwnerChangedStream<'static>,
    owner: Option<OwnedUniqueName>,
}

/// A click on a notification, or on one of its buttons.
#[derive(Debug, Clone)]
pub(super) struct Choice {
    /// The notification's number.
    pub(super) id: u32,
    /// The action's key.
    pub(super) action: String,
    /// The desktop's permission to take the focus.
    pub(super) token: Option<String>,
}

/// What is heard of the service.
#[derive(Debug, Clone)]
pub(super) enum News {
    /// The user chose an action of a notification.
    Clicked(Choice),
    /// The user closed a notification, with a click on it or without, or this program did.
    Closed(u32),
    /// It ended, with what it had on the screen, if there was one; and whether another one is there.
    OwnerChanged { ended: bool, began: bool },
}

impl Connected {
    pub(super) async fn connect() -> zbus::Result<Connected> {
        let bus = Connection::session().await?;
        let service = ServiceProxy::new(&bus).await?;
        let owners = service.inner().receive_owner_changed().await?;
        let closed = service.receive_notification_closed().await?;
        let actions = service.receive_action_invoked().await?;
        let tokens = service.receive_activation_token().await?;
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
        Ok(Connected { service, actions, tokens, token: None, closed, owners, owner })
    }

    /// Waits for news. A permission comes before the click it is for, a click before it closes what was clicked, and
    /// what was closed before a service ended before its end.
    pub(super) async fn news(&mut self) -> News {
        loop {
            let news = tokio::select! {
                biased;
                Some(given) = self.tokens.next() => {
                    self.token = given.args().ok().map(|given| (given.id, given.token));
                    None
                }
                Some(invoked) = self.actions.next() => self.was_clicked(&invoked),
                Some(closed) = self.closed.next() => was_closed(&closed),
                Some(owner) = self.owners.next() => self.is_owned_by(owner.map(OwnedUniqueName::from)),
                else => std::future::pending().await,
            };
            if let Some(news) = news {
                return news;
            }
        }
    }

    fn was_clicked(&mut self, invoked: &ActionInvoked) -> Option<News> {
        match invoked.args() {
            Ok(invoked) => {
                let token = self.token.take().filter(|(id, _)| *id == invoked.id).map(|(_, token)| token);
                Some(News::Clicked(Choice { id: invoked.id, action: invoked.action, token }))
            }
            Err(error) => {
                tracing::warn!("A click on a notification was not understood: {error}");
                None
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
