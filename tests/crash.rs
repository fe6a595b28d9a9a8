//! Crashes anywhere and programs side by side: each measurement still arrives exactly once.

use std::collections::BTreeSet;
use std::time::Duration;

use beeminder_withings_sync::domain::measure::kind::MeasureKind;
use beeminder_withings_sync::domain::measure::measure_set::MeasureSet;
use beeminder_withings_sync::domain::measure::take::Take;
use beeminder_withings_sync::domain::service::Service;
use beeminder_withings_sync::sandbox::faults::Fault;
use beeminder_withings_sync::store;
use beeminder_withings_sync::sync::Trigger;
use chrono::TimeDelta;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::support::process::{bws, connect, json, said};
use super::support::{CrashAfter, TestApp, count, take};

#[tokio::test]
async fn a_crash_at_any_await_of_a_pass_loses_and_doubles_nothing() {
    let mut test = TestApp::weighing().await;
    test.link("weigh-in", count(MeasureSet::weight())).await;
    test.world().withings.page_size = 2;
    let mut weighed = 0;
    for waits in 1.. {
        // Every pass has pages to read and datapoints to send, every fifth a token to renew.
        test.advance(TimeDelta::minutes(if waits % 5 == 0 { 181 } else { 121 }));
        test.weigh_in(82.0);
        weighed += 1;
        let stop = CancellationToken::new();
        let future = Box::pin(test.app().sync(Trigger::Hand, test.now, &stop));
        let completed = CrashAfter { future, waits }.await.is_some();
        test.restart();
        test.sync().await;
        assert_eq!(test.values("weight").len(), weighed, "crashed at await {waits}");
        assert_eq!(test.values("weigh-in").len(), weighed, "crashed at await {waits}");
        if completed && waits % 5 == 0 {
            assert!(waits >= 10, "a pass waits only {waits} times?");
            break;
        }
    }
}

/// A day with everything in it: pages to read, a daily value, a count, a deletion at Withings, an edit, a
/// datapoint that nobody wants any more.
async fn a_day_with_everything(crash: Option<store::Crash>) -> (TestApp, bool) {
    let mut test = TestApp::weighing().await;
    test.expect_warning("");
    test.link("fat", take(MeasureKind::WEIGHT, Take::Min)).await;
    test.link("weigh-in", count(MeasureSet::weight())).await;
    test.app().mirror_deletions(true).unwrap();
    test.world().withings.page_size = 2;
    let (edited, deleted) = (test.weigh_in(82.0), test.weigh_in(83.0));
    test.sync().await;
    test.advance(TimeDelta::hours(25));
    test.weigh_in(81.0);
    let now = test.now;
    test.world().withings.edit(edited, now, |group| group["measures"][0]["value"] = json!(80_000));
    test.world().withings.delete(deleted);
    crash.inspect(|crash| test.app().store.crash_at(*crash));
    let stop = CancellationToken::new();
    let crashed = test.app().sync(Trigger::Hand, test.now, &stop).await.is_err();
    test.restart();
    for _ in 0..2 {
        test.advance(TimeDelta::minutes(20));
        test.sync().await;
    }
    (test, crashed)
}

#[tokio::test]
async fn a_crash_at_any_commit_of_a_pass_loses_and_doubles_nothing() {
    let (whole, _) = a_day_with_everything(None).await;
    let found = |test: &TestApp| ["weight", "fat", "weigh-in"].map(|goal| test.values(goal));
    assert_eq!(found(&whole), [vec![80.0, 81.0], vec![80.0, 81.0], vec![1.0, 1.0]]);
    let mut commits = 0;
    for spared in 0.. {
        let mut reached = false;
        for is_done in [false, true] {
            let (test, crashed) = a_day_with_everything(Some(store::Crash { spared, is_done })).await;
            assert_eq!(found(&test), found(&whole), "commit {spared}, done: {is_done}");
            reached |= crashed;
        }
        if !reached {
            break;
        }
        commits += 1;
    }
    assert!(commits >= 20, "a pass commits only {commits} times?");
}

#[tokio::test]
async fn a_process_killed_at_two_hundred_random_points_posts_each_measurement_once() {
    const KILLS: u64 = 200;
    let mut test = TestApp::new().await;
    let dir = test.path().join("bws");
    connect(&test.sandbox, &dir).await;
    for link in [["--goal", "weight", "--track", "weight"], ["--goal", "weigh-in", "--count", "weight"]] {
        let args: Vec<&str> = ["link", "add"].into_iter().chain(link).collect();
        assert_eq!(json(&mut bws(&test.sandbox, &dir, &args)).await.0, 0);
    }
    let begun = tokio::time::Instant::now();
    assert_eq!(json(&mut bws(&test.sandbox, &dir, &["sync"])).await.0, 0);
    let whole = u64::try_from(begun.elapsed().as_micros()).unwrap();
    let mut killed = 0;
    for round in 1..=KILLS {
        test.advance(TimeDelta::seconds(20));
        test.weigh_in(82.0);
        let mut child = bws(&test.sandbox, &dir, &["sync"]).spawn().unwrap();
        // Scattered over one and a half passes, the same in every run of the test.
        let point = Duration::from_micros(round * 7919 * 104_729 % (whole * 3 / 2));
        if tokio::time::timeout(point, child.wait()).await.is_err() {
            child.kill().await.unwrap();
            killed += 1;
        }
    }
    assert!(killed > KILLS / 10, "only {killed} were killed in time");
    let (code, report) = json(&mut bws(&test.sandbox, &dir, &["sync"])).await;
    assert_eq!((code, &report["pending"]), (0, &serde_json::json!(0)), "{report}");
    for goal in ["weight", "weigh-in"] {
        let datapoints = test.at_beeminder(goal);
        let ids: BTreeSet<_> = datapoints.iter().map(|datapoint| &datapoint.requestid).collect();
        assert_eq!((datapoints.len(), ids.len()), (200, 200), "{goal}, {killed} killed");
    }
}

#[tokio::test]
async fn two_processes_passing_at_once_post_each_measurement_once() {
    let mut test = TestApp::new().await;
    let dir = test.path().join("bws");
    connect(&test.sandbox, &dir).await;
    let link = ["link", "add", "--goal", "weight", "--track", "weight"];
    assert_eq!(json(&mut bws(&test.sandbox, &dir, &link)).await.0, 0);
    for _ in 0..10 {
        test.advance(TimeDelta::seconds(20));
        test.weigh_in(82.0);
        test.advance(TimeDelta::seconds(1));
        test.weigh_in(83.0);
        let (mut one, mut two) = (bws(&test.sandbox, &dir, &["sync"]), bws(&test.sandbox, &dir, &["sync"]));
        let (one, two) = tokio::join!(one.output(), two.output());
        for output in [one.unwrap(), two.unwrap()] {
            assert!(output.status.success(), "{}", said(&output));
        }
    }
    assert_eq!(test.values("weight").len(), 20);
}

#[tokio::test]
async fn two_apps_in_one_process_take_turns() {
    let test = TestApp::weighing().await;
    let other = test.another().unwrap();
    test.weigh_in(82.4);
    let stop = CancellationToken::new();
    let (one, two) =
        tokio::join!(test.sync(), async { other.sync(Trigger::Hand, test.now, &stop).await.unwrap() });
    assert_eq!(one.delivered + two.delivered, 1);
}

#[tokio::test]
async fn a_pass_told_to_stop_ends_between_datapoints() {
    let mut test = TestApp::weighing().await;
    for _ in 0..5 {
        test.advance(TimeDelta::minutes(1));
        test.weigh_in(82.0);
    }
    // They are in the outbox, and Beeminder has a bad moment.
    test.expect_warning("503");
    test.sync_with(Service::Beeminder, "datapoints", Fault::http(503, "")).await;
    let stop = CancellationToken::new();
    stop.cancel();
    let report = test.app().sync(Trigger::Hand, test.now, &stop).await.unwrap();
    assert_eq!((report.delivered, report.pending), (0, 5));
    assert_eq!(test.sync().await.delivered, 5);
}
