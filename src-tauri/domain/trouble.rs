//! Places of trouble: the smallest thing it is about. It holds up that alone, and only success of the same thing
//! ends it. Pure.

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::goal::GoalId;
use crate::domain::measure::kind::Source;
use crate::domain::problem_code::ProblemCode;
use crate::domain::service::Service;
use crate::text::Args;

/// What trouble is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// A sign-in, or the way to a service as a whole.
    Account(Service),
    /// One of Withings' services.
    Source(Source),
    /// The user's devices at Withings.
    Devices,
    /// Withings' notifications.
    Notifications,
    /// Reading Beeminder's goals.
    Goals,
    /// Comparing what a goal has with what was sent.
    Comparison(GoalId),
    /// One goal.
    Goal(GoalId),
}

impl Place {
    /// The word in the store.
    pub fn name(&self) -> String {
        match self {
            Place::Account(service) => format!("account {}", service.name()),
            Place::Source(source) => format!("source {}", source.name()),
            Place::Devices => "devices".into(),
            Place::Notifications => "notifications".into(),
            Place::Goals => "goals".into(),
            Place::Comparison(goal) => format!("comparison {}", goal.0),
            Place::Goal(goal) => format!("goal {}", goal.0),
        }
    }

    /// Reads the word back.
    pub fn named(name: &str) -> Option<Place> {
        Some(match name.split_once(' ') {
            Some(("account", service)) => Place::Account(Service::named(service)?),
            Some(("source", source)) => Place::Source(source.parse().ok()?),
            Some(("comparison", goal)) => Place::Comparison(GoalId(goal.to_owned())),
            Some(("goal", goal)) => Place::Goal(GoalId(goal.to_owned())),
            None if name == "devices" => Place::Devices,
            None if name == "notifications" => Place::Notifications,
            None if name == "goals" => Place::Goals,
            Some(_) | None => return None,
        })
    }

    /// Which of the two services it belongs to.
    pub fn service(&self) -> Service {
        match self {
            Place::Account(service) => *service,
            Place::Source(_) | Place::Devices | Place::Notifications => Service::Withings,
            Place::Goals | Place::Comparison(_) | Place::Goal(_) => Service::Beeminder,
        }
    }
}

/// What is wrong somewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The smallest thing it is about.
    pub place: Place,
    /// The kind of problem.
    pub code: ProblemCode,
    /// What its sentence is about.
    pub facts: Args,
    /// When it first came, by this computer's clock.
    pub since: DateTime<Utc>,
    /// How often in a row.
    pub failures: u32,
    /// When it last came, by this computer's clock; an earlier version did not say.
    pub noted_at: Option<DateTime<Utc>>,
    /// Automatic passes leave the place alone until then.
    pub wait_until: DateTime<Utc>,
}

/// The longest back-off.
pub const LONGEST_WAIT: TimeDelta = TimeDelta::hours(6);

/// How far a clock is set back in everyday life, by the network's time.
pub const SET_BACK: TimeDelta = TimeDelta::minutes(5);

impl Problem {
    /// Until when automatic passes leave the place alone, if they do.
    pub fn waits_until(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let length = self.noted_at.map_or(LONGEST_WAIT, |noted| self.wait_until - noted);
        Some(self.wait_until).filter(|until| is_waiting(*until, length, now))
    }
}

/// Whether a wait until `until`, no longer than `longest`, is still on. One further ahead comes from a clock that was
/// wrong: how much of it is left nobody knows, and a request too many does no harm.
pub fn is_waiting(until: DateTime<Utc>, longest: TimeDelta, now: DateTime<Utc>) -> bool {
    until > now && until - now <= longest.min(LONGEST_WAIT) + SET_BACK
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_back() {
        for place in [
            Place::Account(Service::Withings),
            Place::Account(Service::Beeminder),
            Place::Source(Source::Sleep),
            Place::Devices,
            Place::Notifications,
            Place::Goals,
            Place::Comparison(GoalId("5f5d577d55c1330906000b8f".into())),
            Place::Goal(GoalId("5f5d577d55c1330906000b8f".into())),
        ] {
            assert_eq!(Place::named(&place.name()), Some(place));
        }
        assert_eq!(Place::named("of tomorrow"), None);
    }
}
