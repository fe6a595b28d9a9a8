//! What was to be taken away for something else stays when that is given up before it is there.

use beeminder_withings_sync::app::Existing;
use beeminder_withings_sync::domain::link::{Feed, LinkId, Options};
use beeminder_withings_sync::domain::measure::kind::MeasureKind;
use beeminder_withings_sync::domain::service::Service;
use beeminder_withings_sync::sandbox::faults::Fault;
use chrono::TimeDelta;
use serde_json::json;

use super::support::goals::{at, days, each, has, lowest, once};
use super::support::{TestApp, track};

/// Three passes, after which something may be left to send.
async fn passes(test: &mut TestApp) {
    for _ in 0..3 {
        test.sync().await;
        test.advance(TimeDelta::minutes(20));
    }
    let left = test.outbox().len() as u64;
    test.expect_pending(left);
}

/// A pass during which a goal cannot be written to.
async fn pass_in_vain(test: &TestApp, goal: &'static str) {
    test.world().faults.every(Service::Beeminder, goal, Fault::http(503, ""));
    test.sync().await;
    test.world().faults.clear();
}

async fn change(test: &TestApp, feed: &Feed, options: &Options) {
    test.app().change_link(LinkId(1), feed, options, Existing::Update, test.now).await.unwrap();
}

/// Four days were sent the one way, and wait to be sent the other way.
async fn four_days_change(before: Feed, after: &Feed) -> TestApp {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    test.link("weigh-in", before).await;
    for _ in 0..4 {
        test.weigh_in(80.0);
        test.sync().await;
        test.advance(TimeDelta::days(1));
    }
    change(&test, after, &Options::default()).await;
    pass_in_vain(&test, "weigh-in.json").await;
    assert_eq!(days(&test, "weigh-in").len(), 4);
    test
}

/// 80 was sent for Monday, and is known by Wednesday to be of that day; Tuesday has 81.
async fn moved_to_wednesday() -> (TestApp, i64) {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    test.link("weight", lowest()).await;
    let reading = test.weigh_in(80.0);
    test.sync().await;
    at(&mut test, "2026-11-24T06:00:00Z");
    test.weigh_in(81.0);
    test.sync().await;
    at(&mut test, "2026-11-25T06:00:00Z");
    let now = test.now;
    test.world().withings.edit(reading, now, |group| group["date"] = now.timestamp().into());
    test.advance(TimeDelta::minutes(5));
    (test, reading)
}

/// The same, and the new day waits to be sent.
async fn moved_in_vain() -> (TestApp, i64) {
    let (test, reading) = moved_to_wednesday().await;
    pass_in_vain(&test, "weight.json").await;
    assert_eq!(days(&test, "weight"), ["20261123", "20261124"]);
    (test, reading)
}

#[tokio::test]
async fn removing_a_link_whose_change_waits_takes_nothing_away() {
    for (before, after) in [(each(), once()), (once(), each())] {
        let mut test = four_days_change(before, &after).await;
        test.app().remove_link(LinkId(1), test.now).unwrap();
        passes(&mut test).await;
        assert_eq!(days(&test, "weigh-in").len(), 4, "{after}");
        assert_eq!(test.app().stale().unwrap(), []);
    }
}

#[tokio::test]
async fn making_a_link_anew_whose_change_waits_takes_nothing_away() {
    let mut test = four_days_change(each(), &once()).await;
    test.app().remove_link(LinkId(1), test.now).unwrap();
    test.link("weigh-in", once()).await;
    passes(&mut test).await;
    assert_eq!(days(&test, "weigh-in").len(), 4);
}

#[tokio::test]
async fn removing_a_link_while_a_day_moves_takes_nothing_away() {
    let (mut test, _) = moved_in_vain().await;
    test.app().remove_link(LinkId(1), test.now).unwrap();
    passes(&mut test).await;
    assert_eq!(days(&test, "weight"), ["20261123", "20261124"]);
}

#[tokio::test]
async fn removing_a_link_whose_moved_day_was_refused_takes_nothing_away() {
    let (mut test, _) = moved_to_wednesday().await;
    let no = Fault::http(422, r#"{"errors":{"value":["no"]}}"#);
    // The comparison before reads two lists.
    test.world().faults.after(2, Service::Beeminder, "datapoints.json", no);
    test.sync().await;
    assert!(test.outbox().iter().any(|entry| entry.parked.is_some()));
    test.app().remove_link(LinkId(1), test.now).unwrap();
    passes(&mut test).await;
    assert_eq!(days(&test, "weight"), ["20261123", "20261124"]);
}

#[tokio::test]
async fn another_workout_the_day_before_is_no_replacement() {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    test.link("exercise", track(MeasureKind::WORKOUTS)).await;
    test.connect_withings().await.unwrap();
    let monday = test.now;
    let moved = test.world().withings.days().work_out(2, 30, monday);
    test.advance(TimeDelta::hours(1));
    test.sync().await;
    at(&mut test, "2026-11-24T10:00:00Z");
    let tuesday = test.now;
    test.world().withings.days().work_out(2, 40, tuesday);
    test.advance(TimeDelta::hours(1));
    test.sync().await;
    at(&mut test, "2026-11-25T08:00:00Z");
    let (start, end) = (test.now - TimeDelta::hours(2), test.now - TimeDelta::hours(1));
    {
        let mut world = test.world();
        let row = world.withings.days().workouts.get_mut(&moved).unwrap();
        row["startdate"] = start.timestamp().into();
        row["enddate"] = end.timestamp().into();
        row["date"] = json!("2026-11-25");
        row["modified"] = end.timestamp().into();
    }
    pass_in_vain(&test, "exercise.json").await;
    assert_eq!(days(&test, "exercise"), ["20261123", "20261124"]);
    assert_eq!(test.outbox().len(), 2);
    test.app().remove_link(LinkId(1), test.now).unwrap();
    passes(&mut test).await;
    assert_eq!(days(&test, "exercise"), ["20261123", "20261124"]);
}

#[tokio::test]
async fn what_may_have_arrived_is_looked_for_first() {
    for (fault, expected) in [(Fault::LoseAnswer, "20261125"), (Fault::Drop, "20261123")] {
        let (mut test, _) = moved_in_vain().await;
        test.advance(TimeDelta::minutes(20));
        // Reading the lists goes well, and what is sent gets no answer.
        test.world().faults.after(2, Service::Beeminder, "weight/datapoints.json", fault);
        test.sync().await;
        test.world().faults.clear();
        test.app().remove_link(LinkId(1), test.now).unwrap();
        passes(&mut test).await;
        passes(&mut test).await;
        let there = has(&test, "weight").into_iter().filter(|(_, value)| *value == 80.0);
        assert_eq!(there.map(|(day, _)| day).collect::<Vec<_>>(), [expected]);
    }
}

#[tokio::test]
async fn what_moved_and_is_another_persons_then_is_asked_about() {
    let (mut test, reading) = moved_in_vain().await;
    let now = test.now;
    test.world().withings.edit(reading, now, |group| group["attrib"] = json!(1));
    passes(&mut test).await;
    assert_eq!(days(&test, "weight"), ["20261123", "20261124"]);
    assert_eq!(test.app().stale().unwrap().len(), 1);
}

#[tokio::test]
async fn what_moved_and_was_deleted_then_is_asked_about_unless_deletions_are_mirrored() {
    for mirrors in [false, true] {
        let (mut test, reading) = moved_in_vain().await;
        test.app().mirror_deletions(mirrors).unwrap();
        test.world().faults.every(Service::Beeminder, "weight.json", Fault::http(503, ""));
        test.world().withings.delete(reading);
        test.advance(TimeDelta::hours(25));
        test.sync().await;
        test.world().faults.clear();
        passes(&mut test).await;
        let expected = if mirrors { vec!["20261124"] } else { vec!["20261123", "20261124"] };
        assert_eq!(days(&test, "weight"), expected);
        assert_eq!(test.app().stale().unwrap().len(), usize::from(!mirrors));
    }
}

#[tokio::test]
async fn a_change_that_is_taken_back_or_narrowed_before_it_was_sent_takes_nothing_away() {
    let mut test = four_days_change(each(), &once()).await;
    change(&test, &each(), &Options::default()).await;
    pass_in_vain(&test, "weigh-in.json").await;
    passes(&mut test).await;
    assert_eq!((days(&test, "weigh-in").len(), test.outbox().len()), (4, 0));
    change(&test, &once(), &Options::default()).await;
    pass_in_vain(&test, "weigh-in.json").await;
    let (from, until) = ("03:00:00".parse().ok(), "03:01:00".parse().ok());
    change(&test, &once(), &Options { from_time: from, until_time: until, ..Options::default() }).await;
    passes(&mut test).await;
    assert_eq!((days(&test, "weigh-in").len(), test.app().stale().unwrap().len()), (4, 4));
}

#[tokio::test]
async fn what_the_user_wants_removed_goes_with_what_was_to_make_way() {
    let mut test = four_days_change(each(), &once()).await;
    assert_eq!(test.app().remove_link_with_datapoints(LinkId(1), test.now).unwrap(), 4);
    passes(&mut test).await;
    assert_eq!(has(&test, "weigh-in"), []);
    let (mut test, _) = moved_in_vain().await;
    assert_eq!(test.app().remove_link_with_datapoints(LinkId(1), test.now).unwrap(), 2);
    passes(&mut test).await;
    assert_eq!(has(&test, "weight"), []);
}
