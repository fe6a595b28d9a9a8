//! Inputs to planning besides the groups.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::domain::datapoint::RequestId;
use crate::domain::day::{DayRule, Daystamp};
use crate::domain::difference::Word;
use crate::domain::measure::kind::Heights;
use crate::domain::measure::measurement::{GroupId, MeasureGroup};
use crate::domain::measure::ownership::Owners;

/// The day a reading was given before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Given {
    /// The moment it was given for.
    pub moment: DateTime<Utc>,
    /// The goal's day.
    pub day: Daystamp,
    /// Whether it is to be worked out again, since the goal cuts its days elsewhere by now.
    pub is_open: bool,
    /// The zone it was judged in; `None` while that was unknown.
    pub zone: Option<Tz>,
}

/// The days that a goal's readings were given before.
pub type KnownDays = HashMap<GroupId, Given>;

/// What the user's word takes out of a goal's datapoints, with that word.
pub type Struck = HashMap<(GroupId, String), Word>;

/// What a goal has of the same from an earlier link that sent it the other way: for each reading what is now
/// sent for the day, or for the day what is now sent for each.
#[derive(Debug, Clone, Default)]
pub struct SentBefore {
    /// The goal's days.
    pub days: HashSet<Daystamp>,
    /// The groups of readings.
    pub readings: HashSet<GroupId>,
}

/// What a plan goes by besides the groups.
#[derive(Debug, Clone)]
pub struct Context {
    /// How the goal cuts days.
    pub rule: DayRule,
    /// The days that groups were given before.
    pub days: KnownDays,
    /// The groups that went into a datapoint before.
    pub counted: HashSet<GroupId>,
    /// What the user's word takes out.
    pub struck: Struck,
    /// What is at Beeminder already, and stays there.
    pub sent_before: SentBefore,
    /// The first day of the goal's graph; `None` while that is unknown. Nothing before it is sent.
    pub first_day: Option<Daystamp>,
    /// The readings that were sent for earlier days all the same, before the goal began anew: they stay called for.
    pub sent_before_first: HashSet<GroupId>,
    /// What the user said about measurements that may be another person's.
    pub owners: Owners,
    /// For the body mass index.
    pub heights: Heights,
    /// What the services' clock last said; what is dated later is held.
    pub now: DateTime<Utc>,
}

impl Context {
    /// A goal's days, and nothing known from before, nor what the clocks say.
    pub fn new(rule: DayRule) -> Context {
        Context {
            rule,
            days: KnownDays::new(),
            counted: HashSet::new(),
            struck: Struck::new(),
            sent_before: SentBefore::default(),
            first_day: None,
            sent_before_first: HashSet::new(),
            owners: Owners::new(),
            heights: Heights::default(),
            now: DateTime::<Utc>::MAX_UTC,
        }
    }

    fn given(&self, group: &MeasureGroup) -> Option<&Given> {
        self.days.get(&group.id).filter(|given| given.moment == group.measured_at)
    }

    /// The day a group belongs to. One once given stays while its time does: a changed deadline or time
    /// zone must not make a second datapoint.
    pub fn day_of(&self, group: &MeasureGroup) -> Daystamp {
        let given = || self.given(group).filter(|given| !given.is_open).map(|given| given.day);
        group.day.or_else(given).unwrap_or_else(|| self.rule.day_of(group.measured_at))
    }

    /// The rule that a group is judged by: in the time zone where it was first judged.
    pub fn rule_of(&self, group: &MeasureGroup) -> DayRule {
        let zone = self.given(group).and_then(|given| given.zone);
        zone.map_or(self.rule, |zone| self.rule.in_zone(zone))
    }

    /// The user's word on a reading in a datapoint, or in any other about the same: what they deleted as a
    /// value of its own must not come back within a day's.
    pub fn word_on(&self, group: GroupId, id: &RequestId) -> Word {
        self.struck.get(&(group, id.subject())).copied().unwrap_or_default()
    }
}
