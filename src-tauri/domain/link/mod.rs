//! A link: "this feeds that goal, so, since then". Pure.

pub mod comment;
pub mod suggestion;

use std::fmt;

use chrono::{DateTime, NaiveTime, Utc};
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

use crate::domain::datapoint::RequestId;
use crate::domain::day::{DayRule, Daystamp};
use crate::domain::goal::{GoalId, GoalSlug};
use crate::domain::measure::kind::{MeasureKind, Source};
use crate::domain::measure::measure_set::MeasureSet;
use crate::domain::measure::measurement::GroupId;
use crate::domain::measure::unit::Unit;

/// The number a user refers to a link by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct LinkId(pub i64);

impl fmt::Display for LinkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Which of a day's values is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, IntoStaticStr, EnumString, VariantArray)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case", ascii_case_insensitive)]
pub enum Take {
    /// Each value as its own datapoint.
    Every,
    /// The day's first.
    First,
    /// The day's last.
    Last,
    /// The day's lowest.
    Min,
    /// The day's highest.
    Max,
    /// The day's mean.
    Mean,
    /// The day's median.
    Median,
    /// All of the day's together.
    Sum,
}

impl Take {
    /// The word a user types.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The word a datapoint's comment uses.
    pub fn label(self) -> &'static str {
        match self {
            Take::Every => "every",
            Take::First => "first",
            Take::Last => "last",
            Take::Min => "lowest",
            Take::Max => "highest",
            Take::Mean => "mean",
            Take::Median => "median",
            Take::Sum => "sum",
        }
    }

    /// Finds the way a user named.
    pub fn named(name: &str) -> Option<Take> {
        name.parse().ok()
    }
}

/// What a link sends.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Feed {
    /// The values of one kind.
    Track {
        /// Which kind.
        kind: MeasureKind,
        /// In which unit.
        unit: Unit,
        /// Which of a day's values.
        take: Take,
    },
    /// 1 for each act of measuring that contains a set of kinds.
    Count {
        /// Which set.
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

    /// Whether one datapoint stands for a whole day.
    pub fn is_daily(&self) -> bool {
        match self {
            Feed::Track { take, .. } => *take != Take::Every,
            Feed::Count { once_a_day, .. } => *once_a_day,
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

impl fmt::Display for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Feed::Track { kind, unit, take } => {
                write!(f, "{}", kind.label())?;
                if !unit.symbol().is_empty() {
                    write!(f, " in {}", unit.symbol())?;
                }
                match take {
                    Take::Every => f.write_str(", every measurement"),
                    _ if *take == kind.day_take() => f.write_str(", each day"),
                    Take::First
                    | Take::Last
                    | Take::Min
                    | Take::Max
                    | Take::Mean
                    | Take::Median
                    | Take::Sum => write!(f, ", the day's {}", take.label()),
                }
            }
            Feed::Count { set, once_a_day: false } => write!(f, "number of {}", set.label()),
            Feed::Count { set, once_a_day: true } => write!(f, "days with {}", set.label()),
        }
    }
}

/// What a link lets through and how it writes it, where the user wants it otherwise than usual.
///
/// A filter of a newer version makes the whole unreadable: what it keeps out must not be let through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// Only what was measured from this time of day on, where the Beeminder user lives.
    pub from_time: Option<NaiveTime>,
    /// Only what was measured before this time of day; earlier than `from_time` means across midnight.
    pub until_time: Option<NaiveTime>,
    /// Only these devices, by id or model; all when empty.
    pub devices: Vec<String>,
    /// Whether what was typed in counts.
    pub manual: bool,
    /// Whether what may be another person's, or is of unknown origin, counts without asking.
    pub ambiguous: bool,
    /// Only these sorts of workout, by Withings' number; all when empty.
    pub categories: Vec<i64>,
    /// How many decimals are sent, 0 to 6; as many as make sense in the unit when nothing is said.
    pub decimals: Option<u32>,
    /// What the comment says; see [`crate::domain::link::comment`].
    pub comment: Option<String>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            from_time: None,
            until_time: None,
            devices: Vec::new(),
            manual: true,
            ambiguous: false,
            categories: Vec::new(),
            decimals: None,
            comment: None,
        }
    }
}

impl Options {
    /// Whether a time of day is inside the window.
    pub fn is_in_time(&self, time: NaiveTime) -> bool {
        let after = self.from_time.is_none_or(|from| time >= from);
        let before = self.until_time.is_none_or(|until| time < until);
        match (self.from_time, self.until_time) {
            (Some(from), Some(until)) if until <= from => after || before,
            _ => after && before,
        }
    }
}

impl fmt::Display for Options {
    /// What differs from usual, as a person would say it; empty when nothing does.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let clock = |time: &NaiveTime| time.format("%H:%M").to_string();
        let mut said = Vec::new();
        match (&self.from_time, &self.until_time) {
            (Some(from), Some(until)) => said.push(format!("from {} to {}", clock(from), clock(until))),
            (Some(from), None) => said.push(format!("from {} on", clock(from))),
            (None, Some(until)) => said.push(format!("before {}", clock(until))),
            (None, None) => {}
        }
        if !self.devices.is_empty() {
            said.push(format!("only {}", self.devices.join(" or ")));
        }
        if !self.categories.is_empty() {
            let names: Vec<_> =
                self.categories.iter().map(|id| crate::domain::measure::workout::name(*id)).collect();
            said.push(format!("only {}", names.join(" or ")));
        }
        if !self.manual {
            said.push("not what was typed in".into());
        }
        if self.ambiguous {
            said.push("even if it may be another person’s".into());
        }
        if let Some(decimals) = self.decimals {
            said.push(format!("to {decimals} {}", if decimals == 1 { "decimal" } else { "decimals" }));
        }
        f.write_str(&said.join(", "))
    }
}

/// A stretch of the past that the user asked for, from the first moment to the one after the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Past {
    /// Its first moment.
    pub from: DateTime<Utc>,
    /// The moment after its last.
    pub until: DateTime<Utc>,
}

/// One link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Its number.
    pub id: LinkId,
    /// The goal it feeds.
    pub goal: GoalId,
    /// The goal's name as last seen.
    pub slug: GoalSlug,
    /// What it sends.
    pub feed: Feed,
    /// What it lets through, and how it writes it.
    pub options: Options,
    /// What was measured at or after this moment is sent.
    pub since: DateTime<Utc>,
    /// What of the time before is sent as well.
    pub past: Vec<Past>,
}

impl Link {
    /// The earliest moment that concerns the link.
    pub fn earliest(&self) -> DateTime<Utc> {
        self.past.iter().map(|past| past.from).fold(self.since, DateTime::min)
    }

    /// Whether a moment lies in the time the link is about.
    pub fn is_about_moment(&self, at: DateTime<Utc>) -> bool {
        at >= self.since || self.past.iter().any(|past| past.from <= at && at < past.until)
    }

    /// Whether a day as a whole does. One that began before the link was made belongs to it.
    pub fn is_about_day(&self, day: Daystamp, rule: DayRule) -> bool {
        let in_past = |past: &Past| (rule.day_of(past.from)..rule.day_of(past.until)).contains(&day);
        day >= rule.day_of(self.since) || self.past.iter().any(in_past)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono_tz::Tz;

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
    fn a_window_of_time_may_lie_across_midnight() {
        let time = |text: &str| text.parse::<NaiveTime>().unwrap();
        for (from, until, at, inside) in [
            (None, None, "12:00:00", true),
            (None, Some("10:00:00"), "09:59:59", true),
            (None, Some("10:00:00"), "10:00:00", false),
            (Some("05:00:00"), Some("10:00:00"), "04:59:59", false),
            (Some("05:00:00"), Some("10:00:00"), "05:00:00", true),
            (Some("22:00:00"), Some("02:00:00"), "23:00:00", true),
            (Some("22:00:00"), Some("02:00:00"), "01:59:59", true),
            (Some("22:00:00"), Some("02:00:00"), "12:00:00", false),
        ] {
            let (from_time, until_time) = (from.map(time), until.map(time));
            let options = Options { from_time, until_time, ..Options::default() };
            assert_eq!(options.is_in_time(time(at)), inside, "{from:?} {until:?} {at}");
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

    #[test]
    fn options_are_said_in_words_and_a_missing_one_is_the_usual() {
        assert_eq!(Options::default().to_string(), "");
        let options: Options =
            serde_json::from_str(r#"{"until_time":"10:00:00","devices":["Body+"],"manual":false}"#).unwrap();
        assert_eq!(options.to_string(), "before 10:00, only Body+, not what was typed in");
    }

    #[test]
    fn a_link_is_about_what_comes_after_its_start_and_the_past_that_was_asked_for() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let rule = DayRule::new(Tz::UTC, 0);
        let link = Link {
            id: LinkId(1),
            goal: GoalId("g".into()),
            slug: GoalSlug("weight".into()),
            feed: Feed::Count { set: MeasureSet::weight(), once_a_day: false },
            options: Options::default(),
            since: at("2026-11-23T08:00:00Z"),
            past: vec![Past { from: at("2026-11-10T00:00:00Z"), until: at("2026-11-12T00:00:00Z") }],
        };
        for (moment, point, day) in [
            ("2026-11-23T08:00:00Z", true, true),
            ("2026-11-23T07:59:59Z", false, true),
            ("2026-11-22T23:59:59Z", false, false),
            ("2026-11-12T00:00:00Z", false, false),
            ("2026-11-11T23:59:59Z", true, true),
            ("2026-11-09T23:59:59Z", false, false),
        ] {
            assert_eq!(link.is_about_moment(at(moment)), point, "{moment}");
            assert_eq!(link.is_about_day(rule.day_of(at(moment)), rule), day, "the day of {moment}");
        }
        assert_eq!(link.earliest(), at("2026-11-10T00:00:00Z"));
    }
}
