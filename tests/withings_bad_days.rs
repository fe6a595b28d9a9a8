//! Withings on a bad day: every failure ends as a sentence, nothing is lost, and the next pass goes on.

use std::time::Duration;

use beeminder_withings_sync::domain::measure::kind::Source;
use beeminder_withings_sync::domain::problem_code::ProblemCode;
use beeminder_withings_sync::domain::service::Service;
use beeminder_withings_sync::sandbox::faults::Fault;
use beeminder_withings_sync::store;
use beeminder_withings_sync::sync::Trigger;
use chrono::TimeDelta;
use serde_json::json;

use super::support::{TestApp, codes};

fn body(text: &str) -> Fault {
    Fault::http(200, text)
}

#[tokio::test]
async fn every_bad_answer_is_said_and_survived() {
    let mut test = TestApp::weighing().await;
    test.weigh_in(82.4);
    let checkpoint = |test: &TestApp| {
        test.app().store.read(|conn| store::checkpoint::load(conn, Source::Measure)).unwrap()
    };
    let before = checkpoint(&test);
    for (fault, code, words) in [
        (
            Fault::withings(503, "Invalid Params"),
            ProblemCode::Unreadable,
            "refused the request (status 503: “Invalid Params”)",
        ),
        (Fault::withings(2554, ""), ProblemCode::Unreadable, "status 2554"),
        // Believed only when it comes again later.
        (Fault::withings(277, ""), ProblemCode::Unavailable, "does not allow"),
        (Fault::withings(522, ""), ProblemCode::Unavailable, "status 522"),
        (Fault::withings(2556, ""), ProblemCode::Unavailable, "status 2556"),
        (Fault::withings(31_337, ""), ProblemCode::Unavailable, "status 31337"),
        (Fault::http(502, "<html>Bad Gateway</html>"), ProblemCode::Unavailable, "status 502"),
        (body("<html>maintenance</html>"), ProblemCode::Unreadable, "cannot be read"),
        (body(""), ProblemCode::Unreadable, "cannot be read"),
        (body("null"), ProblemCode::Unreadable, "cannot be read"),
        (body(r#"{"body":{"measuregrps":[]}}"#), ProblemCode::Unreadable, "lacks “status”"),
        (body(r#"{"status":0}"#), ProblemCode::Unreadable, "lacks “body”"),
        (body(r#"{"status":0,"body":{}}"#), ProblemCode::Unreadable, "measuregrps"),
        (
            body(r#"{"status":0,"body":{"measuregrps":[],"more":true}}"#),
            ProblemCode::Unreadable,
            "lacks “offset”",
        ),
        (Fault::withings(293, ""), ProblemCode::Unreadable, "without saying why"),
        (Fault::Truncate, ProblemCode::Unreadable, "cannot be read"),
        (Fault::Huge(100 * 1024 * 1024), ProblemCode::Unreadable, "too large"),
        (Fault::Redirect, ProblemCode::Unavailable, "status 301"),
        (Fault::http(403, "<html>"), ProblemCode::Unavailable, "status 403"),
        (Fault::Drop, ProblemCode::Offline, "cannot be reached"),
    ] {
        test.advance(TimeDelta::minutes(2));
        test.expect_warning(words);
        let report = test.sync_with(Service::Withings, "measure", fault.clone()).await;
        assert_eq!(codes(&report), [code], "{fault:?}");
        assert!(report.attention[0].message.contains(words), "{fault:?}: {}", report.attention[0].message);
        assert_eq!(checkpoint(&test), before, "{fault:?}");
    }
    let report = test.sync().await;
    assert_eq!((report.delivered, codes(&report)), (1, vec![]));
}

#[tokio::test]
async fn an_answer_with_no_measurements_is_no_trouble() {
    let test = TestApp::weighing().await;
    let report = test.sync().await;
    assert_eq!((report.fetched, codes(&report)), (0, vec![]));
    // Some take 100 for "no data": renewed once, and if it stays, left open.
    test.world().faults.every(Service::Withings, "measure", Fault::withings(100, ""));
    assert_eq!(codes(&test.sync().await), []);
}

#[tokio::test]
async fn after_too_many_requests_a_minute_passes_before_even_the_user_may_ask_again() {
    let mut test = TestApp::weighing().await;
    test.weigh_in(82.4);
    test.expect_warning("too many requests");
    let report =
        test.sync_with(Service::Withings, "measure", Fault::withings(601, "Too Many Requests")).await;
    assert_eq!(codes(&report), [ProblemCode::RateLimited]);
    test.advance(TimeDelta::seconds(59));
    let report = test.sync().await;
    assert_eq!((report.requests.withings, codes(&report)), (0, vec![ProblemCode::RateLimited]));
    test.advance(TimeDelta::seconds(1));
    // The schedule leaves Withings alone for ten minutes.
    assert_eq!(test.pass(Trigger::Timer).await.requests.withings, 0);
    let report = test.sync().await;
    assert_eq!((report.delivered, codes(&report)), (1, vec![]));
}

#[tokio::test]
async fn pages_that_go_round_in_a_circle_end_with_a_message_and_keep_what_was_read() {
    let mut test = TestApp::weighing().await;
    let checkpoint = |test: &TestApp| {
        test.app().store.read(|conn| store::checkpoint::load(conn, Source::Measure)).unwrap()
    };
    let before = checkpoint(&test);
    test.advance(TimeDelta::minutes(5));
    let now = test.now;
    let page = json!({"status": 0, "body": {"updatetime": now.timestamp(), "more": 1, "offset": 5, "measuregrps": [
        {"grpid": 7, "attrib": 0, "date": now.timestamp(), "modified": now.timestamp(), "category": 1,
         "measures": [{"value": 82, "type": 1, "unit": 0}]}]}});
    test.expect_warning("its pages lead back");
    test.world().faults.every(Service::Withings, "measure", body(&page.to_string()));
    let report = test.sync().await;
    // What was read is planned and sent; the checkpoint stays, so the rest is read again.
    assert_eq!((report.delivered, codes(&report)), (1, vec![ProblemCode::Unreadable]));
    assert_eq!(checkpoint(&test), before);
}

#[tokio::test]
async fn a_group_that_cannot_be_read_is_kept_and_said_and_the_others_go_on() {
    let test = TestApp::weighing().await;
    let now = test.now;
    test.expect_warning("cannot be read and is kept");
    test.world().withings.add(json!({"measures": [{"value": {"odd": true}, "type": 1, "unit": 0}]}), now);
    test.world().withings.add(json!({"date": "not a date", "measures": []}), now);
    test.weigh_in(82.4);
    let report = test.sync().await;
    assert_eq!((report.delivered, codes(&report)), (1, vec![ProblemCode::MeasurementUnreadable]));
    assert_eq!(test.app().store.read(store::unreadable::count).unwrap(), 2);
    test.sync().await;
    assert_eq!(test.app().store.read(store::unreadable::count).unwrap(), 2);
}

#[tokio::test]
async fn numbers_come_in_every_guise_and_absurd_ones_are_skipped() {
    let mut test = TestApp::weighing().await;
    for (value, unit) in [
        (json!("82400"), json!("-3")),
        (json!(82_400.0), json!(-3)),
        (json!(824_000), json!(-4.0)),
        (json!(i64::MAX), json!(18)),
        (json!(1), json!(-4000)),
        (json!(0), json!(0)),
        (json!(-82), json!(0)),
    ] {
        test.advance(TimeDelta::minutes(1));
        let now = test.now;
        test.world().withings.add(json!({"measures": [{"value": value, "type": 1, "unit": unit}]}), now);
    }
    test.sync().await;
    assert_eq!(test.values("weight"), [82.4, 82.4, 82.4]);
    let reasons: Vec<_> =
        test.history().into_iter().filter_map(|line| line.outcome).map(|o| o.reason).collect();
    assert_eq!(reasons.iter().filter(|reason| *reason == "implausible_value").count(), 4);
}

#[tokio::test]
async fn a_group_that_comes_twice_in_one_answer_is_one_with_the_values_of_both() {
    let test = TestApp::weighing().await;
    test.link("fat", super::support::track(beeminder_withings_sync::domain::measure::kind::MeasureKind(6)))
        .await;
    let now = test.now.timestamp();
    let group = |kind: i64| {
        json!({"grpid": 7, "attrib": 0, "date": now, "modified": now, "category": 1,
        "measures": [{"value": 82, "type": kind, "unit": 0}]})
    };
    let page = json!({"status": 0, "body": {"updatetime": now, "measuregrps": [group(1), group(6)]}});
    let report = test.sync_with(Service::Withings, "measure", body(&page.to_string())).await;
    assert_eq!(report.delivered, 2);
}

#[tokio::test]
async fn a_service_that_never_answers_is_given_up_on() {
    let test = TestApp::weighing().await;
    test.weigh_in(82.4);
    test.expect_warning("cannot be reached");
    test.world().faults.next(Service::Withings, "measure", Fault::Hang);
    let pass = tokio::time::timeout(Duration::from_secs(60), test.sync());
    assert_eq!(codes(&pass.await.expect("it gives up by itself")), [ProblemCode::Offline]);
    assert_eq!(test.sync().await.delivered, 1);
}
