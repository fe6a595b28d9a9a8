//! An app that relays a weigh-in tells it a second time, without a device. Both are one act, whichever of them goes.

use beeminder_withings_sync::domain::link::Feed;
use beeminder_withings_sync::domain::measure::kind::MeasureKind;
use beeminder_withings_sync::domain::service::Service;
use beeminder_withings_sync::sandbox::faults::Fault;
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::support::goals::{each, has, lowest, once};
use super::support::{TestApp, track};

/// The feeds that go by acts, each with its goal.
fn feeds() -> [(&'static str, Feed); 4] {
    [("weight", track(MeasureKind::WEIGHT)), ("weight", lowest()), ("weigh-in", each()), ("weigh-in", once())]
}

async fn passes(test: &mut TestApp, count: usize, every: TimeDelta) {
    for _ in 0..count {
        test.sync().await;
        test.advance(every);
    }
}

/// Somebody weighs in, as `first` and then the other one of scale and app tell it. Returns their numbers.
fn weighed(test: &TestApp, first: &Value) -> (i64, i64) {
    let (now, scale) = (test.now, json!("scale"));
    let tell = |device: &Value| {
        let measures = json!([{"value": 60, "type": 1, "unit": 0}]);
        let group = json!({"measures": measures, "date": now.timestamp(), "deviceid": device});
        test.world().withings.add(group, now)
    };
    let second = if *first == scale { Value::Null } else { scale };
    (tell(first), tell(&second))
}

/// The reading that counted so far is deleted at Withings, and the other one is left.
async fn only_the_other_is_left(test: &mut TestApp, counted: i64) {
    test.world().withings.delete(counted);
    test.advance(TimeDelta::hours(25));
    passes(test, 3, TimeDelta::minutes(20)).await;
}

#[tokio::test]
async fn what_was_deleted_at_beeminder_does_not_come_back_as_its_copy() {
    for (goal, feed) in feeds() {
        // It may have been missed once, or for certain, before the one that counted is deleted at Withings as well.
        for (first, passes_before) in
            [(json!("scale"), 0), (json!("scale"), 3), (Value::Null, 3), (json!("scale"), 4)]
        {
            let mut test = TestApp::connected().await;
            test.link(goal, feed.clone()).await;
            let (counted, _) = weighed(&test, &first);
            test.sync().await;
            assert_eq!(has(&test, goal).len(), 1);
            test.advance(TimeDelta::hours(2));
            test.world().beeminder.datapoints(goal).clear();
            passes(&mut test, passes_before, TimeDelta::hours(13)).await;
            only_the_other_is_left(&mut test, counted).await;
            assert_eq!(has(&test, goal), [], "{feed}, {first} first, {passes_before} passes before");
            // What is measured since is a new fact.
            test.weigh_in(61.0);
            test.sync().await;
            assert_eq!(has(&test, goal).len(), 1, "{feed}");
        }
    }
}

#[tokio::test]
async fn what_the_user_discarded_does_not_come_back_as_its_copy() {
    for (goal, feed) in feeds() {
        let mut test = TestApp::connected().await;
        test.expect_warning("Parked");
        test.link(goal, feed.clone()).await;
        let (counted, _) = weighed(&test, &json!("scale"));
        let no = Fault::http(422, r#"{"errors":{"value":["no"]}}"#);
        test.sync_with(Service::Beeminder, "datapoints.json", no).await;
        test.app().discard(test.outbox()[0].id, test.now).unwrap();
        test.sync().await;
        only_the_other_is_left(&mut test, counted).await;
        assert_eq!(has(&test, goal), [], "{feed}");
        assert!(test.outbox().is_empty(), "{feed}");
    }
}

#[tokio::test]
async fn a_copy_takes_the_place_of_what_it_tells() {
    for (goal, feed) in feeds() {
        let mut test = TestApp::connected().await;
        test.link(goal, feed.clone()).await;
        let (counted, _) = weighed(&test, &json!("scale"));
        test.sync().await;
        let before = has(&test, goal);
        test.advance(TimeDelta::hours(2));
        only_the_other_is_left(&mut test, counted).await;
        assert_eq!(has(&test, goal), before, "{feed}");
        assert!(test.app().stale().unwrap().is_empty(), "{feed}");
    }
}
