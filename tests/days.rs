//! Which day a measurement counts for.

use beeminder_withings_sync::app::Since;
use beeminder_withings_sync::domain::goal::GoalSlug;
use beeminder_withings_sync::domain::link::Feed;
use beeminder_withings_sync::domain::link::Options;
use beeminder_withings_sync::domain::measure::kind::MeasureKind;
use beeminder_withings_sync::domain::measure::measure_set::MeasureSet;
use beeminder_withings_sync::domain::measure::take::Take;
use beeminder_withings_sync::domain::service::Service;
use beeminder_withings_sync::sandbox::faults::Fault;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::support::{TestApp, take, track};

fn day_after(test: &mut TestApp, moment: &str) {
    let moment: DateTime<Utc> = moment.parse().unwrap();
    test.advance(moment - test.now);
}

#[tokio::test]
async fn points_carry_their_time_and_the_goals_deadline_decides_the_day() {
    let mut test = TestApp::connected().await;
    test.world().beeminder.time_zone = "America/New_York".into();
    for goal in ["weight", "night-owl", "early-bird"] {
        test.link(goal, track(MeasureKind::WEIGHT)).await;
    }
    // Tuesday 01:30, then 18:00 in New York.
    for moment in ["2026-11-24T06:30:00Z", "2026-11-24T23:00:00Z"] {
        day_after(&mut test, moment);
        test.weigh_in(82.0);
    }
    test.sync().await;
    let days = |goal| test.at_beeminder(goal).iter().map(|d| d.daystamp.clone()).collect::<Vec<_>>();
    assert_eq!(days("weight"), ["20261124", "20261124"]);
    assert_eq!(days("night-owl"), ["20261123", "20261124"], "until 3 a.m. it is still yesterday");
    assert_eq!(days("early-bird"), ["20261124", "20261125"], "after 5 p.m. it is tomorrow");
}

#[tokio::test]
async fn where_beeminder_sees_the_day_otherwise_its_answer_is_what_history_shows() {
    let mut test = TestApp::connected().await;
    test.world().beeminder.time_zone = "America/New_York".into();
    test.world().beeminder.wall_clock_days = true;
    day_after(&mut test, "2027-03-13T12:00:00Z");
    test.link("night-owl", track(MeasureKind::WEIGHT)).await;
    // 03:30 on the night the clocks go forward: by our formula still the day before.
    day_after(&mut test, "2027-03-14T07:30:00Z");
    test.weigh_in(82.0);
    test.sync().await;
    assert_eq!(test.at_beeminder("night-owl")[0].daystamp, "20270314");
    let line = test.history().into_iter().find_map(|line| line.outcome).unwrap();
    assert_eq!(line.day, "20270314");
}

#[tokio::test]
async fn a_days_value_is_sent_for_its_day_across_a_dst_night() {
    let mut test = TestApp::connected().await;
    day_after(&mut test, "2027-03-27T12:00:00Z");
    test.link("weight", take(MeasureKind::WEIGHT, Take::First)).await;
    // Paris: 23:30 on Saturday, 00:30, 03:30 on the Sunday that has 23 hours, 00:10 on Monday.
    for moment in
        ["2027-03-27T22:30:00Z", "2027-03-27T23:30:00Z", "2027-03-28T01:30:00Z", "2027-03-28T22:10:00Z"]
    {
        day_after(&mut test, moment);
        test.weigh_in(80.0 + f64::from(u8::try_from(test.at_beeminder("weight").len()).unwrap()));
        test.sync().await;
    }
    let sent: Vec<_> = test.at_beeminder("weight").iter().map(|d| (d.daystamp.clone(), d.value)).collect();
    assert_eq!(sent, [("20270327".into(), 80.0), ("20270328".into(), 81.0), ("20270329".into(), 82.0)]);
}

#[tokio::test]
async fn a_changed_time_zone_does_not_make_a_second_datapoint_for_an_old_measurement() {
    let mut test = TestApp::connected().await;
    test.link("weigh-in", Feed::Count { set: MeasureSet::weight(), once_a_day: true }).await;
    // Monday 23:30 in Paris.
    day_after(&mut test, "2026-11-23T22:30:00Z");
    let group = test.weigh_in(82.0);
    test.sync().await;
    test.world().beeminder.time_zone = "Asia/Tokyo".into();
    test.advance(TimeDelta::hours(2));
    let now = test.now;
    test.world().withings.edit(group, now, |group| group["model"] = "Body Scan".into());
    test.sync().await;
    let days: Vec<_> = test.at_beeminder("weigh-in").iter().map(|d| d.daystamp.clone()).collect();
    assert_eq!(days, ["20261123"]);
}

#[tokio::test]
async fn an_unknown_time_zone_is_taken_as_utc_and_logged() {
    let mut test = TestApp::connected().await;
    test.world().beeminder.time_zone = "Mars/Olympus".into();
    test.expect_warning("no known time zone");
    test.link("weight", take(MeasureKind::WEIGHT, Take::Last)).await;
    day_after(&mut test, "2026-11-23T23:30:00Z");
    test.weigh_in(82.0);
    test.sync().await;
    assert_eq!(test.at_beeminder("weight")[0].daystamp, "20261123");
}

#[tokio::test]
async fn a_days_value_goes_by_the_deadline_and_the_zone_there_are_when_it_is_sent() {
    // Weighed on Wednesday at 00:30 in Paris.
    for (deadline, zone, expected) in [
        (None, None, "20261125"),
        (Some(3 * 3600), None, "20261124"),
        (None, Some("America/New_York"), "20261124"),
    ] {
        let mut test = TestApp::connected().await;
        test.link("weight", take(MeasureKind::WEIGHT, Take::Min)).await;
        day_after(&mut test, "2026-11-24T22:45:00Z");
        test.sync().await;
        test.advance(TimeDelta::minutes(5));
        if let Some(deadline) = deadline {
            test.world().beeminder.goal("weight").fields["deadline"] = json!(deadline);
        }
        if let Some(zone) = zone {
            test.world().beeminder.time_zone = zone.into();
        }
        day_after(&mut test, "2026-11-24T23:30:00Z");
        test.weigh_in(80.0);
        for _ in 0..3 {
            test.sync().await;
            let days: Vec<_> = test.at_beeminder("weight").into_iter().map(|d| d.daystamp).collect();
            assert_eq!(days, [expected], "{deadline:?} {zone:?}");
            test.advance(TimeDelta::minutes(65));
        }
    }
}

#[tokio::test]
async fn a_day_that_was_sent_stays_and_its_time_of_day_too_when_the_zone_changes() {
    let mut test = TestApp::connected().await;
    let options = Options {
        from_time: Some("05:00:00".parse().unwrap()),
        until_time: Some("10:00:00".parse().unwrap()),
        ..Options::default()
    };
    let (goal, feed) = (GoalSlug("weight".into()), take(MeasureKind::WEIGHT, Take::Min));
    test.app().add_link(&goal, feed, options, Since::Now, test.now).await.unwrap();
    // In the morning in Paris, which is night in New York.
    day_after(&mut test, "2026-11-24T06:30:00Z");
    test.weigh_in(80.0);
    test.expect_warning("");
    test.sync_with(Service::Beeminder, "", Fault::http(503, "")).await;
    test.world().beeminder.time_zone = "America/New_York".into();
    test.advance(TimeDelta::hours(2));
    test.sync().await;
    assert_eq!(test.values("weight"), [80.0]);
}
