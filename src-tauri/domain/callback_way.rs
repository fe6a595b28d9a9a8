//! The ways by which the browser comes back from a sign-in.

use strum::{EnumString, IntoStaticStr};

use crate::domain::service::Service;

/// The scheme this program registers.
pub const SCHEME: &str = "beeminder-withings-sync";

/// The port of the loopback callback. Fixed, because both services compare addresses to the letter.
pub const LOOPBACK_PORT: u16 = 8910;

/// How the browser reaches this program.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, IntoStaticStr, EnumString,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum CallbackWay {
    /// An address of this program's own scheme.
    Scheme,
    /// A port of this computer, open only while a sign-in is in flight.
    Loopback,
}

impl CallbackWay {
    /// The address to register at `service`, to the letter.
    pub fn redirect_uri(self, service: Service) -> String {
        match self {
            CallbackWay::Scheme => format!("{SCHEME}://{}/auth_callback", service.name()),
            CallbackWay::Loopback => {
                format!("http://127.0.0.1:{LOOPBACK_PORT}/{}/auth_callback", service.name())
            }
        }
    }
}
