//! The public address under which Withings reaches this program, and why an address cannot be one. Pure.
//!
//! <https://developer.withings.com/developer-guide/v3/data-api/notifications/notification-subscribe>

use std::fmt;

use url::{Host, Url};

use crate::text::Message;

/// The longest address that Withings takes.
const LONGEST: usize = 255;

/// How much the secret end adds: a slash and 128 bits in hexadecimal.
pub const SECRET_END: usize = 33;

/// The address without its secret end. It ends with a slash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicAddress(Url);

/// Who else may be called than a public name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Nobody, as Withings has it.
    Public,
    /// This computer as well: the sandbox's Withings calls nobody else.
    Loopback,
}

/// Why an address cannot be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It is no address at all, or has parts that make no sense here.
    Malformed,
    /// It does not begin with `https://`.
    NotHttps,
    /// It is the number of a computer, or names this one.
    NoName,
    /// It leads to another port than 443.
    Port,
    /// It is longer than Withings takes.
    TooLong,
}

impl AddressError {
    /// The sentence for people.
    pub fn message(self) -> Message {
        match self {
            AddressError::Malformed => Message::error("address_malformed", []),
            AddressError::NotHttps => Message::error("address_not_https", []),
            AddressError::NoName => Message::error("address_no_name", []),
            AddressError::Port => Message::error("address_port", []),
            AddressError::TooLong => {
                Message::error("address_too_long", [("most", (LONGEST - SECRET_END).to_string())])
            }
        }
    }
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.message().fmt(f)
    }
}

impl PublicAddress {
    /// Reads an address as `https://host/base`.
    ///
    /// # Errors
    /// When Withings would not take it.
    pub fn parse(text: &str, reach: Reach) -> Result<PublicAddress, AddressError> {
        let mut url = Url::parse(text.trim()).map_err(|_| AddressError::Malformed)?;
        let is_bare = url.query().is_none() && url.fragment().is_none();
        if !is_bare || !url.username().is_empty() || url.password().is_some() || !url.has_host() {
            return Err(AddressError::Malformed);
        }
        if reach == Reach::Public || !is_this_computer(&url) {
            check_public(&url)?;
        }
        if !url.path().ends_with('/') {
            url.set_path(&format!("{}/", url.path()));
        }
        if url.as_str().len() + SECRET_END - 1 > LONGEST {
            return Err(AddressError::TooLong);
        }
        Ok(PublicAddress(url))
    }

    /// An address that a tunnel printed: that of a whole host, and not of a page for people.
    pub fn printed(text: &str, reach: Reach) -> Option<PublicAddress> {
        PublicAddress::parse(text, reach).ok().filter(|address| address.0.path() == "/")
    }

    /// The address with an end.
    pub fn with(&self, end: &str) -> Url {
        let mut url = self.0.clone();
        url.set_path(&format!("{}{end}", self.0.path()));
        url
    }

    /// The host's name.
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }
}

impl fmt::Display for PublicAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

fn check_public(url: &Url) -> Result<(), AddressError> {
    if url.scheme() != "https" {
        return Err(AddressError::NotHttps);
    }
    match url.host() {
        Some(Host::Domain(name)) if name.contains('.') && !name.ends_with(".localhost") => {}
        Some(Host::Domain(_) | Host::Ipv4(_) | Host::Ipv6(_)) | None => return Err(AddressError::NoName),
    }
    if url.port_or_known_default() == Some(443) { Ok(()) } else { Err(AddressError::Port) }
}

fn is_this_computer(url: &Url) -> bool {
    matches!(url.host(), Some(Host::Ipv4(address)) if address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_withings_takes_is_a_public_address() {
        let long = |length: usize| format!("https://a.example/{}", "x".repeat(length - 18));
        for (text, expected) in [
            ("https://host.example/base", Ok("https://host.example/base/")),
            ("https://host.example", Ok("https://host.example/")),
            (" https://host.example:443/a/ ", Ok("https://host.example/a/")),
            ("https://HOST.example/A", Ok("https://host.example/A/")),
            ("host.example", Err(AddressError::Malformed)),
            ("https://", Err(AddressError::Malformed)),
            ("https://u:p@host.example/", Err(AddressError::Malformed)),
            ("https://host.example/?a=1", Err(AddressError::Malformed)),
            ("https://host.example/#a", Err(AddressError::Malformed)),
            ("mailto:a@host.example", Err(AddressError::Malformed)),
            ("http://host.example/", Err(AddressError::NotHttps)),
            ("https://localhost/", Err(AddressError::NoName)),
            ("https://a.localhost/", Err(AddressError::NoName)),
            ("https://nas/", Err(AddressError::NoName)),
            ("https://192.0.2.1/", Err(AddressError::NoName)),
            ("https://127.0.0.1/", Err(AddressError::NoName)),
            ("https://[2001:db8::1]/", Err(AddressError::NoName)),
            ("https://host.example:8443/", Err(AddressError::Port)),
            (&long(221), Ok(&format!("{}/", long(221)))),
            (&long(223), Err(AddressError::TooLong)),
        ] {
            let found = PublicAddress::parse(text, Reach::Public).map(|address| address.to_string());
            assert_eq!(found, expected.map(str::to_owned), "{text}");
        }
        let here = "http://127.0.0.1:8911/base";
        assert!(PublicAddress::parse(here, Reach::Loopback).is_ok());
        assert_eq!(PublicAddress::parse(here, Reach::Public), Err(AddressError::NotHttps));
        assert_eq!(PublicAddress::parse("http://192.0.2.1/", Reach::Loopback), Err(AddressError::NotHttps));
    }

    #[test]
    fn a_printed_page_for_people_is_no_address_of_a_tunnel() {
        for (text, expected) in [
            ("https://some-words.trycloudflare.example", true),
            ("https://some-words.trycloudflare.example/", true),
            ("https://www.cloudflare.com/website-terms/", false),
            ("http://localhost:8911", false),
            ("https://127.0.0.1:8911", false),
        ] {
            assert_eq!(PublicAddress::printed(text, Reach::Public).is_some(), expected, "{text}");
        }
    }

    #[test]
    fn ends_are_put_behind_the_base() {
        let address = PublicAddress::parse("https://host.example/base", Reach::Public).unwrap();
        assert_eq!(address.with("abc").as_str(), "https://host.example/base/abc");
        assert_eq!(address.host(), "host.example");
    }
}
