//! A local clock that is a year off, either way, costs nothing.

use beeminder_withings_sync::app::Existing;
use beeminder_withings_sync::domain::link::{LinkId, Options};
use beeminder_withings_sync::domain::measure::kind::MeasureKind;
use beeminder_withings_sync::domain::problem_code::ProblemCode;
use beeminder_withings_sync::domain::service::Service;
use beeminder_withings_sync::sandbox::faults::Fault;
use beeminder_withings_sync::sync::Trigger;
use chrono::TimeDelta;
use serde_json::json;

use super::support::goals::lowest;
use super::support::{TestApp, codes, track};

const YEAR: TimeDelta = TimeDelta::days(365);

#[tokio::test]
async fn a_clock_a_year_off_from_the_start_is_said_and_harmless() {
    for off in [YEAR, -YEAR] {
        let mut test = TestApp::new().await;
        test.now += off;
        test.connect_withings().await.unwrap();
        test.connect_beeminder().await.unwrap();
        test.link("weight", track(MeasureKind::WEIGHT)).await;
        let real = test.now - off + TimeDelta::minutes(1);
        test.world().withings.weigh_in(82.4, real);
        let report = test.sync().await;
        assert_eq!((report.delivered, codes(&report)), (1, vec![ProblemCode::ClockWrong]), "{off}");
        assert_eq!(test.at_beeminder("weight")[0].daystamp, "20261123");
        // Set right, everything goes on.
        test.now -= off;
        test.advance(TimeDelta::minutes(30));
        test.weigh_in(82.0);
        let report = test.pass(Trigger::Timer).await;
        assert_eq!((report.delivered, codes(&report)), (1, vec![]), "{off}");
    }
}

#[tokio::test]
async fn a_clock_that_jumps_a_year_in_between_stops_nothing() {
    for off in [YEAR, -YEAR] {
        let mut test = TestApp::weighing().await;
        test.weigh_in(82.4);
        test.expect_warning("too many requests");
        test.sync_with(
            beeminder_withings_sync::domain::service::Service::Withings,
            "measure",
            beeminder_withings_sync::sandbox::faults::Fault::withings(601, ""),
        )
        .await;
        test.app().pause(Some(test.now + TimeDelta::hours(1)), test.now).unwrap();
        test.now += off;
        // Neither the back-off nor a token's end nor the pause holds it up for a year.
        let report = test.pass(Trigger::Timer).await;
        assert_eq!(report.delivered, 1, "{off}: {:?}", report.attention);
        assert!(report.next - test.now <= TimeDelta::minutes(15), "{off}");
    }
}

#[tokio::test]
async fn what_is_dated_in_the_future_waits_though_this_computers_clock_says_it_has_come() {
    let mut test = TestApp::weighing().await;
    test.expect_warning("");
    let ahead = (test.now + TimeDelta::days(40)).timestamp();
    let group = json!({"measures": [{"value": 80_000, "type": 1, "unit": -3}], "date": ahead});
    let now = test.now;
    test.world().withings.add(group, now);
    test.sync().await;
    test.now += TimeDelta::days(365);
    test.sync().await;
    // Nor when nothing but this clock is there to go by.
    test.sync_with(Service::Withings, "", Fault::Drop).await;
    assert_eq!(test.values("weight"), [0.0; 0]);
    test.now -= TimeDelta::days(365);
    test.advance(TimeDelta::days(41));
    test.sync().await;
    assert_eq!(test.values("weight"), [80.0]);
}

#[tokio::test]
async fn a_clock_is_compared_with_an_answer_of_just_now_only() {
    let mut test = TestApp::weighing().await;
    test.expect_warning("");
    test.sync().await;
    test.advance(TimeDelta::hours(2));
    let report = test.sync_with(Service::Withings, "", Fault::Drop).await;
    assert_eq!(codes(&report), [ProblemCode::Offline]);
}

#[tokio::test]
async fn what_the_user_deleted_is_seen_though_this_computers_clock_is_months_ahead() {
    let mut test = TestApp::weighing().await;
    test.weigh_in(60.0);
    test.advance(TimeDelta::minutes(5));
    test.weigh_in(80.0);
    test.sync().await;
    test.advance(TimeDelta::hours(1));
    test.world().beeminder.datapoints("weight").retain(|datapoint| datapoint.value != 60.0);
    test.now += TimeDelta::days(60);
    let options = Options::default();
    test.app().change_link(LinkId(1), &lowest(), &options, Existing::Update, test.now).await.unwrap();
    for _ in 0..5 {
        test.sync().await;
        test.advance(TimeDelta::hours(13));
    }
    assert_eq!(test.values("weight"), [80.0]);
}
