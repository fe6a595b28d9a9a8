//! The address at which subscriptions are made, listed, moved and ended.

use std::collections::HashMap;

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};
use url::Url;

use super::delivery::{is_there, may_call};
use super::{Subscription, profile};
use crate::domain::appli::Appli;
use crate::sandbox::withings::refusal;
use crate::sandbox::{Shared, form, lock};

pub(in crate::sandbox) fn routes() -> Router<Shared> {
    Router::new().route("/notify", post(notify))
}

/// One request, with whose it is.
struct Asked {
    person: String,
    fields: HashMap<String, String>,
}

impl Asked {
    fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }

    fn appli(&self) -> Option<i64> {
        self.fields.get("appli").and_then(|number| number.parse().ok())
    }
}

/// Withings' answer, or its refusal.
type Answer = Result<Value, Json<Value>>;

async fn notify(State(world): State<Shared>, headers: HeaderMap, body: String) -> Json<Value> {
    let fields = form(&body);
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let access = bearer.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    let person = {
        let mut world = lock(&world);
        let now = world.clock.now();
        world.withings.may_subscribe(access, fields.get("appli").and_then(|number| number.parse().ok()), now)
    };
    let asked = match person {
        Ok(person) => Asked { person, fields },
        Err(refusal) => return refusal,
    };
    let answer = match asked.field("action") {
        "subscribe" => subscribe(&world, &asked).await,
        "update" => update(&world, &asked).await,
        "list" => {
            Ok(json!({"profiles": lock(&world).withings.notify.profiles(&asked.person, asked.appli())}))
        }
        "get" => get(&world, &asked),
        "revoke" => revoke(&world, &asked),
        _ => Err(refusal(2554, "Not implemented")),
    };
    answer.map_or_else(|refusal| refusal, |body| Json(json!({"status": 0, "body": body})))
}

async fn called(address: &str) -> Result<Url, Json<Value>> {
    let url = Url::parse(address)
        .ok()
        .filter(may_call)
        .ok_or_else(|| refusal(343, "Wrong Notification Callback Url"))?;
    if is_there(&url).await {
        Ok(url)
    } else {
        Err(refusal(293, "The callback URL is either absent or incorrect"))
    }
}

async fn subscribe(world: &Shared, asked: &Asked) -> Answer {
    let appli = asked.appli().ok_or_else(|| refusal(283, "Invalid params: appli"))?;
    let callback = called(asked.field("callbackurl")).await?;
    let (person, comment) = (asked.person.clone(), asked.field("comment").to_owned());
    let mut world = lock(world);
    let notify = &mut world.withings.notify;
    if let Some(known) = notify.find(&person, appli, callback.as_str()) {
        known.comment = comment;
        return Ok(json!({}));
    }
    if notify.profiles(&person, None).len() >= notify.most {
        return Err(refusal(305, "Too many notifications are already set"));
    }
    notify.subscriptions.push(Subscription { person, appli, callback, comment, failing_since: None });
    Ok(json!({}))
}

async fn update(world: &Shared, asked: &Asked) -> Answer {
    let appli = asked.appli().ok_or_else(|| refusal(283, "Invalid params: appli"))?;
    let changes = ["new_callbackurl", "new_appli", "comment"];
    let [change] =
        changes.into_iter().filter(|name| asked.fields.contains_key(*name)).collect::<Vec<_>>()[..]
    else {
        return Err(refusal(283, "Invalid params: exactly one change"));
    };
    let moved = if change == "new_callbackurl" { Some(called(asked.field(change)).await?) } else { None };
    let mut world = lock(world);
    let found = world.withings.notify.find(&asked.person, appli, asked.field("callbackurl"));
    let known = found.ok_or_else(|| refusal(286, "No such subscription was found"))?;
    match (moved, change) {
        (Some(callback), _) => {
            known.callback = callback;
            known.failing_since = None;
        }
        (None, "comment") => known.comment = asked.field(change).to_owned(),
        (None, _) => {
            let number = asked.field(change).parse().ok().and_then(Appli::numbered);
            known.appli = number.ok_or_else(|| refusal(283, "Invalid params: new_appli"))?.number();
        }
    }
    Ok(json!({}))
}

fn get(world: &Shared, asked: &Asked) -> Answer {
    let mut world = lock(world);
    let found =
        world.withings.notify.find(&asked.person, asked.appli().unwrap_or(1), asked.field("callbackurl"));
    found.map(|one| profile(one)).ok_or_else(|| refusal(286, "No such subscription was found"))
}

fn revoke(world: &Shared, asked: &Asked) -> Answer {
    let (callback, appli) = (asked.field("callbackurl"), asked.appli());
    let mut world = lock(world);
    let all = &mut world.withings.notify.subscriptions;
    let before = all.len();
    all.retain(|one| {
        let is_it = one.person == asked.person && one.callback.as_str() == callback;
        !(is_it && appli.is_none_or(|appli| appli == one.appli))
    });
    if all.len() < before { Ok(json!({})) } else { Err(refusal(286, "No such subscription was found")) }
}
