//! What a deadline or a time zone that changes does to days: those that stand stay, those that wait are dated anew.

use beeminder_withings_sync::domain::link::Feed;
use beeminder_withings_sync::domain::link::LinkId;
use beeminder_withings_sync::domain::measure::kind::MeasureKind;
use beeminder_withings_sync::domain::measure::measure_set::MeasureSet;
use beeminder_withings_sync::domain::measure::take::Take;
use beeminder_withings_sync::domain::service::Service;
use beeminder_withings_sync::sandbox::faults::Fault;
use chrono::TimeDelta;
use serde_json::json;

use super::support::goals::{at, d, days, has, lowest, once};
use super::support::{TestApp, take, track};

#[tokio::test]
async fn a_day_that_stands_stays_when_the_deadline_moves_a_later_reading_out_of_it() {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    test.world().beeminder.goal("weight").fields["deadline"] = json!(3 * 3600);
    test.link("weight", lowest()).await;
    at(&mut test, "2026-11-24T07:00:00Z");
    test.weigh_in(80.0);
    test.sync().await;
    assert_eq!(has(&test, "weight"), [("20261124".into(), 80.0)]);
    // Wednesday 00:45 in Paris: still Tuesday by the deadline of 3 o'clock.
    at(&mut test, "2026-11-24T23:45:00Z");
    test.sync().await;
    test.world().beeminder.goal("weight").fields["deadline"] = json!(0);
    at(&mut test, "2026-11-24T23:55:00Z");
    test.weigh_in(79.0);
    for _ in 0..4 {
        test.sync().await;
        test.advance(TimeDelta::minutes(20));
    }
    assert_eq!(has(&test, "weight"), [("20261124".into(), 80.0), ("20261125".into(), 79.0)]);
}

#[tokio::test]
async fn a_day_that_stands_stays_when_the_zone_moves_a_later_reading_out_of_it() {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    test.world().beeminder.time_zone = "America/New_York".into();
    test.link("weight", lowest()).await;
    test.link(
        "weigh-in",
        Feed::Count { set: MeasureSet::named("blood-pressure").unwrap(), once_a_day: true },
    )
    .await;
    at(&mut test, "2026-11-24T13:00:00Z");
    test.weigh_in(82.0);
    test.sync().await;
    assert_eq!(has(&test, "weight"), [("20261124".into(), 82.0)]);
    // Tuesday 20:00 in New York, Wednesday 02:00 in Paris, where the user is now.
    at(&mut test, "2026-11-25T00:40:00Z");
    test.sync().await;
    test.world().beeminder.time_zone = "Europe/Paris".into();
    at(&mut test, "2026-11-25T01:00:00Z");
    test.weigh_in(80.0);
    let now = test.now;
    test.world().withings.blood_pressure(120, 80, 60, now);
    for _ in 0..4 {
        test.sync().await;
        test.advance(TimeDelta::minutes(20));
    }
    assert_eq!(has(&test, "weight"), [("20261124".into(), 82.0), ("20261125".into(), 80.0)]);
}

#[tokio::test]
async fn a_day_that_was_counted_stays_when_the_traveller_comes_home() {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    test.world().beeminder.time_zone = "America/New_York".into();
    test.link("weigh-in", once()).await;
    at(&mut test, "2026-11-24T13:00:00Z");
    test.weigh_in(82.0);
    test.sync().await;
    at(&mut test, "2026-11-25T01:00:00Z");
    test.sync().await;
    // Tuesday evening in New York; the count stands already, so nothing is sent.
    test.advance(TimeDelta::minutes(5));
    test.weigh_in(80.0);
    test.sync().await;
    // Home in Paris, where that was Wednesday.
    test.world().beeminder.time_zone = "Europe/Paris".into();
    for _ in 0..4 {
        test.advance(TimeDelta::minutes(65));
        test.sync().await;
    }
    assert!(days(&test, "weigh-in").contains(&"20261124".to_owned()), "{:?}", days(&test, "weigh-in"));
}

#[tokio::test]
async fn a_count_stands_and_tomorrow_has_its_own_when_the_day_ends_earlier() {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    test.link("weigh-in", once()).await;
    at(&mut test, "2026-11-25T06:00:00Z");
    test.weigh_in(80.0);
    test.sync().await;
    at(&mut test, "2026-11-25T22:00:00Z");
    test.sync().await;
    assert_eq!(days(&test, "weigh-in"), ["20261125"]);
    // The day ends at 23:00 in Paris from now on; 23:20 is tomorrow.
    test.world().beeminder.goal("weigh-in").fields["deadline"] = json!(-3600);
    at(&mut test, "2026-11-25T22:20:00Z");
    test.weigh_in(80.0);
    for _ in 0..3 {
        test.sync().await;
        test.advance(TimeDelta::minutes(45));
    }
    assert_eq!(days(&test, "weigh-in"), ["20261125", "20261126"]);
}

#[tokio::test]
async fn a_goal_that_was_restored_with_another_deadline_keeps_its_day_and_gets_the_next() {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    test.world().beeminder.goal("weight").fields["deadline"] = json!(3 * 3600);
    test.link("weight", lowest()).await;
    at(&mut test, "2026-11-24T07:00:00Z");
    test.weigh_in(80.0);
    test.sync().await;
    test.world().beeminder.goal("weight").archived = true;
    at(&mut test, "2026-11-24T23:30:00Z");
    test.weigh_in(79.0);
    test.sync().await;
    test.advance(TimeDelta::hours(2));
    test.sync().await;
    {
        let mut w = test.world();
        let g = w.beeminder.goal("weight");
        g.archived = false;
        g.fields["deadline"] = json!(0);
    }
    for _ in 0..4 {
        test.advance(TimeDelta::minutes(20));
        test.sync().await;
    }
    assert_eq!(has(&test, "weight"), [("20261124".into(), 80.0), ("20261125".into(), 79.0)]);
}

#[tokio::test]
async fn a_deadline_that_moves_to_and_fro_doubles_nothing() {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    test.link("weight", take(MeasureKind::WEIGHT, Take::Mean)).await;
    at(&mut test, "2026-11-24T22:00:00Z");
    test.weigh_in(80.0);
    test.sync().await;
    at(&mut test, "2026-11-24T23:50:00Z");
    test.sync().await;
    test.weigh_in(82.0);
    test.sync_with(Service::Beeminder, "goals/weight.json", Fault::http(503, "")).await;
    for deadline in [3 * 3600, 0, 3 * 3600, 0] {
        test.world().beeminder.goal("weight").fields["deadline"] = json!(deadline);
        test.advance(TimeDelta::minutes(1));
        test.sync_with(Service::Beeminder, "datapoints", Fault::Drop).await;
        test.world().faults.clear();
    }
    for _ in 0..4 {
        test.advance(TimeDelta::minutes(20));
        test.sync().await;
    }
    let h = has(&test, "weight");
    assert!(
        h == [("20261124".into(), 80.0), ("20261125".into(), 82.0)] || h == [("20261124".into(), 81.0)],
        "{h:?}"
    );
}

#[tokio::test]
async fn what_goes_into_a_day_that_stands_goes_by_the_zone_of_now() {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    test.world().beeminder.time_zone = "America/New_York".into();
    test.link("weight", lowest()).await;
    at(&mut test, "2026-11-24T13:00:00Z");
    test.weigh_in(82.0);
    test.sync().await;
    at(&mut test, "2026-11-25T00:40:00Z");
    test.sync().await;
    test.world().beeminder.time_zone = "Europe/Paris".into();
    at(&mut test, "2026-11-25T01:00:00Z");
    test.weigh_in(80.0);
    for _ in 0..4 {
        test.sync().await;
        test.advance(TimeDelta::minutes(65));
    }
    assert_eq!(has(&test, "weight"), [("20261124".into(), 82.0), ("20261125".into(), 80.0)]);
}

#[tokio::test]
async fn a_day_waits_until_the_zone_can_be_read() {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    test.link("weight", lowest()).await;
    at(&mut test, "2026-11-24T22:45:00Z");
    test.sync().await;
    test.world().beeminder.time_zone = "America/New_York".into();
    at(&mut test, "2026-11-24T23:30:00Z");
    test.weigh_in(80.0);
    test.sync_with(Service::Beeminder, "me.json", Fault::http(503, "")).await;
    for _ in 0..3 {
        test.advance(TimeDelta::minutes(65));
        test.sync().await;
    }
    assert_eq!(days(&test, "weight"), ["20261124"]);
}

#[tokio::test]
async fn a_clock_two_days_ahead_misdates_nothing() {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    test.link("weight", lowest()).await;
    at(&mut test, "2026-11-24T22:45:00Z");
    test.now += TimeDelta::days(2);
    test.sync().await;
    test.advance(TimeDelta::minutes(5));
    test.world().beeminder.goal("weight").fields["deadline"] = json!(3 * 3600);
    test.advance(TimeDelta::minutes(40));
    let real = test.now - TimeDelta::days(2);
    test.world().withings.weigh_in(80.0, real);
    for _ in 0..3 {
        test.sync().await;
        test.advance(TimeDelta::minutes(65));
    }
    assert_eq!(days(&test, "weight"), ["20261124"]);
}

#[tokio::test]
async fn what_waited_for_days_goes_by_the_zone_of_now() {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    test.link("weight", lowest()).await;
    at(&mut test, "2026-11-24T23:20:00Z");
    test.sync().await;
    test.world().beeminder.sign_in_elsewhere();
    test.world().beeminder.time_zone = "America/New_York".into();
    test.advance(TimeDelta::minutes(10));
    // 18:30 on Tuesday in New York, where the user already is.
    test.weigh_in(80.0);
    test.sync().await;
    test.advance(TimeDelta::days(2));
    let mut restored = test;
    restored.connect_beeminder().await.unwrap();
    for _ in 0..3 {
        restored.sync().await;
        restored.advance(TimeDelta::minutes(65));
    }
    assert_eq!(days(&restored, "weight"), ["20261124"]);
}

#[tokio::test]
async fn a_new_link_that_learns_of_a_change_tells_those_that_wait() {
    let mut all = vec![];
    for deadline in [false, true] {
        let mut test = TestApp::connected().await;
        test.expect_warning("");
        test.link("weight", lowest()).await;
        at(&mut test, "2026-11-24T23:30:00Z");
        test.sync().await;
        test.weigh_in(80.0);
        test.sync_with(Service::Beeminder, "goals/weight.json", Fault::http(503, "")).await;
        assert_eq!(test.outbox().len(), 1);
        test.advance(TimeDelta::minutes(20));
        if deadline {
            test.world().beeminder.goal("weight").fields["deadline"] = json!(3 * 3600);
        } else {
            test.world().beeminder.time_zone = "America/New_York".into();
        }
        test.link(if deadline { "weight" } else { "fat" }, track(MeasureKind::named("fat-ratio").unwrap()))
            .await;
        for _ in 0..3 {
            test.sync().await;
            test.advance(TimeDelta::minutes(65));
        }
        let found: Vec<_> =
            test.at_beeminder("weight").into_iter().filter(|d| d.value == 80.0).map(|d| d.daystamp).collect();
        all.push((deadline, found));
    }
    assert!(all.iter().all(|(_, found)| *found == ["20261124"]), "{all:?}");
}

#[tokio::test]
async fn a_sign_in_that_learns_of_another_zone_tells_those_that_wait() {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    test.link("weight", lowest()).await;
    at(&mut test, "2026-11-24T23:20:00Z");
    test.sync().await;
    test.world().beeminder.sign_in_elsewhere();
    test.advance(TimeDelta::minutes(10));
    test.weigh_in(80.0);
    test.sync().await;
    assert_eq!(test.outbox().len(), 1);
    test.advance(TimeDelta::minutes(10));
    test.world().beeminder.time_zone = "America/New_York".into();
    test.connect_beeminder().await.unwrap();
    for _ in 0..3 {
        test.sync().await;
        test.advance(TimeDelta::minutes(65));
    }
    assert_eq!(days(&test, "weight"), ["20261124"]);
}

#[tokio::test]
async fn flying_west_posts_no_day_before_the_link() {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    let now = test.now;
    test.world().withings.days().walk(d("2026-11-22"), 9000, now);
    test.link_since("steps", track(MeasureKind::STEPS), "2026-11-23").await;
    test.connect_withings().await.unwrap();
    test.sync().await;
    assert_eq!(days(&test, "steps"), [""; 0]);
    test.advance(TimeDelta::hours(5));
    test.world().beeminder.time_zone = "America/New_York".into();
    test.sync().await;
    test.advance(TimeDelta::hours(2));
    let now = test.now;
    test.world().withings.days().walk(d("2026-11-22"), 9100, now);
    test.world().withings.days().walk(d("2026-11-23"), 3000, now);
    for _ in 0..3 {
        test.sync().await;
        test.advance(TimeDelta::minutes(65));
    }
    assert_eq!(days(&test, "steps"), ["20261123"]);
}

#[tokio::test]
async fn flying_west_posts_no_day_before_a_link_from_now_on() {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    let now = test.now;
    test.world().withings.weigh_in(99.0, now - TimeDelta::hours(20));
    test.link("weight", lowest()).await;
    test.advance(TimeDelta::minutes(5));
    test.weigh_in(80.0);
    test.sync().await;
    assert_eq!(has(&test, "weight"), [("20261123".into(), 80.0)]);
    test.advance(TimeDelta::hours(30));
    {
        let mut w = test.world();
        w.beeminder.time_zone = "America/Los_Angeles".into();
        let g = w.beeminder.goal("weight");
        let i = g.fields["initday"].as_i64().unwrap();
        g.fields["initday"] = (i + 9 * 3600).into();
    }
    for _ in 0..3 {
        test.sync().await;
        test.advance(TimeDelta::minutes(65));
    }
    assert_eq!(has(&test, "weight"), [("20261123".into(), 80.0)]);
}

#[tokio::test]
async fn flying_west_leaves_a_back_fill_where_it_is() {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    let now = test.now;
    for day in ["2026-11-15", "2026-11-16", "2026-11-17"] {
        test.world().withings.days().walk(d(day), 9000, now);
    }
    test.link("steps", track(MeasureKind::STEPS)).await;
    test.connect_withings().await.unwrap();
    test.sync().await;
    let p = test.app().preview_backfill(LinkId(1), d("2026-11-16"), d("2026-11-16"), test.now).await.unwrap();
    test.app().start_backfill(LinkId(1), &p).unwrap();
    test.sync().await;
    assert_eq!(days(&test, "steps"), ["20261116"]);
    test.advance(TimeDelta::hours(5));
    test.world().beeminder.time_zone = "America/New_York".into();
    for _ in 0..2 {
        test.sync().await;
        test.advance(TimeDelta::minutes(65));
    }
    // The goal's start moves, or Withings tells the days again.
    let now = test.now;
    for day in ["2026-11-15", "2026-11-16"] {
        test.world().withings.days().walk(d(day), 9500, now);
    }
    for _ in 0..2 {
        test.sync().await;
        test.advance(TimeDelta::minutes(65));
    }
    assert_eq!(has(&test, "steps"), [("20261116".into(), 9500.0)]);
}

#[tokio::test]
async fn flying_west_makes_nothing_of_the_past_wanted() {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    let now = test.now;
    let sunday = now - TimeDelta::hours(20);
    test.world().withings.weigh_in(99.0, sunday);
    test.link_since("weight", lowest(), "2026-11-23").await;
    test.weigh_in(80.0);
    test.sync().await;
    assert_eq!(has(&test, "weight"), [("20261123".into(), 80.0)]);
    test.advance(TimeDelta::hours(12));
    {
        let mut w = test.world();
        w.beeminder.time_zone = "America/New_York".into();
        let g = w.beeminder.goal("weight");
        let i = g.fields["initday"].as_i64().unwrap();
        g.fields["initday"] = (i + 6 * 3600).into();
    }
    for _ in 0..3 {
        test.sync().await;
        test.advance(TimeDelta::minutes(65));
    }
    assert_eq!(has(&test, "weight"), [("20261123".into(), 80.0)]);
}

#[tokio::test]
async fn flying_west_takes_no_back_filled_day_away() {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    let now = test.now;
    for day in ["2026-11-15", "2026-11-16", "2026-11-17"] {
        test.world().withings.days().walk(d(day), 9000, now);
    }
    test.link("steps", track(MeasureKind::STEPS)).await;
    test.connect_withings().await.unwrap();
    test.app().mirror_deletions(true).unwrap();
    test.sync().await;
    let p = test.app().preview_backfill(LinkId(1), d("2026-11-16"), d("2026-11-16"), test.now).await.unwrap();
    test.app().start_backfill(LinkId(1), &p).unwrap();
    test.sync().await;
    assert_eq!(days(&test, "steps"), ["20261116"]);
    test.advance(TimeDelta::hours(5));
    {
        let mut w = test.world();
        w.beeminder.time_zone = "America/New_York".into();
        let g = w.beeminder.goal("steps");
        let i = g.fields["initday"].as_i64().unwrap();
        g.fields["initday"] = (i + 6 * 3600).into();
    }
    for _ in 0..3 {
        test.sync().await;
        test.advance(TimeDelta::minutes(65));
    }
    assert_eq!(days(&test, "steps"), ["20261116"]);
}

#[tokio::test]
async fn a_later_deadline_posts_no_day_before_the_link() {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    let now = test.now;
    test.world().withings.days().walk(d("2026-11-22"), 9000, now);
    test.link_since("steps", track(MeasureKind::STEPS), "2026-11-23").await;
    test.connect_withings().await.unwrap();
    test.sync().await;
    test.world().beeminder.goal("steps").fields["deadline"] = json!(3 * 3600);
    test.advance(TimeDelta::hours(2));
    let now = test.now;
    test.world().withings.days().walk(d("2026-11-22"), 9100, now);
    test.world().withings.days().walk(d("2026-11-23"), 100, now);
    for _ in 0..3 {
        test.sync().await;
        test.advance(TimeDelta::minutes(65));
    }
    assert_eq!(days(&test, "steps"), ["20261123"]);
}

#[tokio::test]
async fn a_day_that_moved_is_not_there_twice_after_beeminder_lost_the_goal_for_a_while() {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    test.link("weight", lowest()).await;
    let reading = test.weigh_in(80.0);
    test.sync().await;
    at(&mut test, "2026-11-24T06:00:00Z");
    test.weigh_in(81.0);
    test.sync().await;
    at(&mut test, "2026-11-25T06:00:00Z");
    let now = test.now;
    test.world().withings.edit(reading, now, |group| group["date"] = now.timestamp().into());
    const NOT_FOUND: &str = r#"{"error":"The requested resource was not found."}"#;
    test.world().faults.every(Service::Beeminder, "goals.json", Fault::http(200, "[]"));
    test.world().faults.every(Service::Beeminder, "archived.json", Fault::http(200, "[]"));
    test.world().faults.every(Service::Beeminder, "weight", Fault::http(404, NOT_FOUND));
    for _ in 0..3 {
        test.sync().await;
        test.advance(TimeDelta::minutes(15));
    }
    test.world().faults.clear();
    for _ in 0..3 {
        test.sync().await;
        test.advance(TimeDelta::minutes(65));
    }
    assert_eq!(days(&test, "weight"), ["20261124", "20261125"]);
}
