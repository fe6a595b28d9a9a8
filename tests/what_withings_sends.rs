//! What Withings really sends: values that cannot be read, dates that cannot be, the same night, workout or
//! day told twice. Each costs no more than itself, and is said.

use beeminder_withings_sync::domain::link::Feed;
use beeminder_withings_sync::domain::measure::kind::MeasureKind;
use beeminder_withings_sync::domain::measure::measure_set::MeasureSet;
use beeminder_withings_sync::domain::measure::measurement::GroupId;
use beeminder_withings_sync::domain::measure::take::Take;
use beeminder_withings_sync::domain::problem_code::ProblemCode;
use beeminder_withings_sync::domain::service::Service;
use beeminder_withings_sync::health::status::Status;
use beeminder_withings_sync::sandbox::faults::Fault;
use beeminder_withings_sync::store;
use beeminder_withings_sync::view::overview::overview;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde_json::{Value, json};

use super::support::{LOOK, TestApp, codes, count, take, track};

fn kind(name: &str) -> MeasureKind {
    MeasureKind::named(name).unwrap()
}

fn monday() -> NaiveDate {
    "2026-11-23".parse().unwrap()
}

async fn linked(goal: &str, feed: Feed) -> TestApp {
    let test = TestApp::connected().await;
    test.link(goal, feed).await;
    test.connect_withings().await.unwrap();
    test
}

fn add(test: &TestApp, group: Value) -> i64 {
    let now = test.now;
    test.world().withings.add(group, now)
}

fn kept(test: &TestApp) -> u64 {
    test.app().store.read(store::unreadable::count).unwrap()
}

fn reasons(test: &TestApp) -> Vec<String> {
    test.history().into_iter().filter_map(|line| line.outcome).map(|outcome| outcome.reason).collect()
}

#[tokio::test]
async fn a_value_that_cannot_be_read_costs_that_value_and_a_fraction_is_one() {
    let mut test = TestApp::weighing().await;
    test.link("fat", track(MeasureKind::FAT_RATIO)).await;
    test.expect_warning("cannot be read and is kept");
    let weight = json!({"value": 80_000, "type": 1, "unit": -3});
    add(&test, json!({"measures": [weight, {"value": null, "type": 6, "unit": -3}]}));
    let report = test.sync().await;
    assert_eq!(
        (test.values("weight"), codes(&report)),
        (vec![80.0], vec![ProblemCode::MeasurementUnreadable])
    );
    test.advance(TimeDelta::hours(1));
    add(&test, json!({"measures": [weight, {"value": 1750.5, "type": 6, "unit": -2}]}));
    test.sync().await;
    assert_eq!((test.values("weight"), test.values("fat")), (vec![80.0, 80.0], vec![17.5]));
}

#[tokio::test]
async fn what_could_not_be_read_is_cleared_when_it_comes_right() {
    let mut test = TestApp::weighing().await;
    test.link("fat", track(MeasureKind::FAT_RATIO)).await;
    test.expect_warning("cannot be read and is kept");
    let weight = json!({"value": 80_000, "type": 1, "unit": -3});
    let whole = add(&test, json!({"measures": [{"type": 1, "value": []}]}));
    test.advance(TimeDelta::minutes(1));
    let part = add(&test, json!({"measures": [weight, {"value": null, "type": 6, "unit": -3}]}));
    test.sync().await;
    assert_eq!((kept(&test), test.values("weight")), (2, vec![80.0]));
    test.advance(TimeDelta::hours(5));
    add(&test, json!({"grpid": whole, "measures": [weight]}));
    test.advance(TimeDelta::minutes(1));
    let fat = json!({"value": 18_500, "type": 6, "unit": -3});
    add(&test, json!({"grpid": part, "measures": [weight, fat]}));
    let report = test.sync().await;
    assert_eq!((kept(&test), codes(&report)), (0, vec![]));
    assert_eq!((test.values("weight"), test.values("fat")), (vec![80.0, 80.0], vec![18.5]));
}

#[tokio::test]
async fn a_value_that_was_read_once_is_not_taken_away_by_one_that_cannot_be() {
    let mut test = TestApp::weighing().await;
    let id = add(&test, json!({"measures": [{"value": 80_000, "type": 1, "unit": -3}]}));
    test.sync().await;
    test.expect_warning("cannot be read and is kept");
    for measures in [
        json!([{"value": null, "type": 1, "unit": -3}]),
        json!([{"value": null, "type": 1, "unit": -3}, {"value": 18_500, "type": 6, "unit": -3}]),
        json!(null),
    ] {
        test.advance(TimeDelta::days(2));
        add(&test, json!({"grpid": id, "date": test.now.timestamp() - 1000, "measures": measures}));
        let report = test.sync().await;
        assert_eq!(
            (codes(&report), test.values("weight")),
            (vec![ProblemCode::MeasurementUnreadable], vec![80.0])
        );
    }
    assert_eq!(kept(&test), 1, "only the last form is of use");
}

#[tokio::test]
async fn a_later_version_reads_what_an_earlier_one_could_not() {
    let mut test = TestApp::weighing().await;
    test.link("fat", track(MeasureKind::FAT_RATIO)).await;
    let id = test.weigh_in(80.0);
    test.sync().await;
    // As an earlier version kept them: a whole group, and one value of a group that is there.
    let raw = |id: i64, measures: Value| {
        let at = test.now.timestamp();
        json!({"grpid": id, "attrib": 0, "date": at, "modified": at, "measures": measures}).to_string()
    };
    let texts = [
        raw(77, json!([{"value": 81_000, "type": 1, "unit": -3}])),
        raw(id, json!([{"value": 1850, "type": 91, "unit": -2}])),
        "{\"odd\":1}".to_owned(),
    ];
    let write = |conn: &store::Connection| {
        let source = beeminder_withings_sync::domain::measure::kind::Source::Measure;
        let all = texts.map(|raw| beeminder_withings_sync::domain::measure::measurement::Unreadable {
            id: None,
            source,
            raw,
        });
        store::unreadable::save(conn, &all, test.now)?;
        store::unreadable::forget_tries(conn)
    };
    test.app().store.write(write).unwrap();
    test.restart();
    assert_eq!(kept(&test), 1, "one cannot be read even now");
    let group = test.app().store.read(|conn| store::measurement::load(conn, GroupId(id))).unwrap().unwrap();
    assert!(group.measurement(MeasureKind(91)).is_some() && group.measurement(MeasureKind::WEIGHT).is_some());
    let report = test.sync().await;
    assert_eq!((report.delivered, test.values("weight")), (1, vec![80.0, 81.0]));
    assert!(test.app().store.read(store::unreadable::untried).unwrap().is_empty(), "it is tried once");
}

#[tokio::test]
async fn a_row_that_cannot_be_read_hides_no_deletion_and_makes_no_pass_longer() {
    for bad in
        [json!({"measures": [{"value": null, "type": 1, "unit": -3}]}), json!({"grpid": null, "odd": 1})]
    {
        let mut test = TestApp::weighing().await;
        let gone = test.weigh_in(80.0);
        test.advance(TimeDelta::minutes(1));
        let stays = test.weigh_in(81.0);
        test.sync().await;
        test.expect_warning("cannot be read and is kept");
        add(&test, bad);
        test.sync().await;
        test.advance(TimeDelta::days(1));
        test.sync().await;
        test.advance(TimeDelta::days(1));
        test.world().withings.delete(gone);
        let report = test.sync().await;
        assert_eq!(codes(&report), [ProblemCode::Stale, ProblemCode::MeasurementUnreadable]);
        let known = |id| test.app().store.read(|conn| store::measurement::load(conn, GroupId(id))).unwrap();
        assert!(known(gone).unwrap().gone && !known(stays).unwrap().gone);
        assert_eq!(test.sync().await.requests.withings, 1, "the last weeks are read once a day");
    }
}

#[tokio::test]
async fn dates_at_the_ends_of_the_calendar_are_kept_and_said_and_nothing_panics() {
    let test = TestApp::weighing().await;
    test.link("steps", track(MeasureKind::STEPS)).await;
    test.link("sleep", track(MeasureKind::SLEEP_DURATION)).await;
    test.connect_withings().await.unwrap();
    test.expect_warning("cannot be read and is kept");
    let weight = json!([{"value": 80_000, "type": 1, "unit": -3}]);
    let ends = [i64::MIN, i64::MAX, 8_210_266_876_799, -8_334_601_228_800, -1, 0];
    for date in ends {
        add(&test, json!({"date": date, "measures": weight}));
    }
    let now = test.now.timestamp();
    let sleep = json!({"total_sleep_time": 25_200});
    for (id, (start, end)) in
        (1..).zip([(ends[0], ends[1]), (now - 9, ends[2]), (ends[3], now), (now, now - 60)])
    {
        let row = json!({"id": id, "startdate": start, "enddate": end, "modified": now, "data": sleep});
        test.world().withings.days().sleep.insert(id, row);
    }
    for date in ["+262000-12-31", "-262000-01-01", "0000-00-00"] {
        let row = json!({"date": date, "steps": 5, "modified": now, "brand": 1});
        test.world().withings.days().activities.insert(date.into(), row);
    }
    test.weigh_in(82.4);
    let report = test.sync().await;
    assert_eq!(
        (codes(&report), test.values("weight")),
        (vec![ProblemCode::MeasurementUnreadable], vec![82.4])
    );
    assert_eq!(kept(&test), 6 + 4 + 3);
    assert_eq!(codes(&test.sync().await), [ProblemCode::MeasurementUnreadable]);
}

#[tokio::test]
async fn what_an_earlier_version_kept_from_the_ends_of_the_calendar_harms_nothing() {
    let test = TestApp::weighing().await;
    let ends = |conn: &store::Connection| {
        for (id, at) in [(1, 8_210_266_000_000_i64), (2, -8_334_601_228_800)] {
            conn.execute(
                "INSERT INTO measure_group VALUES (?1, 0, ?2, ?2, NULL, NULL, NULL, 'measure', NULL, NULL, NULL)",
                [id, at],
            )?;
            conn.execute("INSERT INTO measurement VALUES (?1, 0, 1, 80000, -3, NULL)", [id])?;
            store::measurement::mark_changed(conn, GroupId(id))?;
        }
        Ok(())
    };
    test.app().store.write(ends).unwrap();
    test.weigh_in(82.4);
    assert_eq!(codes(&test.sync().await), [ProblemCode::InFuture]);
    assert_eq!(test.values("weight"), [82.4]);
    assert!(test.app().chart("weight", 40_000, LOOK, test.now).is_ok());
}

#[tokio::test]
async fn what_is_dated_in_the_future_waits_until_that_has_come_and_is_said() {
    let mut test = TestApp::weighing().await;
    let measures = json!([{"value": 80_000, "type": 1, "unit": -3}]);
    let tomorrow = test.now + TimeDelta::days(1);
    add(&test, json!({"date": tomorrow.timestamp(), "measures": measures}));
    add(&test, json!({"date": 4_070_908_800_i64, "measures": measures}));
    // A clock that is a little fast.
    add(&test, json!({"date": test.now.timestamp() + 300, "measures": measures}));
    let report = test.sync().await;
    assert_eq!((report.delivered, codes(&report)), (1, vec![ProblemCode::InFuture]));
    assert_eq!(report.attention[0].message.split(' ').next(), Some("2"));
    let held = test.history().into_iter().filter_map(|line| line.outcome);
    assert_eq!(held.filter(|outcome| outcome.outcome == "held").count(), 2);
    test.advance(TimeDelta::days(1));
    let report = test.sync().await;
    assert_eq!((report.delivered, codes(&report)), (1, vec![ProblemCode::InFuture]));
    assert_eq!(test.values("weight"), [80.0, 80.0]);
}

#[tokio::test]
async fn a_date_in_the_future_does_not_hide_that_nothing_is_measured() {
    let mut test = TestApp::weighing().await;
    test.weigh_in(82.4);
    add(&test, json!({"date": 4_070_908_800_i64, "measures": [{"value": 80, "type": 1, "unit": 0}]}));
    test.sync().await;
    let last = test.now;
    test.advance(TimeDelta::days(30));
    test.sync().await;
    let overview = test.app().store.read(|conn| overview(conn, test.now)).unwrap();
    assert_eq!(
        (overview.status, overview.last_measured),
        (Status::NothingMeasured { last, what: MeasureKind::WEIGHT }, Some(last))
    );
}

#[tokio::test]
async fn days_nights_and_workouts_in_the_future_wait_too() {
    let mut test = linked("steps", track(MeasureKind::STEPS)).await;
    test.link("sleep", track(MeasureKind::SLEEP_DURATION)).await;
    test.link("exercise", track(MeasureKind::WORKOUTS)).await;
    let (now, ahead) = (test.now, test.now + TimeDelta::days(2));
    test.world().withings.days().walk(monday() + TimeDelta::days(2), 5000, now);
    test.world().withings.days().sleep_until(monday() + TimeDelta::days(2), ahead, 25_200, now);
    test.world().withings.days().work_out(2, 30, ahead);
    test.sync().await;
    let all = |test: &TestApp| [test.values("steps"), test.values("sleep"), test.values("exercise")];
    assert_eq!(all(&test).concat(), [0.0; 0]);
    assert_eq!(reasons(&test), ["in_future"; 3]);
    test.advance(TimeDelta::days(2));
    assert_eq!(codes(&test.sync().await), []);
    assert_eq!(all(&test), [vec![5000.0], vec![7.0], vec![1.0]]);
}

#[tokio::test]
async fn a_clock_of_this_computer_that_is_behind_holds_nothing() {
    let mut test = TestApp::weighing().await;
    test.weigh_in(82.4);
    test.now -= TimeDelta::days(400);
    let report = test.sync().await;
    assert_eq!((report.delivered, codes(&report)), (1, vec![ProblemCode::ClockWrong]));
}

/// A night as one of several tells it, in hours from midnight in Paris.
fn night(test: &TestApp, (id, model): (i64, i64), from: f64, to: f64, asleep: f64) {
    let midnight: DateTime<Utc> = "2026-11-22T23:00:00Z".parse().unwrap();
    #[expect(clippy::cast_possible_truncation, reason = "hours of a day")]
    let at = |hours: f64| midnight.timestamp() + (hours * 3600.0).round() as i64;
    let row = json!({"id": id, "model": model, "timezone": "Europe/Paris", "startdate": at(from), "enddate": at(to),
        "date": "2026-11-23", "modified": test.now.timestamp(),
        "data": {"total_sleep_time": at(asleep) - at(0.0), "sleep_score": 60 + id}});
    test.world().withings.days().sleep.insert(id, row);
}

#[tokio::test]
async fn a_night_told_by_mat_and_watch_counts_once() {
    let test = linked("sleep", track(MeasureKind::SLEEP_DURATION)).await;
    night(&test, (1, 32), -1.0, 6.5, 7.0);
    night(&test, (2, 16), -0.9, 6.4, 6.92);
    test.sync().await;
    assert_eq!(test.values("sleep"), [7.0]);
    assert_eq!(test.at_beeminder("sleep")[0].comment, "Withings");
    assert_eq!(reasons(&test), ["sent_for_day", "other_of_day"]);
}

#[tokio::test]
async fn copies_of_a_night_that_grow_count_once_whenever_they_come() {
    let mut test = linked("sleep", track(MeasureKind::SLEEP_DURATION)).await;
    for (id, (to, asleep)) in
        (1..).zip([(1.0, 1.5), (2.0, 2.6), (4.0, 4.4), (5.0, 5.6), (6.0, 6.5), (6.5, 7.1)])
    {
        night(&test, (id, 16), -1.0, to, asleep);
        test.sync().await;
        assert_eq!(test.values("sleep"), [asleep]);
        test.advance(TimeDelta::minutes(1));
    }
}

#[tokio::test]
async fn a_copy_of_a_night_that_ended_before_midnight_is_none_of_the_day_before() {
    let mut test = linked("sleep", track(MeasureKind::SLEEP_DURATION)).await;
    let dated = |test: &TestApp, id: i64, date: &str| {
        test.world().withings.days().sleep.get_mut(&id).unwrap()["date"] = json!(date);
    };
    night(&test, (1, 16), -1.0, 6.0, 7.0);
    test.advance(TimeDelta::hours(17));
    // A copy of the next night, of somebody who went to bed early.
    night(&test, (2, 16), 22.0, 23.8, 1.3);
    test.sync().await;
    assert_eq!(test.values("sleep"), [8.3]);
    test.advance(TimeDelta::hours(8));
    night(&test, (3, 16), 22.0, 30.0, 7.5);
    dated(&test, 3, "2026-11-24");
    let report = test.sync().await;
    assert_eq!((test.values("sleep"), codes(&report)), (vec![7.0, 7.5], vec![]));
    // The night before goes, and of its day nothing is left but the copy, which counts elsewhere.
    test.world().withings.days().sleep.remove(&1);
    test.advance(TimeDelta::hours(25));
    night(&test, (4, 16), 48.0, 54.0, 5.5);
    dated(&test, 4, "2026-11-25");
    let report = test.sync().await;
    assert_eq!(codes(&report), [ProblemCode::Stale]);
    let stale = test.app().stale().unwrap();
    test.app().remove_stale(stale[0].id, test.now).unwrap();
    test.sync().await;
    assert_eq!(test.values("sleep"), [7.5, 5.5]);
    // With the whole night gone the copy is all there is of it.
    test.world().withings.days().sleep.remove(&3);
    test.advance(TimeDelta::hours(25));
    test.sync().await;
    assert_eq!(test.values("sleep"), [1.3, 7.5, 5.5], "the user is asked about the whole night");
    let stale = test.app().stale().unwrap();
    test.app().remove_stale(stale[0].id, test.now).unwrap();
    test.sync().await;
    assert_eq!(test.values("sleep"), [1.3, 5.5]);
}

#[tokio::test]
async fn a_night_in_two_rows_ends_with_the_second_and_a_nap_before_gives_no_bedtime() {
    let test = linked("sleep", track(kind("wake-up-time"))).await;
    test.link("weight", track(kind("bedtime"))).await;
    test.link("steps", take(MeasureKind::SLEEP_DURATION, Take::Max)).await;
    night(&test, (1, 32), -10.0, -9.0, 0.9);
    night(&test, (2, 32), -1.5, 2.0, 3.3);
    night(&test, (3, 32), 3.0, 6.5, 3.2);
    test.sync().await;
    assert_eq!(test.values("sleep"), [6.5]);
    assert_eq!(test.values("weight"), [-1.5]);
    assert_eq!(test.values("steps"), [6.5]);
    assert_eq!(test.at_beeminder("sleep")[0].comment, "Withings, longest of 2");
}

#[tokio::test]
async fn the_night_of_another_app_has_its_hours_where_it_tells_them() {
    let test = linked("sleep", track(MeasureKind::SLEEP_DURATION)).await;
    test.link("weight", track(kind("deep-sleep"))).await;
    let (start, end) = (test.now.timestamp() - 28_000, test.now.timestamp());
    let data = json!({"total_sleep_time": 0, "asleepduration": 25_200, "deepsleepduration": 0});
    let row = json!({"id": 7, "startdate": start, "enddate": end, "modified": end, "data": data});
    test.world().withings.days().sleep.insert(7, row);
    test.sync().await;
    assert_eq!((test.values("sleep"), test.values("weight")), (vec![7.0], vec![]));
}

#[tokio::test]
async fn a_run_told_by_the_watch_and_by_an_app_is_one_run() {
    let mut test = linked("exercise", track(MeasureKind::WORKOUTS)).await;
    test.link("weigh-in", track(kind("workout-duration"))).await;
    test.link("weight", track(kind("workout-distance"))).await;
    let now = test.now;
    let watch = test.world().withings.days().work_out(2, 30, now);
    test.world().withings.days().workouts.get_mut(&watch).unwrap()["deviceid"] = json!("watch");
    let relayed = test.world().withings.days().work_out(2, 30, now);
    test.world().withings.days().workouts.get_mut(&relayed).unwrap()["data"]["distance"] = json!(5000);
    // A walk inside it.
    test.world().withings.days().work_out(1, 10, now + TimeDelta::minutes(5));
    test.advance(TimeDelta::hours(1));
    let now = test.now;
    test.world().withings.days().work_out(7, 20, now);
    test.sync().await;
    assert_eq!(test.values("exercise"), [2.0]);
    assert_eq!(test.values("weigh-in"), [50.0]);
    assert_eq!(test.values("weight"), [1.36], "as the watch told it");
}

/// A day as an app tells it that relays to Withings.
fn relayed(test: &TestApp, app: &str, model: Option<&str>, steps: i64) {
    let row = json!({"date": "2026-11-23", "steps": steps, "deviceid": null, "brand": 18, "model": model,
        "timezone": "Europe/Paris", "modified": test.now.timestamp()});
    test.world().withings.days().activities.insert(app.into(), row);
}

#[tokio::test]
async fn two_apps_that_relay_one_day_do_not_overwrite_each_other() {
    for (one, other) in [(Some("GoogleFit tracker"), Some("Strava")), (None, None), (Some("Strava"), None)] {
        let mut test = linked("steps", track(MeasureKind::STEPS)).await;
        relayed(&test, "a", one, 9200);
        test.sync().await;
        // Long after, so that the reading since then has the second alone.
        for (steps, expected) in [(2100, 9200.0), (2200, 9200.0), (9900, 9900.0), (2300, 9200.0)] {
            test.advance(TimeDelta::hours(3));
            relayed(&test, "b", other, steps);
            test.sync().await;
            assert_eq!(test.values("steps"), [expected], "{one:?} {other:?}");
        }
        // The same app corrects itself.
        test.advance(TimeDelta::hours(3));
        relayed(&test, "a", one, 8000);
        test.sync().await;
        assert_eq!(test.values("steps"), [8000.0], "{one:?} {other:?}");
    }
}

#[tokio::test]
async fn zero_and_the_impossible_are_no_measurement_for_counts_either() {
    let mut test = TestApp::weighing().await;
    test.link("weigh-in", count(MeasureSet::weight())).await;
    test.link("pressure", count(MeasureSet::blood_pressure())).await;
    test.link("fat", count(MeasureSet::named("body-composition").unwrap())).await;
    test.link("systolic", track(kind("lean-mass-ratio"))).await;
    let values = |values: &[(i64, i64)]| {
        let measures = values.iter().map(|(kind, value)| json!({"type": kind, "value": value, "unit": -3}));
        json!({"measures": measures.collect::<Vec<_>>()})
    };
    for (group, expected) in [
        (values(&[(1, 0), (6, 20_000)]), [0, 0, 0, 0, 0]),
        (values(&[(1, 80_000), (6, 0)]), [1, 1, 0, 0, 0]),
        (values(&[(9, 0), (10, 0), (11, 60_000)]), [1, 1, 0, 0, 0]),
        (values(&[(9, 80_000), (10, 120_000), (11, 0)]), [1, 1, 0, 0, 0]),
        (values(&[(9, 80_000), (10, 120_000), (11, 60_000)]), [1, 1, 1, 0, 0]),
        (values(&[(1, 14_950), (5, 65_000)]), [2, 2, 1, 0, 0]),
        (values(&[(1, 80_000), (6, 20_000), (5, 64_000)]), [3, 3, 1, 1, 1]),
    ] {
        test.advance(TimeDelta::minutes(10));
        add(&test, group.clone());
        test.sync().await;
        let goals = ["weight", "weigh-in", "pressure", "fat", "systolic"];
        assert_eq!(goals.map(|goal| test.values(goal).len()), expected, "{group}");
    }
    let reasons = reasons(&test);
    let absurd = reasons.iter().filter(|reason| *reason == "implausible_value").count();
    assert_eq!(absurd, 7, "{reasons:?}");
}

#[tokio::test]
async fn a_page_whose_rows_are_all_odd_is_no_empty_answer() {
    let mut test = TestApp::weighing().await;
    test.weigh_in(80.0);
    test.sync().await;
    test.advance(TimeDelta::days(2));
    test.expect_warning("cannot be read and is kept");
    let body = r#"{"status":0,"body":{"measuregrps":[null,7,"x",[]],"updatetime":1}}"#;
    test.world().faults.every(Service::Withings, "measure", Fault::http(200, body));
    let report = test.sync().await;
    assert_eq!(codes(&report), [ProblemCode::MeasurementUnreadable], "nothing is concluded from it");
    assert_eq!(test.values("weight"), [80.0]);
}
