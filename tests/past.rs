//! The past: looked at first, posted a little at a time, and stopped when the user says so.

use beeminder_withings_sync::app::Risk;
use beeminder_withings_sync::domain::link::LinkId;
use beeminder_withings_sync::domain::measure::kind::MeasureKind;
use beeminder_withings_sync::domain::measure::take::Take;
use beeminder_withings_sync::store;
use chrono::{NaiveDate, TimeDelta};
use serde_json::json;

use super::support::{TestApp, take, track};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// A person who weighed in every morning for so many days before linking.
async fn with_past(days: i64) -> TestApp {
    let mut test = TestApp::connected().await;
    for _ in 0..days {
        test.weigh_in(82.0);
        test.advance(TimeDelta::days(1));
    }
    test
}

#[tokio::test]
async fn a_back_fill_shows_each_day_and_what_it_does_before_anything_is_posted() {
    let test = with_past(5).await;
    test.link("weight", track(MeasureKind::WEIGHT)).await;
    test.sync().await;
    assert_eq!(test.values("weight"), [0.0; 0], "the past is not posted by itself");
    // The goal's line is at 85 now; someone typed in a point, and one day was heavy.
    let entered = test.now - TimeDelta::days(3);
    test.world().beeminder.enter("weight", 82.3, entered);
    let (heavy, at) = (
        json!([{"value": 99_000, "type": 1, "unit": -3}]),
        test.now - TimeDelta::days(2) + TimeDelta::minutes(1),
    );
    let now = test.now;
    test.world().withings.add(json!({"date": at.timestamp(), "measures": heavy}), now);
    test.sync().await;
    let preview =
        test.app().preview_backfill(LinkId(1), day("-0044-03-15"), NaiveDate::MAX, test.now).await.unwrap();
    assert_eq!(preview.refused_before.map(|day| day.to_string()), Some("20251019".into()));
    assert_eq!((preview.datapoints, preview.takes_days), (6, 1));
    let marked: Vec<_> = preview
        .days
        .iter()
        .map(|day| (day.day.to_string(), day.others, day.risk == Risk::MayDerail))
        .collect();
    assert_eq!(
        marked,
        [
            ("20261123".into(), 0, false),
            ("20261124".into(), 0, false),
            ("20261125".into(), 1, false),
            // It takes the day's lowest, and that was fine.
            ("20261126".into(), 0, false),
            ("20261127".into(), 0, false),
        ]
    );
    assert_eq!(test.values("weight"), [82.3], "looking posts nothing");
    test.app().start_backfill(LinkId(1), &preview).unwrap();
    assert_eq!(test.sync().await.delivered, 6);
}

#[tokio::test]
async fn what_is_there_already_is_not_shown_as_what_would_be_posted() {
    for taken in [Take::Every, Take::Min] {
        let mut test = with_past(3).await;
        test.weigh_in(83.0);
        test.advance(TimeDelta::minutes(1));
        test.link("weight", take(MeasureKind::WEIGHT, taken)).await;
        test.weigh_in(84.0);
        test.sync().await;
        // A day's value is made of the whole day, whenever the link began.
        let is_daily = taken == Take::Min;
        assert_eq!(test.values("weight"), [if is_daily { 83.0 } else { 84.0 }]);
        let look = async |test: &TestApp| {
            let to = day("2026-12-31");
            let preview =
                test.app().preview_backfill(LinkId(1), day("2026-11-20"), to, test.now).await.unwrap();
            (preview.datapoints, preview)
        };
        // What was sent is not sent again.
        let (count, preview) = look(&test).await;
        let left = if is_daily { 3 } else { 4 };
        assert_eq!(count, left, "{taken:?}");
        test.app().start_backfill(LinkId(1), &preview).unwrap();
        assert_eq!(test.sync().await.delivered, u64::try_from(left).unwrap(), "{taken:?}");
        assert_eq!(look(&test).await.0, 0, "{taken:?}");
    }
}

#[tokio::test]
async fn a_day_on_the_wrong_side_of_the_line_is_marked() {
    let mut test = TestApp::connected().await;
    test.weigh_in(99.0);
    test.advance(TimeDelta::days(1));
    test.link("weight", track(MeasureKind::WEIGHT)).await;
    test.sync().await;
    let preview =
        test.app().preview_backfill(LinkId(1), day("2026-11-23"), day("2026-11-23"), test.now).await.unwrap();
    assert_eq!(preview.days[0].risk, Risk::MayDerail);
}

#[tokio::test]
async fn a_hundred_a_day_are_posted_oldest_first_across_restarts_until_done() {
    let mut test = with_past(250).await;
    test.link("weight", take(MeasureKind::WEIGHT, Take::Min)).await;
    test.sync().await;
    let preview =
        test.app().preview_backfill(LinkId(1), day("2026-11-23"), day("2027-12-31"), test.now).await.unwrap();
    assert_eq!((preview.datapoints, preview.takes_days), (250, 3));
    test.app().start_backfill(LinkId(1), &preview).unwrap();
    let mut posted = Vec::new();
    for _ in 0..3 {
        let delivered = test.sync().await.delivered;
        assert_eq!(test.sync().await.delivered, 0, "no more on the same day");
        posted.push(delivered);
        test.restart();
        test.advance(TimeDelta::days(1));
    }
    assert_eq!(posted, [100, 100, 50]);
    assert!(test.app().backfills().unwrap()[0].is_done());
    assert_eq!(test.at_beeminder("weight").len(), 250);
    assert_eq!(test.at_beeminder("weight")[0].daystamp, "20261123");
}

#[tokio::test]
async fn a_cancelled_back_fill_goes_no_further_and_edits_of_what_it_posted_are_followed() {
    let mut test = with_past(150).await;
    test.link("weight", track(MeasureKind::WEIGHT)).await;
    test.sync().await;
    let preview =
        test.app().preview_backfill(LinkId(1), day("2026-11-23"), day("2027-12-31"), test.now).await.unwrap();
    let id = test.app().start_backfill(LinkId(1), &preview).unwrap();
    test.sync().await;
    let twice = test.app().start_backfill(LinkId(1), &preview).unwrap_err().to_string();
    assert!(twice.contains("Back-fill 1 is posting some of those days already"), "{twice}");
    test.app().cancel_backfill(id).unwrap();
    test.advance(TimeDelta::days(1));
    assert_eq!(test.sync().await.delivered, 0);
    assert_eq!(test.values("weight").len(), 100);
    let (first, now) = {
        let mut world = test.world();
        let first = world.withings.groups().next().unwrap()["grpid"].as_i64().unwrap();
        (first, test.now)
    };
    test.world().withings.edit(first, now, |group| group["measures"][0]["value"] = json!(81_000));
    test.sync().await;
    assert_eq!(test.values("weight")[0], 81.0);
    assert!(test.app().cancel_backfill(99).unwrap_err().to_string().contains("no back-fill 99"));
}

#[tokio::test]
async fn new_measurements_do_not_wait_for_the_past_and_todays_day_is_whole() {
    let mut test = TestApp::connected().await;
    test.weigh_in(80.0);
    test.advance(TimeDelta::hours(3));
    // Linked since this morning: the day's lowest includes what came before.
    test.link_since("weight", take(MeasureKind::WEIGHT, Take::Min), "2026-11-23").await;
    test.weigh_in(82.0);
    assert_eq!(test.sync().await.delivered, 1);
    assert_eq!(test.values("weight"), [80.0]);
    assert!(test.app().store.read(store::backfill::load_all).unwrap().is_empty());
}

#[tokio::test]
async fn nothing_is_left_to_back_fill_after_the_links_start() {
    let mut test = with_past(2).await;
    test.link("weight", track(MeasureKind::WEIGHT)).await;
    test.advance(TimeDelta::days(3));
    for (from, to, said) in [
        ("2026-11-26", "2026-11-27", "Nothing is left to post"),
        ("2026-11-24", "2026-11-23", "last day lies before the first"),
    ] {
        let refused = test.app().preview_backfill(LinkId(1), day(from), day(to), test.now).await.unwrap_err();
        assert!(refused.to_string().contains(said), "{refused}");
    }
}

#[tokio::test]
async fn a_summing_goal_gets_each_past_workout_day_once() {
    let mut test = TestApp::connected().await;
    let now = test.now;
    for (date, steps) in [("2026-11-20", 4000), ("2026-11-21", 5000)] {
        test.world().withings.days().walk(day(date), steps, now);
    }
    test.link("steps", track(MeasureKind::STEPS)).await;
    test.connect_withings().await.unwrap();
    test.sync().await;
    let preview =
        test.app().preview_backfill(LinkId(1), day("2026-11-20"), day("2026-11-22"), test.now).await.unwrap();
    assert_eq!(preview.datapoints, 2);
    test.app().start_backfill(LinkId(1), &preview).unwrap();
    test.sync().await;
    test.advance(TimeDelta::hours(1));
    assert_eq!(test.sync().await.delivered, 0);
    assert_eq!(test.values("steps"), [4000.0, 5000.0]);
}

#[tokio::test]
async fn a_start_day_in_the_past_posts_nothing_that_could_derail_and_says_so() {
    let mut test = with_past(2).await;
    test.weigh_in(99.0);
    test.sync().await;
    test.advance(TimeDelta::days(1));
    let added = test.link_since("weight", track(MeasureKind::WEIGHT), "2026-11-23").await;
    let codes: Vec<_> = added.misfits.iter().map(|misfit| misfit.code()).collect();
    assert_eq!(codes, ["past_may_derail"]);
    test.sync().await;
    assert_eq!(test.values("weight"), [0.0; 0]);
}
