//! A day's value is made of the whole day, also where the day lies before the link's first by now.

use beeminder_withings_sync::app::Existing;
use beeminder_withings_sync::domain::link::{LinkId, Options};
use chrono::TimeDelta;
use serde_json::json;

use super::support::TestApp;
use super::support::goals::{at, has, lowest};

#[tokio::test]
async fn a_day_that_was_left_is_not_made_of_its_end_alone() {
    for travels in [true, false] {
        let mut test = TestApp::connected().await;
        test.link("weight", lowest()).await;
        test.weigh_in(80.0);
        test.sync().await;
        at(&mut test, "2026-11-23T23:30:00Z");
        test.sync().await;
        let options = Options { decimals: Some(1), ..Options::default() };
        test.app().change_link(LinkId(1), &lowest(), &options, Existing::Leave, test.now).await.unwrap();
        test.sync().await;
        if travels {
            test.world().beeminder.time_zone = "America/New_York".into();
        } else {
            test.world().beeminder.goal("weight").fields["deadline"] = json!(6 * 3600);
        }
        at(&mut test, "2026-11-24T01:00:00Z");
        test.sync().await;
        test.weigh_in(85.0);
        for _ in 0..3 {
            test.sync().await;
            test.advance(TimeDelta::minutes(20));
        }
        assert_eq!(has(&test, "weight"), [("20261123".into(), 80.0)], "travels: {travels}");
    }
}

#[tokio::test]
async fn a_day_before_the_links_first_is_made_of_the_whole_day() {
    let mut test = TestApp::connected().await;
    test.weigh_in(80.0);
    at(&mut test, "2026-11-23T23:30:00Z");
    test.link("weight", lowest()).await;
    test.sync().await;
    assert!(has(&test, "weight").is_empty());
    test.world().beeminder.time_zone = "America/New_York".into();
    at(&mut test, "2026-11-24T01:00:00Z");
    let later = test.weigh_in(85.0);
    for _ in 0..3 {
        test.sync().await;
        test.advance(TimeDelta::minutes(20));
    }
    assert_eq!(has(&test, "weight"), [("20261123".into(), 80.0)]);
    // Whichever of its readings changes.
    let now = test.now;
    test.world().withings.edit(later, now, |group| group["measures"][0]["value"] = 79000.into());
    test.sync().await;
    assert_eq!(has(&test, "weight"), [("20261123".into(), 79.0)]);
}
