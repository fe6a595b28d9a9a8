//! The removal of a link is taken back: it goes on as if it had never been gone.

use beeminder_withings_sync::domain::link::LinkId;
use beeminder_withings_sync::domain::measure::kind::MeasureKind;
use beeminder_withings_sync::domain::service::Service;
use beeminder_withings_sync::sandbox::faults::Fault;
use chrono::TimeDelta;

use super::support::goals::lowest;
use super::support::{TestApp, track};

/// Why a link is not brought back.
fn refusal(test: &TestApp, id: LinkId) -> String {
    test.app().restore_link(id, test.now).unwrap_err().to_string()
}

#[tokio::test]
async fn a_link_brought_back_sends_what_waited_and_what_was_measured_meanwhile_and_nothing_twice() {
    for feed in [track(MeasureKind::WEIGHT), lowest()] {
        let mut test = TestApp::connected().await;
        test.expect_warning("");
        let link = test.link("weight", feed).await.link.id;
        test.weigh_in(80.0);
        test.sync().await;
        test.advance(TimeDelta::days(1));
        test.weigh_in(81.0);
        test.world().faults.every(Service::Beeminder, "", Fault::http(503, ""));
        test.sync().await;
        test.world().faults.clear();
        assert_eq!(test.app().remove_link(link, test.now).unwrap(), 1, "one waited");
        test.advance(TimeDelta::hours(20));
        test.weigh_in(82.0);
        test.sync().await;
        assert_eq!(test.values("weight"), [80.0]);
        test.app().restore_link(link, test.now).unwrap();
        let report = test.sync().await;
        assert_eq!((test.values("weight"), report.delivered), (vec![80.0, 81.0, 82.0], 2));
        assert_eq!(test.sync().await.requests.beeminder, 0, "nothing is left to do");
    }
}

#[tokio::test]
async fn what_the_user_decided_under_a_link_holds_when_it_is_back() {
    let mut test = TestApp::weighing().await;
    let link = test.app().links().unwrap()[0].id;
    for kilograms in [80.0, 81.0] {
        test.weigh_in(kilograms);
        test.sync().await;
        test.advance(TimeDelta::hours(1));
    }
    test.world().beeminder.datapoints("weight").retain(|datapoint| datapoint.value < 80.5);
    test.advance(TimeDelta::days(1));
    test.sync().await;
    assert_eq!(test.values("weight"), [80.0]);
    test.app().remove_link(link, test.now).unwrap();
    test.app().restore_link(link, test.now).unwrap();
    for _ in 0..3 {
        test.sync().await;
        test.advance(TimeDelta::hours(2));
    }
    assert_eq!(test.values("weight"), [80.0], "what was deleted stays deleted");
}

#[tokio::test]
async fn a_link_is_not_brought_back_beside_another_or_when_its_datapoints_went_or_late() {
    let mut test = TestApp::weighing().await;
    let old = test.app().links().unwrap()[0].id;
    assert_eq!(refusal(&test, old), format!("There is no removed link {old}."));
    test.weigh_in(80.0);
    test.sync().await;
    test.app().remove_link(old, test.now).unwrap();
    let anew = test.link("weight", track(MeasureKind::WEIGHT)).await.link.id;
    assert!(refusal(&test, old).contains("is fed so already"));
    test.app().remove_link_with_datapoints(anew, test.now).unwrap();
    assert!(refusal(&test, old).contains("Link the goal again"));
    test.sync().await;
    assert_eq!(test.values("weight"), [0.0; 0]);
    let late = test.link("weight", track(MeasureKind::WEIGHT)).await.link.id;
    test.app().remove_link(late, test.now).unwrap();
    test.advance(TimeDelta::hours(25));
    assert!(refusal(&test, late).contains("longer ago than a day"));
}
