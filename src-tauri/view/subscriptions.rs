//! Withings' notifications at a glance: how they come, when the last one did, and how long datapoints take.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::domain::appli::Appli;
use crate::domain::reachable::Reachable;
use crate::domain::trouble::Place;
use crate::health::announced;
use crate::store::{self, Connection};
use crate::sync::schedule;
use crate::text::Message;

/// How many of the last datapoints the median goes by.
const MOST: u32 = 50;

/// What there is to say of notifications.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Notifications {
    /// Whether they are switched on.
    pub on: bool,
    /// How Withings reaches this program.
    #[serde(flatten)]
    pub reachable: Option<Reachable>,
    /// The address that leads here, without its secret end; `None` while none is proven to.
    pub public_address: Option<String>,
    /// What this program subscribed to.
    pub subscriptions: Vec<SubscriptionLine>,
    /// When the last notification came.
    pub last_notification: Option<DateTime<Utc>>,
    /// When the subscriptions were last compared with Withings' list.
    pub last_repair: Option<DateTime<Utc>>,
    /// When something was last found that no notification told of.
    pub last_missed: Option<DateTime<Utc>>,
    /// The median of the time from measuring to the datapoint, in seconds.
    pub median_delay: Option<i64>,
    /// Whether they are proven to arrive, so that Withings is asked hourly.
    pub proven: bool,
    /// Minutes between passes.
    pub interval: i64,
    /// What is wrong.
    pub problem: Option<Message>,
}

/// A subscription.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SubscriptionLine {
    /// The kind of change.
    pub kind: Appli,
    /// Withings' number for it.
    pub appli: i64,
    /// When it was made or last moved.
    pub since: DateTime<Utc>,
    /// When the last notification came.
    pub last_notification: Option<DateTime<Utc>>,
}

/// Reads it all.
///
/// # Errors
/// When the store cannot be read.
pub fn notifications(conn: &Connection) -> anyhow::Result<Notifications> {
    let reachable = store::notifications::reachable(conn)?;
    let subscriptions: Vec<_> = store::subscription::load_all(conn)?
        .into_iter()
        .map(|known| SubscriptionLine {
            kind: known.appli,
            appli: known.appli.number(),
            since: known.since,
            last_notification: known.notified_at,
        })
        .collect();
    let announced = store::announced::load_all(conn)?;
    let problem = store::trouble::load(conn, &Place::Notifications)?.map(|problem| {
        let why = problem.facts.get("why").map_or("unknown_trouble", String::as_str);
        Message { key: format!("error.{why}"), args: problem.facts.clone() }
    });
    let since = subscriptions.iter().map(|line| line.since).min();
    let delays = match since {
        Some(since) => store::subscription::delays(conn, since, MOST)?,
        None => Vec::new(),
    };
    Ok(Notifications {
        on: reachable.is_some(),
        reachable,
        public_address: store::notifications::proven_address(conn)?,
        last_notification: subscriptions.iter().filter_map(|line| line.last_notification).max(),
        subscriptions,
        last_repair: store::notifications::repaired_at(conn)?,
        last_missed: announced.iter().filter_map(|(_, known)| known.missed_at).max(),
        median_delay: median(delays),
        proven: announced::are_proven(conn)?,
        interval: schedule::interval(conn)?.num_minutes(),
        problem,
    })
}

fn median(mut delays: Vec<i64>) -> Option<i64> {
    delays.sort_unstable();
    let middle = delays.get(delays.len() / 2).copied()?;
    let before = delays.get((delays.len() - 1) / 2).copied()?;
    Some(i64::midpoint(before, middle))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        for (delays, expected) in
            [(vec![], None), (vec![7], Some(7)), (vec![9, 1], Some(5)), (vec![100, 3, 2], Some(3))]
        {
            assert_eq!(median(delays.clone()), expected, "{delays:?}");
        }
    }
}
