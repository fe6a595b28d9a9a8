//! The stand-in for Beeminder: consent, tokens, the user and the goals.

use std::collections::HashMap;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Json, Router};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde_json::{Value, json};

use super::datapoints::Datapoint;
use super::{Shared, form, lock, pages, token};
use crate::domain::callback_way::CallbackWay;
use crate::domain::day::DayRule;
use crate::domain::service::Service;

/// The client id of the sandbox's only application.
pub const CLIENT_ID: &str = "sandbox-client-id";
/// The sandbox's only user.
pub const USERNAME: &str = "alice";
/// Her personal token.
pub const PERSONAL_TOKEN: &str = "sandbox-personal-token";

/// How the answer to a repeated datapoint looks; the real one is not documented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DuplicateShape {
    /// `{"errors":"Duplicate request"}`
    Errors,
    /// `{"error":"Duplicate request"}`
    Error,
    /// `{"errors":{"requestid":["duplicate"]}}`
    Field,
    /// `"duplicate datapoint"`
    Text,
    /// `{"errors":"That request was seen before"}`, without the word.
    WithoutTheWord,
}

/// What Beeminder knows.
#[derive(Debug)]
pub struct Beeminder {
    /// Alice's goals.
    pub goals: Vec<Goal>,
    /// Alice's time zone.
    pub time_zone: String,
    /// Whether a payment is due.
    pub deadbeat: bool,
    /// What whoever a token belongs to is called.
    pub username: String,
    /// Whoever a token belongs to; another id makes it another person's.
    pub user_id: String,
    /// The answer to a repeated datapoint.
    pub duplicate_shape: DuplicateShape,
    /// Whether days near DST changes go by the clock on the wall, as the iOS app has it.
    pub wall_clock_days: bool,
    /// Whether the limit of 300 a day goes by when datapoints were entered, not by their day.
    pub limit_by_entry: bool,
    oauth_token: Option<String>,
    pub(super) next_id: u64,
}

/// One goal: what is served as it is, and what the stand-in works with.
#[derive(Debug)]
pub struct Goal {
    /// The fields as Beeminder sends them.
    pub fields: Value,
    /// What was posted, in the order it was created.
    pub datapoints: Vec<Datapoint>,
    /// Whether the user archived it.
    pub archived: bool,
    /// How many more times it is served as `queued`.
    pub(super) queued: u32,
}

impl Goal {
    /// A goal with these fields and no datapoints.
    pub fn new(fields: Value) -> Goal {
        Goal { fields, datapoints: Vec::new(), archived: false, queued: 0 }
    }

    /// Its name.
    pub fn slug(&self) -> &str {
        self.fields["slug"].as_str().unwrap_or_default()
    }

    fn served(&mut self, emaciated: bool) -> Value {
        let mut fields = self.fields.clone();
        fields["queued"] = json!(self.queued > 0 || fields["queued"] == json!(true));
        self.queued = self.queued.saturating_sub(1);
        if emaciated && let Some(fields) = fields.as_object_mut() {
            fields.remove("fullroad");
        }
        let recent: Vec<_> = self.datapoints.iter().rev().take(5).map(Datapoint::served).collect();
        fields["recent_data"] = json!(recent);
        fields["last_datapoint"] = self.datapoints.last().map_or(Value::Null, Datapoint::served);
        fields
    }
}

impl Beeminder {
    /// Alice with these goals.
    pub fn new(goals: Vec<Goal>) -> Beeminder {
        Beeminder {
            goals,
            time_zone: "Europe/Paris".into(),
            deadbeat: false,
            username: USERNAME.into(),
            user_id: "5f5d577d55c1330906000b8f".into(),
            duplicate_shape: DuplicateShape::Errors,
            wall_clock_days: false,
            limit_by_entry: false,
            oauth_token: None,
            next_id: 0x6976_9b73,
        }
    }

    /// The goal called `slug`.
    ///
    /// # Panics
    /// When there is none, which is the test's mistake.
    pub fn goal(&mut self, slug: &str) -> &mut Goal {
        let found = self.goals.iter_mut().find(|goal| goal.slug() == slug);
        found.unwrap_or_else(|| panic!("the sandbox has no goal {slug}"))
    }

    /// What the goal called `slug` has, in the order it was created.
    pub fn datapoints(&mut self, slug: &str) -> &mut Vec<Datapoint> {
        &mut self.goal(slug).datapoints
    }

    /// Enters a datapoint as the user or another program does.
    pub fn enter(&mut self, slug: &str, value: f64, at: DateTime<Utc>) {
        self.next_id += 1;
        let (id, zone) = (format!("{:024x}", self.next_id), self.time_zone.clone());
        let goal = self.goal(slug);
        let rule =
            DayRule::new(zone.parse().unwrap_or(Tz::UTC), goal.fields["deadline"].as_i64().unwrap_or(0));
        goal.datapoints.push(Datapoint {
            id,
            value,
            timestamp: at.timestamp(),
            daystamp: rule.day_of(at).to_string(),
            comment: String::new(),
            requestid: None,
            updated_at: at.timestamp(),
        });
    }

    /// Replaces the OAuth token, as a sign-in on another computer does.
    pub fn sign_in_elsewhere(&mut self) {
        self.oauth_token = Some(token());
    }

    pub(super) fn find(&mut self, slug: &str) -> Option<&mut Goal> {
        self.goals.iter_mut().find(|goal| !goal.archived && goal.slug() == slug)
    }

    /// A new token in place of the one before: only one is alive for each user and application.
    fn issue_token(&mut self) -> String {
        let token = token();
        self.oauth_token = Some(token.clone());
        token
    }

    /// Checks whatever proof of identity a request has.
    pub(super) fn refuse(&self, headers: &HeaderMap, fields: &HashMap<String, String>) -> Option<Response> {
        let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let bearer = bearer.and_then(|value| value.strip_prefix("Bearer "));
        let oauth = bearer.or(fields.get("access_token").map(String::as_str));
        let errors = match (oauth, fields.get("auth_token").map(String::as_str)) {
            (Some(given), _) if Some(given) == self.oauth_token.as_deref() => return None,
            (_, Some(PERSONAL_TOKEN)) => return None,
            (Some(_), _) => {
                json!({"access_token": "bad_token", "message": "No such access token found."})
            }
            (None, Some(_)) => json!({"auth_token": "bad_token",
                "message": "No such auth_token found. (Did you mix up auth_token and access_token?)"}),
            (None, None) => {
                json!({"message": "Token missing or incorrect token.", "token": "no_token"})
            }
        };
        Some((StatusCode::UNAUTHORIZED, Json(json!({"errors": errors}))).into_response())
    }
}

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/apps/authorize", get(ask_for_consent).post(consent))
        .route("/api/v1/users/me.json", get(me))
        .route("/api/v1/users/me/goals.json", get(goals).post(create))
        .route("/api/v1/users/me/goals/{slug}", get(goal))
}

pub(super) fn not_found() -> Response {
    (StatusCode::NOT_FOUND, Json(json!({"error": "The requested resource was not found."}))).into_response()
}

async fn ask_for_consent(Query(query): Query<HashMap<String, String>>) -> Response {
    let registered = [CallbackWay::Scheme, CallbackWay::Loopback]
        .iter()
        .any(|way| Some(&way.redirect_uri(Service::Beeminder)) == query.get("redirect_uri"));
    let client = query.get("client_id").map(String::as_str);
    if !registered
        || client != Some(CLIENT_ID)
        || query.get("response_type").map(String::as_str) != Some("token")
    {
        return (StatusCode::BAD_REQUEST, "Unknown application or redirect address").into_response();
    }
    pages::beeminder_consent(&query).into_response()
}

async fn consent(State(world): State<Shared>, body: String) -> Response {
    let fields = form(&body);
    let field = |name: &str| fields.get(name).map_or("", String::as_str);
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    if field("decision") == "agree" {
        let beeminder = &mut lock(&world).beeminder;
        query.append_pair("access_token", &beeminder.issue_token());
        query.append_pair("username", &beeminder.username);
    } else {
        query.append_pair("error", "access_denied");
        query.append_pair("error_description", "The user denied you access");
    }
    query.append_pair("state", field("state"));
    Redirect::to(&format!("{}?{}", field("redirect_uri"), query.finish())).into_response()
}

async fn me(
    State(world): State<Shared>,
    headers: HeaderMap,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let beeminder = &lock(&world).beeminder;
    if let Some(refusal) = beeminder.refuse(&headers, &query) {
        return refusal;
    }
    let slugs: Vec<&str> = beeminder.goals.iter().filter(|goal| !goal.archived).map(Goal::slug).collect();
    Json(json!({"username": beeminder.username, "timezone": beeminder.time_zone, "goals": slugs,
        "created_at": 1_599_952_766, "updated_at": 1_769_370_925, "urgency_load": 21,
        "deadbeat": beeminder.deadbeat, "default_deadline": 0, "subscription": null,
        "id": beeminder.user_id}))
    .into_response()
}

async fn goals(
    State(world): State<Shared>,
    headers: HeaderMap,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    list(&world, &headers, &query, false)
}

fn list(world: &Shared, headers: &HeaderMap, query: &HashMap<String, String>, archived: bool) -> Response {
    let beeminder = &mut lock(world).beeminder;
    if let Some(refusal) = beeminder.refuse(headers, query) {
        return refusal;
    }
    let goals = beeminder.goals.iter_mut().filter(|goal| goal.archived == archived);
    let emaciated = query.contains_key("emaciated");
    Json(goals.map(|goal| goal.served(emaciated)).collect::<Vec<_>>()).into_response()
}

async fn goal(
    State(world): State<Shared>,
    headers: HeaderMap,
    Path(name): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    if name == "archived.json" {
        return list(&world, &headers, &query, true);
    }
    let beeminder = &mut lock(&world).beeminder;
    if let Some(refusal) = beeminder.refuse(&headers, &query) {
        return refusal;
    }
    match name.strip_suffix(".json").and_then(|slug| beeminder.find(slug)) {
        Some(goal) => Json(goal.served(query.contains_key("emaciated"))).into_response(),
        None => not_found(),
    }
}

/// Creates a goal. The shape of the answer to a dry run is not documented; this one is empty.
async fn create(State(world): State<Shared>, headers: HeaderMap, body: String) -> Response {
    let mut world = lock(&world);
    let (now, fields) = (world.clock.now(), form(&body));
    if let Some(refusal) = world.beeminder.refuse(&headers, &fields) {
        return refusal;
    }
    let given = |name: &str| fields.get(name).filter(|text| !text.is_empty() && *text != "null");
    let mut errors = serde_json::Map::new();
    if ["goaldate", "goalval", "rate"].iter().filter(|name| given(name).is_some()).count() != 2 {
        errors.insert("base".into(), json!(["You must set two of (Goal, Goal Date, and Rate)"]));
    }
    if given("goal_type").is_none() {
        errors.insert("gtype".into(), json!(["can't be blank", "you must select a goal type"]));
    }
    if world.beeminder.deadbeat {
        errors.insert("base".into(), json!(["Deadbeats cannot create goals"]));
    }
    if !errors.is_empty() {
        return (StatusCode::UNPROCESSABLE_ENTITY, Json(json!({"errors": errors}))).into_response();
    }
    if given("dryrun").is_some_and(|flag| flag == "true") {
        return Json(json!({})).into_response();
    }
    let text = |name: &str| given(name).cloned().unwrap_or_default();
    let (summing, aggday, yaw) = match text("goal_type").as_str() {
        "hustler" => (true, "sum", 1),
        "fatloser" => (false, "min", -1),
        _ => (false, "max", 1),
    };
    world.beeminder.next_id += 1;
    // Beeminder has not worked it out yet, which shows as nulls.
    let mut goal = Goal::new(json!({"slug": text("slug"), "id": format!("{:024x}", world.beeminder.next_id),
        "title": text("title"), "goal_type": text("goal_type"), "kyoom": summing, "aggday": aggday,
        "yaw": yaw, "gunits": text("gunits"), "deadline": 0, "autodata": null, "healthkitmetric": "",
        "frozen": false, "queued": true, "safebuf": null, "losedate": now.timestamp(), "initday": null,
        "fullroad": null, "rate": text("rate").parse::<f64>().ok(), "pledge": 0.0}));
    let served = goal.served(false);
    world.beeminder.goals.push(goal);
    Json(served).into_response()
}
