//! Days of activity, nights and workouts, as Withings sends them: read as leniently as everything else,
//! and turned into groups with the day Withings gives them.
//!
//! <https://developer.withings.com/api-reference>: Measure - Getactivity, Measure - Getworkouts,
//! Sleep v2 - Getsummary. Times are in seconds, distances in metres, efficiency is a share of one.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;
use rust_decimal::{Decimal, dec};
use serde::Deserialize;
use serde_json::Value;

use crate::domain::day::{DayRule, Daystamp};
use crate::domain::measure::kind::{MeasureKind, Source};
use crate::domain::measure::measurement::{GroupId, MeasureGroup, Measurement, Unreadable};
use crate::services::lenient;
use crate::services::withings::Page;
use crate::services::withings::wire::moment;

/// What all three have.
#[derive(Deserialize)]
struct Row {
    #[serde(default, deserialize_with = "lenient::integer")]
    id: Option<i64>,
    #[serde(default, deserialize_with = "lenient::text")]
    date: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    timezone: Option<String>,
    #[serde(default, deserialize_with = "lenient::integer")]
    startdate: Option<i64>,
    #[serde(default, deserialize_with = "lenient::integer")]
    enddate: Option<i64>,
    #[serde(default, deserialize_with = "lenient::integer")]
    modified: Option<i64>,
    #[serde(default, deserialize_with = "lenient::integer")]
    attrib: Option<i64>,
    #[serde(default, deserialize_with = "lenient::integer")]
    category: Option<i64>,
    #[serde(default, deserialize_with = "lenient::text")]
    deviceid: Option<String>,
    // All that nights tell of their device.
    #[serde(default, deserialize_with = "lenient::text")]
    hash_deviceid: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    brand: Option<String>,
    // A name for activity; a number for nights and workouts, which tells users nothing.
    #[serde(default, deserialize_with = "lenient::text")]
    model: Option<String>,
    // Activity has its values here, nights and workouts have them in `data`.
    #[serde(flatten)]
    fields: Fields,
    #[serde(default, deserialize_with = "lenient::object")]
    data: Option<Fields>,
}

/// Values by their names.
#[derive(Deserialize, Default)]
struct Fields {
    #[serde(flatten)]
    values: serde_json::Map<String, serde_json::Value>,
}

impl Fields {
    fn number(&self, name: &str) -> Option<Decimal> {
        let (mantissa, exponent) = lenient::exact(self.values.get(name)?)?;
        Decimal::try_from_i128_with_scale(mantissa.into(), u32::try_from(-exponent).ok()?).ok()
    }

    /// A value for which zero means that there is none.
    fn positive(&self, name: &str) -> Option<Decimal> {
        self.number(name).filter(|value| *value > Decimal::ZERO)
    }

    /// Whether one of these is there and yet cannot be read.
    fn is_odd(&self, names: &[&str]) -> bool {
        let is_odd = |name: &&str| {
            self.values.get(*name).is_some_and(|value| !is_nothing(value) && self.number(name).is_none())
        };
        names.iter().any(is_odd)
    }
}

/// Whether a value only says that there is none.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(_) | Value::Number(_) => false,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(fields) => fields.is_empty(),
    }
}

/// Longer ones were no night, and no workout.
const LONGEST_NIGHT: TimeDelta = TimeDelta::hours(48);
const LONGEST_WORKOUT: TimeDelta = TimeDelta::days(7);

/// Reads one row into `page`.
pub(super) fn row(page: &mut Page, source: Source, raw: &str) {
    let kept = |id| Unreadable { id, source, raw: raw.to_owned() };
    let Ok(row) = serde_json::from_str::<Row>(raw) else {
        return page.unreadable.push(kept(None));
    };
    let (id, is_odd) = (row.id(source), row.is_odd(source));
    match row.group(source) {
        Some(group) => {
            page.groups.push(group);
            if is_odd {
                page.unreadable.push(kept(id));
            }
        }
        None => page.unreadable.push(kept(id)),
    }
}

impl Row {
    fn id(&self, source: Source) -> Option<GroupId> {
        match source {
            Source::Measure => None,
            Source::Activity => GroupId::of_day(self.day()?, &self.teller()),
            Source::Sleep | Source::Workout => GroupId::numbered(source, self.id?),
        }
    }

    fn teller(&self) -> String {
        format!(
            "{} {}",
            self.brand.as_deref().unwrap_or_default(),
            self.deviceid.as_deref().unwrap_or_default()
        )
    }

    fn zone(&self) -> Tz {
        self.timezone.as_deref().and_then(|name| name.parse().ok()).unwrap_or(Tz::UTC)
    }

    /// The day Withings gives it, or the one it ended on.
    fn day(&self) -> Option<Daystamp> {
        let sensible =
            |date: &NaiveDate| moment(date.and_time(NaiveTime::MIN).and_utc().timestamp()).is_some();
        let date = self.date.as_deref().and_then(|date| date.parse::<NaiveDate>().ok());
        let ended = || Some(self.enddate.and_then(moment)?.with_timezone(&self.zone()).date_naive());
        date.filter(sensible).or_else(ended).map(Daystamp)
    }

    /// Whether a value is there that cannot be read.
    fn is_odd(&self, source: Source) -> bool {
        let names: &[&str] = match source {
            Source::Measure => &[],
            Source::Activity => &ACTIVITY,
            Source::Sleep => &SLEEP,
            Source::Workout => &WORKOUT,
        };
        self.data.as_ref().unwrap_or(&self.fields).is_odd(names)
    }

    /// `None` when what identifies the row is missing, or its times make no sense.
    fn group(self, source: Source) -> Option<MeasureGroup> {
        let (id, day, zone) = (self.id(source)?, self.day()?, self.zone());
        let data = self.data.as_ref().unwrap_or(&self.fields);
        let (start, end) = (self.startdate.and_then(moment), self.enddate.and_then(moment));
        let span = |longest| {
            let length = end? - start?;
            (length >= TimeDelta::zero() && length <= longest).then_some((start?, end?, length))
        };
        let device = |id: Option<String>| id.filter(|id| !id.is_empty());
        let (measured_at, length, values) = match source {
            Source::Measure => return None,
            Source::Activity => (DayRule::new(zone, 0).start_of(day), None, activity(&self.fields)),
            Source::Sleep => {
                let (start, end, length) = span(LONGEST_NIGHT)?;
                (end, Some(length), Night { start, end, zone, date: day.0 }.values(data))
            }
            Source::Workout => {
                let (start, _, length) = span(LONGEST_WORKOUT)?;
                (start, Some(length), workout(data, length))
            }
        };
        Some(MeasureGroup {
            id,
            attrib: self.attrib.unwrap_or(0),
            measured_at,
            modified_at: self.modified.and_then(moment).unwrap_or(measured_at),
            device: device(self.deviceid).or_else(|| device(self.hash_deviceid).filter(|_| length.is_some())),
            model: self.model.filter(|model| !model.is_empty() && model.parse::<i64>().is_err()),
            source,
            day: Some(day),
            category: self.category.filter(|_| source == Source::Workout),
            length,
            gone: false,
            measurements: values.into_iter().filter_map(measurement).collect(),
        })
    }
}

/// A kind by its number, and its value if there is one.
type Sent = (i64, Option<Decimal>);

fn measurement((kind, value): Sent) -> Option<Measurement> {
    let value = value?;
    let (mantissa, exponent) = (i64::try_from(value.mantissa()).ok()?, -i64::from(value.scale()));
    Some(Measurement { kind: MeasureKind(kind), mantissa, exponent, position: None })
}

const ACTIVITY: [&str; 12] = [
    "steps",
    "distance",
    "elevation",
    "soft",
    "moderate",
    "intense",
    "active",
    "calories",
    "totalcalories",
    "hr_average",
    "hr_min",
    "hr_max",
];

const SLEEP: [&str; 11] = [
    "total_sleep_time",
    "asleepduration",
    "total_timeinbed",
    "deepsleepduration",
    "remsleepduration",
    "lightsleepduration",
    "sleep_score",
    "sleep_efficiency",
    "sleep_latency",
    "durationtosleep",
    "hr_average",
];

const WORKOUT: [&str; 6] =
    ["calories", "distance", "manual_calories", "manual_distance", "pause_duration", "algo_pause_duration"];

fn activity(fields: &Fields) -> Vec<Sent> {
    vec![
        (1_000_001, fields.number("steps")),
        (1_000_002, fields.number("distance")),
        (1_000_003, fields.number("elevation")),
        (1_000_004, fields.number("soft")),
        (1_000_005, fields.number("moderate")),
        (1_000_006, fields.number("intense")),
        (1_000_007, fields.number("active")),
        (1_000_008, fields.number("calories")),
        (1_000_009, fields.number("totalcalories")),
        (1_000_010, fields.positive("hr_average")),
        (1_000_011, fields.positive("hr_min")),
        (1_000_012, fields.positive("hr_max")),
    ]
}

struct Night {
    start: DateTime<Utc>,
    end: DateTime<Utc>,
    zone: Tz,
    date: NaiveDate,
}

impl Night {
    fn values(&self, data: &Fields) -> Vec<Sent> {
        let either = |name: &str, other: &str| data.positive(name).or_else(|| data.positive(other));
        // Other apps' nights come without stages, which then are null or zero.
        const STAGES: [&str; 3] = ["deepsleepduration", "remsleepduration", "lightsleepduration"];
        let has_stages = STAGES.iter().any(|name| data.positive(name).is_some());
        let stage = |name: &str| data.number(name).filter(|_| has_stages);
        let asleep = either("total_sleep_time", "asleepduration");
        let in_bed = data
            .positive("total_timeinbed")
            .unwrap_or_else(|| Decimal::from((self.end - self.start).num_seconds()));
        let share = data.positive("sleep_efficiency");
        let efficiency = share.and_then(|share| share.checked_mul(dec!(100)));
        let latency = either("sleep_latency", "durationtosleep");
        vec![
            (1_000_101, asleep),
            (1_000_102, Some(in_bed)),
            (1_000_103, stage("deepsleepduration")),
            (1_000_104, stage("remsleepduration")),
            (1_000_105, stage("lightsleepduration")),
            (1_000_106, data.positive("sleep_score")),
            (1_000_107, efficiency),
            (1_000_108, latency.or_else(|| data.number("sleep_latency"))),
            (1_000_109, data.positive("hr_average")),
            (1_000_110, self.clock(self.start)),
            (1_000_111, self.clock(self.end)),
        ]
    }

    /// Seconds from midnight of the day one woke up on, by the clock on the wall.
    fn clock(&self, moment: DateTime<Utc>) -> Option<Decimal> {
        let midnight = self.date.and_hms_opt(0, 0, 0)?;
        let local = moment.with_timezone(&self.zone).naive_local();
        Some(Decimal::from((local - midnight).num_seconds()))
    }
}

fn workout(data: &Fields, length: TimeDelta) -> Vec<Sent> {
    let paused = data.positive("pause_duration").or_else(|| data.positive("algo_pause_duration"));
    let length = Decimal::from(length.num_seconds()) - paused.unwrap_or_default();
    // What was typed in counts before what was guessed.
    let typed_in = |name: &str| data.positive(&format!("manual_{name}")).or_else(|| data.number(name));
    vec![
        (1_000_201, Some(Decimal::ONE)),
        (1_000_202, Some(length.max(Decimal::ZERO))),
        (1_000_203, typed_in("calories")),
        (1_000_204, typed_in("distance")),
    ]
}

#[cfg(test)]
mod tests;
