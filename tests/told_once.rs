//! Whatever needs the user is told once, and the next of its kind is told as well, though no pass came between.

use beeminder_withings_sync::domain::measure::measurement::GroupId;
use beeminder_withings_sync::domain::service::Service;
use beeminder_withings_sync::sandbox::faults::Fault;
use beeminder_withings_sync::store;
use beeminder_withings_sync::sync::SyncReport;
use beeminder_withings_sync::text::{Language, Locale};
use beeminder_withings_sync::view::notification::{Situation, notices};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::support::TestApp;
use super::support::goals::{at, each};

/// How many notifications follow a pass.
fn told(test: &TestApp, report: &SyncReport) -> usize {
    let said = test.app().store.write(|conn| {
        let held: Vec<_> = store::decision::held_groups(conn)?.into_iter().map(|(group, _)| group).collect();
        let situation = Situation {
            asked: None,
            attention: &report.attention,
            parked: &store::outbox::parked(conn)?,
            held: &held,
            arrived: None,
            window_has_focus: false,
            has_tray: true,
            is_first: false,
            locale: Locale::new(Language::English, chrono_tz::UTC),
        };
        let before = store::incident::load_all(conn)?;
        let (said, after) = notices(&before, situation, store::setting::preferences(conn)?, test.now);
        store::incident::save_all(conn, &after)?;
        Ok(said)
    });
    said.unwrap().len()
}

/// A reading that may be another person's.
fn guest(test: &TestApp, grams: i64) -> GroupId {
    let measures = json!([{"value": grams, "type": 1, "unit": -3}]);
    let now = test.now;
    GroupId(test.world().withings.add(json!({"attrib": 1, "measures": measures}), now))
}

#[tokio::test]
async fn another_reading_is_asked_about_when_the_one_before_was_just_answered() {
    let mut test = TestApp::weighing().await;
    let first = guest(&test, 61_000);
    let report = test.sync().await;
    assert_eq!((report.held, told(&test, &report)), (1, 1));
    test.advance(TimeDelta::minutes(10));
    guest(&test, 82_000);
    // As the button of the notification does: the answer, then a pass at once.
    test.app().answer(first, false, false, test.now).unwrap();
    let report = test.sync().await;
    assert_eq!((report.held, told(&test, &report)), (1, 1));
    let report = test.sync().await;
    assert_eq!((report.held, told(&test, &report)), (1, 0), "once");
}

#[tokio::test]
async fn another_refusal_is_told_when_the_one_before_was_just_decided_on() {
    let mut test = TestApp::weighing().await;
    test.expect_warning("Parked");
    let no = |words: &str| Fault::http(422, &format!(r#"{{"errors":{{"value":["{words}"]}}}}"#));
    test.weigh_in(80.0);
    let report = test.sync_with(Service::Beeminder, "weight/datapoints.json", no("one")).await;
    assert_eq!((report.parked, told(&test, &report)), (1, 1));
    test.advance(TimeDelta::hours(25));
    test.weigh_in(81.0);
    test.app().discard(test.outbox()[0].id, test.now).unwrap();
    let report = test.sync_with(Service::Beeminder, "weight/datapoints.json", no("other")).await;
    test.expect_pending(1);
    assert_eq!((report.parked, told(&test, &report)), (1, 1));
    let report = test.sync().await;
    assert_eq!((report.parked, told(&test, &report)), (1, 0), "once");
}

#[tokio::test]
async fn who_was_reminded_yesterday_is_reminded_today() {
    let mut test = TestApp::connected().await;
    let due = |test: &TestApp, moment: &str| {
        let moment: DateTime<Utc> = moment.parse().unwrap();
        test.world().beeminder.goal("weigh-in").fields["losedate"] = moment.timestamp().into();
    };
    due(&test, "2026-11-23T22:59:59Z");
    test.link("weigh-in", each()).await;
    test.app().remind_at(Some("20:00:00".parse().unwrap())).unwrap();
    at(&mut test, "2026-11-23T19:00:00Z");
    let report = test.sync().await;
    assert_eq!(told(&test, &report), 1);
    // The user measures, closes the computer, and opens it on the next evening.
    at(&mut test, "2026-11-23T19:10:00Z");
    test.weigh_in(80.0);
    due(&test, "2026-11-24T22:59:59Z");
    at(&mut test, "2026-11-24T19:30:00Z");
    let report = test.sync().await;
    assert_eq!(told(&test, &report), 1);
    let report = test.sync().await;
    assert_eq!(told(&test, &report), 0, "once");
}
