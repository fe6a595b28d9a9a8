//! Notifications through the desktop's own service, over one connection: some desktops let nobody but the
//! sender replace one. None is needed for anything to work: a desktop without a service is noted in the log,
//! and no pass ever waits for it.
//!
//! <https://specifications.freedesktop.org/notification-spec/latest/>

mod service;
mod shown;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::view::notification::Notice;
use crate::view::tray::Click;
use service::{Connected, News};
use shown::Shown;

/// The action that a click on the notification itself stands for.
const DEFAULT_ACTION: &str = "default";

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
/// there is a service: at login this program may be there first. So is what was on the screen of a service that
/// ended, if it is urgent: its cause lasts until there is another notice about the same.
async fn keep_showing(mut notices: UnboundedReceiver<Notice>, clicks: UnboundedSender<Click>) {
    let (mut shown, mut waiting) = (Shown::default(), Vec::<Notice>::new());
    let mut service = None;
    loop {
        tokio::select! {
            heard = news(&mut service) => match heard {
                News::Closed(id) => shown.forget(id),
                News::Clicked(choice) => {
                    // The task that hears it ends with the process.
                    let _ = clicks.send(shown.click(choice));
                }
                News::OwnerChanged { ended, began } => {
                    if ended {
                        add_older(&mut waiting, shown.lose());
                    }
                    // To ask for one where none is there may start one, at a log-out for instance.
                    if !began {
                        continue;
                    }
                }
            },
            notice = notices.recv() => {
                let Some(notice) = notice else { return };
                waiting.retain(|earlier| earlier.about != notice.about);
                waiting.push(notice);
            }
        }
        if waiting.is_empty() {
            continue;
        }
        if service.is_none() {
            match Connected::connect().await {
                Ok(connected) => service = Some(connected),
                Err(error) => tracing::warn!("A notification could not be shown: {error}"),
            }
        }
        if let Some(connected) = &service {
            shown.show_all(&connected.service, &mut waiting).await;
        }
    }
}

async fn news(service: &mut Option<Connected>) -> News {
    match service {
        Some(connected) => connected.news().await,
        None => std::future::pending().await,
    }
}

/// Has older notices wait as well, but those about which there is something newer to say.
fn add_older(waiting: &mut Vec<Notice>, older: Vec<Notice>) {
    let is_news = |notice: &Notice| waiting.iter().all(|newer| newer.about != notice.about);
    let older: Vec<_> = older.into_iter().filter(is_news).collect();
    waiting.extend(older);
}
