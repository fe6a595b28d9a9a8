//! What the user deleted at Beeminder does not come back under another key, though no daily comparison saw it yet.

use beeminder_withings_sync::app::{Existing, Since};
use beeminder_withings_sync::domain::goal::GoalSlug;
use beeminder_withings_sync::domain::link::{LinkId, Options};
use beeminder_withings_sync::domain::measure::kind::MeasureKind;
use beeminder_withings_sync::domain::service::Service;
use beeminder_withings_sync::sandbox::faults::Fault;
use beeminder_withings_sync::sync::Trigger;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::support::goals::{at, each, has, lowest, once};
use super::support::{TestApp, beside, track};

/// Some days go by.
async fn days_go_by(test: &mut TestApp) {
    for _ in 0..5 {
        test.sync().await;
        test.advance(TimeDelta::hours(13));
    }
}

/// 60 and 80 were sent one by one, and the user deleted 60 at Beeminder.
async fn sixty_deleted() -> TestApp {
    let mut test = TestApp::weighing().await;
    test.weigh_in(60.0);
    test.advance(TimeDelta::minutes(5));
    test.weigh_in(80.0);
    test.sync().await;
    test.advance(TimeDelta::hours(1));
    test.world().beeminder.datapoints("weight").retain(|datapoint| datapoint.value != 60.0);
    test
}

#[tokio::test]
async fn a_reading_deleted_at_beeminder_does_not_come_back_within_a_day() {
    for is_compared in [true, false] {
        let mut test = sixty_deleted().await;
        if is_compared {
            days_go_by(&mut test).await;
        }
        let options = Options::default();
        test.app().change_link(LinkId(1), &lowest(), &options, Existing::Update, test.now).await.unwrap();
        test.sync().await;
        assert_eq!(has(&test, "weight"), [("20261123".into(), 80.0)], "compared: {is_compared}");
        days_go_by(&mut test).await;
        assert_eq!(has(&test, "weight"), [("20261123".into(), 80.0)], "compared: {is_compared}");
    }
}

#[tokio::test]
async fn a_day_deleted_at_beeminder_does_not_come_back_as_its_readings() {
    let mut test = TestApp::connected().await;
    test.link("weigh-in", once()).await;
    test.weigh_in(60.0);
    test.sync().await;
    test.advance(TimeDelta::hours(1));
    test.world().beeminder.datapoints("weigh-in").clear();
    let options = Options::default();
    test.app().change_link(LinkId(1), &each(), &options, Existing::Update, test.now).await.unwrap();
    days_go_by(&mut test).await;
    assert_eq!(has(&test, "weigh-in"), []);
    // What is measured since is a new fact.
    test.weigh_in(61.0);
    test.sync().await;
    assert_eq!(has(&test, "weigh-in").len(), 1);
}

#[tokio::test]
async fn a_day_deleted_at_beeminder_does_not_come_back_on_another_day() {
    for (goal, feed) in [("weight", lowest()), ("weigh-in", once())] {
        let mut test = TestApp::connected().await;
        test.link_since(goal, feed, "2026-11-22").await;
        test.sync().await;
        let reading = test.weigh_in(60.0);
        test.sync().await;
        test.advance(TimeDelta::hours(1));
        test.world().beeminder.datapoints(goal).clear();
        let (now, earlier) = (test.now, "2026-11-22T18:00:00Z".parse::<DateTime<Utc>>().unwrap());
        test.world().withings.edit(reading, now, |group| group["date"] = earlier.timestamp().into());
        days_go_by(&mut test).await;
        assert_eq!(has(&test, goal), [], "{goal}");
    }
}

#[tokio::test]
async fn a_part_of_a_deleted_day_does_not_come_back_on_another_day() {
    for (goal, feed, is_day_there) in
        [("weight", lowest(), false), ("weight", lowest(), true), ("weigh-in", once(), false)]
    {
        let mut test = TestApp::connected().await;
        test.link(goal, feed).await;
        let reading = test.weigh_in(60.0);
        test.advance(TimeDelta::minutes(5));
        test.weigh_in(62.0);
        test.sync().await;
        at(&mut test, "2026-11-24T06:00:00Z");
        if is_day_there {
            test.weigh_in(61.0);
        }
        test.sync().await;
        test.advance(TimeDelta::hours(1));
        test.world().beeminder.datapoints(goal).retain(|datapoint| datapoint.daystamp == "20261124");
        let (now, later) = (test.now, "2026-11-24T05:00:00Z".parse::<DateTime<Utc>>().unwrap());
        test.world().withings.edit(reading, now, |group| group["date"] = later.timestamp().into());
        for _ in 0..5 {
            test.sync().await;
            let tuesday: &[(String, f64)] = if is_day_there { &[("20261124".into(), 61.0)] } else { &[] };
            assert_eq!(has(&test, goal), tuesday, "{goal}");
            test.advance(TimeDelta::minutes(6));
        }
        assert!(test.app().stale().unwrap().is_empty(), "{goal}");
        // What is measured since is a new fact.
        test.weigh_in(59.0);
        test.sync().await;
        assert_eq!(has(&test, goal).len(), 1, "{goal}");
    }
}

#[tokio::test]
async fn a_reading_deleted_at_beeminder_does_not_come_back_with_a_new_link() {
    for is_synced_between in [true, false] {
        let mut test = sixty_deleted().await;
        test.app().remove_link_with_datapoints(LinkId(1), test.now).unwrap();
        if is_synced_between {
            test.sync().await;
        }
        test.link_since("weight", lowest(), "2026-11-23").await;
        days_go_by(&mut test).await;
        assert_eq!(test.values("weight"), [80.0], "synced between: {is_synced_between}");
    }
}

#[tokio::test]
async fn a_reading_deleted_at_beeminder_does_not_come_back_with_a_link_that_is_made_during_a_pass() {
    for waits in 0..6 {
        let mut test = sixty_deleted().await;
        test.app().remove_link_with_datapoints(LinkId(1), test.now).unwrap();
        let (slug, since) = (GoalSlug("weight".into()), Since::Day("2026-11-23".parse().unwrap()));
        let stop = CancellationToken::new();
        let pass = Box::pin(test.app().sync(Trigger::Hand, test.now, &stop));
        let add = async {
            test.app().add_link(&slug, lowest(), Options::default(), since, test.now).await.unwrap();
        };
        beside(pass, waits, add).await.unwrap();
        days_go_by(&mut test).await;
        assert_eq!(has(&test, "weight"), [("20261123".into(), 80.0)], "made after {waits} waits");
    }
}

#[tokio::test]
async fn what_another_computer_put_elsewhere_is_not_taken_for_deleted() {
    for is_compared in [true, false] {
        let mut test = TestApp::weighing().await;
        test.expect_warning("");
        test.world().withings.keeps_grants = true;
        let (other, _folder) = test.other_computer().await;
        for app in [test.app(), &other] {
            app.mirror_deletions(true).unwrap();
        }
        let (slug, feed, options) =
            (GoalSlug("weight".into()), track(MeasureKind::WEIGHT), Options::default());
        other.add_link(&slug, feed, options, Since::Now, test.now).await.unwrap();
        let now = test.now;
        let weighing =
            json!({"measures": [{"value": 80000, "type": 1, "unit": -3}], "date": now.timestamp()});
        let reading = test.world().withings.add(weighing.clone(), now);
        test.advance(TimeDelta::minutes(5));
        test.weigh_in(81.0);
        for pass in 0..4 {
            test.sync().await;
            if pass == 1 && !is_compared {
                let fault = Fault::http(503, "");
                test.world().faults.next(Service::Beeminder, "weight/datapoints.json", fault);
            }
            other.sync(Trigger::Hand, test.now, &CancellationToken::new()).await.unwrap();
            assert_eq!(test.values("weight"), [80.0, 81.0], "compared: {is_compared}");
            if pass == 0 {
                // It comes again under another number.
                let now = test.now;
                test.world().withings.delete(reading);
                test.world().withings.add(weighing.clone(), now);
            }
            test.advance(TimeDelta::hours(13));
        }
    }
}
