//! What the Secret Service's errors mean, told apart by their names: texts are translated, and differ from
//! one service to the other.
//!
//! <https://dbus.freedesktop.org/doc/dbus-specification.html>
//! <https://specifications.freedesktop.org/secret-service-spec/latest/errors.html>

use secret_service::Error;
use zbus::DBusError;

use super::Failure;
use crate::accounts::keychain::KeychainError;

/// Nobody has the service's name, and nobody can be started who would.
const ABSENT: [&str; 4] = ["ServiceUnknown", "NameHasNoOwner", "NoServer", "Disconnected"];

/// What the bus' own errors begin with.
const BUS: &str = "org.freedesktop.DBus.Error.";

/// What a failure means for the user.
pub(super) fn of(failure: &Failure) -> KeychainError {
    match failure {
        Failure::AskedBefore => KeychainError::Locked,
        Failure::Several => {
            KeychainError::Failed("it has several entries of this program; delete all but one".into())
        }
        Failure::Foreign => KeychainError::Failed("it holds something this program did not write".into()),
        Failure::Service(error) => of_service(error),
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "variants of another crate, which may grow")]
fn of_service(error: &Error) -> KeychainError {
    match error {
        Error::Locked | Error::Prompt | Error::PromptDisconnected => KeychainError::Locked,
        Error::Unavailable => KeychainError::Absent,
        Error::Zbus(error) => of_bus(error),
        Error::ZbusFdo(error) => named(error.name().as_str(), error),
        _ => KeychainError::Failed(error.to_string()),
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "variants of another crate, which may grow")]
fn of_bus(error: &zbus::Error) -> KeychainError {
    match error {
        zbus::Error::MethodError(name, _, _) => named(name.as_str(), error),
        zbus::Error::FDO(error) => named(error.name().as_str(), error),
        // There is no bus.
        zbus::Error::Connection(..)
        | zbus::Error::InputOutput(_)
        | zbus::Error::Address(_)
        | zbus::Error::Handshake(_)
        | zbus::Error::InterfaceNotFound => KeychainError::Absent,
        _ => KeychainError::Failed(error.to_string()),
    }
}

fn named(name: &str, error: &dyn std::error::Error) -> KeychainError {
    if name == "org.freedesktop.Secret.Error.IsLocked" {
        return KeychainError::Locked;
    }
    match name.strip_prefix(BUS) {
        Some(short) if ABSENT.contains(&short) || short.starts_with("Spawn.") => KeychainError::Absent,
        Some(_) | None => KeychainError::Failed(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn method_error(name: &str) -> Error {
        let message = zbus::Message::method_call("/", "Call").unwrap().build(&()).unwrap();
        let text = Some("the session bus cannot connect".into());
        Error::Zbus(zbus::Error::MethodError(name.try_into().unwrap(), text, message))
    }

    #[test]
    fn errors_are_told_apart_by_their_names_and_not_by_their_words() {
        for (name, expected) in [
            ("org.freedesktop.DBus.Error.ServiceUnknown", "absent"),
            ("org.freedesktop.DBus.Error.NameHasNoOwner", "absent"),
            ("org.freedesktop.DBus.Error.Spawn.ChildExited", "absent"),
            ("org.freedesktop.DBus.Error.Failed", "failed"),
            ("org.freedesktop.DBus.Error.NoReply", "failed"),
            ("org.freedesktop.DBus.Error.AccessDenied", "failed"),
            ("org.freedesktop.Secret.Error.IsLocked", "locked"),
            ("org.freedesktop.Secret.Error.NoSession", "failed"),
        ] {
            let found = match of_service(&method_error(name)) {
                KeychainError::Absent => "absent",
                KeychainError::Locked => "locked",
                KeychainError::Failed(_) => "failed",
                KeychainError::NotKept => "not kept",
            };
            assert_eq!(found, expected, "{name}");
        }
        assert_eq!(of_service(&Error::Unavailable), KeychainError::Absent);
        assert_eq!(of_service(&Error::Prompt), KeychainError::Locked);
    }
}
