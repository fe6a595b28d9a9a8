//! The two services: who is connected, and how it goes.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use rusqlite::{Connection, OptionalExtension, params};

use super::moment;
use crate::accounts::Service;

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
    /// What is wrong, if anything.
    pub problem: Option<Problem>,
    /// Passes that failed in a row.
    pub failures: u32,
    /// Automatic passes leave the service alone until then.
    pub wait_until: DateTime<Utc>,
    /// When it last asked for a pause.
    pub limited_at: DateTime<Utc>,
    /// What Withings lets us read, comma-separated; empty while unknown.
    pub scope: String,
}

/// What is wrong with an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// A closed name, see `attention::Code`.
    pub code: String,
    /// The same for people.
    pub text: String,
    /// When it began.
    pub since: DateTime<Utc>,
}

/// Loads what is known about `service`; `None` when it was never connected.
pub fn load(rows: &Connection, service: Service) -> anyhow::Result<Option<Account>> {
    let account = rows
        .prepare_cached(
            "SELECT user_id, time_zone, connected, connected_at, deadbeat, problem, problem_text,
                    problem_since, failures, wait_until, limited_at, scope
             FROM account WHERE service = ?1",
        )?
        .query_row([service.name()], |row| {
            let code: String = row.get(5)?;
            Ok(Account {
                user_id: row.get(0)?,
                time_zone: row.get(1)?,
                connected: row.get(2)?,
                connected_at: moment(row.get(3)?),
                deadbeat: row.get(4)?,
                problem: if code.is_empty() {
                    None
                } else {
                    Some(Problem { code, text: row.get(6)?, since: moment(row.get(7)?) })
                },
                failures: row.get(8)?,
                wait_until: moment(row.get(9)?),
                limited_at: moment(row.get(10)?),
                scope: row.get(11)?,
            })
        })
        .optional()?;
    Ok(account)
}

/// The Beeminder user's time zone; UTC while unknown.
pub fn time_zone(rows: &Connection) -> anyhow::Result<Tz> {
    let account = load(rows, Service::Beeminder)?;
    Ok(account.and_then(|account| account.time_zone.parse().ok()).unwrap_or(Tz::UTC))
}

/// Notes a sign-in, which also ends every problem.
pub fn save_connected(
    rows: &Connection,
    service: Service,
    user_id: &str,
    time_zone: &str,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    rows.execute(
        "INSERT INTO account VALUES (?1, ?2, ?3, 1, ?4, 0, '', '', 0, 0, 0, 0, '')
         ON CONFLICT (service) DO UPDATE SET
             user_id = excluded.user_id,
             time_zone = iif(excluded.time_zone = '', time_zone, excluded.time_zone),
             connected = 1, connected_at = excluded.connected_at,
             problem = '', problem_text = '', problem_since = 0, failures = 0, wait_until = 0",
        params![service.name(), user_id, time_zone, now.timestamp()],
    )?;
    Ok(())
}

/// Notes what Withings lets us read.
pub fn save_scope(rows: &Connection, scope: &str) -> anyhow::Result<()> {
    rows.execute("UPDATE account SET scope = ?1 WHERE service = 'withings'", [scope])?;
    Ok(())
}

/// Notes that the tokens are gone. The user stays known, so that another one is refused.
pub fn save_disconnected(rows: &Connection, service: Service) -> anyhow::Result<()> {
    rows.execute(
        "UPDATE account SET connected = 0, problem = '', problem_text = '', problem_since = 0,
                            failures = 0, wait_until = 0
         WHERE service = ?1",
        [service.name()],
    )?;
    Ok(())
}

/// Notes the time zone and whether a payment is due, writing only what changed.
pub fn save_profile(
    rows: &Connection,
    service: Service,
    time_zone: &str,
    deadbeat: bool,
) -> anyhow::Result<()> {
    rows.execute(
        "UPDATE account SET time_zone = ?2, deadbeat = ?3
         WHERE service = ?1 AND (time_zone <> ?2 OR deadbeat <> ?3)",
        params![service.name(), time_zone, deadbeat],
    )?;
    Ok(())
}

/// Notes that something is wrong, keeping the moment it began while it is the same.
pub fn save_problem(
    rows: &Connection,
    service: Service,
    problem: &Problem,
    wait_until: DateTime<Utc>,
    limited: bool,
) -> anyhow::Result<()> {
    rows.execute(
        "UPDATE account SET
             problem_since = iif(problem = ?2, problem_since, ?4), problem = ?2, problem_text = ?3,
             failures = failures + 1, wait_until = ?5, limited_at = iif(?6, ?4, limited_at)
         WHERE service = ?1",
        params![
            service.name(),
            problem.code,
            problem.text,
            problem.since.timestamp(),
            wait_until.timestamp(),
            limited
        ],
    )?;
    Ok(())
}

/// Notes that all is well, writing only when it was not.
pub fn save_well(rows: &Connection, service: Service) -> anyhow::Result<()> {
    rows.execute(
        "UPDATE account SET problem = '', problem_text = '', problem_since = 0, failures = 0, wait_until = 0
         WHERE service = ?1 AND (problem <> '' OR failures <> 0 OR wait_until <> 0)",
        [service.name()],
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_keeps_its_beginning_and_ends_with_a_sign_in() {
        let rows = super::super::in_memory();
        let at = |unix| moment(unix);
        assert_eq!(load(&rows, Service::Withings).unwrap(), None);
        save_connected(&rows, Service::Withings, "42", "Europe/Paris", at(100)).unwrap();
        let problem = |since| Problem { code: "offline".into(), text: "…".into(), since: at(since) };
        save_problem(&rows, Service::Withings, &problem(200), at(260), false).unwrap();
        save_problem(&rows, Service::Withings, &problem(300), at(420), true).unwrap();
        let account = load(&rows, Service::Withings).unwrap().unwrap();
        assert_eq!(account.problem, Some(problem(200)));
        assert_eq!((account.failures, account.wait_until, account.limited_at), (2, at(420), at(300)));
        save_connected(&rows, Service::Withings, "42", "", at(500)).unwrap();
        let account = load(&rows, Service::Withings).unwrap().unwrap();
        assert_eq!((account.problem, account.failures), (None, 0));
        assert_eq!(account.time_zone, "Europe/Paris");
    }
}
