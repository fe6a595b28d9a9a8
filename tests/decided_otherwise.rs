//! What the user decides about a datapoint, decides otherwise, and measures again.

use beeminder_withings_sync::domain::link::{Feed, LinkId};
use beeminder_withings_sync::domain::measure::kind::MeasureKind;
use beeminder_withings_sync::domain::service::Service;
use beeminder_withings_sync::sandbox::faults::Fault;
use chrono::TimeDelta;

use super::support::goals::{days, each, lowest, once};
use super::support::{TestApp, codes, track};

fn no() -> Fault {
    Fault::http(422, r#"{"errors":{"value":["no"]}}"#)
}

#[tokio::test]
async fn what_was_measured_again_after_a_discard_is_sent() {
    let mut bad = vec![];
    for feed in [once(), lowest()] {
        let goal = if feed == once() { "weigh-in" } else { "weight" };
        let mut test = TestApp::connected().await;
        test.expect_warning("");
        test.link(goal, feed.clone()).await;
        test.weigh_in(80.0);
        test.sync_with(Service::Beeminder, "datapoints.json", no()).await;
        test.app().discard(test.outbox()[0].id, test.now).unwrap();
        test.sync().await;
        test.advance(TimeDelta::hours(3));
        test.weigh_in(80.0);
        let mut said = vec![];
        for _ in 0..4 {
            said = codes(&test.sync().await);
            test.advance(TimeDelta::minutes(20));
        }
        let why: Vec<_> = test.history().iter().map(|l| format!("{:?}", l)).collect();
        if days(&test, goal).is_empty() {
            bad.push((feed.to_string(), said, why));
        }
    }
    assert!(bad.is_empty(), "{bad:#?}");
}

#[tokio::test]
async fn what_is_kept_is_what_is_there_not_what_was_last_called_for() {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    test.link("weight", lowest()).await;
    let a = test.weigh_in(80.0);
    let later = test.now;
    test.weigh_in(82.0);
    test.sync().await;
    test.advance(TimeDelta::minutes(20));
    // Corrected while Beeminder is down, then deleted.
    let now = test.now;
    test.world().withings.edit(a, now, |g| g["measures"][0]["value"] = 79000.into());
    test.sync_with(Service::Beeminder, "datapoints/", no()).await;
    let _ = later;
    test.app().discard(test.outbox()[0].id, test.now).unwrap();
    for _ in 0..3 {
        test.sync().await;
        test.advance(TimeDelta::minutes(20));
    }
    // The scale measures 79 now.
    test.weigh_in(79.0);
    for _ in 0..3 {
        test.sync().await;
        test.advance(TimeDelta::minutes(20));
    }
    assert_eq!(test.values("weight"), [79.0]);
}

#[tokio::test]
async fn what_was_removed_is_not_what_the_day_is_made_of() {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    test.link("weight", lowest()).await;
    test.weigh_in(80.0);
    test.sync().await;
    test.app().remove_link_with_datapoints(LinkId(1), test.now).unwrap();
    test.sync().await;
    assert!(test.values("weight").is_empty());
    test.advance(TimeDelta::minutes(20));
    test.link("weight", lowest()).await;
    test.sync_with(Service::Beeminder, "datapoints.json", no()).await;
    test.app().discard(test.outbox()[0].id, test.now).unwrap();
    test.sync().await;
    test.advance(TimeDelta::hours(1));
    test.weigh_in(85.0);
    for _ in 0..3 {
        test.sync().await;
        test.advance(TimeDelta::minutes(20));
    }
    assert_eq!(test.values("weight"), [85.0]);
}

#[tokio::test]
async fn a_count_of_each_goes_on_after_a_discard() {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    test.link("weigh-in", each()).await;
    test.weigh_in(80.0);
    test.sync_with(Service::Beeminder, "datapoints.json", no()).await;
    test.app().discard(test.outbox()[0].id, test.now).unwrap();
    test.advance(TimeDelta::hours(3));
    test.weigh_in(80.0);
    test.sync().await;
    assert_eq!(days(&test, "weigh-in").len(), 1);
}

#[tokio::test]
async fn a_discarded_change_can_be_sent_after_all() {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    test.link("weight", lowest()).await;
    test.weigh_in(82.0);
    test.sync().await;
    test.advance(TimeDelta::minutes(20));
    test.weigh_in(80.0);
    test.sync_with(Service::Beeminder, "datapoints/", no()).await;
    let id = test.outbox()[0].id;
    test.app().discard(id, test.now).unwrap();
    test.sync().await;
    let undone = test.app().retry(id, test.now).map_err(|e| e.to_string());
    test.sync().await;
    assert_eq!((undone, test.values("weight")), (Ok(()), vec![80.0]));
}

#[tokio::test]
async fn a_discard_that_struck_nothing_can_be_taken_back() {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    test.link("weight", lowest()).await;
    test.weigh_in(80.0);
    test.sync().await;
    test.app().remove_link_with_datapoints(LinkId(1), test.now).unwrap();
    test.sync().await;
    test.advance(TimeDelta::minutes(20));
    test.link("weight", lowest()).await;
    test.sync_with(Service::Beeminder, "datapoints.json", no()).await;
    let id = test.outbox()[0].id;
    test.app().discard(id, test.now).unwrap();
    test.sync().await;
    test.app().retry(id, test.now).unwrap();
    for _ in 0..3 {
        test.sync().await;
        test.advance(TimeDelta::minutes(20));
    }
    assert_eq!(test.values("weight"), [80.0]);
}

/// Sent, taken away with its link while the answer was lost, made anew, refused and discarded.
async fn discarded_after_a_lost_removal(goal: &str, feed: Feed) -> (TestApp, i64) {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    test.link(goal, feed.clone()).await;
    let group = test.weigh_in(80.0);
    test.sync().await;
    test.app().remove_link_with_datapoints(LinkId(1), test.now).unwrap();
    test.sync_with(Service::Beeminder, "datapoints/", Fault::LoseAnswer).await;
    assert!(days(&test, goal).is_empty());
    test.advance(TimeDelta::minutes(20));
    test.link(goal, feed).await;
    test.sync_with(Service::Beeminder, "datapoints.json", no()).await;
    test.app().discard(test.outbox()[0].id, test.now).unwrap();
    test.sync().await;
    test.advance(TimeDelta::hours(1));
    (test, group)
}

#[tokio::test]
async fn what_was_removed_without_an_answer_is_not_what_the_day_is_made_of() {
    let (mut test, _) = discarded_after_a_lost_removal("weight", lowest()).await;
    test.weigh_in(85.0);
    for _ in 0..3 {
        test.sync().await;
        test.advance(TimeDelta::minutes(20));
    }
    assert_eq!(test.values("weight"), [85.0]);
}

#[tokio::test]
async fn what_was_discarded_after_a_lost_removal_stays_discarded() {
    let (mut test, group) = discarded_after_a_lost_removal("weigh-in", once()).await;
    // Its value is corrected by a few grams.
    let now = test.now;
    test.world().withings.edit(group, now, |group| group["measures"][0]["value"] = 79_900.into());
    for _ in 0..3 {
        test.sync().await;
        test.advance(TimeDelta::minutes(20));
    }
    assert_eq!(days(&test, "weigh-in"), [""; 0]);
}

#[tokio::test]
async fn what_no_link_sends_any_more_cannot_be_sent_again_before_it_is_linked_again() {
    let test = TestApp::weighing().await;
    test.expect_warning("Parked");
    test.weigh_in(80.0);
    test.sync_with(Service::Beeminder, "datapoints.json", no()).await;
    let id = test.outbox()[0].id;
    test.app().discard(id, test.now).unwrap();
    test.app().remove_link(LinkId(1), test.now).unwrap();
    let refused = test.app().retry(id, test.now).unwrap_err();
    assert!(refused.to_string().contains("Link it again"), "{refused}");
    test.link_since("weight", track(MeasureKind::WEIGHT), "2026-11-23").await;
    test.sync().await;
    assert!(test.values("weight").is_empty(), "it stays discarded");
    test.app().retry(id, test.now).unwrap();
    test.sync().await;
    assert_eq!(test.values("weight"), [80.0]);
}
