//! How we are, told apart: each cause of silence has its own name.

use beeminder_withings_sync::domain::measure::kind::MeasureKind;
use beeminder_withings_sync::domain::problem_code::ProblemCode;
use beeminder_withings_sync::domain::service::Service;
use beeminder_withings_sync::health::attention::attention;
use beeminder_withings_sync::health::status::{Status, status};
use beeminder_withings_sync::sandbox::faults::Fault;
use chrono::TimeDelta;

use super::support::{TestApp, track};

fn now(test: &TestApp) -> Status {
    test.app().store.read(|conn| status(conn, test.now)).unwrap()
}

fn codes_now(test: &TestApp) -> Vec<ProblemCode> {
    let items = test.app().store.read(|conn| attention(conn, None, test.now)).unwrap();
    items.into_iter().map(|item| item.code).collect()
}

#[tokio::test]
async fn each_cause_of_silence_has_its_own_name() {
    let mut test = TestApp::new().await;
    assert_eq!(now(&test), Status::NotSetUp, "nothing connected");
    test.connect_withings().await.unwrap();
    assert_eq!(now(&test), Status::NotSetUp, "one connected");
    test.connect_beeminder().await.unwrap();
    assert_eq!(now(&test), Status::NotSetUp, "nothing linked");
    test.link("weight", track(MeasureKind::WEIGHT)).await;
    test.weigh_in(82.4);
    let weighed = test.now;
    test.sync().await;
    assert_eq!(now(&test), Status::Fine);

    test.advance(TimeDelta::days(3));
    test.sync().await;
    assert_eq!(now(&test), Status::NothingMeasured { last: weighed, what: MeasureKind::WEIGHT });

    let until = test.now + TimeDelta::hours(1);
    test.app().pause(Some(until), test.now).unwrap();
    assert_eq!(now(&test), Status::Paused { until });
    test.app().pause(None, test.now).unwrap();

    test.expect_warning("has a problem");
    test.sync_with(Service::Withings, "measure", Fault::http(502, "")).await;
    assert_eq!(now(&test), Status::Retrying);

    test.expect_warning("eychain");
    test.restart();
    let locked = beeminder_withings_sync::accounts::keychain::KeychainError::Locked;
    test.keychain.make(super::support::memory_keychain::Trouble::All(locked));
    test.sync().await;
    assert_eq!(now(&test), Status::KeychainLocked);
    test.keychain.unlock();

    test.expect_warning("no longer accepts the sign-in");
    test.world().withings.revoke();
    test.sync().await;
    assert_eq!(now(&test), Status::NeedsYou);
    test.connect_withings().await.unwrap();
    test.weigh_in(82.0);
    test.sync().await;
    assert_eq!(now(&test), Status::Fine);
}

#[tokio::test]
async fn a_day_without_a_pass_is_said_though_nothing_is_known_to_be_wrong() {
    let mut test = TestApp::weighing().await;
    test.sync().await;
    test.advance(TimeDelta::hours(24));
    assert_eq!(codes_now(&test), []);
    test.advance(TimeDelta::minutes(1));
    assert_eq!((now(&test), codes_now(&test)), (Status::NeedsYou, vec![ProblemCode::NotSynced]));
    // A pause explains it.
    test.app().pause(Some(test.now + TimeDelta::hours(1)), test.now).unwrap();
    assert_eq!(codes_now(&test), [ProblemCode::Paused]);
    test.sync().await;
    assert_eq!(codes_now(&test), [ProblemCode::Paused]);
}

#[tokio::test]
async fn a_trouble_that_does_not_end_by_itself_needs_the_user_after_a_day() {
    let mut test = TestApp::weighing().await;
    test.expect_warning("cannot be reached");
    test.world().faults.every(Service::Withings, "measure", Fault::Drop);
    test.sync().await;
    assert_eq!(now(&test), Status::Retrying);
    test.advance(TimeDelta::hours(25));
    test.sync().await;
    assert_eq!(
        (now(&test), codes_now(&test)),
        (Status::NeedsYou, vec![ProblemCode::TroubleLasts, ProblemCode::NotSynced])
    );
    test.world().faults.clear();
    test.sync().await;
    assert_eq!(codes_now(&test), []);
}

#[tokio::test]
async fn a_scale_that_stopped_uploading_is_told_from_a_person_who_does_not_measure() {
    let mut test = TestApp::new().await;
    test.app().watch_devices(true).unwrap();
    assert_eq!(
        test.app().sharing_asked().unwrap(),
        ["your devices, to tell when one stops uploading"],
        "asked for only then"
    );
    test.connect_withings().await.unwrap();
    test.connect_beeminder().await.unwrap();
    test.link("weight", track(MeasureKind::WEIGHT)).await;
    let weighed = test.now;
    test.world().withings.days().device("Scale", "Body+", "low", weighed);
    test.world().withings.days().device("Activity Tracker", "ScanWatch", "high", weighed);
    test.weigh_in(82.4);
    let report = test.sync().await;
    assert_eq!(super::support::codes(&report), [ProblemCode::BatteryLow]);
    test.advance(TimeDelta::days(3));
    let (seen, watch) = (test.now - TimeDelta::hours(6), test.now);
    test.world().withings.days().device("Activity Tracker", "ScanWatch", "high", watch);
    test.sync().await;
    assert_eq!(now(&test), Status::NotUploading { device: "Body+".into(), last: weighed });
    // The scale is in touch: so nobody stepped on it.
    test.world().withings.days().device("Scale", "Body+", "high", seen);
    test.advance(TimeDelta::hours(24));
    test.sync().await;
    assert_eq!(now(&test), Status::NothingMeasured { last: weighed, what: MeasureKind::WEIGHT });
    assert_eq!(codes_now(&test), [], "the battery is full again");
}

#[tokio::test]
async fn devices_the_user_does_not_share_are_not_asked_for_again() {
    let mut test = TestApp::new().await;
    test.app().watch_devices(true).unwrap();
    test.connect_withings().await.unwrap();
    test.connect_beeminder().await.unwrap();
    test.link("weight", track(MeasureKind::WEIGHT)).await;
    test.world().faults.every(Service::Withings, "v2/user", Fault::withings(277, "Unauthorized"));
    // Once proves nothing; an hour later it is believed.
    for requests in [2, 2, 1] {
        let report = test.sync().await;
        assert_eq!((super::support::codes(&report), report.requests.withings), (vec![], requests));
        test.advance(TimeDelta::minutes(61));
    }
}

#[tokio::test]
async fn days_nights_and_workouts_that_stop_are_said_as_weights_are() {
    for (goal, kind) in [
        ("steps", MeasureKind::STEPS),
        ("sleep", MeasureKind::SLEEP_DURATION),
        ("weigh-in", MeasureKind::WORKOUTS),
    ] {
        let mut test = TestApp::connected().await;
        test.app().watch_devices(true).unwrap();
        test.link(goal, track(kind)).await;
        test.connect_withings().await.unwrap();
        let upload = |test: &TestApp| {
            let (now, date) = (test.now, test.now.date_naive());
            let mut world = test.world();
            let days = world.withings.days();
            days.walk(date, 9000, now);
            days.sleep(date, 25_200, now);
            days.work_out(2, 30, now);
        };
        for _ in 0..5 {
            upload(&test);
            test.sync().await;
            test.advance(TimeDelta::days(1));
        }
        test.sync().await;
        assert_eq!(now(&test), Status::Fine, "{goal}");
        test.advance(TimeDelta::days(3));
        test.sync().await;
        assert!(matches!(now(&test), Status::NothingMeasured { what, .. } if what == kind), "{goal}");
        let seen = test.now - TimeDelta::days(3);
        test.world().withings.days().device("Activity Tracker", "ScanWatch", "high", seen);
        test.advance(TimeDelta::hours(24));
        test.sync().await;
        assert_eq!(now(&test), Status::NotUploading { device: "ScanWatch".into(), last: seen }, "{goal}");
        upload(&test);
        test.sync().await;
        assert_eq!(now(&test), Status::Fine, "{goal}");
    }
}
