//! A change that leaves what is there drops nothing that was measured before it: it is refused in words until that
//! is sent or decided. Removing a link says what it drops.

use beeminder_withings_sync::app::Existing;
use beeminder_withings_sync::domain::link::{Feed, LinkId, Options};
use beeminder_withings_sync::domain::measure::kind::MeasureKind;
use beeminder_withings_sync::domain::measure::measurement::GroupId;
use beeminder_withings_sync::domain::service::Service;
use beeminder_withings_sync::sandbox::faults::Fault;
use chrono::TimeDelta;
use serde_json::json;

use super::support::goals::{at, days, has, lowest, once};
use super::support::{TestApp, track};

/// Changes the comment of the link, and says why not.
async fn leave(test: &TestApp, feed: &Feed) -> Result<(), String> {
    let options = Options { comment: Some("{device}".into()), ..Options::default() };
    let changed = test.app().change_link(LinkId(1), feed, &options, Existing::Leave, test.now).await;
    changed.map(drop).map_err(|error| error.to_string())
}

fn weight() -> Feed {
    track(MeasureKind::WEIGHT)
}

/// The day's lowest, 82, is sent; 80 is weighed on the same evening.
async fn lower_in_the_evening() -> TestApp {
    let mut test = TestApp::connected().await;
    test.link("weight", lowest()).await;
    test.weigh_in(82.0);
    test.sync().await;
    at(&mut test, "2026-11-23T21:00:00Z");
    test.weigh_in(80.0);
    test
}

#[tokio::test]
async fn what_was_not_read_yet_is_read_first() {
    let mut test = TestApp::weighing().await;
    test.sync().await;
    test.weigh_in(80.0);
    test.advance(TimeDelta::minutes(5));
    let refused = leave(&test, &weight()).await.unwrap_err();
    assert!(refused.contains("still waits to be sent"), "{refused}");
    test.sync().await;
    assert_eq!(leave(&test, &weight()).await, Ok(()));
    test.sync().await;
    assert_eq!(test.values("weight"), [80.0]);
}

#[tokio::test]
async fn a_day_that_is_over_and_was_not_read_yet_is_read_first() {
    let mut test = TestApp::connected().await;
    test.link("weigh-in", once()).await;
    test.sync().await;
    at(&mut test, "2026-11-23T21:00:00Z");
    test.weigh_in(80.0);
    at(&mut test, "2026-11-24T06:00:00Z");
    assert!(leave(&test, &once()).await.unwrap_err().contains("still waits to be sent"));
    test.sync().await;
    assert_eq!(leave(&test, &once()).await, Ok(()));
    assert_eq!(days(&test, "weigh-in"), ["20261123"]);
}

#[tokio::test]
async fn a_day_that_is_there_is_brought_up_to_date_first() {
    for (feed, moment) in [(lowest(), "2026-11-24T06:00:00Z"), (weight(), "2026-11-23T21:05:00Z")] {
        let mut test = lower_in_the_evening().await;
        at(&mut test, moment);
        assert!(leave(&test, &feed).await.unwrap_err().contains("still waits to be sent"), "{feed}");
        test.sync().await;
        assert_eq!(leave(&test, &feed).await, Ok(()), "{feed}");
        test.sync().await;
        assert_eq!(has(&test, "weight"), [("20261123".into(), 80.0)], "{feed}");
    }
}

#[tokio::test]
async fn while_withings_cannot_be_read_nothing_is_left() {
    let mut test = TestApp::weighing().await;
    test.expect_warning("has a problem");
    test.sync().await;
    test.weigh_in(80.0);
    test.advance(TimeDelta::hours(1));
    test.world().faults.next(Service::Withings, "/measure", Fault::http(503, ""));
    let refused = leave(&test, &weight()).await.unwrap_err();
    assert!(refused.contains("could not be read"), "{refused}");
    test.sync().await;
    assert_eq!(test.values("weight"), [80.0]);
}

#[tokio::test]
async fn nothing_is_left_when_withings_was_read_minutes_ago_and_cannot_be_read_now() {
    let mut test = TestApp::weighing().await;
    test.expect_warning("");
    test.sync().await;
    test.advance(TimeDelta::minutes(2));
    test.weigh_in(80.0);
    test.advance(TimeDelta::minutes(3));
    test.world().faults.next(Service::Withings, "/measure", Fault::http(503, ""));
    assert!(leave(&test, &weight()).await.is_err());
    test.advance(TimeDelta::minutes(20));
    test.sync().await;
    assert_eq!(test.values("weight"), [80.0]);
    assert_eq!(leave(&test, &weight()).await, Ok(()));
}

#[tokio::test]
async fn what_waits_for_an_answer_is_answered_first() {
    let mut test = TestApp::weighing().await;
    test.sync().await;
    let now = test.now;
    let unsure = json!({"attrib": 1, "measures": [{"value": 80000, "type": 1, "unit": -3}]});
    let id = test.world().withings.add(unsure, now);
    assert_eq!(test.sync().await.held, 1);
    test.advance(TimeDelta::minutes(5));
    assert!(leave(&test, &weight()).await.unwrap_err().contains("waits for your answer"));
    test.app().answer(GroupId(id), true, false, test.now).unwrap();
    test.sync().await;
    assert_eq!(leave(&test, &weight()).await, Ok(()));
    assert_eq!(test.values("weight"), [80.0]);
}

#[tokio::test]
async fn what_beeminder_refused_is_decided_first() {
    let mut test = TestApp::weighing().await;
    test.expect_warning("Parked");
    test.weigh_in(80.0);
    let refusal = Fault::http(422, r#"{"errors":{"value":["no"]}}"#);
    test.sync_with(Service::Beeminder, "datapoints.json", refusal).await;
    let id = test.outbox()[0].id;
    test.advance(TimeDelta::minutes(5));
    assert!(leave(&test, &weight()).await.unwrap_err().contains("Beeminder refused 1 datapoint"));
    test.app().discard(id, test.now).unwrap();
    assert_eq!(leave(&test, &weight()).await, Ok(()));
}

#[tokio::test]
async fn a_change_that_beeminder_refused_is_decided_first() {
    let mut test = lower_in_the_evening().await;
    test.expect_warning("Parked");
    let refusal = Fault::http(422, r#"{"errors":{"value":["no"]}}"#);
    test.sync_with(Service::Beeminder, "datapoints/", refusal).await;
    let id = test.outbox()[0].id;
    at(&mut test, "2026-11-24T06:00:00Z");
    assert!(leave(&test, &lowest()).await.unwrap_err().contains("Beeminder refused 1 datapoint"));
    test.app().discard(id, test.now).unwrap();
    assert_eq!(leave(&test, &lowest()).await, Ok(()));
}

#[tokio::test]
async fn removing_a_link_says_what_it_had_not_sent() {
    let mut test = lower_in_the_evening().await;
    test.expect_warning("has a problem");
    test.sync_with(Service::Beeminder, "datapoints/", Fault::http(503, "")).await;
    at(&mut test, "2026-11-24T06:00:00Z");
    test.weigh_in(81.0);
    test.world().faults.every(Service::Beeminder, "weight.json", Fault::http(503, ""));
    test.sync().await;
    test.world().faults.clear();
    // Monday's change, and Tuesday.
    assert_eq!(test.app().remove_link(LinkId(1), test.now).unwrap(), 2);
    test.sync().await;
    assert_eq!(has(&test, "weight"), [("20261123".into(), 82.0)]);
}

#[tokio::test]
async fn what_had_no_answer_under_a_removed_link_goes_when_its_reading_comes_under_another_number() {
    let mut test = TestApp::weighing().await;
    test.expect_warning("");
    test.app().mirror_deletions(true).unwrap();
    let link = test.app().links().unwrap()[0].id;
    test.advance(TimeDelta::hours(1));
    let old = test.weigh_in(80.0);
    test.sync_with(Service::Beeminder, "datapoints.json", Fault::LoseAnswer).await;
    assert_eq!(test.values("weight"), [80.0], "it arrived");
    test.app().remove_link(link, test.now).unwrap();
    test.link_since("weight", track(MeasureKind::WEIGHT), "2026-11-23").await;
    {
        let mut world = test.world();
        let group = world.withings.groups().find(|group| group["grpid"] == json!(old)).cloned().unwrap();
        world.withings.delete(old);
        world.withings.add(json!({"date": group["date"], "measures": group["measures"]}), test.now);
        // Beside another, or an empty list would not be believed.
        world.withings.weigh_in(81.0, test.now - TimeDelta::minutes(30));
    }
    for _ in 0..4 {
        test.sync().await;
        test.advance(TimeDelta::hours(1));
    }
    assert_eq!(test.values("weight"), [81.0, 80.0], "and no second one stays");
}
