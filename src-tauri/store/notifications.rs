//! How Withings reaches this program, if the user has switched its notifications on, and what came of it last.

use chrono::{DateTime, Utc};
use rusqlite::Connection;

use super::{moment, setting};
use crate::domain::reachable::{LISTEN, Reachable, Way};

/// 'address' or 'tunnel'; nothing while notifications are off.
const WAY: &str = "notifications";
/// The user's address, or the first word of the tunnel's command.
const ABOUT: &str = "notifications_about";
/// Where they are received.
const LISTENING: &str = "notifications_listen";
/// The address without its secret end that was last proven to lead here.
const PROVEN: &str = "notifications_address";
/// When the subscriptions were last compared with Withings' list, in Unix seconds.
const REPAIRED_AT: &str = "notifications_repaired_at";

/// How often the user has chosen.
const NUMBER: &str = "notifications_number";

/// How Withings reaches this program; `None` while notifications are off.
pub fn reachable(conn: &Connection) -> anyhow::Result<Option<Reachable>> {
    let about = setting::load(conn, ABOUT)?.unwrap_or_default();
    let way = match setting::load(conn, WAY)?.as_deref() {
        Some("address") => Way::Address { address: about },
        Some("tunnel") => Way::Tunnel { program: about },
        Some(_) | None => return Ok(None),
    };
    let listen = setting::load(conn, LISTENING)?.and_then(|text| text.parse().ok()).unwrap_or(LISTEN);
    Ok(Some(Reachable { listen, way }))
}

/// Switches notifications on or off.
pub fn save_reachable(conn: &Connection, reachable: Option<&Reachable>) -> anyhow::Result<()> {
    let (way, about) = match reachable.map(|reachable| &reachable.way) {
        Some(Way::Address { address }) => (Some("address"), Some(address.as_str())),
        Some(Way::Tunnel { program }) => (Some("tunnel"), Some(program.as_str())),
        None => (None, None),
    };
    setting::save(conn, WAY, way)?;
    setting::save(conn, ABOUT, about)?;
    let listen = reachable.map(|reachable| reachable.listen.to_string());
    setting::save(conn, LISTENING, listen.as_deref())?;
    setting::save(conn, PROVEN, None)?;
    setting::save(conn, NUMBER, Some(&(number(conn)? + 1).to_string()))
}

/// Which choice of the user's is in force: the command of a tunnel is not here, but has another number.
pub fn number(conn: &Connection) -> anyhow::Result<i64> {
    Ok(setting::load(conn, NUMBER)?.and_then(|number| number.parse().ok()).unwrap_or_default())
}

/// The address that was last proven to lead here.
pub fn proven_address(conn: &Connection) -> anyhow::Result<Option<String>> {
    setting::load(conn, PROVEN)
}

/// Notes which address leads here, or that none is known to.
pub fn save_proven_address(conn: &Connection, address: Option<&str>) -> anyhow::Result<()> {
    setting::save(conn, PROVEN, address)
}

/// When the subscriptions were last compared with Withings' list.
pub fn repaired_at(conn: &Connection) -> anyhow::Result<Option<DateTime<Utc>>> {
    Ok(setting::load(conn, REPAIRED_AT)?.and_then(|unix| unix.parse().ok()).map(moment))
}

/// Notes that they were.
pub fn save_repaired(conn: &Connection, now: DateTime<Utc>) -> anyhow::Result<()> {
    setting::save(conn, REPAIRED_AT, Some(&now.timestamp().to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_user_chose_is_read_back_and_off_is_nothing() {
        let conn = super::super::in_memory();
        assert_eq!(reachable(&conn).unwrap(), None);
        let address = Way::Address { address: "https://a.example/b/".into() };
        for way in [address, Way::of_command("cloudflared tunnel")] {
            let chosen = Reachable { listen: "0.0.0.0:9000".parse().unwrap(), way };
            save_reachable(&conn, Some(&chosen)).unwrap();
            assert_eq!(reachable(&conn).unwrap(), Some(chosen));
        }
        save_proven_address(&conn, Some("https://a.example/")).unwrap();
        save_reachable(&conn, None).unwrap();
        assert_eq!((reachable(&conn).unwrap(), proven_address(&conn).unwrap()), (None, None));
    }
}
