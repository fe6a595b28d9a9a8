//! Nothing is sent for days before a goal's start, whenever that became known; what was sent before it began anew
//! stays.

use beeminder_withings_sync::domain::problem_code::ProblemCode;
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::support::goals::{at, days, each, lowest};
use super::support::{TestApp, codes};

/// Has the goal begin so many days from now.
fn begin_in(test: &TestApp, goal: &str, days: i64) {
    let start = test.now + TimeDelta::days(days);
    test.world().beeminder.goal(goal).fields["initday"] = json!(start.timestamp());
}

#[tokio::test]
async fn nothing_is_sent_before_a_start_that_is_read_on_the_way() {
    for was_known in [true, false] {
        let mut test = TestApp::connected().await;
        if !was_known {
            test.world().beeminder.goal("weigh-in").fields["initday"] = Value::Null;
        }
        test.link("weigh-in", each()).await;
        test.sync().await;
        test.weigh_in(80.0);
        begin_in(&test, "weigh-in", 3);
        for _ in 0..2 {
            assert_eq!(codes(&test.sync().await), [ProblemCode::GoalNotStarted], "known before: {was_known}");
            test.advance(TimeDelta::hours(2));
            test.weigh_in(80.0);
        }
        assert!(days(&test, "weigh-in").is_empty(), "known before: {was_known}");
        // What is measured when it has begun is sent.
        test.advance(TimeDelta::days(3));
        test.weigh_in(80.0);
        test.sync().await;
        assert_eq!(days(&test, "weigh-in"), ["20261126"], "known before: {was_known}");
    }
}

#[tokio::test]
async fn what_was_sent_stays_and_what_is_measured_until_the_new_start_is_held() {
    for (goal, feed) in [("weigh-in", each()), ("weight", lowest())] {
        let mut test = TestApp::connected().await;
        test.link(goal, feed).await;
        test.weigh_in(80.0);
        test.sync().await;
        at(&mut test, "2026-11-24T06:00:00Z");
        begin_in(&test, goal, 3);
        test.sync().await;
        test.advance(TimeDelta::minutes(20));
        test.weigh_in(80.0);
        assert_eq!(codes(&test.sync().await), [ProblemCode::GoalNotStarted], "{goal}");
        assert_eq!(days(&test, goal), ["20261123"]);
        assert!(test.app().stale().unwrap().is_empty(), "{goal}");
    }
}

#[tokio::test]
async fn what_was_sent_stays_when_it_comes_again() {
    let mut test = TestApp::weighing().await;
    test.app().mirror_deletions(true).unwrap();
    let now = test.now;
    let weighing = json!({"measures": [{"value": 80000, "type": 1, "unit": -3}], "date": now.timestamp()});
    let reading = test.world().withings.add(weighing.clone(), now);
    test.advance(TimeDelta::minutes(5));
    test.weigh_in(81.0);
    test.sync().await;
    at(&mut test, "2026-11-24T06:00:00Z");
    begin_in(&test, "weight", 3);
    test.sync().await;
    test.advance(TimeDelta::hours(20));
    let again = test.now;
    test.world().withings.delete(reading);
    test.world().withings.add(weighing, again);
    for _ in 0..3 {
        test.sync().await;
        assert_eq!(test.values("weight"), [80.0, 81.0]);
        test.advance(TimeDelta::hours(13));
    }
}
