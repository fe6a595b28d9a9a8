//! Held measurements, which may be another person's, and the user's answers about them.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{App, UserError};
use crate::domain::measure::measurement::{GroupId, MeasureGroup};
use crate::store;
use crate::store::ownership::Memory;
use crate::sync::ownership;

/// A measurement that waits for the user's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldMeasurement {
    /// The weigh-in that waits for an answer.
    pub group: MeasureGroup,
    /// The goals that wait for it.
    pub goals: Vec<String>,
}

/// What is remembered of an answer for measurements to come.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Remembered {
    /// Later weigh-ins of about the same weight are answered alike.
    pub weight: bool,
    /// These origins: Withings' `attrib`.
    pub origins: Vec<i64>,
}

impl Remembered {
    /// Whether nothing is.
    pub fn is_nothing(&self) -> bool {
        *self == Remembered::default()
    }

    fn add(&mut self, memory: Memory) {
        self.weight |= memory.weight;
        self.origins.extend(memory.attrib.filter(|attrib| !self.origins.contains(attrib)));
    }
}

impl App {
    /// The measurements that wait for an answer, oldest first.
    ///
    /// # Errors
    /// When the store cannot be used.
    pub fn held(&self) -> anyhow::Result<Vec<HeldMeasurement>> {
        self.store.read(|conn| {
            let waiting = store::decision::held_groups(conn)?;
            let ids: Vec<GroupId> = waiting.iter().map(|(id, _)| *id).collect();
            let mut groups: HashMap<GroupId, MeasureGroup> = store::measurement::load_these(conn, &ids)?
                .into_iter()
                .map(|group| (group.id, group))
                .collect();
            let mut held: Vec<HeldMeasurement> = Vec::new();
            for (id, goal) in waiting {
                match held.last_mut().filter(|held| held.group.id == id) {
                    Some(known) => known.goals.push(goal),
                    None => held
                        .extend(groups.remove(&id).map(|group| HeldMeasurement { group, goals: vec![goal] })),
                }
            }
            Ok(held)
        })
    }

    /// Notes whether a measurement that may be another person's, and whatever was measured at the same
    /// moment, is the user's. With `remember` others of about the same weight, where no other person's
    /// weight is near, and others of the same origin are decided in the same way; says what of that can be
    /// remembered.
    ///
    /// # Errors
    /// When there is no such measurement.
    pub fn answer(
        &self,
        id: GroupId,
        mine: bool,
        remember: bool,
        now: DateTime<Utc>,
    ) -> anyhow::Result<Remembered> {
        self.store.write(|conn| {
            // What it is now counts, whatever it was when the user was asked.
            let answered = store::measurement::load(conn, id)?.filter(MeasureGroup::is_unsure);
            let answered = match answered {
                Some(group) if !store::ownership::is_answered(conn, id)? => group,
                Some(_) | None => return Err(UserError::new("not_held", [("id", id.0.to_string())]).into()),
            };
            let mut remembered = Remembered::default();
            for group in store::measurement::load_at(conn, [&answered.measured_at])? {
                if group.is_unsure() && !store::ownership::is_answered(conn, group.id)? {
                    let memory = if remember { ownership::memory_of(&group) } else { Memory::default() };
                    remembered.add(memory);
                    store::ownership::save_answer(conn, group.id, mine, memory, now)?;
                }
            }
            if !remembered.is_nothing() {
                ownership::follow_all(conn, now)?;
            }
            Ok(remembered)
        })
    }

    /// Takes back an answer, so that the measurement and whatever was measured at the same moment is asked about
    /// again. What was sent because of it is asked about, too.
    ///
    /// # Errors
    /// When the user gave no such answer.
    pub fn take_back_answer(&self, id: GroupId, now: DateTime<Utc>) -> anyhow::Result<()> {
        self.store.write(|conn| {
            let known = store::measurement::load(conn, id)?;
            let groups = store::measurement::load_at(conn, known.iter().map(|group| &group.measured_at))?;
            let taken = ownership::take_back(conn, &groups, now)?;
            anyhow::ensure!(taken, UserError::new("not_answered", [("id", id.0.to_string())]));
            Ok(())
        })
    }
}
