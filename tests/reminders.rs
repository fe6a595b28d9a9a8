//! "Measure soon": at the user's hour, after a fresh pass, and never when it is done.

use beeminder_withings_sync::domain::measure::kind::MeasureKind;
use beeminder_withings_sync::domain::measure::measure_set::MeasureSet;
use beeminder_withings_sync::domain::problem_code::ProblemCode;
use beeminder_withings_sync::domain::service::Service;
use beeminder_withings_sync::sandbox::faults::Fault;
use beeminder_withings_sync::sync::{SyncReport, Trigger};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

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

/// The one reminder, in words.
fn said(report: &SyncReport) -> &str {
    assert_eq!(codes(report).last(), Some(&ProblemCode::MeasureSoon));
    &report.attention.last().unwrap().message
}

#[tokio::test]
async fn what_cannot_be_read_at_withings_is_not_said_to_be_unmeasured() {
    let mut test = due_today().await;
    test.expect_warning("");
    test.sync().await;
    until(&mut test, "2026-11-23T17:00:00Z");
    test.weigh_in(80.0);
    test.world().faults.every(Service::Withings, "measure", Fault::http(503, ""));
    until(&mut test, "2026-11-23T19:00:00Z");
    let report = test.sync().await;
    let words = "it is not known whether something was measured for it today: Withings was last read Nov 23, 2026, \
                 7:00 AM. To measure: Weight.";
    assert!(said(&report).ends_with(words), "{}", said(&report));
    test.world().faults.clear();
    test.sync().await;
    assert_eq!(test.values("weigh-in"), [1.0]);
}

#[tokio::test]
async fn a_reading_that_is_held_is_not_said_to_be_unmeasured() {
    let mut test = due_today().await;
    until(&mut test, "2026-11-23T17:00:00Z");
    let now = test.now;
    let measures = json!([{"value": 80, "type": 1, "unit": 0}]);
    test.world().withings.add(json!({"attrib": 1, "measures": measures}), now);
    until(&mut test, "2026-11-23T19:00:00Z");
    let report = test.sync().await;
    let words =
        "what was measured for it today waits for your answer whether it was you. To measure: Weight.";
    assert!(said(&report).ends_with(words), "{}", said(&report));
}
