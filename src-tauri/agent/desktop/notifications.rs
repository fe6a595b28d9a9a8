//! Notifications through the desktop's own service, over one connection: some desktops let nobody but the
//! sender replace one. None is needed for anything to work: a desktop without a service is noted in the log,
//! and no pass ever waits for it.
//!
//! <https://specifications.freedesktop.org/notification-spec/latest/>

use std::collections::HashMap;

use futures_util::StreamExt;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use zbus::proxy::OwnerChangedStream;
use zbus::zvariant::Value;
use zbus::{Connection, proxy};

use crate::view::notification::Notice;
use crate::view::tray::{Click, MenuAction, NAME};

/// The icon's name, and that of the desktop entry.
const DESKTOP_ENTRY: &str = "beeminder-withings-sync";

/// The action that a click on the notification itself stands for.
const DEFAULT_ACTION: &str = "default";

#[proxy(
    interface = "org.freedesktop.Notifications",
    default_service = "org.freedesktop.Notifications",
    default_path = "/org/freedesktop/Notifications",
    gen_blocking = false
)]
trait Service {
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

    /// Comes before the action that it is for.
    #[zbus(signal)]
    fn activation_token(&self, id: u32, token: String) -> zbus::Result<()>;
}

/// Shows notices one after the other.
#[derive(Debug, Clone)]
pub(super) struct Notifications {
    notices: UnboundedSender<Notice>,
}

impl Notifications {
    /// Starts; what the user clicks goes to `clicks`.
    pub(super) fn start(clicks: UnboundedSender<Click>) -> Notifications {
        let (notices, queue) = unbounded_channel();
        tokio::spawn(keep_showing(queue, clicks));
        Notifications { notices }
    }

    pub(super) fn show(&self, notice: &Notice) {
        // The task ends with the process.
        let _ = self.notices.send(notice.clone());
    }
}

/// Shows what comes, each notice in place of an earlier one about the same. What cannot be shown is shown when
/// there is a service: at login this program may be there first.
async fn keep_showing(mut notices: UnboundedReceiver<Notice>, clicks: UnboundedSender<Click>) {
    let (mut shown, mut waiting) = (Shown::default(), Vec::<Notice>::new());
    let mut service = None;
    loop {
        tokio::select! {
            notice = notices.recv() => {
                let Some(notice) = notice else { return };
                waiting.retain(|earlier| earlier.about != notice.about);
                waiting.push(notice);
            }
            () = comes(&mut service) => {}
        }
        if waiting.is_empty() {
            continue;
        }
        if service.is_none() {
            match Connected::connect(&clicks).await {
                Ok(connected) => service = Some(connected),
                Err(error) => tracing::warn!("A notification could not be shown: {error}"),
            }
        }
        if let Some(connected) = &service {
            shown.show_all(&connected.service, &mut waiting).await;
        }
    }
}

/// Waits until somebody shows notifications who did not.
async fn comes(service: &mut Option<Connected>) {
    if let Some(connected) = service {
        while let Some(owner) = connected.owners.next().await {
            if owner.is_some() {
                return;
            }
        }
    }
    std::future::pending::<()>().await;
}

/// The service, and who has its name.
struct Connected {
    service: ServiceProxy<'static>,
    owners: OwnerChangedStream<'static>,
}

impl Connected {
    async fn connect(clicks: &UnboundedSender<Click>) -> zbus::Result<Connected> {
        let bus = Connection::session().await?;
        let service = ServiceProxy::new(&bus).await?;
        let owners = service.inner().receive_owner_changed().await?;
        let actions = service.receive_action_invoked().await?;
        let tokens = service.receive_activation_token().await?;
        tokio::spawn(hear_clicks(actions, tokens, clicks.clone()));
        Ok(Connected { service, owners })
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

/// The numbers of the notifications on the screen, by what they are about.
#[derive(Debug, Default)]
struct Shown(HashMap<String, u32>);

impl Shown {
    /// Shows what waits; what cannot be shown goes on waiting.
    async fn show_all(&mut self, service: &ServiceProxy<'_>, waiting: &mut Vec<Notice>) {
        for notice in std::mem::take(waiting) {
            if let Err(error) = self.show(service, &notice).await {
                tracing::warn!("A notification could not be shown: {error}");
                waiting.push(notice);
            }
        }
    }

    async fn show(&mut self, service: &ServiceProxy<'_>, notice: &Notice) -> zbus::Result<()> {
        let can = service.get_capabilities().await?;
        let earlier = self.0.get(&notice.about).copied();
        let id = match notify(service, notice, &can, earlier.unwrap_or_default()).await {
            Ok(id) => id,
            // A service that was started again does not know the earlier one.
            Err(_) if earlier.is_some() => {
                if let Some(earlier) = earlier {
                    // It may be closed already.
                    let _ = service.close_notification(earlier).await;
                }
                notify(service, notice, &can, 0).await?
            }
            Err(error) => return Err(error),
        };
        self.0.insert(notice.about.clone(), id);
        Ok(())
    }
}

async fn notify(
    service: &ServiceProxy<'_>,
    notice: &Notice,
    can: &[String],
    replaces: u32,
) -> zbus::Result<u32> {
    let has = |name: &str| can.iter().any(|can| can == name);
    let body = if has("body-markup") { without_markup(&notice.body) } else { notice.body.clone() };
    let opens: &[&str] = if has("actions") { &[DEFAULT_ACTION, NAME] } else { &[] };
    // Low, normal, critical.
    let urgency: u8 = if notice.urgent { 2 } else { 1 };
    let hints =
        HashMap::from([("desktop-entry", Value::from(DESKTOP_ENTRY)), ("urgency", Value::from(urgency))]);
    // Never, or when the desktop likes.
    let timeout = if notice.urgent { 0 } else { -1 };
    service.notify(NAME, replaces, DESKTOP_ENTRY, &notice.title, &body, opens, hints, timeout).await
}

/// What others wrote, a goal's name for instance, must not become markup.
fn without_markup(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
