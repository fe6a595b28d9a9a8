//! What the user kept at Beeminder stands for its readings, like what was sent: in a day's value, when it is deleted
//! there, when it is lost at Withings, and in what a change shows.

use beeminder_withings_sync::app::Existing;
use beeminder_withings_sync::domain::link::{Feed, LinkId, Options};
use beeminder_withings_sync::domain::service::Service;
use beeminder_withings_sync::sandbox::faults::Fault;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::support::TestApp;
use super::support::goals::{at, days, each, has, lowest};

/// A weigh-in of 80 was sent; its correction to 79 was refused, and the user keeps what is there.
async fn kept_instead_of_a_correction() -> (TestApp, i64) {
    let mut test = TestApp::connected().await;
    test.expect_warning("Parked");
    test.link("weight", lowest()).await;
    let reading = test.weigh_in(80.0);
    test.sync().await;
    test.advance(TimeDelta::minutes(20));
    let now = test.now;
    test.world().withings.edit(reading, now, |group| group["measures"][0]["value"] = 79000.into());
    let refusal = Fault::http(422, r#"{"errors":{"value":["no"]}}"#);
    test.sync_with(Service::Beeminder, "datapoints/", refusal).await;
    test.app().discard(test.outbox()[0].id, test.now).unwrap();
    test.sync().await;
    test.advance(TimeDelta::hours(1));
    (test, reading)
}

fn weighing_of(grams: i64, at: DateTime<Utc>) -> Value {
    json!({"measures": [{"value": grams, "type": 1, "unit": -3}], "date": at.timestamp()})
}

/// A weigh-in of 80 on Monday was sent and is gone at Withings; the user is asked. One of Tuesday is still there.
async fn gone(goal: &str, feed: Feed) -> (TestApp, Value) {
    let mut test = TestApp::connected().await;
    test.link(goal, feed).await;
    let now = test.now;
    let weighing = weighing_of(80000, now);
    let reading = test.world().withings.add(weighing.clone(), now);
    test.sync().await;
    test.advance(TimeDelta::hours(24));
    test.weigh_in(81.0);
    test.sync().await;
    test.world().withings.delete(reading);
    for _ in 0..2 {
        test.advance(TimeDelta::hours(13));
        test.sync().await;
    }
    assert_eq!(test.app().stale().unwrap().len(), 1);
    (test, weighing)
}

async fn some_passes(test: &mut TestApp, every: TimeDelta) {
    for _ in 0..4 {
        test.sync().await;
        test.advance(every);
    }
}

#[tokio::test]
async fn what_was_kept_and_deleted_does_not_come_back_with_an_older_reading() {
    let (mut test, _) = kept_instead_of_a_correction().await;
    test.weigh_in(85.0);
    some_passes(&mut test, TimeDelta::minutes(20)).await;
    assert_eq!(test.values("weight"), [80.0], "what is there stays");
    test.world().beeminder.datapoints("weight").clear();
    some_passes(&mut test, TimeDelta::hours(13)).await;
    assert_eq!(has(&test, "weight"), []);
}

#[tokio::test]
async fn what_is_measured_after_a_kept_day_was_deleted_comes_that_day() {
    let (mut test, _) = kept_instead_of_a_correction().await;
    test.world().beeminder.datapoints("weight").clear();
    test.advance(TimeDelta::hours(1));
    test.weigh_in(85.0);
    some_passes(&mut test, TimeDelta::minutes(15)).await;
    assert_eq!(has(&test, "weight"), [("20261123".into(), 85.0)]);
}

#[tokio::test]
async fn what_was_kept_and_is_lost_at_withings_is_asked_about_once() {
    let (mut test, reading) = kept_instead_of_a_correction().await;
    test.advance(TimeDelta::hours(24));
    test.weigh_in(85.0);
    test.sync().await;
    test.world().withings.delete(reading);
    some_passes(&mut test, TimeDelta::hours(13)).await;
    let stale = test.app().stale().unwrap();
    assert_eq!(stale.len(), 1);
    test.app().keep_stale(stale[0].id, test.now).unwrap();
    let options = Options { comment: Some("{time}".into()), ..Options::default() };
    test.app().change_link(LinkId(1), &lowest(), &options, Existing::Update, test.now).await.unwrap();
    some_passes(&mut test, TimeDelta::hours(13)).await;
    assert!(test.app().stale().unwrap().is_empty());
    assert_eq!(has(&test, "weight"), [("20261123".into(), 80.0), ("20261124".into(), 85.0)]);
}

#[tokio::test]
async fn a_change_shows_that_what_was_kept_stays() {
    let (test, _) = kept_instead_of_a_correction().await;
    let options = Options { comment: Some("{time}".into()), ..Options::default() };
    let change = test.app().preview_change(LinkId(1), &lowest(), &options, test.now).unwrap();
    assert_eq!((change.updated.len(), change.same), (0, 1));
    test.app().change_link(LinkId(1), &lowest(), &options, Existing::Update, test.now).await.unwrap();
    test.sync().await;
    assert_eq!(test.values("weight"), [80.0]);
}

#[tokio::test]
async fn a_kept_reading_counts_in_its_day() {
    for (grams, expected) in [(85000, 80.0), (75000, 75.0)] {
        let (mut test, _) = gone("weight", lowest()).await;
        test.app().keep_stale(test.app().stale().unwrap()[0].id, test.now).unwrap();
        test.sync().await;
        // Uploaded late.
        let (now, evening) = (test.now, "2026-11-23T20:00:00Z".parse().unwrap());
        test.world().withings.add(weighing_of(grams, evening), now);
        some_passes(&mut test, TimeDelta::minutes(20)).await;
        assert_eq!(has(&test, "weight")[0], ("20261123".into(), expected));
        // Whoever deletes it means all of it.
        test.world().beeminder.datapoints("weight").retain(|datapoint| datapoint.daystamp != "20261123");
        some_passes(&mut test, TimeDelta::hours(13)).await;
        assert_eq!(days(&test, "weight"), ["20261124"]);
    }
}

#[tokio::test]
async fn what_comes_again_under_another_number_counts_once_whatever_the_user_said() {
    for keeps in [false, true] {
        let (mut test, weighing) = gone("weigh-in", each()).await;
        if keeps {
            test.app().keep_stale(test.app().stale().unwrap()[0].id, test.now).unwrap();
        }
        let now = test.now;
        test.world().withings.add(weighing, now);
        some_passes(&mut test, TimeDelta::hours(13)).await;
        assert_eq!(days(&test, "weigh-in"), ["20261123", "20261124"], "keeps: {keeps}");
        assert!(test.app().stale().unwrap().is_empty(), "keeps: {keeps}");
    }
}

#[tokio::test]
async fn keeping_can_be_taken_back() {
    let (mut test, _) = gone("weigh-in", each()).await;
    let id = test.app().stale().unwrap()[0].id;
    test.app().keep_stale(id, test.now).unwrap();
    test.sync().await;
    test.app().retry(id, test.now).unwrap();
    some_passes(&mut test, TimeDelta::minutes(20)).await;
    assert_eq!(test.app().stale().unwrap().len(), 1, "the user is asked anew");
    test.app().remove_stale(id, test.now).unwrap();
    test.sync().await;
    at(&mut test, "2026-11-28T06:00:00Z");
    test.sync().await;
    assert_eq!(days(&test, "weigh-in"), ["20261124"]);
}
