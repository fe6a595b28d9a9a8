//! The link whose first datapoint the user waits for, in the settings table.

use chrono::{DateTime, Utc};
use rusqlite::Connection;

use super::{moment, setting};
use crate::domain::link::LinkId;

/// The link, by its number.
const LINK: &str = "awaited_link";
/// Since when, in Unix seconds.
const SINCE: &str = "awaited_since";

/// What the user waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Awaited {
    /// Whose first datapoint it is.
    pub link: LinkId,
    /// When the waiting began.
    pub since: DateTime<Utc>,
}

/// What the user waits for, until they said that they have seen enough.
pub fn load(conn: &Connection) -> anyhow::Result<Option<Awaited>> {
    let number = |name| anyhow::Ok(setting::load(conn, name)?.and_then(|number| number.parse::<i64>().ok()));
    let (link, since) = (number(LINK)?, number(SINCE)?);
    Ok(link.zip(since).map(|(link, since)| Awaited { link: LinkId(link), since: moment(since) }))
}

/// Notes what the user waits for, or that it is over.
pub fn save(conn: &Connection, awaited: Option<Awaited>) -> anyhow::Result<()> {
    let link = awaited.map(|awaited| awaited.link.0.to_string());
    let since = awaited.map(|awaited| awaited.since.timestamp().to_string());
    setting::save(conn, LINK, link.as_deref())?;
    setting::save(conn, SINCE, since.as_deref())
}
