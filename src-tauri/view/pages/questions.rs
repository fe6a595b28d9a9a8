//! Questions that wait for the user's answer: readings that may be another person's, datapoints Beeminder
//! refused, and datapoints without a measurement.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::app::App;
use crate::domain::difference::Action;
use crate::store;
use crate::view::ledger;
use crate::view::ledger::Shown;

/// Everything that waits for an answer, and the rest of the outbox.
#[derive(Debug, Serialize)]
pub struct Questions {
    held: Vec<HeldLine>,
    outbox: Vec<OutboxLine>,
    stale: Vec<StaleLine>,
    many_gone: u64,
}

#[derive(Debug, Serialize)]
struct HeldLine {
    group: i64,
    measured_at: DateTime<Utc>,
    values: Vec<Shown>,
    goals: Vec<String>,
}

#[derive(Debug, Serialize)]
struct OutboxLine {
    id: i64,
    goal: String,
    value: String,
    moment: DateTime<Utc>,
    /// Why Beeminder does not take it; `None` while it can be sent.
    parked: Option<String>,
    attempts: u32,
    removes: bool,
}

#[derive(Debug, Serialize)]
struct StaleLine {
    id: i64,
    goal: String,
    value: String,
    daystamp: Option<String>,
}

impl App {
    /// What waits for the user.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn questions(&self) -> anyhow::Result<Questions> {
        let units = self.settings()?.units;
        let held = self.held()?.into_iter().map(|held| HeldLine {
            group: held.group.id.0,
            measured_at: held.group.measured_at,
            values: ledger::values(&held.group, units),
            goals: held.goals,
        });
        let stale = self.stale()?.into_iter().map(|stored| StaleLine {
            id: stored.id,
            value: stored.shown_value().to_string(),
            goal: stored.slug.0,
            daystamp: stored.beeminder_day,
        });
        let (outbox, values) = self.store.read(|conn| {
            let mut outbox = store::outbox::load_all(conn)?;
            outbox.truncate(MOST_SHOWN);
            let values = store::outbox::shown_values(conn, &outbox)?;
            Ok((outbox, values))
        })?;
        let outbox = outbox.into_iter().zip(values).map(|(entry, value)| OutboxLine {
            id: entry.id,
            goal: entry.slug.0,
            value,
            moment: entry.moment,
            parked: entry.parked,
            attempts: entry.attempts,
            removes: matches!(entry.action, Action::Remove(_)),
        });
        Ok(Questions {
            held: held.collect(),
            stale: stale.collect(),
            outbox: outbox.collect(),
            many_gone: self.store.read(store::setting::many_gone)?,
        })
    }
}

/// Of a first import's datapoints no more than these are listed.
const MOST_SHOWN: usize = 500;
