//! What only some answers, some goals and some clocks are: nulls, rows and lists that cannot be believed, days
//! that begin the evening before.

use beeminder_withings_sync::app::Since;
use beeminder_withings_sync::domain::goal::GoalSlug;
use beeminder_withings_sync::domain::link::{LinkId, Options};
use beeminder_withings_sync::domain::measure::kind::MeasureKind;
use beeminder_withings_sync::domain::measure::take::Take;
use beeminder_withings_sync::domain::problem_code::ProblemCode;
use beeminder_withings_sync::domain::service::Service;
use beeminder_withings_sync::health::status::{Status, status};
use beeminder_withings_sync::sandbox::faults::Fault;
use beeminder_withings_sync::sync::Trigger;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::support::goals::at;
use super::support::{TestApp, codes, take, track};

fn status_of(test: &TestApp) -> Status {
    test.app().store.read(|conn| status(conn, test.now)).unwrap()
}

#[tokio::test]
async fn the_first_day_of_a_goal_whose_days_begin_the_evening_before_is_its_first_day() {
    for hours in [-17, -13, -12, -11, 0, 6] {
        let mut test = TestApp::connected().await;
        let goal = |test: &TestApp, field: &str, value: Value| {
            test.world().beeminder.goal("weight").fields[field] = value;
        };
        // Noon of the 24th; in Paris it is eight in the evening of the 23rd, or after midnight.
        let first: DateTime<Utc> = "2026-11-24T11:00:00Z".parse().unwrap();
        goal(&test, "deadline", json!(hours * 3600));
        goal(&test, "initday", json!(first.timestamp()));
        at(&mut test, if hours <= -4 { "2026-11-23T22:30:00Z" } else { "2026-11-24T06:00:00Z" });
        let added = test.link("weight", track(MeasureKind::WEIGHT)).await;
        assert_eq!(added.misfits, [], "{hours}");
        test.advance(TimeDelta::minutes(5));
        test.weigh_in(80.0);
        assert_eq!(codes(&test.sync().await), [], "{hours}");
        let sent: Vec<_> = test.at_beeminder("weight").into_iter().map(|d| (d.daystamp, d.value)).collect();
        assert_eq!(sent, [("20261124".into(), 80.0)], "{hours}");
    }
}

#[tokio::test]
async fn what_a_goal_does_not_tell_this_time_stays_what_it_was() {
    let mut test = TestApp::connected().await;
    let start = (test.now + TimeDelta::days(3)).timestamp();
    test.world().beeminder.goal("weight").fields["initday"] = json!(start);
    test.link("weight", track(MeasureKind::WEIGHT)).await;
    test.link("night-owl", take(MeasureKind::WEIGHT, Take::Min)).await;
    test.weigh_in(80.0);
    test.sync().await;
    let deadline = test.world().beeminder.goal("night-owl").fields["deadline"].clone();
    // Two in the morning: still Monday by the deadline of three.
    at(&mut test, "2026-11-24T01:00:00Z");
    test.world().beeminder.goal("weight").fields["initday"] = Value::Null;
    test.world().beeminder.goal("night-owl").fields["deadline"] = Value::Null;
    test.weigh_in(79.0);
    test.sync().await;
    test.world().beeminder.goal("weight").fields["initday"] = json!(start);
    test.world().beeminder.goal("night-owl").fields["deadline"] = deadline;
    test.advance(TimeDelta::hours(2));
    test.sync().await;
    assert_eq!(test.values("weight"), [0.0; 0], "nothing before the start");
    let days: Vec<_> = test.at_beeminder("night-owl").into_iter().map(|d| (d.daystamp, d.value)).collect();
    assert_eq!(days, [("20261123".into(), 79.0)]);
}

#[tokio::test]
async fn a_height_that_was_typed_in_with_a_weight_makes_a_body_mass_index() {
    for how in [Take::Every, Take::Mean] {
        let mut test = TestApp::connected().await;
        test.link("weight", track(MeasureKind::WEIGHT)).await;
        test.link("fat", take(MeasureKind::BMI, how)).await;
        test.advance(TimeDelta::minutes(5));
        let both = json!([{"value": 81_000, "type": 1, "unit": -3}, {"value": 180, "type": 4, "unit": -2}]);
        let now = test.now;
        test.world().withings.add(json!({"measures": both, "attrib": 2, "deviceid": null}), now);
        test.sync().await;
        assert_eq!((test.values("weight"), test.values("fat")), (vec![81.0], vec![25.0]), "{how:?}");
    }
}

#[tokio::test]
async fn a_row_that_cannot_be_read_hides_no_other_and_proves_nothing_gone() {
    let id = "aaaaaaaaaaaaaaaaaaaaaaaa";
    for row in [
        json!({"id": id, "value": "82.4", "daystamp": "20261123", "timestamp": 1_795_392_000}),
        json!({"id": id, "value": [1], "daystamp": "20261123", "timestamp": 1_795_392_000}),
        Value::Null,
    ] {
        let mut test = TestApp::connected().await;
        let body = json!([row]).to_string();
        test.world().faults.every(Service::Beeminder, "weight/datapoints.json", Fault::http(200, &body));
        let (goal, feed) = (GoalSlug("weight".into()), track(MeasureKind::WEIGHT));
        test.app().add_link(&goal, feed, Options::default(), Since::Now, test.now).await.unwrap();
        test.world().faults.clear();
        test.weigh_in(80.0);
        test.sync().await;
        test.advance(TimeDelta::hours(25));
        test.world().faults.every(Service::Beeminder, "weight/datapoints.json", Fault::http(200, &body));
        for _ in 0..3 {
            assert_eq!(codes(&test.sync().await), [], "{row}");
            test.advance(TimeDelta::minutes(20));
        }
        let outcomes: Vec<_> =
            test.history().into_iter().filter_map(|line| Some(line.outcome?.outcome)).collect();
        assert_eq!(outcomes, ["sent"], "{row}: nothing is concluded");
    }
}

#[tokio::test]
async fn absurd_dates_of_a_goal_are_taken_for_the_ends_of_reason() {
    for field in ["losedate", "initday", "archivedate", "deadline"] {
        for value in [i64::MAX, i64::MIN, 8_210_266_876_799, -8_334_601_228_800, -1] {
            let test = TestApp::connected().await;
            test.expect_warning("");
            test.world().beeminder.goal("weight").fields[field] = json!(value);
            let (goal, feed) = (GoalSlug("weight".into()), track(MeasureKind::WEIGHT));
            // Linked or refused in words, and no panic.
            let linked = test.app().add_link(&goal, feed, Options::default(), Since::Now, test.now).await;
            test.sync().await;
            let (from, to) = ("2026-11-18".parse().unwrap(), "2026-11-22".parse().unwrap());
            let looked = test.app().preview_backfill(LinkId(1), from, to, test.now).await;
            assert!(linked.is_ok() || looked.is_err(), "{field} {value}");
        }
    }
}

/// An answer of Withings that promises more and brings nothing.
fn endless(test: &TestApp, offset: i64) -> Fault {
    let body = json!({"updatetime": test.now.timestamp(), "timezone": "Europe/Paris", "measuregrps": [],
        "more": 1, "offset": offset});
    Fault::http(200, &json!({"status": 0, "body": body}).to_string())
}

#[tokio::test]
async fn a_list_that_never_ends_is_said_and_what_was_measured_meanwhile_comes_when_it_does() {
    let mut test = TestApp::weighing().await;
    test.expect_warning("");
    test.sync().await;
    test.advance(TimeDelta::hours(1));
    test.weigh_in(80.0);
    // A night without a pass.
    test.advance(TimeDelta::hours(9));
    for offset in 1..110 {
        let fault = endless(&test, offset);
        test.world().faults.next(Service::Withings, "measure", fault);
    }
    let report = test.pass(Trigger::Timer).await;
    assert_eq!(codes(&report), [ProblemCode::Unreadable]);
    assert!(report.requests.withings < 10, "{} requests", report.requests.withings);
    test.world().faults.clear();
    test.advance(TimeDelta::minutes(15));
    assert_eq!(codes(&test.pass(Trigger::Timer).await), []);
    assert_eq!(test.values("weight"), [80.0]);
}

#[tokio::test]
async fn a_clock_that_was_ahead_once_does_not_hide_that_nobody_polls() {
    let mut test = TestApp::weighing().await;
    test.expect_warning("");
    test.sync().await;
    let right = test.now;
    test.now = right + TimeDelta::days(3650);
    test.sync().await;
    test.now = right;
    test.advance(TimeDelta::days(2));
    assert_ne!(status_of(&test), Status::Fine);
    test.sync().await;
    assert_eq!(status_of(&test), Status::Fine);
}

#[tokio::test]
async fn a_database_that_was_set_aside_or_put_back_is_opened_anew_and_the_old_one_sends_nothing() {
    let test = TestApp::weighing().await;
    test.expect_warning("");
    test.sync().await;
    // Another copy of the program found it damaged, and its user removed the link.
    let there = test.path().join("measurements.db");
    for journal in ["", "-wal", "-shm"] {
        let name = |stem: &str| test.path().join(format!("{stem}{journal}"));
        let _ = std::fs::rename(name("measurements.db"), name("aside.db"));
    }
    let other = test.another().unwrap();
    assert!(there.exists());
    for link in other.links().unwrap() {
        other.remove_link(link.id, test.now).unwrap();
    }
    drop(other);
    test.weigh_in(80.0);
    let error = test.app().links().unwrap_err();
    assert!(format!("{error:#}").contains("took the place of the database"), "{error:#}");
    test.sync().await;
    assert_eq!(test.values("weight"), [0.0; 0]);
    assert_eq!(test.app().links().unwrap(), []);
}
