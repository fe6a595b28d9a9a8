//! A keychain in memory that can be locked, missing, or fail to keep what is saved.

use std::collections::HashMap;
use std::sync::Mutex;

use beeminder_withings_sync::accounts::keychain::{Item, Keychain, KeychainError};
use beeminder_withings_sync::domain::service::Service;
use secrecy::{ExposeSecret, SecretString};

#[derive(Debug, Default)]
pub(crate) struct MemoryKeychain {
    entries: Mutex<HashMap<Item, SecretString>>,
    trouble: Mutex<Trouble>,
}

#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) enum Trouble {
    #[default]
    None,
    /// Nothing works.
    All(KeychainError),
    /// Loading works, saving does not.
    Save(KeychainError),
    /// Saving seems to work.
    ForgetsSaves,
}

impl MemoryKeychain {
    pub(crate) fn make(&self, trouble: Trouble) {
        *self.trouble.lock().unwrap() = trouble;
    }

    pub(crate) fn unlock(&self) {
        self.make(Trouble::None);
    }

    /// What is stored, whatever the trouble.
    pub(crate) fn stored(&self, service: Service) -> Option<String> {
        self.entries
            .lock()
            .unwrap()
            .get(&Item::Tokens(service))
            .map(|secret| secret.expose_secret().to_owned())
    }

    /// Puts back what was stored at another time, as a restored backup does.
    pub(crate) fn put_back(&self, service: Service, text: String) {
        self.entries.lock().unwrap().insert(Item::Tokens(service), text.into());
    }

    fn trouble(&self) -> Trouble {
        self.trouble.lock().unwrap().clone()
    }
}

impl Keychain for MemoryKeychain {
    fn load(&self, item: Item) -> Result<Option<SecretString>, KeychainError> {
        match self.trouble() {
            Trouble::All(error) => Err(error),
            Trouble::None | Trouble::Save(_) | Trouble::ForgetsSaves => {
                Ok(self.entries.lock().unwrap().get(&item).cloned())
            }
        }
    }

    fn save(&self, item: Item, secret: &SecretString) -> Result<(), KeychainError> {
        match self.trouble() {
            Trouble::All(error) | Trouble::Save(error) => Err(error),
            Trouble::ForgetsSaves => Ok(()),
            Trouble::None => {
                self.entries.lock().unwrap().insert(item, secret.clone());
                Ok(())
            }
        }
    }

    fn delete(&self, item: Item) -> Result<(), KeychainError> {
        match self.trouble() {
            Trouble::All(error) => Err(error),
            Trouble::None | Trouble::Save(_) | Trouble::ForgetsSaves => {
                self.entries.lock().unwrap().remove(&item);
                Ok(())
            }
        }
    }
}
