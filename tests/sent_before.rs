//! A goal that was sent a thing for each reading and is to be sent it for the day, or the other way round:
//! nothing counts twice, whichever way it was changed.

use beeminder_withings_sync::app::Existing;
use beeminder_withings_sync::domain::link::Feed;
use beeminder_withings_sync::domain::link::{LinkId, Options};
use beeminder_withings_sync::domain::measure::measure_set::MeasureSet;
use beeminder_withings_sync::domain::service::Service;
use beeminder_withings_sync::sandbox::faults::Fault;
use chrono::TimeDelta;

use super::support::{TestApp, codes, count};

fn each() -> Feed {
    count(MeasureSet::weight())
}

fn once_a_day() -> Feed {
    Feed::Count { set: MeasureSet::weight(), once_a_day: true }
}

/// Weighed on two days and counted so.
async fn counted(feed: Feed) -> TestApp {
    let mut test = TestApp::connected().await;
    test.link("weigh-in", feed).await;
    for _ in 0..2 {
        test.weigh_in(80.0);
        test.sync().await;
        test.advance(TimeDelta::days(1));
    }
    test.weigh_in(80.0);
    test.sync().await;
    test.advance(TimeDelta::hours(1));
    test
}

fn days(test: &TestApp) -> Vec<String> {
    test.at_beeminder("weigh-in").into_iter().map(|datapoint| datapoint.daystamp).collect()
}

const MONDAY_TO_WEDNESDAY: [&str; 3] = ["20261123", "20261124", "20261125"];

#[tokio::test]
async fn what_is_left_at_beeminder_is_not_sent_again_the_other_way() {
    for (before, after, tomorrow) in [(each(), once_a_day(), 1), (once_a_day(), each(), 2)] {
        let mut test = counted(before).await;
        let options = Options::default();
        test.app().change_link(LinkId(1), &after, &options, Existing::Leave, test.now).await.unwrap();
        assert_eq!(codes(&test.sync().await), []);
        assert_eq!(days(&test), MONDAY_TO_WEDNESDAY, "{after}");
        // From then on it counts as it is said to.
        test.advance(TimeDelta::days(1));
        for _ in 0..2 {
            test.weigh_in(81.0);
            test.advance(TimeDelta::minutes(1));
        }
        test.sync().await;
        assert_eq!(days(&test).len(), 3 + tomorrow, "{after}");
    }
}

#[tokio::test]
async fn a_reading_that_is_not_in_the_days_datapoint_counts_for_itself_from_now_on() {
    let test = counted(once_a_day()).await;
    let options = Options::default();
    test.app().change_link(LinkId(1), &each(), &options, Existing::Leave, test.now).await.unwrap();
    test.weigh_in(81.0);
    test.sync().await;
    assert_eq!(days(&test), ["20261123", "20261124", "20261125", "20261125"]);
}

#[tokio::test]
async fn a_link_made_anew_the_other_way_leaves_those_days_alone_and_says_so() {
    for (before, after) in [(each(), once_a_day()), (once_a_day(), each())] {
        let mut test = counted(before.clone()).await;
        test.app().remove_link(LinkId(1), test.now).unwrap();
        let added = test.link_since("weigh-in", after.clone(), "2026-11-23").await;
        let said: Vec<_> = added.misfits.iter().map(|misfit| (misfit.code(), misfit.facts())).collect();
        assert_eq!(said.len(), 1, "{said:?}");
        assert_eq!((said[0].0, said[0].1["count"].as_str()), ("sent_before", "3"));
        for _ in 0..3 {
            assert_eq!(codes(&test.sync().await), []);
            test.advance(TimeDelta::minutes(20));
        }
        assert_eq!(days(&test), MONDAY_TO_WEDNESDAY, "{after}");
        let reasons: Vec<_> =
            test.history().into_iter().filter_map(|line| Some(line.outcome?.reason)).collect();
        assert!(reasons.iter().any(|reason| reason == "sent_before"), "{reasons:?}");
        // Back the way it was, they are this link's own again.
        test.app().remove_link(LinkId(2), test.now).unwrap();
        assert_eq!(test.link_since("weigh-in", before, "2026-11-23").await.misfits, []);
        test.sync().await;
        assert_eq!(days(&test), MONDAY_TO_WEDNESDAY);
    }
}

#[tokio::test]
async fn what_an_earlier_link_sent_makes_room_when_it_goes() {
    let mut test = counted(each()).await;
    test.app().remove_link(LinkId(1), test.now).unwrap();
    test.link_since("weigh-in", once_a_day(), "2026-11-23").await;
    test.sync().await;
    // Removed by hand at Beeminder on one day, which then stays as the user left it.
    test.world().beeminder.datapoints("weigh-in").remove(0);
    test.advance(TimeDelta::hours(24));
    for _ in 0..3 {
        test.sync().await;
        test.advance(TimeDelta::minutes(15));
    }
    assert_eq!(days(&test), ["20261124", "20261125"]);
    // All of it, and then made anew.
    test.app()
        .change_link(LinkId(2), &once_a_day(), &Options::default(), Existing::Remove, test.now)
        .await
        .unwrap();
    test.sync().await;
    assert_eq!(days(&test), [""; 0]);
    test.weigh_in(81.0);
    test.sync().await;
    assert_eq!(days(&test).len(), 1);
}

#[tokio::test]
async fn what_was_never_received_makes_room_too() {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    test.link("weigh-in", each()).await;
    test.weigh_in(80.0);
    // It never arrived, which is not known yet.
    test.sync_with(Service::Beeminder, "datapoints", Fault::Drop).await;
    let (goal, feed, options) = (LinkId(1), once_a_day(), Options::default());
    let refused = test.app().change_link(goal, &feed, &options, Existing::Leave, test.now).await.unwrap_err();
    assert!(refused.to_string().contains("still waits to be sent"), "{refused}");
    // Who removes the link all the same has its day counted by the next one.
    test.app().remove_link(LinkId(1), test.now).unwrap();
    test.link("weigh-in", once_a_day()).await;
    for _ in 0..3 {
        test.sync().await;
        test.advance(TimeDelta::minutes(20));
    }
    assert_eq!(days(&test), ["20261123"]);
    assert!(test.at_beeminder("weigh-in")[0].requestid.as_deref().unwrap().contains("-day-"));
}
