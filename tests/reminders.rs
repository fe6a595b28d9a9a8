//! "Measure soon": at the user's hour, after a fresh pass, and never when it is done.

use beeminder_withings_sync::domain::measure::kind::MeasureKind;
use beeminder_withings_sync::domain::measure::measure_set::MeasureSet;
use beeminder_withings_sync::domain::problem_code::ProblemCode;
use beeminder_withings_sync::sync::Trigger;
use chrono::{DateTime, TimeDelta, Utc};

use super::support::{TestApp, codes, count, track};

fn until(test: &mut TestApp, moment: &str) {
    let moment: DateTime<Utc> = moment.parse().unwrap();
    test.advance(moment - test.now);
}

/// A goal that derails at midnight in Paris, and a wish to be reminded at eight in the evening.
async fn due_today() -> TestApp {
    let test = TestApp::connected().await;
    let midnight: DateTime<Utc> = "2026-11-23T22:59:59Z".parse().unwrap();
    test.world().beeminder.goal("weigh-in").fields["losedate"] = midnight.timestamp().into();
    test.link("weigh-in", count(MeasureSet::weight())).await;
    test.app().remind_at(Some("20:00:00".parse().unwrap())).unwrap();
    test
}

#[tokio::test]
async fn a_goal_that_is_due_and_not_measured_for_is_said_at_the_users_hour() {
    let mut test = due_today().await;
    until(&mut test, "2026-11-23T18:52:00Z");
    let report = test.pass(Trigger::Timer).await;
    assert_eq!(codes(&report), []);
    assert_eq!(report.next.to_rfc3339(), "2026-11-23T19:00:00+00:00", "a pass is made right then");
    until(&mut test, "2026-11-23T19:00:00Z");
    let report = test.pass(Trigger::Timer).await;
    assert_eq!(codes(&report), [ProblemCode::MeasureSoon]);
    assert_eq!(
        report.attention[0].message,
        "The goal weigh-in is due by Nov 24, 2026, 12:00 AM, and nothing was measured for it today. To measure: Weight."
    );
    until(&mut test, "2026-11-23T23:30:00Z");
    assert_eq!(codes(&test.pass(Trigger::Timer).await), [], "the day is over");
}

#[tokio::test]
async fn whoever_entered_a_datapoint_by_hand_is_not_reminded() {
    let mut test = due_today().await;
    until(&mut test, "2026-11-23T18:52:00Z");
    test.pass(Trigger::Timer).await;
    let tomorrow: DateTime<Utc> = "2026-11-24T22:59:59Z".parse().unwrap();
    test.world().beeminder.goal("weigh-in").fields["losedate"] = tomorrow.timestamp().into();
    until(&mut test, "2026-11-23T19:00:00Z");
    assert_eq!(codes(&test.pass(Trigger::Timer).await), []);
}

#[tokio::test]
async fn whoever_measured_just_before_is_not_reminded() {
    let mut test = due_today().await;
    until(&mut test, "2026-11-23T18:59:00Z");
    test.weigh_in(82.4);
    until(&mut test, "2026-11-23T19:00:00Z");
    let report = test.pass(Trigger::Timer).await;
    assert_eq!((report.delivered, codes(&report)), (1, vec![]));
}

#[tokio::test]
async fn goals_that_are_not_due_or_have_ended_and_days_of_steps_are_not_reminded_of() {
    let mut test = due_today().await;
    test.world().beeminder.goal("weigh-in").fields["frozen"] = true.into();
    test.link("weight", track(MeasureKind(6))).await;
    test.link("steps", track(MeasureKind::STEPS)).await;
    test.connect_withings().await.unwrap();
    until(&mut test, "2026-11-23T19:30:00Z");
    assert_eq!(codes(&test.sync().await), [ProblemCode::GoalFrozen]);
    test.app().remind_at(None).unwrap();
    test.world().beeminder.goal("weigh-in").fields["frozen"] = false.into();
    test.advance(TimeDelta::hours(2));
    assert_eq!(codes(&test.sync().await), [], "nobody wants to be reminded");
}
