//! The two services.

use std::fmt;

/// One of the two services.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Service {
    /// Where measurements come from.
    Withings,
    /// Where they go.
    Beeminder,
}

impl Service {
    /// Both.
    pub const ALL: [Service; 2] = [Service::Withings, Service::Beeminder];

    /// The word in addresses, the store and the keychain.
    pub fn name(self) -> &'static str {
        match self {
            Service::Withings => "withings",
            Service::Beeminder => "beeminder",
        }
    }

    /// Reads the word back.
    pub fn named(name: &str) -> Option<Service> {
        Service::ALL.into_iter().find(|service| service.name() == name)
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Service::Withings => "Withings",
            Service::Beeminder => "Beeminder",
        })
    }
}
