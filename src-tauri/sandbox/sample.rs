//! Sample data of the sandbox: goals of every kind, and a year of measurements.

use chrono::{DateTime, Days, TimeDelta, Utc};
use serde_json::{Value, json};

use super::beeminder::Goal;
use super::withings::Withings;

/// Goals of every kind this program must get along with.
pub fn goals(now: DateTime<Utc>) -> Vec<Goal> {
    let weight = ("fatloser", false, "min", "kg");
    let count = ("hustler", true, "sum", "times");
    [
        ("weight", weight, json!({})),
        ("weigh-in", count, json!({})),
        ("pressure", count, json!({})),
        ("systolic", ("custom", false, "last", "mmHg"), json!({})),
        ("fat", ("fatloser", false, "min", "%"), json!({})),
        ("pounds", ("fatloser", false, "min", "lb"), json!({})),
        ("night-owl", weight, json!({"deadline": 3 * 3600})),
        ("early-bird", weight, json!({"deadline": -7 * 3600})),
        ("brand-new", count, new_goal()),
        ("official", weight, json!({"autodata": "withings"})),
        ("apple", weight, json!({"healthkitmetric": "weight"})),
        ("ended", weight, json!({"frozen": true, "won": true})),
        ("steps", ("hustler", true, "sum", "steps"), json!({})),
        ("sleep", ("custom", false, "last", "hours"), json!({"yaw": 1, "safebump": 7.5})),
        ("exercise", count, json!({})),
    ]
    .into_iter()
    .zip(1..)
    .map(|((slug, (kind, summing, aggday, units), more), number)| {
        let mut fields = json!({"slug": slug, "id": format!("{number:024x}"), "title": format!("The {slug} goal"),
            "goal_type": kind, "kyoom": summing, "aggday": aggday, "gunits": units, "deadline": 0,
            "autodata": null, "healthkitmetric": "", "frozen": false, "won": false, "queued": false,
            "safebuf": number, "losedate": (now + TimeDelta::days(number)).timestamp(),
            "initday": (now - TimeDelta::days(400)).timestamp(), "pledge": 5.0, "rate": null,
            "graph_url": "https://cdn.beeminder.com/default_large_graph.png", "svg_url": null,
            "urgencykey": format!("FROx;PPRx;DL{number}"),
            "curval": if summing { 40.0 } else { 82.4 }, "safebump": if summing { 41.0 } else { 84.9 },
            "yaw": if kind == "hustler" { 1 } else { -1 }, "dir": if kind == "hustler" { 1 } else { -1 },
            // From 90 down to 80 within 800 days.
            "fullroad": [[(now - TimeDelta::days(400)).timestamp(), 90.0, null],
                [(now + TimeDelta::days(400)).timestamp(), 80.0, null]]});
        if let (Some(fields), Some(more)) = (fields.as_object_mut(), more.as_object()) {
            fields.extend(more.clone());
        }
        Goal::new(fields)
    })
    .collect()
}

/// What a goal that was just created looks like: Beeminder has not worked it out yet.
fn new_goal() -> Value {
    json!({"queued": true, "safebuf": null, "losedate": null, "initday": null, "curval": null, "safebump": null, "rate": null,
        "title": null, "svg_url": null, "limsum": null, "lastday": null, "mathishard": null})
}

/// A year of weigh-ins before `now`, most mornings, and blood pressure most Sundays; with what real
/// accounts have: manual entries, a guest on the scale, an objective, units that vary.
pub fn year(withings: &mut Withings, now: DateTime<Utc>) {
    for day in (1..=365_u64).rev() {
        let Some(morning) = now.checked_sub_days(Days::new(day)) else {
            continue;
        };
        let wobble = i64::try_from(day * 37 % 100).unwrap_or(0);
        let at = morning + TimeDelta::minutes(wobble % 40);
        let grams = 79_000 + i64::try_from(day).unwrap_or(0) * 12 + wobble * 9;
        match day {
            day if day % 9 == 4 => {}
            day if day % 50 == 7 => {
                withings.add(
                    json!({"attrib": 2, "deviceid": null, "hash_deviceid": null, "modelid": null, "model": null,
                        "measures": [{"value": grams / 100 * 1000, "type": 1, "unit": -4, "algo": 0, "fm": 128}]}),
                    at,
                );
            }
            day if day % 60 == 11 => {
                withings
                    .add(json!({"attrib": 1, "measures": [{"value": 61_300, "type": 1, "unit": -3}]}), at);
            }
            _ => {
                withings.add(
                    json!({"measures": [
                        {"value": grams, "type": 1, "unit": -3, "algo": 3, "fm": 131},
                        {"value": grams * 19 / 100, "type": 8, "unit": -3, "algo": 3, "fm": 131},
                        {"value": 19_000 + wobble * 5, "type": 6, "unit": -3},
                        {"value": grams * 81 / 100, "type": 5, "unit": -3}]}),
                    at,
                );
                withings
                    .add(json!({"measures": [{"value": 6200 + wobble * 10, "type": 11, "unit": -2}]}), at);
            }
        }
        let date = at.with_timezone(&chrono_tz::Europe::Paris).date_naive();
        withings.days().walk(date, 4000 + wobble * 60, at);
        withings.days().sleep(date, 7 * 3600 + wobble * 20, at);
        if day % 7 == 0 {
            let later = at + TimeDelta::minutes(20);
            withings.blood_pressure(118 + wobble % 17, 74 + wobble % 11, 61 + wobble % 9, later);
        }
    }
    let objective = json!({"category": 2, "measures": [{"value": 75_000, "type": 1, "unit": -3}]});
    withings.add(objective, now - TimeDelta::days(300));
}
