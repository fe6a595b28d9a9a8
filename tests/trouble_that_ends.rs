//! Trouble ends with what it was about.

use beeminder_withings_sync::domain::link::LinkId;
use beeminder_withings_sync::domain::measure::kind::MeasureKind;
use beeminder_withings_sync::domain::problem_code::ProblemCode;
use beeminder_withings_sync::domain::service::Service;
use beeminder_withings_sync::sandbox::beeminder::Goal;
use beeminder_withings_sync::sandbox::faults::Fault;
use beeminder_withings_sync::sync::Trigger;
use chrono::TimeDelta;

use super::support::goals::{each, lowest, once};
use super::support::{TestApp, codes, track};

#[tokio::test]
async fn trouble_with_a_goal_ends_with_what_it_was_about() {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    test.link("weigh-in", once()).await;
    test.link("weight", track(MeasureKind::WEIGHT)).await;
    test.weigh_in(80.0);
    test.world().faults.every(Service::Beeminder, "goals/weight/datapoints", Fault::Drop);
    test.sync().await;
    test.world().faults.clear();
    test.app().remove_link(LinkId(2), test.now).unwrap();
    let mut said = vec![];
    for _ in 0..30 {
        test.advance(TimeDelta::hours(1));
        said = codes(&test.pass(Trigger::Timer).await);
    }
    assert!(said.is_empty(), "{said:?} {:?} {:?}", test.outbox(), test.values("weight"));
}

#[tokio::test]
async fn trouble_with_a_goal_ends_when_what_was_in_trouble_is_discarded() {
    let mut test = TestApp::weighing().await;
    test.expect_warning("");
    test.weigh_in(80.0);
    test.world().faults.every(Service::Beeminder, "goals/weight/datapoints", Fault::http(500, "x"));
    test.sync().await;
    test.world().faults.clear();
    test.app().discard(test.outbox()[0].id, test.now).unwrap();
    let mut said = vec![];
    for _ in 0..30 {
        test.advance(TimeDelta::hours(1));
        said = codes(&test.pass(Trigger::Timer).await);
    }
    said.retain(|c| format!("{c:?}") != "NothingMeasured");
    assert!(said.is_empty(), "{said:?} {:?} {:?}", test.outbox(), test.values("weight"));
}

/// The next request is refused for itself.
fn no() -> Fault {
    Fault::http(422, r#"{"errors":{"value":["no"]}}"#)
}

#[tokio::test]
async fn trouble_with_a_goal_ends_when_that_answers_with_a_refusal() {
    let mut test = TestApp::weighing().await;
    test.expect_warning("");
    test.weigh_in(80.0);
    test.sync_with(Service::Beeminder, "weight/datapoints", Fault::http(503, "")).await;
    test.advance(TimeDelta::minutes(20));
    let report = test.sync_with(Service::Beeminder, "weight/datapoints", no()).await;
    assert_eq!(codes(&report), [ProblemCode::Parked]);
    test.expect_pending(1);
}

#[tokio::test]
async fn trouble_with_a_goal_ends_when_the_rest_waits_for_what_it_refused() {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    test.link("weight", lowest()).await;
    let reading = test.weigh_in(80.0);
    test.sync().await;
    test.advance(TimeDelta::days(1));
    let now = test.now;
    test.world().withings.edit(reading, now, |group| group["date"] = now.timestamp().into());
    // The comparison before reads two lists.
    test.world().faults.after(2, Service::Beeminder, "datapoints.json", no());
    assert_eq!(codes(&test.sync().await), [ProblemCode::Parked]);
    let add = "INSERT INTO trouble SELECT 'goal ' || goal_id, 'unavailable', '{}', 1, 1, 1 FROM link";
    test.app().store.write(|conn| Ok(conn.execute(add, [])?)).unwrap();
    test.advance(TimeDelta::minutes(20));
    assert_eq!(codes(&test.sync().await), [ProblemCode::Parked]);
    test.expect_pending(2);
}

#[tokio::test]
async fn trouble_with_a_service_that_nobody_uses_any_more_is_over() {
    let mut test = TestApp::weighing().await;
    test.expect_warning("");
    test.link("sleep", track(MeasureKind::SLEEP_DURATION)).await;
    test.connect_withings().await.unwrap();
    test.world().faults.every(Service::Withings, "/v2/sleep", Fault::http(500, "x"));
    test.weigh_in(80.0);
    test.sync().await;
    test.app().remove_link(LinkId(2), test.now).unwrap();
    let mut said = vec![];
    for _ in 0..30 {
        test.advance(TimeDelta::hours(1));
        test.weigh_in(80.0);
        said = codes(&test.pass(Trigger::Timer).await);
    }
    assert!(said.is_empty(), "{said:?}");
}

#[tokio::test]
async fn trouble_with_a_comparison_that_nobody_needs_any_more_is_over() {
    let mut test = TestApp::weighing().await;
    test.expect_warning("");
    test.weigh_in(80.0);
    test.sync().await;
    test.link("weigh-in", each()).await;
    test.advance(TimeDelta::hours(25));
    test.world().faults.every(Service::Beeminder, "goals/weight/datapoints", Fault::http(500, "x"));
    test.pass(Trigger::Timer).await;
    test.world().faults.clear();
    test.app().remove_link(LinkId(1), test.now).unwrap();
    let mut said = vec![];
    for _ in 0..30 {
        test.advance(TimeDelta::hours(1));
        said = codes(&test.pass(Trigger::Timer).await);
    }
    assert!(said.is_empty(), "{said:?}");
}

/// A day goes by; says what is wrong after it.
async fn a_day_goes_by(test: &mut TestApp) -> Vec<ProblemCode> {
    for _ in 0..12 {
        test.advance(TimeDelta::hours(2));
        test.pass(Trigger::Timer).await;
    }
    codes(&test.pass(Trigger::Timer).await)
}

#[tokio::test]
async fn trouble_with_a_goal_ends_when_that_takes_nothing_any_more() {
    for (path, is_sending) in [("weight.json", true), ("weight/datapoints.json", false)] {
        let archive = |goal: &mut Goal| goal.archived = true;
        let end = |goal: &mut Goal| goal.fields["frozen"] = true.into();
        for (close, closed) in
            [(archive as fn(&mut Goal), ProblemCode::GoalArchived), (end, ProblemCode::GoalFrozen)]
        {
            let mut test = TestApp::weighing().await;
            test.expect_warning("");
            test.weigh_in(82.4);
            test.sync().await;
            test.advance(TimeDelta::hours(25));
            if is_sending {
                test.sync().await;
                test.weigh_in(82.0);
                test.expect_pending(1);
            }
            let report = test.sync_with(Service::Beeminder, path, Fault::http(503, "")).await;
            assert_eq!(codes(&report), [ProblemCode::Unavailable]);
            close(test.world().beeminder.goal("weight"));
            assert_eq!(a_day_goes_by(&mut test).await, [closed], "{path}");
        }
    }
}

#[tokio::test]
async fn trouble_with_devices_ends_when_they_are_not_shared_any_more() {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    test.app().watch_devices(true).unwrap();
    test.connect_withings().await.unwrap();
    test.link("weight", track(MeasureKind::WEIGHT)).await;
    let report = test.sync_with(Service::Withings, "v2/user", Fault::http(503, "")).await;
    assert_eq!(codes(&report), [ProblemCode::Unavailable]);
    test.world().faults.every(Service::Withings, "v2/user", Fault::withings(277, "no"));
    for _ in 0..3 {
        test.advance(TimeDelta::hours(13));
        test.pass(Trigger::Timer).await;
    }
    test.app().watch_devices(false).unwrap();
    assert_eq!(a_day_goes_by(&mut test).await, []);
}

#[tokio::test]
async fn trouble_at_a_place_of_an_earlier_version_ends() {
    let test = TestApp::weighing().await;
    let add = "INSERT INTO trouble VALUES ('comparison', 'unavailable', '{}', 1, 9, 1)";
    test.app().store.write(|conn| Ok(conn.execute(add, [])?)).unwrap();
    assert_eq!(codes(&test.sync().await), []);
    let count = "SELECT count(*) FROM trouble";
    let left: i64 = test.app().store.read(|conn| Ok(conn.query_row(count, [], |row| row.get(0))?)).unwrap();
    assert_eq!(left, 0);
}
