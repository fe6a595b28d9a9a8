//! What a plan goes by besides the groups.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use crate::day::{DayRule, Daystamp};
use crate::kind::Heights;
use crate::measurement::{GroupId, MeasureGroup};
use crate::verdict::Verdicts;

/// The days that groups were given before, with the moment they were given for.
pub type KnownDays = HashMap<GroupId, (DateTime<Utc>, Daystamp)>;

/// What a plan goes by besides the groups.
#[derive(Debug, Clone)]
pub struct Context {
    /// How the goal cuts days.
    pub rule: DayRule,
    /// The days that groups were given before.
    pub days: KnownDays,
    /// What the user said about measurements that may be another person's.
    pub verdicts: Verdicts,
    /// For the body mass index.
    pub heights: Heights,
}

impl Context {
    /// A goal's days, and nothing known from before.
    pub fn new(rule: DayRule) -> Context {
        Context { rule, days: KnownDays::new(), verdicts: Verdicts::new(), heights: Heights::default() }
    }

    /// The day a group belongs to. One once given stays while its time does: a changed deadline or time
    /// zone must not make a second datapoint.
    pub fn day_of(&self, group: &MeasureGroup) -> Daystamp {
        let known = self.days.get(&group.id).filter(|(moment, _)| *moment == group.measured_at);
        match (group.day, known) {
            (Some(day), _) => day,
            (None, Some((_, day))) => *day,
            (None, None) => self.rule.day_of(group.measured_at),
        }
    }
}
