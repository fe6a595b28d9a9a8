//! Pictures of goals' graphs, as Beeminder draws them for each change: a line, dots, a road.

use std::fmt::Write;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::json;
use url::Url;

use super::beeminder::{Goal, not_found};
use super::{Shared, lock};

/// Says in every goal where its picture is.
pub(super) fn hang_up(goals: &mut [Goal], url: &Url) {
    for goal in goals {
        goal.fields["graph_url"] = json!(format!("{url}graph/{}.svg", goal.slug()));
    }
}

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/graph/{file}", get(graph))
}

async fn graph(State(world): State<Shared>, Path(file): Path<String>) -> Response {
    let world = lock(&world);
    let slug = file.trim_end_matches(".svg");
    let Some(goal) = world.beeminder.goals.iter().find(|goal| goal.slug() == slug) else {
        return not_found();
    };
    ([(header::CONTENT_TYPE, "image/svg+xml")], draw(goal)).into_response()
}

fn draw(goal: &Goal) -> String {
    let values: Vec<f64> = goal.datapoints.iter().rev().take(40).map(|datapoint| datapoint.value).collect();
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut svg = String::from(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 696 453\" width=\"696\" height=\"453\">\
         <rect width=\"696\" height=\"453\" fill=\"#fff\"/>\
         <path d=\"M40 120 L660 340\" stroke=\"#e33\" stroke-width=\"6\"/>",
    );
    for (x, value) in (0..).map(|step| 650.0 - f64::from(step) * 15.0).zip(&values) {
        let y = 400.0 - (value - low) / (high - low).max(0.1) * 300.0;
        // Writing into a text cannot fail.
        let _ = write!(svg, "<circle cx=\"{x}\" cy=\"{y:.0}\" r=\"6\" fill=\"#258\"/>");
    }
    svg + "<text x=\"40\" y=\"60\" font-size=\"40\" fill=\"#555\">Sandbox</text></svg>"
}
