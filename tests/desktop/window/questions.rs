//! What waits for the user: a reading that may be another person's, a datapoint that was refused.

use beeminder_withings_sync::domain::service::Service;
use beeminder_withings_sync::platform::clock;
use beeminder_withings_sync::sandbox::faults::Fault;
use serde_json::json;

use super::super::session::Session;
use super::super::until;
use super::{click, go, hides, pictures_in, shows, value};

#[tokio::test]
async fn a_held_reading_is_accepted_and_a_refused_datapoint_sent_again() {
    let mut session = Session::start().await;
    session.set_up().await;
    let window = session.launch_driven().await;
    shows(&window, "#status-message", "Up to date").await;
    let unsure = json!({"attrib": 1, "measures": [{"value": 82_400, "type": 1, "unit": -3}]});
    session.sandbox.world().withings.add(unsure, clock::now());
    click(&window, "#sync-now").await;
    shows(&window, "#question-count", "1").await;
    shows(&window, "#status-message", "1 question for you").await;
    session.tray().await.click("1 question for you…").await;
    shows(&window, "#held", "82.4 kg").await;
    // An answer is taken back where it was given, or in history.
    click(&window, "[data-work=not_mine]").await;
    shows(&window, "#toast", "Answered: it was not you.").await;
    click(&window, "#toast button").await;
    shows(&window, "#held", "82.4 kg").await;
    click(&window, "[data-work=not_mine]").await;
    hides(&window, "#held").await;
    go(&window, "history").await;
    shows(&window, "#lines", "you said that it was not you").await;
    // The driver takes what lies in a table that scrolls for out of reach.
    value(&window, "document.querySelector('#lines [data-group]').click()").await;
    shows(&window, "#question-count", "1").await;
    go(&window, "questions").await;
    shows(&window, "#held", "82.4 kg").await;
    let refusal = Fault::http(422, r#"{"errors":{"value":["is odd"]}}"#);
    session.sandbox.world().faults.next(Service::Beeminder, "datapoints", refusal);
    click(&window, "[data-work=mine]").await;
    shows(&window, "#parked", "is odd").await;
    pictures_in(&window, "a refused datapoint", &[360, 900]).await;
    hides(&window, "#held").await;
    shows(&window, "#status-message", "Beeminder refused 1 datapoint").await;
    click(&window, "[data-work=discard]").await;
    shows(&window, "#toast", "Discarded.").await;
    // Undo sends it.
    click(&window, "#toast button").await;
    until("the datapoint", async || (session.at_beeminder() == [82.4]).then_some(())).await;
    shows(&window, "#nothing", "Nothing waits for you").await;
    hides(&window, "#question-count").await;
    go(&window, "overview").await;
    shows(&window, "#status-message", "Up to date").await;
}
