//! The keychain of Windows and macOS.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

use keyring_core::CredentialStore;
use secrecy::{ExposeSecret, SecretString};

use super::keychain::{Item, Keychain, KeychainError};

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
        // Other variants may carry secrets, so only their kind is told.
        keyring_core::Error::PlatformFailure(cause) => KeychainError::Failed(cause.to_string()),
        keyring_core::Error::Ambiguous(_) => {
            KeychainError::Failed("it has several entries of this program; delete all but one".into())
        }
        _ => KeychainError::Failed("it holds something this program did not write".into()),
    }
}
