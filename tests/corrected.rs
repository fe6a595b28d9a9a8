//! What the user's word is about: what a reading said. Corrected at Withings it is a new fact.

use beeminder_withings_sync::domain::link::Feed;
use beeminder_withings_sync::domain::measure::kind::MeasureKind;
use beeminder_withings_sync::domain::service::Service;
use beeminder_withings_sync::sandbox::faults::Fault;
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::support::goals::{each, lowest};
use super::support::{TestApp, track};

/// Typed in on Tuesday, wrongly; on Monday the scale measured 81 kg.
async fn typed_in_wrongly(goal: &str, feed: Feed) -> (TestApp, i64) {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    test.link(goal, feed).await;
    test.weigh_in(81.0);
    test.advance(TimeDelta::days(1));
    let now = test.now;
    let measures = json!([{"value": 60, "type": 1, "unit": 0}]);
    let typed = json!({"attrib": 2, "deviceid": null, "model": null, "measures": measures});
    let reading = test.world().withings.add(typed, now);
    (test, reading)
}

/// Deleted there: the last datapoint of a goal.
fn delete_last(test: &TestApp, goal: &str) {
    test.world().beeminder.datapoints(goal).pop();
}

fn correct(test: &TestApp, reading: i64, measures: &Value) {
    let now = test.now;
    test.world().withings.edit(reading, now, |group| group["measures"] = measures.clone());
}

async fn an_hour_goes_by(test: &mut TestApp) {
    for _ in 0..4 {
        test.sync().await;
        test.advance(TimeDelta::minutes(20));
    }
}

#[tokio::test]
async fn what_was_deleted_for_its_wrong_value_arrives_when_that_is_corrected() {
    for feed in [track(MeasureKind::WEIGHT), lowest()] {
        for is_compared in [true, false] {
            let (mut test, reading) = typed_in_wrongly("weight", feed.clone()).await;
            test.sync().await;
            assert_eq!(test.values("weight"), [81.0, 60.0]);
            test.advance(TimeDelta::minutes(20));
            delete_last(&test, "weight");
            if is_compared {
                test.advance(TimeDelta::days(1));
                an_hour_goes_by(&mut test).await;
                assert_eq!(test.values("weight"), [81.0]);
            }
            correct(&test, reading, &json!([{"value": 80, "type": 1, "unit": 0}]));
            an_hour_goes_by(&mut test).await;
            assert_eq!(test.values("weight"), [81.0, 80.0], "{feed} {is_compared}");
        }
    }
}

#[tokio::test]
async fn what_was_refused_and_discarded_arrives_when_it_is_corrected() {
    let (mut test, reading) = typed_in_wrongly("weight", track(MeasureKind::WEIGHT)).await;
    let no = Fault::http(422, r#"{"errors":{"value":["no"]}}"#);
    test.world().faults.after(1, Service::Beeminder, "weight/datapoints.json", no);
    test.sync().await;
    test.app().discard(test.outbox()[0].id, test.now).unwrap();
    an_hour_goes_by(&mut test).await;
    assert_eq!(test.values("weight"), [81.0]);
    correct(&test, reading, &json!([{"value": 80, "type": 1, "unit": 0}]));
    an_hour_goes_by(&mut test).await;
    assert_eq!(test.values("weight"), [81.0, 80.0]);
}

#[tokio::test]
async fn what_was_deleted_does_not_come_back_with_the_same_value() {
    let (mut test, reading) = typed_in_wrongly("weight", track(MeasureKind::WEIGHT)).await;
    test.sync().await;
    delete_last(&test, "weight");
    test.advance(TimeDelta::days(1));
    an_hour_goes_by(&mut test).await;
    // Written otherwise, not shown for a while, and with another value beside it.
    for measures in [
        json!([{"value": 60_000, "type": 1, "unit": -3}]),
        json!([{"value": 62, "type": 11, "unit": 0}]),
        json!([{"value": 60, "type": 1, "unit": 0}, {"value": 62, "type": 11, "unit": 0}]),
    ] {
        correct(&test, reading, &measures);
        an_hour_goes_by(&mut test).await;
        assert_eq!(test.values("weight"), [81.0], "{measures}");
    }
}

#[tokio::test]
async fn a_count_that_was_deleted_stays_so_whatever_the_scale_showed() {
    let (mut test, reading) = typed_in_wrongly("weigh-in", each()).await;
    test.sync().await;
    delete_last(&test, "weigh-in");
    test.advance(TimeDelta::days(1));
    an_hour_goes_by(&mut test).await;
    correct(&test, reading, &json!([{"value": 80, "type": 1, "unit": 0}]));
    an_hour_goes_by(&mut test).await;
    assert_eq!(test.values("weigh-in").len(), 1);
}
