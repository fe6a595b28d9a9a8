//! What waits for long is said, though Beeminder answers and nothing fails.

use beeminder_withings_sync::app::Existing;
use beeminder_withings_sync::domain::link::{LinkId, Options};
use beeminder_withings_sync::domain::measure::kind::MeasureKind;
use beeminder_withings_sync::domain::problem_code::ProblemCode;
use beeminder_withings_sync::domain::service::Service;
use beeminder_withings_sync::health::status::{Status, status};
use beeminder_withings_sync::sandbox::faults::Fault;
use beeminder_withings_sync::sync::Trigger;
use chrono::TimeDelta;
use serde_json::json;

use super::support::goals::{each, lowest};
use super::support::{TestApp, codes, track};

const NOT_FOUND: &str = r#"{"error":"The requested resource was not found."}"#;

/// What is said after each of the passes of the next hours.
async fn said(test: &mut TestApp, hours: i64) -> Vec<Vec<ProblemCode>> {
    let mut said = Vec::new();
    for _ in 0..hours * 4 {
        test.advance(TimeDelta::minutes(15));
        said.push(codes(&test.pass(Trigger::Timer).await));
    }
    let waiting = test.outbox().len() as u64;
    test.expect_pending(waiting);
    said
}

/// The path of a goal's first datapoint.
fn first_of(test: &TestApp, goal: &str) -> &'static str {
    Box::leak(format!("datapoints/{}", test.at_beeminder(goal)[0].id).into_boxed_str())
}

#[tokio::test]
async fn a_change_that_waits_for_a_list_that_proves_nothing_is_said() {
    for list in ["[]", "[null]"] {
        let mut test = TestApp::connected().await;
        test.expect_warning("");
        test.link("weight", lowest()).await;
        let now = test.now;
        test.world().beeminder.enter("weight", 85.0, now - TimeDelta::days(3));
        test.weigh_in(82.0);
        test.sync().await;
        test.advance(TimeDelta::hours(1));
        test.world().beeminder.datapoints("weight").retain(|d| d.value != 82.0);
        test.world().faults.every(Service::Beeminder, "goals/weight/datapoints.json", Fault::http(200, list));
        test.weigh_in(80.0);
        let said = said(&mut test, 3).await;
        assert_eq!((said[1].clone(), said[11].clone()), (vec![], vec![ProblemCode::NotArriving]), "{list}");
        assert_eq!(test.app().store.read(|conn| status(conn, test.now)).unwrap(), Status::NeedsYou);
        // Not beside what says why.
        test.world().faults.every(Service::Beeminder, "goals/weight", Fault::http(503, ""));
        test.advance(TimeDelta::minutes(20));
        assert_eq!(codes(&test.pass(Trigger::Timer).await), [ProblemCode::Unavailable]);
    }
}

#[tokio::test]
async fn a_change_that_is_never_found_is_said() {
    for (status, body) in [(404, NOT_FOUND), (422, r#"{"errors":"Duplicate request"}"#)] {
        let mut test = TestApp::connected().await;
        test.expect_warning("");
        test.link("steps", track(MeasureKind::STEPS)).await;
        test.connect_withings().await.unwrap();
        let (day, now) = (test.now.date_naive(), test.now);
        test.world().withings.days().walk(day, 1000, now);
        test.sync().await;
        let path = first_of(&test, "steps");
        test.world().faults.every(Service::Beeminder, path, Fault::http(status, body));
        // The day grows meanwhile.
        for steps in [2000, 3000] {
            test.advance(TimeDelta::hours(1));
            let now = test.now;
            test.world().withings.days().walk(day, steps, now);
            test.pass(Trigger::Timer).await;
        }
        assert_eq!(said(&mut test, 2).await.last(), Some(&vec![ProblemCode::NotArriving]), "{status}");
    }
}

#[tokio::test]
async fn a_removal_that_is_never_found_is_said() {
    let mut test = TestApp::weighing().await;
    test.expect_warning("");
    test.weigh_in(80.0);
    test.sync().await;
    test.advance(TimeDelta::hours(1));
    let path = first_of(&test, "weight");
    test.world().faults.every(Service::Beeminder, path, Fault::http(404, NOT_FOUND));
    let options = Options { decimals: Some(1), ..Options::default() };
    let feed = track(MeasureKind::WEIGHT);
    test.app().change_link(LinkId(1), &feed, &options, Existing::Remove, test.now).await.unwrap();
    assert_eq!(said(&mut test, 2).await.last(), Some(&vec![ProblemCode::NotArriving]));
}

#[tokio::test]
async fn a_removal_that_waits_for_a_goal_that_is_not_linked_any_more_is_said() {
    for (field, code) in [("frozen", ProblemCode::GoalFrozen), ("archived", ProblemCode::GoalArchived)] {
        let mut test = TestApp::weighing().await;
        test.expect_warning("");
        test.weigh_in(80.0);
        test.sync().await;
        test.link("weigh-in", each()).await;
        if field == "frozen" {
            test.world().beeminder.goal("weight").fields["frozen"] = json!(true);
        } else {
            test.world().beeminder.goal("weight").archived = true;
        }
        test.app().remove_link_with_datapoints(LinkId(1), test.now).unwrap();
        assert_eq!(said(&mut test, 2).await.last(), Some(&vec![code]));
    }
}
