//! The windows that watch the agent.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::mpsc::UnboundedSender;

use crate::agent::protocol::{Event, Opening};

/// A window that was told to come to the front says within this that it did.
const ANSWER_TIMEOUT: TimeDelta = TimeDelta::seconds(10);

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
    wish: Option<(Opening, DateTime<Utc>)>,
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
    pub(super) fn show(&self, opening: &Opening, now: DateTime<Utc>) -> bool {
        if !self.any() {
            return false;
        }
        self.state().wish = Some((opening.clone(), now));
        self.tell(&Event::Show(opening.clone()))
    }

    /// Notes that a window came to the front.
    pub(super) fn note_shown(&self) {
        self.state().wish = None;
    }

    /// The wish that no window is left to answer: one that was told so was being closed. One that is older was seen,
    /// though the window, of another version perhaps, did not say so.
    pub(super) fn take_unanswered(&self, now: DateTime<Utc>) -> Option<Opening> {
        if self.any() {
            return None;
        }
        let (opening, at) = self.state().wish.take()?;
        Some(opening).filter(|_| (now - at).abs() <= ANSWER_TIMEOUT)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_that_no_window_is_left_to_answer_is_taken_once_and_while_it_is_fresh() {
        let noon = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
        for (seconds, is_taken) in [(0, true), (10, true), (11, false), (-60, false)] {
            let (windows, now) = (Windows::default(), noon + TimeDelta::seconds(seconds));
            let (window, told) = tokio::sync::mpsc::unbounded_channel();
            assert!(!windows.show(&Opening::default(), noon), "there is none");
            windows.add(window);
            assert!(windows.show(&Opening::default(), noon));
            assert_eq!(windows.take_unanswered(now), None, "it may answer yet");
            drop(told);
            assert_eq!(windows.take_unanswered(now).is_some(), is_taken, "{seconds} s");
            assert_eq!(windows.take_unanswered(now), None);
        }
    }
}
