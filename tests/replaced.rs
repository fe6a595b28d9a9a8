//! Nothing is taken away at Beeminder before what takes its place is there, however long that waits.

use beeminder_withings_sync::app::Existing;
use beeminder_withings_sync::domain::link::{LinkId, Options};
use beeminder_withings_sync::domain::measure::kind::MeasureKind;
use beeminder_withings_sync::domain::service::Service;
use beeminder_withings_sync::sandbox::faults::Fault;
use beeminder_withings_sync::sync::Trigger;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::support::goals::{at, d, days, each, has, lowest, once};
use super::support::{TestApp, track};

/// The user's time zone cannot be read, so that days wait.
fn hide_zone(test: &TestApp) {
    test.world().faults.every(Service::Beeminder, "users/me.json", Fault::http(500, ""));
}

/// Dates a weigh-in anew at Withings.
fn date(test: &TestApp, group: i64, moment: DateTime<Utc>) {
    let now = test.now;
    test.world().withings.edit(group, now, |group| group["date"] = moment.timestamp().into());
}

/// The next datapoint is refused.
fn refuse_next(test: &TestApp) {
    let no = Fault::http(422, r#"{"errors":{"value":["no"]}}"#);
    // The comparison before reads two lists.
    test.world().faults.after(2, Service::Beeminder, "datapoints.json", no);
}

/// Has the only datapoint that was refused sent, and sees what the goal has.
async fn sent_at_last(test: &mut TestApp, goal: &str) -> Vec<(String, f64)> {
    let refused: Vec<_> = test.outbox().into_iter().filter(|entry| entry.parked.is_some()).collect();
    assert_eq!(refused.len(), 1);
    test.app().retry(refused[0].id, test.now).unwrap();
    test.sync().await;
    has(test, goal)
}

/// A weigh-in of the scale's.
fn weighing(kilograms: i64, at: DateTime<Utc>) -> Value {
    let measures = json!([{"value": kilograms, "type": 1, "unit": 0}]);
    json!({"measures": measures, "date": at.timestamp(), "deviceid": "scale"})
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
        refuse_next(&test);
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

/// The next two lists have the goal's last datapoint alone.
fn shorten_next(test: &TestApp, goal: &str) {
    let last = test.at_beeminder(goal).pop().unwrap();
    let row = json!([{"id": last.id, "timestamp": last.timestamp, "daystamp": last.daystamp, "value": last.value,
        "requestid": last.requestid}]);
    for _ in 0..2 {
        test.world().faults.next(Service::Beeminder, "datapoints.json", Fault::http(200, &row.to_string()));
    }
}

/// Monday and Tuesday were sent. On Wednesday it is known that Monday's was weighed then.
async fn moved_to_wednesday() -> TestApp {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    test.link("weight", lowest()).await;
    let reading = test.weigh_in(80.0);
    test.sync().await;
    at(&mut test, "2026-11-24T06:00:00Z");
    test.weigh_in(81.0);
    test.sync().await;
    at(&mut test, "2026-11-25T08:00:00Z");
    date(&test, reading, "2026-11-25T05:00:00Z".parse().unwrap());
    test
}

#[tokio::test]
async fn what_a_list_lacked_once_stays_while_its_replacement_is_refused() {
    let mut test = moved_to_wednesday().await;
    shorten_next(&test, "weight");
    refuse_next(&test);
    for _ in 0..2 {
        test.sync().await;
        assert_eq!(has(&test, "weight"), [("20261123".into(), 80.0), ("20261124".into(), 81.0)]);
        test.advance(TimeDelta::minutes(20));
    }
    let moved = [("20261124".into(), 81.0), ("20261125".into(), 80.0)];
    assert_eq!(sent_at_last(&mut test, "weight").await, moved);
}

#[tokio::test]
async fn what_a_list_lacked_once_stays_while_lists_cannot_be_read() {
    let mut test = moved_to_wednesday().await;
    shorten_next(&test, "weight");
    test.world().faults.every(Service::Beeminder, "datapoints.json", Fault::http(503, ""));
    for _ in 0..3 {
        test.pass(Trigger::Timer).await;
        assert_eq!(days(&test, "weight"), ["20261123", "20261124"]);
        test.advance(TimeDelta::minutes(20));
    }
    test.world().faults.clear();
    for _ in 0..2 {
        test.sync().await;
    }
    assert_eq!(days(&test, "weight"), ["20261124", "20261125"]);
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

#[tokio::test]
async fn what_comes_again_stays_while_its_replacement_is_refused() {
    let mut test = TestApp::weighing().await;
    test.expect_warning("Parked");
    let (monday, now) = ("20261123", test.now);
    let reading = test.world().withings.add(weighing(80, now), now);
    test.advance(TimeDelta::minutes(5));
    test.weigh_in(81.0);
    test.sync().await;
    test.advance(TimeDelta::hours(25));
    let again = test.now;
    test.world().withings.delete(reading);
    test.world().withings.add(weighing(80, now), again);
    refuse_next(&test);
    for _ in 0..2 {
        test.sync().await;
        assert_eq!(test.values("weight"), [80.0, 81.0]);
        test.advance(TimeDelta::minutes(20));
    }
    assert_eq!(sent_at_last(&mut test, "weight").await, [(monday.into(), 80.0), (monday.into(), 81.0)]);
}

#[tokio::test]
async fn what_a_sure_copy_takes_the_place_of_stays_while_that_is_refused() {
    let mut test = TestApp::weighing().await;
    test.expect_warning("Parked");
    let now = test.now;
    let reading = test.world().withings.add(weighing(80, now), now);
    test.sync().await;
    test.advance(TimeDelta::hours(1));
    let again = test.now;
    test.world().withings.edit(reading, again, |group| group["attrib"] = json!(1));
    test.world().withings.add(weighing(80, now), again);
    refuse_next(&test);
    for _ in 0..2 {
        test.sync().await;
        assert_eq!(test.values("weight"), [80.0]);
        test.advance(TimeDelta::minutes(20));
    }
    assert_eq!(sent_at_last(&mut test, "weight").await, [("20261123".into(), 80.0)]);
}

#[tokio::test]
async fn a_night_that_another_day_tells_better_stays_while_that_is_refused() {
    let mut test = TestApp::connected().await;
    test.expect_warning("Parked");
    test.link("sleep", track(MeasureKind::SLEEP_DURATION)).await;
    test.connect_withings().await.unwrap();
    at(&mut test, "2026-11-24T07:00:00Z");
    let night = |test: &TestApp, day: &str, until: &str, minutes: i64| {
        let (now, until) = (test.now, until.parse().unwrap());
        test.world().withings.days().sleep_until(d(day), until, minutes * 60, now);
    };
    // The watch still lives in Los Angeles.
    night(&test, "2026-11-23", "2026-11-24T05:31:00Z", 420);
    test.sync().await;
    assert_eq!(has(&test, "sleep"), [("20261123".into(), 7.0)]);
    test.advance(TimeDelta::hours(1));
    night(&test, "2026-11-24", "2026-11-24T05:30:00Z", 420);
    refuse_next(&test);
    for _ in 0..2 {
        test.sync().await;
        assert_eq!(has(&test, "sleep"), [("20261123".into(), 7.0)]);
        test.advance(TimeDelta::minutes(20));
    }
    assert_eq!(sent_at_last(&mut test, "sleep").await, [("20261124".into(), 7.0)]);
}

#[tokio::test]
async fn what_another_link_sends_is_no_replacement() {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    test.link("weigh-in", each()).await;
    test.link("weigh-in", track(MeasureKind::FAT_RATIO)).await;
    for _ in 0..3 {
        test.weigh_in(80.0);
        test.sync().await;
        test.advance(TimeDelta::days(1));
    }
    let options = Options::default();
    test.app().change_link(LinkId(1), &once(), &options, Existing::Update, test.now).await.unwrap();
    test.world().faults.every(Service::Beeminder, "weigh-in.json", Fault::http(503, ""));
    test.sync().await;
    test.world().faults.clear();
    test.app().remove_link(LinkId(1), test.now).unwrap();
    for _ in 0..3 {
        test.sync().await;
        test.advance(TimeDelta::minutes(20));
    }
    let counts = has(&test, "weigh-in").into_iter().filter(|(_, value)| *value == 1.0).count();
    assert_eq!(counts, 3);
}

#[tokio::test]
async fn what_a_removed_link_of_another_kind_left_is_no_replacement() {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    test.link("weight", track(MeasureKind::FAT_RATIO)).await;
    test.link("weight", lowest()).await;
    let reading = test.weigh_in(80.0);
    test.sync().await;
    // The first one was a mistake.
    test.app().remove_link(LinkId(1), test.now).unwrap();
    at(&mut test, "2026-11-24T06:00:00Z");
    test.weigh_in(81.0);
    test.sync().await;
    at(&mut test, "2026-11-25T06:00:00Z");
    let now = test.now;
    test.world().withings.edit(reading, now, |group| group["date"] = now.timestamp().into());
    test.advance(TimeDelta::minutes(5));
    test.world().faults.every(Service::Beeminder, "weight.json", Fault::http(503, ""));
    test.sync().await;
    test.world().faults.clear();
    test.app().remove_link(LinkId(2), test.now).unwrap();
    for _ in 0..3 {
        test.sync().await;
        test.advance(TimeDelta::minutes(20));
    }
    assert!(test.values("weight").contains(&80.0), "{:?}", has(&test, "weight"));
}
