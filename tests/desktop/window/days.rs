//! The day view: why a day's datapoint is missing is one click from the overview, and can be put right there.

use beeminder_withings_sync::domain::service::Service;
use beeminder_withings_sync::platform::clock;
use beeminder_withings_sync::sandbox::faults::Fault;
use chrono::TimeDelta;
use serde_json::json;

use super::super::session::Session;
use super::super::until;
use super::{click, pictures_in, shows};

#[tokio::test]
async fn why_a_datapoint_is_missing_is_one_click_away_and_put_right_there() {
    let mut session = Session::start().await;
    let now = clock::now();
    // Three days ago, before the link begins.
    session.sandbox.world().withings.weigh_in(83.1, now - TimeDelta::days(3));
    session.set_up().await;
    let window = session.launch_driven().await;
    shows(&window, "#status-message", "Up to date").await;
    let unsure = json!({"attrib": 1, "measures": [{"value": 61_300, "type": 1, "unit": -3}]});
    session.sandbox.world().withings.add(unsure, clock::now());
    click(&window, "#sync-now").await;
    shows(&window, "#question-count", "1").await;

    click(&window, "a[href='#days/weight']").await;
    shows(&window, "#days .held", "Withings is not sure it was you").await;
    shows(&window, "#days", "no reading: nothing was measured").await;
    shows(&window, "#days .early", "measured before the link began").await;
    shows(&window, "#days .early .value", "83.1 kg").await;
    pictures_in(&window, "days", &[360, 900]).await;

    click(&window, "[data-act=not_mine]").await;
    shows(&window, "#days .skipped", "you said that it was not you").await;
    shows(&window, "#toast", "it was not you").await;
    click(&window, "#toast button").await;
    shows(&window, "#days .held", "Withings is not sure it was you").await;
    let refusal = Fault::http(422, r#"{"errors":{"value":["is odd"]}}"#);
    session.sandbox.world().faults.next(Service::Beeminder, "datapoints", refusal);
    click(&window, "[data-act=mine]").await;
    shows(&window, "#days .refused", "is odd").await;
    pictures_in(&window, "a refused day", &[900]).await;
    click(&window, "[data-act=retry]").await;
    until("the datapoint", async || (session.at_beeminder() == [61.3]).then_some(())).await;
    shows(&window, "#days .sent", "61.3 kg").await;
    click(&window, "[data-act=send_day]").await;
    shows(&window, "#confirm-body", "83.1").await;
    click(&window, "#confirm-yes").await;
    until("both datapoints", async || (session.at_beeminder().len() == 2).then_some(())).await;
}
