//! Notifications through the system's own service. None is needed for anything to work: one that cannot be
//! shown is noted in the log, and no pass ever waits for it.

use std::sync::mpsc;

use beeminder_withings_sync::view::notification::Notice;
use beeminder_withings_sync::view::tray::NAME;
use notify_rust::{Notification, Timeout};

/// Shows notices one after the other on a thread of its own, because the service may not answer.
#[derive(Debug, Clone)]
pub(super) struct Notifications {
    notices: mpsc::Sender<Notice>,
}

impl Notifications {
    pub(super) fn start() -> Notifications {
        let (notices, queue) = mpsc::channel::<Notice>();
        std::thread::spawn(move || {
            for notice in queue {
                if let Err(error) = notification(&notice).show() {
                    tracing::warn!("A notification could not be shown: {error}");
                }
            }
        });
        Notifications { notices }
    }

    pub(super) fn show(&self, notice: Notice) {
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
