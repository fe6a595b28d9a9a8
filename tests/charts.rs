//! Charts of goals: what was sent beside the bright red line.

use beeminder_withings_sync::app::explained;
use beeminder_withings_sync::domain::goal::GoalSlug;
use beeminder_withings_sync::domain::link::Options;
use beeminder_withings_sync::domain::measure::kind::MeasureKind;
use beeminder_withings_sync::domain::measure::measure_set::MeasureSet;
use beeminder_withings_sync::domain::service::Service;
use beeminder_withings_sync::sandbox::faults::Fault;
use beeminder_withings_sync::view::pages::{Chart, LinkForm};
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::support::{LOOK, TestApp, count, track};

const RED: &str = "#D11A2A";

fn chart(test: &TestApp, goal: &str) -> Chart {
    test.app().chart_of_goal(&GoalSlug(goal.into()), 30, LOOK, test.now).unwrap()
}

#[tokio::test]
async fn a_goals_chart_has_what_was_sent_and_then_the_bright_red_line() {
    let mut test = TestApp::connected().await;
    test.link("weight", track(MeasureKind::WEIGHT)).await;
    test.weigh_in(82.4);
    test.sync().await;
    let without = chart(&test, "weight");
    assert_eq!((without.count, without.has_line, without.wants_line), (1, false, true));
    assert!(test.app().read_line(&GoalSlug("weight".into()), test.now).await.unwrap());
    let with = chart(&test, "weight");
    assert_eq!((with.count, with.has_line, with.wants_line), (1, true, false));
    let drawing = with.drawing.unwrap();
    assert!(drawing.svg.contains(RED));
    assert_eq!((drawing.marks[0].value.as_str(), drawing.marks[0].sent), ("82.4", true));
    test.advance(TimeDelta::hours(1));
    let later = chart(&test, "weight");
    assert!(later.has_line && later.wants_line, "an older line is shown, and read again");
}

#[tokio::test]
async fn what_waits_is_hollow_in_the_chart() {
    let mut test = TestApp::connected().await;
    test.link("weight", track(MeasureKind::WEIGHT)).await;
    test.weigh_in(82.4);
    test.expect_warning("has a problem");
    test.sync_with(Service::Beeminder, "datapoints", Fault::http(503, "")).await;
    let drawing = chart(&test, "weight").drawing.unwrap();
    assert_eq!(drawing.marks.iter().map(|mark| mark.sent).collect::<Vec<_>>(), [false]);
    test.advance(TimeDelta::hours(1));
    test.sync().await;
}

#[tokio::test]
async fn a_goal_that_adds_up_shows_sums_beside_what_the_line_asks_for_a_day() {
    let mut test = TestApp::connected().await;
    let now = test.now;
    let corner = |days: i64, value: f64| json!([(now + TimeDelta::days(days)).timestamp(), value, null]);
    test.world().beeminder.goal("weigh-in").fields["fullroad"] =
        json!([corner(-100, 0.0), corner(100, 400.0)]);
    test.link("weigh-in", count(MeasureSet::of(vec![MeasureKind::WEIGHT]).unwrap())).await;
    for value in [82.4, 82.1, 81.9] {
        test.weigh_in(value);
        test.advance(TimeDelta::minutes(10));
    }
    test.sync().await;
    assert!(test.app().read_line(&GoalSlug("weigh-in".into()), test.now).await.unwrap());
    let chart = chart(&test, "weigh-in");
    assert_eq!((chart.count, chart.range.unwrap()), (1, ("3".into(), "3".into())));
    let drawing = chart.drawing.unwrap();
    assert!(drawing.svg.contains(RED) && drawing.outside == 0);
    let top = drawing.marks[0].y;
    assert!((20..220).contains(&top), "three a day beside two: {top}");
}

#[tokio::test]
async fn a_line_that_is_not_there_yet_is_no_error_and_one_that_cannot_be_read_is() {
    let mut test = TestApp::connected().await;
    test.link("weight", track(MeasureKind::WEIGHT)).await;
    let weight = GoalSlug("weight".into());
    test.world().beeminder.goal("weight").fields["fullroad"] = Value::Null;
    assert!(!test.app().read_line(&weight, test.now).await.unwrap());
    let unknown = chart(&test, "weight");
    assert_eq!((unknown.drawing, unknown.wants_line), (None, false), "nobody asks again at once");
    test.world().faults.next(Service::Beeminder, "goals/weight", Fault::http(503, ""));
    let error = test.app().read_line(&weight, test.now).await.unwrap_err();
    assert_eq!(explained(&error).sentence.key, "error.unavailable", "{error:#}");
    assert!(test.app().read_line(&GoalSlug("nothing".into()), test.now).await.is_err());
    test.now += TimeDelta::hours(1);
}

#[tokio::test]
async fn a_line_that_beeminder_is_working_out_again_stays_as_it_was_known() {
    let test = TestApp::connected().await;
    test.link("weight", track(MeasureKind::WEIGHT)).await;
    let weight = GoalSlug("weight".into());
    assert!(test.app().read_line(&weight, test.now).await.unwrap());
    test.world().beeminder.goal("weight").fields["fullroad"] = Value::Null;
    assert!(test.app().read_line(&weight, test.now).await.unwrap());
    assert!(chart(&test, "weight").has_line);
}

#[tokio::test]
async fn a_preview_has_the_line_of_its_goal() {
    let test = TestApp::connected().await;
    test.weigh_in(82.4);
    test.sync().await;
    let (weight, feed) = (GoalSlug("weight".into()), track(MeasureKind::WEIGHT));
    let form = LinkForm::of(&weight, &feed, &Options::default());
    let preview = test.app().preview_form(&form, LOOK, test.now).await.unwrap();
    let preview = serde_json::to_value(preview).unwrap();
    assert_eq!(preview["chart"]["has_line"], true);
    assert!(preview["chart"]["drawing"]["svg"].as_str().unwrap().contains(RED));
}
