//! Links that are changed, removed and made anew, with answers lost in between: nothing twice, nothing lost.

use beeminder_withings_sync::app::Existing;
use beeminder_withings_sync::app::Since;
use beeminder_withings_sync::domain::goal::GoalSlug;
use beeminder_withings_sync::domain::link::LinkId;
use beeminder_withings_sync::domain::link::Options;
use beeminder_withings_sync::domain::measure::kind::MeasureKind;
use beeminder_withings_sync::domain::measure::measurement::GroupId;
use beeminder_withings_sync::domain::service::Service;
use beeminder_withings_sync::sandbox::faults::Fault;
use chrono::TimeDelta;
use serde_json::json;

use super::support::goals::{at, d, days, each, has, lowest, once};
use super::support::{TestApp, track};

#[tokio::test]
async fn what_was_discarded_and_never_arrived_blocks_no_day() {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    test.link("weigh-in", each()).await;
    test.weigh_in(60.0);
    test.sync_with(Service::Beeminder, "datapoints", Fault::Drop).await;
    let entry = test.outbox().pop().unwrap();
    test.app().discard(entry.id, test.now).unwrap();
    test.app().change_link(LinkId(1), &once(), &Options::default(), Existing::Leave, test.now).await.unwrap();
    test.advance(TimeDelta::minutes(1));
    test.weigh_in(80.0);
    for _ in 0..4 {
        test.sync().await;
        test.advance(TimeDelta::minutes(20));
    }
    assert_eq!(days(&test, "weigh-in"), ["20261123"]);
}

#[tokio::test]
async fn a_day_whose_answer_was_lost_counts_once() {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    test.link("weigh-in", once()).await;
    test.weigh_in(80.0);
    test.sync_with(Service::Beeminder, "datapoints", Fault::LoseAnswer).await;
    assert_eq!(days(&test, "weigh-in").len(), 1);
    test.app().remove_link(LinkId(1), test.now).unwrap();
    test.advance(TimeDelta::minutes(5));
    test.link_since("weigh-in", each(), "2026-11-23").await;
    for _ in 0..4 {
        test.sync().await;
        test.advance(TimeDelta::minutes(20));
    }
    assert_eq!(days(&test, "weigh-in"), ["20261123"]);
}

#[tokio::test]
async fn a_reading_of_a_left_day_that_comes_again_counts_once() {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    test.link("weigh-in", once()).await;
    let now = test.now;
    let g = json!({"measures": [{"value": 80000, "type": 1, "unit": -3}], "date": now.timestamp()});
    let a = test.world().withings.add(g.clone(), now);
    test.sync().await;
    test.app().remove_link(LinkId(1), test.now).unwrap();
    test.link_since("weigh-in", each(), "2026-11-23").await;
    test.sync().await;
    assert_eq!(days(&test, "weigh-in"), ["20261123"]);
    test.advance(TimeDelta::minutes(30));
    let now = test.now;
    test.world().withings.delete(a);
    test.world().withings.add(g, now);
    for _ in 0..4 {
        test.sync().await;
        test.advance(TimeDelta::hours(13));
    }
    assert_eq!(days(&test, "weigh-in"), ["20261123"]);
}

#[tokio::test]
async fn what_is_measured_after_the_change_is_sent_that_day() {
    let mut test = TestApp::weighing().await;
    test.expect_warning("");
    test.weigh_in(82.0);
    test.sync().await;
    test.app()
        .change_link(LinkId(1), &lowest(), &Options::default(), Existing::Leave, test.now)
        .await
        .unwrap();
    test.advance(TimeDelta::hours(1));
    test.weigh_in(79.0);
    for _ in 0..4 {
        test.sync().await;
        test.advance(TimeDelta::minutes(20));
    }
    assert!(test.values("weight").contains(&79.0), "{:?}", test.values("weight"));
}

#[tokio::test]
async fn update_takes_no_value_away_for_an_older_one_that_is_left_on_its_day() {
    let mut test = TestApp::weighing().await;
    test.expect_warning("");
    test.weigh_in(82.0);
    test.sync().await;
    test.app().remove_link(LinkId(1), test.now).unwrap();
    test.advance(TimeDelta::minutes(5));
    test.link("weight", track(MeasureKind::WEIGHT)).await;
    test.advance(TimeDelta::minutes(5));
    test.weigh_in(79.0);
    test.sync().await;
    test.app()
        .change_link(LinkId(2), &lowest(), &Options::default(), Existing::Update, test.now)
        .await
        .unwrap();
    for _ in 0..4 {
        test.sync().await;
        test.advance(TimeDelta::minutes(20));
    }
    assert!(test.values("weight").contains(&79.0), "{:?}", test.values("weight"));
}

#[tokio::test]
async fn update_to_each_loses_nothing_of_the_day_the_link_was_made() {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    test.weigh_in(80.0);
    test.advance(TimeDelta::hours(1));
    test.link("weight", lowest()).await;
    test.sync().await;
    assert_eq!(test.values("weight"), [80.0]);
    let f = track(MeasureKind::WEIGHT);
    test.app().change_link(LinkId(1), &f, &Options::default(), Existing::Update, test.now).await.unwrap();
    for _ in 0..3 {
        test.sync().await;
        test.advance(TimeDelta::minutes(20));
    }
    assert_eq!(test.values("weight"), [80.0]);
}

#[tokio::test]
async fn what_is_left_stays_though_the_new_link_leaves_it_out() {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    test.link("weight", lowest()).await;
    test.app().mirror_deletions(true).unwrap();
    test.advance(TimeDelta::hours(12));
    test.weigh_in(80.0);
    test.sync().await;
    assert_eq!(test.values("weight"), [80.0]);
    let options = Options { until_time: Some("10:00:00".parse().unwrap()), ..Options::default() };
    test.app().change_link(LinkId(1), &lowest(), &options, Existing::Leave, test.now).await.unwrap();
    for _ in 0..3 {
        test.sync().await;
        test.advance(TimeDelta::minutes(20));
    }
    assert_eq!(test.values("weight"), [80.0]);
}

#[tokio::test]
async fn what_is_left_stays_though_a_link_made_anew_leaves_it_out() {
    let mut test = TestApp::weighing().await;
    test.expect_warning("");
    test.app().mirror_deletions(true).unwrap();
    test.advance(TimeDelta::hours(12));
    test.weigh_in(80.0);
    test.sync().await;
    test.app().remove_link(LinkId(1), test.now).unwrap();
    test.advance(TimeDelta::hours(20));
    let options = Options { until_time: Some("10:00:00".parse().unwrap()), ..Options::default() };
    test.app()
        .add_link(
            &GoalSlug("weight".into()),
            track(MeasureKind::WEIGHT),
            options,
            Since::Day(d("2026-11-23")),
            test.now,
        )
        .await
        .unwrap();
    for _ in 0..3 {
        test.sync().await;
        test.advance(TimeDelta::minutes(20));
    }
    assert_eq!(test.values("weight"), [80.0]);
}

#[tokio::test]
async fn what_is_left_and_gone_is_asked_about_and_blocks_nothing() {
    let mut test = TestApp::weighing().await;
    test.expect_warning("");
    let guest = test.weigh_in(60.0);
    test.sync().await;
    test.app()
        .change_link(LinkId(1), &lowest(), &Options::default(), Existing::Leave, test.now)
        .await
        .unwrap();
    test.advance(TimeDelta::minutes(10));
    test.weigh_in(80.0);
    test.sync().await;
    test.world().withings.delete(guest);
    for _ in 0..3 {
        test.advance(TimeDelta::hours(25));
        test.weigh_in(80.0);
        test.sync().await;
    }
    let monday: Vec<f64> =
        has(&test, "weight").into_iter().filter(|(d, _)| d == "20261123").map(|(_, v)| v).collect();
    assert!(
        monday.contains(&80.0) || !test.app().stale().unwrap().is_empty(),
        "{monday:?}, and nothing is asked"
    );
}

#[tokio::test]
async fn what_is_left_and_gone_goes_without_asking_when_the_user_chose_so() {
    for (comes_again, expected) in [(false, vec![81.0]), (true, vec![60.0, 81.0])] {
        let mut test = TestApp::weighing().await;
        test.expect_warning("");
        test.app().mirror_deletions(true).unwrap();
        let moment = test.now;
        let weighing = json!({"measures": [{"value": 60, "type": 1, "unit": 0}], "date": moment.timestamp()});
        let reading = test.world().withings.add(weighing.clone(), moment);
        test.sync().await;
        test.app().remove_link(LinkId(1), test.now).unwrap();
        test.advance(TimeDelta::hours(25));
        let now = test.now;
        test.world().withings.delete(reading);
        if comes_again {
            test.world().withings.add(weighing, now);
        }
        test.weigh_in(81.0);
        test.link_since("weight", track(MeasureKind::WEIGHT), "2026-11-23").await;
        if comes_again {
            // What tells it by now is refused, so it stays until that is decided.
            let no = Fault::http(422, r#"{"errors":{"value":["no"]}}"#);
            test.world().faults.after(2, Service::Beeminder, "datapoints.json", no);
            test.expect_pending(2);
        }
        test.sync().await;
        test.sync().await;
        assert_eq!(test.values("weight"), expected);
        assert_eq!(test.app().stale().unwrap(), []);
    }
}

#[tokio::test]
async fn leaving_there_and_back_sends_no_reading_twice() {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    test.link("weigh-in", each()).await;
    let mut link = LinkId(1);
    for i in 0..6 {
        test.weigh_in(80.0);
        test.sync().await;
        test.advance(TimeDelta::hours(1));
        let feed = if i % 2 == 0 { once() } else { each() };
        link = test
            .app()
            .change_link(link, &feed, &Options::default(), Existing::Leave, test.now)
            .await
            .unwrap()
            .id;
        test.sync().await;
        test.advance(TimeDelta::hours(1));
    }
    // Six weigh-ins, of which the day's count stands for some.
    assert!((1..=6).contains(&days(&test, "weigh-in").len()), "{:?}", days(&test, "weigh-in"));
}

#[tokio::test]
async fn a_question_that_is_answered_makes_room_for_the_day() {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    test.link("weigh-in", each()).await;
    let a = test.weigh_in(80.0);
    test.sync().await;
    test.advance(TimeDelta::minutes(10));
    let now = test.now;
    test.world().withings.edit(a, now, |g| g["attrib"] = 1.into());
    test.sync().await;
    assert_eq!(test.app().stale().unwrap().len(), 1);
    test.app().answer(GroupId(a), false, false, test.now).unwrap();
    test.app().change_link(LinkId(1), &once(), &Options::default(), Existing::Leave, test.now).await.unwrap();
    test.advance(TimeDelta::minutes(10));
    test.weigh_in(81.0);
    test.sync().await;
    let s = test.app().stale().unwrap();
    test.app().remove_stale(s[0].id, test.now).unwrap();
    for _ in 0..3 {
        test.sync().await;
        test.advance(TimeDelta::minutes(20));
    }
    assert_eq!(days(&test, "weigh-in"), ["20261123"]);
}

#[tokio::test]
async fn there_and_back_with_lost_answers_ends_with_what_was_measured() {
    for fault in [
        Fault::LoseAnswer,
        Fault::Drop,
        Fault::http(404, r#"{"error":"x"}"#),
        Fault::http(200, "{}"),
        Fault::http(422, r#"{"errors":"Duplicate request"}"#),
    ] {
        for spared in 0..3 {
            let mut test = TestApp::connected().await;
            test.expect_warning("");
            test.link("weigh-in", each()).await;
            test.weigh_in(80.0);
            test.advance(TimeDelta::minutes(5));
            test.weigh_in(81.0);
            test.sync().await;
            test.app()
                .change_link(LinkId(1), &once(), &Options::default(), Existing::Update, test.now)
                .await
                .unwrap();
            test.world().faults.after(spared, Service::Beeminder, "datapoints", fault.clone());
            test.sync().await;
            test.app()
                .change_link(LinkId(1), &each(), &Options::default(), Existing::Update, test.now)
                .await
                .unwrap();
            for _ in 0..6 {
                test.sync().await;
                test.advance(TimeDelta::minutes(20));
            }
            assert_eq!(days(&test, "weigh-in").len(), 2, "{fault:?} {spared}");
        }
    }
}

#[tokio::test]
async fn nothing_is_taken_away_before_what_takes_its_place_is_there() {
    let mut all = vec![];
    for (what, before, after) in
        [("each to once a day", each(), once()), ("once a day to each", once(), each())]
    {
        let mut test = TestApp::connected().await;
        test.expect_warning("");
        test.link("weigh-in", before).await;
        test.advance(TimeDelta::minutes(5));
        test.weigh_in(80.0);
        test.sync().await;
        assert_eq!(days(&test, "weigh-in").len(), 1);
        test.advance(TimeDelta::hours(1));
        test.app()
            .change_link(LinkId(1), &after, &Options::default(), Existing::Update, test.now)
            .await
            .unwrap();
        test.world().faults.after(1, Service::Beeminder, "datapoints", Fault::http(503, "maintenance"));
        test.sync().await;
        all.push((what, days(&test, "weigh-in").len()));
        test.world().faults.clear();
        test.advance(TimeDelta::minutes(20));
        test.sync().await;
    }
    // A weigh-in that was dated anew, a day later.
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    test.link("weigh-in", once()).await;
    at(&mut test, "2026-11-24T08:00:00Z");
    let now = test.now;
    let g = json!({"measures": [{"value": 80000, "type": 1, "unit": -3}], "date": (now - TimeDelta::hours(20)).timestamp()});
    let id = test.world().withings.add(g, now);
    test.sync().await;
    test.advance(TimeDelta::minutes(5));
    let later = test.now;
    test.world().withings.edit(id, later, |g| g["date"] = now.timestamp().into());
    test.world().faults.after(1, Service::Beeminder, "datapoints", Fault::http(503, "maintenance"));
    test.sync().await;
    all.push(("moved", days(&test, "weigh-in").len()));
    test.world().faults.clear();
    test.advance(TimeDelta::minutes(20));
    test.sync().await;
    assert!(all.iter().all(|(_, n)| *n >= 1), "{all:?}");
}

#[tokio::test]
async fn a_back_fill_that_was_stopped_and_begun_again_posts_each_day_once() {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    let now = test.now;
    let mut ids = vec![];
    for day in 1..=3 {
        let when = now - TimeDelta::days(day);
        ids.push(test.world().withings.weigh_in(80.0 + day as f64, when));
    }
    test.link("weight", lowest()).await;
    test.sync().await;
    let p = test.app().preview_backfill(LinkId(1), d("2026-11-20"), d("2026-11-22"), test.now).await.unwrap();
    let b = test.app().start_backfill(LinkId(1), &p).unwrap();
    test.app().cancel_backfill(b).unwrap();
    test.sync().await;
    assert_eq!(days(&test, "weight").len(), 0);
    let p = test.app().preview_backfill(LinkId(1), d("2026-11-20"), d("2026-11-22"), test.now).await.unwrap();
    let b = test.app().start_backfill(LinkId(1), &p).unwrap();
    test.sync_with(Service::Beeminder, "datapoints", Fault::LoseAnswer).await;
    test.app().cancel_backfill(b).unwrap();
    for _ in 0..3 {
        test.advance(TimeDelta::minutes(20));
        test.sync().await;
    }
    assert_eq!(days(&test, "weight").len(), 3);
}
