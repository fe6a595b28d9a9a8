//! What waits is sent in time: back-off, deletions and refusals do not outlast a deadline, and nothing loops.

use beeminder_withings_sync::domain::link::Feed;
use beeminder_withings_sync::domain::measure::kind::MeasureKind;
use beeminder_withings_sync::domain::service::Service;
use beeminder_withings_sync::sandbox::faults::Fault;
use beeminder_withings_sync::sync::Trigger;
use chrono::{DateTime, TimeDelta, Utc};

use super::support::goals::{at, days, lowest, once};
use super::support::{TestApp, track};

/// Makes the passes that are due before a moment, from now on.
async fn pass_until(test: &mut TestApp, end: DateTime<Utc>) {
    let mut next = test.now;
    while next < end {
        let step = next - test.now;
        test.advance(step);
        next = test.pass(Trigger::Timer).await.next;
    }
}

#[tokio::test]
async fn the_last_pass_before_a_deadline_asks_withings_whatever_failed() {
    let mut test = TestApp::weighing().await;
    test.expect_warning("");
    let deadline: DateTime<Utc> = "2026-11-23T23:00:00Z".parse().unwrap();
    test.world().beeminder.goal("weight").fields["losedate"] = deadline.timestamp().into();
    at(&mut test, "2026-11-23T19:46:00Z");
    test.world().faults.every(Service::Withings, "measure", Fault::http(503, ""));
    let mut next = test.now;
    let mut weighed = false;
    while next < deadline {
        let step = next - test.now;
        test.advance(step);
        let r = test.pass(Trigger::Timer).await;
        next = r.next;
        if !weighed && deadline - test.now <= TimeDelta::minutes(15) {
            weighed = true;
            test.world().faults.clear();
            let now = test.now;
            test.world().withings.weigh_in(80.0, now);
        }
    }
    assert_eq!(test.values("weight"), [80.0]);
}

#[tokio::test]
async fn a_new_reading_of_a_deleted_day_comes_before_the_deadline() {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    test.link("weight", lowest()).await;
    test.weigh_in(82.0);
    test.sync().await;
    test.advance(TimeDelta::hours(1));
    test.world().beeminder.datapoints("weight").clear();
    let deadline: DateTime<Utc> = "2026-11-23T23:00:00Z".parse().unwrap();
    test.world().beeminder.goal("weight").fields["losedate"] = deadline.timestamp().into();
    at(&mut test, "2026-11-23T22:50:00Z");
    test.weigh_in(80.0);
    pass_until(&mut test, deadline).await;
    assert_eq!(test.values("weight"), [80.0]);
}

#[tokio::test]
async fn what_is_measured_again_on_a_day_that_was_deleted_comes_that_day() {
    let mut all = vec![];
    for feed in [once(), lowest()] {
        let goal = if feed.is_daily() && matches!(feed, Feed::Track { .. }) { "weight" } else { "weigh-in" };
        let mut test = TestApp::connected().await;
        test.expect_warning("");
        test.link(goal, feed).await;
        test.advance(TimeDelta::hours(1));
        test.weigh_in(60.0);
        test.sync().await;
        test.advance(TimeDelta::hours(1));
        test.world().beeminder.datapoints(goal).clear();
        test.advance(TimeDelta::hours(3));
        test.weigh_in(80.0);
        at(&mut test, "2026-11-23T12:00:00Z");
        while test.now < "2026-11-23T22:55:00Z".parse::<DateTime<Utc>>().unwrap() {
            test.sync().await;
            test.advance(TimeDelta::minutes(15));
        }
        all.push((goal, days(&test, goal)));
    }
    assert!(all.iter().all(|(_, days)| *days == ["20261123"]), "{all:?}");
}

#[tokio::test]
async fn one_that_cannot_be_changed_holds_up_no_later_one() {
    let mut all = vec![];
    for fault in
        [Fault::http(500, "oops"), Fault::http(200, "{}"), Fault::http(403, "<html>a rule of a proxy</html>")]
    {
        let mut test = TestApp::weighing().await;
        test.expect_warning("");
        let first = test.weigh_in(80.0);
        test.sync().await;
        test.advance(TimeDelta::minutes(5));
        let now = test.now;
        test.world().withings.edit(first, now, |g| g["measures"][0]["value"] = 79000.into());
        test.world().faults.every(Service::Beeminder, "datapoints/", fault.clone());
        test.expect_pending(1);
        for _ in 0..3 {
            test.advance(TimeDelta::hours(24));
            test.weigh_in(81.0);
            for _ in 0..3 {
                test.pass(Trigger::Timer).await;
                test.advance(TimeDelta::minutes(20));
            }
        }
        all.push((fault, test.values("weight")));
        let n = test.outbox().len() as u64;
        test.expect_pending(n);
    }
    assert!(all.iter().all(|(_, values)| values.len() == 4), "{all:?}");
}

#[tokio::test]
async fn who_says_in_a_second_is_not_asked_every_second() {
    let mut most = 0;
    for account in [false, true] {
        let mut test = TestApp::weighing().await;
        test.expect_warning("");
        test.weigh_in(82.0);
        let fault = Fault::Answer {
            status: if account { 429 } else { 503 },
            body: "maintenance".into(),
            retry_after: Some(1),
        };
        test.world().faults.every(Service::Beeminder, "datapoints", fault);
        test.expect_pending(1);
        let begin = test.now;
        let mut asked = 0;
        while test.now - begin < TimeDelta::minutes(10) {
            let r = test.pass(Trigger::Timer).await;
            asked += r.requests.withings;
            let step = r.next - test.now;
            test.advance(step.max(TimeDelta::seconds(1)));
        }
        most = most.max(asked);
    }
    assert!(most <= 20, "{most} requests to Withings in ten minutes");
}

#[tokio::test]
async fn what_waits_for_a_link_that_is_not_understood_makes_no_passes() {
    let mut test = TestApp::weighing().await;
    test.expect_warning("");
    test.weigh_in(82.0);
    test.sync_with(Service::Beeminder, "datapoints", Fault::http(503, "")).await;
    test.app()
        .store
        .write(|conn| Ok(conn.execute("UPDATE link SET options = '{\"of_tomorrow\":true}'", [])?))
        .unwrap();
    test.expect_pending(1);
    let mut passes = 0;
    test.advance(TimeDelta::hours(1));
    let begin = test.now;
    while test.now - begin < TimeDelta::hours(1) {
        let r = test.pass(Trigger::Timer).await;
        passes += 1;
        let step = r.next - test.now;
        test.advance(step);
    }
    assert!(passes <= 6, "{passes} passes in an hour");
}

#[tokio::test]
async fn a_day_that_was_deleted_and_measured_again_in_the_same_form_is_sent_in_time() {
    let deadline: DateTime<Utc> = "2026-11-23T23:00:00Z".parse().unwrap();
    for minutes in [35, 28, 20, 14, 12, 10, 8, 7, 6, 5] {
        let mut test = TestApp::connected().await;
        test.expect_warning("");
        test.link("weigh-in", once()).await;
        test.weigh_in(82.0);
        test.sync().await;
        test.advance(TimeDelta::hours(1));
        test.sync().await;
        test.world().beeminder.datapoints("weigh-in").clear();
        test.world().beeminder.goal("weigh-in").fields["losedate"] = deadline.timestamp().into();
        at(&mut test, "2026-11-23T21:30:00Z");
        test.pass(Trigger::Timer).await;
        let left = deadline - TimeDelta::minutes(minutes) - test.now;
        test.advance(left);
        test.weigh_in(80.0);
        pass_until(&mut test, deadline).await;
        assert_eq!(days(&test, "weigh-in"), ["20261123"], "{minutes} minutes before");
    }
}

#[tokio::test]
async fn a_change_that_fails_keeps_no_new_reading_past_the_deadline() {
    let deadline: DateTime<Utc> = "2026-11-24T23:00:00Z".parse().unwrap();
    for minutes in [14, 10, 8, 7, 6, 5] {
        let mut test = TestApp::weighing().await;
        test.expect_warning("");
        let group = test.weigh_in(80.0);
        test.sync().await;
        test.world().beeminder.goal("weight").fields["losedate"] = deadline.timestamp().into();
        at(&mut test, "2026-11-24T20:50:00Z");
        test.sync().await;
        let left = deadline - TimeDelta::minutes(minutes) - test.now;
        test.advance(left);
        let now = test.now;
        test.world().withings.edit(group, now, |group| group["measures"][0]["value"] = 79000.into());
        test.weigh_in(81.0);
        test.world().faults.every(Service::Beeminder, "datapoints/", Fault::http(500, ""));
        test.expect_pending(1);
        pass_until(&mut test, deadline).await;
        assert_eq!(test.values("weight"), [80.0, 81.0], "{minutes} minutes before");
    }
}

#[tokio::test]
async fn what_is_due_in_minutes_goes_before_other_goals_are_compared() {
    let mut test = TestApp::weighing().await;
    for goal in ["fat", "official", "night-owl", "early-bird", "pounds", "systolic"] {
        test.link(goal, track(MeasureKind::WEIGHT)).await;
    }
    test.weigh_in(80.0);
    test.sync().await;
    // Asleep for a day; awake three minutes before midnight, and weighed.
    at(&mut test, "2026-11-24T22:57:00Z");
    let deadline: chrono::DateTime<chrono::Utc> = "2026-11-24T22:59:59Z".parse().unwrap();
    test.world().beeminder.goal("weight").fields["losedate"] = deadline.timestamp().into();
    test.weigh_in(81.0);
    test.world().requests.clear();
    test.sync().await;
    let world = test.world();
    let sent =
        world.requests.iter().position(|r| r.contains("POST") && r.contains("/weight/datapoints")).unwrap();
    let before: Vec<_> = world.requests[..sent].iter().filter(|r| r.contains("api/v1")).collect();
    assert!(before.len() <= 8, "{} requests before: {before:#?}", before.len());
}
