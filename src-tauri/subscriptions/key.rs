//! The secret that this program's addresses are made of. It is in the keychain alone; whoever knows an address may
//! ring there, so none is ever stored or logged whole.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use strum::VariantArray;
use subtle::{Choice, ConstantTimeEq};

use crate::domain::appli::Appli;

/// How many bytes of a code are used: 128 bits.
const CODE: usize = 16;

/// The same in hexadecimal.
const WRITTEN: usize = 2 * CODE;

/// The secret.
#[derive(Clone)]
pub struct Key(SecretString);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}

/// What the end of an address asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Knock {
    /// It is where notifications of a kind of change come.
    Notification(Appli),
    /// This program asks itself, and is to be given this answer.
    Challenge(String),
}

impl Key {
    /// Makes a new one.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub fn new() -> anyhow::Result<Key> {
        let mut random = [0; 32];
        getrandom::fill(&mut random)?;
        Ok(Key(hex::encode(random).into()))
    }

    /// One that was kept.
    pub fn kept(text: SecretString) -> Key {
        Key(text)
    }

    /// Its text, for the keychain.
    pub fn text(&self) -> &SecretString {
        &self.0
    }

    /// The end of the address for a kind of change.
    pub fn end(&self, appli: Appli) -> SecretString {
        self.code("notification", &appli.number().to_string()).into()
    }

    /// A challenge that only this program can make, and its answer.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub fn challenge(&self) -> anyhow::Result<(SecretString, SecretString)> {
        let mut random = [0; CODE];
        getrandom::fill(&mut random)?;
        let nonce = hex::encode(random);
        let end = format!("{nonce}{}", self.code("challenge", &nonce));
        Ok((end.into(), self.code("answer", &nonce).into()))
    }

    /// What the end of an address asks for; `None` for everybody else's. Takes as long for every end of one length.
    pub fn knock(&self, end: &str) -> Option<Knock> {
        if end.len() == WRITTEN {
            let mut found = None;
            for appli in Appli::VARIANTS {
                if bool::from(is_same(self.end(*appli).expose_secret(), end)) {
                    found = Some(Knock::Notification(*appli));
                }
            }
            return found;
        }
        let (nonce, code) = end.split_at_checked(WRITTEN).filter(|_| end.len() == 2 * WRITTEN)?;
        let is_ours = bool::from(is_same(&self.code("challenge", nonce), code));
        is_ours.then(|| Knock::Challenge(self.code("answer", nonce)))
    }

    fn code(&self, purpose: &str, about: &str) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.expose_secret().as_bytes())
            .expect("HMAC takes keys of every length");
        mac.update(format!("{purpose} {about}").as_bytes());
        hex::encode(&mac.finalize().into_bytes()[..CODE])
    }
}

fn is_same(one: &str, other: &str) -> Choice {
    one.as_bytes().ct_eq(other.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_address_leads_to_its_kind_of_change_and_no_other_to_any() {
        let (key, other) = (Key::new().unwrap(), Key::new().unwrap());
        for appli in Appli::VARIANTS {
            let end = key.end(*appli);
            assert_eq!(end.expose_secret().len(), WRITTEN, "128 bits");
            assert_eq!(key.knock(end.expose_secret()), Some(Knock::Notification(*appli)));
            assert_eq!(other.knock(end.expose_secret()), None);
        }
        let end = key.end(Appli::Weight).expose_secret().to_owned();
        for wrong in [&end[1..], &end.to_uppercase(), &end.replace(&end[..1], "x"), "", "é", &"é".repeat(16)]
        {
            assert_eq!(key.knock(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_challenge_is_answered_by_who_has_the_key_alone_and_each_is_new() {
        let (key, other) = (Key::new().unwrap(), Key::new().unwrap());
        let (end, answer) = key.challenge().unwrap();
        let again = Key::kept(key.text().clone());
        assert_eq!(again.knock(end.expose_secret()), Some(Knock::Challenge(answer.expose_secret().into())));
        assert_eq!(other.knock(end.expose_secret()), None);
        assert_ne!(key.challenge().unwrap().0.expose_secret(), end.expose_secret());
        let forged = format!("{}{}", "0".repeat(32), &end.expose_secret()[32..]);
        assert_eq!(key.knock(&forged), None);
        for odd in [&"é".repeat(32), &format!("{}é{}", "0".repeat(31), "0".repeat(31))] {
            assert_eq!(key.knock(odd), None, "{odd}");
        }
    }

    #[test]
    fn nothing_of_it_is_shown() {
        let key = Key::kept("hidden".to_owned().into());
        assert!(
            !format!("{key:?} {:?} {:?}", key.end(Appli::Weight), key.challenge().unwrap())
                .contains("hidden")
        );
        assert!(!format!("{:?}", key.end(Appli::Weight)).contains(key.end(Appli::Weight).expose_secret()));
    }
}
