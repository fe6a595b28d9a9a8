//! What a list lacks is looked for again before that is believed, and not for ever.

use beeminder_withings_sync::app::Existing;
use beeminder_withings_sync::domain::link::{LinkId, Options};
use beeminder_withings_sync::domain::measure::kind::MeasureKind;
use beeminder_withings_sync::domain::service::Service;
use beeminder_withings_sync::sandbox::faults::Fault;
use beeminder_withings_sync::sync::Trigger;
use chrono::TimeDelta;
use serde_json::json;

use super::support::goals::{at, each, has, once};
use super::support::{TestApp, track};

const TWENTY_MINUTES: TimeDelta = TimeDelta::minutes(20);

/// Changes the comments of a link, and removes it before Beeminder has answered to that.
async fn removed_in_the_middle(test: &mut TestApp) {
    let feed = test.app().links().unwrap()[0].feed.clone();
    let options = Options { comment: Some("{time}!".into()), ..Options::default() };
    test.app().change_link(LinkId(1), &feed, &options, Existing::Update, test.now).await.unwrap();
    test.sync_with(Service::Beeminder, "/datapoints/", Fault::http(503, "")).await;
    test.app().remove_link(LinkId(1), test.now).unwrap();
    test.advance(TWENTY_MINUTES);
}

/// What became of each weigh-in.
fn outcomes(test: &TestApp) -> Vec<String> {
    test.history().into_iter().filter_map(|row| row.outcome).map(|outcome| outcome.outcome).collect()
}

#[tokio::test]
async fn what_was_deleted_before_its_link_was_removed_does_not_come_back() {
    let mut test = TestApp::weighing().await;
    test.expect_warning("");
    test.weigh_in(60.0);
    test.advance(TimeDelta::minutes(5));
    test.weigh_in(80.0);
    test.sync().await;
    test.advance(TimeDelta::hours(1));
    test.world().beeminder.datapoints("weight").retain(|datapoint| datapoint.value != 60.0);
    removed_in_the_middle(&mut test).await;
    for _ in 0..3 {
        test.sync().await;
        test.advance(TWENTY_MINUTES);
    }
    test.link_since("weight", track(MeasureKind::WEIGHT), "2026-11-23").await;
    for _ in 0..4 {
        test.sync().await;
        test.advance(TimeDelta::hours(13));
    }
    assert_eq!(test.values("weight"), [80.0]);
}

#[tokio::test]
async fn a_list_that_was_short_once_makes_nothing_double() {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    test.link("weigh-in", each()).await;
    test.weigh_in(80.0);
    test.sync().await;
    at(&mut test, "2026-11-24T06:00:00Z");
    test.weigh_in(81.0);
    test.sync().await;
    test.advance(TimeDelta::hours(1));
    test.sync().await;
    removed_in_the_middle(&mut test).await;
    let last = test.at_beeminder("weigh-in").pop().unwrap();
    let short =
        json!([{"id": last.id, "daystamp": last.daystamp, "value": last.value, "requestid": last.requestid}]);
    test.sync_with(Service::Beeminder, "datapoints.json", Fault::http(200, &short.to_string())).await;
    test.advance(TWENTY_MINUTES);
    test.link_since("weigh-in", once(), "2026-11-23").await;
    for _ in 0..4 {
        test.sync().await;
        test.advance(TWENTY_MINUTES);
    }
    assert_eq!(has(&test, "weigh-in"), [("20261123".into(), 1.0), ("20261124".into(), 1.0)]);
}

#[tokio::test]
async fn what_was_moved_to_an_earlier_day_is_not_taken_for_deleted() {
    let mut test = TestApp::weighing().await;
    test.expect_warning("");
    test.weigh_in(80.0);
    test.advance(TimeDelta::minutes(5));
    test.weigh_in(81.0);
    test.sync().await;
    test.advance(TimeDelta::hours(1));
    test.world().beeminder.datapoints("weight")[0].daystamp = "20261101".into();
    removed_in_the_middle(&mut test).await;
    for _ in 0..3 {
        test.sync().await;
        test.advance(TWENTY_MINUTES);
    }
    test.link_since("weight", track(MeasureKind::WEIGHT), "2026-11-23").await;
    test.sync().await;
    assert!(!outcomes(&test).contains(&"deleted".into()), "{:?}", outcomes(&test));
    assert_eq!(test.values("weight"), [80.0, 81.0]);
}

#[tokio::test]
async fn what_is_missing_on_its_last_day_of_the_comparison_is_looked_for_once_more() {
    let mut test = TestApp::weighing().await;
    at(&mut test, "2026-11-23T12:00:00Z");
    test.weigh_in(82.4);
    test.sync().await;
    at(&mut test, "2026-12-22T22:40:00Z");
    test.weigh_in(82.0);
    test.sync().await;
    test.world().beeminder.datapoints("weight").retain(|datapoint| datapoint.value != 82.4);
    at(&mut test, "2026-12-23T22:50:00Z");
    test.sync().await;
    at(&mut test, "2026-12-23T23:20:00Z");
    test.pass(Trigger::Timer).await;
    assert!(outcomes(&test).contains(&"deleted".into()), "{:?}", outcomes(&test));
    test.world().requests.clear();
    for _ in 0..8 {
        test.advance(TimeDelta::minutes(15));
        test.pass(Trigger::Timer).await;
    }
    let is_list = |request: &&String| request.contains("datapoints.json");
    assert_eq!(test.world().requests.iter().filter(is_list).count(), 0);
}
