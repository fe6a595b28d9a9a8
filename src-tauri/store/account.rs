//! Accounts at the two services: who is connected, and since when.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use rusqlite::{Connection, OptionalExtension, params};

use super::moment;
use crate::domain::service::Service;

/// A service, once connected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Withings' userid or Beeminder's user name.
    pub user_id: String,
    /// IANA name, empty while unknown.
    pub time_zone: String,
    /// Whether its tokens are in the keychain.
    pub connected: bool,
    /// When the user last signed in.
    pub connected_at: DateTime<Utc>,
    /// Whether Beeminder waits for a payment.
    pub deadbeat: bool,
    /// When it last asked for a pause.
    pub limited_at: DateTime<Utc>,
    /// What Withings lets us read, comma-separated; empty while unknown.
    pub scope: String,
}

/// Loads what is known about `service`; `None` when it was never connected.
pub fn load(conn: &Connection, service: Service) -> anyhow::Result<Option<Account>> {
    let account = conn
        .prepare_cached(
            "SELECT user_id, time_zone, connected, connected_at, deadbeat, limited_at, scope
             FROM account WHERE service = ?1",
        )?
        .query_row([service.name()], |row| {
            Ok(Account {
                user_id: row.get(0)?,
                time_zone: row.get(1)?,
                connected: row.get(2)?,
                connected_at: moment(row.get(3)?),
                deadbeat: row.get(4)?,
                limited_at: moment(row.get(5)?),
                scope: row.get(6)?,
            })
        })
        .optional()?;
    Ok(account)
}

/// The Beeminder user's time zone; UTC while unknown.
pub fn time_zone(conn: &Connection) -> anyhow::Result<Tz> {
    let account = load(conn, Service::Beeminder)?;
    Ok(account.and_then(|account| account.time_zone.parse().ok()).unwrap_or(Tz::UTC))
}

/// Notes a sign-in, which also ends every problem.
pub fn save_connected(
    conn: &Connection,
    service: Service,
    user_id: &str,
    time_zone: &str,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    conn.execute(
        "INSERT INTO account VALUES (?1, ?2, ?3, 1, ?4, 0, 0, '', '')
         ON CONFLICT (service) DO UPDATE SET
             user_id = excluded.user_id,
             time_zone = iif(excluded.time_zone = '', time_zone, excluded.time_zone),
             connected = 1, connected_at = excluded.connected_at",
        params![service.name(), user_id, time_zone, now.timestamp()],
    )?;
    super::trouble::forget_service(conn, service)
}

/// Notes what Withings lets us read.
pub fn save_scope(conn: &Connection, scope: &str) -> anyhow::Result<()> {
    conn.execute("UPDATE account SET scope = ?1 WHERE service = 'withings'", [scope])?;
    Ok(())
}

/// Notes that the tokens are gone. The user stays known, so that another one is refused.
pub fn save_disconnected(conn: &Connection, service: Service) -> anyhow::Result<()> {
    conn.execute("UPDATE account SET connected = 0 WHERE service = ?1", [service.name()])?;
    super::trouble::forget_service(conn, service)
}

/// Notes the time zone, unless it is not told, and whether a payment is due, writing only what changed.
pub fn save_profile(
    conn: &Connection,
    service: Service,
    time_zone: &str,
    deadbeat: bool,
) -> anyhow::Result<()> {
    conn.execute(
        "UPDATE account SET time_zone = iif(?2 = '', time_zone, ?2), deadbeat = ?3
         WHERE service = ?1 AND (time_zone <> iif(?2 = '', time_zone, ?2) OR deadbeat <> ?3)",
        params![service.name(), time_zone, deadbeat],
    )?;
    Ok(())
}

/// Notes that a service asked for a pause.
pub fn save_limited(conn: &Connection, service: Service, now: DateTime<Utc>) -> anyhow::Result<()> {
    conn.execute(
        "UPDATE account SET limited_at = ?2 WHERE service = ?1",
        params![service.name(), now.timestamp()],
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::problem_code::ProblemCode;
    use crate::domain::trouble::Place;
    use crate::store::trouble;
    use crate::text::Args;

    #[test]
    fn a_sign_in_ends_all_trouble_with_its_service() {
        let conn = super::super::in_memory();
        let at = |unix| moment(unix);
        assert_eq!(load(&conn, Service::Withings).unwrap(), None);
        save_connected(&conn, Service::Withings, "42", "Europe/Paris", at(100)).unwrap();
        let place = Place::Account(Service::Withings);
        trouble::save(&conn, &place, ProblemCode::Offline, &Args::new(), at(260), at(200)).unwrap();
        save_limited(&conn, Service::Withings, at(300)).unwrap();
        save_connected(&conn, Service::Withings, "42", "", at(500)).unwrap();
        let account = load(&conn, Service::Withings).unwrap().unwrap();
        assert_eq!((account.limited_at, account.time_zone.as_str()), (at(300), "Europe/Paris"));
        assert_eq!(trouble::load_all(&conn).unwrap(), []);
    }
}
