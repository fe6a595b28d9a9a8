//! One request that cannot be done holds up no other, and one odd row nothing that can be told without it.

use beeminder_withings_sync::domain::link::LinkId;
use beeminder_withings_sync::domain::measure::kind::MeasureKind;
use beeminder_withings_sync::domain::service::Service;
use beeminder_withings_sync::sandbox::faults::Fault;
use beeminder_withings_sync::sync::Trigger;
use chrono::{DateTime, TimeDelta, Utc};

use super::support::goals::{at, days, has, lowest};
use super::support::{TestApp, codes, track};

/// Requests that are read between two that are written and refused.
const SPARED: usize = 2;

#[tokio::test]
async fn one_removal_that_fails_holds_up_no_other() {
    let mut all = vec![];
    for fault in [Fault::http(500, "oops"), Fault::http(200, "{}")] {
        let mut test = TestApp::weighing().await;
        test.expect_warning("");
        test.app().mirror_deletions(true).unwrap();
        let a = test.weigh_in(80.0);
        test.advance(TimeDelta::minutes(5));
        let b = test.weigh_in(81.0);
        test.sync().await;
        let first = test.at_beeminder("weight")[0].id.clone();
        test.world().withings.delete(a);
        test.world().withings.delete(b);
        test.advance(TimeDelta::hours(25));
        test.weigh_in(82.0);
        let path: &'static str = Box::leak(format!("datapoints/{first}").into_boxed_str());
        test.world().faults.every(Service::Beeminder, path, fault.clone());
        for _ in 0..30 {
            test.pass(Trigger::Timer).await;
            test.advance(TimeDelta::minutes(20));
        }
        all.push((fault, test.values("weight")));
        let n = test.outbox().len() as u64;
        test.expect_pending(n);
    }
    assert!(all.iter().all(|(_, v)| *v == [80.0, 82.0]), "{all:?}");
}

#[tokio::test]
async fn one_that_cannot_be_changed_holds_up_no_removal() {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    test.link_since("weight", lowest(), "2026-11-23").await;
    let poison = test.weigh_in(80.0);
    test.sync().await;
    let id = test.at_beeminder("weight")[0].id.clone();
    at(&mut test, "2026-11-25T06:00:00Z");
    let moved = test.weigh_in(77.0);
    test.sync().await;
    let now = test.now;
    let path: &'static str = Box::leak(format!("datapoints/{id}").into_boxed_str());
    test.world().faults.every(Service::Beeminder, path, Fault::http(500, "oops"));
    test.world().withings.edit(poison, now, |g| g["measures"][0]["value"] = 79000.into());
    for _ in 0..5 {
        test.pass(Trigger::Timer).await;
        test.advance(TimeDelta::minutes(20));
    }
    let now = test.now;
    let earlier: DateTime<Utc> = "2026-11-24T06:00:00Z".parse().unwrap();
    test.world().withings.edit(moved, now, |g| g["date"] = earlier.timestamp().into());
    for _ in 0..60 {
        test.pass(Trigger::Timer).await;
        test.advance(TimeDelta::minutes(20));
    }
    let n = test.outbox().len() as u64;
    test.expect_pending(n);
    assert_eq!(has(&test, "weight"), [("20261123".into(), 80.0), ("20261124".into(), 77.0)]);
}

#[tokio::test]
async fn a_goal_that_refuses_all_waits_though_it_lets_remove() {
    let mut got = vec![];
    for removes in [false, true] {
        let mut test = TestApp::weighing().await;
        test.expect_warning("");
        test.app().mirror_deletions(true).unwrap();
        let a = test.weigh_in(80.0);
        test.sync().await;
        if removes {
            test.world().withings.delete(a);
        }
        test.advance(TimeDelta::hours(25));
        for kg in [81.0, 82.0, 83.0] {
            test.weigh_in(kg);
            test.advance(TimeDelta::minutes(5));
        }
        // What is written is refused, what is read between is answered.
        let full = Fault::http(422, r#"{"errors":{"goal":["does not take this"]}}"#);
        let between = SPARED;
        // The comparison before reads two lists.
        let before = 2;
        test.world().faults.after(before, Service::Beeminder, "datapoints.json", full.clone());
        for _ in 0..2 {
            test.world().faults.after(between, Service::Beeminder, "datapoints.json", full.clone());
        }
        test.pass(Trigger::Timer).await;
        test.world().faults.clear();
        test.advance(TimeDelta::minutes(20));
        test.pass(Trigger::Timer).await;
        let parked = test.outbox().iter().filter(|e| e.parked.is_some()).count();
        test.world().faults.clear();
        for _ in 0..12 {
            test.advance(TimeDelta::hours(1));
            test.pass(Trigger::Timer).await;
        }
        let n = test.outbox().len() as u64;
        test.expect_pending(n);
        got.push((removes, parked, test.values("weight")));
    }
    assert!(got.iter().all(|(_, _, v)| v.ends_with(&[81.0, 82.0, 83.0])), "{got:?}");
}

#[tokio::test]
async fn measured_again_minutes_before_a_deadline() {
    let mut late = vec![];
    for minutes in [14, 12, 10, 9, 8, 7, 6] {
        let mut test = TestApp::connected().await;
        test.expect_warning("");
        test.link("weight", lowest()).await;
        test.weigh_in(82.0);
        test.sync().await;
        test.advance(TimeDelta::hours(1));
        test.world().beeminder.datapoints("weight").clear();
        let deadline: DateTime<Utc> = "2026-11-23T23:00:00Z".parse().unwrap();
        test.world().beeminder.goal("weight").fields["losedate"] = deadline.timestamp().into();
        let start = deadline - TimeDelta::minutes(minutes);
        let by = start - test.now;
        test.advance(by);
        test.weigh_in(80.0);
        let mut next = test.now;
        let mut passes = vec![];
        while next < deadline {
            let step = next - test.now;
            test.advance(step);
            passes.push((deadline - test.now).num_seconds());
            let r = test.pass(Trigger::Timer).await;
            next = r.next;
        }
        if test.values("weight") != [80.0] {
            late.push((minutes, passes, (next - deadline).num_seconds(), test.values("weight")));
        }
        let n = test.outbox().len() as u64;
        test.expect_pending(n);
    }
    assert!(late.is_empty(), "{late:#?}");
}

#[tokio::test]
async fn an_odd_row_in_the_list_keeps_a_day_from_being_sent() {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    test.link("weight", lowest()).await;
    let now = test.now;
    test.world().beeminder.enter("weight", 85.0, now - TimeDelta::hours(2));
    test.world().beeminder.enter("weight", 86.0, now - TimeDelta::hours(1));
    {
        let mut w = test.world();
        let odd = &mut w.beeminder.datapoints("weight")[0];
        odd.id = String::new();
        odd.requestid = None;
    }
    test.weigh_in(82.0);
    test.sync().await;
    test.advance(TimeDelta::hours(1));
    test.world().beeminder.datapoints("weight").retain(|d| d.value != 82.0);
    test.advance(TimeDelta::hours(1));
    test.weigh_in(80.0);
    let mut said = vec![];
    let mut requests = 0;
    for _ in 0..40 {
        let r = test.pass(Trigger::Timer).await;
        said = codes(&r);
        requests += 1;
        let step = r.next - test.now;
        test.advance(step);
    }
    let n = test.outbox().len() as u64;
    test.expect_pending(n);
    let _ = requests;
    assert!(
        test.values("weight").contains(&80.0) || !said.is_empty(),
        "{:?} {said:?} {} {:?}",
        test.values("weight"),
        test.now,
        test.outbox()
    );
}

#[tokio::test]
async fn a_look_up_beside_an_odd_row_is_no_loop() {
    let mut test = TestApp::weighing().await;
    test.expect_warning("");
    let now = test.now;
    test.world().beeminder.enter("weight", 85.0, now - TimeDelta::hours(2));
    test.world().beeminder.enter("weight", 86.0, now - TimeDelta::hours(1));
    {
        let mut w = test.world();
        let odd = &mut w.beeminder.datapoints("weight")[0];
        odd.id = String::new();
        odd.requestid = None;
    }
    test.weigh_in(80.0);
    test.sync_with(Service::Beeminder, "datapoints", Fault::Drop).await;
    test.app().remove_link(LinkId(1), test.now).unwrap();
    let mut passes = 0;
    let end = test.now + TimeDelta::hours(6);
    let mut said = vec![];
    while test.now < end {
        let r = test.pass(Trigger::Timer).await;
        said = codes(&r);
        passes += 1;
        let step = r.next - test.now;
        test.advance(step);
    }
    let n = test.outbox().len() as u64;
    test.expect_pending(n);
    assert!(passes < 60 && n == 0, "{passes} passes in six hours, {n} left, {said:?}");
}

#[tokio::test]
async fn a_duplicate_that_the_list_lacks_is_sent_or_said_beside_an_odd_row() {
    let mut test = TestApp::weighing().await;
    test.expect_warning("");
    let now = test.now;
    test.world().beeminder.enter("weight", 85.0, now - TimeDelta::hours(2));
    test.world().beeminder.enter("weight", 86.0, now - TimeDelta::hours(1));
    {
        let mut w = test.world();
        let odd = &mut w.beeminder.datapoints("weight")[0];
        odd.id = String::new();
        odd.requestid = None;
    }
    test.weigh_in(80.0);
    test.sync_with(
        Service::Beeminder,
        "datapoints.json",
        Fault::http(422, r#"{"errors":"Duplicate request"}"#),
    )
    .await;
    let mut said = vec![];
    for _ in 0..100 {
        said = codes(&test.sync().await);
        test.advance(TimeDelta::minutes(30));
    }
    said.retain(|c| format!("{c:?}") != "NothingMeasured");
    assert!(
        test.values("weight").contains(&80.0) || !said.is_empty(),
        "{:?} {said:?}",
        test.values("weight")
    );
}

#[tokio::test]
async fn a_zone_that_cannot_be_read_makes_no_loop() {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    test.link("weight", lowest()).await;
    test.weigh_in(82.0);
    test.world().faults.every(Service::Beeminder, "users/me.json", Fault::http(500, "x"));
    let (mut passes, end) = (0, test.now + TimeDelta::hours(6));
    let mut said = vec![];
    while test.now < end {
        let r = test.pass(Trigger::Timer).await;
        said = codes(&r);
        passes += 1;
        let step = r.next - test.now;
        test.advance(step);
    }
    let n = test.outbox().len() as u64;
    test.expect_pending(n);
    assert!(passes < 60 && !said.is_empty(), "{passes} passes in six hours, {said:?}");
}

#[tokio::test]
async fn a_day_whose_zone_cannot_be_read_anew_is_said_before_its_deadline_passes() {
    let mut bad = vec![];
    for fault in
        [Fault::http(500, "x"), Fault::http(403, "<html>no</html>"), Fault::http(200, "{}"), Fault::Drop]
    {
        let mut test = TestApp::connected().await;
        test.expect_warning("");
        test.link("steps", track(MeasureKind::named("steps").unwrap())).await;
        test.connect_withings().await.unwrap();
        let now = test.now;
        test.world().withings.days().walk("2026-11-23".parse().unwrap(), 5000, now);
        let deadline: DateTime<Utc> = "2026-11-23T23:00:00Z".parse().unwrap();
        test.world().beeminder.goal("steps").fields["losedate"] = deadline.timestamp().into();
        test.world().faults.every(Service::Beeminder, "users/me.json", fault.clone());
        let mut ever = vec![];
        let mut passes = 0;
        while test.now < deadline {
            let r = test.pass(Trigger::Timer).await;
            passes += 1;
            ever.extend(codes(&r));
            let step = r.next - test.now;
            test.advance(step);
        }
        ever.dedup();
        if days(&test, "steps").is_empty() && ever.is_empty() {
            bad.push((
                fault,
                passes,
                ever,
                test.app()
                    .store
                    .read(|conn| beeminder_withings_sync::health::status::status(conn, test.now))
                    .map(|s| format!("{s:?}"))
                    .unwrap_or_default(),
            ));
        }
        let n = test.outbox().len() as u64;
        test.expect_pending(n);
    }
    assert!(bad.is_empty(), "{bad:#?}");
}

#[tokio::test]
async fn a_database_that_is_gone_for_a_moment_is_not_replaced_by_an_empty_one() {
    let mut test = TestApp::weighing().await;
    test.expect_warning("");
    test.weigh_in(80.0);
    test.sync().await;
    let files: Vec<_> = std::fs::read_dir(test.path()).unwrap().map(|e| e.unwrap().path()).collect();
    let db = files
        .iter()
        .find(|p| p.extension().is_some_and(|e| e == "db" || e == "sqlite" || e == "sqlite3"))
        .unwrap_or_else(|| panic!("{files:?}"))
        .clone();
    let away = db.with_extension("away");
    std::fs::rename(&db, &away).unwrap();
    let report = test.app().sync(Trigger::Timer, test.now, &tokio_util::sync::CancellationToken::new()).await;
    let said = report.map(|r| codes(&r)).map_err(|e| e.to_string());
    // It comes back.
    std::fs::rename(&away, &db).unwrap();
    test.advance(TimeDelta::hours(2));
    test.weigh_in(81.0);
    let again = test.app().sync(Trigger::Timer, test.now, &tokio_util::sync::CancellationToken::new()).await;
    assert_eq!(test.values("weight"), [80.0, 81.0], "{said:?} {again:?}");
}
