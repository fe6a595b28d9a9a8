//! What this program subscribed to at Withings.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, params};

use super::moment;
use crate::domain::appli::Appli;

/// A subscription, without the secret end of its address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// The kind of change.
    pub appli: Appli,
    /// Where it leads, without the secret end.
    pub address: String,
    /// When it was made or last moved.
    pub since: DateTime<Utc>,
    /// When the last notification came.
    pub notified_at: Option<DateTime<Utc>>,
}

/// Loads all of them.
pub fn load_all(conn: &Connection) -> anyhow::Result<Vec<Subscription>> {
    let rows: Vec<(i64, String, i64, Option<i64>)> = conn
        .prepare_cached("SELECT appli, address, since, notified_at FROM subscription ORDER BY appli")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?
        .collect::<Result<_, _>>()?;
    // What a later version subscribed to is that one's business.
    let known = |(appli, address, since, notified_at): (i64, String, i64, Option<i64>)| {
        let (since, notified_at) = (moment(since), notified_at.map(moment));
        Appli::numbered(appli).map(|appli| Subscription { appli, address, since, notified_at })
    };
    Ok(rows.into_iter().filter_map(known).collect())
}

/// Notes that a subscription is there, keeping since when while it leads to the same address.
pub fn save(conn: &Connection, appli: Appli, address: &str, now: DateTime<Utc>) -> anyhow::Result<()> {
    conn.execute(
        "INSERT INTO subscription VALUES (?1, ?2, ?3, NULL) ON CONFLICT (appli) DO UPDATE SET
             since = iif(address = excluded.address, since, excluded.since), address = excluded.address",
        params![appli.number(), address, now.timestamp()],
    )?;
    Ok(())
}

/// Notes that a subscription has ended.
pub fn forget(conn: &Connection, appli: Appli) -> anyhow::Result<()> {
    conn.execute("DELETE FROM subscription WHERE appli = ?1", [appli.number()])?;
    Ok(())
}

/// Notes that all of them have ended.
pub fn forget_all(conn: &Connection) -> anyhow::Result<()> {
    conn.execute("DELETE FROM subscription", [])?;
    Ok(())
}

/// Notes that a notification came.
pub fn save_notified(conn: &Connection, appli: Appli, now: DateTime<Utc>) -> anyhow::Result<()> {
    conn.execute(
        "UPDATE subscription SET notified_at = ?2 WHERE appli = ?1",
        params![appli.number(), now.timestamp()],
    )?;
    Ok(())
}

/// How long it took from each of the last measurements until Beeminder had its datapoint, in seconds, for at most so
/// many of what was measured since a moment.
pub fn delays(conn: &Connection, since: DateTime<Utc>, most: u32) -> anyhow::Result<Vec<i64>> {
    let delays = conn
        .prepare_cached(
            "SELECT datapoint.confirmed_at - max(decision.measured_at) AS delay
             FROM datapoint JOIN decision USING (link_id, request_id)
                 JOIN measure_group ON measure_group.id = decision.group_id
             WHERE datapoint.confirmed_at >= ?1 AND decision.measured_at >= ?1
                 AND measure_group.source = 'measure'
             GROUP BY datapoint.id HAVING delay >= 0 ORDER BY datapoint.confirmed_at DESC LIMIT ?2",
        )?
        .query_map(params![since.timestamp(), most], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    Ok(delays)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subscription_is_as_old_as_its_address() {
        let conn = super::super::in_memory();
        save(&conn, Appli::Weight, "https://a.example/", moment(100)).unwrap();
        save_notified(&conn, Appli::Weight, moment(150)).unwrap();
        save(&conn, Appli::Weight, "https://a.example/", moment(200)).unwrap();
        let found = load_all(&conn).unwrap().remove(0);
        assert_eq!((found.since, found.notified_at), (moment(100), Some(moment(150))));
        save(&conn, Appli::Weight, "https://b.example/", moment(300)).unwrap();
        save(&conn, Appli::Profile, "https://b.example/", moment(300)).unwrap();
        assert_eq!(load_all(&conn).unwrap()[0].since, moment(300));
        forget(&conn, Appli::Weight).unwrap();
        assert_eq!(load_all(&conn).unwrap()[0].appli, Appli::Profile);
        forget_all(&conn).unwrap();
        assert_eq!(load_all(&conn).unwrap(), []);
    }
}
