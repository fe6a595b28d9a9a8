//! Comparing goals with what was sent: by whose clock, how far back, and when trouble with it is over.

use beeminder_withings_sync::app::Existing;
use beeminder_withings_sync::domain::link::{LinkId, Options};
use beeminder_withings_sync::domain::measure::kind::MeasureKind;
use beeminder_withings_sync::domain::problem_code::ProblemCode;
use beeminder_withings_sync::domain::service::Service;
use beeminder_withings_sync::sandbox::faults::Fault;
use beeminder_withings_sync::sync::Trigger;
use chrono::TimeDelta;

use super::support::goals::{at, lowest};
use super::support::{TestApp, codes, track};

#[tokio::test]
async fn a_deletion_is_seen_though_this_computers_clock_is_ahead() {
    let mut test = TestApp::weighing().await;
    test.expect_warning("");
    test.weigh_in(60.0);
    test.advance(TimeDelta::minutes(5));
    test.weigh_in(80.0);
    test.sync().await;
    test.advance(TimeDelta::hours(1));
    test.world().beeminder.datapoints("weight").retain(|datapoint| datapoint.value != 60.0);
    test.now += TimeDelta::days(60);
    let options = Options::default();
    test.app().change_link(LinkId(1), &lowest(), &options, Existing::Update, test.now).await.unwrap();
    for _ in 0..5 {
        test.sync().await;
        test.advance(TimeDelta::hours(13));
    }
    assert_eq!(test.values("weight"), [80.0]);
}

#[tokio::test]
async fn trouble_with_a_goal_ends_when_it_is_archived() {
    for is_sending in [false, true] {
        let mut test = TestApp::weighing().await;
        test.expect_warning("");
        test.weigh_in(82.4);
        test.sync().await;
        test.advance(TimeDelta::hours(25));
        let path = if is_sending { "weight.json" } else { "weight/datapoints.json" };
        if is_sending {
            test.sync().await;
            test.weigh_in(82.0);
        }
        let report = test.sync_with(Service::Beeminder, path, Fault::http(503, "")).await;
        assert_eq!(codes(&report), [ProblemCode::Unavailable]);
        test.world().beeminder.goal("weight").archived = true;
        for _ in 0..6 {
            test.advance(TimeDelta::hours(2));
            test.pass(Trigger::Timer).await;
        }
        assert_eq!(codes(&test.pass(Trigger::Timer).await), [ProblemCode::GoalArchived]);
        test.expect_pending(u64::from(is_sending));
    }
}

#[tokio::test]
async fn trouble_with_devices_ends_when_they_are_not_shared_any_more() {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    test.app().watch_devices(true).unwrap();
    test.connect_withings().await.unwrap();
    test.link("weight", track(MeasureKind::WEIGHT)).await;
    test.sync_with(Service::Withings, "v2/user", Fault::http(503, "")).await;
    test.world().faults.every(Service::Withings, "v2/user", Fault::withings(277, "no"));
    for _ in 0..4 {
        test.advance(TimeDelta::hours(13));
        test.pass(Trigger::Timer).await;
    }
    test.world().requests.clear();
    let report = test.pass(Trigger::Timer).await;
    let asked = test.world().requests.iter().filter(|request| request.contains("v2/user")).count();
    assert_eq!((asked, codes(&report)), (0, vec![]));
}

#[tokio::test]
async fn what_is_missing_beyond_the_window_is_not_looked_for_for_ever() {
    let mut test = TestApp::weighing().await;
    at(&mut test, "2026-11-23T12:00:00Z");
    test.weigh_in(82.4);
    test.sync().await;
    at(&mut test, "2026-12-22T22:40:00Z");
    test.weigh_in(82.0);
    test.sync().await;
    test.world().beeminder.datapoints("weight").retain(|datapoint| datapoint.value != 82.4);
    at(&mut test, "2026-12-23T22:50:00Z");
    test.sync().await;
    at(&mut test, "2026-12-23T23:20:00Z");
    test.pass(Trigger::Timer).await;
    test.world().requests.clear();
    for _ in 0..8 {
        test.advance(TimeDelta::minutes(15));
        test.pass(Trigger::Timer).await;
    }
    let lists = test.world().requests.iter().filter(|request| request.contains("datapoints.json")).count();
    assert!(lists <= 2, "{lists} lists in two hours");
}
