//! Errors that the user can act on, and the explanation of any error for people.

use crate::accounts::callback::NotACallback;
use crate::accounts::keychain::KeychainError;
use crate::accounts::loopback::PortTaken;
use crate::accounts::sign_in::SignInError;
use crate::accounts::tokens::TokenError;
use crate::domain::goal::new_goal::NewGoalError;
use crate::platform::data_dir::Unusable;
use crate::platform::ipc::NotAnswering;
use crate::services::{beeminder, withings};
use crate::store;
use crate::subscriptions::problem;
use crate::subscriptions::receiver::CannotListen;
use crate::text::sentence;
use crate::text::{Explained, Message};

/// What was asked for does not do; the sentence says why and what does.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct UserError {
    /// The field's name in the forms of the window, where it was entered in one.
    pub field: Option<&'static str>,
    /// The sentence for people.
    pub message: Message,
}

impl UserError {
    /// Says what is wrong; `error.` and the code make the sentence's key.
    pub fn new<const N: usize>(code: &str, about: [(&str, String); N]) -> UserError {
        UserError { field: None, message: Message::error(code, about) }
    }

    /// Says it of a field.
    pub fn in_field(field: &'static str, message: Message) -> UserError {
        UserError { field: Some(field), message }
    }
}

/// Explains an error; what the user can do about it comes first.
pub fn explained(error: &anyhow::Error) -> Explained {
    if let Some(sentence) = store::advice(error) {
        return Explained { message: sentence::then(&sentence.to_string(), &told(error)), sentence };
    }
    explained_by(known(error), told(error))
}

/// A fault that nobody foresaw has no sentence but that.
fn explained_by(sentence: Option<Message>, message: String) -> Explained {
    let sentence = sentence.unwrap_or_else(|| Message::error("unforeseen", [("detail", message.clone())]));
    Explained { message, sentence }
}

/// The sentence that an error, or one of its causes, has for people.
fn known(error: &anyhow::Error) -> Option<Message> {
    // What was put in front of a cause is not in the chain of causes.
    let asked = error.downcast_ref::<UserError>().map(|error| error.message.clone());
    let port = || error.downcast_ref::<PortTaken>().map(|error| error.message());
    let receiver = || error.downcast_ref::<CannotListen>().map(CannotListen::message);
    let folder = || error.downcast_ref::<Unusable>().map(Unusable::message);
    asked.or_else(port).or_else(receiver).or_else(folder).or_else(|| error.chain().find_map(message))
}

/// The error with its causes, each said once. Where several have a sentence for people, the first is the
/// one that knows what was asked for; those below would only say it another way.
pub fn told(error: &anyhow::Error) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut has_sentence = false;
    for cause in error.chain() {
        let says = message(cause).is_some();
        if says && has_sentence {
            continue;
        }
        has_sentence |= says;
        let next = cause.to_string();
        let is_said = words.iter().any(|earlier| earlier.contains(next.trim_end_matches('.')));
        match words.last_mut() {
            _ if is_said => {}
            // Some causes say the whole of it again, and a little more.
            Some(last) if next.contains(last.trim_end_matches('.')) => *last = next,
            _ => words.push(next),
        }
    }
    words.iter().fold(String::new(), |text, next| sentence::then(&text, next))
}

/// Explains why a sign-in came to nothing.
pub fn explained_sign_in(error: &SignInError) -> Explained {
    if let SignInError::Local(error) = error {
        return explained(error);
    }
    explained_by(error.message(), error.to_string())
}

/// The sentence that a cause has for people.
fn message(cause: &(dyn std::error::Error + 'static)) -> Option<Message> {
    if let Some(error) = cause.downcast_ref::<SignInError>() {
        return if let SignInError::Local(error) = error { known(error) } else { error.message() };
    }
    if let Some(error) = cause.downcast_ref::<TokenError>() {
        return error.message();
    }
    let asked = cause.downcast_ref::<UserError>().map(|error| error.message.clone());
    let notifications = || problem::message(cause);
    let keychain = || cause.downcast_ref::<KeychainError>().map(KeychainError::message);
    let goal = || cause.downcast_ref::<NewGoalError>().map(NewGoalError::message);
    let callback = || cause.downcast_ref::<NotACallback>().map(|error| error.message());
    let newer = || cause.is::<store::Newer>().then(store::Newer::message);
    let not_ours = || cause.downcast_ref::<store::NotOurs>().map(store::NotOurs::message);
    let replaced = || cause.is::<store::Replaced>().then(store::Replaced::message);
    let wedged = || cause.downcast_ref::<NotAnswering>().map(|error| error.message());
    let withings = || cause.downcast_ref::<withings::Error>().map(withings::Error::message);
    let beeminder = || cause.downcast_ref::<beeminder::Error>().map(beeminder::Error::message);
    asked
        .or_else(notifications)
        .or_else(keychain)
        .or_else(goal)
        .or_else(callback)
        .or_else(wedged)
        .or_else(newer)
        .or_else(not_ours)
        .or_else(replaced)
        .or_else(withings)
        .or_else(beeminder)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::service::Service;
    use crate::text::Language;
    use anyhow::Context;

    #[test]
    fn an_error_is_explained_by_the_first_cause_that_has_a_sentence() {
        let german = |error: anyhow::Error| explained(&error).by(Language::German);
        let refused = beeminder::Error::RateLimited { retry_after: None };
        assert_eq!(
            german(anyhow::Error::new(refused).context("Failed to look")),
            "Beeminder bittet um eine Pause, weil es zu viele Anfragen waren"
        );
        let missing = anyhow::Error::from(TokenError::NotConnected(Service::Withings));
        assert_eq!(german(missing), "Withings ist nicht verbunden. Verbinden Sie es zuerst.");
        assert!(german(anyhow::anyhow!("Nobody foresaw this")).starts_with("Etwas ist fehlgeschlagen"));
        let wrong = Err::<(), _>(UserError::new("tick_one", [])).context("Failed to link").unwrap_err();
        let explained = explained(&wrong);
        assert!(explained.message.starts_with("Failed to link: "), "{explained}");
        assert!(explained.by(Language::German).starts_with("Wählen Sie"));
        let in_front = anyhow::anyhow!("Address already in use").context(PortTaken);
        assert!(german(in_front).starts_with("Port 8910 dieses Computers"));
        let signing_in =
            SignInError::Local(anyhow::anyhow!("no such file").context(UserError::new("no_browser", [])));
        assert!(explained_sign_in(&signing_in).by(Language::German).starts_with("Es konnte kein Browser"));
    }

    #[test]
    fn causes_make_sentences_and_none_says_the_contrary_of_another() {
        let io = || std::io::Error::other("address already in use");
        let unknown = SignInError::Beeminder(beeminder::Error::SignInAgain);
        for (error, expected) in [
            (
                anyhow::anyhow!("no space").context("Failed to write: no space").context("Failed to sync"),
                "Failed to sync: Failed to write: no space",
            ),
            (
                anyhow::anyhow!("Error 5: it is locked").context("it is locked").context("Failed."),
                "Failed. Error 5: it is locked.",
            ),
            (
                unknown.into(),
                "Beeminder does not know this token. Copy it again from beeminder.com/api/v1/auth_token.json.",
            ),
            (
                anyhow::Error::new(io()).context(PortTaken),
                "Port 8910 of this computer is taken by another program, and the browser has to come back to \
                 just that port. Close that program, or let the browser come back through an address of this \
                 program. Address already in use.",
            ),
            (
                anyhow::Error::from(TokenError::NotConnected(Service::Withings)).context("Failed to look."),
                "Failed to look. Withings is not connected. Connect it first.",
            ),
        ] {
            assert_eq!(told(&error), expected);
        }
    }

    #[test]
    fn no_two_sentences_are_glued_whatever_they_are() {
        let keys = crate::text::texts().keys().filter(|key| key.starts_with("error."));
        for key in keys {
            let filled = |place: &str| (place.to_owned(), "Something ended.".to_owned());
            let text = &crate::text::texts()[key];
            let places = text.split('{').skip(1).filter_map(|part| part.split(['}', ':']).next());
            let said = Message { key: key.clone(), args: places.map(filled).collect() };
            for error in [
                anyhow::anyhow!("a cause").context(UserError { field: None, message: said.clone() }),
                anyhow::Error::new(UserError { field: None, message: said.clone() })
                    .context("Failed to look"),
                anyhow::Error::new(UserError { field: None, message: said }).context("It failed."),
            ] {
                let words = explained(&error).message;
                for glued in [".:", "..", ".;", ". .", "?:", ".,"] {
                    assert!(!words.contains(glued), "{key}: {words}");
                }
            }
        }
    }
}
