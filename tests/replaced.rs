//! Nothing is taken away at Beeminder before what takes its place is there, however long that waits.

use beeminder_withings_sync::app::Existing;
use beeminder_withings_sync::domain::link::{LinkId, Options};
use beeminder_withings_sync::domain::service::Service;
use beeminder_withings_sync::sandbox::faults::Fault;
use beeminder_withings_sync::sync::Trigger;
use chrono::{DateTime, TimeDelta, Utc};

use super::support::TestApp;
use super::support::goals::{at, days, each, has, lowest, once};

/// The user's time zone cannot be read, so that days wait.
fn hide_zone(test: &TestApp) {
    test.world().faults.every(Service::Beeminder, "users/me.json", Fault::http(500, ""));
}

/// Dates a weigh-in anew at Withings.
fn date(test: &TestApp, group: i64, moment: DateTime<Utc>) {
    let now = test.now;
    test.world().withings.edit(group, now, |group| group["date"] = moment.timestamp().into());
}

/// Weighed once on Monday; by Tuesday morning it is known to have been on Tuesday.
async fn moved_to_tuesday() -> TestApp {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    test.link("weight", lowest()).await;
    let group = test.weigh_in(80.0);
    test.sync().await;
    at(&mut test, "2026-11-24T06:00:00Z");
    test.sync().await;
    date(&test, group, test.now);
    test.advance(TimeDelta::minutes(6));
    test
}

#[tokio::test]
async fn a_change_to_daily_takes_nothing_away_before_the_days_are_there() {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    test.link("weigh-in", each()).await;
    for _ in 0..4 {
        test.weigh_in(80.0);
        test.sync().await;
        test.advance(TimeDelta::days(1));
    }
    let options = Options::default();
    test.app().change_link(LinkId(1), &once(), &options, Existing::Update, test.now).await.unwrap();
    hide_zone(&test);
    for minutes in [0, 6, 12, 18, 24, 30, 36, 42, 48, 54] {
        test.pass(Trigger::Timer).await;
        assert!(days(&test, "weigh-in").len() >= 4, "after {minutes} minutes");
        test.advance(TimeDelta::minutes(6));
    }
    // By the zone that was last known, rather than later still.
    test.advance(TimeDelta::hours(1));
    test.pass(Trigger::Timer).await;
    assert_eq!(days(&test, "weigh-in"), ["20261123", "20261124", "20261125", "20261126"]);
    assert!(test.at_beeminder("weigh-in").iter().all(|d| d.requestid.as_deref().unwrap().contains("-day-")));
}

#[tokio::test]
async fn a_day_that_moves_is_not_taken_away_before_its_new_one_is_there() {
    let mut test = moved_to_tuesday().await;
    hide_zone(&test);
    for _ in 0..9 {
        test.pass(Trigger::Timer).await;
        assert_eq!(days(&test, "weight"), ["20261123"]);
        test.advance(TimeDelta::minutes(6));
    }
    test.world().faults.clear();
    test.sync().await;
    assert_eq!(days(&test, "weight"), ["20261124"]);
}

#[tokio::test]
async fn what_its_replacement_was_refused_for_stays_until_the_user_has_decided() {
    for discards in [false, true] {
        let mut test = moved_to_tuesday().await;
        let no = Fault::http(422, r#"{"errors":{"value":["no"]}}"#);
        // The comparison before reads two lists.
        test.world().faults.after(2, Service::Beeminder, "datapoints.json", no);
        test.sync().await;
        for _ in 0..3 {
            test.advance(TimeDelta::minutes(20));
            assert_eq!((test.sync().await.parked, days(&test, "weight")), (1, vec!["20261123".into()]));
        }
        let refused = test.outbox().into_iter().find(|entry| entry.parked.is_some()).unwrap();
        if discards {
            test.app().discard(refused.id, test.now).unwrap();
        } else {
            test.app().retry(refused.id, test.now).unwrap();
        }
        test.sync().await;
        assert_eq!(days(&test, "weight"), if discards { vec![] } else { vec!["20261124"] });
    }
}

#[tokio::test]
async fn a_day_that_moves_onto_a_deleted_day_is_not_taken_away_first() {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    test.link("weight", lowest()).await;
    test.weigh_in(82.0);
    test.sync().await;
    at(&mut test, "2026-11-24T06:00:00Z");
    let group = test.weigh_in(80.0);
    test.sync().await;
    test.advance(TimeDelta::hours(2));
    test.sync().await;
    test.world().beeminder.datapoints("weight").retain(|d| d.daystamp != "20261123");
    date(&test, group, "2026-11-23T18:00:00Z".parse().unwrap());
    for _ in 0..8 {
        test.advance(TimeDelta::minutes(3));
        test.pass(Trigger::Timer).await;
        assert!(has(&test, "weight").iter().any(|(_, value)| *value == 80.0));
    }
    assert_eq!(has(&test, "weight"), [("20261123".into(), 80.0)]);
}
