//! Making links, looking before leaping, and what becomes of goals.

use beeminder_withings_sync::app::Since;
use beeminder_withings_sync::domain::goal::GoalSlug;
use beeminder_withings_sync::domain::link::Options;
use beeminder_withings_sync::domain::link::misfit::Misfit;
use beeminder_withings_sync::domain::measure::kind::MeasureKind;
use beeminder_withings_sync::domain::measure::measure_set::MeasureSet;
use beeminder_withings_sync::domain::measure::take::Take;
use beeminder_withings_sync::domain::problem_code::ProblemCode;
use beeminder_withings_sync::domain::service::Service;
use beeminder_withings_sync::sandbox::faults::Fault;
use chrono::TimeDelta;
use serde_json::json;

use super::support::{TestApp, codes, count, take, track};

#[tokio::test]
async fn a_goal_that_does_not_suit_is_warned_about() {
    let test = TestApp::connected().await;
    for (goal, feed, expected) in [
        ("weight", track(MeasureKind::WEIGHT), vec![]),
        ("weigh-in", track(MeasureKind::WEIGHT), vec!["sums_values", "other_units"]),
        ("fat", count(MeasureSet::weight()), vec!["does_not_count", "counts_in_units"]),
        ("official", track(MeasureKind::WEIGHT), vec!["fed_by_autodata"]),
        ("apple", track(MeasureKind::WEIGHT), vec!["fed_by_apple_health"]),
        ("ended", track(MeasureKind::WEIGHT), vec!["frozen"]),
        ("brand-new", count(MeasureSet::weight()), vec![]),
    ] {
        let added = test.link(goal, feed).await;
        assert_eq!(added.misfits.iter().map(Misfit::code).collect::<Vec<_>>(), expected, "{goal}");
    }
    test.world().beeminder.deadbeat = true;
    let added = test.link("night-owl", track(MeasureKind::WEIGHT)).await;
    assert_eq!(added.misfits, [Misfit::Deadbeat]);
}

#[tokio::test]
async fn a_wrong_name_a_future_day_and_the_same_link_twice_are_refused_in_words() {
    let test = TestApp::weighing().await;
    let add = async |goal: &str, since| {
        let feed = take(MeasureKind::WEIGHT, Take::Mean);
        let outcome =
            test.app().add_link(&GoalSlug(goal.into()), feed, Options::default(), since, test.now).await;
        outcome.unwrap_err().to_string()
    };
    assert!(add("wieght", Since::Now).await.contains("alice has no goal called wieght"));
    assert!(add("weight", Since::Now).await.contains("fed so already, by link 1"));
    let tomorrow = Since::Day("2026-11-24".parse().unwrap());
    assert!(add("fat", tomorrow).await.contains("lies in the future"));
    let before_the_goal = Since::Day("2020-01-01".parse().unwrap());
    assert!(add("fat", before_the_goal).await.contains("The goal fat starts on 2025-10-19"));
}

#[tokio::test]
async fn a_start_day_in_the_past_posts_from_the_start_of_that_day_by_the_goals_deadline() {
    let mut test = TestApp::connected().await;
    let monday = test.now;
    // 02:30, 03:30 in Paris: with a deadline of 3 a.m. the first is still Monday's.
    for at in [monday + TimeDelta::minutes(19 * 60 + 30), monday + TimeDelta::minutes(20 * 60 + 30)] {
        test.world().withings.weigh_in(82.0, at);
    }
    test.advance(TimeDelta::days(5));
    test.link_since("night-owl", track(MeasureKind::WEIGHT), "2026-11-24").await;
    assert_eq!(test.sync().await.delivered, 1);
    assert_eq!(test.at_beeminder("night-owl")[0].daystamp, "20261124");
}

#[tokio::test]
async fn a_preview_shows_each_day_and_sends_and_links_nothing() {
    let mut test = TestApp::connected().await;
    for kilograms in [84.0, 83.0] {
        test.advance(TimeDelta::days(1));
        test.weigh_in(kilograms);
    }
    test.advance(TimeDelta::minutes(1));
    let now = test.now;
    test.world().withings.add(json!({"attrib": 1, "measures": [{"value": 60, "type": 1, "unit": 0}]}), now);
    let feed = take(MeasureKind::WEIGHT, Take::Max);
    let preview = test
        .app()
        .preview(&GoalSlug("weight".into()), feed.clone(), Options::default(), 30, test.now)
        .await
        .unwrap();
    let shown: Vec<_> =
        preview.plan.datapoints.iter().map(|d| (d.request_id.0.as_str(), d.value.to_string())).collect();
    assert_eq!(
        shown,
        [("withings-weight-20261124", "84".to_owned()), ("withings-weight-20261125", "83".to_owned())]
    );
    assert_eq!(preview.plan.decisions.iter().filter(|decision| decision.reason.is_held()).count(), 1);
    let preview = test
        .app()
        .preview(&GoalSlug("weight".into()), feed.clone(), Options::default(), 1, test.now)
        .await
        .unwrap();
    assert_eq!(preview.plan.datapoints.len(), 1);
    assert_eq!(test.values("weight"), [0.0; 0]);
    assert_eq!(test.app().links().unwrap(), []);
    // What the preview fetched is planned all the same once there is a link.
    test.link_since("weight", feed, "2026-11-24").await;
    assert_eq!(test.sync().await.delivered, 2);
}

#[tokio::test]
async fn a_preview_says_when_the_newest_measurements_may_be_missing() {
    let test = TestApp::new().await;
    test.connect_beeminder().await.unwrap();
    let preview = async || {
        test.app()
            .preview(&GoalSlug("weight".into()), track(MeasureKind::WEIGHT), Options::default(), 30, test.now)
            .await
    };
    assert!(preview().await.unwrap_err().to_string().contains("Withings is not connected"));
    test.connect_withings().await.unwrap();
    test.expect_warning("cannot be reached");
    test.world().faults.next(Service::Withings, "measure", Fault::Drop);
    assert!(preview().await.unwrap().trouble.unwrap().message.contains("cannot be reached"));
    test.sync().await;
    assert_eq!(preview().await.unwrap().trouble, None);
}

#[tokio::test]
async fn a_removed_link_sends_nothing_more_and_leaves_what_is_there() {
    let mut test = TestApp::weighing().await;
    test.weigh_in(82.4);
    test.sync().await;
    let id = test.app().links().unwrap()[0].id;
    test.app().remove_link(id, test.now).unwrap();
    test.advance(TimeDelta::days(1));
    test.weigh_in(82.0);
    let report = test.sync().await;
    assert_eq!((report.delivered, codes(&report)), (0, vec![ProblemCode::NothingLinked]));
    assert_eq!(test.values("weight"), [82.4]);
    assert!(test.app().link(id).unwrap_err().to_string().contains("There is no link 1"));
    // Linked again from the start, only what is missing is sent.
    test.link_since("weight", track(MeasureKind::WEIGHT), "2026-11-23").await;
    assert_eq!(test.sync().await.delivered, 1);
}

#[tokio::test]
async fn a_renamed_goal_is_followed_and_said() {
    let mut test = TestApp::weighing().await;
    test.world().beeminder.goal("weight").fields["slug"] = json!("mass");
    test.weigh_in(82.4);
    // The old name is not found, which is looked into at once.
    let report = test.sync().await;
    assert_eq!((report.delivered, codes(&report)), (1, vec![ProblemCode::GoalRenamed]));
    assert_eq!(test.values("mass"), [82.4]);
    test.app().mark_seen().unwrap();
    test.advance(TimeDelta::hours(1));
    test.weigh_in(82.0);
    let report = test.sync().await;
    assert_eq!((report.delivered, codes(&report)), (1, vec![]));
}

#[tokio::test]
async fn an_archived_goal_is_found_out_and_its_datapoints_wait() {
    let mut test = TestApp::weighing().await;
    test.link("fat", track(MeasureKind(6))).await;
    test.world().beeminder.goal("weight").archived = true;
    test.weigh_in(82.4);
    let report = test.sync().await;
    assert_eq!((report.delivered, report.pending), (1, 1), "the other goal goes on");
    assert!(codes(&report).contains(&ProblemCode::GoalArchived));
    // Restored, it goes on by itself.
    test.world().beeminder.goal("weight").archived = false;
    test.advance(TimeDelta::minutes(15));
    let report = test.sync().await;
    assert_eq!((report.delivered, codes(&report)), (1, vec![]));
}

#[tokio::test]
async fn a_deleted_goal_is_found_out_by_the_hourly_reading_too() {
    let mut test = TestApp::weighing().await;
    test.world().beeminder.goals.retain(|goal| goal.slug() != "weight");
    test.advance(TimeDelta::minutes(61));
    assert_eq!(codes(&test.sync().await), [], "once is no answer");
    test.advance(TimeDelta::minutes(61));
    let report = test.sync().await;
    assert_eq!(codes(&report), [ProblemCode::GoalDeleted]);
    test.weigh_in(82.4);
    let report = test.sync().await;
    assert_eq!((report.pending, report.delivered), (1, 0), "nothing is posted into the void");
    test.expect_pending(1);
}
