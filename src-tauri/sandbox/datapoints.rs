//! The stand-in's datapoints: created, updated, or refused as duplicates, each on its day.

use std::collections::HashMap;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use chrono::{DateTime, TimeDelta, Timelike, Utc};
use chrono_tz::Tz;
use serde_json::{Value, json};

use super::beeminder::{Beeminder, DuplicateShape, Goal, not_found};
use super::{Shared, form, lock};
use crate::domain::day::{DayRule, Daystamp};

/// Beeminder's limit on datapoints a day and goal.
const MOST_A_DAY: usize = 300;

/// One datapoint.
#[derive(Debug, Clone, PartialEq)]
pub struct Datapoint {
    /// Beeminder's id.
    pub id: String,
    /// Its value.
    pub value: f64,
    /// Its moment.
    pub timestamp: i64,
    /// The day it counts for.
    pub daystamp: String,
    /// Its comment.
    pub comment: String,
    /// The key it was posted with.
    pub requestid: Option<String>,
    /// When it last changed.
    pub updated_at: i64,
}

impl Datapoint {
    /// The fields as Beeminder sends them.
    pub(super) fn served(&self) -> Value {
        let id = Some(&self.id).filter(|id| !id.is_empty());
        json!({"id": id, "timestamp": self.timestamp, "daystamp": self.daystamp, "value": self.value,
            "comment": self.comment, "updated_at": self.updated_at, "requestid": self.requestid,
            "origin": "api", "creator": "alice", "is_dummy": false, "is_initial": false, "urtext": null,
            "canonical": format!("{} \"{}\"", self.value, self.comment),
            "created_at": "2026-01-25T22:38:43.000Z"})
    }
}

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/api/v1/users/me/goals/{slug}/datapoints.json", get(list).post(create)).route(
        "/api/v1/users/me/goals/{slug}/datapoints/{id}",
        get(show).put(update).patch(update).delete(delete),
    )
}

/// The moment and day that a form asks for. A timestamp wins over a daystamp.
fn moment(
    goal: &Goal,
    zone: &str,
    wall_clock: bool,
    fields: &HashMap<String, String>,
    default: i64,
) -> (i64, String) {
    let zone: Tz = zone.parse().unwrap_or(Tz::UTC);
    let deadline = goal.fields["deadline"].as_i64().unwrap_or(0);
    let rule = DayRule::new(zone, deadline);
    let timestamp = fields.get("timestamp").and_then(|text| text.parse().ok());
    let day = fields.get("daystamp").and_then(|text| text.parse::<Daystamp>().ok());
    match (timestamp, day) {
        (None, Some(day)) => {
            // The last second of that day.
            (rule.end_of(day).timestamp() - 1, day.to_string())
        }
        (timestamp, _) => {
            let timestamp = timestamp.unwrap_or(default);
            let at = DateTime::from_timestamp(timestamp, 0).unwrap_or_default();
            let day = if wall_clock { wall_clock_day(at, zone, deadline) } else { rule.day_of(at) };
            (timestamp, day.to_string())
        }
    }
}

/// The day by the clock on the wall, as Beeminder's iOS app reckons it.
fn wall_clock_day(at: DateTime<Utc>, zone: Tz, deadline: i64) -> Daystamp {
    let local = at.with_timezone(&zone).naive_local();
    let seconds = i64::from(local.num_seconds_from_midnight());
    let shift = if deadline < 0 && seconds >= 86_400 + deadline {
        1
    } else if deadline > 0 && seconds < deadline {
        -1
    } else {
        0
    };
    Daystamp(local.date() + TimeDelta::days(shift))
}

fn refused(errors: &Value) -> Response {
    (StatusCode::UNPROCESSABLE_ENTITY, Json(errors)).into_response()
}

fn duplicate(shape: DuplicateShape) -> Response {
    refused(&match shape {
        DuplicateShape::Errors => json!({"errors": "Duplicate request"}),
        DuplicateShape::Error => json!({"error": "Duplicate request"}),
        DuplicateShape::Field => json!({"errors": {"requestid": ["duplicate"]}}),
        DuplicateShape::Text => json!("duplicate datapoint"),
        DuplicateShape::WithoutTheWord => json!({"errors": "That request was seen before"}),
    })
}

fn answered(datapoint: &Datapoint, status: Option<&str>) -> Response {
    let mut fields = datapoint.served();
    if let Some(status) = status {
        fields["status"] = json!(status);
    }
    Json(fields).into_response()
}

async fn create(
    State(world): State<Shared>,
    headers: HeaderMap,
    Path(slug): Path<String>,
    body: String,
) -> Response {
    let mut world = lock(&world);
    let (now, fields) = (world.clock.now().timestamp(), form(&body));
    let Beeminder { time_zone, duplicate_shape, wall_clock_days, limit_by_entry, .. } = &world.beeminder;
    let (zone, shape) = (time_zone.clone(), *duplicate_shape);
    let (wall_clock, by_entry) = (*wall_clock_days, *limit_by_entry);
    if let Some(refusal) = world.beeminder.refuse(&headers, &fields) {
        return refusal;
    }
    world.beeminder.next_id += 1;
    let id = format!("{:024x}", world.beeminder.next_id);
    let Some(goal) = world.beeminder.find(&slug) else {
        return not_found();
    };
    let Some(value) = fields.get("value").and_then(|text| text.parse::<f64>().ok()) else {
        return refused(&json!({"errors": {"value": ["can't be blank", "is not a number"]}}));
    };
    let requestid = fields.get("requestid").cloned();
    let comment = fields.get("comment").cloned().unwrap_or_default();
    let known = goal.datapoints.iter().position(|known| requestid.is_some() && known.requestid == requestid);
    let default = known.map_or(now, |index| goal.datapoints[index].timestamp);
    let (timestamp, daystamp) = moment(goal, &zone, wall_clock, &fields, default);
    goal.queued = 2;
    let Some(known) = known.map(|index| &mut goal.datapoints[index]) else {
        let same_day = |known: &&Datapoint| {
            if by_entry { known.updated_at > now - 86_400 } else { known.daystamp == daystamp }
        };
        if goal.datapoints.iter().filter(same_day).count() >= MOST_A_DAY {
            return refused(&json!({"errors": "Too many datapoints for one day"}));
        }
        let datapoint = Datapoint { id, value, timestamp, daystamp, comment, requestid, updated_at: now };
        goal.datapoints.push(datapoint.clone());
        return answered(&datapoint, Some("created"));
    };
    #[expect(clippy::float_cmp, reason = "both were parsed from what was posted")]
    let same = known.value == value && known.timestamp == timestamp && known.comment == comment;
    if same {
        return duplicate(shape);
    }
    *known = Datapoint { value, timestamp, daystamp, comment, updated_at: now, ..known.clone() };
    answered(known, Some("updated"))
}

async fn update(
    State(world): State<Shared>,
    headers: HeaderMap,
    Path((slug, id)): Path<(String, String)>,
    body: String,
) -> Response {
    let mut world = lock(&world);
    let (now, fields) = (world.clock.now().timestamp(), form(&body));
    let Beeminder { time_zone, wall_clock_days, .. } = &world.beeminder;
    let (zone, wall_clock) = (time_zone.clone(), *wall_clock_days);
    if let Some(refusal) = world.beeminder.refuse(&headers, &fields) {
        return refusal;
    }
    let Some(goal) = world.beeminder.find(&slug) else {
        return not_found();
    };
    let id = id.trim_end_matches(".json");
    let Some(index) = goal.datapoints.iter().position(|known| known.id == id) else {
        return not_found();
    };
    let known = goal.datapoints[index].clone();
    let (timestamp, mut daystamp) = moment(goal, &zone, wall_clock, &fields, known.timestamp);
    if !fields.contains_key("timestamp") {
        daystamp.clone_from(&known.daystamp);
    }
    goal.queued = 2;
    goal.datapoints[index] = Datapoint {
        value: fields.get("value").and_then(|text| text.parse().ok()).unwrap_or(known.value),
        comment: fields.get("comment").cloned().unwrap_or(known.comment.clone()),
        timestamp,
        daystamp,
        updated_at: now,
        ..known
    };
    answered(&goal.datapoints[index], None)
}

async fn show(
    State(world): State<Shared>,
    headers: HeaderMap,
    Path((slug, id)): Path<(String, String)>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let beeminder = &mut lock(&world).beeminder;
    if let Some(refusal) = beeminder.refuse(&headers, &query) {
        return refusal;
    }
    let id = id.trim_end_matches(".json");
    let datapoints = beeminder.find(&slug).map_or(&[][..], |goal| &goal.datapoints);
    datapoints.iter().find(|known| known.id == id).map_or_else(not_found, |found| answered(found, None))
}

async fn delete(
    State(world): State<Shared>,
    headers: HeaderMap,
    Path((slug, id)): Path<(String, String)>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let beeminder = &mut lock(&world).beeminder;
    if let Some(refusal) = beeminder.refuse(&headers, &query) {
        return refusal;
    }
    let id = id.trim_end_matches(".json");
    let Some(goal) = beeminder.find(&slug) else {
        return not_found();
    };
    let Some(index) = goal.datapoints.iter().position(|known| known.id == id) else {
        return not_found();
    };
    answered(&goal.datapoints.remove(index), None)
}

async fn list(
    State(world): State<Shared>,
    headers: HeaderMap,
    Path(slug): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let beeminder = &mut lock(&world).beeminder;
    if let Some(refusal) = beeminder.refuse(&headers, &query) {
        return refusal;
    }
    let Some(goal) = beeminder.find(&slug) else {
        return not_found();
    };
    let mut rows: Vec<&Datapoint> = goal.datapoints.iter().rev().collect();
    match query.get("sort").map(String::as_str) {
        Some("updated_at") => rows.sort_by_key(|row| std::cmp::Reverse(row.updated_at)),
        Some("daystamp") => rows.sort_by(|a, b| b.daystamp.cmp(&a.daystamp)),
        _ => {}
    }
    let number = |name: &str| query.get(name).and_then(|text| text.parse::<usize>().ok());
    if let Some(page) = number("page") {
        let Some(before) = page.checked_sub(1) else {
            return refused(&json!({"errors": "page is 1-indexed"}));
        };
        let per = number("per").unwrap_or(25);
        rows = rows.into_iter().skip(before * per).take(per).collect();
    }
    rows.truncate(number("count").unwrap_or(usize::MAX));
    Json(rows.into_iter().map(Datapoint::served).collect::<Vec<_>>()).into_response()
}
