//! The addresses of the stand-in for Withings: consent, tokens, signatures and data.

use std::collections::HashMap;

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::{CLIENT_ID, CLIENT_SECRET, PEOPLE, refusal};
use crate::domain::callback_way::CallbackWay;
use crate::domain::service::Service;
use crate::sandbox::{Shared, form, lock, pages, token};

pub(in crate::sandbox) fn routes() -> Router<Shared> {
    Router::new()
        .route("/oauth2_user/authorize2", get(ask_for_consent).post(consent))
        .route("/v2/oauth2", post(tokens))
        .route("/v2/signature", post(signature))
        .route("/measure", post(data))
        .route("/v2/measure", post(data))
        .route("/v2/sleep", post(data))
        .route("/v2/user", post(data))
}

fn success(body: &Value) -> Json<Value> {
    Json(json!({"status": 0, "body": body}))
}

fn is_registered(service: Service, redirect_uri: Option<&String>) -> bool {
    [CallbackWay::Scheme, CallbackWay::Loopback]
        .iter()
        .any(|way| Some(&way.redirect_uri(service)) == redirect_uri)
}

async fn ask_for_consent(Query(query): Query<HashMap<String, String>>) -> Response {
    if !is_registered(Service::Withings, query.get("redirect_uri"))
        || query.get("client_id").map(String::as_str) != Some(CLIENT_ID)
    {
        let message = "redirect_uri_mismatch: The redirect URI provided is missing or does not match partner callback url";
        return (StatusCode::BAD_REQUEST, Json(json!({"errors": [{"message": message}]}))).into_response();
    }
    pages::withings_consent(&query).into_response()
}

async fn consent(State(world): State<Shared>, body: String) -> Response {
    let fields = form(&body);
    let field = |name: &str| fields.get(name).map_or("", String::as_str);
    let uri = field("redirect_uri");
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    if field("decision") == "agree" {
        let mut world = lock(&world);
        let now = world.clock.now();
        let person = if field("person").is_empty() { PEOPLE[0].0 } else { field("person") };
        query.append_pair("code", &world.withings.issue_code(person, field("scope"), uri, now));
    } else {
        query.append_pair("error", "access_denied");
        query.append_pair("error_description", "The user denied the request");
    }
    query.append_pair("state", field("state"));
    Redirect::to(&format!("{uri}?{}", query.finish())).into_response()
}

async fn signature(State(world): State<Shared>, body: String) -> Json<Value> {
    let fields = form(&body);
    let field = |name: &str| fields.get(name).map_or("", String::as_str);
    let expected = crate::services::withings::nonce_signature(
        field("client_id"),
        &CLIENT_SECRET.into(),
        field("timestamp").parse().unwrap_or(0),
    );
    let _world = lock(&world);
    if field("action") != "getnonce" || field("client_id") != CLIENT_ID || field("signature") != expected {
        return refusal(342, "Invalid signature");
    }
    success(&json!({"nonce": token()}))
}

async fn tokens(State(world): State<Shared>, body: String) -> Json<Value> {
    let fields = form(&body);
    let field = |name: &str| fields.get(name).map_or("", String::as_str);
    if field("client_id") != CLIENT_ID || field("client_secret") != CLIENT_SECRET {
        return refusal(503, "Invalid Params: invalid client_secret");
    }
    let mut world = lock(&world);
    let now = world.clock.now();
    if world.withings.is_too_many(now) {
        return refusal(601, "Too Many Requests");
    }
    match field("grant_type") {
        "authorization_code" => match world.withings.exchange(&fields, now) {
            Some(body) => success(&body),
            None => refusal(503, "Invalid Params: invalid code"),
        },
        "refresh_token" => match world.withings.refresh(field("refresh_token"), now) {
            Some(body) => success(&body),
            None => refusal(503, "Invalid Params: invalid refresh_token"),
        },
        _ => refusal(503, "Invalid_params: invalid grant_type"),
    }
}

async fn data(State(world): State<Shared>, headers: HeaderMap, body: String) -> Json<Value> {
    let fields = form(&body);
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let access = bearer.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    let action = fields.get("action").map_or("", String::as_str);
    let mut world = lock(&world);
    let now = world.clock.now();
    match world.withings.data(action, access, &fields, now) {
        Ok(body) => success(&body),
        Err(refusal) => refusal,
    }
}
