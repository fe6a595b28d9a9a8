//! The sandbox's pages for people: consent as the real services ask for it, a scale and a cuff to use,
//! goals to look at.

use std::collections::HashMap;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Redirect;
use axum::routing::{get, post};
use maud::{DOCTYPE, Markup, html};
use serde_json::json;

use super::withings::PEOPLE;
use super::{Shared, bad_day, form, lock};

const STYLE: &str = "body{font:1rem/1.5 system-ui,sans-serif;max-width:60rem;margin:1rem auto;padding:0 1rem;\
color-scheme:light dark}header{border:2px dashed;padding:.25rem 1rem}fieldset{margin:1rem 0}label{display:inline-block;\
margin-right:1rem}input[type=number]{width:6rem}table{border-collapse:collapse}td,th{padding:.2rem .8rem;\
text-align:left;border-bottom:1px solid #8888}button{font:inherit;padding:.2rem .8rem;margin:.2rem 0}";

fn page(title: &str, content: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " – Sandbox" }
                style { (maud::PreEscaped(STYLE)) }
            }
            body {
                header { strong { "Sandbox." } " Nothing here is real: no account, no measurement, no money." }
                main { h1 { (title) } (content) }
            }
        }
    }
}

fn hidden(query: &HashMap<String, String>) -> Markup {
    html! {
        @for name in ["redirect_uri", "state", "scope"] {
            input type="hidden" name=(name) value=(query.get(name).map_or("", String::as_str));
        }
    }
}

fn decision() -> Markup {
    html! {
        p {
            button name="decision" value="agree" { "Allow this app" } " "
            button name="decision" value="decline" { "Not now" }
        }
    }
}

/// Withings' page: it asks whose measurements to share first.
pub(super) fn withings_consent(query: &HashMap<String, String>) -> Markup {
    page(
        "Withings: share your measurements?",
        &html! {
            form method="post" action="/oauth2_user/authorize2" {
                (hidden(query))
                fieldset {
                    legend { "Whose measurements?" }
                    @for (index, (id, name)) in PEOPLE.iter().enumerate() {
                        label { input type="radio" name="person" value=(id) checked[index == 0]; " " (name) }
                    }
                }
                (decision())
            }
        },
    )
}

/// Beeminder's page.
pub(super) fn beeminder_consent(query: &HashMap<String, String>) -> Markup {
    page(
        "Beeminder: let this app in?",
        &html! {
            form method="post" action="/apps/authorize" { (hidden(query)) (decision()) }
        },
    )
}

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/", get(home))
        .route("/favicon.ico", get(|| async { StatusCode::NO_CONTENT }))
        .route("/scale", post(scale))
        .route("/cuff", post(cuff))
        .route("/watch", post(watch))
        .merge(bad_day::routes())
}

async fn home(State(world): State<Shared>) -> Markup {
    let world = lock(&world);
    let goals = &world.beeminder.goals;
    page(
        "A scale, a cuff, a watch and some goals",
        &html! {
                form method="post" action="/scale" {
                    fieldset {
                        legend { "Scale" }
                        label { "kg " input type="number" name="kg" step="0.001" min="1" value="82.4" required; }
                        label { input type="checkbox" name="ambiguous"; " Withings is not sure who it was" }
                        label { input type="checkbox" name="manual"; " typed in" }
                        button { "Step on" }
                    }
                }
                form method="post" action="/cuff" {
                    fieldset {
                        legend { "Blood-pressure cuff" }
                        label { "systolic " input type="number" name="systolic" value="121" required; }
                        label { "diastolic " input type="number" name="diastolic" value="78" required; }
                        label { "pulse " input type="number" name="pulse" value="62" required; }
                        button { "Measure" }
                    }
                }
                form method="post" action="/watch" {
                    fieldset {
                        legend { "Watch and sleep mat" }
                        label { "steps so far today " input type="number" name="steps" min="0" value="4200" required; }
                        button name="what" value="walk" { "Walk" } " "
                        label { "hours slept tonight " input type="number" name="hours" step="0.1" min="0" value="7.5" required; }
                        button name="what" value="sleep" { "Sleep" } " "
                        button name="what" value="run" { "Run for half an hour" }
                    }
                }
                h2 { "Goals" }
            @for goal in goals {
                details open[!goal.datapoints.is_empty()] {
                    summary {
                        strong { (goal.slug()) } " – " (goal.datapoints.len()) " datapoints"
                        @if goal.archived { " (archived)" }
                    }
                    table {
                        tr { th { "Day" } th { "Value" } th { "Comment" } th { "Request id" } }
                        @for datapoint in goal.datapoints.iter().rev().take(10) {
                            tr {
                                td { (datapoint.daystamp) } td { (datapoint.value) } td { (datapoint.comment) }
                                td { (datapoint.requestid.as_deref().unwrap_or("–")) }
                            }
                        }
                    }
                }
            }
            h2 { "Trouble" }
            (bad_day::choices(world.faults.waiting()))
        },
    )
}

async fn scale(State(world): State<Shared>, body: String) -> Redirect {
    let fields = form(&body);
    let mut world = lock(&world);
    let now = world.clock.now();
    let kilograms = fields.get("kg").and_then(|text| text.parse::<f64>().ok()).unwrap_or(82.4);
    if fields.contains_key("ambiguous") || fields.contains_key("manual") {
        #[expect(clippy::cast_possible_truncation, reason = "a person weighs less than 2^63 grams")]
        let grams = (kilograms * 1000.0).round() as i64;
        let measures = json!([{"value": grams, "type": 1, "unit": -3}]);
        let group = if fields.contains_key("manual") {
            json!({"attrib": 2, "deviceid": null, "model": null, "measures": measures})
        } else {
            json!({"attrib": 1, "measures": measures})
        };
        world.withings.add(group, now);
    } else {
        world.withings.weigh_in(kilograms, now);
    }
    Redirect::to("/")
}

async fn watch(State(world): State<Shared>, body: String) -> Redirect {
    let fields = form(&body);
    let number = |name: &str| fields.get(name).and_then(|text| text.parse::<f64>().ok()).unwrap_or(0.0);
    #[expect(clippy::cast_possible_truncation, reason = "nobody walks or sleeps that long")]
    let (steps, slept) = (number("steps") as i64, (number("hours") * 3600.0) as i64);
    let mut world = lock(&world);
    let now = world.clock.now();
    let today = now.with_timezone(&chrono_tz::Europe::Paris).date_naive();
    let days = world.withings.days();
    match fields.get("what").map(String::as_str) {
        Some("sleep") => {
            days.sleep(today, slept, now);
        }
        Some("run") => {
            days.work_out(2, 30, now);
        }
        _ => days.walk(today, steps, now),
    }
    Redirect::to("/")
}

async fn cuff(State(world): State<Shared>, body: String) -> Redirect {
    let fields = form(&body);
    let number =
        |name: &str, default| fields.get(name).and_then(|text| text.parse::<i64>().ok()).unwrap_or(default);
    let mut world = lock(&world);
    let now = world.clock.now();
    world.withings.blood_pressure(number("systolic", 121), number("diastolic", 78), number("pulse", 62), now);
    Redirect::to("/")
}
