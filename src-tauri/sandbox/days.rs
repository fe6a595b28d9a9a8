//! The stand-in's days of activity, nights, workouts and devices, in Withings' own form.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::domain::day::{DayRule, Daystamp};

/// Where the sandbox's person lives.
const ZONE: chrono_tz::Tz = chrono_tz::Europe::Paris;

/// One person's days.
#[derive(Debug, Default)]
pub struct Days {
    /// Days of activity, by date and device.
    pub activities: BTreeMap<String, Value>,
    /// Nights and naps, by Withings' `id`.
    pub sleep: BTreeMap<i64, Value>,
    /// Workouts, by Withings' `id`.
    pub workouts: BTreeMap<i64, Value>,
    /// Devices.
    pub devices: Vec<Value>,
    /// What changed since notifications were last sent: Withings' number for the kind, and the day.
    pub(super) changed: Vec<(i64, NaiveDate)>,
    next_id: i64,
}

impl Days {
    fn number(&mut self) -> i64 {
        self.next_id += 1;
        2_000_000_000 + self.next_id
    }

    /// Sets how far one has walked on a day; it grows as the day goes on.
    pub fn walk(&mut self, date: NaiveDate, steps: i64, now: DateTime<Utc>) {
        self.walk_with("watch", date, steps, now);
    }

    /// The same, told by one of several devices.
    pub fn walk_with(&mut self, device: &str, date: NaiveDate, steps: i64, now: DateTime<Utc>) {
        #[expect(clippy::cast_precision_loss, reason = "nobody walks so far")]
        let metres = steps as f64 * 0.8;
        let row = json!({"date": date.to_string(), "steps": steps, "distance": metres, "elevation": 3,
            "soft": 1800, "moderate": 1200, "intense": 300, "active": 1500, "calories": 85.497,
            "totalcalories": 2303.788, "hr_average": 80, "hr_min": 52, "hr_max": 140, "deviceid": device,
            "hash_deviceid": device, "timezone": ZONE.name(), "modified": now.timestamp(), "brand": 1,
            "modelid": 93, "model": "ScanWatch", "is_tracker": true});
        self.activities.insert(format!("{date} {device}"), row);
        self.changed.push((16, date));
    }

    /// Adds a night that ends at seven on `date` and returns its number.
    pub fn sleep(&mut self, date: NaiveDate, seconds: i64, now: DateTime<Utc>) -> i64 {
        let end = DayRule::new(ZONE, 0).start_of(Daystamp(date)) + TimeDelta::hours(7);
        self.sleep_until(date, end, seconds, now)
    }

    /// Adds a night or nap that ends at a moment.
    pub fn sleep_until(
        &mut self,
        date: NaiveDate,
        end: DateTime<Utc>,
        seconds: i64,
        now: DateTime<Utc>,
    ) -> i64 {
        let (id, start) = (self.number(), end - TimeDelta::seconds(seconds + 1200));
        let row = json!({"id": id, "timezone": ZONE.name(), "model": 32, "model_id": 63,
            "hash_deviceid": "mat", "startdate": start.timestamp(), "enddate": end.timestamp(),
            "date": date.to_string(), "created": now.timestamp(), "modified": now.timestamp(),
            "completed": true, "data": {"total_sleep_time": seconds, "total_timeinbed": seconds + 1200,
                "deepsleepduration": seconds / 5, "remsleepduration": seconds / 5,
                "lightsleepduration": seconds * 3 / 5, "sleep_efficiency": 0.86, "sleep_latency": 540,
                "sleep_score": 77, "hr_average": 58, "night_events": "{}"}});
        self.sleep.insert(id, row);
        self.changed.push((44, date));
        id
    }

    /// Adds a workout of `minutes` that starts now, and returns its number.
    pub fn work_out(&mut self, category: i64, minutes: i64, now: DateTime<Utc>) -> i64 {
        let (id, end) = (self.number(), now + TimeDelta::minutes(minutes));
        let date = now.with_timezone(&ZONE).date_naive();
        let row = json!({"id": id, "category": category, "timezone": ZONE.name(), "model": 93, "attrib": 0,
            "startdate": now.timestamp(), "enddate": end.timestamp(), "date": date.to_string(),
            "deviceid": null, "modified": now.timestamp(),
            "data": {"calories": 47, "intensity": 30, "manual_distance": 0, "manual_calories": 0,
                "distance": 680, "pause_duration": 0, "algo_pause_duration": null}});
        self.workouts.insert(id, row);
        self.changed.push((16, date));
        id
    }

    /// Adds a device, or says when it last reached Withings.
    pub fn device(&mut self, sort: &str, model: &str, battery: &str, last_contact: DateTime<Utc>) {
        self.devices.retain(|device| device["model"] != json!(model));
        self.devices.push(json!({"type": sort, "model": model, "model_id": 5, "battery": battery,
            "deviceid": model, "hash_deviceid": model, "timezone": ZONE.name(),
            "first_session_date": null, "last_session_date": last_contact.timestamp()}));
    }

    /// The rows a request asks for: since a change, or between two days, the last one included.
    pub(super) fn rows(&self, action: &str, fields: &HashMap<String, String>) -> Vec<Value> {
        let all: Vec<&Value> = match action {
            "getactivity" => self.activities.values().collect(),
            "getworkouts" => self.workouts.values().collect(),
            "getsummary" => self.sleep.values().collect(),
            _ => return self.devices.clone(),
        };
        let since = fields.get("lastupdate").and_then(|text| text.parse::<i64>().ok());
        let day = |name: &str| fields.get(name).and_then(|text| text.parse::<NaiveDate>().ok());
        let (first, last) = (day("startdateymd"), day("enddateymd"));
        let fits = |row: &&Value| {
            let date = row["date"].as_str().and_then(|date| date.parse::<NaiveDate>().ok());
            since.is_none_or(|since| row["modified"].as_i64().is_none_or(|modified| modified >= since))
                && first.is_none_or(|first| date.is_none_or(|date| date >= first))
                && last.is_none_or(|last| date.is_none_or(|date| date <= last))
        };
        all.into_iter().filter(fits).cloned().collect()
    }
}
