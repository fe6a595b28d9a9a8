//! The agent's state as windows show it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::domain::service::Service;
use crate::platform::autostart;
use crate::text::Explained;

/// What the agent is doing, and what it knows of its desktop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentState {
    /// The version of its executable, as it was when it started.
    pub version: String,
    /// Whether a pass is being made.
    pub syncing: bool,
    /// What the last pass came to; `None` before the first.
    #[serde(default)]
    pub last_pass: Option<PassResult>,
    /// Why nothing works, if so.
    pub failure: Option<Explained>,
    /// The sign-in in flight, or how the last one failed.
    pub sign_in: SignInState,
    /// When the next pass is due, where the agent polls.
    pub due: Option<DateTime<Utc>>,
    /// Whether the user can see an icon in the tray.
    pub has_tray: bool,
    /// Whether it starts at login; `None` when the desktop could not say.
    pub start_at_login: Option<autostart::AutostartState>,
}

/// What a pass came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PassResult {
    /// How many passes were made since the agent started, this one included.
    pub number: u64,
    /// Whether the user asked for it.
    pub by_hand: bool,
    /// What arrived at Beeminder, in the user's language; `None` when nothing did.
    pub arrived: Option<String>,
}

/// The sign-in in flight, or how the last one failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum SignInState {
    /// Nobody signs in.
    None,
    /// The browser is open.
    Waiting {
        /// The service that is signed in to.
        service: Service,
        /// The consent page.
        authorize_url: Url,
    },
    /// It came to nothing.
    Failed {
        /// The service that is signed in to.
        service: Service,
        /// Why it came to nothing.
        why: Explained,
    },
}
