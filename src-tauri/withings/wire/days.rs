//! Days of activity, nights and workouts, as Withings sends them: read as leniently as everything else,
//! and turned into groups with the day Withings gives them.
//!
//! <https://developer.withings.com/api-reference>: Measure - Getactivity, Measure - Getworkouts,
//! Sleep v2 - Getsummary. Times are in seconds, distances in metres, efficiency is a share of one.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use rust_decimal::{Decimal, dec};
use serde::Deserialize;

use crate::day::{DayRule, Daystamp};
use crate::kind::{MeasureKind, Source};
use crate::lenient;
use crate::measurement::{GroupId, MeasureGroup, Measurement};

/// What all three have.
#[derive(Deserialize)]
pub(super) struct Row {
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
pub(super) struct Fields {
    #[serde(flatten)]
    values: serde_json::Map<String, serde_json::Value>,
}

impl Fields {
    fn number(&self, name: &str) -> Option<Decimal> {
        self.values.get(name).and_then(lenient::decimal)
    }

    /// A value for which zero means that there is none.
    fn positive(&self, name: &str) -> Option<Decimal> {
        self.number(name).filter(|value| *value > Decimal::ZERO)
    }
}

impl Row {
    /// `None` when what identifies the row is missing.
    pub(super) fn group(self, source: Source) -> Option<MeasureGroup> {
        let zone: Tz = self.timezone.as_deref().and_then(|name| name.parse().ok()).unwrap_or(Tz::UTC);
        let moment = |unix: Option<i64>| unix.and_then(|unix| DateTime::<Utc>::from_timestamp(unix, 0));
        let (start, end) = (moment(self.startdate), moment(self.enddate));
        let date = self.date.as_deref().and_then(|date| date.parse::<NaiveDate>().ok());
        let date = date.or_else(|| Some(end?.with_timezone(&zone).date_naive()))?;
        let day = Daystamp(date);
        let data = self.data.as_ref().unwrap_or(&self.fields);
        let device = self.deviceid.clone().filter(|device| !device.is_empty());
        let (id, measured_at, values) = match source {
            Source::Measure => return None,
            Source::Activity => {
                let teller = format!(
                    "{} {}",
                    self.brand.as_deref().unwrap_or_default(),
                    device.as_deref().unwrap_or_default()
                );
                (GroupId::of_day(day, &teller)?, DayRule::new(zone, 0).start_of(day), activity(&self.fields))
            }
            Source::Sleep => {
                let night = Night { start: start?, end: end?, zone, date };
                (GroupId::numbered(source, self.id?)?, end?, night.values(data))
            }
            Source::Workout => (GroupId::numbered(source, self.id?)?, start?, workout(data, end? - start?)),
        };
        Some(MeasureGroup {
            id,
            attrib: self.attrib.unwrap_or(0),
            measured_at,
            modified_at: moment(self.modified).unwrap_or(measured_at),
            device,
            model: self.model.filter(|model| !model.is_empty() && model.parse::<i64>().is_err()),
            source,
            day: Some(day),
            category: self.category.filter(|_| source == Source::Workout),
            gone: false,
            measurements: values.into_iter().filter_map(measurement).collect(),
        })
    }
}

/// A kind by its number, and its value if there is one.
type Value = (i64, Option<Decimal>);

fn measurement((kind, value): Value) -> Option<Measurement> {
    let value = value?;
    let (mantissa, exponent) = (i64::try_from(value.mantissa()).ok()?, -i64::from(value.scale()));
    Some(Measurement { kind: MeasureKind(kind), mantissa, exponent, position: None })
}

fn activity(fields: &Fields) -> Vec<Value> {
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
    fn values(&self, data: &Fields) -> Vec<Value> {
        // Other apps' nights come without stages.
        let asleep = data.number("total_sleep_time").or_else(|| data.number("asleepduration"));
        let in_bed = data
            .number("total_timeinbed")
            .unwrap_or_else(|| Decimal::from((self.end - self.start).num_seconds()));
        let efficiency = data.number("sleep_efficiency").and_then(|share| share.checked_mul(dec!(100)));
        vec![
            (1_000_101, asleep),
            (1_000_102, Some(in_bed)),
            (1_000_103, data.number("deepsleepduration")),
            (1_000_104, data.number("remsleepduration")),
            (1_000_105, data.number("lightsleepduration")),
            (1_000_106, data.positive("sleep_score")),
            (1_000_107, efficiency),
            (1_000_108, data.number("sleep_latency").or_else(|| data.number("durationtosleep"))),
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

fn workout(data: &Fields, length: chrono::TimeDelta) -> Vec<Value> {
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
mod tests {
    use super::*;

    fn read(source: Source, json: &str) -> MeasureGroup {
        serde_json::from_str::<Row>(json).unwrap().group(source).unwrap()
    }

    fn value(group: &MeasureGroup, name: &str) -> Option<Decimal> {
        group.measurement(MeasureKind::named(name)?)?.value().map(|value| value.normalize())
    }

    #[test]
    fn a_day_of_activity_has_its_date_and_zero_heart_beats_are_none() {
        let group = read(
            Source::Activity,
            r#"{"steps":1209,"distance":1028.559,"elevation":0,"hr_average":0,"deviceid":null,"brand":18,
                "timezone":"Europe/Amsterdam","date":"2023-10-20","modified":1697884856,"model":"GoogleFit tracker"}"#,
        );
        assert_eq!(group.day.unwrap().to_string(), "20231020");
        assert_eq!(group.measured_at.to_rfc3339(), "2023-10-19T22:00:00+00:00", "midnight in Amsterdam");
        assert_eq!(
            (value(&group, "steps"), value(&group, "distance")),
            (Some(dec!(1209)), Some(dec!(1028.559)))
        );
        assert_eq!((value(&group, "floors"), value(&group, "day-heart-rate")), (Some(dec!(0)), None));
        assert_eq!(group.model.as_deref(), Some("GoogleFit tracker"));
    }

    #[test]
    fn a_night_counts_for_the_day_one_woke_up_on_and_its_times_are_those_on_the_wall() {
        // The night the clocks went forward in Paris: 23:30 to 07:00 are six and a half hours.
        let group = read(
            Source::Sleep,
            r#"{"id":2081804182,"timezone":"Europe/Paris","model":32,"startdate":1774737000,"enddate":1774760400,
                "date":"2026-03-29","data":{"total_sleep_time":18660,"sleep_efficiency":0.86,"sleep_score":37,
                "hr_average":0}}"#,
        );
        assert_eq!(group.day.unwrap().to_string(), "20260329");
        assert_eq!(
            (value(&group, "bedtime"), value(&group, "wake-up-time")),
            (Some(dec!(-1800)), Some(dec!(25_200)))
        );
        assert_eq!(value(&group, "sleep-efficiency"), Some(dec!(86)));
        assert_eq!(value(&group, "time-in-bed"), Some(dec!(23_400)), "not told, so from first to last");
        assert_eq!((value(&group, "sleep-heart-rate"), value(&group, "deep-sleep")), (None, None));
        assert_eq!(group.model, None, "a number tells users nothing");
    }

    #[test]
    fn a_workout_is_as_long_as_it_took_without_its_pauses() {
        let group = read(
            Source::Workout,
            r#"{"id":3661300277,"category":2,"timezone":"Europe/Amsterdam","attrib":7,"startdate":1693336011,
                "enddate":1693336513,"date":"2023-08-29","data":{"calories":47,"manual_calories":70,"distance":680,
                "manual_distance":0,"pause_duration":80,"algo_pause_duration":null}}"#,
        );
        assert_eq!((group.category, value(&group, "workout-duration")), (Some(2), Some(dec!(422))));
        assert_eq!(
            (value(&group, "workout-calories"), value(&group, "workout-distance"), value(&group, "workouts")),
            (Some(dec!(70)), Some(dec!(680)), Some(dec!(1)))
        );
    }

    #[test]
    fn a_row_without_what_identifies_it_is_none() {
        for (source, json) in [
            (Source::Activity, r#"{"steps":5}"#),
            (Source::Sleep, r#"{"date":"2026-03-29","startdate":1,"enddate":2}"#),
            (Source::Sleep, r#"{"id":1,"date":"2026-03-29"}"#),
            (Source::Workout, r#"{"id":-1,"startdate":1,"enddate":2,"date":"2026-03-29"}"#),
        ] {
            assert!(serde_json::from_str::<Row>(json).unwrap().group(source).is_none(), "{json}");
        }
    }
}
