//! Faults that a person can choose on the sandbox's page: of the services, and by users who do something there
//! themselves.

use axum::Router;
use axum::extract::State;
use axum::response::Redirect;
use axum::routing::post;
use maud::{Markup, html};
use serde_json::json;

use super::beeminder::{DuplicateShape, Goal};
use super::faults::Fault;
use super::{Shared, World, form, lock};
use crate::domain::service::Service::{Beeminder, Withings};

/// A sentence for the page, and what it does.
type Choice = (&'static str, fn(&mut World));

const AT_WITHINGS: [Choice; 14] = [
    ("Too many requests (601)", |w| w.faults.next(Withings, "", Fault::withings(601, "Too Many Requests"))),
    ("An error occurred (2556)", |w| w.faults.next(Withings, "", Fault::withings(2556, ""))),
    ("Time-out (522)", |w| w.faults.next(Withings, "", Fault::withings(522, ""))),
    ("A web page instead of an answer", |w| {
        w.faults.next(Withings, "", Fault::http(502, "<html>Bad Gateway</html>"));
    }),
    ("An answer that breaks off", |w| w.faults.next(Withings, "measure", Fault::Truncate)),
    ("No connection", |w| w.faults.next(Withings, "", Fault::Drop)),
    ("No answer for a long time", |w| w.faults.next(Withings, "measure", Fault::Hang)),
    ("The access token runs out", |w| w.withings.expire_access_tokens()),
    ("Only the scope for activity is granted", |w| {
        w.withings.scope = Some("user.activity".into());
    }),
    ("Everything is hidden, as when a membership ends", |w| w.withings.lapsed = true),
    ("The last measurement is deleted", |w| {
        if let Some(id) = w.withings.groups().last().and_then(|group| group["grpid"].as_i64()) {
            w.withings.delete(id);
        }
    }),
    ("The user withdraws the share", |w| w.withings.revoke()),
    ("Notifications are lost from now on", |w| w.withings.notify.is_silent = true),
    ("Notifications come twice, the last first", |w| {
        (w.withings.notify.twice, w.withings.notify.backwards) = (true, true);
    }),
];

const AT_BEEMINDER: [Choice; 9] = [
    ("The next datapoint is taken, but the answer is lost", |w| {
        w.faults.next(Beeminder, "datapoints", Fault::LoseAnswer);
    }),
    ("The next datapoint is taken, but the answer is 500", |w| {
        let body = "<html>Internal Server Error</html>".to_owned();
        w.faults.next(Beeminder, "datapoints", Fault::AnswerAfter { status: 500, body });
    }),
    ("The next datapoint is refused", |w| {
        w.faults.next(
            Beeminder,
            "datapoints",
            Fault::http(422, r#"{"errors":{"value":["is not acceptable"]}}"#),
        );
    }),
    ("Down (503)", |w| w.faults.next(Beeminder, "", Fault::http(503, "<html>Down for maintenance</html>"))),
    ("A pause of two minutes is asked for (429)", |w| w.faults.next(Beeminder, "", Fault::limited(120))),
    ("A redirect to another host", |w| w.faults.next(Beeminder, "", Fault::Redirect)),
    ("No answer for a long time", |w| w.faults.next(Beeminder, "", Fault::Hang)),
    ("Duplicates are refused in other words", |w| {
        w.beeminder.duplicate_shape = DuplicateShape::WithoutTheWord;
    }),
    ("The limit of 300 a day counts what is entered today", |w| w.beeminder.limit_by_entry = true),
];

const THE_USER: [Choice; 7] = [
    ("signs in to Beeminder on another computer", |w| w.beeminder.sign_in_elsewhere()),
    ("renames the goal weight to mass", |w| change(w, "weight", |goal| goal.fields["slug"] = json!("mass"))),
    ("archives the goal pressure", |w| change(w, "pressure", |goal| goal.archived = true)),
    ("deletes the goal fat", |w| w.beeminder.goals.retain(|goal| goal.slug() != "fat")),
    ("enters 82.4 into the goal weight by hand", |w| {
        let now = w.clock.now();
        if w.beeminder.goals.iter().any(|goal| goal.slug() == "weight") {
            w.beeminder.enter("weight", 82.4, now);
        }
    }),
    ("moves to Tokyo", |w| w.beeminder.time_zone = "Asia/Tokyo".into()),
    ("deletes each goal's last datapoint", |w| {
        w.beeminder.goals.iter_mut().for_each(|goal| drop(goal.datapoints.pop()));
    }),
];

/// A goal may be gone by the time its button is pressed again.
fn change(world: &mut World, slug: &str, change: impl FnOnce(&mut Goal)) {
    world.beeminder.goals.iter_mut().find(|goal| goal.slug() == slug).map(change);
}

fn all() -> impl Iterator<Item = Choice> {
    AT_WITHINGS.into_iter().chain(AT_BEEMINDER).chain(THE_USER)
}

/// The form that offers them.
pub(super) fn choices(waiting: usize) -> Markup {
    let mut numbers = 0..;
    let mut buttons = |choices: &[Choice]| {
        html! {
            @for (sentence, _) in choices {
                button name="choice" value=[numbers.next()] { (sentence) } " "
            }
        }
    };
    html! {
        form method="post" action="/bad-day" {
            fieldset { legend { "A bad day at Withings" } (buttons(&AT_WITHINGS)) }
            fieldset { legend { "A bad day at Beeminder" } (buttons(&AT_BEEMINDER)) }
            fieldset { legend { "The user" } (buttons(&THE_USER)) }
            @if waiting > 0 {
                p role="status" {
                    (waiting) " waiting for the next request. "
                    button name="choice" value="end" { "Never mind" }
                }
            }
        }
    }
}

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/bad-day", post(choose))
}

async fn choose(State(world): State<Shared>, body: String) -> Redirect {
    let choice = form(&body).remove("choice").unwrap_or_default();
    let mut world = lock(&world);
    match choice.parse().ok().and_then(|number| all().nth(number)) {
        Some((_, act)) => act(&mut world),
        None => world.faults.clear(),
    }
    Redirect::to("/")
}
