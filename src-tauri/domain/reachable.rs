//! How Withings reaches this program, as the user chose it. Pure.

use std::net::{Ipv4Addr, SocketAddr};

use serde::{Serialize, Serializer};

/// Where notifications are received unless the user says otherwise: on this computer alone.
pub const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8911);

/// How Withings reaches this program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reachable {
    /// Where its notifications are received.
    pub listen: SocketAddr,
    /// What leads there.
    pub way: Way,
}

/// What leads from outside to this program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "way", rename_all = "snake_case")]
pub enum Way {
    /// An address of the user's.
    Address {
        /// The address, as `https://host/base`.
        address: String,
    },
    /// A command that this program runs; it may hold a secret, so it is in the keychain alone.
    Tunnel {
        /// Its first word, for showing.
        program: String,
    },
}

impl Serialize for Reachable {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Shown<'a> {
            listen: String,
            #[serde(flatten)]
            way: &'a Way,
        }
        Shown { listen: self.listen.to_string(), way: &self.way }.serialize(serializer)
    }
}

impl Way {
    /// A tunnel's command, of which only the first word is kept here.
    pub fn of_command(command: &str) -> Way {
        // What is set for the command may be a secret.
        let word = command.split_whitespace().find(|word| !word.contains('=')).unwrap_or_default();
        let program = word.trim_matches(['\'', '"']).rsplit(['/', '\\']).next().unwrap_or_default();
        let is_name = program.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
        Way::Tunnel { program: if is_name { program } else { "sh" }.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_command_only_the_programs_name_is_shown() {
        for (command, program) in [
            ("cloudflared tunnel run --token secret", "cloudflared"),
            ("'/usr/local/bin/ngrok' http {port}", "ngrok"),
            ("", ""),
            ("TUNNEL_TOKEN=secret cloudflared tunnel run", "cloudflared"),
            ("$(cat token) x", "sh"),
        ] {
            assert_eq!(Way::of_command(command), Way::Tunnel { program: program.into() });
        }
        let shown = serde_json::to_value(Reachable { listen: LISTEN, way: Way::of_command("a b") }).unwrap();
        assert_eq!(shown, serde_json::json!({"listen": "127.0.0.1:8911", "way": "tunnel", "program": "a"}));
    }
}
