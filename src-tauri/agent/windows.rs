//! The windows that watch the agent.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;

use crate::agent::protocol::{Event, Opening};

/// How long windows may take to close when the agent ends.
const CLOSE_GRACE: Duration = Duration::from_secs(3);

/// The windows that watch the agent; as a rule one, or none.
#[derive(Debug, Default)]
pub(super) struct Windows {
    state: Mutex<WindowState>,
}

#[derive(Debug, Default)]
struct WindowState {
    watching: Vec<UnboundedSender<String>>,
    /// A wish to see a window that no window has answered.
    wish: Option<Opening>,
    focused: bool,
}

impl Windows {
    pub(super) fn add(&self, window: UnboundedSender<String>) {
        self.state().watching.push(window);
    }

    /// Tells every window, and whether there is one.
    pub(super) fn tell(&self, event: &Event) -> bool {
        let mut state = self.state();
        match serde_json::to_string(event) {
            Ok(line) => state.watching.retain(|window| window.send(line.clone()).is_ok()),
            Err(error) => tracing::error!("An event could not be told: {error}"),
        }
        !state.watching.is_empty()
    }

    /// Tells the windows there are to come to the front. `false` when there is none.
    pub(super) fn show(&self, opening: &Opening) -> bool {
        if !self.any() {
            return false;
        }
        self.state().wish = Some(opening.clone());
        self.tell(&Event::Show(opening.clone()))
    }

    /// Notes that a window came to the front.
    pub(super) fn note_shown(&self) {
        self.state().wish = None;
    }

    /// The wish that no window is left to answer: one that was told so was being closed.
    pub(super) fn take_unanswered(&self) -> Option<Opening> {
        if self.any() { None } else { self.state().wish.take() }
    }

    /// Whether any window is there.
    pub(super) fn any(&self) -> bool {
        let mut state = self.state();
        state.watching.retain(|window| !window.is_closed());
        !state.watching.is_empty()
    }

    /// Notes whether the user works with a window.
    pub(super) fn focus(&self, focused: bool) {
        self.state().focused = focused;
    }

    /// Whether the user works with a window: one behind others, or left open, is not looked at.
    pub(super) fn has_focus(&self) -> bool {
        self.any() && self.state().focused
    }

    /// Hangs up, without telling windows to close: they find the next agent.
    pub(super) fn hang_up(&self) {
        self.state().watching.clear();
    }

    /// Tells windows to close, and waits until they have.
    pub(super) async fn close(&self) {
        self.tell(&Event::Quit);
        let closed = async {
            let watching = std::mem::take(&mut self.state().watching);
            for window in watching {
                window.closed().await;
            }
        };
        if tokio::time::timeout(CLOSE_GRACE, closed).await.is_err() {
            tracing::warn!("A window did not close");
        }
    }

    fn state(&self) -> MutexGuard<'_, WindowState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
