//! Notifications through the desktop's own service. None is needed for anything to work: a desktop without
//! one is noted in the log, and no pass ever waits for it.

use std::collections::HashMap;
use std::sync::mpsc;

use beeminder_withings_sync::view::notification::Notice;
use beeminder_withings_sync::view::tray::{NAME, Wish};
use notify_rust::{Notification, Timeout};
use tokio::sync::mpsc::UnboundedSender;

/// Shows notices one after the other on a thread of its own, because the service may not answer.
#[derive(Debug, Clone)]
pub(crate) struct Notifications {
    notices: mpsc::Sender<Notice>,
}

impl Notifications {
    /// Starts; what the user clicks goes to `wishes`.
    pub(crate) fn start(wishes: UnboundedSender<Wish>) -> Notifications {
        let (notices, queue) = mpsc::channel::<Notice>();
        std::thread::spawn(move || {
            let mut shown = HashMap::new();
            for notice in queue {
                if let Err(error) = show(&notice, &mut shown, &wishes) {
                    tracing::warn!("A notification could not be shown: {error}");
                }
            }
        });
        Notifications { notices }
    }

    pub(crate) fn show(&self, notice: Notice) {
        // The thread ends with the process.
        let _ = self.notices.send(notice);
    }
}

fn notification(notice: &Notice) -> Notification {
    let mut notification = Notification::new();
    notification.appname(NAME).summary(&notice.title).body(&notice.body);
    notification.timeout(if notice.urgent { Timeout::Never } else { Timeout::Default });
    notification
}

/// Shows one, in place of the one in `shown` about the same.
#[cfg(target_os = "linux")]
fn show(
    notice: &Notice,
    shown: &mut HashMap<String, u32>,
    wishes: &UnboundedSender<Wish>,
) -> notify_rust::error::Result<()> {
    use notify_rust::Hint;
    let can = notify_rust::get_capabilities()?;
    let mut notification = notification(notice);
    notification.icon("beeminder-withings-sync").hint(Hint::DesktopEntry("beeminder-withings-sync".into()));
    if can.iter().any(|name| name == "body-markup") {
        notification.body(&without_markup(&notice.body));
    }
    if let Some(id) = shown.get(&notice.about) {
        notification.id(*id);
    }
    let offers_action = notice.urgent && can.iter().any(|name| name == "actions");
    if offers_action {
        notification.action("default", "Open");
    }
    let handle = notification.show()?;
    shown.insert(notice.about.clone(), handle.id());
    if offers_action {
        let wishes = wishes.clone();
        // It waits until the notification is closed, as long as that takes.
        std::thread::spawn(move || {
            handle.wait_for_action(|action| {
                if action == "default" {
                    let _ = wishes.send(Wish::Open);
                }
            });
        });
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn show(
    notice: &Notice,
    _shown: &mut HashMap<String, u32>,
    _wishes: &UnboundedSender<Wish>,
) -> notify_rust::error::Result<()> {
    notification(notice).show()?;
    Ok(())
}

/// What others wrote, a goal's name for instance, must not become markup.
#[cfg(target_os = "linux")]
fn without_markup(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
