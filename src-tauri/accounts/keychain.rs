//! The keychain: the operating system's store for tokens, and their only one. There is no plain-text fallback; a
//! keychain that is locked or missing is a state of its own, and never a sign-out.

use std::fmt;

#[cfg(feature = "sandbox")]
use secrecy::ExposeSecret;
use secrecy::SecretString;

use crate::domain::service::Service;
use crate::text::Message;

/// What is kept in the keychain, one text each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Item {
    /// The tokens of a service.
    Tokens(Service),
    /// The sign-in in flight, which has to outlive this process.
    SignIn,
    /// The user's own application at Withings, once it was checked.
    Application,
    /// What Withings' notifications need.
    Notifications,
}

impl Item {
    /// Everything there may be.
    pub const ALL: [Item; 5] = [
        Item::Tokens(Service::Withings),
        Item::Tokens(Service::Beeminder),
        Item::SignIn,
        Item::Application,
        Item::Notifications,
    ];

    /// The word it is filed under.
    pub fn name(self) -> &'static str {
        match self {
            Item::Tokens(service) => service.name(),
            Item::SignIn => "sign-in",
            Item::Application => "application",
            Item::Notifications => "notifications",
        }
    }
}

/// Where tokens are kept.
pub trait Keychain: fmt::Debug + Send + Sync {
    /// Loads what was saved; `None` when nothing was.
    ///
    /// # Errors
    /// When the keychain cannot be asked, which says nothing about what it holds.
    fn load(&self, item: Item) -> Result<Option<SecretString>, KeychainError>;

    /// Saves, in place of what was saved before.
    ///
    /// # Errors
    /// When it was not saved; what was saved before is still there.
    fn save(&self, item: Item, secret: &SecretString) -> Result<(), KeychainError>;

    /// Deletes what was saved, if anything.
    ///
    /// # Errors
    /// When it may still be there.
    fn delete(&self, item: Item) -> Result<(), KeychainError>;

    /// Makes sure that something can be saved, by the system's own dialog if need be, for which the user, who
    /// is there, has the time they want.
    ///
    /// # Errors
    /// When nothing could be saved.
    fn prepare(&self) -> Result<(), KeychainError> {
        Ok(())
    }

    /// Lets the keychain ask for its password once more: the user does something.
    fn ask_again(&self) {}
}

/// Why the keychain could not be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeychainError {
    /// It waits for the user's password.
    Locked,
    /// There is none.
    Absent,
    /// It failed.
    Failed(String),
    /// What was read back is not what was saved.
    NotKept,
}

impl KeychainError {
    /// The sentence for people.
    pub fn message(&self) -> Message {
        match self {
            KeychainError::Locked => Message::error("keychain_locked", []),
            KeychainError::Absent if cfg!(target_os = "linux") => Message::error("keychain_absent", []),
            KeychainError::Absent => Message::error("keychain_unreachable", []),
            KeychainError::Failed(message) => {
                Message::error("keychain_failed", [("message", message.clone())])
            }
            KeychainError::NotKept => Message::error("keychain_not_kept", []),
        }
    }
}

impl fmt::Display for KeychainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.message().fmt(f)
    }
}

#[cfg(target_os = "linux")]
pub use super::secret_service::SystemKeychain;
#[cfg(not(target_os = "linux"))]
pub use super::system_keychain::SystemKeychain;

/// Tokens in a file of the data directory, so that the sandbox can be restarted without a desktop.
#[cfg(feature = "sandbox")]
#[derive(Debug)]
pub struct FileKeychain {
    dir: std::path::PathBuf,
}

#[cfg(feature = "sandbox")]
impl FileKeychain {
    /// Makes a keychain in `dir`, which must be private.
    pub fn new(dir: &std::path::Path) -> FileKeychain {
        FileKeychain { dir: dir.to_owned() }
    }

    fn path(&self, item: Item) -> std::path::PathBuf {
        self.dir.join(format!("sandbox-tokens-{}.json", item.name()))
    }
}

#[cfg(feature = "sandbox")]
impl Keychain for FileKeychain {
    fn load(&self, item: Item) -> Result<Option<SecretString>, KeychainError> {
        match std::fs::read_to_string(self.path(item)) {
            Ok(text) => Ok(Some(text.into())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(KeychainError::Failed(error.to_string())),
        }
    }

    fn save(&self, item: Item, secret: &SecretString) -> Result<(), KeychainError> {
        crate::platform::data_dir::write_private_file(&self.path(item), secret.expose_secret().as_bytes())
            .map_err(|error| KeychainError::Failed(error.to_string()))
    }

    fn delete(&self, item: Item) -> Result<(), KeychainError> {
        match std::fs::remove_file(self.path(item)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(KeychainError::Failed(error.to_string()))
            }
            _ => Ok(()),
        }
    }
}
