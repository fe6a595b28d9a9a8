//! Nights and workouts over midnight, told by several, dated by each in its own way.

use beeminder_withings_sync::app::Since;
use beeminder_withings_sync::domain::goal::GoalSlug;
use beeminder_withings_sync::domain::link::Options;
use beeminder_withings_sync::domain::measure::kind::MeasureKind;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::support::goals::{at, d, days, has};
use super::support::{TestApp, track};

#[tokio::test]
async fn a_night_counts_though_a_day_before_the_goals_first_tells_it_better() {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    let start: DateTime<Utc> = "2026-11-24T11:00:00Z".parse().unwrap();
    test.world().beeminder.goal("sleep").fields["initday"] = start.timestamp().into();
    test.link("sleep", track(MeasureKind::SLEEP_DURATION)).await;
    test.connect_withings().await.unwrap();
    at(&mut test, "2026-11-24T07:00:00Z");
    let now = test.now;
    test.world().withings.days().sleep_until(
        d("2026-11-24"),
        "2026-11-24T05:30:00Z".parse().unwrap(),
        7 * 3600,
        now,
    );
    // The watch still lives in Los Angeles.
    test.world().withings.days().sleep_until(
        d("2026-11-23"),
        "2026-11-24T05:31:00Z".parse().unwrap(),
        7 * 3600 + 120,
        now,
    );
    for _ in 0..3 {
        test.sync().await;
        test.advance(TimeDelta::minutes(65));
    }
    assert_eq!(days(&test, "sleep"), ["20261124"]);
}

#[tokio::test]
async fn a_night_that_stands_stays_though_a_day_before_the_goals_first_tells_it_better() {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    let start: DateTime<Utc> = "2026-11-24T11:00:00Z".parse().unwrap();
    test.world().beeminder.goal("sleep").fields["initday"] = start.timestamp().into();
    test.link("sleep", track(MeasureKind::SLEEP_DURATION)).await;
    test.connect_withings().await.unwrap();
    // The goal begins with Tuesday; the night's first telling is sent by a goal that had begun.
    at(&mut test, "2026-11-24T07:00:00Z");
    let now = test.now;
    test.world().withings.days().sleep_until(
        d("2026-11-24"),
        "2026-11-24T05:30:00Z".parse().unwrap(),
        7 * 3600,
        now,
    );
    test.sync().await;
    assert_eq!(has(&test, "sleep"), [("20261124".into(), 7.0)]);
    test.advance(TimeDelta::minutes(30));
    let now = test.now;
    test.world().withings.days().sleep_until(
        d("2026-11-23"),
        "2026-11-24T05:31:00Z".parse().unwrap(),
        7 * 3600 + 120,
        now,
    );
    for _ in 0..3 {
        test.sync().await;
        test.advance(TimeDelta::minutes(65));
    }
    assert_eq!(has(&test, "sleep"), [("20261124".into(), 7.0)]);
}

#[tokio::test]
async fn a_watch_of_another_zone_moves_no_night() {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    test.link("sleep", track(MeasureKind::SLEEP_DURATION)).await;
    test.connect_withings().await.unwrap();
    let nights = [("2026-11-24", "2026-11-24T11:30:00Z"), ("2026-11-25", "2026-11-25T06:00:00Z")];
    at(&mut test, "2026-11-24T12:00:00Z");
    let now = test.now;
    test.world().withings.days().sleep_until(
        d("2026-11-24"),
        "2026-11-24T11:30:00Z".parse().unwrap(),
        7 * 3600,
        now,
    );
    test.sync().await;
    // Auckland is thirteen hours ahead: half past midnight on Wednesday.
    let w = test.world().withings.days().sleep_until(
        d("2026-11-25"),
        "2026-11-24T11:31:00Z".parse().unwrap(),
        7 * 3600 + 120,
        now,
    );
    {
        let mut world = test.world();
        let row = world.withings.days().sleep.get_mut(&w).unwrap();
        row["timezone"] = json!("Pacific/Auckland");
        row["model"] = json!(16);
        row["hash_deviceid"] = json!("watch");
    }
    test.advance(TimeDelta::minutes(20));
    test.sync().await;
    at(&mut test, "2026-11-25T07:00:00Z");
    let now = test.now;
    test.world().withings.days().sleep_until(
        d("2026-11-25"),
        "2026-11-25T06:00:00Z".parse().unwrap(),
        6 * 3600,
        now,
    );
    for _ in 0..2 {
        test.sync().await;
        test.advance(TimeDelta::minutes(65));
    }
    let _ = nights;
    assert_eq!(has(&test, "sleep"), [("20261124".into(), 7.0), ("20261125".into(), 6.0)]);
}

#[tokio::test]
async fn a_night_that_grows_over_midnight_moves_to_the_day_it_ends() {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    test.link("sleep", track(MeasureKind::SLEEP_DURATION)).await;
    test.connect_withings().await.unwrap();
    at(&mut test, "2026-11-24T07:00:00Z");
    let now = test.now;
    test.world().withings.days().sleep_until(
        d("2026-11-24"),
        "2026-11-24T06:00:00Z".parse().unwrap(),
        7 * 3600,
        now,
    );
    test.sync().await;
    at(&mut test, "2026-11-24T22:55:00Z");
    let now = test.now;
    let id = test.world().withings.days().sleep_until(
        d("2026-11-24"),
        "2026-11-24T22:50:00Z".parse().unwrap(),
        3600,
        now,
    );
    test.sync().await;
    at(&mut test, "2026-11-25T07:00:00Z");
    let (now, end): (_, DateTime<Utc>) = (test.now, "2026-11-25T06:00:00Z".parse().unwrap());
    {
        let mut w = test.world();
        let row = w.withings.days().sleep.get_mut(&id).unwrap();
        row["enddate"] = end.timestamp().into();
        row["date"] = json!("2026-11-25");
        row["modified"] = now.timestamp().into();
        row["data"]["total_sleep_time"] = (8 * 3600).into();
    }
    for _ in 0..3 {
        test.sync().await;
        test.advance(TimeDelta::minutes(65));
    }
    assert_eq!(has(&test, "sleep"), [("20261124".into(), 7.0), ("20261125".into(), 8.0)]);
}

#[tokio::test]
async fn a_workout_over_midnight_is_one_until_one_telling_goes() {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    test.link("exercise", track(MeasureKind::WORKOUTS)).await;
    test.connect_withings().await.unwrap();
    at(&mut test, "2026-11-24T22:30:00Z");
    let now = test.now;
    let a = test.world().withings.days().work_out(2, 60, now);
    let b = test.world().withings.days().work_out(2, 58, now + TimeDelta::minutes(1));
    test.world().withings.days().workouts.get_mut(&b).unwrap()["date"] = json!("2026-11-25");
    test.advance(TimeDelta::hours(2));
    test.sync().await;
    assert_eq!(has(&test, "exercise"), [("20261124".into(), 1.0)]);
    test.world().withings.days().workouts.remove(&a);
    test.advance(TimeDelta::hours(25));
    test.sync().await;
    for s in test.app().stale().unwrap() {
        test.app().remove_stale(s.id, test.now).unwrap();
    }
    test.sync().await;
    assert_eq!(has(&test, "exercise"), [("20261125".into(), 1.0)]);
}

#[tokio::test]
async fn a_length_is_that_of_the_union_over_midnight_too() {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    test.link("sleep", track(MeasureKind::named("time-in-bed").unwrap())).await;
    test.connect_withings().await.unwrap();
    at(&mut test, "2026-11-25T07:00:00Z");
    let now = test.now;
    let t = |s: &str| s.parse::<DateTime<Utc>>().unwrap();
    // In UTC; the first ended ten minutes before midnight in Paris.
    let mut found = vec![];
    for (first, union) in [(220, 9.83), (180, 9.17)] {
        test.world().withings.days().sleep.clear();
        test.world().withings.days().sleep_until(
            d("2026-11-24"),
            t("2026-11-24T22:50:00Z"),
            first * 60 - 1200,
            now,
        );
        test.world().withings.days().sleep_until(
            d("2026-11-25"),
            t("2026-11-25T05:00:00Z"),
            8 * 3600 - 1200,
            now,
        );
        for _ in 0..2 {
            test.sync().await;
            test.advance(TimeDelta::hours(13));
        }
        for s in test.app().stale().unwrap() {
            test.app().remove_stale(s.id, test.now).unwrap();
        }
        test.sync().await;
        found.push((test.values("sleep").iter().sum::<f64>(), union));
    }
    assert!(found.iter().all(|(sum, union)| (sum - union).abs() < 0.02), "hours found and there: {found:?}");
}

#[tokio::test]
async fn what_a_row_alone_tells_is_not_lost() {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    test.link("sleep", track(MeasureKind::SLEEP_DURATION)).await;
    test.connect_withings().await.unwrap();
    at(&mut test, "2026-11-24T08:00:00Z");
    let now = test.now;
    let t = |s: &str| s.parse::<DateTime<Utc>>().unwrap();
    // In UTC 22:00 to 02:00 by the mat, then it was unplugged; 00:00 to 06:00 by the watch. Eight hours in bed.
    test.world().withings.days().sleep_until(
        d("2026-11-24"),
        t("2026-11-24T02:00:00Z"),
        4 * 3600 - 1200,
        now,
    );
    test.world().withings.days().sleep_until(
        d("2026-11-24"),
        t("2026-11-24T06:00:00Z"),
        6 * 3600 - 1200,
        now,
    );
    test.sync().await;
    assert!(test.values("sleep")[0] > 7.0, "{:?}", test.values("sleep"));
}

#[tokio::test]
async fn nights_can_be_told_apart_by_the_device_that_withings_tells_and_by_no_other() {
    let mut test = TestApp::connected().await;
    test.link("steps", track(MeasureKind::STEPS)).await;
    test.connect_withings().await.unwrap();
    let (now, date) = (test.now, test.now.date_naive());
    test.world().withings.days().walk(date, 9000, now);
    test.sync().await;
    let sleep = |test: &TestApp, device: &str| {
        let (now, date) = (test.now, test.now.date_naive());
        let mut world = test.world();
        let id = world.withings.days().sleep(date, 25_200, now);
        let row = world.withings.days().sleep.get_mut(&id).unwrap();
        (row["model"], row["model_id"], row["hash_deviceid"]) = (json!(32), json!(63), json!(device));
    };
    // The watch is known by its steps, and never named by a night.
    sleep(&test, "mat");
    for device in ["ScanWatch", "mat"] {
        let options = Options { devices: vec![device.into()], ..Options::default() };
        let (slug, feed) = (GoalSlug("sleep".into()), track(MeasureKind::SLEEP_DURATION));
        let added = test.app().add_link(&slug, feed, options, Since::Now, test.now).await;
        assert_eq!(added.is_ok(), device == "mat", "{device}");
    }
    for device in ["mat", "watch"] {
        test.advance(TimeDelta::days(1));
        sleep(&test, device);
        test.sync().await;
    }
    assert_eq!(days(&test, "sleep").last().map(String::as_str), Some("20261124"));
}
