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
use tokio_util::sync::CancellationToken;

use super::support::goals::{d, lowest};
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

#[tokio::test]
async fn a_wait_noted_while_the_clock_was_hours_ahead_holds_nothing_up() {
    for (service, path) in
        [(Service::Beeminder, "weight"), (Service::Beeminder, "users/me"), (Service::Withings, "measure")]
    {
        let mut test = TestApp::weighing().await;
        test.expect_warning("");
        test.sync().await;
        test.advance(TimeDelta::minutes(20));
        test.weigh_in(80.0);
        test.world().faults.every(service, path, Fault::http(503, ""));
        let ahead = test.now + TimeDelta::hours(5);
        test.app().sync(Trigger::Timer, ahead, &CancellationToken::new()).await.unwrap();
        test.world().faults.clear();
        test.advance(TimeDelta::minutes(1));
        test.pass(Trigger::Timer).await;
        assert_eq!(test.values("weight"), [80.0], "{service:?} {path}");
    }
}

#[tokio::test]
async fn what_a_service_asked_for_is_kept_though_the_clock_is_set_back_a_little() {
    let mut test = TestApp::weighing().await;
    test.expect_warning("");
    test.weigh_in(80.0);
    test.sync_with(
        Service::Beeminder,
        "weight",
        Fault::Answer { status: 503, body: String::new(), retry_after: Some(7200) },
    )
    .await;
    test.now -= TimeDelta::minutes(4);
    test.pass(Trigger::Timer).await;
    assert_eq!(test.values("weight"), [0.0; 0]);
    test.expect_pending(1);
}

#[tokio::test]
async fn a_clock_a_day_ahead_for_a_moment_releases_no_more_of_the_past() {
    let mut test = TestApp::connected().await;
    for _ in 0..210 {
        test.weigh_in(82.0);
        test.advance(TimeDelta::hours(1));
    }
    test.link("weight", track(MeasureKind::WEIGHT)).await;
    test.sync().await;
    let (from, to) = (d("2026-11-23"), d("2027-12-31"));
    let preview = test.app().preview_backfill(LinkId(1), from, to, test.now).await.unwrap();
    test.app().start_backfill(LinkId(1), &preview).unwrap();
    let mut delivered = test.sync().await.delivered;
    for ahead in [TimeDelta::days(1), TimeDelta::zero()] {
        let pass = test.app().sync(Trigger::Timer, test.now + ahead, &CancellationToken::new()).await;
        delivered += pass.unwrap().delivered;
    }
    assert!(delivered <= 100, "{delivered}");
}
