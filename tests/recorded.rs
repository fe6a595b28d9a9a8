//! Answers recorded from the real services, where they are at hand: `RECORDED_DATA` names their folder.

use std::collections::HashSet;
use std::path::PathBuf;

use beeminder_withings_sync::domain::measure::kind::MeasureKind;
use beeminder_withings_sync::domain::measure::measure_set::MeasureSet;
use beeminder_withings_sync::domain::service::Service;
use beeminder_withings_sync::sandbox::faults::Fault;
use beeminder_withings_sync::store;
use beeminder_withings_sync::sync::Requests;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::support::{TestApp, count, track};

fn recorded(path: &str) -> Option<Value> {
    // Whoever runs the tests elsewhere does not have them.
    let folder = std::env::var_os("RECORDED_DATA")?;
    let file = PathBuf::from(folder).join(path);
    Some(serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap())
}

fn begin_goals_early(test: &TestApp) {
    for goal in &mut test.world().beeminder.goals {
        goal.fields["initday"] = json!(1_388_574_000);
        // Everything is on the right side of the line.
        goal.fields["fullroad"] = json!([[1_388_574_000, 1000.0, null], [1_988_574_000, 1000.0, null]]);
    }
}

/// Counts groups by looking at the recording alone.
fn groups_with(groups: &[Value], kinds: &[i64], since: i64) -> Vec<i64> {
    groups
        .iter()
        .filter(|group| group["date"].as_i64().unwrap() >= since)
        .filter(|group| group["attrib"] != 1)
        .filter(|group| {
            let found: HashSet<i64> =
                group["measures"].as_array().unwrap().iter().map(|m| m["type"].as_i64().unwrap()).collect();
            kinds.iter().all(|kind| found.contains(kind))
        })
        .map(|group| group["grpid"].as_i64().unwrap())
        .collect()
}

#[tokio::test]
async fn two_thousand_real_groups_give_one_datapoint_for_each_expected_measurement() {
    let Some(recorded) = recorded("withings/measurement_list.json") else { return };
    let groups = recorded.as_array().unwrap();
    assert_eq!(groups.len(), 2062);
    let mut test = TestApp::connected().await;
    for group in groups {
        let now = test.now;
        test.world().withings.add(group.clone(), now);
    }
    test.advance(TimeDelta::minutes(1));
    // 2022-01-01 in Paris.
    let (day, since) = ("2022-01-01", 1_640_991_600);
    begin_goals_early(&test);
    test.link_since("weight", track(MeasureKind::WEIGHT), day).await;
    test.link_since("systolic", track(MeasureKind::SYSTOLIC), day).await;
    test.link_since("pressure", count(MeasureSet::blood_pressure()), day).await;
    let report = test.sync().await;
    let (known, _) = test.app().store.read(store::measurement::summary).unwrap();
    assert_eq!((known, report.pending, report.parked), (2062, 0, 0));
    assert_eq!(report.delivered, 300, "a hundred a goal and day");
    let mut days = 1;
    while test.app().backfills().unwrap().iter().any(|backfill| !backfill.is_done()) {
        test.advance(TimeDelta::days(1));
        test.sync().await;
        days += 1;
    }
    assert!((3..30).contains(&days), "{days} days");
    for (goal, kinds, prefix, suffix) in [
        ("weight", &[1][..], "withings-", "-weight"),
        ("systolic", &[10], "withings-", "-systolic"),
        ("pressure", &[9, 10, 11], "withings-blood-pressure-", ""),
    ] {
        let mut expected: Vec<String> =
            groups_with(groups, kinds, since).iter().map(|id| format!("{prefix}{id}{suffix}")).collect();
        let mut found: Vec<String> =
            test.at_beeminder(goal).into_iter().map(|datapoint| datapoint.requestid.unwrap()).collect();
        assert!(expected.len() > 100, "{goal}: {}", expected.len());
        expected.sort();
        found.sort();
        assert_eq!(found, expected, "{goal}");
    }
    let report = test.sync().await;
    assert_eq!(report.requests, Requests { withings: 1, beeminder: 0 });
}

#[tokio::test]
async fn segments_of_the_body_are_not_taken_for_the_whole() {
    let Some(recorded) = recorded("withings/measurement_positions.json") else { return };
    let groups = recorded["body"]["measuregrps"].as_array().or(recorded.as_array()).unwrap().clone();
    let mut test = TestApp::connected().await;
    for group in &groups {
        let now = test.now;
        test.world().withings.add(group.clone(), now);
    }
    test.advance(TimeDelta::minutes(1));
    begin_goals_early(&test);
    test.link_since("weight", track(MeasureKind(5)), "2015-01-01").await;
    test.sync().await;
    let with_lean =
        groups.iter().filter(|group| group["measures"].as_array().unwrap().iter().any(|m| m["type"] == 5));
    let ids: HashSet<i64> = with_lean.map(|group| group["grpid"].as_i64().unwrap()).collect();
    assert_eq!(test.values("weight").len(), ids.len());
}

#[tokio::test]
async fn every_recorded_goal_list_is_read_whole() {
    let mut test = TestApp::new().await;
    for file in
        ["goals/get_goals_valid.json", "goals/get_goals_emaciated.json", "goals/get_archived_valid.json"]
    {
        let Some(recorded) = recorded(&format!("beeminder/{file}")) else { return };
        let goals = recorded["response"]["body"].clone();
        let body = goals.to_string();
        test.advance(TimeDelta::minutes(1));
        if test
            .app()
            .store
            .read(|conn| {
                beeminder_withings_sync::store::account::load(
                    conn,
                    beeminder_withings_sync::domain::service::Service::Beeminder,
                )
            })
            .unwrap()
            .is_none()
        {
            test.connect_beeminder().await.unwrap();
        }
        let fault = beeminder_withings_sync::sandbox::faults::Fault::http(200, &body);
        test.world().faults.next(
            beeminder_withings_sync::domain::service::Service::Beeminder,
            "goals.json",
            fault,
        );
        let (_, read) = test.app().goals().await.unwrap();
        assert_eq!(read.len(), goals.as_array().unwrap().len(), "{file}");
    }
}

/// Answers of Withings that are not measure groups, and how many rows each has.
#[tokio::test]
async fn recorded_days_nights_workouts_and_devices_are_read_whole() {
    for (file, path, kind, rows) in [
        ("activity", "v2/measure", "steps", 2),
        // Eleven, one of them twice.
        ("workouts", "v2/measure", "workouts", 10),
        ("sleep_summary", "v2/sleep", "sleep-duration", 300),
    ] {
        let Some(mut recorded) = recorded(&format!("withings/{file}.json")) else { return };
        // One page is enough here.
        recorded["body"]["more"] = json!(false);
        let test = TestApp::connected().await;
        let kind = MeasureKind::named(kind).unwrap();
        test.link("steps", track(kind)).await;
        test.connect_withings().await.unwrap();
        let fault = Fault::http(200, &recorded.to_string());
        test.world().faults.next(Service::Withings, path, fault);
        let report = test.sync().await;
        assert_eq!(report.fetched, u64::try_from(rows).unwrap(), "{file}");
        let unreadable = test.app().store.read(store::unreadable::count).unwrap();
        assert_eq!((unreadable, report.delivered), (0, 0), "{file}: all of it is old");
        let groups = test
            .app()
            .store
            .read(|conn| store::measurement::load_with_kinds(conn, &[kind], DateTime::<Utc>::UNIX_EPOCH));
        assert_eq!(groups.unwrap().len(), rows, "{file}");
    }
    for (file, count) in [("device", 5), ("new_device", 1)] {
        let Some(recorded) = recorded(&format!("withings/{file}.json")) else { return };
        let test = TestApp::new().await;
        test.app().watch_devices(true).unwrap();
        test.connect_withings().await.unwrap();
        test.connect_beeminder().await.unwrap();
        test.world().faults.next(Service::Withings, "v2/user", Fault::http(200, &recorded.to_string()));
        test.sync().await;
        // Those with the same number are one.
        let devices = test.app().store.read(store::device::load_all).unwrap();
        assert!((1..=count).contains(&devices.len()), "{file}: {devices:?}");
    }
}
