//! The keychain of a Linux session: its Secret Service, which is gnome-keyring, `KWallet` or `KeePassXC`.
//!
//! Its prompt is asked for once, and again only when the user does something or after it was unlocked: a
//! prompt that comes back after *Cancel* is answered by nobody. Where there is no collection yet, the system's
//! own dialog makes one.
//!
//! <https://specifications.freedesktop.org/secret-service-spec/latest/>

mod meaning;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak, mpsc};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use secret_service::blocking::{Collection, Item as Entry, SecretService};
use secret_service::{EncryptionType, Error};

use super::keychain::{Item, Keychain, KeychainError};

/// How long a pass waits for a prompt or for a service that hangs. Unlocking it later starts a pass.
const PASS_PATIENCE: Duration = Duration::from_secs(15);

/// How long someone who asked for a sign-in may take for the system's dialog.
const USER_PATIENCE: Duration = Duration::from_secs(180);

/// The collection that programs use, and what one that has to be made is called.
const DEFAULT: &str = "default";
const LABEL: &str = "Default";

/// The collection that is gone after the session.
const SESSION: &str = "/session";

/// The session's keychain.
///
/// The connection is made at first use and again after every failure: a keychain that was not there at
/// login may be there a minute later.
#[derive(Debug)]
pub struct SystemKeychain {
    /// The name that entries are filed under.
    label: String,
    /// Tells the entries of several data directories apart; empty for the usual one.
    suffix: String,
    shared: Arc<Shared>,
}

/// What the threads that wait for the service share.
#[derive(Default)]
struct Shared {
    service: Mutex<Option<SecretService<'static>>>,
    /// The thread that waits for a prompt, or for a service that hangs, while it lives.
    stuck: Mutex<Weak<()>>,
    /// Whether the user was asked for the password and is left alone.
    asked: AtomicBool,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("asked", &self.asked).finish_non_exhaustive()
    }
}

impl Drop for SystemKeychain {
    fn drop(&mut self) {
        // The connection waits for its end, which no thread may that runs tasks.
        let shared = Arc::clone(&self.shared);
        std::thread::spawn(move || drop(shared.service().take()));
    }
}

/// Why something came to nothing.
#[derive(Debug)]
enum Failure {
    /// It would need the prompt, which was shown already.
    AskedBefore,
    /// More than one entry looks like this program's.
    Several,
    /// An entry is not a text.
    Foreign,
    Service(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure::Service(error)
    }
}

impl SystemKeychain {
    /// Makes a keychain whose entries carry `label`, and `suffix` behind the service's name.
    pub fn new(label: &str, suffix: &str) -> SystemKeychain {
        SystemKeychain { label: label.to_owned(), suffix: suffix.to_owned(), shared: Arc::default() }
    }

    fn attributes(&self, item: Item) -> Attributes {
        Attributes { service: self.label.clone(), username: format!("{}{}", item.name(), self.suffix) }
    }

    /// Runs `work` on a thread of its own, because the system may prompt, and waits for it for a while.
    fn run<T: Send + 'static>(
        &self,
        patience: Duration,
        work: impl FnOnce(&Open<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, KeychainError> {
        if self.shared.is_stuck() {
            return Err(KeychainError::Locked);
        }
        let (sender, receiver) = mpsc::channel();
        let (shared, life) = (Arc::clone(&self.shared), Arc::new(()));
        let watched = Arc::downgrade(&life);
        std::thread::spawn(move || {
            let outcome = shared.work(&life, work);
            drop(life);
            // Nobody listens any more after a time-out.
            let _ = sender.send(outcome);
        });
        match receiver.recv_timeout(patience) {
            Ok(outcome) => outcome.map_err(|failure| meaning::of(&failure)),
            Err(_) => {
                self.shared.note_stuck(watched);
                Err(KeychainError::Locked)
            }
        }
    }
}

impl Keychain for SystemKeychain {
    fn load(&self, item: Item) -> Result<Option<SecretString>, KeychainError> {
        let attributes = self.attributes(item);
        self.run(PASS_PATIENCE, move |open| {
            let Some(entry) = open.find(&attributes)? else { return Ok(None) };
            let text = String::from_utf8(entry.get_secret()?).map_err(|_| Failure::Foreign)?;
            Ok(Some(text.into()))
        })
    }

    fn save(&self, item: Item, secret: &SecretString) -> Result<(), KeychainError> {
        let (attributes, secret) = (self.attributes(item), secret.clone());
        self.run(PASS_PATIENCE, move |open| {
            let bytes = secret.expose_secret().as_bytes();
            match open.find(&attributes)? {
                Some(entry) => entry.set_secret(bytes, "text/plain")?,
                None => {
                    let label = format!("{}: {}", attributes.service, attributes.username);
                    let collection = open.collection()?;
                    collection.create_item(&label, attributes.map(), bytes, true, "text/plain")?;
                }
            }
            Ok(())
        })
    }

    fn delete(&self, item: Item) -> Result<(), KeychainError> {
        let attributes = self.attributes(item);
        self.run(PASS_PATIENCE, move |open| {
            open.find(&attributes)?.map_or(Ok(()), |entry| Ok(entry.delete()?))
        })
    }

    fn prepare(&self) -> Result<(), KeychainError> {
        self.run(USER_PATIENCE, |open| open.collection().map(drop))
    }

    fn ask_again(&self) {
        self.shared.asked.store(false, Ordering::SeqCst);
    }
}

impl Shared {
    fn service(&self) -> MutexGuard<'_, Option<SecretService<'static>>> {
        self.service.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_stuck(&self) -> bool {
        self.stuck.lock().unwrap_or_else(PoisonError::into_inner).strong_count() > 0
    }

    fn note_stuck(&self, thread: Weak<()>) {
        *self.stuck.lock().unwrap_or_else(PoisonError::into_inner) = thread;
    }

    fn work<T>(
        &self,
        life: &Arc<()>,
        work: impl FnOnce(&Open<'_>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mut service = self.service();
        let connected = match service.take() {
            Some(connected) => connected,
            None => SecretService::connect(EncryptionType::Dh)?,
        };
        let outcome = work(&Open { service: &connected, shared: self, life });
        if !matches!(outcome, Err(Failure::Service(_))) {
            *service = Some(connected);
        }
        if outcome.is_ok() {
            // It is unlocked: when it is locked again, that is news.
            self.asked.store(false, Ordering::SeqCst);
        }
        outcome
    }
}

/// What an entry is found by.
struct Attributes {
    service: String,
    username: String,
}

impl Attributes {
    fn map(&self) -> HashMap<&str, &str> {
        HashMap::from([("service", self.service.as_str()), ("username", self.username.as_str())])
    }
}

/// A connection, and the thread that works with it.
struct Open<'a> {
    service: &'a SecretService<'a>,
    shared: &'a Shared,
    life: &'a Arc<()>,
}

impl<'a> Open<'a> {
    /// The entry, unlocked.
    fn find(&self, attributes: &Attributes) -> Result<Option<Entry<'a>>, Failure> {
        let found = self.search(attributes)?;
        if found.is_some() || !self.is_closed()? {
            return Ok(found);
        }
        self.collection()?;
        self.search(attributes)
    }

    fn search(&self, attributes: &Attributes) -> Result<Option<Entry<'a>>, Failure> {
        let found = self.service.search_items(attributes.map())?;
        let mut all = found.unlocked.into_iter().chain(found.locked);
        let (first, second) = (all.next(), all.next());
        if second.is_some() {
            return Err(Failure::Several);
        }
        if let Some(entry) = &first
            && entry.is_locked()?
        {
            self.prompt(|| entry.unlock())?;
        }
        Ok(first)
    }

    /// Whether the collection does not say what it holds until it is unlocked, as `KWallet`'s.
    fn is_closed(&self) -> Result<bool, Failure> {
        let Some(collection) = self.existing()? else { return Ok(false) };
        Ok(collection.is_locked()? && holds_nothing(&collection)?)
    }

    /// The collection that is the default, or else one that outlasts the session: `KWallet` has a wallet before
    /// it calls one the default.
    fn existing(&self) -> Result<Option<Collection<'a>>, Failure> {
        match self.service.get_default_collection() {
            Ok(collection) => return Ok(Some(collection)),
            Err(Error::NoResult) => {}
            Err(error) => return Err(error.into()),
        }
        let mut all = self.service.get_all_collections()?;
        all.retain(|collection| !collection.collection_path.ends_with(SESSION));
        Ok(all.into_iter().next())
    }

    /// The collection for entries, unlocked, made if need be.
    fn collection(&self) -> Result<Collection<'a>, Failure> {
        let collection = match self.existing()? {
            Some(collection) => collection,
            None => self.prompt(|| self.service.create_collection(LABEL, DEFAULT))?,
        };
        if collection.is_locked()? {
            self.prompt(|| collection.unlock())?;
        }
        Ok(collection)
    }

    /// Does what the system asks the user for, unless they were asked before. Nobody waits behind them.
    fn prompt<T>(&self, work: impl FnOnce() -> Result<T, Error>) -> Result<T, Failure> {
        if self.shared.asked.swap(true, Ordering::SeqCst) {
            return Err(Failure::AskedBefore);
        }
        let before = std::mem::replace(
            &mut *self.shared.stuck.lock().unwrap_or_else(PoisonError::into_inner),
            Arc::downgrade(self.life),
        );
        let outcome = work();
        self.shared.note_stuck(before);
        Ok(outcome?)
    }
}

fn holds_nothing(collection: &Collection<'_>) -> Result<bool, Failure> {
    Ok(collection.get_all_items()?.is_empty())
}
