//! From the scale to the goal: what is measured arrives once, on its day, and stays right.

use beeminder_withings_sync::domain::link::Feed;
use beeminder_withings_sync::domain::link::Options;
use beeminder_withings_sync::domain::measure::kind::MeasureKind;
use beeminder_withings_sync::domain::measure::measure_set::MeasureSet;
use beeminder_withings_sync::domain::measure::take::Take;
use beeminder_withings_sync::domain::problem_code::ProblemCode;
use beeminder_withings_sync::sync::Requests;
use chrono::TimeDelta;
use serde_json::json;

use super::support::{TestApp, codes, count, pounds, take, track};

#[tokio::test]
async fn a_weigh_in_becomes_one_datapoint_and_a_second_pass_asks_beeminder_nothing() {
    let test = TestApp::weighing().await;
    let group = test.weigh_in(82.4);
    let report = test.sync().await;
    // A step on the scale makes three groups; only the one with the weight concerns the goal.
    assert_eq!((report.fetched, report.planned, report.delivered, report.pending), (3, 1, 1, 0));
    let datapoints = test.at_beeminder("weight");
    assert_eq!(datapoints.len(), 1);
    assert_eq!(datapoints[0].requestid, Some(format!("withings-{group}-weight")));
    assert_eq!((datapoints[0].value, datapoints[0].timestamp), (82.4, test.now.timestamp()));
    assert_eq!(datapoints[0].comment, "Withings 07:00", "the time where the Beeminder user lives");

    let report = test.sync().await;
    assert_eq!((report.fetched, report.planned, report.delivered), (0, 0, 0));
    assert_eq!(report.requests, Requests { withings: 1, beeminder: 0 });
    assert_eq!(test.values("weight"), [82.4]);
}

#[tokio::test]
async fn one_measurement_feeds_several_goals_each_in_its_own_way() {
    let mut test = TestApp::weighing().await;
    test.link("pounds", pounds()).await;
    test.link("weigh-in", count(MeasureSet::weight())).await;
    test.link("night-owl", take(MeasureKind::WEIGHT, Take::Min)).await;
    test.link("fat", track(MeasureKind(6))).await;
    test.weigh_in(82.4);
    test.advance(TimeDelta::minutes(5));
    test.weigh_in(81.9);
    test.sync().await;
    assert_eq!(test.values("weight"), [82.4, 81.9]);
    assert_eq!(test.values("pounds"), [181.7, 180.6]);
    assert_eq!(test.values("weigh-in"), [1.0, 1.0]);
    assert_eq!(test.values("night-owl"), [81.9]);
    assert_eq!(test.values("fat"), [18.5, 18.5]);
    // The day's lowest changes as the day goes on, in one datapoint.
    test.advance(TimeDelta::hours(3));
    test.weigh_in(81.2);
    test.sync().await;
    assert_eq!(test.values("night-owl"), [81.2]);
    assert_eq!(test.at_beeminder("night-owl")[0].comment, "Withings, lowest of 3");
}

#[tokio::test]
async fn blood_pressure_counts_when_all_three_values_are_there() {
    let test = TestApp::connected().await;
    test.link("pressure", count(MeasureSet::blood_pressure())).await;
    test.link("systolic", track(MeasureKind::SYSTOLIC)).await;
    let now = test.now;
    test.world().withings.blood_pressure(121, 78, 62, now);
    let two = json!([{"value": 80, "type": 9, "unit": 0}, {"value": 120, "type": 10, "unit": 0}]);
    test.world().withings.add(json!({"attrib": 2, "deviceid": null, "measures": two}), now);
    let report = test.sync().await;
    assert_eq!(report.delivered, 3);
    assert_eq!(test.values("pressure"), [1.0]);
    assert_eq!(test.values("systolic"), [121.0, 120.0]);
}

#[tokio::test]
async fn only_what_is_measured_after_the_link_was_made_is_sent() {
    let mut test = TestApp::connected().await;
    test.weigh_in(82.4);
    test.advance(TimeDelta::seconds(1));
    test.link("weight", track(MeasureKind::WEIGHT)).await;
    assert_eq!(test.sync().await.delivered, 0);
    // Measured earlier, but it reaches Withings only now.
    let (now, earlier) = (test.now, test.now - TimeDelta::days(2));
    test.world()
        .withings
        .add(json!({"date": earlier.timestamp(), "measures": [{"value": 80, "type": 1, "unit": 0}]}), now);
    assert_eq!(test.sync().await.delivered, 0);
    assert_eq!(test.values("weight"), [0.0; 0]);
}

#[tokio::test]
async fn a_reading_that_arrives_days_late_counts_for_its_own_day() {
    let mut test = TestApp::weighing().await;
    let measured = test.now + TimeDelta::hours(1);
    test.advance(TimeDelta::days(4));
    test.sync().await;
    let now = test.now;
    test.world()
        .withings
        .add(json!({"date": measured.timestamp(), "measures": [{"value": 80, "type": 1, "unit": 0}]}), now);
    assert_eq!(test.sync().await.delivered, 1);
    assert_eq!(test.at_beeminder("weight")[0].daystamp, "20261123");
}

#[tokio::test]
async fn an_edit_changes_the_datapoint_and_an_edited_time_moves_it() {
    let mut test = TestApp::weighing().await;
    let group = test.weigh_in(28.4);
    test.sync().await;
    test.advance(TimeDelta::hours(30));
    let (now, tomorrow) = (test.now, test.now - TimeDelta::hours(4));
    test.world().withings.edit(group, now, |group| group["measures"][0]["value"] = json!(82_400));
    assert_eq!(test.sync().await.delivered, 1);
    assert_eq!(test.values("weight"), [82.4]);
    test.world().withings.edit(group, now, |group| group["date"] = json!(tomorrow.timestamp()));
    assert_eq!(test.sync().await.delivered, 1);
    let datapoints = test.at_beeminder("weight");
    assert_eq!(datapoints.len(), 1);
    assert_eq!(datapoints[0].daystamp, "20261124");
}

#[tokio::test]
async fn an_edited_time_takes_a_days_value_along() {
    let mut test = TestApp::connected().await;
    test.link("weight", take(MeasureKind::WEIGHT, Take::Last)).await;
    let group = test.weigh_in(82.4);
    test.sync().await;
    test.advance(TimeDelta::hours(26));
    let now = test.now;
    test.world().withings.edit(group, now, |group| group["date"] = json!(now.timestamp()));
    test.sync().await;
    let days: Vec<_> =
        test.at_beeminder("weight").iter().map(|datapoint| datapoint.daystamp.clone()).collect();
    assert_eq!(days, ["20261124"], "one weigh-in counts on one day");
    assert_eq!(test.app().stale().unwrap(), []);
}

#[tokio::test]
async fn what_the_user_deletes_at_beeminder_stays_deleted() {
    let mut test = TestApp::weighing().await;
    let group = test.weigh_in(28.4);
    test.sync().await;
    test.world().beeminder.datapoints("weight").clear();
    test.sync().await;
    assert_eq!(test.values("weight"), [0.0; 0]);
    // Even when the measurement is dated anew later; another value would be a new fact.
    test.advance(TimeDelta::hours(1));
    let (now, date) = (test.now, test.now.timestamp() - 60);
    test.world().withings.edit(group, now, |group| group["date"] = json!(date));
    // Once is no answer; what the list still lacks some time later is.
    let report = test.sync().await;
    assert_eq!((report.delivered, report.pending, report.parked), (0, 1, 0));
    test.advance(TimeDelta::minutes(15));
    let report = test.sync().await;
    assert_eq!((report.delivered, report.pending, report.parked), (0, 0, 0));
    assert_eq!(test.values("weight"), [0.0; 0]);
    let line = test.history().into_iter().find(|line| line.group.id.0 == group).unwrap();
    assert_eq!(line.outcome.unwrap().outcome, "deleted");
}

#[tokio::test]
async fn datapoints_of_others_are_never_touched() {
    let mut test = TestApp::weighing().await;
    test.weigh_in(82.4);
    test.sync().await;
    let mut foreign = test.at_beeminder("weight")[0].clone();
    foreign.id = "foreign".into();
    foreign.requestid = None;
    foreign.value = 99.0;
    test.world().beeminder.datapoints("weight").push(foreign.clone());
    test.advance(TimeDelta::minutes(1));
    test.weigh_in(81.0);
    test.sync().await;
    assert!(test.at_beeminder("weight").contains(&foreign));
    assert_eq!(test.at_beeminder("weight").len(), 3);
}

#[tokio::test]
async fn a_guest_on_the_scale_is_held_and_said_and_manual_entries_count() {
    let mut test = TestApp::weighing().await;
    let now = test.now;
    let measures = json!([{"value": 61_300, "type": 1, "unit": -3}]);
    test.world().withings.add(json!({"attrib": 1, "measures": measures}), now);
    test.advance(TimeDelta::minutes(1));
    let now = test.now;
    test.world()
        .withings
        .add(json!({"attrib": 2, "deviceid": null, "model": null, "measures": measures}), now);
    let report = test.sync().await;
    assert_eq!((report.held, report.delivered), (1, 1));
    assert_eq!(codes(&report), [ProblemCode::Held]);
    assert_eq!(test.values("weight"), [61.3]);
}

#[tokio::test]
async fn when_a_guest_turns_out_to_be_the_user_the_datapoint_is_sent() {
    let mut test = TestApp::weighing().await;
    let now = test.now;
    let group = test
        .world()
        .withings
        .add(json!({"attrib": 1, "measures": [{"value": 82, "type": 1, "unit": 0}]}), now);
    assert_eq!(test.sync().await.held, 1);
    test.advance(TimeDelta::minutes(5));
    let now = test.now;
    test.world().withings.edit(group, now, |group| group["attrib"] = json!(0));
    let report = test.sync().await;
    assert_eq!((report.held, report.delivered), (0, 1));
}

#[tokio::test]
async fn unknown_kinds_attributions_and_fields_are_kept_and_do_no_harm() {
    let test = TestApp::weighing().await;
    let now = test.now;
    test.world().withings.add(
        json!({"attrib": 99, "nonsense": {"a": [1]}, "measures": [
            {"value": 5, "type": 777, "unit": 0, "position": 99}, {"value": 82, "type": 1, "unit": 0}]}),
        now,
    );
    test.world().withings.add(json!({"measures": [{"value": 5, "type": 777, "unit": 0}]}), now);
    let report = test.sync().await;
    assert_eq!((report.fetched, report.held, report.delivered), (2, 1, 0));
    assert_eq!(test.history()[0].group.measurements[0].kind, MeasureKind(777));
}

#[tokio::test]
async fn batches_are_posted_oldest_first() {
    let mut test = TestApp::weighing().await;
    for kilograms in [84.0, 83.0, 82.0] {
        test.advance(TimeDelta::days(1));
        test.weigh_in(kilograms);
    }
    test.sync().await;
    let posted: Vec<f64> = test.world().beeminder.datapoints("weight").iter().map(|d| d.value).collect();
    assert_eq!(posted, [84.0, 83.0, 82.0]);
}

#[tokio::test]
async fn a_long_history_comes_in_pages_with_odd_offsets() {
    let mut test = TestApp::weighing().await;
    test.world().withings.page_size = 7;
    for _ in 0..30 {
        test.advance(TimeDelta::minutes(10));
        test.weigh_in(82.0);
    }
    let report = test.sync().await;
    assert_eq!((report.fetched, report.delivered), (90, 30));
    let pages = test.world().requests.iter().filter(|request| *request == "POST /measure").count();
    assert_eq!(pages, 1 + 13, "one when the link was made");
}

#[tokio::test]
async fn two_computers_post_each_measurement_once() {
    let test = TestApp::weighing().await;
    let (other, _dir) = test.other_computer().await;
    let feed: Feed = track(MeasureKind::WEIGHT);
    let since = beeminder_withings_sync::app::Since::Now;
    other
        .add_link(
            &beeminder_withings_sync::domain::goal::GoalSlug("weight".into()),
            feed,
            Options::default(),
            since,
            test.now,
        )
        .await
        .unwrap();
    test.weigh_in(82.4);
    test.world().beeminder.datapoints("weight").clear();
    let stop = tokio_util::sync::CancellationToken::new();
    let trigger = beeminder_withings_sync::sync::Trigger::Hand;
    // The last sign-in at Withings holds the grant; the other computer is told so, loudly.
    let report = other.sync(trigger, test.now, &stop).await.unwrap();
    assert_eq!(report.delivered, 1);
    test.expect_warning("Withings no longer accepts the sign-in");
    assert_eq!(codes(&test.sync().await), [ProblemCode::SignInWithings]);
    test.connect_withings().await.unwrap();
    let report = test.sync().await;
    assert_eq!((report.planned, report.delivered), (1, 1), "Beeminder has it already");
    assert_eq!(test.values("weight"), [82.4]);
}

#[tokio::test]
async fn a_body_mass_index_goes_by_the_height_of_its_time_and_follows_when_that_is_corrected() {
    let mut test = TestApp::connected().await;
    let bmi = MeasureKind::BMI;
    test.link("weight", track(bmi)).await;
    test.weigh_in(81.0);
    let report = test.sync().await;
    assert_eq!((report.delivered, report.pending), (0, 0), "no height is known yet");
    let (now, years_ago) = (test.now, test.now - TimeDelta::days(2000));
    let tall = |millimetres: i64| json!([{"value": millimetres, "type": 4, "unit": -3}]);
    let height = test.world().withings.add(
        json!({"attrib": 2, "deviceid": null, "date": years_ago.timestamp(), "measures": tall(1800)}),
        now,
    );
    test.advance(TimeDelta::minutes(1));
    test.sync().await;
    assert_eq!(test.values("weight"), [25.0]);
    let now = test.now;
    test.world().withings.edit(height, now, |group| group["measures"] = tall(1790));
    test.sync().await;
    assert_eq!(test.values("weight"), [25.3]);
}

#[tokio::test]
async fn what_follows_from_a_blood_pressure_can_be_tracked_too() {
    let test = TestApp::connected().await;
    let kind = |name| MeasureKind::named(name).unwrap();
    test.link("systolic", track(kind("pulse-pressure"))).await;
    test.link("weight", track(kind("mean-arterial-pressure"))).await;
    let now = test.now;
    test.world().withings.blood_pressure(121, 79, 62, now);
    test.sync().await;
    assert_eq!((test.values("systolic"), test.values("weight")), (vec![42.0], vec![93.0]));
}

#[tokio::test]
async fn two_computers_with_different_links_do_not_get_into_each_others_way() {
    let mut test = TestApp::connected().await;
    test.world().withings.keeps_grants = true;
    test.link("weight", track(MeasureKind::WEIGHT)).await;
    let (other, _dir) = test.other_computer().await;
    let (since, now) = (beeminder_withings_sync::app::Since::Now, test.now);
    for (goal, feed) in [("weigh-in", count(MeasureSet::weight())), ("fat", track(MeasureKind(6)))] {
        let goal = beeminder_withings_sync::domain::goal::GoalSlug(goal.into());
        other.add_link(&goal, feed, Options::default(), since, now).await.unwrap();
    }
    // The same goal in another unit: whoever posts last counts, and nothing is doubled.
    let goal = beeminder_withings_sync::domain::goal::GoalSlug("weight".into());
    other.add_link(&goal, pounds(), Options::default(), since, now).await.unwrap();
    test.weigh_in(82.4);
    test.sync().await;
    let stop = tokio_util::sync::CancellationToken::new();
    for _ in 0..2 {
        test.advance(TimeDelta::hours(1));
        other.sync(beeminder_withings_sync::sync::Trigger::Hand, test.now, &stop).await.unwrap();
        test.sync().await;
    }
    assert_eq!(test.values("weight"), [181.7]);
    assert_eq!((test.values("weigh-in"), test.values("fat")), (vec![1.0], vec![18.5]));
}
