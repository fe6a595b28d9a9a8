//! What a link is about survives deadlines, journeys and changes of the link itself.

use beeminder_withings_sync::app::Existing;
use beeminder_withings_sync::domain::link::LinkId;
use beeminder_withings_sync::domain::link::Options;
use beeminder_withings_sync::domain::measure::kind::MeasureKind;
use beeminder_withings_sync::domain::service::Service;
use beeminder_withings_sync::sandbox::faults::Fault;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::support::goals::{at, days, each, has, lowest, once};
use super::support::{TestApp, codes, track};

#[tokio::test]
async fn what_is_measured_after_a_link_was_made_is_sent_though_the_deadline_moves() {
    let mut got = vec![];
    for feed in [lowest(), once()] {
        let goal = if feed == once() { "weigh-in" } else { "weight" };
        let mut test = TestApp::connected().await;
        test.expect_warning("");
        // 01:00 in Paris on Tuesday.
        at(&mut test, "2026-11-24T00:00:00Z");
        test.link(goal, feed.clone()).await;
        test.sync().await;
        test.advance(TimeDelta::minutes(10));
        test.world().beeminder.goal(goal).fields["deadline"] = json!(3 * 3600);
        test.advance(TimeDelta::minutes(65));
        test.sync().await;
        // 02:15: Monday for the goal.
        test.weigh_in(80.0);
        for _ in 0..3 {
            test.sync().await;
            test.advance(TimeDelta::minutes(10));
        }
        got.push((goal, days(&test, goal), codes(&test.sync().await)));
    }
    assert!(got.iter().all(|(_, d, _)| *d == ["20261123"]), "{got:?}");
}

#[tokio::test]
async fn what_is_measured_after_a_link_was_made_is_sent_though_the_user_travels() {
    let mut got = vec![];
    for feed in [lowest(), once()] {
        let goal = if feed == once() { "weigh-in" } else { "weight" };
        let mut test = TestApp::connected().await;
        test.expect_warning("");
        at(&mut test, "2026-11-24T00:00:00Z");
        test.link(goal, feed.clone()).await;
        test.sync().await;
        test.world().beeminder.time_zone = "America/Los_Angeles".into();
        // 22:00 on Monday in Los Angeles, six hours later.
        at(&mut test, "2026-11-24T06:00:00Z");
        test.weigh_in(80.0);
        for _ in 0..3 {
            test.sync().await;
            test.advance(TimeDelta::minutes(10));
        }
        let why: Vec<_> =
            test.history().into_iter().filter_map(|l| l.outcome).map(|o| format!("{o:?}")).collect();
        got.push((goal, days(&test, goal), codes(&test.sync().await), why));
    }
    assert!(got.iter().all(|(_, d, ..)| *d == ["20261123"]), "{got:?}");
}

#[tokio::test]
async fn what_is_measured_the_evening_a_link_was_made_is_sent_though_the_deadline_moves_to_midnight() {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    test.world().beeminder.goal("weigh-in").fields["deadline"] = json!(-7 * 3600);
    at(&mut test, "2026-11-23T17:00:00Z");
    test.link("weigh-in", once()).await;
    test.sync().await;
    test.world().beeminder.goal("weigh-in").fields["deadline"] = json!(0);
    test.advance(TimeDelta::minutes(65));
    test.sync().await;
    test.weigh_in(80.0);
    for _ in 0..3 {
        test.sync().await;
        test.advance(TimeDelta::minutes(20));
    }
    assert_eq!(days(&test, "weigh-in"), ["20261123"], "{:?}", codes(&test.sync().await));
}

#[tokio::test]
async fn what_waits_to_be_sent_is_not_lost_on_a_flight_west() {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    at(&mut test, "2026-11-24T00:00:00Z");
    test.link("weigh-in", once()).await;
    test.advance(TimeDelta::minutes(10));
    // 01:10 on Tuesday in Paris; Beeminder is down.
    test.weigh_in(80.0);
    test.sync_with(Service::Beeminder, "goals/weigh-in.json", Fault::http(503, "")).await;
    assert_eq!(test.outbox().len(), 1, "it waits");
    test.world().beeminder.time_zone = "America/New_York".into();
    test.advance(TimeDelta::hours(2));
    let mut said = vec![];
    for _ in 0..4 {
        said = codes(&test.sync().await);
        test.advance(TimeDelta::hours(1));
    }
    assert_eq!(days(&test, "weigh-in").len(), 1, "{said:?} {:?}", test.outbox());
}

#[tokio::test]
async fn days_before_a_link_of_an_old_database_stay_unsent() {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    // 00:30 in Paris on Tuesday: it is still Monday in New York.
    at(&mut test, "2026-11-23T20:00:00Z");
    test.weigh_in(70.0);
    at(&mut test, "2026-11-23T23:30:00Z");
    test.link("weight", lowest()).await;
    test.weigh_in(82.0);
    test.sync().await;
    assert_eq!(days(&test, "weight"), ["20261124"]);
    test.app()
        .store
        .write(|conn| {
            conn.execute("UPDATE link SET first_day = NULL", [])?;
            Ok(())
        })
        .unwrap();
    at(&mut test, "2026-11-24T12:00:00Z");
    test.world().beeminder.time_zone = "America/New_York".into();
    test.weigh_in(81.0);
    for _ in 0..4 {
        test.sync().await;
        test.advance(TimeDelta::minutes(65));
    }
    let now = test.now;
    let late = json!({"measures": [{"value": 71000, "type": 1, "unit": -3}], "date": "2026-11-23T20:30:00Z".parse::<DateTime<Utc>>().unwrap().timestamp()});
    test.world().withings.add(late, now);
    for _ in 0..3 {
        test.sync().await;
        test.advance(TimeDelta::minutes(65));
    }
    assert_eq!(days(&test, "weight"), ["20261124"]);
}

#[tokio::test]
async fn a_change_that_leaves_what_is_there_loses_nothing_unsent() {
    let mut test = TestApp::weighing().await;
    test.expect_warning("");
    test.weigh_in(80.0);
    test.sync_with(Service::Beeminder, "goals/weight.json", Fault::http(503, "")).await;
    assert_eq!(test.outbox().len(), 1);
    test.advance(TimeDelta::minutes(5));
    let options = Options { decimals: Some(1), ..Options::default() };
    let feed = track(MeasureKind::WEIGHT);
    let refused = test.app().change_link(LinkId(1), &feed, &options, Existing::Leave, test.now).await;
    assert!(refused.unwrap_err().to_string().contains("still waits to be sent"));
    for _ in 0..4 {
        test.sync().await;
        test.advance(TimeDelta::minutes(20));
    }
    assert_eq!(test.values("weight"), [80.0]);
}

#[tokio::test]
async fn a_past_that_is_under_way_goes_on_after_a_change_that_leaves_what_is_there() {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    let start: DateTime<Utc> = "2026-10-20T06:00:00Z".parse().unwrap();
    for day in 0..30 {
        for hour in 0..5 {
            let moment = start + TimeDelta::days(day) + TimeDelta::hours(hour);
            test.world().withings.weigh_in(80.0, moment);
        }
    }
    test.world().beeminder.goal("weigh-in").fields["initday"] = json!(start.timestamp() - 86400);
    test.link_since("weigh-in", each(), "2026-10-20").await;
    test.sync().await;
    let first = days(&test, "weigh-in").len();
    test.advance(TimeDelta::minutes(20));
    let options = Options { comment: Some("{time}".into()), ..Options::default() };
    let refused = test.app().change_link(LinkId(1), &each(), &options, Existing::Leave, test.now).await;
    assert!(refused.unwrap_err().to_string().contains("still"));
    let mut said = vec![];
    for _ in 0..10 {
        said = codes(&test.sync().await);
        test.advance(TimeDelta::hours(13));
    }
    assert_eq!((first, days(&test, "weigh-in").len()), (100, 150), "{said:?}");
}

#[tokio::test]
async fn the_preview_of_a_change_from_daily_to_each_says_what_it_does() {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    // Measured before the link was made; a day's value is made of the whole day.
    test.weigh_in(80.0);
    test.advance(TimeDelta::hours(5));
    test.link("weight", lowest()).await;
    test.sync().await;
    assert_eq!(test.values("weight"), [80.0]);
    let each = track(MeasureKind::WEIGHT);
    let change = test.app().preview_change(LinkId(1), &each, &Options::default(), test.now).unwrap();
    let said: Vec<_> = change.added.iter().map(|d| d.value.to_string()).collect();
    test.app().change_link(LinkId(1), &each, &Options::default(), Existing::Update, test.now).await.unwrap();
    test.sync().await;
    let does: Vec<_> = test.values("weight").iter().map(|v| v.to_string()).collect();
    assert_eq!(said, does);
}

#[tokio::test]
async fn a_day_that_is_sent_for_each_reading_keeps_its_earliest_though_the_deadline_moved() {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    at(&mut test, "2026-11-24T02:00:00Z");
    test.weigh_in(80.0);
    at(&mut test, "2026-11-24T07:00:00Z");
    test.link("weight", lowest()).await;
    test.sync().await;
    assert_eq!(has(&test, "weight"), [("20261124".into(), 80.0)]);
    test.world().beeminder.goal("weight").fields["deadline"] = json!(6 * 3600);
    test.advance(TimeDelta::minutes(65));
    test.sync().await;
    test.app()
        .change_link(LinkId(1), &track(MeasureKind::WEIGHT), &Options::default(), Existing::Update, test.now)
        .await
        .unwrap();
    for _ in 0..3 {
        test.sync().await;
        test.advance(TimeDelta::minutes(20));
    }
    assert_eq!(test.values("weight"), [80.0]);
}

#[tokio::test]
async fn a_change_there_and_back_posts_nothing_from_before_the_start() {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    test.weigh_in(80.0);
    at(&mut test, "2026-11-23T11:00:00Z");
    test.link("weigh-in", each()).await;
    test.sync().await;
    assert!(days(&test, "weigh-in").is_empty());
    test.app()
        .change_link(LinkId(1), &once(), &Options::default(), Existing::Update, test.now)
        .await
        .unwrap();
    test.app()
        .change_link(LinkId(1), &each(), &Options::default(), Existing::Update, test.now)
        .await
        .unwrap();
    for _ in 0..3 {
        test.sync().await;
        test.advance(TimeDelta::minutes(20));
    }
    assert!(days(&test, "weigh-in").is_empty(), "{:?}", has(&test, "weigh-in"));
}
