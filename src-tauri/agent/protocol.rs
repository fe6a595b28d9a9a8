//! The protocol of the local socket: requests of windows and further starts to the agent, one JSON line each.

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, Serializer};

use crate::accounts::sign_in::SignInError;
use crate::app::{UserError, explained, explained_sign_in};
use crate::domain::callback_way::CallbackWay;
use crate::domain::goal::new_goal::NewGoalError;
use crate::services::withings;
use crate::text::Explained;
use crate::view::agent_state::AgentState;

/// What the agent is asked for.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum AgentRequest {
    /// Sends an [`Event`] now and after every change, for as long as both live.
    Watch,
    /// Says whether the user works with the window.
    Focus {
        /// Whether its window has the keyboard.
        focused: bool,
    },
    /// Shows the window, in front.
    Show(Opening),
    /// Says that the window came to the front, as [`Event::Show`] told it.
    Shown,
    /// Takes an address that a browser brought.
    Callback {
        /// The whole `beeminder-withings-sync:` address, unparsed.
        address: String,
        /// Permission of the desktop to take the focus.
        token: Option<String>,
    },
    /// Makes a pass as soon as may be.
    SyncNow,
    /// Looks again at what is stored.
    Changed,
    /// Ends the pass under way after its request.
    CancelPass,
    /// Opens Withings' consent page.
    SignInWithings {
        /// The application; the one of the last sign-in when there is none.
        application: Option<Credentials>,
        /// How the browser comes back.
        way: CallbackWay,
    },
    /// Opens Beeminder's consent page.
    SignInBeeminder {
        /// The application; the one of this build when there is none.
        client_id: Option<String>,
        /// How the browser comes back.
        way: CallbackWay,
    },
    /// Stops waiting for the browser.
    CancelSignIn,
    /// Looks at what the desktop does for the program.
    Check,
    /// Mends what a check found broken.
    Repair {
        /// What is put right.
        what: Repair,
    },
    /// Switches the start at login.
    StartAtLogin {
        /// Whether it is to start.
        on: bool,
    },
    /// Ends the program and forgets everything.
    Forget,
    /// Ends the program.
    Quit,
}

/// How the window is to be shown.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// Permission of the desktop to take the focus.
    pub token: Option<String>,
    /// The page that helps; the one that was open last where it is not said.
    #[serde(default)]
    pub page: Option<Page>,
}

/// A page that the agent leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Page {
    /// What waits for the user's word.
    Questions,
}

impl Page {
    /// Its name in the window's address.
    pub fn name(self) -> &'static str {
        match self {
            Page::Questions => "questions",
        }
    }
}

/// What can be mended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Repair {
    /// Browsers hand callbacks to this program again.
    Scheme,
    /// The entry that starts this program at login is written again.
    Autostart,
}

/// The user's own application at Withings, on its way to the agent.
#[derive(Debug, Serialize, Deserialize)]
pub struct Credentials {
    /// Public; part of every sign-in address.
    pub client_id: String,
    /// Leaves the process through the socket in the user's private data directory alone.
    #[serde(serialize_with = "expose")]
    pub secret: SecretString,
}

fn expose<S: Serializer>(secret: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose_secret())
}

/// What the agent tells those who watch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", content = "about", rename_all = "snake_case")]
pub enum Event {
    /// What there is to show may have changed.
    Changed(Box<AgentState>),
    /// The window should come to the front, and answer with [`AgentRequest::Shown`].
    Show(Opening),
    /// The agent ends.
    Quit,
}

/// Why a request came to nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// For the window to switch on.
    pub code: RefusalCode,
    /// For people.
    #[serde(flatten)]
    pub why: Explained,
    /// The field that was filled in wrongly, where it is one.
    pub field: Option<String>,
}

/// What the window may switch on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalCode {
    /// Id or secret are wrong.
    Application,
    /// The keychain cannot be used.
    Keychain,
    /// Anything else; the sentence says it.
    Failed,
}

impl From<Explained> for Refusal {
    fn from(why: Explained) -> Refusal {
        Refusal { code: RefusalCode::Failed, why, field: None }
    }
}

impl From<anyhow::Error> for Refusal {
    fn from(error: anyhow::Error) -> Refusal {
        Refusal { field: field(&error), ..explained(&error).into() }
    }
}

impl From<SignInError> for Refusal {
    fn from(error: SignInError) -> Refusal {
        let (code, field) = match &error {
            SignInError::Withings(withings::Error::ApplicationRefused) => (RefusalCode::Application, None),
            SignInError::Keychain(_) => (RefusalCode::Keychain, None),
            SignInError::Local(error) => (RefusalCode::Failed, field(error)),
            SignInError::NotAsked
            | SignInError::TooLate
            | SignInError::Denied { .. }
            | SignInError::AnotherPerson { .. }
            | SignInError::ScopeMissing
            | SignInError::Withings(_)
            | SignInError::Beeminder(_) => (RefusalCode::Failed, None),
        };
        Refusal { code, why: explained_sign_in(&error), field }
    }
}

/// The field that an error is about.
fn field(error: &anyhow::Error) -> Option<String> {
    let new_goal = error.downcast_ref::<NewGoalError>().map(NewGoalError::field);
    let field = error.downcast_ref::<UserError>().and_then(|wrong| wrong.field).or(new_goal);
    field.map(ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_reaches_the_agent_and_no_log() {
        let application = Some(Credentials { client_id: "id".into(), secret: "hidden".into() });
        let request = AgentRequest::SignInWithings { application, way: CallbackWay::Scheme };
        assert!(!format!("{request:?}").contains("hidden"));
        let line = serde_json::to_string(&request).unwrap();
        let AgentRequest::SignInWithings { application: Some(read), .. } =
            serde_json::from_str(&line).unwrap()
        else {
            panic!("{line}");
        };
        assert_eq!(read.secret.expose_secret(), "hidden");
    }
}
