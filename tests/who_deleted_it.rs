//! What is not at Beeminder any more was taken away by the user, by this program, or by another computer of theirs:
//! only what the user deleted stays deleted.

use beeminder_withings_sync::app::{App, Existing, Since};
use beeminder_withings_sync::domain::goal::GoalSlug;
use beeminder_withings_sync::domain::link::{Feed, LinkId, Options};
use beeminder_withings_sync::domain::measure::kind::MeasureKind;
use beeminder_withings_sync::domain::measure::measurement::GroupId;
use beeminder_withings_sync::domain::measure::take::Take;
use beeminder_withings_sync::domain::service::Service;
use beeminder_withings_sync::sandbox::faults::Fault;
use beeminder_withings_sync::sync::Trigger;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use super::support::goals::{at, each, has, lowest, once};
use super::support::{TestApp, take, track};

const TWENTY_MINUTES: TimeDelta = TimeDelta::minutes(20);

fn weight() -> Feed {
    track(MeasureKind::WEIGHT)
}

/// 60 and 80 were sent one by one, and the user deleted 60 at Beeminder just now.
async fn sixty_deleted() -> TestApp {
    let mut test = TestApp::weighing().await;
    test.expect_warning("");
    test.weigh_in(60.0);
    test.advance(TimeDelta::minutes(5));
    test.weigh_in(80.0);
    test.sync().await;
    test.advance(TimeDelta::hours(1));
    test.world().beeminder.datapoints("weight").retain(|datapoint| datapoint.value != 60.0);
    test
}

/// Changes the link, and what was sent with it. With a comment where that is to change what is there.
async fn change(app: &App, feed: Feed, comment: Option<&str>, now: DateTime<Utc>) {
    let options = Options { comment: comment.map(Into::into), ..Options::default() };
    app.change_link(LinkId(1), &feed, &options, Existing::Update, now).await.unwrap();
}

async fn passes(test: &mut TestApp, count: usize, every: TimeDelta) {
    for _ in 0..count {
        test.sync().await;
        test.advance(every);
    }
}

/// Two computers of one user that have the same link and mirror deletions.
async fn two(goal: &str, feed: Feed) -> (TestApp, App, TempDir) {
    let test = TestApp::connected().await;
    test.expect_warning("");
    test.world().withings.keeps_grants = true;
    let (other, folder) = test.other_computer().await;
    test.link(goal, feed.clone()).await;
    other.add_link(&GoalSlug(goal.into()), feed, Options::default(), Since::Now, test.now).await.unwrap();
    for app in [test.app(), &other] {
        app.mirror_deletions(true).unwrap();
    }
    (test, other, folder)
}

/// A pass of each.
async fn both(test: &TestApp, other: &App) {
    test.sync().await;
    pass(other, test).await;
}

async fn pass(app: &App, test: &TestApp) {
    app.sync(Trigger::Hand, test.now, &CancellationToken::new()).await.unwrap();
}

fn date(test: &TestApp, group: i64, moment: &str) {
    let (now, moment) = (test.now, moment.parse::<DateTime<Utc>>().unwrap());
    test.world().withings.edit(group, now, |group| group["date"] = moment.timestamp().into());
}

#[tokio::test]
async fn a_removal_without_an_answer_brings_nothing_back() {
    let mut test = sixty_deleted().await;
    change(test.app(), lowest(), None, test.now).await;
    test.sync_with(Service::Beeminder, "weight/datapoints/", Fault::http(503, "")).await;
    passes(&mut test, 5, TWENTY_MINUTES).await;
    assert_eq!(test.values("weight"), [80.0]);
}

#[tokio::test]
async fn a_change_without_an_answer_before_a_removal_brings_nothing_back() {
    for feed in [lowest(), weight()] {
        let mut test = sixty_deleted().await;
        change(test.app(), weight(), Some("{time}!"), test.now).await;
        test.sync_with(Service::Beeminder, "weight/datapoints/", Fault::http(503, "")).await;
        // Changed back, its removal was never sent.
        change(test.app(), lowest(), Some("{time}!"), test.now).await;
        change(test.app(), feed.clone(), Some("{time}?"), test.now).await;
        passes(&mut test, 5, TWENTY_MINUTES).await;
        assert_eq!(test.values("weight"), [80.0], "{feed}");
    }
}

#[tokio::test]
async fn a_removal_that_was_done_without_an_answer_is_not_the_users() {
    let mut test = TestApp::weighing().await;
    test.expect_warning("");
    test.weigh_in(60.0);
    test.sync().await;
    test.advance(TimeDelta::hours(1));
    change(test.app(), lowest(), None, test.now).await;
    test.sync_with(Service::Beeminder, "weight/datapoints/", Fault::LoseAnswer).await;
    change(test.app(), weight(), None, test.now).await;
    passes(&mut test, 3, TimeDelta::hours(13)).await;
    assert_eq!(test.values("weight"), [60.0]);
}

#[tokio::test]
async fn what_another_computer_moved_onto_a_day_that_is_there_was_not_deleted() {
    let (mut test, other, _folder) = two("weight", lowest()).await;
    let group = test.weigh_in(80.0);
    both(&test, &other).await;
    at(&mut test, "2026-11-24T06:00:00Z");
    test.weigh_in(82.0);
    both(&test, &other).await;
    test.advance(TimeDelta::hours(2));
    date(&test, group, "2026-11-24T05:00:00Z");
    both(&test, &other).await;
    test.advance(TimeDelta::hours(2));
    test.weigh_in(81.0);
    for _ in 0..3 {
        both(&test, &other).await;
        test.advance(TWENTY_MINUTES);
    }
    assert_eq!(has(&test, "weight"), [("20261124".into(), 80.0)]);
}

#[tokio::test]
async fn what_another_computer_moved_stays_when_the_days_other_reading_goes() {
    let (mut test, other, _folder) = two("weigh-in", once()).await;
    let group = test.weigh_in(80.0);
    both(&test, &other).await;
    at(&mut test, "2026-11-24T06:00:00Z");
    let second = test.weigh_in(82.0);
    both(&test, &other).await;
    test.advance(TimeDelta::hours(2));
    date(&test, group, "2026-11-24T05:00:00Z");
    both(&test, &other).await;
    test.world().withings.delete(second);
    for _ in 0..4 {
        test.advance(TimeDelta::hours(25));
        both(&test, &other).await;
    }
    assert_eq!(has(&test, "weigh-in"), [("20261124".into(), 1.0)]);
}

#[tokio::test]
async fn what_another_computer_mirrored_may_come_again() {
    let (mut test, other, _folder) = two("weight", weight()).await;
    let now = test.now;
    let weighing = json!({"measures": [{"value": 80, "type": 1, "unit": 0}], "date": now.timestamp()});
    let reading = test.world().withings.add(weighing.clone(), now);
    test.advance(TimeDelta::minutes(5));
    test.weigh_in(81.0);
    both(&test, &other).await;
    test.world().withings.delete(reading);
    test.advance(TimeDelta::hours(25));
    both(&test, &other).await;
    assert_eq!(test.values("weight"), [81.0]);
    test.advance(TWENTY_MINUTES);
    let again = test.now;
    test.world().withings.add(weighing, again);
    for _ in 0..4 {
        pass(&other, &test).await;
        test.advance(TWENTY_MINUTES);
    }
    assert_eq!(test.values("weight"), [80.0, 81.0]);
}

#[tokio::test]
async fn what_may_be_another_persons_by_now_no_computer_takes_away_unasked() {
    let (mut test, other, _folder) = two("weight", weight()).await;
    let reading = test.weigh_in(80.0);
    test.advance(TimeDelta::minutes(5));
    test.weigh_in(81.0);
    both(&test, &other).await;
    test.advance(TimeDelta::hours(25));
    let now = test.now;
    test.world().withings.edit(reading, now, |group| group["attrib"] = json!(1));
    both(&test, &other).await;
    assert_eq!((test.app().stale().unwrap().len(), other.stale().unwrap().len()), (1, 1), "asked, on each");
    test.advance(TWENTY_MINUTES);
    other.answer(GroupId(reading), true, false, test.now).unwrap();
    for _ in 0..3 {
        pass(&other, &test).await;
        test.advance(TWENTY_MINUTES);
    }
    assert_eq!(test.values("weight"), [80.0, 81.0]);
}

#[tokio::test]
async fn what_both_computers_send_otherwise_was_not_deleted() {
    for (goal, before, after, expected) in
        [("weight", weight(), lowest(), 60.0), ("weigh-in", each(), once(), 1.0)]
    {
        let (mut test, other, _folder) = two(goal, before).await;
        test.weigh_in(60.0);
        test.advance(TimeDelta::minutes(5));
        test.weigh_in(80.0);
        both(&test, &other).await;
        test.advance(TimeDelta::hours(1));
        for app in [test.app(), &other] {
            change(app, after.clone(), None, test.now).await;
        }
        for _ in 0..4 {
            both(&test, &other).await;
            test.advance(TimeDelta::hours(13));
        }
        assert_eq!(has(&test, goal), [("20261123".into(), expected)]);
    }
}

#[tokio::test]
async fn what_another_computer_made_anew_does_not_bring_back_what_was_deleted() {
    // Before the other computer compares what is there, and after.
    for later in [TimeDelta::zero(), TimeDelta::hours(25)] {
        let (mut test, other, _folder) = two("weight", take(MeasureKind::WEIGHT, Take::Mean)).await;
        test.weigh_in(60.0);
        both(&test, &other).await;
        test.advance(TimeDelta::minutes(70));
        both(&test, &other).await;
        test.world().beeminder.datapoints("weight").clear();
        test.advance(TWENTY_MINUTES);
        test.weigh_in(80.0);
        passes(&mut test, 3, TimeDelta::minutes(12)).await;
        assert_eq!(test.values("weight"), [80.0], "{later}");
        test.advance(later);
        for _ in 0..3 {
            both(&test, &other).await;
            test.advance(TimeDelta::minutes(12));
        }
        assert_eq!(test.values("weight"), [80.0], "{later}");
    }
}

#[tokio::test]
async fn what_another_computer_moved_away_and_back_was_not_deleted() {
    let (mut test, other, _folder) = two("weight", take(MeasureKind::WEIGHT, Take::Mean)).await;
    let reading = test.weigh_in(60.0);
    both(&test, &other).await;
    test.advance(TimeDelta::hours(1));
    date(&test, reading, "2026-11-22T18:00:00Z");
    test.sync().await;
    test.advance(TimeDelta::hours(1));
    date(&test, reading, "2026-11-23T06:00:00Z");
    test.sync().await;
    test.advance(TimeDelta::hours(1));
    test.weigh_in(80.0);
    for _ in 0..3 {
        both(&test, &other).await;
        test.advance(TWENTY_MINUTES);
    }
    assert_eq!(has(&test, "weight"), [("20261123".into(), 70.0)]);
}

#[tokio::test]
async fn what_was_said_to_be_there_and_is_deleted_stays_deleted() {
    let (mut test, other, _folder) = two("weight", weight()).await;
    test.weigh_in(60.0);
    test.sync().await;
    // To the other computer it is a duplicate, which its list does not show.
    test.world().faults.after(1, Service::Beeminder, "weight/datapoints.json", Fault::http(503, ""));
    pass(&other, &test).await;
    test.advance(TimeDelta::hours(2));
    both(&test, &other).await;
    test.world().beeminder.datapoints("weight").clear();
    for _ in 0..6 {
        test.advance(TimeDelta::hours(13));
        both(&test, &other).await;
    }
    assert_eq!(has(&test, "weight"), []);
}
