//! Steps, sleep and workouts: one datapoint a day, on Withings' own day, right whatever comes later.

use beeminder_withings_sync::domain::link::Feed;
use beeminder_withings_sync::domain::link::Options;
use beeminder_withings_sync::domain::measure::kind::MeasureKind;
use beeminder_withings_sync::domain::measure::take::Take;
use beeminder_withings_sync::domain::problem_code::ProblemCode;
use beeminder_withings_sync::sync::Requests;
use chrono::{NaiveDate, TimeDelta};

use super::support::{TestApp, codes, take, track};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn kind(name: &str) -> MeasureKind {
    MeasureKind::named(name).unwrap()
}

/// Links, and signs in again with what that needs.
async fn linked(goal: &str, feed: Feed) -> TestApp {
    let test = TestApp::connected().await;
    test.link(goal, feed).await;
    test.connect_withings().await.unwrap();
    test
}

#[tokio::test]
async fn activity_is_asked_for_only_when_a_link_needs_it_and_the_user_is_told_why() {
    let test = TestApp::connected().await;
    assert_eq!(test.app().sharing_asked().unwrap(), [""; 0]);
    test.link("steps", track(MeasureKind::STEPS)).await;
    let report = test.sync().await;
    assert_eq!(codes(&report), [ProblemCode::ScopeMissing]);
    assert!(report.attention[0].message.contains("The goal steps needs your activity"));
    assert_eq!(report.requests.withings, 1, "nothing is asked that would be refused");
    assert_eq!(test.app().sharing_asked().unwrap(), ["activity and sleep, because a goal needs them"]);
    test.connect_withings().await.unwrap();
    assert_eq!(codes(&test.sync().await), []);
}

#[tokio::test]
async fn a_user_who_unticks_activity_is_asked_again_and_everything_else_goes_on() {
    let test = TestApp::weighing().await;
    test.link("steps", track(MeasureKind::STEPS)).await;
    test.world().withings.scope = Some("user.metrics".into());
    test.connect_withings().await.unwrap();
    test.weigh_in(82.4);
    let report = test.sync().await;
    assert_eq!((report.delivered, codes(&report)), (1, vec![ProblemCode::ScopeMissing]));
}

#[tokio::test]
async fn steps_are_one_datapoint_that_grows_with_the_day_and_may_shrink() {
    let mut test = linked("steps", track(MeasureKind::STEPS)).await;
    for (hours, steps) in [(1, 900), (4, 5200), (4, 5100)] {
        test.advance(TimeDelta::hours(hours));
        let now = test.now;
        test.world().withings.days().walk(day("2026-11-23"), steps, now);
        test.sync().await;
        assert_eq!(test.values("steps"), [f64::from(i32::try_from(steps).unwrap())]);
    }
    let datapoint = &test.at_beeminder("steps")[0];
    assert_eq!(datapoint.requestid.as_deref(), Some("withings-steps-20261123"));
    assert_eq!(datapoint.daystamp, "20261123");
    let report = test.sync().await;
    assert_eq!(report.requests, Requests { withings: 2, beeminder: 0 }, "one for each service in use");
}

#[tokio::test]
async fn a_watch_that_uploads_days_late_counts_for_its_days_and_the_day_is_withings_own() {
    let mut test = linked("steps", track(MeasureKind::STEPS)).await;
    // A traveller: Beeminder thinks them in Tokyo, where it is tomorrow already.
    test.world().beeminder.time_zone = "Asia/Tokyo".into();
    test.advance(TimeDelta::days(6));
    let now = test.now;
    for (date, steps) in [("2026-11-24", 4000), ("2026-11-26", 6000), ("2026-11-22", 9999)] {
        test.world().withings.days().walk(day(date), steps, now);
    }
    let report = test.sync().await;
    let days: Vec<_> = test.at_beeminder("steps").iter().map(|d| (d.daystamp.clone(), d.value)).collect();
    assert_eq!(days, [("20261124".into(), 4000.0), ("20261126".into(), 6000.0)], "none before the link");
    assert!(codes(&report).contains(&ProblemCode::ZonesDiffer));
}

#[tokio::test]
async fn two_devices_that_count_the_same_steps_do_not_double_them() {
    let test = linked("steps", track(MeasureKind::STEPS)).await;
    let now = test.now;
    test.world().withings.days().walk_with("watch", day("2026-11-23"), 5000, now);
    test.world().withings.days().walk_with("phone", day("2026-11-23"), 4300, now);
    test.sync().await;
    assert_eq!(test.values("steps"), [5000.0]);
    assert_eq!(test.at_beeminder("steps")[0].comment, "Withings, highest of 2");
}

#[tokio::test]
async fn naps_are_counted_in_or_left_out_as_the_user_says() {
    for (taken, hours) in [(Take::Sum, 8.5), (Take::Max, 7.0)] {
        let mut test = linked("sleep", take(MeasureKind::SLEEP_DURATION, taken)).await;
        test.advance(TimeDelta::hours(8));
        let now = test.now;
        test.world().withings.days().sleep(day("2026-11-23"), 7 * 3600, now);
        let afternoon = now;
        test.world().withings.days().sleep_until(day("2026-11-23"), afternoon, 5400, now);
        test.sync().await;
        assert_eq!(test.values("sleep"), [hours], "{taken:?}");
    }
}

#[tokio::test]
async fn a_night_that_is_split_or_merged_later_is_right_in_the_end() {
    let mut test = linked("sleep", take(MeasureKind::SLEEP_DURATION, Take::Sum)).await;
    let now = test.now;
    let first = test.world().withings.days().sleep(day("2026-11-23"), 4 * 3600, now);
    let before = now - TimeDelta::hours(5);
    let second = test.world().withings.days().sleep_until(day("2026-11-23"), before, 2 * 3600, now);
    test.sync().await;
    assert_eq!(test.values("sleep"), [6.0]);
    // Withings merges the two into a new row, hours later; the old rows vanish without a trace.
    test.advance(TimeDelta::hours(10));
    let now = test.now;
    test.world().withings.days().sleep.retain(|id, _| ![first, second].contains(id));
    test.world().withings.days().sleep(day("2026-11-23"), 7 * 3600, now);
    test.sync().await;
    assert_eq!(test.values("sleep"), [7.0]);
    assert_eq!(test.app().stale().unwrap(), []);
}

#[tokio::test]
async fn bedtime_is_hours_from_midnight_and_wake_up_time_too() {
    let test = linked("sleep", track(kind("bedtime"))).await;
    test.link("weight", track(kind("wake-up-time"))).await;
    let now = test.now;
    // Asleep for seven and a half hours and twenty minutes awake, until seven.
    test.world().withings.days().sleep(day("2026-11-23"), 27_000, now);
    test.sync().await;
    assert_eq!((test.values("sleep"), test.values("weight")), (vec![-0.83], vec![7.0]));
}

#[tokio::test]
async fn workouts_are_counted_or_timed_all_or_by_their_sort() {
    let mut test = linked("exercise", track(MeasureKind::WORKOUTS)).await;
    test.link("weigh-in", track(kind("workout-duration"))).await;
    let options = Options { categories: vec![2], ..Options::default() };
    let goal = beeminder_withings_sync::domain::goal::GoalSlug("pressure".into());
    let since = beeminder_withings_sync::app::Since::Now;
    test.app().add_link(&goal, track(MeasureKind::WORKOUTS), options, since, test.now).await.unwrap();
    for (category, minutes) in [(2, 30), (7, 45), (2, 20)] {
        test.advance(TimeDelta::hours(2));
        let now = test.now;
        test.world().withings.days().work_out(category, minutes, now);
    }
    test.sync().await;
    assert_eq!(test.values("exercise"), [3.0]);
    assert_eq!(test.values("weigh-in"), [95.0]);
    assert_eq!(test.values("pressure"), [2.0]);
    let lines = test.history();
    let swim = lines.iter().filter(|line| line.group.category == Some(7));
    let reasons: Vec<_> =
        swim.filter_map(|line| line.outcome.as_ref()).map(|outcome| outcome.reason.as_str()).collect();
    assert!(reasons.contains(&"other_workout"), "{reasons:?}");
}

#[tokio::test]
async fn a_kind_that_comes_by_the_day_cannot_be_sent_value_by_value() {
    let test = TestApp::connected().await;
    let goal = beeminder_withings_sync::domain::goal::GoalSlug("steps".into());
    let since = beeminder_withings_sync::app::Since::Now;
    let every = take(MeasureKind::STEPS, Take::Every);
    let refused = test.app().add_link(&goal, every, Options::default(), since, test.now).await;
    assert!(refused.unwrap_err().to_string().contains("Steps comes by the day"));
}

#[tokio::test]
async fn a_preview_of_what_is_not_shared_says_how_to_share_it() {
    let test = TestApp::connected().await;
    let goal = beeminder_withings_sync::domain::goal::GoalSlug("steps".into());
    let preview =
        test.app().preview(&goal, track(MeasureKind::STEPS), Options::default(), 30, test.now).await.unwrap();
    assert!(preview.trouble.unwrap().message.contains("You do not share your activity at Withings yet"));
    assert_eq!(test.world().requests.iter().filter(|request| request.contains("v2/measure")).count(), 0);
}
