//! Datapoints as they are decided on, and the ids that make sending them safe to repeat. Pure.

use std::fmt;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::Serialize;

use crate::domain::day::{DayRule, Daystamp};
use crate::domain::measure::kind::MeasureKind;
use crate::domain::measure::measure_set::MeasureSet;
use crate::domain::measure::measurement::GroupId;

/// Beeminder's idempotency key, unique within a goal.
///
/// Derived from Withings' own ids and nothing else: a repeated, edited or re-fetched measurement must
/// come to the same id on every computer, whatever its value, the clock or this program's rounding.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct RequestId(pub String);

impl RequestId {
    /// For one value of one group.
    pub fn of_value(group: GroupId, kind: MeasureKind) -> RequestId {
        RequestId(format!("withings-{}-{kind}", group.0))
    }

    /// For one counted act.
    pub fn of_act(set: &MeasureSet, group: GroupId) -> RequestId {
        RequestId(format!("withings-{}-{}", set.name(), group.0))
    }

    /// For a day's value.
    pub fn of_day(kind: MeasureKind, day: Daystamp) -> RequestId {
        RequestId(format!("withings-{kind}-{day}"))
    }

    /// For a day on which an act took place. `day` keeps it apart from a day's value of the same name.
    pub fn of_day_with(set: &MeasureSet, day: Daystamp) -> RequestId {
        RequestId(format!("withings-{}-day-{day}", set.name()))
    }
}

impl RequestId {
    /// What it is about: the kind or the set, without the group or the day, and which of the two it is.
    pub fn subject(&self) -> String {
        let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let parts: Vec<&str> = self.0.split('-').skip(1).collect();
        // A count ends with its group, or with its day behind a word; eight digits alone are a value's day.
        let ends_with_group = parts.last().is_some_and(|last| is_number(last) && last.len() != 8);
        let is_count = ends_with_group || parts.contains(&"day");
        let names = parts.into_iter().filter(|part| !is_number(part) && *part != "day");
        let name = names.collect::<Vec<_>>().join("-");
        if is_count { format!("{name} counted") } else { name }
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// When a datapoint happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// At a time; Beeminder works out the day.
    At(DateTime<Utc>),
    /// On a day as a whole.
    On(Daystamp),
}

/// One datapoint a goal should have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Datapoint {
    /// Its key within the goal.
    pub request_id: RequestId,
    /// Its value in the link's unit, rounded as it is sent.
    pub value: Decimal,
    /// The reading's moment, or the goal's day.
    pub moment: Moment,
    /// A short remark; it never says more than the value does.
    pub comment: String,
}

impl Datapoint {
    /// Whether it is of a day as a whole.
    pub fn is_of_day(&self) -> bool {
        matches!(self.moment, Moment::On(_))
    }

    /// The day it counts for, as far as is known before Beeminder answers.
    pub fn day(&self, rule: DayRule) -> Daystamp {
        match self.moment {
            Moment::At(moment) => rule.day_of(moment),
            Moment::On(day) => day,
        }
    }

    /// The form that creates this datapoint, without the token.
    ///
    /// This is stored before it is first sent and sent unchanged ever after, because Beeminder only
    /// recognises an identical repetition.
    pub fn create_form(&self) -> String {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.append_pair("value", &self.value.to_string());
        match self.moment {
            Moment::At(moment) => form.append_pair("timestamp", &moment.timestamp().to_string()),
            Moment::On(day) => form.append_pair("daystamp", &day.to_string()),
        };
        form.append_pair("comment", &self.comment).append_pair("requestid", &self.request_id.0);
        form.finish()
    }

    /// The form that changes this datapoint where it already exists, without the token.
    pub fn update_form(&self) -> String {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.append_pair("value", &self.value.to_string());
        if let Moment::At(moment) = self.moment {
            form.append_pair("timestamp", &moment.timestamp().to_string());
        }
        form.append_pair("comment", &self.comment);
        form.finish()
    }
}

impl Datapoint {
    /// This datapoint as a form of it says; what the form leaves out is as here.
    #[must_use]
    pub fn as_in_form(&self, form: &str) -> Datapoint {
        let mut carried = self.clone();
        for (name, value) in url::form_urlencoded::parse(form.as_bytes()) {
            match &*name {
                "value" => carried.value = value.parse().unwrap_or(carried.value),
                "timestamp" => {
                    let moment = value.parse().ok().and_then(|unix| DateTime::from_timestamp(unix, 0));
                    carried.moment = moment.map_or(carried.moment, Moment::At);
                }
                "daystamp" => carried.moment = value.parse().map_or(carried.moment, Moment::On),
                "comment" => carried.comment = value.into_owned(),
                _ => {}
            }
        }
        carried
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rust_decimal::dec;

    #[test]
    fn a_form_tells_what_it_carries() {
        let sent = Datapoint {
            request_id: RequestId("withings-1-weight".into()),
            value: dec!(82.4),
            moment: Moment::At(DateTime::from_timestamp(1_769_380_723, 0).unwrap()),
            comment: "Withings 07:31 & more".into(),
        };
        let other = Datapoint { value: dec!(181.7), comment: String::new(), ..sent.clone() };
        assert_eq!(other.as_in_form(&sent.create_form()), sent);
        assert_eq!(other.as_in_form(&sent.update_form()), sent);
        let moved = Datapoint { moment: Moment::On("20260125".parse().unwrap()), ..sent.clone() };
        assert_eq!(other.as_in_form(&moved.create_form()), moved);
        // The day of a day's value is part of its key, so a change does not name it.
        let changed = Datapoint { value: dec!(80), ..moved.clone() };
        assert_eq!(moved.as_in_form(&changed.update_form()), changed);
    }

    #[test]
    fn request_ids_keep_values_acts_and_days_apart() {
        let (group, day) = (GroupId(4_815_757_309), "20261123".parse().unwrap());
        let ids = [
            RequestId::of_value(group, MeasureKind::WEIGHT).0,
            RequestId::of_act(&MeasureSet::weight(), group).0,
            RequestId::of_day(MeasureKind::WEIGHT, day).0,
            RequestId::of_day_with(&MeasureSet::weight(), day).0,
        ];
        assert_eq!(
            ids,
            [
                "withings-4815757309-weight",
                "withings-weight-4815757309",
                "withings-weight-20261123",
                "withings-weight-day-20261123"
            ]
        );
    }

    #[test]
    fn a_point_sends_its_time_and_a_day_its_daystamp() {
        let mut datapoint = Datapoint {
            request_id: RequestId("withings-1-weight".into()),
            value: dec!(82.4),
            moment: Moment::At(DateTime::from_timestamp(1_769_380_723, 0).unwrap()),
            comment: "Withings 07:31".into(),
        };
        assert_eq!(
            datapoint.create_form(),
            "value=82.4&timestamp=1769380723&comment=Withings+07%3A31&requestid=withings-1-weight"
        );
        assert_eq!(datapoint.update_form(), "value=82.4&timestamp=1769380723&comment=Withings+07%3A31");
        datapoint.moment = Moment::On("20260125".parse().unwrap());
        assert!(datapoint.create_form().contains("&daystamp=20260125&"));
        assert_eq!(datapoint.update_form(), "value=82.4&comment=Withings+07%3A31");
    }
}
