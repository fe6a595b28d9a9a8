//! The keychain: the operating system's store for tokens, and their only one. There is no plain-text fallback; a
//! keychain that is locked or missing is a state of its own, and never a sign-out.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

use keyring_core::CredentialStore;
use secrecy::{ExposeSecret, SecretString};

use crate::domain::service::Service;
use crate::text::Message;

/// What is kept in the keychain, one text each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Item {
    /// The tokens of a service.
    Tokens(Service),
    /// The sign-in in flight, which has to outlive this process.
    SignIn,
}

impl Item {
    /// Everything there may be.
    pub const ALL: [Item; 3] =
        [Item::Tokens(Service::Withings), Item::Tokens(Service::Beeminder), Item::SignIn];

    /// The word it is filed under.
    pub fn name(self) -> &'static str {
        match self {
            Item::Tokens(service) => service.name(),
            Item::SignIn => "sign-in",
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

/// The operating system's keychain.
///
/// The connection is made at first use and again after every failure: a keychain that was not there at
/// login may be there a minute later.
#[derive(Debug)]
pub struct SystemKeychain {
    /// The name that entries are filed under.
    label: String,
    /// Tells the entries of several data directories apart; empty for the usual one.
    suffix: String,
    store: Arc<Mutex<Option<Arc<CredentialStore>>>>,
    /// How many threads wait for the keychain.
    waiting: Arc<AtomicUsize>,
}

/// Threads behind a prompt that nobody answers for days must not pile up.
const MOST_WAITING: usize = 4;

/// A prompt nobody answers must not hold up the program.
const PROMPT_TIMEOUT: Duration = Duration::from_secs(25);

impl Drop for SystemKeychain {
    fn drop(&mut self) {
        // The connection waits for its end, which no thread may that runs tasks.
        let store = Arc::clone(&self.store);
        std::thread::spawn(move || drop(store.lock().unwrap_or_else(PoisonError::into_inner).take()));
    }
}

impl SystemKeychain {
    /// Makes a keychain whose entries carry `label`, and `suffix` behind the service's name.
    pub fn new(label: &str, suffix: &str) -> SystemKeychain {
        let (store, waiting) = (Arc::default(), Arc::default());
        SystemKeychain { label: label.to_owned(), suffix: suffix.to_owned(), store, waiting }
    }

    /// Runs `work` on the entry, on a thread of its own because the system may prompt.
    fn with_entry<T: Send + 'static>(
        &self,
        item: Item,
        work: impl FnOnce(&keyring_core::Entry) -> keyring_core::Result<T> + Send + 'static,
    ) -> Result<T, KeychainError> {
        let (label, user) = (self.label.clone(), format!("{}{}", item.name(), self.suffix));
        let (shared, waiting) = (Arc::clone(&self.store), Arc::clone(&self.waiting));
        if waiting.fetch_add(1, Ordering::SeqCst) >= MOST_WAITING {
            waiting.fetch_sub(1, Ordering::SeqCst);
            return Err(KeychainError::Locked);
        }
        let (sender, receiver) = mpsc::channel();
        std::thread::spawn(move || {
            // Whoever waits behind a prompt gives up on its own.
            let mut store = shared.lock().unwrap_or_else(PoisonError::into_inner);
            let outcome = open(&mut store).and_then(|store| {
                let entry = store.build(&label, &user, None)?;
                work(&entry)
            });
            if matches!(&outcome, Err(error) if !matches!(error, keyring_core::Error::NoEntry)) {
                *store = None;
            }
            drop(store);
            waiting.fetch_sub(1, Ordering::SeqCst);
            // Nobody listens any more after a time-out.
            let _ = sender.send(outcome);
        });
        match receiver.recv_timeout(PROMPT_TIMEOUT) {
            Ok(outcome) => outcome.map_err(|error| meaning(&error)),
            Err(_) => Err(KeychainError::Locked),
        }
    }
}

impl Keychain for SystemKeychain {
    fn load(&self, item: Item) -> Result<Option<SecretString>, KeychainError> {
        self.with_entry(item, |entry| match entry.get_password() {
            Ok(secret) => Ok(Some(SecretString::from(secret))),
            Err(keyring_core::Error::NoEntry) => Ok(None),
            Err(error) => Err(error),
        })
    }

    fn save(&self, item: Item, secret: &SecretString) -> Result<(), KeychainError> {
        let secret = secret.clone();
        self.with_entry(item, move |entry| entry.set_password(secret.expose_secret()))
    }

    fn delete(&self, item: Item) -> Result<(), KeychainError> {
        self.with_entry(item, |entry| match entry.delete_credential() {
            Ok(()) | Err(keyring_core::Error::NoEntry) => Ok(()),
            Err(error) => Err(error),
        })
    }
}

fn open(store: &mut Option<Arc<CredentialStore>>) -> keyring_core::Result<Arc<CredentialStore>> {
    if let Some(store) = store {
        return Ok(Arc::clone(store));
    }
    let opened = system_store()?;
    *store = Some(Arc::clone(&opened));
    Ok(opened)
}

#[cfg(target_os = "linux")]
fn system_store() -> keyring_core::Result<Arc<CredentialStore>> {
    Ok(zbus_secret_service_keyring_store::Store::new()?)
}

#[cfg(target_os = "macos")]
fn system_store() -> keyring_core::Result<Arc<CredentialStore>> {
    Ok(apple_native_keyring_store::keychain::Store::new()?)
}

#[cfg(windows)]
fn system_store() -> keyring_core::Result<Arc<CredentialStore>> {
    Ok(windows_native_keyring_store::Store::new()?)
}

#[expect(clippy::wildcard_enum_match_arm, reason = "variants of another crate, which may grow")]
fn meaning(error: &keyring_core::Error) -> KeychainError {
    match error {
        keyring_core::Error::NoStorageAccess(_) => KeychainError::Locked,
        keyring_core::Error::NoDefaultStore => KeychainError::Absent,
        // Without a bus, or with nobody on it who keeps secrets, the platform fails to connect.
        keyring_core::Error::PlatformFailure(cause) if is_absent(cause.as_ref()) => KeychainError::Absent,
        // Other variants may carry secrets, so only their kind is told.
        keyring_core::Error::PlatformFailure(cause) => KeychainError::Failed(cause.to_string()),
        keyring_core::Error::Ambiguous(_) => {
            KeychainError::Failed("it has several entries of this program; delete all but one".into())
        }
        _ => KeychainError::Failed("it holds something this program did not write".into()),
    }
}

fn is_absent(cause: &(dyn std::error::Error + 'static)) -> bool {
    let words = cause.to_string().to_lowercase();
    [
        "no secret service",
        "unavailable",
        "not provided by any",
        "serviceunknown",
        "no such file",
        "input/output",
        "connect",
        "bus",
    ]
    .iter()
    .any(|word| words.contains(word))
}

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
