//! What the window asks for. Each command calls the library and turns errors into a code for programs and
//! a sentence for people. The list is that of `permissions.toml` and of `ui/backend.js`.

pub(crate) mod accounts;
pub(crate) mod help;
pub(crate) mod history;
pub(crate) mod links;
pub(crate) mod program;
pub(crate) mod questions;

use beeminder_withings_sync::accounts::sign_in::SignInError;
use beeminder_withings_sync::app::{Wrong, explained, explained_sign_in};
use beeminder_withings_sync::domain::goal::new_goal::NewGoalError;
use beeminder_withings_sync::text::Explained;
use beeminder_withings_sync::view::tray::Wish;
use serde::Serialize;
use tauri::AppHandle;

use crate::shell::resident;

/// Why a command failed.
#[derive(Debug, Serialize)]
pub(crate) struct CommandError {
    code: Code,
    #[serde(flatten)]
    why: Explained,
    /// The field that was filled in wrongly, where it is one.
    field: Option<&'static str>,
}

/// What the window may switch on.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Code {
    /// Id or secret are wrong.
    Application,
    /// The keychain cannot be used.
    Keychain,
    /// Anything else; the message says it.
    Failed,
}

impl From<anyhow::Error> for CommandError {
    fn from(error: anyhow::Error) -> CommandError {
        CommandError { code: Code::Failed, why: explained(&error), field: field(&error) }
    }
}

/// The field that an error is about.
fn field(error: &anyhow::Error) -> Option<&'static str> {
    let new_goal = error.downcast_ref::<NewGoalError>().map(NewGoalError::field);
    error.downcast_ref::<Wrong>().and_then(|wrong| wrong.field).or(new_goal)
}

impl From<SignInError> for CommandError {
    fn from(error: SignInError) -> CommandError {
        use beeminder_withings_sync::services::withings::Error::ApplicationRefused;
        let (code, field) = match &error {
            SignInError::Withings(ApplicationRefused) => (Code::Application, None),
            SignInError::Keychain(_) => (Code::Keychain, None),
            SignInError::Local(error) => (Code::Failed, field(error)),
            SignInError::NotAsked
            | SignInError::TooLate
            | SignInError::Denied { .. }
            | SignInError::AnotherPerson { .. }
            | SignInError::ScopeMissing
            | SignInError::Withings(_)
            | SignInError::Beeminder(_) => (Code::Failed, None),
        };
        CommandError { code, why: explained_sign_in(&error), field }
    }
}

type Outcome<T = ()> = Result<T, CommandError>;

fn grant(app: &AppHandle, wish: Wish) -> Outcome {
    Ok(resident(app)?.grant(wish)?)
}
