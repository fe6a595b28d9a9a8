//! The user's words and Beeminder's answers are about just what they are about.

use beeminder_withings_sync::app::Existing;
use beeminder_withings_sync::domain::link::Feed;
use beeminder_withings_sync::domain::link::LinkId;
use beeminder_withings_sync::domain::link::Options;
use beeminder_withings_sync::domain::measure::kind::MeasureKind;
use beeminder_withings_sync::domain::measure::measure_set::MeasureSet;
use beeminder_withings_sync::domain::measure::take::Take;
use beeminder_withings_sync::domain::service::Service;
use beeminder_withings_sync::sandbox::faults::Fault;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::support::goals::{at, days, each, has, lowest, once};
use super::support::{TestApp, codes, take, track};

#[tokio::test]
async fn a_question_about_a_datapoint_shows_what_beeminder_has() {
    let mut test = TestApp::weighing().await;
    test.expect_warning("");
    let reading = test.weigh_in(80.0);
    test.sync().await;
    // A correction cannot be sent, and then it may be another person's.
    test.advance(TimeDelta::minutes(20));
    let now = test.now;
    test.world().withings.edit(reading, now, |group| group["measures"][0]["value"] = json!(60_000));
    test.world().faults.every(Service::Beeminder, "weight.json", Fault::http(503, ""));
    test.sync().await;
    test.world().withings.edit(reading, now, |group| group["attrib"] = json!(1));
    test.sync().await;
    assert_eq!(test.values("weight"), [80.0]);
    let questions = || serde_json::to_value(test.app().questions().unwrap()).unwrap();
    assert_eq!(questions()["stale"][0]["value"], "80");
    // What is to be taken away is what is there, too.
    let id = questions()["stale"][0]["id"].as_i64().unwrap();
    test.app().remove_stale(id, test.now).unwrap();
    let waiting = &questions()["outbox"][0];
    assert_eq!((&waiting["removes"], &waiting["value"]), (&json!(true), &json!("80")));
    test.expect_pending(1);
}

#[tokio::test]
async fn a_deletion_strikes_out_no_reading_of_another_day() {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    test.link("weight", lowest()).await;
    at(&mut test, "2026-11-24T06:00:00Z");
    test.weigh_in(82.0);
    test.advance(TimeDelta::minutes(10));
    let moved = test.weigh_in(80.0);
    test.sync().await;
    test.app().remove_link(LinkId(1), test.now).unwrap();
    test.advance(TimeDelta::minutes(10));
    test.link("weight", lowest()).await;
    test.sync().await;
    at(&mut test, "2026-11-25T06:00:00Z");
    let now = test.now;
    test.world().withings.edit(moved, now, |g| g["date"] = (now - TimeDelta::minutes(10)).timestamp().into());
    test.sync().await;
    assert_eq!(has(&test, "weight"), [("20261124".into(), 82.0), ("20261125".into(), 80.0)]);
    test.world().beeminder.datapoints("weight").retain(|d| d.daystamp != "20261124");
    test.advance(TimeDelta::hours(25));
    for _ in 0..4 {
        test.sync().await;
        test.advance(TimeDelta::minutes(20));
    }
    assert_eq!(has(&test, "weight"), [("20261125".into(), 80.0)]);
    assert_eq!(test.app().stale().unwrap().len(), 0, "nothing to ask about");
}

#[tokio::test]
async fn a_deletion_takes_no_other_day_with_it() {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    test.link("weight", lowest()).await;
    test.app().mirror_deletions(true).unwrap();
    at(&mut test, "2026-11-24T06:00:00Z");
    test.weigh_in(82.0);
    test.advance(TimeDelta::minutes(10));
    let moved = test.weigh_in(80.0);
    test.sync().await;
    // A change of the link makes it a new one.
    test.app()
        .change_link(
            LinkId(1),
            &take(MeasureKind::WEIGHT, Take::Max),
            &Options::default(),
            Existing::Leave,
            test.now,
        )
        .await
        .unwrap();
    test.sync().await;
    at(&mut test, "2026-11-25T06:00:00Z");
    let now = test.now;
    test.world().withings.edit(moved, now, |g| g["date"] = (now - TimeDelta::minutes(10)).timestamp().into());
    test.sync().await;
    test.world().beeminder.datapoints("weight").retain(|d| d.daystamp != "20261124");
    test.advance(TimeDelta::hours(25));
    for _ in 0..4 {
        test.sync().await;
        test.advance(TimeDelta::minutes(20));
    }
    assert_eq!(has(&test, "weight"), [("20261125".into(), 80.0)]);
}

#[tokio::test]
async fn a_word_on_a_count_is_none_on_a_value_of_the_same_name() {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    test.link("weigh-in", each()).await;
    test.link("weigh-in", track(MeasureKind::WEIGHT)).await;
    test.weigh_in(80.0);
    test.sync().await;
    test.world().beeminder.datapoints("weigh-in").retain(|d| d.value != 1.0);
    test.advance(TimeDelta::hours(24));
    for _ in 0..3 {
        test.sync().await;
        test.advance(TimeDelta::minutes(15));
    }
    assert_eq!(test.values("weigh-in"), [80.0]);
    assert_eq!(test.app().stale().unwrap().len(), 0);
}

#[tokio::test]
async fn what_stands_stays_when_a_change_was_discarded() {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    test.link("weight", lowest()).await;
    let first = test.weigh_in(80.0);
    test.advance(TimeDelta::minutes(5));
    test.weigh_in(82.0);
    test.sync().await;
    test.advance(TimeDelta::minutes(5));
    let now = test.now;
    test.world().withings.edit(first, now, |g| g["measures"][0]["value"] = 79000.into());
    test.sync_with(Service::Beeminder, "datapoints/", Fault::http(422, r#"{"errors":{"value":["no"]}}"#))
        .await;
    test.app().discard(test.outbox()[0].id, test.now).unwrap();
    test.sync().await;
    assert_eq!(test.values("weight"), [80.0]);
    test.advance(TimeDelta::hours(1));
    test.weigh_in(85.0);
    test.sync().await;
    assert_eq!(test.values("weight"), [80.0]);
}

#[tokio::test]
async fn what_was_on_its_way_and_arrives_after_its_removal_is_removed() {
    let mut test = TestApp::weighing().await;
    test.expect_warning("");
    let now = test.now;
    test.world().beeminder.enter("weight", 85.0, now);
    test.weigh_in(80.0);
    test.sync_with(Service::Beeminder, "datapoints", Fault::Drop).await;
    let requestid = test.outbox()[0].request_id.0.clone();
    test.app().remove_link_with_datapoints(LinkId(1), test.now).unwrap();
    test.advance(TimeDelta::seconds(10));
    test.sync().await;
    // Now it is there.
    let now = test.now;
    {
        let mut w = test.world();
        w.beeminder.enter("weight", 80.0, now);
        w.beeminder.datapoints("weight").last_mut().unwrap().requestid = Some(requestid);
    }
    for _ in 0..4 {
        test.advance(TimeDelta::minutes(20));
        test.sync().await;
    }
    assert_eq!(test.values("weight"), [85.0]);
}

#[tokio::test]
async fn a_date_that_was_edited_to_and_fro_ends_where_it_ends() {
    let mut bad = vec![];
    for feed in [track(MeasureKind::WEIGHT), lowest()] {
        for fault in [
            Fault::LoseAnswer,
            Fault::Drop,
            Fault::http(404, r#"{"error":"x"}"#),
            Fault::http(200, "{}"),
            Fault::http(500, ""),
        ] {
            for spared in 0..3 {
                let mut test = TestApp::connected().await;
                test.expect_warning("");
                test.link_since("weight", feed.clone(), "2026-11-23").await;
                at(&mut test, "2026-11-25T08:00:00Z");
                let now = test.now;
                let id = test.weigh_in(80.0);
                test.sync().await;
                test.advance(TimeDelta::minutes(5));
                let later = test.now;
                test.world()
                    .withings
                    .edit(id, later, |g| g["date"] = (now - TimeDelta::days(1)).timestamp().into());
                test.world().faults.after(spared, Service::Beeminder, "datapoints", fault.clone());
                test.sync().await;
                test.advance(TimeDelta::minutes(5));
                let later = test.now;
                test.world().withings.edit(id, later, |g| g["date"] = now.timestamp().into());
                for _ in 0..6 {
                    test.sync().await;
                    test.advance(TimeDelta::minutes(20));
                }
                test.world().faults.clear();
                for _ in 0..6 {
                    test.sync().await;
                    test.advance(TimeDelta::minutes(20));
                }
                if has(&test, "weight") != [("20261125".into(), 80.0)]
                    || !test.app().stale().unwrap().is_empty()
                {
                    bad.push((feed.to_string(), fault.clone(), spared));
                }
                let n = test.outbox().len() as u64;
                test.expect_pending(n);
            }
        }
    }
    assert!(bad.is_empty(), "{bad:?}");
}

#[tokio::test]
async fn what_was_deleted_and_restored_is_there_again() {
    let mut bad = vec![];
    for feed in [track(MeasureKind::WEIGHT), lowest()] {
        for fault in [
            Fault::LoseAnswer,
            Fault::Drop,
            Fault::http(404, r#"{"error":"x"}"#),
            Fault::http(200, "{}"),
            Fault::http(500, ""),
        ] {
            for spared in 0..4 {
                let mut test = TestApp::connected().await;
                test.expect_warning("");
                test.link("weight", feed.clone()).await;
                test.app().mirror_deletions(true).unwrap();
                let id = test.weigh_in(80.0);
                let row = test.world().withings.groups().find(|g| g["grpid"] == id).cloned().unwrap();
                test.sync().await;
                test.world().withings.delete(id);
                test.advance(TimeDelta::hours(25));
                test.weigh_in(81.0);
                test.world().faults.after(spared, Service::Beeminder, "datapoints", fault.clone());
                test.sync().await;
                test.advance(TimeDelta::minutes(5));
                let later = test.now;
                let mut row = row;
                row["modified"] = later.timestamp().into();
                test.world().withings.add(row, later);
                for _ in 0..6 {
                    test.sync().await;
                    test.advance(TimeDelta::minutes(20));
                }
                test.world().faults.clear();
                for _ in 0..6 {
                    test.sync().await;
                    test.advance(TimeDelta::minutes(20));
                }
                if test.values("weight") != [80.0, 81.0] || !test.app().stale().unwrap().is_empty() {
                    bad.push((feed.to_string(), fault.clone(), spared));
                }
                let n = test.outbox().len() as u64;
                test.expect_pending(n);
            }
        }
    }
    assert!(bad.is_empty(), "{bad:?}");
}

#[tokio::test]
async fn what_the_user_kept_is_kept_when_its_reading_comes_again() {
    for feed in [each(), once()] {
        let mut test = TestApp::connected().await;
        test.expect_warning("");
        test.link("weigh-in", feed.clone()).await;
        let now = test.now;
        let g = json!({"measures": [{"value": 80000, "type": 1, "unit": -3}], "date": now.timestamp()});
        let a = test.world().withings.add(g.clone(), now);
        test.weigh_in(70.0);
        test.sync().await;
        test.world().withings.delete(a);
        test.advance(TimeDelta::hours(25));
        test.sync().await;
        for s in test.app().stale().unwrap() {
            test.app().keep_stale(s.id, test.now).unwrap();
        }
        let kept = days(&test, "weigh-in").len();
        let later = test.now;
        test.world().withings.add(g, later);
        for _ in 0..3 {
            test.sync().await;
            test.advance(TimeDelta::hours(13));
        }
        assert_eq!(days(&test, "weigh-in").len(), kept, "{feed}");
    }
}

#[tokio::test]
async fn a_reading_that_comes_again_under_another_number_takes_its_place() {
    let mut all = vec![];
    for feed in [each(), once(), track(MeasureKind::WEIGHT), lowest()] {
        let goal = if matches!(feed, Feed::Count { .. }) { "weigh-in" } else { "weight" };
        let mut test = TestApp::connected().await;
        test.expect_warning("");
        test.link(goal, feed.clone()).await;
        let now = test.now;
        let g = json!({"measures": [{"value": 80000, "type": 1, "unit": -3}], "date": now.timestamp()});
        let a = test.world().withings.add(g.clone(), now);
        test.sync().await;
        test.advance(TimeDelta::minutes(20));
        let later = test.now;
        test.world().withings.delete(a);
        test.world().withings.add(g, later);
        for _ in 0..3 {
            test.sync().await;
            test.advance(TimeDelta::minutes(20));
        }
        all.push((feed.to_string(), days(&test, goal).len()));
    }
    assert!(all.iter().all(|(_, n)| *n == 1), "{all:?}");
}

#[tokio::test]
async fn a_duplicate_that_the_list_lacks_is_sent_that_day() {
    let mut test = TestApp::weighing().await;
    test.expect_warning("");
    let now = test.now;
    test.world().beeminder.enter("weight", 85.0, now);
    test.weigh_in(80.0);
    test.sync_with(
        Service::Beeminder,
        "datapoints.json",
        Fault::http(422, r#"{"errors":"Duplicate request"}"#),
    )
    .await;
    let until: DateTime<Utc> = "2026-11-23T22:55:00Z".parse().unwrap();
    while test.now < until {
        test.sync().await;
        test.advance(TimeDelta::minutes(30));
    }
    assert_eq!(test.values("weight").len(), 2);
}

#[tokio::test]
async fn a_clock_that_jumps_makes_no_deletion_of_a_passing_answer() {
    let mut test = TestApp::weighing().await;
    test.expect_warning("");
    let now = test.now;
    test.world().beeminder.enter("weight", 85.0, now);
    let id = test.weigh_in(80.0);
    test.sync().await;
    test.world().beeminder.enter("weight", 86.0, now);
    test.advance(TimeDelta::hours(25));
    let all = test.at_beeminder("weight");
    // A replica that lags shows the goal without it for a quarter of a minute.
    test.world().beeminder.datapoints("weight").retain(|d| d.value != 80.0);
    test.sync().await;
    test.advance(TimeDelta::seconds(10));
    test.now += TimeDelta::hours(1);
    test.sync().await;
    *test.world().beeminder.datapoints("weight") = all;
    test.now -= TimeDelta::hours(1);
    test.advance(TimeDelta::minutes(20));
    let later = test.now;
    test.world().withings.edit(id, later, |g| g["measures"][0]["value"] = 79000.into());
    for _ in 0..3 {
        test.sync().await;
        test.advance(TimeDelta::minutes(20));
    }
    assert!(test.values("weight").contains(&79.0), "{:?}", test.values("weight"));
}

#[tokio::test]
async fn a_new_link_that_learns_of_a_restart_lets_what_was_refused_go() {
    let mut test = TestApp::weighing().await;
    test.expect_warning("");
    test.weigh_in(80.0);
    test.sync_with(
        Service::Beeminder,
        "datapoints",
        Fault::http(422, r#"{"errors":{"goal":["has ended"]}}"#),
    )
    .await;
    assert!(test.outbox()[0].parked.is_some());
    test.world().beeminder.goal("weight").fields["frozen"] = json!(true);
    test.advance(TimeDelta::minutes(65));
    test.sync().await;
    test.world().beeminder.goal("weight").fields["frozen"] = json!(false);
    test.link("weight", track(MeasureKind::named("fat-ratio").unwrap())).await;
    for _ in 0..3 {
        test.advance(TimeDelta::minutes(65));
        test.sync().await;
    }
    assert_eq!(test.values("weight"), [80.0]);
}

#[tokio::test]
async fn who_learns_of_a_payment_first_lets_what_was_refused_go() {
    let mut test = TestApp::weighing().await;
    test.expect_warning("");
    test.link(
        "pressure",
        Feed::Count { set: MeasureSet::named("blood-pressure").unwrap(), once_a_day: true },
    )
    .await;
    test.world().beeminder.deadbeat = true;
    test.advance(TimeDelta::minutes(65));
    test.weigh_in(80.0);
    test.sync_with(
        Service::Beeminder,
        "datapoints",
        Fault::http(422, r#"{"errors":{"user":["must pay first"]}}"#),
    )
    .await;
    assert!(test.outbox()[0].parked.is_some());
    test.advance(TimeDelta::minutes(10));
    test.world().beeminder.deadbeat = false;
    let now = test.now;
    test.world().withings.blood_pressure(120, 80, 60, now);
    for _ in 0..3 {
        test.sync().await;
        test.advance(TimeDelta::minutes(65));
    }
    assert_eq!(test.values("weight"), [80.0]);
}

#[tokio::test]
async fn what_was_dated_far_ahead_and_deleted_is_not_said_to_be_held() {
    let mut test = TestApp::weighing().await;
    test.expect_warning("");
    let now = test.now;
    test.weigh_in(80.0);
    let f = test.world().withings.add(json!({"measures": [{"value": 80000, "type": 1, "unit": -3}], "date": (now + TimeDelta::days(400)).timestamp()}), now);
    test.sync().await;
    test.world().withings.delete(f);
    for _ in 0..4 {
        test.advance(TimeDelta::hours(25));
        test.weigh_in(80.0);
        test.sync().await;
    }
    let r = test.sync().await;
    assert!(codes(&r).is_empty(), "{:?}", codes(&r));
}

#[tokio::test]
async fn what_was_dated_ahead_goes_when_its_time_comes_though_withings_is_down() {
    let mut test = TestApp::weighing().await;
    test.expect_warning("");
    let now = test.now;
    let g = json!({"measures": [{"value": 80000, "type": 1, "unit": -3}], "date": (now + TimeDelta::minutes(30)).timestamp()});
    test.world().withings.add(g, now);
    test.sync().await;
    test.world().faults.every(Service::Withings, "", Fault::Drop);
    for _ in 0..4 {
        test.advance(TimeDelta::hours(3));
        test.sync().await;
    }
    assert_eq!(test.values("weight"), [80.0]);
}
