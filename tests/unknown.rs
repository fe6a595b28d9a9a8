//! Empty, missing, "not found" and pages that are not Beeminder's say only that it is not known: it is asked
//! again in another way, later, or of the user.

use beeminder_withings_sync::app::Since;
use beeminder_withings_sync::domain::goal::GoalSlug;
use beeminder_withings_sync::domain::link::Options;
use beeminder_withings_sync::domain::measure::kind::MeasureKind;
use beeminder_withings_sync::domain::problem_code::ProblemCode;
use beeminder_withings_sync::domain::service::Service;
use beeminder_withings_sync::sandbox::faults::Fault;
use beeminder_withings_sync::sync::Trigger;
use chrono::{NaiveDate, TimeDelta};
use serde_json::{Value, json};

use super::support::goals::{at, days};
use super::support::{TestApp, codes, track};

const NOT_FOUND: &str = r#"{"error":"The requested resource was not found."}"#;

fn today() -> NaiveDate {
    super::support::monday().date_naive()
}

#[tokio::test]
async fn a_passing_404_to_an_update_is_no_deletion() {
    for body in [NOT_FOUND, "<html>", r#"{"status":"blocked"}"#, ""] {
        let mut test = TestApp::connected().await;
        test.expect_warning("Beeminder");
        test.link("steps", track(MeasureKind::STEPS)).await;
        test.connect_withings().await.unwrap();
        let now = test.now;
        test.world().withings.days().walk(today(), 1000, now);
        test.sync().await;
        for steps in [2000, 12_000] {
            test.advance(TimeDelta::minutes(16));
            let now = test.now;
            test.world().withings.days().walk(today(), steps, now);
            test.sync_with(Service::Beeminder, "datapoints/", Fault::http(404, body)).await;
        }
        test.advance(TimeDelta::minutes(16));
        test.pass(Trigger::Timer).await;
        assert_eq!(test.values("steps"), [12_000.0], "{body}");
    }
}

#[tokio::test]
async fn a_post_that_is_not_found_where_goals_cannot_be_read_is_said() {
    for fault in [Fault::http(200, "<html>"), Fault::http(503, "")] {
        let mut test = TestApp::weighing().await;
        test.expect_warning("Beeminder");
        test.weigh_in(82.4);
        test.world().faults.every(Service::Beeminder, "weight/datapoints", Fault::http(404, NOT_FOUND));
        test.world().faults.every(Service::Beeminder, "goals.json", fault);
        for _ in 0..4 {
            let report = test.sync().await;
            assert_eq!(report.pending, 1);
            assert!(codes(&report).contains(&ProblemCode::Unreadable), "{report:?}");
            test.advance(TimeDelta::minutes(16));
        }
        test.world().faults.clear();
        let report = test.pass(Trigger::Timer).await;
        assert_eq!((report.delivered, codes(&report)), (1, vec![]));
    }
}

#[tokio::test]
async fn a_page_of_something_in_the_way_parks_nothing() {
    for status in [400, 401, 403, 404, 405, 407, 410, 418, 422, 425, 451] {
        let mut test = TestApp::weighing().await;
        test.expect_warning("Beeminder");
        for kilograms in [81.0, 82.0] {
            test.advance(TimeDelta::minutes(1));
            test.weigh_in(kilograms);
        }
        test.world().faults.every(
            Service::Beeminder,
            "datapoints",
            Fault::http(status, "<html>portal</html>"),
        );
        let report = test.sync().await;
        assert_eq!((report.delivered, report.parked, report.pending), (0, 0, 2), "{status}");
        assert!(codes(&report).contains(&ProblemCode::Unavailable), "{status}: {report:?}");
        test.world().faults.clear();
        test.advance(TimeDelta::minutes(16));
        let report = test.pass(Trigger::Timer).await;
        assert_eq!((report.delivered, codes(&report)), (2, vec![]), "{status}");
    }
}

#[tokio::test]
async fn a_blank_list_of_goals_deletes_none_and_holds_up_nothing() {
    for list in ["[]", "[5, null]", r#"[{"slug":"weight"}]"#] {
        let mut test = TestApp::weighing().await;
        test.expect_warning("Some goals cannot be read");
        test.advance(TimeDelta::minutes(61));
        test.weigh_in(82.4);
        test.world().faults.next(Service::Beeminder, "goals/archived.json", Fault::http(200, list));
        let report = test.sync_with(Service::Beeminder, "goals.json", Fault::http(200, list)).await;
        assert_eq!((report.delivered, codes(&report)), (1, vec![]), "{list}");
    }
}

#[tokio::test]
async fn a_goal_that_was_renamed_gets_its_datapoints_and_the_one_with_its_old_name_none() {
    let mut test = TestApp::weighing().await;
    let rename = |test: &TestApp| {
        let mut world = test.world();
        world.beeminder.goal("weight").fields["slug"] = json!("mass");
        world.beeminder.goal("pounds").fields["slug"] = json!("weight");
    };
    rename(&test);
    test.advance(TimeDelta::minutes(10));
    test.weigh_in(82.4);
    let report = test.sync().await;
    assert_eq!((report.delivered, report.pending), (1, 0));
    assert_eq!((test.values("mass"), test.values("weight")), (vec![82.4], vec![]));
    assert!(codes(&report).contains(&ProblemCode::GoalRenamed));
    // Two goals that swap their names.
    {
        let mut world = test.world();
        world.beeminder.goal("mass").fields["slug"] = json!("gone");
        world.beeminder.goal("weight").fields["slug"] = json!("mass");
        world.beeminder.goal("gone").fields["slug"] = json!("weight");
    }
    test.advance(TimeDelta::minutes(10));
    test.weigh_in(82.0);
    test.sync().await;
    assert_eq!((test.values("weight"), test.values("mass")), (vec![82.4, 82.0], vec![]));
}

#[tokio::test]
async fn the_past_of_a_goal_whose_start_or_line_is_unknown_is_asked_about() {
    for (field, value) in [("initday", Value::Null), ("fullroad", Value::Null), ("fullroad", json!([]))] {
        let mut test = TestApp::connected().await;
        for _ in 0..5 {
            test.weigh_in(99.0);
            test.advance(TimeDelta::days(1));
        }
        test.world().beeminder.goal("weight").fields[field] = value.clone();
        let added = test.link_since("weight", track(MeasureKind::WEIGHT), "2026-11-20").await;
        let misfits: Vec<_> =
            added.misfits.iter().map(beeminder_withings_sync::domain::link::misfit::Misfit::code).collect();
        assert!(misfits.contains(&"past_is_unknown"), "{field}: {misfits:?}");
        test.weigh_in(82.0);
        test.sync().await;
        assert_eq!(test.values("weight"), [82.0], "{field} {value}");
    }
}

#[tokio::test]
async fn a_goal_that_starts_later_gets_nothing_until_then_and_it_is_said() {
    let mut test = TestApp::connected().await;
    let start = test.now + TimeDelta::days(3);
    test.world().beeminder.goal("weight").fields["initday"] = json!(start.timestamp());
    test.link("weight", track(MeasureKind::WEIGHT)).await;
    for _ in 0..3 {
        test.weigh_in(82.0);
        let report = test.sync().await;
        assert_eq!((report.delivered, codes(&report)), (0, vec![ProblemCode::GoalNotStarted]));
        test.advance(TimeDelta::days(1));
    }
    let why: Vec<_> = test.history().into_iter().filter_map(|line| Some(line.outcome?.reason)).collect();
    assert_eq!(why, ["before_goal"; 3]);
    test.weigh_in(83.0);
    let report = test.sync().await;
    assert_eq!((report.delivered, codes(&report)), (1, vec![]));
}

#[tokio::test]
async fn a_link_that_cannot_be_made_whole_is_not_made_at_all() {
    let mut test = TestApp::connected().await;
    for _ in 0..3 {
        test.weigh_in(82.0);
        test.advance(TimeDelta::days(1));
    }
    let since = Since::Day("2026-11-23".parse().unwrap());
    let add = async |test: &TestApp| {
        let goal = GoalSlug("weight".into());
        test.app().add_link(&goal, track(MeasureKind::WEIGHT), Options::default(), since, test.now).await
    };
    for path in ["me.json", "goals/weight.json", "datapoints"] {
        for spared in 0..3 {
            let fault = Fault::http(503, "");
            test.world().faults.after(spared, Service::Beeminder, path, fault);
            if add(&test).await.is_err() {
                assert_eq!(test.app().links().unwrap(), [], "{path} {spared}");
            } else {
                test.app().remove_link(test.app().links().unwrap()[0].id, test.now).unwrap();
            }
            test.world().faults.clear();
        }
    }
    add(&test).await.unwrap();
    assert_eq!(test.sync().await.delivered, 3);
}

#[tokio::test]
async fn a_list_of_datapoints_is_believed_when_it_proves_itself_twice() {
    let mut test = TestApp::weighing().await;
    for kilograms in [80.0, 81.0, 82.0] {
        test.advance(TimeDelta::days(1));
        test.weigh_in(kilograms);
        test.sync().await;
    }
    test.advance(TimeDelta::hours(24));
    for _ in 0..3 {
        test.sync_with(Service::Beeminder, "weight/datapoints.json", Fault::http(200, "[]")).await;
        test.advance(TimeDelta::hours(25));
    }
    let outcomes: Vec<_> =
        test.history().into_iter().filter_map(|line| Some(line.outcome?.outcome)).collect();
    assert_eq!(outcomes, ["sent"; 3], "a blank list deletes nothing");
    // An edit to one that is blank just then is not frozen either.
    let group = test.history().last().unwrap().group.id.0;
    let now = test.now;
    test.world().withings.edit(group, now, |group| group["measures"][0]["value"] = json!(79_000));
    test.world().faults.next(Service::Beeminder, "weight/datapoints.json", Fault::http(200, "[]"));
    test.world().faults.next(Service::Beeminder, "weight/datapoints.json", Fault::http(200, "[]"));
    test.sync_with(Service::Beeminder, "datapoints/", Fault::http(404, NOT_FOUND)).await;
    test.advance(TimeDelta::minutes(16));
    test.pass(Trigger::Timer).await;
    assert_eq!(test.values("weight"), [79.0, 81.0, 82.0]);
}

#[tokio::test]
async fn a_day_that_is_full_holds_the_goal_whatever_it_is_called() {
    for words in [
        r#"{"errors":"Too many datapoints for one day"}"#,
        r#"{"errors":"Daily limit reached"}"#,
        r#"{"errors":{"base":["There is no room for more"]}}"#,
        r#"["full"]"#,
    ] {
        let mut test = TestApp::weighing().await;
        test.expect_warning("Parked");
        test.expect_warning("Beeminder");
        for _ in 0..20 {
            test.advance(TimeDelta::minutes(1));
            test.weigh_in(82.0);
        }
        test.world().faults.every(Service::Beeminder, "datapoints.json", Fault::http(422, words));
        // The list is read over the same path.
        let report = test.sync().await;
        assert!(report.parked <= 1, "{words}: {report:?}");
        test.world().faults.clear();
        test.advance(TimeDelta::hours(4));
        test.pass(Trigger::Timer).await;
        test.advance(TimeDelta::hours(4));
        let report = test.pass(Trigger::Timer).await;
        assert_eq!((report.parked, report.pending), (0, 0), "{words}");
        assert_eq!(test.values("weight").len(), 20, "{words}");
    }
}

#[tokio::test]
async fn a_link_whose_options_are_not_understood_sends_nothing_and_says_so() {
    for options in [r#"{"of_tomorrow":true}"#, "{", r#"{"manual":"perhaps"}"#] {
        let mut test = TestApp::weighing().await;
        test.weigh_in(82.0);
        test.sync().await;
        let write = |conn: &beeminder_withings_sync::store::Connection| {
            Ok(conn.execute("UPDATE link SET options = ?1", [options])?)
        };
        test.app().store.write(write).unwrap();
        test.advance(TimeDelta::minutes(5));
        test.weigh_in(83.0);
        let report = test.sync().await;
        assert_eq!((report.delivered, codes(&report)), (0, vec![ProblemCode::LinkUnreadable]), "{options}");
        assert_eq!(test.values("weight"), [82.0]);
    }
}

#[tokio::test]
async fn what_is_said_to_be_a_duplicate_and_is_not_there_is_sent_again() {
    let mut test = TestApp::weighing().await;
    test.expect_warning("without saying what became");
    test.weigh_in(82.4);
    let duplicate = Fault::http(422, r#"{"errors":"Duplicate request"}"#);
    let report = test.sync_with(Service::Beeminder, "datapoints.json", duplicate).await;
    assert_eq!((report.delivered, report.pending), (0, 1), "its list says otherwise");
    assert_eq!(codes(&report), [ProblemCode::Unreadable]);
    test.advance(TimeDelta::minutes(2));
    let report = test.pass(Trigger::Timer).await;
    assert_eq!((report.delivered, codes(&report)), (1, vec![]));
    assert_eq!(test.values("weight"), [82.4]);
}

#[tokio::test]
async fn a_duplicate_that_is_there_with_another_value_is_changed() {
    let mut test = TestApp::weighing().await;
    let id = test.weigh_in(82.4);
    test.sync().await;
    test.advance(TimeDelta::minutes(16));
    let now = test.now;
    test.world().withings.edit(id, now, |group| group["measures"][0]["value"] = json!(81_000));
    let duplicate = Fault::http(422, r#"{"errors":"Duplicate request"}"#);
    test.sync_with(Service::Beeminder, "datapoints", duplicate).await;
    assert_eq!(test.values("weight"), [81.0]);
}

#[tokio::test]
async fn a_back_fill_is_judged_by_the_goal_of_its_link_whatever_that_is_called() {
    let mut test = TestApp::connected().await;
    let now = test.now;
    for days in 1..6 {
        test.world().withings.weigh_in(90.0, now - TimeDelta::days(days));
    }
    test.link("weight", track(MeasureKind::WEIGHT)).await;
    test.sync().await;
    test.advance(TimeDelta::minutes(10));
    let mut other = test.world().beeminder.goal("weight").fields.clone();
    test.world().beeminder.goal("weight").fields["slug"] = "renamed".into();
    (other["id"], other["yaw"]) = ("00000000000000000000ffff".into(), 1.into());
    test.world().beeminder.goals.push(beeminder_withings_sync::sandbox::beeminder::Goal::new(other));
    let (from, to) = ("2026-11-18".parse().unwrap(), "2026-11-22".parse().unwrap());
    let link = test.app().links().unwrap()[0].id;
    let preview = test.app().preview_backfill(link, from, to, test.now).await.unwrap();
    assert_eq!((preview.days.len(), preview.risky_days()), (5, 5));
}

/// Weighed on Wednesday, which by now is known to have been on Tuesday.
async fn dated_back(first: Option<Fault>) -> TestApp {
    let mut test = TestApp::weighing().await;
    test.expect_warning("");
    test.sync().await;
    at(&mut test, "2026-11-25T06:00:00Z");
    let group = test.weigh_in(80.0);
    if let Some(fault) = first {
        test.world().faults.next(Service::Beeminder, "datapoints.json", fault);
    }
    test.sync().await;
    assert_eq!(days(&test, "weight"), ["20261125"]);
    test.advance(TimeDelta::minutes(5));
    let (now, earlier) = (test.now, test.now - TimeDelta::hours(23));
    test.world().withings.edit(group, now, |group| group["date"] = earlier.timestamp().into());
    test
}

#[tokio::test]
async fn a_duplicate_whose_list_says_nothing_is_not_taken_for_the_new_time() {
    for list in [Fault::http(503, ""), Fault::http(200, "[]")] {
        let mut test = dated_back(Some(Fault::LoseAnswer)).await;
        let duplicate = Fault::http(422, r#"{"errors":"Duplicate request"}"#);
        test.world().faults.next(Service::Beeminder, "datapoints.json", duplicate);
        test.sync_with(Service::Beeminder, "datapoints.json", list.clone()).await;
        assert_eq!(test.outbox().len(), 1, "{list:?}");
        test.advance(TimeDelta::minutes(20));
        test.sync().await;
        assert_eq!(days(&test, "weight"), ["20261124"], "{list:?}");
    }
}

#[tokio::test]
async fn an_answer_with_another_time_is_not_taken_for_the_one_asked_for() {
    let mut test = dated_back(None).await;
    let there = test.at_beeminder("weight")[0].clone();
    let answer = json!({"id": there.id, "value": there.value, "timestamp": there.timestamp,
        "daystamp": there.daystamp, "requestid": there.requestid});
    test.sync_with(Service::Beeminder, "datapoints/", Fault::http(200, &answer.to_string())).await;
    assert_eq!(test.outbox().len(), 1);
    test.advance(TimeDelta::minutes(20));
    test.sync().await;
    assert_eq!(days(&test, "weight"), ["20261124"]);
}
