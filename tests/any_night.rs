//! Nights and workouts that come bit by bit, in any order, end as those that come at once.

use beeminder_withings_sync::domain::measure::kind::MeasureKind;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::support::goals::{at, has};
use super::support::{TestApp, track};

#[tokio::test]
async fn nights_that_come_bit_by_bit_end_as_those_that_come_at_once() {
    let mut bad = vec![];
    for seed in 1..=40_u64 {
        let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let mut random = move |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((state >> 33) % below) as i64
        };
        let kinds = ["sleep-duration", "sleep-score", "bedtime", "wake-up-time", "time-in-bed", "deep-sleep"];
        let kind = MeasureKind::named(kinds[(seed % 6) as usize]);
        let Some(kind) = kind else {
            panic!("{}", kinds[(seed % 6) as usize]);
        };
        let mut test = TestApp::connected().await;
        test.expect_warning("");
        test.link("sleep", track(kind)).await;
        test.connect_withings().await.unwrap();
        at(&mut test, "2026-11-27T12:00:00Z");
        let base: DateTime<Utc> = "2026-11-24T12:00:00Z".parse().unwrap();
        let mut ids: Vec<i64> = vec![];
        for _ in 0..8 {
            let now = test.now;
            let end = base + TimeDelta::minutes(random(4000));
            let seconds = 600 + random(9 * 3600);
            let date = (end + TimeDelta::hours(1)).date_naive() - TimeDelta::days(i64::from(random(4) == 0));
            if ids.len() > 1 && random(3) == 0 {
                let id = ids[random(ids.len() as u64) as usize];
                let mut world = test.world();
                let row = world.withings.days().sleep.get_mut(&id).unwrap();
                row["enddate"] = json!(end.timestamp());
                row["startdate"] = json!(end.timestamp() - seconds - 1200);
                row["date"] = json!(date.to_string());
                row["modified"] = json!(now.timestamp());
            } else {
                let id = test.world().withings.days().sleep_until(date, end, seconds, now);
                ids.push(id);
            }
            test.sync().await;
            test.advance(TimeDelta::minutes(65));
        }
        for _ in 0..3 {
            test.sync().await;
            test.advance(TimeDelta::minutes(65));
        }
        let mut fresh = TestApp::connected().await;
        fresh.expect_warning("");
        fresh.link("sleep", track(kind)).await;
        fresh.connect_withings().await.unwrap();
        let rows = test.world().withings.days().sleep.clone();
        fresh.world().withings.days().sleep = rows.clone();
        let by = test.now - fresh.now;
        fresh.advance(by);
        for _ in 0..3 {
            fresh.sync().await;
            fresh.advance(TimeDelta::minutes(65));
        }
        if has(&test, "sleep") != has(&fresh, "sleep") {
            bad.push((
                seed,
                kind.to_string(),
                has(&test, "sleep"),
                has(&fresh, "sleep"),
                test.app().stale().unwrap().len(),
            ));
        }
    }
    assert!(bad.is_empty(), "{bad:#?}");
}

#[tokio::test]
async fn stretches_that_come_and_go_end_as_those_that_come_at_once() {
    let mut bad = vec![];
    for seed in 100..=140_u64 {
        let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let mut random = move |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((state >> 33) % below) as i64
        };
        let kinds = ["workouts", "workout-duration", "workout-distance", "time-in-bed", "sleep-latency"];
        let name = kinds[(seed % 5) as usize];
        let kind = MeasureKind::named(name).unwrap();
        let sleeps = name.contains("bed") || name.contains("sleep");
        let mut test = TestApp::connected().await;
        test.expect_warning("");
        test.link("sleep", track(kind)).await;
        test.app().mirror_deletions(true).unwrap();
        test.connect_withings().await.unwrap();
        at(&mut test, "2026-11-27T12:00:00Z");
        let base: DateTime<Utc> = "2026-11-24T12:00:00Z".parse().unwrap();
        let mut ids: Vec<i64> = vec![];
        for step in 0..9 {
            let now = test.now;
            let end = base + TimeDelta::minutes(random(3000));
            let seconds = 1200 + random(5 * 3600);
            let date = (end + TimeDelta::hours(1)).date_naive() - TimeDelta::days(i64::from(random(4) == 0));
            let device = ["watch", "mat", ""][random(3) as usize];
            {
                let mut world = test.world();
                let d = world.withings.days();
                if step > 5 && !ids.is_empty() && random(2) == 0 {
                    let id = ids.swap_remove(random(ids.len() as u64) as usize);
                    d.sleep.remove(&id);
                    d.workouts.remove(&id);
                } else if ids.len() > 1 && random(3) == 0 {
                    let id = ids[random(ids.len() as u64) as usize];
                    let row = if sleeps { d.sleep.get_mut(&id) } else { d.workouts.get_mut(&id) }.unwrap();
                    row["enddate"] = json!(end.timestamp());
                    row["startdate"] = json!(end.timestamp() - seconds);
                    row["date"] = json!(date.to_string());
                    row["modified"] = json!(now.timestamp());
                } else if sleeps {
                    ids.push(d.sleep_until(date, end, seconds, now));
                } else {
                    let id = d.work_out(2, 30, now);
                    let row = d.workouts.get_mut(&id).unwrap();
                    row["enddate"] = json!(end.timestamp());
                    row["startdate"] = json!(end.timestamp() - seconds);
                    row["date"] = json!(date.to_string());
                    if !device.is_empty() {
                        row["deviceid"] = json!(device);
                    }
                    ids.push(id);
                }
            }
            test.sync().await;
            test.advance(TimeDelta::hours(if step > 5 { 25 } else { 2 }));
        }
        for _ in 0..5 {
            test.sync().await;
            test.advance(TimeDelta::hours(13));
        }
        let mut fresh = TestApp::connected().await;
        fresh.expect_warning("");
        fresh.link("sleep", track(kind)).await;
        fresh.connect_withings().await.unwrap();
        let (sleep, workouts) = {
            let mut world = test.world();
            (world.withings.days().sleep.clone(), world.withings.days().workouts.clone())
        };
        fresh.world().withings.days().sleep = sleep.clone();
        fresh.world().withings.days().workouts = workouts.clone();
        let by = test.now - fresh.now;
        fresh.advance(by);
        for _ in 0..3 {
            fresh.sync().await;
            fresh.advance(TimeDelta::minutes(65));
        }
        if has(&test, "sleep") != has(&fresh, "sleep") {
            bad.push((
                seed,
                name,
                has(&test, "sleep"),
                has(&fresh, "sleep"),
                test.app().stale().unwrap().len(),
                sleep.len() + workouts.len(),
            ));
        }
    }
    assert!(bad.is_empty(), "{bad:#?}");
}

#[tokio::test]
async fn lengths_over_all_days_are_those_of_the_union() {
    let mut bad = vec![];
    for seed in 1..=60_u64 {
        let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let mut random = move |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((state >> 33) % below) as i64
        };
        let mut test = TestApp::connected().await;
        test.expect_warning("");
        test.link("sleep", track(MeasureKind::named("time-in-bed").unwrap())).await;
        test.connect_withings().await.unwrap();
        at(&mut test, "2026-11-27T12:00:00Z");
        let base: DateTime<Utc> = "2026-11-24T20:00:00Z".parse().unwrap();
        let mut spans = vec![];
        for _ in 0..3 {
            let now = test.now;
            let end = base + TimeDelta::minutes(random(720));
            let seconds = 1800 + random(6 * 3600);
            let right = (end + TimeDelta::hours(1)).date_naive();
            // A copy that goes by another zone is dated a day off.
            let date = right + TimeDelta::days(i64::from(random(3) == 0))
                - TimeDelta::days(i64::from(random(4) == 0));
            test.world().withings.days().sleep_until(date, end, seconds, now);
            spans.push((end.timestamp() - seconds - 1200, end.timestamp(), date, date == right));
        }
        for _ in 0..2 {
            test.sync().await;
            test.advance(TimeDelta::minutes(65));
        }
        spans.sort();
        let (mut union, mut until) = (0, 0);
        for (from, to, ..) in &spans {
            union += (to - from.max(&until)).max(0);
            until = until.max(*to);
        }
        let sum: f64 = test.values("sleep").iter().sum();
        if (sum * 3600.0 - union as f64).abs() > 120.0 {
            bad.push((seed, sum, union as f64 / 3600.0, has(&test, "sleep"), spans));
        }
    }
    assert!(bad.is_empty(), "{bad:#?}");
}
