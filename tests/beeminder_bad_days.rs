//! Beeminder on a bad day: each datapoint arrives once, or its reason is in plain sight.

use beeminder_withings_sync::domain::measure::kind::MeasureKind;
use beeminder_withings_sync::domain::problem_code::ProblemCode;
use beeminder_withings_sync::domain::service::Service;
use beeminder_withings_sync::sandbox::beeminder::DuplicateShape;
use beeminder_withings_sync::sandbox::faults::Fault;
use beeminder_withings_sync::sync::Trigger;
use chrono::TimeDelta;

use super::support::{TestApp, codes, track};

#[tokio::test]
async fn an_answer_lost_after_the_fact_makes_no_second_datapoint_whatever_a_duplicate_looks_like() {
    let mut test = TestApp::weighing().await;
    test.expect_warning("cannot be reached");
    test.expect_warning("has a problem");
    let shapes = [
        DuplicateShape::Errors,
        DuplicateShape::Error,
        DuplicateShape::Field,
        DuplicateShape::Text,
        DuplicateShape::WithoutTheWord,
    ];
    let after = |status, body: &str| Fault::AnswerAfter { status, body: body.into() };
    for shape in shapes {
        for fault in [Fault::LoseAnswer, after(500, "<html>"), after(503, "")] {
            test.world().beeminder.duplicate_shape = shape;
            test.advance(TimeDelta::minutes(10));
            test.weigh_in(82.4);
            let report = test.sync_with(Service::Beeminder, "datapoints", fault.clone()).await;
            assert_eq!((report.delivered, report.pending), (0, 1), "{shape:?} {fault:?}");
            assert_eq!(test.outbox()[0].attempts, 1);
            let count = test.values("weight").len();
            let report = test.sync().await;
            assert_eq!(
                (report.delivered, report.pending, codes(&report)),
                (1, 0, vec![]),
                "{shape:?} {fault:?}"
            );
            assert_eq!(test.values("weight").len(), count, "{shape:?} {fault:?}");
        }
    }
    // An answer that cannot be read says nothing, so Beeminder is asked at once.
    for fault in [after(200, "<html>"), after(200, "{}"), Fault::Truncate] {
        test.advance(TimeDelta::minutes(10));
        test.weigh_in(82.4);
        let report = test.sync_with(Service::Beeminder, "datapoints", fault.clone()).await;
        assert_eq!((report.delivered, report.pending, codes(&report)), (1, 0, vec![]), "{fault:?}");
    }
    // History knows the day of each, though the answer that told it was lost.
    assert!(
        test.history()
            .iter()
            .filter_map(|line| line.outcome.as_ref())
            .all(|outcome| outcome.day == "20261123")
    );
}

#[tokio::test]
async fn a_resend_is_the_same_to_the_byte() {
    let mut test = TestApp::weighing().await;
    test.weigh_in(82.4);
    test.expect_warning("has a problem");
    test.sync_with(Service::Beeminder, "datapoints", Fault::http(503, "")).await;
    let before = test.outbox()[0].form.clone();
    test.advance(TimeDelta::days(1));
    test.restart();
    test.sync_with(Service::Beeminder, "datapoints", Fault::http(503, "")).await;
    assert_eq!(test.outbox()[0].form, before);
    test.sync().await;
}

#[tokio::test]
async fn every_refusal_is_parked_with_its_words_and_other_datapoints_go_on() {
    let mut test = TestApp::weighing().await;
    for (status, body, words) in [
        (422, r#"{"errors":{"value":["can't be blank","is not a number"]}}"#, "value can't be blank"),
        (422, r#"{"errors":"Too many datapoints"}"#, "Too many datapoints"),
        (422, r#"{"errors":["one","two"]}"#, "one; two"),
        (422, r#"{"error":"No"}"#, "No"),
        (422, r#"{"error_message":"Nope"}"#, "Nope"),
        (422, r#"{"errors":""}"#, "HTTP 422"),
        (400, r#"{"error":"Bad","errors":["worse"]}"#, "worse"),
        (403, r#"{"errors":"Permission denied"}"#, "Permission denied"),
        (406, r#"{"error":"Not so"}"#, "Not so"),
    ] {
        test.expect_warning("Parked");
        test.advance(TimeDelta::minutes(1));
        test.weigh_in(82.0);
        test.advance(TimeDelta::minutes(1));
        test.weigh_in(83.0);
        let report = test.sync_with(Service::Beeminder, "datapoints", Fault::http(status, body)).await;
        assert_eq!(
            (report.delivered, report.parked, codes(&report)),
            (1, 1, vec![ProblemCode::Parked]),
            "{status} {body}"
        );
        let parked = test.outbox().remove(0);
        assert!(parked.parked.as_ref().unwrap().contains(words), "{parked:?}");
        // It is not sent again by itself.
        assert_eq!(test.sync().await.requests.beeminder, 0);
        test.app().discard(parked.id, test.now).unwrap();
    }
    assert_eq!(test.values("weight").len(), 9);
}

#[tokio::test]
async fn a_parked_datapoint_is_sent_again_when_the_user_says_so_or_never() {
    let mut test = TestApp::weighing().await;
    test.expect_warning("Parked");
    test.weigh_in(82.4);
    test.sync_with(Service::Beeminder, "datapoints", Fault::http(422, r#"{"errors":{"value":["is odd"]}}"#))
        .await;
    let id = test.outbox()[0].id;
    test.app().retry(id, test.now).unwrap();
    assert_eq!(test.sync().await.delivered, 1);
    assert!(test.app().retry(id, test.now).unwrap_err().to_string().contains("no datapoint 1 in the outbox"));

    test.advance(TimeDelta::minutes(1));
    test.weigh_in(82.0);
    test.sync_with(Service::Beeminder, "datapoints", Fault::http(422, r#"{"errors":{"value":["is odd"]}}"#))
        .await;
    test.app().discard(test.outbox()[0].id, test.now).unwrap();
    assert_eq!(test.sync().await.delivered, 0);
    assert_eq!(test.values("weight"), [82.4]);
    let states: Vec<_> = test.history().into_iter().filter_map(|line| Some(line.outcome?.outcome)).collect();
    assert_eq!(states, ["discarded", "sent"]);
}

#[tokio::test]
async fn a_sign_in_on_another_computer_stops_everything_and_says_so_and_nothing_is_lost() {
    let test = TestApp::weighing().await;
    test.link("fat", track(MeasureKind(6))).await;
    test.world().beeminder.sign_in_elsewhere();
    test.weigh_in(82.4);
    test.expect_warning("no longer accepts the sign-in");
    let report = test.sync().await;
    assert_eq!((report.pending, codes(&report)), (2, vec![ProblemCode::SignInBeeminder]));
    assert_eq!(report.requests.beeminder, 1, "the first refusal is enough");
    test.connect_beeminder().await.unwrap();
    assert_eq!(test.sync().await.delivered, 2);
}

#[tokio::test]
async fn trouble_is_waited_out_by_the_schedule_but_not_by_the_user() {
    let mut test = TestApp::weighing().await;
    test.weigh_in(82.4);
    test.expect_warning("Beeminder");
    for (fault, code, wait) in [
        (Fault::limited(120), ProblemCode::RateLimited, 120),
        (Fault::http(429, "Retry later"), ProblemCode::RateLimited, 60),
        (Fault::http(500, "<html>"), ProblemCode::Unavailable, 60),
        (Fault::http(504, ""), ProblemCode::Unavailable, 60),
        (Fault::Redirect, ProblemCode::Unreadable, 60),
        (Fault::Drop, ProblemCode::Offline, 60),
    ] {
        let report = test.sync_with(Service::Beeminder, "datapoints", fault.clone()).await;
        assert!(report.pending == 1 && codes(&report).contains(&code), "{fault:?} {report:?}");
        test.advance(TimeDelta::seconds(wait - 1));
        assert_eq!(test.pass(Trigger::Timer).await.requests.beeminder, 0, "{fault:?}");
        test.advance(TimeDelta::hours(1));
    }
    // By hand at once.
    test.sync_with(Service::Beeminder, "datapoints", Fault::limited(120)).await;
    assert_eq!(test.sync().await.delivered, 1);
}

#[tokio::test]
async fn one_goal_in_trouble_does_not_hold_up_the_others_and_keeps_its_order() {
    let mut test = TestApp::connected().await;
    test.link("weight", track(MeasureKind::WEIGHT)).await;
    test.link("fat", track(MeasureKind(6))).await;
    test.world().faults.every(Service::Beeminder, "goals/weight/datapoints", Fault::http(500, "<html>"));
    test.expect_warning("has a problem");
    for kilograms in [82.0, 83.0] {
        test.advance(TimeDelta::minutes(5));
        test.weigh_in(kilograms);
    }
    let report = test.sync().await;
    assert_eq!((report.delivered, report.pending), (2, 2));
    assert_eq!(report.requests.beeminder, 5, "both are looked at, and the younger one waits for the older");
    // The schedule waits for that goal alone.
    test.advance(TimeDelta::seconds(30));
    test.weigh_in(84.0);
    assert_eq!(test.pass(Trigger::Timer).await.delivered, 1);
    test.world().faults.clear();
    test.sync().await;
    let posted: Vec<f64> = test.world().beeminder.datapoints("weight").iter().map(|d| d.value).collect();
    assert_eq!(posted, [82.0, 83.0, 84.0]);
}

#[tokio::test]
async fn when_it_cannot_be_found_out_why_a_datapoint_is_missing_nothing_is_concluded() {
    let mut test = TestApp::weighing().await;
    let group = test.weigh_in(28.4);
    test.sync().await;
    // Renamed, edited, and just then the list of goals cannot be read, neither before nor after.
    test.world().beeminder.goal("weight").fields["slug"] = serde_json::json!("mass");
    test.advance(TimeDelta::minutes(5));
    let now = test.now;
    test.world().withings.edit(group, now, |group| group["measures"][0]["value"] = serde_json::json!(82_400));
    test.expect_warning("has a problem");
    test.world().faults.next(Service::Beeminder, "goals.json", Fault::http(503, ""));
    let report = test.sync_with(Service::Beeminder, "goals.json", Fault::http(503, "")).await;
    assert_eq!((report.delivered, report.pending), (0, 1));
    assert_eq!(test.sync().await.delivered, 1);
    assert_eq!(test.values("mass"), [82.4]);
}

#[tokio::test]
async fn beyond_three_hundred_a_day_the_rest_waits_and_follows_by_itself() {
    let mut test = TestApp::weighing().await;
    test.world().beeminder.limit_by_entry = true;
    for _ in 0..302 {
        test.advance(TimeDelta::seconds(90));
        let now = test.now;
        test.world()
            .withings
            .add(serde_json::json!({"measures": [{"value": 82, "type": 1, "unit": 0}]}), now);
    }
    test.expect_warning("takes no more datapoints for this goal today");
    // One pass sends a part of a long queue.
    assert_eq!(test.sync().await.delivered, 300);
    let report = test.sync().await;
    assert_eq!((report.delivered, report.pending, report.parked), (0, 2, 0));
    assert_eq!(codes(&report), [ProblemCode::GoalRefuses]);
    test.advance(TimeDelta::hours(25));
    assert_eq!(test.pass(Trigger::Timer).await.delivered, 2);
}

#[tokio::test]
async fn a_goal_that_has_ended_gets_what_it_missed_when_it_is_restarted() {
    let mut test = TestApp::weighing().await;
    test.link("fat", super::support::track(beeminder_withings_sync::domain::measure::kind::MeasureKind(6)))
        .await;
    test.world().beeminder.goal("weight").fields["frozen"] = true.into();
    for _ in 0..2 {
        test.advance(TimeDelta::hours(13));
        test.weigh_in(82.0);
        let report = test.sync().await;
        assert_eq!(
            (report.delivered, codes(&report)),
            (1, vec![ProblemCode::GoalFrozen]),
            "the other one goes on"
        );
    }
    test.world().beeminder.goal("weight").fields["frozen"] = false.into();
    test.advance(TimeDelta::hours(2));
    let report = test.sync().await;
    assert_eq!((report.delivered, codes(&report)), (2, vec![]));
    assert_eq!(test.values("weight"), [82.0, 82.0]);
}

#[tokio::test]
async fn when_the_goals_cannot_be_read_datapoints_are_sent_all_the_same() {
    let mut test = TestApp::weighing().await;
    test.advance(TimeDelta::hours(2));
    test.weigh_in(82.4);
    test.expect_warning("has a problem");
    test.world().faults.every(Service::Beeminder, "goals.json", Fault::http(503, ""));
    assert_eq!(test.pass(Trigger::Timer).await.delivered, 1);
}
