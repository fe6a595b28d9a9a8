//! The guide's last steps: an application that is kept, today's reading, and the wait for the first datapoint.

use std::path::Path;

use beeminder_withings_sync::accounts::keychain::{Item, Keychain};
use beeminder_withings_sync::accounts::tokens::TokenError;
use beeminder_withings_sync::app::{Since, first};
use beeminder_withings_sync::domain::callback_way::CallbackWay;
use beeminder_withings_sync::domain::goal::GoalSlug;
use beeminder_withings_sync::domain::link::{LinkId, Options};
use beeminder_withings_sync::domain::measure::kind::MeasureKind;
use beeminder_withings_sync::domain::service::Service;
use beeminder_withings_sync::sandbox::faults::Fault;
use beeminder_withings_sync::sandbox::withings;
use beeminder_withings_sync::sync::Trigger;
use beeminder_withings_sync::view::pages::LinkForm;
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::support::{LOOK, TestApp, application, track};

fn kept(test: &TestApp) -> Option<String> {
    let kept = test.keychain.load(Item::Application).unwrap();
    kept.map(|secret| secret.expose_secret().to_owned())
}

/// Whether any file of the program has these words in it.
fn is_written_down(folder: &Path, words: &str) -> bool {
    let has = |path: &Path| {
        let bytes = std::fs::read(path).unwrap();
        bytes.windows(words.len()).any(|window| window == words.as_bytes())
    };
    let mut paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths.any(|path| if path.is_dir() { is_written_down(&path, words) } else { has(&path) })
}

#[tokio::test]
async fn a_checked_application_outlives_a_restart_and_its_secret_is_in_the_keychain_alone() {
    let mut test = TestApp::new().await;
    assert_eq!(test.app().known_client_id().unwrap(), None);
    let attempt = test.begin_withings().await;
    test.app().keep(&attempt).await.unwrap();
    test.restart();
    assert_eq!(test.app().known_client_id().unwrap().as_deref(), Some(withings::CLIENT_ID));
    let again = test.app().last_application().await.unwrap();
    assert_eq!(again.secret.expose_secret(), withings::CLIENT_SECRET);
    assert!(is_written_down(test.path(), withings::CLIENT_ID), "the id is in the store");
    assert!(!is_written_down(test.path(), withings::CLIENT_SECRET));
    // The attempt that comes of it carries it on to the tokens.
    test.connect_withings().await.unwrap();
    assert_eq!(kept(&test), None);
    assert_eq!(test.app().known_client_id().unwrap().as_deref(), Some(withings::CLIENT_ID));
    assert!(!is_written_down(test.path(), withings::CLIENT_SECRET));
    test.app().disconnect(Service::Withings, test.now).await.unwrap();
    assert_eq!(test.app().known_client_id().unwrap(), None);
    assert!(matches!(test.app().last_application().await, Err(TokenError::NotConnected(_))));
}

#[tokio::test]
async fn a_kept_application_is_forgotten_when_it_is_refused_or_the_user_disconnects() {
    let test = TestApp::new().await;
    let keep = async || {
        let attempt = test.begin_withings().await;
        test.app().keep(&attempt).await.unwrap();
        assert!(kept(&test).is_some());
    };
    keep().await;
    let typo = withings_application("typo");
    assert!(test.app().begin_withings(typo, CallbackWay::Loopback, test.now).await.is_err());
    assert!(kept(&test).is_some(), "that was another secret");
    // The user had Withings make another one.
    test.world().faults.next(Service::Withings, "signature", Fault::withings(601, "busy"));
    assert!(test.app().begin_withings(application(), CallbackWay::Loopback, test.now).await.is_err());
    assert!(kept(&test).is_some(), "that says nothing about it");
    test.world().faults.next(Service::Withings, "signature", Fault::withings(503, "Invalid Params"));
    assert!(test.app().begin_withings(application(), CallbackWay::Loopback, test.now).await.is_err());
    assert_eq!((kept(&test), test.app().known_client_id().unwrap()), (None, None));
    keep().await;
    test.app().disconnect(Service::Withings, test.now).await.unwrap();
    assert_eq!((kept(&test), test.app().known_client_id().unwrap()), (None, None));
}

fn withings_application(secret: &str) -> beeminder_withings_sync::services::withings::Application {
    beeminder_withings_sync::services::withings::Application { secret: secret.into(), ..application() }
}

#[tokio::test]
async fn a_secret_that_the_keychain_lost_is_asked_for_again() {
    let test = TestApp::new().await;
    let attempt = test.begin_withings().await;
    test.app().keep(&attempt).await.unwrap();
    test.keychain.delete(Item::Application).unwrap();
    let error = test.app().last_application().await.err().unwrap();
    assert!(error.to_string().contains("Paste it again"), "{error}");
    assert_eq!(test.app().known_client_id().unwrap(), None, "the form asks for both");
}

fn form(value: &Value) -> LinkForm {
    let mut form = json!({"goal": "weight", "sends": "track", "kind": "weight", "unit": "kg", "take": "every",
        "kinds": [], "once_a_day": false, "options": {}});
    for (name, value) in value.as_object().unwrap() {
        form[name] = value.clone();
    }
    serde_json::from_value(form).unwrap()
}

async fn offered(test: &TestApp, wish: Value) -> Value {
    let preview = test.app().preview_form(&form(&wish), LOOK, test.now).await.unwrap();
    serde_json::to_value(&preview).unwrap()["today"].clone()
}

async fn link(test: &TestApp, wish: Value) -> LinkId {
    let form = form(&wish);
    let (feed, start) = (form.feed().unwrap(), form.start());
    test.app().add_link(&form.slug(), feed, form.options, start, test.now).await.unwrap().link.id
}

#[tokio::test]
async fn what_was_measured_today_before_the_link_is_offered_and_sent_only_if_wanted() {
    let mut test = TestApp::connected().await;
    assert_eq!(offered(&test, json!({})).await, Value::Null);
    test.weigh_in(79.1);
    test.advance(TimeDelta::days(1));
    test.app().sync(Trigger::Hand, test.now, &tokio_util::sync::CancellationToken::new()).await.unwrap();
    assert_eq!(offered(&test, json!({})).await, Value::Null, "that was yesterday");
    test.weigh_in(78.4);
    test.advance(TimeDelta::hours(1));
    assert_eq!(offered(&test, json!({})).await, json!({"value": "78.4", "unit": "kg", "morning": true}));
    assert_eq!(offered(&test, json!({"kind": "steps", "unit": "steps", "take": "max"})).await, Value::Null);
    link(&test, json!({})).await;
    test.sync().await;
    assert_eq!(test.values("weight"), [0.0; 0], "nothing of the past unless it is wanted");
    link(&test, json!({"goal": "pounds", "unit": "lb", "today": true})).await;
    test.sync().await;
    assert_eq!(test.values("pounds"), [172.8], "today's, and nothing older");
}

/// When the next pass is due after one at `made`, and would be in a quarter of an hour.
fn due(test: &TestApp, made: DateTime<Utc>) -> TimeDelta {
    let usual = made + TimeDelta::minutes(15);
    test.app().store.read(|conn| first::due(conn, usual, made)).unwrap() - made
}

fn shown(test: &TestApp) -> Value {
    let view = test.app().window(None, true, test.now).unwrap();
    serde_json::to_value(&view.first).unwrap()
}

#[tokio::test]
async fn withings_is_read_every_minute_until_the_first_datapoint_is_there() {
    let (minute, quarter) = (TimeDelta::minutes(1), TimeDelta::minutes(15));
    let mut test = TestApp::connected().await;
    assert_eq!((due(&test, test.now), shown(&test)), (quarter, Value::Null));
    let link = link(&test, json!({})).await;
    test.app().await_first(link, test.now).unwrap();
    assert_eq!(due(&test, test.now), minute);
    let first = shown(&test);
    assert_eq!(
        (&first["state"], &first["act"], &first["waits"]),
        (&json!("waiting"), &json!("scale"), &json!(true))
    );
    test.advance(TimeDelta::minutes(4));
    assert_eq!(shown(&test)["state"], "late");
    test.restart();
    assert_eq!(due(&test, test.now), minute, "it outlives a restart");
    test.weigh_in(78.4);
    test.sync().await;
    let first = shown(&test);
    assert_eq!(
        (&first["state"], &first["value"], &first["unit"]),
        (&json!("arrived"), &json!("78.4"), &json!("kg"))
    );
    assert_eq!((&first["goal"], &first["is_today"]), (&json!("weight"), &json!(true)));
    assert_eq!(due(&test, test.now), quarter, "there is nothing left to wait for");
    test.app().leave_first().unwrap();
    assert_eq!(shown(&test), Value::Null);
}

#[tokio::test]
async fn the_wait_ends_by_itself_and_with_a_clock_that_is_set_back() {
    let (minute, quarter) = (TimeDelta::minutes(1), TimeDelta::minutes(15));
    let mut test = TestApp::connected().await;
    let link = link(&test, json!({})).await;
    test.app().await_first(link, test.now).unwrap();
    assert_eq!(due(&test, test.now + TimeDelta::minutes(14)), minute);
    assert_eq!(due(&test, test.now - TimeDelta::hours(1)), quarter);
    assert_eq!(due(&test, test.now + quarter), quarter);
    test.advance(quarter);
    let first = shown(&test);
    assert_eq!((&first["state"], &first["waits"]), (&json!("over"), &json!(false)));
    test.app().remove_link(link, test.now).unwrap();
    assert_eq!(shown(&test), Value::Null, "with its link it is gone");
}

#[tokio::test]
async fn a_first_reading_that_is_held_or_refused_is_said_where_the_user_waits() {
    let mut test = TestApp::connected().await;
    test.expect_warning("Parked");
    let link = test.link("weight", track(MeasureKind::WEIGHT)).await.link.id;
    test.app().await_first(link, test.now).unwrap();
    test.advance(TimeDelta::minutes(1));
    let unsure = json!({"attrib": 1, "measures": [{"value": 82_100, "type": 1, "unit": -3}]});
    let now = test.now;
    test.world().withings.add(unsure, now);
    test.sync().await;
    assert_eq!(shown(&test)["state"], "held");
    let refusal = Fault::http(422, r#"{"errors":{"value":["is odd"]}}"#);
    test.weigh_in(78.4);
    test.sync_with(Service::Beeminder, "datapoints", refusal).await;
    assert_eq!(shown(&test)["state"], "refused");
    test.expect_pending(1);
}

#[tokio::test]
async fn a_lost_sign_in_is_told_from_a_connected_one() {
    let test = TestApp::weighing().await;
    test.expect_warning("no longer accepts the sign-in");
    let line = |service: &str| {
        let view = serde_json::to_value(test.app().window(None, true, test.now).unwrap()).unwrap();
        (view["overview"][service]["connected"] == true, view["overview"][service]["lost"] == true)
    };
    assert_eq!((line("withings"), line("beeminder")), ((true, false), (true, false)));
    test.world().beeminder.sign_in_elsewhere();
    test.app().sync(Trigger::Hand, test.now, &tokio_util::sync::CancellationToken::new()).await.unwrap();
    test.weigh_in(82.4);
    test.sync().await;
    assert_eq!(line("beeminder"), (true, true));
    test.app().disconnect(Service::Withings, test.now).await.unwrap();
    assert_eq!(line("withings"), (false, true));
    test.connect_beeminder().await.unwrap();
    assert_eq!(line("beeminder"), (true, false));
    test.connect_withings().await.unwrap();
    test.sync().await;
}

#[tokio::test]
async fn a_first_reading_that_waits_for_beeminder_is_there_and_says_what_for() {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    let link = test.link("weight", track(MeasureKind::WEIGHT)).await.link.id;
    test.app().await_first(link, test.now).unwrap();
    test.advance(TimeDelta::minutes(4));
    test.weigh_in(78.4);
    test.world().faults.every(Service::Beeminder, "weight.json", Fault::http(503, ""));
    test.sync().await;
    test.expect_pending(1);
    let first = shown(&test);
    assert_eq!((&first["state"], &first["why"]["key"]), (&json!("sending"), &json!("attention.unavailable")));
    let until: DateTime<Utc> = first["why"]["args"]["until"].as_str().unwrap().parse().unwrap();
    assert!(until > test.now, "the next try");
}

#[tokio::test]
async fn a_first_reading_that_is_not_sent_says_why() {
    let mut test = TestApp::connected().await;
    let options = Options { manual: false, ..Options::default() };
    let (slug, since) = (GoalSlug("weight".into()), Since::Now);
    let added =
        test.app().add_link(&slug, track(MeasureKind::WEIGHT), options, since, test.now).await.unwrap();
    test.app().await_first(added.link.id, test.now).unwrap();
    let weight = json!([{"value": 80, "type": 1, "unit": 0}]);
    // Measured a moment before the link was made, and uploaded after it.
    let before = (test.now - TimeDelta::minutes(1)).timestamp();
    test.advance(TimeDelta::minutes(4));
    let now = test.now;
    test.world().withings.add(json!({"date": before, "measures": weight}), now);
    test.sync().await;
    assert_eq!(shown(&test)["state"], "early");
    let typed = json!({"attrib": 2, "deviceid": null, "model": null, "measures": weight});
    test.world().withings.add(typed, now);
    test.sync().await;
    let first = shown(&test);
    assert_eq!((&first["state"], &first["why"]["key"]), (&json!("left_out"), &json!("reason.typed_in")));
    test.weigh_in(80.0);
    test.sync().await;
    assert_eq!(shown(&test)["state"], "arrived");
}

#[tokio::test]
async fn what_was_measured_long_before_the_link_explains_nothing() {
    let mut test = TestApp::connected().await;
    test.weigh_in(80.0);
    test.advance(TimeDelta::hours(2));
    let link = link(&test, json!({})).await;
    test.app().await_first(link, test.now).unwrap();
    test.sync().await;
    assert_eq!(shown(&test)["state"], "waiting");
}
