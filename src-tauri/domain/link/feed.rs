//! A link's feed: the kind or set of measurements that it sends, and in which unit.

use std::fmt;

use crate::domain::datapoint::RequestId;
use crate::domain::day::Daystamp;
use crate::domain::measure::kind::{MeasureKind, Source};
use crate::domain::measure::measure_set::MeasureSet;
use crate::domain::measure::measurement::GroupId;
use crate::domain::measure::take::Take;
use crate::domain::measure::unit::Unit;
use crate::text::Message;

/// What a link sends.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Feed {
    /// The values of one kind.
    Track {
        /// Withings' kind of measurement.
        kind: MeasureKind,
        /// The unit that values are converted to.
        unit: Unit,
        /// Which of a day's values.
        take: Take,
    },
    /// 1 for each act of measuring that contains a set of kinds.
    Count {
        /// The kinds that count as one datapoint.
        set: MeasureSet,
        /// At most 1 a day.
        once_a_day: bool,
    },
}

impl Feed {
    /// The kind that decides whether a group concerns this feed at all.
    pub fn first_kind(&self) -> MeasureKind {
        match self {
            Feed::Track { kind, .. } => kind.first_source(),
            Feed::Count { set, .. } => set.kinds()[0],
        }
    }

    /// The kinds that matter to this feed.
    pub fn kinds(&self) -> Vec<MeasureKind> {
        match self {
            Feed::Track { kind, .. } => kind.sources(),
            Feed::Count { set, .. } => set.kinds().to_vec(),
        }
    }

    /// Which of Withings' services tells about it.
    pub fn source(&self) -> Source {
        self.first_kind().source()
    }

    /// The symbol of the unit that it sends; empty for counts and bare numbers.
    pub fn unit(&self) -> &'static str {
        match self {
            Feed::Track { unit, .. } => unit.symbol(),
            Feed::Count { .. } => "",
        }
    }

    /// Whether one datapoint stands for a whole day.
    pub fn is_daily(&self) -> bool {
        match self {
            Feed::Track { take, .. } => *take != Take::Every,
            Feed::Count { once_a_day, .. } => *once_a_day,
        }
    }

    /// The key of one reading's datapoint, where each has its own.
    pub fn key_of(&self, group: GroupId) -> Option<RequestId> {
        match self {
            _ if self.is_daily() => None,
            Feed::Track { kind, .. } => Some(RequestId::of_value(group, *kind)),
            Feed::Count { set, .. } => Some(RequestId::of_act(set, group)),
        }
    }

    /// What a datapoint with this key stands for, if it is one that such a feed sends, in whatever unit and
    /// whichever of a day's values, for each reading or for the day.
    pub fn part(&self, id: &RequestId) -> Option<Part> {
        let is_day = |text: &str| text.len() == 8;
        let number = |text: &str| {
            let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse().ok().filter(|_| is_number).map(|id| Part::Reading(GroupId(id)))
        };
        let day = |text: &str| text.parse().ok().filter(|_| is_day(text)).map(Part::Day);
        let rest = id.0.strip_prefix("withings-")?;
        match self {
            Feed::Track { kind, .. } => {
                let name = kind.to_string();
                let of_day = rest.strip_prefix(&name).and_then(|rest| rest.strip_prefix('-'));
                let of_group = || rest.strip_suffix(&name).and_then(|rest| rest.strip_suffix('-'));
                of_day.and_then(day).or_else(|| of_group().and_then(number))
            }
            Feed::Count { set, .. } => {
                let rest = rest.strip_prefix(&set.name())?.strip_prefix('-')?;
                let of_day = rest.strip_prefix("day-").and_then(day);
                // Eight digits are a day of the kind of the same name.
                of_day.or_else(|| number(rest).filter(|_| !is_day(rest)))
            }
        }
    }

    /// Whether a datapoint with this key is one that such a feed sends, for each reading or for the day.
    pub fn names(&self, id: &RequestId) -> bool {
        self.part(id).is_some()
    }

    /// Whether a datapoint with this key is one that this feed itself sends.
    pub fn sends(&self, id: &RequestId) -> bool {
        match self.part(id) {
            Some(Part::Day(_)) => self.is_daily(),
            Some(Part::Reading(_)) => !self.is_daily(),
            None => false,
        }
    }

    /// Whether two feeds into one goal would send the same thing twice.
    pub fn overlaps(&self, other: &Feed) -> bool {
        match (self, other) {
            (Feed::Track { kind, .. }, Feed::Track { kind: other, .. }) => kind == other,
            (Feed::Count { set, .. }, Feed::Count { set: other, .. }) => set == other,
            (Feed::Track { .. }, Feed::Count { .. }) | (Feed::Count { .. }, Feed::Track { .. }) => false,
        }
    }
}

/// What a datapoint stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// A whole day.
    Day(Daystamp),
    /// One reading.
    Reading(GroupId),
}

impl Feed {
    /// Whether one act of measuring, or one day, as a rule makes a datapoint of both feeds.
    pub fn meets(&self, other: &Feed) -> bool {
        let (own, others) = (self.kinds(), other.kinds());
        match (self.source(), other.source()) {
            (Source::Measure, Source::Measure) => {
                let on = |device: fn(MeasureKind) -> bool, kinds: &[MeasureKind]| {
                    kinds.iter().any(|kind| device(*kind))
                };
                own.iter().any(|kind| others.contains(kind))
                    || [MeasureKind::is_of_scale as fn(MeasureKind) -> bool, MeasureKind::is_of_cuff]
                        .iter()
                        .any(|device| on(*device, &own) && on(*device, &others))
            }
            // A workout is part of its day.
            (Source::Activity | Source::Workout, Source::Activity | Source::Workout)
            | (Source::Sleep, Source::Sleep) => true,
            (Source::Measure | Source::Activity | Source::Sleep | Source::Workout, _) => false,
        }
    }
}

impl Feed {
    /// What it sends, for people.
    pub fn message(&self) -> Message {
        match self {
            Feed::Track { kind, unit, take } => {
                let is_usual = *take != Take::Every && *take == kind.day_take();
                let take = if is_usual { "each_day" } else { take.name() };
                let key = if unit.symbol().is_empty() { "link.sends_bare" } else { "link.sends_track" };
                Message::new(
                    key,
                    [("kind", kind.to_string()), ("unit", unit.symbol().into()), ("take", take.into())],
                )
            }
            Feed::Count { set, once_a_day } => {
                let key = if *once_a_day { "link.sends_days" } else { "link.sends_count" };
                let kinds: Vec<_> = set.kinds().iter().map(ToString::to_string).collect();
                Message::new(key, [("what", kinds.join(","))])
            }
        }
    }
}

/// In English.
impl fmt::Display for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.message().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feed_knows_its_own_datapoints() {
        let weight = Feed::Track { kind: MeasureKind::WEIGHT, unit: Unit::Pound, take: Take::Min };
        let count = Feed::Count { set: MeasureSet::weight(), once_a_day: false };
        for (id, by_weight, by_count) in [
            ("withings-4815757309-weight", true, false),
            ("withings-weight-20261123", true, false),
            ("withings-weight-4815757309", false, true),
            ("withings-weight-day-20261123", false, true),
            ("withings-4815757309-fat-ratio", false, false),
            ("withings-weight-", false, false),
            ("ifttt-weight-20261123", false, false),
            ("", false, false),
        ] {
            let id = RequestId(id.into());
            assert_eq!((weight.names(&id), count.names(&id)), (by_weight, by_count), "{id}");
        }
    }

    #[test]
    fn feeds_meet_when_one_act_makes_a_datapoint_of_both() {
        let set = |name| Feed::Count { set: MeasureSet::named(name).unwrap(), once_a_day: false };
        let value = |name| {
            let kind = MeasureKind::named(name).unwrap();
            Feed::Track { kind, unit: kind.unit(), take: kind.day_take() }
        };
        for (one, other, expected) in [
            (set("weight"), set("body-composition"), true),
            (set("weight"), set("fat-mass"), true),
            (set("weight"), set("blood-pressure"), false),
            (set("weight"), value("weight"), true),
            (set("weight"), value("bmi"), true),
            (set("weight"), value("muscle-mass"), true),
            (value("systolic"), value("diastolic"), true),
            (value("systolic"), value("pulse-pressure"), true),
            (set("blood-pressure"), value("heart-rate"), true),
            (set("temperature"), set("spo2"), false),
            (value("steps"), value("distance"), true),
            (value("active-time"), value("workout-duration"), true),
            (value("deep-sleep"), value("rem-sleep"), true),
            (value("steps"), value("sleep-duration"), false),
            (set("weight"), value("steps"), false),
        ] {
            assert_eq!(one.meets(&other), expected, "{one} {other}");
            assert_eq!(other.meets(&one), expected, "{other} {one}");
        }
    }
}
