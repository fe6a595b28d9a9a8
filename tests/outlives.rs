//! What concerns a goal outlives its links: days once given, zones, what was confirmed, what was judged.

use beeminder_withings_sync::app::Existing;
use beeminder_withings_sync::domain::link::{LinkId, Options};
use beeminder_withings_sync::domain::measure::kind::MeasureKind;
use beeminder_withings_sync::domain::measure::measure_set::MeasureSet;
use beeminder_withings_sync::domain::measure::take::Take;
use chrono::TimeDelta;
use serde_json::json;

use super::support::{TestApp, codes, count, take, track};

#[tokio::test]
async fn a_days_value_is_made_of_the_whole_day_whenever_its_link_began() {
    let mut test = TestApp::connected().await;
    test.link("weight", take(MeasureKind::WEIGHT, Take::Min)).await;
    test.weigh_in(80.0);
    test.sync().await;
    test.advance(TimeDelta::hours(5));
    // Made anew, or changed from now on.
    test.app().remove_link(LinkId(1), test.now).unwrap();
    test.link("weight", take(MeasureKind::WEIGHT, Take::Min)).await;
    let feed = take(MeasureKind::WEIGHT, Take::Min);
    let options = Options::default();
    test.app().change_link(LinkId(2), &feed, &options, Existing::Leave, test.now).await.unwrap();
    test.advance(TimeDelta::hours(1));
    test.weigh_in(82.0);
    test.sync().await;
    assert_eq!(test.values("weight"), [80.0]);
    // On another computer that was linked at noon.
    let (elsewhere, _folder) = test.other_computer().await;
    let goal = beeminder_withings_sync::domain::goal::GoalSlug("weight".into());
    let since = beeminder_withings_sync::app::Since::Now;
    elsewhere.add_link(&goal, feed, options, since, test.now).await.unwrap();
    let stop = tokio_util::sync::CancellationToken::new();
    elsewhere.sync(beeminder_withings_sync::sync::Trigger::Hand, test.now, &stop).await.unwrap();
    assert_eq!(test.values("weight"), [80.0]);
}

#[tokio::test]
async fn a_day_once_given_stays_when_the_deadline_moves_and_the_link_is_made_anew() {
    let mut test = TestApp::connected().await;
    test.advance(TimeDelta::hours(20));
    let feed = || take(MeasureKind::WEIGHT, Take::Last);
    // Two in the morning counts for the day before where the deadline is at three.
    test.link("night-owl", feed()).await;
    test.weigh_in(82.0);
    test.sync().await;
    let given = test.at_beeminder("night-owl")[0].daystamp.clone();
    test.world().beeminder.goal("night-owl").fields["deadline"] = json!(0);
    test.advance(TimeDelta::minutes(90));
    test.sync().await;
    test.app().remove_link(LinkId(1), test.now).unwrap();
    test.link("night-owl", feed()).await;
    test.sync().await;
    let days: Vec<_> = test.at_beeminder("night-owl").into_iter().map(|d| d.daystamp).collect();
    assert_eq!(days, [given], "one weigh-in, one day");
}

#[tokio::test]
async fn what_was_judged_in_one_time_zone_stays_judged_in_another() {
    let mut test = TestApp::connected().await;
    let options = Options {
        from_time: Some("05:00:00".parse().unwrap()),
        until_time: Some("10:00:00".parse().unwrap()),
        ..Options::default()
    };
    let (goal, feed) =
        (beeminder_withings_sync::domain::goal::GoalSlug("weight".into()), track(MeasureKind::WEIGHT));
    let since = beeminder_withings_sync::app::Since::Now;
    test.app().add_link(&goal, feed.clone(), options.clone(), since, test.now).await.unwrap();
    // In the afternoon, which the link leaves out.
    for _ in 0..8 {
        test.advance(TimeDelta::hours(8));
        test.weigh_in(82.0);
        test.advance(TimeDelta::hours(16));
        test.sync().await;
    }
    assert_eq!(test.values("weight"), [0.0; 0]);
    test.world().beeminder.time_zone = "America/Los_Angeles".into();
    test.advance(TimeDelta::hours(2));
    test.sync().await;
    // Changed back and forth, which goes through everything again.
    for decimals in [Some(1), None] {
        let options = Options { decimals, ..options.clone() };
        test.app().change_link(LinkId(1), &feed, &options, Existing::Update, test.now).await.unwrap();
        test.sync().await;
    }
    assert_eq!(test.values("weight"), [0.0; 0], "the mornings of Los Angeles are none of Paris");
}

#[tokio::test]
async fn a_reading_that_moved_leaves_its_old_day_by_itself() {
    for feed in [take(MeasureKind::WEIGHT, Take::Min), once_a_day()] {
        let mut test = TestApp::connected().await;
        test.link("weight", feed.clone()).await;
        let group = test.weigh_in(82.0);
        test.sync().await;
        test.advance(TimeDelta::hours(25));
        let now = test.now;
        test.world().withings.edit(group, now, |group| group["date"] = json!(now.timestamp()));
        let report = test.sync().await;
        assert_eq!(codes(&report), [], "{feed}");
        let days: Vec<_> = test.at_beeminder("weight").into_iter().map(|d| d.daystamp).collect();
        assert_eq!(days, ["20261124"], "{feed}");
    }
}

fn once_a_day() -> beeminder_withings_sync::domain::link::Feed {
    beeminder_withings_sync::domain::link::Feed::Count { set: MeasureSet::weight(), once_a_day: true }
}

#[tokio::test]
async fn a_clock_that_was_once_a_year_ahead_hides_no_deletion() {
    let mut test = TestApp::weighing().await;
    test.expect_warning("");
    test.weigh_in(82.0);
    test.sync().await;
    test.advance(TimeDelta::days(1));
    test.weigh_in(83.0);
    // The computer alone is wrong.
    let right = test.now;
    test.now += TimeDelta::days(365);
    test.sync().await;
    test.now = right;
    test.world().beeminder.datapoints("weight").remove(0);
    for _ in 0..3 {
        test.advance(TimeDelta::hours(2));
        test.sync().await;
    }
    let outcomes: Vec<_> =
        test.history().into_iter().filter_map(|line| Some(line.outcome?.outcome)).collect();
    assert_eq!(outcomes, ["sent", "deleted"]);
}

#[tokio::test]
async fn a_count_goes_on_where_it_was_when_its_link_is_made_anew() {
    let mut test = TestApp::connected().await;
    test.link("weigh-in", count(MeasureSet::weight())).await;
    test.weigh_in(82.0);
    test.sync().await;
    test.app().remove_link(LinkId(1), test.now).unwrap();
    test.advance(TimeDelta::minutes(5));
    test.link("weigh-in", count(MeasureSet::weight())).await;
    test.weigh_in(83.0);
    test.sync().await;
    assert_eq!(test.values("weigh-in"), [1.0, 1.0]);
}

#[tokio::test]
async fn a_deadline_that_moved_just_now_is_gone_by_before_anything_is_sent() {
    let mut test = TestApp::connected().await;
    test.link("weight", take(MeasureKind::WEIGHT, Take::Min)).await;
    // 23:45 in Paris, and 00:30.
    test.advance(TimeDelta::minutes(16 * 60 + 45));
    test.sync().await;
    test.world().beeminder.goal("weight").fields["deadline"] = (3 * 3600).into();
    test.advance(TimeDelta::minutes(45));
    test.weigh_in(80.0);
    assert_eq!(test.sync().await.delivered, 1);
    let days: Vec<_> = test
        .world()
        .beeminder
        .datapoints("weight")
        .iter()
        .map(|datapoint| datapoint.requestid.clone())
        .collect();
    assert_eq!(days, [Some("withings-weight-20261123".to_owned())]);
}
