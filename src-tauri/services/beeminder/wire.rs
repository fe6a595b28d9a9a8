//! Beeminder's JSON, read leniently: a new goal has a dozen nulls, numbers switch between whole and
//! broken, and errors come in five shapes. Only ids and names are required.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use reqwest::StatusCode;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::domain::datapoint::{Datapoint, Moment};
use crate::domain::goal::red_line::RedLine;
use crate::domain::goal::{Goal, GoalId, GoalSlug, Presence, User};
use crate::services::beeminder::Error;
use crate::services::http::{HttpAnswer, excerpt};
use crate::services::{Flaw, lenient};

/// What Beeminder says a datapoint became.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Confirmation {
    /// Beeminder's id of the datapoint.
    #[serde(default, deserialize_with = "lenient::text")]
    pub id: Option<String>,
    /// The day it counts for.
    #[serde(default, deserialize_with = "lenient::text")]
    pub daystamp: Option<String>,
}

/// A datapoint as Beeminder has it.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub struct StoredDatapoint {
    /// The key it was posted with, if any.
    #[serde(default, deserialize_with = "lenient::text")]
    pub requestid: Option<String>,
    /// Its value.
    #[serde(default, deserialize_with = "lenient::float")]
    pub value: Option<f64>,
    /// Its moment, in Unix seconds.
    #[serde(default, deserialize_with = "lenient::integer")]
    pub timestamp: Option<i64>,
    /// Its comment.
    #[serde(default, deserialize_with = "lenient::text")]
    pub comment: Option<String>,
    /// Whether Beeminder made it, for instance to mark a derailment.
    #[serde(default, deserialize_with = "lenient::flag")]
    is_dummy: bool,
    /// Whether Beeminder made it to start the graph.
    #[serde(default, deserialize_with = "lenient::flag")]
    is_initial: bool,
    /// What it became.
    #[serde(flatten)]
    pub confirmation: Confirmation,
}

impl StoredDatapoint {
    /// Whether nothing of it can be read, so that it may be any. What has no key is none of this program's.
    pub fn is_unreadable(&self) -> bool {
        let Confirmation { id, daystamp } = &self.confirmation;
        id.is_none() && daystamp.is_none() && self.requestid.is_none() && self.value.is_none()
    }
}

impl StoredDatapoint {
    #[cfg(test)]
    pub(crate) fn new(requestid: Option<String>, value: f64, confirmation: Confirmation) -> StoredDatapoint {
        let value = Some(value);
        StoredDatapoint {
            requestid,
            value,
            timestamp: None,
            comment: None,
            is_dummy: false,
            is_initial: false,
            confirmation,
        }
    }

    /// Whether this can be the answer to a request that carried a datapoint, or be what came of it. What is
    /// not told says nothing against it.
    pub fn is_of(&self, carried: &Datapoint, id: Option<&str>) -> bool {
        let key = self.requestid.as_ref().filter(|key| !key.is_empty());
        key.is_none_or(|key| *key == carried.request_id.0)
            && (self.value.is_none() || self.has_value(carried.value))
            && !self.is_at_another_moment(carried)
            && id.is_none_or(|id| self.confirmation.id.as_deref() == Some(id))
    }

    /// Whether its moment is another one than a datapoint carried. Of a day's value Beeminder chooses it.
    pub fn is_at_another_moment(&self, carried: &Datapoint) -> bool {
        match (carried.moment, self.timestamp) {
            (Moment::At(moment), Some(has)) => moment.timestamp() != has,
            (Moment::At(_), None) | (Moment::On(_), _) => false,
        }
    }

    /// Whether its value is this one, as far as a binary fraction tells.
    pub fn has_value(&self, value: Decimal) -> bool {
        let near = |one: f64, other: f64| (one - other).abs() <= f64::EPSILON * 8.0 * other.abs();
        self.value.zip(value.to_f64()).is_some_and(|(has, wanted)| near(has, wanted))
    }

    /// Whether nobody entered it.
    pub fn is_beeminders_own(&self) -> bool {
        self.is_dummy || self.is_initial
    }

    /// Whether this program posted it, on this computer or another.
    pub fn is_ours(&self) -> bool {
        self.requestid.as_deref().is_some_and(|id| id.starts_with("withings-"))
    }
}

/// Returns the body of a good answer, or what the status means.
pub(super) fn body(answer: HttpAnswer) -> Result<Vec<u8>, Error> {
    let HttpAnswer { status, retry_after, body } = answer;
    if status.is_success() {
        return Ok(body);
    }
    let status_code = status.as_u16();
    Err(match status {
        StatusCode::TOO_MANY_REQUESTS => Error::RateLimited { retry_after },
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY => {
            Error::Unavailable { status: status_code, retry_after }
        }
        status if status.is_redirection() => Error::Redirected { status: status_code },
        // Whatever does not speak as Beeminder does says nothing about the datapoint, the goal or the token.
        status if status.is_client_error() && !is_beeminders(status, &body) => {
            Error::InTheWay { status: status_code }
        }
        // Every 401 means the same: its words vary and tell revoked from replaced no better.
        StatusCode::UNAUTHORIZED => Error::SignInAgain,
        StatusCode::NOT_FOUND => Error::NotFound { message: message(&body).0 },
        StatusCode::UNPROCESSABLE_ENTITY if is_duplicate(&body) => Error::Duplicate,
        status if status.is_client_error() => {
            let (message, names_fields) = message(&body);
            if is_day_full(&message) {
                return Err(Error::DayIsFull { message });
            }
            Error::Rejected { status: status_code, message, names_fields }
        }
        _ => Error::Unavailable { status: status_code, retry_after },
    })
}

/// Whether an error is one of Beeminder's own: an object that names it; or, where a datapoint is refused,
/// words in JSON. A proxy needs a sign-in of its own (407), which Beeminder never asks for.
fn is_beeminders(status: StatusCode, body: &[u8]) -> bool {
    if status == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
        return false;
    }
    match serde_json::from_slice::<Value>(body) {
        Ok(Value::Object(fields)) => {
            ["errors", "error", "error_message"].iter().any(|name| fields.contains_key(*name))
        }
        Ok(Value::String(_) | Value::Array(_)) => status == StatusCode::UNPROCESSABLE_ENTITY,
        Ok(Value::Null | Value::Bool(_) | Value::Number(_)) | Err(_) => false,
    }
}

/// What a datapoint is refused for itself. Anything else may be about the goal or the user.
const FIELDS: [&str; 5] = ["value", "timestamp", "daystamp", "comment", "requestid"];

/// The one 422 that is good news. Its exact body is not documented, the word is.
fn is_duplicate(body: &[u8]) -> bool {
    String::from_utf8_lossy(body).to_lowercase().contains("duplicat")
}

/// The limit on a day's datapoints, 300 recently. Its exact words are not documented.
fn is_day_full(message: &str) -> bool {
    let message = message.to_lowercase();
    message.contains("too many") && message.contains("day")
}

/// Finds the words for people in an error body of any shape, and whether they name a field of a datapoint.
fn message(body: &[u8]) -> (String, bool) {
    let Ok(value) = serde_json::from_slice::<Value>(body) else {
        return (excerpt(body), false);
    };
    let errors = ["errors", "error", "error_message"].iter().find_map(|key| value.get(key));
    let errors = errors.unwrap_or(&value);
    let names =
        |fields: &serde_json::Map<String, Value>| FIELDS.iter().any(|name| fields.contains_key(*name));
    let names_fields = errors.as_object().is_some_and(names);
    let mut words = Vec::new();
    collect(errors, "", &mut words);
    (excerpt(words.join("; ").as_bytes()), names_fields)
}

fn collect(value: &Value, name: &str, words: &mut Vec<String>) {
    let said = |text: &str| {
        if name.is_empty() { text.to_owned() } else { format!("{name} {text}") }
    };
    match value {
        Value::Null => {}
        Value::String(text) => words.push(said(text)),
        Value::Bool(flag) => words.push(said(&flag.to_string())),
        Value::Number(number) => words.push(said(&number.to_string())),
        Value::Array(items) => items.iter().for_each(|item| collect(item, name, words)),
        Value::Object(fields) => fields.iter().for_each(|(key, value)| {
            // "message" is a label, other keys are the names of fields.
            collect(value, if key == "message" { "" } else { key }, words);
        }),
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(body).map_err(|error| Error::Unreadable(Flaw::of(body, &error)))
}

/// Reads what became of a datapoint. An answer without its id does not say that there is one.
pub(super) fn datapoint(body: &[u8]) -> Result<StoredDatapoint, Error> {
    let datapoint: StoredDatapoint = read(body)?;
    match &datapoint.confirmation.id {
        Some(id) if !id.is_empty() => Ok(datapoint),
        Some(_) | None => Err(Error::Unreadable(Flaw::lacks("id"))),
    }
}

/// Reads a list of datapoints. One that cannot be read does not hide the others.
pub(super) fn datapoints(body: &[u8]) -> Result<Vec<StoredDatapoint>, Error> {
    let rows: Vec<Value> = read(body)?;
    Ok(rows.into_iter().map(|row| serde_json::from_value(row).unwrap_or_default()).collect())
}

#[derive(Deserialize)]
struct WireLine {
    #[serde(default)]
    fullroad: Option<Vec<Vec<Value>>>,
    #[serde(default, deserialize_with = "lenient::integer")]
    yaw: Option<i64>,
}

/// Reads the bright red line. A corner that cannot be read is left out; without one nothing is known.
pub(super) fn line(body: &[u8]) -> Result<Option<RedLine>, Error> {
    let line: WireLine = read(body)?;
    let corner = |row: Vec<Value>| Some((row.first()?.as_f64()?, row.get(1)?.as_f64()?));
    let corners: Vec<_> = line.fullroad.unwrap_or_default().into_iter().filter_map(corner).collect();
    let known = line.yaw.filter(|_| !corners.is_empty());
    Ok(known.map(|yaw| RedLine::new(corners, yaw < 0)))
}

/// What a goal says of its last datapoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LastDatapoint {
    /// It says nothing that can be read.
    Unknown,
    /// It has none.
    None,
    /// Its id.
    Id(String),
}

/// Reads which datapoint a goal says was its last.
pub(super) fn last_datapoint(body: &[u8]) -> LastDatapoint {
    let goal: Value = serde_json::from_slice(body).unwrap_or_default();
    match goal.get("last_datapoint") {
        Some(Value::Null) => LastDatapoint::None,
        Some(last) => match last.get("id").and_then(Value::as_str) {
            Some(id) => LastDatapoint::Id(id.to_owned()),
            None => LastDatapoint::Unknown,
        },
        None => LastDatapoint::Unknown,
    }
}

/// Reads the answer to a new goal; a dry run answers without one.
pub(super) fn created_goal(body: &[u8]) -> Result<Option<Goal>, Error> {
    Ok(convert(read(body)?, Presence::Active))
}

#[derive(Deserialize)]
struct WireUser {
    #[serde(default, deserialize_with = "lenient::text")]
    id: Option<String>,
    username: String,
    #[serde(default, deserialize_with = "lenient::text")]
    timezone: Option<String>,
    #[serde(default, deserialize_with = "lenient::flag")]
    deadbeat: bool,
}

/// Reads `me.json`. An unknown time zone is taken as UTC, as Beeminder's own gem does.
pub(super) fn user(body: &[u8]) -> Result<User, Error> {
    let user: WireUser = read(body)?;
    let zone_name = user.timezone.unwrap_or_default();
    let time_zone = zone_name.parse().unwrap_or_else(|_| {
        tracing::info!("Beeminder's time zone “{zone_name}” is not known; days are cut at midnight UTC");
        Tz::UTC
    });
    let id = user.id.filter(|id| !id.is_empty());
    Ok(User { id, username: user.username, time_zone, zone_name, deadbeat: user.deadbeat })
}

#[derive(Deserialize)]
struct WireGoal {
    #[serde(default, deserialize_with = "lenient::text")]
    id: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    slug: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    title: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    gunits: Option<String>,
    #[serde(default, deserialize_with = "lenient::integer")]
    deadline: Option<i64>,
    #[serde(default, deserialize_with = "lenient::flag")]
    kyoom: bool,
    #[serde(default, deserialize_with = "lenient::flag")]
    odom: bool,
    #[serde(default, deserialize_with = "lenient::text")]
    aggday: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    autodata: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    healthkitmetric: Option<String>,
    #[serde(default, deserialize_with = "lenient::flag")]
    frozen: bool,
    #[serde(default, deserialize_with = "lenient::integer")]
    safebuf: Option<i64>,
    #[serde(default, deserialize_with = "lenient::integer")]
    losedate: Option<i64>,
    #[serde(default, deserialize_with = "lenient::integer")]
    initday: Option<i64>,
    #[serde(default, deserialize_with = "lenient::integer")]
    archivedate: Option<i64>,
    #[serde(default)]
    recent_data: Value,
    #[serde(default, deserialize_with = "lenient::text")]
    graph_url: Option<String>,
}

/// The year 3000, in Unix seconds.
const LATEST: i64 = 32_503_680_000;

fn convert(goal: WireGoal, presence: Presence) -> Option<Goal> {
    // Reckoning with days stays clear of the ends of the calendar.
    let moment =
        |unix: Option<i64>| unix.and_then(|unix| DateTime::<Utc>::from_timestamp(unix.clamp(0, LATEST), 0));
    let named = |text: Option<String>| text.filter(|text| !text.is_empty());
    let slug = named(goal.slug)?;
    Some(Goal {
        id: GoalId(named(goal.id)?),
        title: named(goal.title).unwrap_or_else(|| slug.clone()),
        slug: GoalSlug(slug),
        units: goal.gunits.unwrap_or_default(),
        deadline: goal.deadline,
        summing: goal.kyoom,
        odometer: goal.odom,
        aggday: goal.aggday.unwrap_or_default(),
        // "api" means datapoints like ours.
        autodata: named(goal.autodata).filter(|source| source != "api"),
        healthkit_metric: named(goal.healthkitmetric),
        frozen: goal.frozen,
        buffer_days: goal.safebuf,
        loses_at: moment(goal.losedate),
        archives_at: moment(goal.archivedate),
        last_values: last_values(&goal.recent_data),
        starts_at: moment(goal.initday),
        graph_url: goal.graph_url.and_then(|url| url.parse().ok()),
        presence,
    })
}

/// The values that somebody entered, oldest first. What cannot be read is left out: they only help to
/// guess a unit.
fn last_values(recent: &Value) -> Vec<f64> {
    let rows = recent.as_array().map(Vec::as_slice).unwrap_or_default();
    let mut read: Vec<StoredDatapoint> =
        rows.iter().filter_map(|row| StoredDatapoint::deserialize(row).ok()).collect();
    read.retain(|datapoint| !datapoint.is_beeminders_own());
    read.sort_by(|one, other| one.confirmation.daystamp.cmp(&other.confirmation.daystamp));
    read.iter().filter_map(|datapoint| datapoint.value).collect()
}

pub(super) fn goal(body: &[u8]) -> Result<Goal, Error> {
    convert(read(body)?, Presence::Active).ok_or_else(|| Error::Unreadable(Flaw::lacks("id, slug")))
}

/// Reads a list of goals. One that cannot be read does not hide the others.
pub(super) fn goals(body: &[u8], presence: Presence) -> Result<Vec<Goal>, Error> {
    let rows: Vec<Value> = read(body)?;
    let all = rows.len();
    let goals: Vec<Goal> =
        rows.into_iter().filter_map(|row| convert(serde_json::from_value(row).ok()?, presence)).collect();
    if goals.len() < all {
        tracing::warn!(unreadable = all - goals.len(), "Some goals cannot be read");
    }
    Ok(goals)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::services::lenient::tests::anything;

    fn meaning(status: u16, body: &str) -> String {
        let answer = HttpAnswer {
            status: StatusCode::from_u16(status).unwrap(),
            retry_after: Some(Duration::from_secs(7)),
            body: body.into(),
        };
        super::body(answer).map_or_else(|error| format!("{error:?}"), |_| "fine".into())
    }

    #[test]
    fn each_status_and_shape_of_error_says_what_to_do() {
        for (status, body, expected) in [
            (200, "{}", "fine"),
            (401, r#"{"errors":{"access_token":"bad_token","message":"No such"}}"#, "SignInAgain"),
            (401, r#"{"error":"You need to log in or sign up before continuing."}"#, "SignInAgain"),
            (401, "<html>", "InTheWay { status: 401 }"),
            (404, r#"{"error":"The requested resource was not found."}"#, "NotFound"),
            (404, "<html>", "InTheWay { status: 404 }"),
            (404, r#"{"status":"blocked"}"#, "InTheWay { status: 404 }"),
            (400, "", "InTheWay { status: 400 }"),
            (403, "<html>", "InTheWay { status: 403 }"),
            (403, r#"{"errors":"Not yours"}"#, "Rejected { status: 403"),
            (405, "Method Not Allowed", "InTheWay { status: 405 }"),
            (407, r#"{"error":"Sign in"}"#, "InTheWay { status: 407 }"),
            (410, "null", "InTheWay { status: 410 }"),
            (418, "<html>", "InTheWay { status: 418 }"),
            (425, "<html>", "Unavailable { status: 425"),
            (451, "<html>", "InTheWay { status: 451 }"),
            (422, r#"{"errors":"Duplicate request"}"#, "Duplicate"),
            (422, r#"{"error":"Duplicate request"}"#, "Duplicate"),
            (422, r#"{"errors":{"requestid":["duplicate"]}}"#, "Duplicate"),
            (422, r#""duplicate datapoint""#, "Duplicate"),
            (
                422,
                r#"{"errors":{"value":["can't be blank","is not a number"]}}"#,
                r#"Rejected { status: 422, message: "value can't be blank; value is not a number", names_fields: true }"#,
            ),
            (
                422,
                r#"{"errors":"Cannot schedule a stepdown"}"#,
                r#"Rejected { status: 422, message: "Cannot schedule a stepdown", names_fields: false }"#,
            ),
            (
                422,
                r#"{"errors":["too many","datapoints"]}"#,
                r#"Rejected { status: 422, message: "too many; datapoints", names_fields: false }"#,
            ),
            (
                422,
                r#"{"errors":{"message":"no","field":"bad"}}"#,
                r#"Rejected { status: 422, message: "field bad; no", names_fields: false }"#,
            ),
            (
                422,
                r#"{"errors":{"base":["the day is full"]}}"#,
                r#"Rejected { status: 422, message: "base the day is full", names_fields: false }"#,
            ),
            (422, "", "InTheWay { status: 422 }"),
            (422, "[1,null,true]", r#"Rejected { status: 422, message: "1; true", names_fields: false }"#),
            (429, "Retry later\n", "RateLimited { retry_after: Some(7s) }"),
            (500, "<html>", "Unavailable { status: 500"),
            (503, "", "Unavailable { status: 503"),
            (301, "", "Redirected { status: 301 }"),
        ] {
            let found = meaning(status, body);
            assert!(found.starts_with(expected), "{status} {body}: {found}");
        }
    }

    #[test]
    fn a_goal_full_of_nulls_is_still_a_goal() {
        let goals = goals(
            br#"[{"id":"6976a6e9f0168adc85090fb9","slug":"new","title":null,"safebuf":null,"losedate":1769383657,
                 "initday":null,"kyoom":true,"aggday":null,"autodata":null,"healthkitmetric":"","frozen":null,
                 "deadline":0.0,"gunits":null,"queued":true},
                {"id":null,"slug":"broken"}, 5]"#,
            Presence::Active,
        )
        .unwrap();
        assert_eq!(goals.len(), 1);
        assert_eq!((goals[0].title.as_str(), goals[0].buffer_days), ("new", None));
        assert!(goals[0].summing && goals[0].healthkit_metric.is_none());
    }

    #[test]
    fn what_is_not_said_is_not_known() {
        assert!(matches!(datapoint(b"{}"), Err(Error::Unreadable(_))));
        assert!(matches!(datapoint(b"[]"), Err(Error::Unreadable(_))));
        assert!(matches!(datapoint(br#"{"errors":"no"}"#), Err(Error::Unreadable(_))));
        assert!(matches!(datapoint(br#"{"id":""}"#), Err(Error::Unreadable(_))));
        for (json, known) in [
            (r#"{"fullroad":[[100,80.0],[200,79.0]],"yaw":-1}"#, true),
            (r#"{"fullroad":[[100,null],[200,79.0]],"yaw":1}"#, true),
            (r#"{"fullroad":[],"yaw":1}"#, false),
            (r#"{"fullroad":null,"yaw":1}"#, false),
            (r#"{"fullroad":[[100,80.0]]}"#, false),
            ("{}", false),
        ] {
            assert_eq!(line(json.as_bytes()).unwrap().is_some(), known, "{json}");
        }
        for (json, last) in [
            (r#"{"last_datapoint":{"id":"a"}}"#, LastDatapoint::Id("a".into())),
            (r#"{"last_datapoint":null}"#, LastDatapoint::None),
            (r#"{"last_datapoint":{}}"#, LastDatapoint::Unknown),
            ("{}", LastDatapoint::Unknown),
            ("<html>", LastDatapoint::Unknown),
        ] {
            assert_eq!(last_datapoint(json.as_bytes()), last, "{json}");
        }
    }

    #[test]
    fn a_goal_tells_its_last_values_and_when_it_is_archived() {
        let goal = goal(
            br#"{"id":"1","slug":"stones","odom":null,"archivedate":1796256000,"recent_data":[
                {"value":12.5,"daystamp":"20261124","requestid":null},
                {"value":12.6,"daystamp":"20261123"}, 5, {"value":null},
                {"value":0,"daystamp":"20261001","is_initial":true}]}"#,
        )
        .unwrap();
        assert_eq!(goal.last_values, [12.6, 12.5]);
        assert_eq!((goal.archives_at.map(|at| at.timestamp()), goal.odometer), (Some(1_796_256_000), false));
    }

    proptest! {
        #[test]
        fn a_value_is_known_again_when_it_comes_back(mantissa in -10_000_000_000_i64..10_000_000_000, scale in 0..7_u32) {
            let value = Decimal::new(mantissa, scale);
            let of = |value: Decimal| datapoint(format!(r#"{{"id":"1","value":{value}}}"#).as_bytes()).unwrap();
            prop_assert!(of(value).has_value(value));
            prop_assert!(!of(value + Decimal::new(1, scale)).has_value(value));
        }
    }

    #[test]
    fn an_unknown_time_zone_is_utc() {
        for (json, zone) in [
            (r#"{"username":"alice","timezone":"America/New_York"}"#, Tz::America__New_York),
            (r#"{"username":"alice","timezone":"Mars/Olympus"}"#, Tz::UTC),
            (r#"{"username":"alice","timezone":null,"goals":[{"slug":"a"}]}"#, Tz::UTC),
        ] {
            assert_eq!(user(json.as_bytes()).unwrap().time_zone, zone);
        }
    }

    proptest! {
        #[test]
        fn no_answer_makes_it_panic(json in anything(), status in 100_u16..600) {
            let text = json.to_string();
            let _ = meaning(status, &text);
            let _ = user(text.as_bytes());
            let _ = goal(text.as_bytes());
            let _ = datapoint(text.as_bytes());
            let _ = last_datapoint(text.as_bytes());
            let _ = line(text.as_bytes());
            let _ = datapoints(text.as_bytes());
            let list = format!(r#"[{{"id":"1","slug":"a","deadline":{text},"losedate":{text},"kyoom":{text}}}]"#);
            prop_assert_eq!(goals(list.as_bytes(), Presence::Active).unwrap().len(), 1);
        }
    }

    #[test]
    fn a_cut_off_answer_is_unreadable() {
        for bytes in [&b""[..], b"{", b"<html>", b"[[[[", b"\xff"] {
            assert!(matches!(user(bytes), Err(Error::Unreadable(_))));
            assert!(matches!(goals(bytes, Presence::Active), Err(Error::Unreadable(_))));
            assert!(matches!(datapoint(bytes), Err(Error::Unreadable(_))));
        }
    }
}
