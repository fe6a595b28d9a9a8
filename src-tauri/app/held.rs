//! "Was this you?": measurements that may be another person's.

use chrono::{DateTime, Utc};

use super::{App, Wrong};
use crate::measurement::{GroupId, MeasureGroup};
use crate::store;

/// A measurement that waits for the user's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// What was measured.
    pub group: MeasureGroup,
    /// The goals that wait for it.
    pub goals: Vec<String>,
}

impl App {
    /// The measurements that wait for an answer, oldest first.
    ///
    /// # Errors
    /// When the store cannot be used.
    pub fn held(&self) -> anyhow::Result<Vec<Held>> {
        self.store.read(|rows| {
            let mut held: Vec<Held> = Vec::new();
            for (id, goal) in store::decision::held_groups(rows)? {
                match held.last_mut().filter(|held| held.group.id == id) {
                    Some(known) => known.goals.push(goal),
                    None => held.extend(
                        store::measurement::load(rows, id)?.map(|group| Held { group, goals: vec![goal] }),
                    ),
                }
            }
            Ok(held)
        })
    }

    /// Notes whether a held measurement, and whatever was measured at the same moment, is the user's.
    /// With `remember` later ones of about the same weight are decided in the same way, where no other
    /// person's weight is near.
    ///
    /// # Errors
    /// When there is no such measurement.
    pub fn answer(&self, id: GroupId, mine: bool, remember: bool, now: DateTime<Utc>) -> anyhow::Result<()> {
        let held = self.held()?;
        let answered = held
            .iter()
            .find(|held| held.group.id == id)
            .ok_or_else(|| Wrong::new("not_held", [("id", id.0.to_string())]))?;
        let at = answered.group.measured_at;
        self.store.write(|rows| {
            for other in &held {
                if other.group.measured_at == at {
                    store::verdict::save(rows, other.group.id, mine, remember, now)?;
                } else {
                    // What this answer says about it is looked at with the next pass.
                    store::measurement::mark_changed(rows, other.group.id)?;
                }
            }
            Ok(())
        })
    }
}
