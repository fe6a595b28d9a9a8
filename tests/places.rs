//! Trouble holds up the smallest thing it is about, is ended by the same thing, and is said once.

use beeminder_withings_sync::accounts::keychain::KeychainError;
use beeminder_withings_sync::domain::measure::kind::MeasureKind;
use beeminder_withings_sync::domain::measure::take::Take;
use beeminder_withings_sync::domain::problem_code::ProblemCode;
use beeminder_withings_sync::domain::service::Service;
use beeminder_withings_sync::health::status::{Status, status};
use beeminder_withings_sync::sandbox::faults::Fault;
use beeminder_withings_sync::store;
use beeminder_withings_sync::sync::Trigger;
use chrono::{NaiveDate, TimeDelta};

use super::support::goals::{days, once};
use super::support::memory_keychain::Trouble;
use super::support::{TestApp, codes, take, track};

fn today() -> NaiveDate {
    super::support::monday().date_naive()
}

#[tokio::test]
async fn a_goal_that_cannot_be_reached_is_left_alone_and_two_in_a_row_end_the_round() {
    let mut test = TestApp::connected().await;
    for goal in ["weight", "pounds", "night-owl"] {
        test.link(goal, track(MeasureKind::WEIGHT)).await;
    }
    test.expect_warning("cannot be reached");
    test.world().faults.every(Service::Beeminder, "goals/weight", Fault::Drop);
    test.weigh_in(82.4);
    let report = test.sync().await;
    assert_eq!((report.delivered, report.pending), (2, 1), "the others go on");
    assert_eq!(codes(&report), [ProblemCode::Offline]);
    assert_eq!(report.attention[0].goal.as_deref(), Some("weight"));
    // All of them: the second in a row is enough.
    test.world().faults.every(Service::Beeminder, "goals/", Fault::Drop);
    test.advance(TimeDelta::minutes(16));
    test.weigh_in(82.0);
    test.world().requests.clear();
    assert_eq!(test.sync().await.delivered, 0);
    let asked = test.world().requests.iter().filter(|request| request.contains("/goals/")).count();
    assert_eq!(asked, 2);
    test.world().faults.clear();
    test.advance(TimeDelta::minutes(16));
    let report = test.pass(Trigger::Timer).await;
    assert_eq!((report.delivered, codes(&report)), (4, vec![]));
}

#[tokio::test]
async fn a_service_of_withings_that_fails_holds_up_none_of_the_others() {
    for status in [2556, 522, 503, 31_337] {
        let mut test = TestApp::connected().await;
        test.expect_warning("Withings");
        test.link("sleep", track(MeasureKind::SLEEP_DURATION)).await;
        test.link("steps", track(MeasureKind::STEPS)).await;
        test.link("weight", track(MeasureKind::WEIGHT)).await;
        test.connect_withings().await.unwrap();
        test.world().faults.every(Service::Withings, "/v2/sleep", Fault::withings(status, ""));
        let now = test.now;
        test.world().withings.days().walk(today(), 5000, now);
        test.world().withings.days().sleep(today(), 7 * 3600, now);
        test.weigh_in(82.4);
        let report = test.sync().await;
        assert_eq!(report.delivered, 2, "{status}");
        assert!(report.attention[0].message.contains("sleep"), "{status}: {report:?}");
        assert_eq!(test.values("steps"), [5000.0]);
        test.world().faults.clear();
        test.advance(TimeDelta::minutes(20));
        let report = test.pass(Trigger::Timer).await;
        assert_eq!((report.delivered, codes(&report)), (1, vec![]), "{status}");
    }
}

#[tokio::test]
async fn a_comparison_that_failed_is_tried_again_and_holds_up_nothing() {
    let mut test = TestApp::weighing().await;
    test.weigh_in(82.4);
    test.sync().await;
    test.expect_warning("has a problem");
    test.advance(TimeDelta::hours(25));
    let report = test.sync_with(Service::Beeminder, "weight/datapoints.json", Fault::http(503, "")).await;
    assert_eq!(codes(&report), [ProblemCode::Unavailable]);
    test.weigh_in(82.0);
    test.advance(TimeDelta::minutes(16));
    let report = test.pass(Trigger::Timer).await;
    assert_eq!((report.delivered, codes(&report)), (1, vec![]));
}

#[tokio::test]
async fn the_goal_whose_deadline_is_nearest_goes_before_a_long_queue() {
    let mut test = TestApp::connected().await;
    test.link("weight", track(MeasureKind::WEIGHT)).await;
    test.expect_warning("has a problem");
    test.world().faults.every(Service::Beeminder, "weight/datapoints", Fault::http(503, ""));
    for _ in 0..60 {
        test.advance(TimeDelta::minutes(1));
        test.weigh_in(82.0);
    }
    test.sync().await;
    test.link("fat", track(MeasureKind::FAT_RATIO)).await;
    // The goal with the long queue is due first, and one that has less goes before it all the same.
    test.advance(TimeDelta::minutes(30));
    test.weigh_in(82.0);
    test.world().faults.clear();
    test.world().requests.clear();
    test.sync().await;
    let requests = test.world().requests.clone();
    let first = requests.iter().find(|request| request.starts_with("POST /api")).unwrap();
    assert!(first.contains("/goals/fat/"), "{first}");
}

#[tokio::test]
async fn one_locked_keychain_is_one_incident() {
    use beeminder_withings_sync::domain::incident::Preferences;
    use beeminder_withings_sync::text::{Language, Locale};
    use beeminder_withings_sync::view::notification::{Situation, notices};
    let mut test = TestApp::weighing().await;
    test.expect_pending(1);
    test.keychain.make(Trouble::All(KeychainError::Locked));
    test.expect_warning("keychain");
    test.weigh_in(82.4);
    let report = test.sync().await;
    assert_eq!(codes(&report), [ProblemCode::KeychainLocked]);
    let locale = Locale::new(Language::English, chrono_tz::UTC);
    // Whatever is said twice is one incident, and the store keeps it.
    let twice: Vec<_> = [report.attention.clone(), report.attention].concat();
    let situation = Situation {
        asked: None,
        attention: &twice,
        parked: &[],
        held: &[],
        arrived: None,
        window_has_focus: false,
        has_tray: true,
        is_first: true,
        locale,
    };
    let (said, known) = notices(&[], situation, Preferences::default(), test.now);
    assert_eq!((said.len(), known.len()), (1, 1));
    test.app().store.write(|conn| store::incident::save_all(conn, &known)).unwrap();
}

#[tokio::test]
async fn a_scale_that_is_silent_is_named_though_a_cuff_uploads() {
    let mut test = TestApp::connected().await;
    test.app().watch_devices(true).unwrap();
    test.connect_withings().await.unwrap();
    test.link("weight", take(MeasureKind::WEIGHT, Take::Last)).await;
    test.link("systolic", take(MeasureKind::SYSTOLIC, Take::Last)).await;
    test.weigh_in(82.4);
    let weighed = test.now;
    test.world().withings.days().device("Scale", "Body+", "high", weighed);
    test.sync().await;
    test.advance(TimeDelta::days(21));
    let now = test.now;
    test.world().withings.blood_pressure(120, 80, 60, now);
    test.world().withings.days().device("Blood Pressure Monitor", "BPM", "high", now);
    test.sync().await;
    let status = test.app().store.read(|conn| status(conn, now)).unwrap();
    assert_eq!(status, Status::NotUploading { device: "Body+".into(), last: weighed });
}

#[tokio::test]
async fn a_sign_in_that_ended_is_said_since_when_though_there_is_nothing_to_compare() {
    let mut test = TestApp::connected().await;
    test.expect_warning("sign-in");
    test.link("weight", track(MeasureKind::WEIGHT)).await;
    test.world().beeminder.sign_in_elsewhere();
    test.weigh_in(82.4);
    let mut since = Vec::new();
    for _ in 0..3 {
        test.advance(TimeDelta::days(1));
        let report = test.sync().await;
        assert_eq!(codes(&report), [ProblemCode::SignInBeeminder]);
        since.push(report.attention[0].facts["since"].clone());
    }
    assert!(since.iter().all(|at| *at == since[0]), "{since:?}");
    test.connect_beeminder().await.unwrap();
    assert_eq!(test.sync().await.delivered, 1);
}

#[tokio::test]
async fn however_long_beeminder_wants_to_be_left_alone_it_is_asked_before_a_deadline() {
    for status in [503, 429] {
        let mut test = TestApp::weighing().await;
        test.expect_warning("");
        let deadline = test.now + TimeDelta::hours(14);
        test.world().beeminder.goal("weight").fields["losedate"] = deadline.timestamp().into();
        test.advance(TimeDelta::hours(13));
        test.weigh_in(80.0);
        let fault = Fault::Answer { status, body: "maintenance".into(), retry_after: Some(7200) };
        test.world().faults.next(Service::Beeminder, "datapoints", fault);
        let mut next = test.pass(Trigger::Timer).await.next;
        while test.values("weight").is_empty() {
            assert!(next < deadline, "{status}: too late");
            test.advance(next - test.now);
            next = test.pass(Trigger::Timer).await.next;
        }
        // At its next chance and not before.
        assert_eq!(deadline - test.now, TimeDelta::minutes(30), "{status}");
    }
}

/// Counted today, once a day, deleted at Beeminder by the user and measured again.
async fn measured_again(others: &[(&str, MeasureKind)]) -> TestApp {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    for (goal, kind) in others {
        test.link(goal, track(*kind)).await;
    }
    test.link("weigh-in", once()).await;
    let now = test.now;
    test.world().beeminder.enter("weigh-in", 1.0, now - TimeDelta::days(3));
    test.weigh_in(80.0);
    test.sync().await;
    test.advance(TimeDelta::minutes(70));
    test.sync().await;
    test.world().beeminder.datapoints("weigh-in").retain(|d| d.daystamp != "20261123");
    test.advance(TimeDelta::minutes(20));
    test.weigh_in(79.0);
    test
}

#[tokio::test]
async fn a_goal_whose_list_fails_keeps_no_other_from_being_compared() {
    let mut test = measured_again(&[("fat", MeasureKind::FAT_RATIO)]).await;
    test.advance(TimeDelta::hours(25));
    test.weigh_in(79.0);
    test.world().faults.every(Service::Beeminder, "goals/fat/datapoints.json", Fault::http(500, ""));
    test.sync().await;
    test.world().beeminder.datapoints("weigh-in").retain(|d| d.daystamp != "20261124");
    test.advance(TimeDelta::minutes(20));
    test.weigh_in(78.0);
    let mut said = Vec::new();
    for _ in 0..3 {
        said = codes(&test.pass(Trigger::Timer).await);
        test.advance(TimeDelta::minutes(15));
    }
    let n = test.outbox().len() as u64;
    test.expect_pending(n);
    assert!(days(&test, "weigh-in").contains(&"20261124".to_owned()), "{said:?}");
    assert_eq!(said, [ProblemCode::Unavailable], "and the one that fails is said");
}

#[tokio::test]
async fn a_comparison_that_taught_nothing_is_made_again_soon() {
    let not_found = r#"{"error":"The requested resource was not found."}"#;
    for (path, fault) in [
        ("goals/weigh-in.json", Fault::http(404, not_found)),
        ("goals/weigh-in/datapoints.json", Fault::http(200, "[]")),
    ] {
        let mut test = measured_again(&[]).await;
        test.sync_with(Service::Beeminder, path, fault).await;
        for _ in 0..4 {
            test.advance(TimeDelta::minutes(15));
            test.pass(Trigger::Timer).await;
        }
        assert!(days(&test, "weigh-in").contains(&"20261123".to_owned()), "{path}");
    }
}

#[tokio::test]
async fn a_goal_that_cannot_be_asked_for_keeps_no_other_from_being_read() {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    test.link("fat", track(MeasureKind::FAT_RATIO)).await;
    test.link("weight", track(MeasureKind::WEIGHT)).await;
    test.sync().await;
    test.world().beeminder.goals.retain(|goal| goal.slug() != "fat");
    test.world().faults.every(Service::Beeminder, "goals/fat.json", Fault::http(500, ""));
    let deadline = test.now + TimeDelta::hours(17);
    test.world().beeminder.goal("weight").fields["losedate"] = deadline.timestamp().into();
    test.advance(TimeDelta::minutes(65));
    assert_eq!(codes(&test.pass(Trigger::Timer).await), [ProblemCode::Unavailable]);
    let goals = test.app().store.read(store::goal::load_linked).unwrap();
    let weight = goals.iter().find(|goal| goal.slug.0 == "weight").unwrap();
    assert_eq!(weight.loses_at, Some(deadline));
}

#[tokio::test]
async fn who_asks_to_be_left_alone_is_left_alone() {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    test.link("weight", track(MeasureKind::WEIGHT)).await;
    test.link("weigh-in", once()).await;
    test.weigh_in(80.0);
    test.world().faults.every(Service::Beeminder, "users/me.json", Fault::limited(600));
    let report = test.pass(Trigger::Timer).await;
    assert_eq!((report.requests.beeminder, codes(&report)), (1, vec![ProblemCode::RateLimited]));
    test.expect_pending(2);
}
