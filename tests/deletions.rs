//! What is deleted at Withings or at Beeminder, and what only looks so.

use beeminder_withings_sync::domain::measure::kind::MeasureKind;
use beeminder_withings_sync::domain::measure::take::Take;
use beeminder_withings_sync::domain::problem_code::ProblemCode;
use beeminder_withings_sync::domain::service::Service;
use beeminder_withings_sync::health::status::{Status, status};
use beeminder_withings_sync::sandbox::faults::Fault;
use beeminder_withings_sync::store::datapoint::DatapointState;
use beeminder_withings_sync::sync::Trigger;
use chrono::TimeDelta;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::support::goals::days;
use super::support::{CrashAfter, TestApp, codes, take, track};

fn status_of(test: &TestApp) -> Status {
    test.app().store.read(|conn| status(conn, test.now)).unwrap()
}

/// Weighs in so many days in a row and sends it all.
async fn weighed(days: u8) -> (TestApp, Vec<i64>) {
    let mut test = TestApp::weighing().await;
    let mut groups = Vec::new();
    for day in 0..days {
        test.advance(TimeDelta::days(1));
        groups.push(test.weigh_in(80.0 + f64::from(day)));
    }
    test.sync().await;
    (test, groups)
}

#[tokio::test]
async fn a_measurement_deleted_at_withings_is_noticed_within_a_day_and_the_user_is_asked() {
    let (mut test, groups) = weighed(3).await;
    test.world().withings.delete(groups[1]);
    assert_eq!(codes(&test.sync().await), [], "not read again yet");
    test.advance(TimeDelta::hours(24));
    let report = test.sync().await;
    assert_eq!(codes(&report), [ProblemCode::Stale]);
    assert_eq!(test.values("weight"), [80.0, 81.0, 82.0], "nothing is taken away without asking");
    let stale = test.app().stale().unwrap();
    assert_eq!(stale.len(), 1);
    test.app().remove_stale(stale[0].id, test.now).unwrap();
    let report = test.sync().await;
    assert_eq!((report.delivered, codes(&report)), (1, vec![]));
    assert_eq!(test.values("weight"), [80.0, 82.0]);
    assert!(test.app().remove_stale(stale[0].id, test.now).is_err());
}

#[tokio::test]
async fn what_the_user_keeps_stays_and_is_not_asked_about_again() {
    let (mut test, groups) = weighed(2).await;
    test.world().withings.delete(groups[0]);
    test.advance(TimeDelta::hours(24));
    test.sync().await;
    test.app().keep_stale(test.app().stale().unwrap()[0].id, test.now).unwrap();
    test.advance(TimeDelta::hours(25));
    assert_eq!(codes(&test.sync().await), []);
    assert_eq!(test.values("weight"), [80.0, 81.0]);
}

#[tokio::test]
async fn deletions_are_followed_without_asking_when_the_user_chose_so() {
    let (mut test, groups) = weighed(4).await;
    test.app().mirror_deletions(true).unwrap();
    for group in &groups[..2] {
        test.world().withings.delete(*group);
    }
    test.advance(TimeDelta::hours(24));
    assert_eq!(test.sync().await.delivered, 2);
    assert_eq!(test.values("weight"), [82.0, 83.0]);
}

#[tokio::test]
async fn a_days_value_is_worked_out_again_from_what_is_left() {
    let mut test = TestApp::connected().await;
    test.link("weight", take(MeasureKind::WEIGHT, Take::Min)).await;
    let lowest = test.weigh_in(79.0);
    test.advance(TimeDelta::minutes(5));
    test.weigh_in(82.0);
    test.sync().await;
    test.world().withings.delete(lowest);
    test.advance(TimeDelta::hours(24));
    test.sync().await;
    assert_eq!(test.values("weight"), [82.0]);
}

#[tokio::test]
async fn more_than_ten_at_once_are_not_believed_until_the_user_says_so() {
    let (mut test, groups) = weighed(14).await;
    test.app().mirror_deletions(true).unwrap();
    test.expect_warning("Much is gone at Withings");
    for group in &groups[..5] {
        // Each weigh-in is three groups.
        for part in 0..3 {
            test.world().withings.delete(group + part);
        }
    }
    test.advance(TimeDelta::hours(24));
    let report = test.sync().await;
    assert_eq!((report.delivered, codes(&report)), (0, vec![ProblemCode::ManyGone]));
    assert!(report.attention[0].message.contains("15 measurements"));
    test.app().confirm_gone().unwrap();
    let report = test.sync().await;
    assert_eq!((report.delivered, codes(&report)), (5, vec![]));
    assert_eq!(test.values("weight").len(), 9);
    assert!(test.app().confirm_gone().is_err(), "nothing is left to confirm");
}

#[tokio::test]
async fn an_empty_answer_is_a_share_withdrawn_and_never_a_deletion() {
    let (mut test, _) = weighed(2).await;
    test.app().mirror_deletions(true).unwrap();
    test.world().withings.lapsed = true;
    test.expect_warning("Withings shows nothing any more");
    test.advance(TimeDelta::hours(24));
    let report = test.sync().await;
    assert_eq!((report.delivered, codes(&report)), (0, vec![ProblemCode::ShareWithdrawn]));
    assert_eq!(status_of(&test), Status::ShareWithdrawn);
    assert_eq!(test.values("weight"), [80.0, 81.0]);
    // Shared again, all is as it was.
    test.world().withings.lapsed = false;
    test.weigh_in(82.0);
    let report = test.sync().await;
    assert_eq!((report.delivered, codes(&report)), (1, vec![]));
}

#[tokio::test]
async fn a_measurement_that_comes_back_is_there_again() {
    let (mut test, groups) = weighed(3).await;
    test.app().mirror_deletions(true).unwrap();
    let deleted = test.world().withings.groups().find(|group| group["grpid"] == groups[1]).cloned();
    test.world().withings.delete(groups[1]);
    test.advance(TimeDelta::hours(24));
    test.sync().await;
    assert_eq!(test.values("weight"), [80.0, 82.0]);
    let now = test.now;
    test.world().withings.add(deleted.unwrap(), now);
    test.advance(TimeDelta::hours(24));
    test.sync().await;
    assert_eq!(test.values("weight"), [80.0, 81.0, 82.0]);
}

#[tokio::test]
async fn a_removal_survives_lost_answers_and_touches_nothing_foreign() {
    use beeminder_withings_sync::domain::service::Service;
    use beeminder_withings_sync::sandbox::faults::Fault;

    let (mut test, groups) = weighed(2).await;
    let mut foreign = test.world().beeminder.datapoints("weight")[0].clone();
    foreign.id = "f0".into();
    foreign.requestid = None;
    test.world().beeminder.datapoints("weight").push(foreign.clone());
    test.world().withings.delete(groups[0]);
    test.advance(TimeDelta::hours(24));
    test.sync().await;
    test.app().remove_stale(test.app().stale().unwrap()[0].id, test.now).unwrap();
    test.expect_warning("cannot be reached");
    test.sync_with(Service::Beeminder, "datapoints", Fault::LoseAnswer).await;
    assert_eq!(test.outbox().len(), 1);
    test.advance(TimeDelta::minutes(20));
    test.sync().await;
    let left: Vec<_> = test.at_beeminder("weight").into_iter().map(|d| (d.id, d.value)).collect();
    assert_eq!(left.len(), 2, "{left:?}");
    assert!(left.contains(&("f0".into(), 80.0)));
    let removed = test
        .app()
        .store
        .read(|conn| beeminder_withings_sync::store::datapoint::count_in(conn, DatapointState::Removed));
    assert_eq!(removed.unwrap(), 1);
}

#[tokio::test]
async fn an_edit_of_who_it_was_takes_the_datapoint_back() {
    let (mut test, groups) = weighed(2).await;
    test.advance(TimeDelta::minutes(1));
    let now = test.now;
    test.world().withings.edit(groups[0], now, |group| group["attrib"] = 1.into());
    let report = test.sync().await;
    assert_eq!(codes(&report), [ProblemCode::Held, ProblemCode::Stale]);
    test.app()
        .answer(beeminder_withings_sync::domain::measure::measurement::GroupId(groups[0]), true, false, now)
        .unwrap();
    assert_eq!(codes(&test.sync().await), []);
    assert_eq!(test.values("weight"), [80.0, 81.0]);
}

#[tokio::test]
async fn what_is_gone_is_found_in_many_pages_and_what_one_reading_skipped_is_not_gone() {
    use beeminder_withings_sync::domain::service::Service;
    use beeminder_withings_sync::sandbox::faults::Fault;

    let (mut test, groups) = weighed(4).await;
    test.world().withings.page_size = 5;
    test.world().withings.delete(groups[1]);
    test.advance(TimeDelta::hours(24));
    // The last page of the first reading comes empty, as when rows move up while pages are read.
    let empty = r#"{"status":0,"body":{"updatetime":1,"timezone":"Europe/Paris","measuregrps":[]}}"#;
    test.world().faults.after(3, Service::Withings, "measure", Fault::http(200, empty));
    assert_eq!(codes(&test.sync().await), [ProblemCode::Stale]);
    assert_eq!(test.app().stale().unwrap().len(), 1, "only what was deleted");
}

#[tokio::test]
async fn a_group_that_can_no_longer_be_read_is_not_taken_for_gone() {
    let (mut test, groups) = weighed(3).await;
    test.expect_warning("cannot be read and is kept");
    test.advance(TimeDelta::hours(24));
    let now = test.now;
    test.world().withings.edit(groups[1], now, |group| group["date"] = serde_json::Value::Null);
    test.world().withings.delete(groups[0]);
    let report = test.sync().await;
    assert_eq!(codes(&report), [ProblemCode::Stale, ProblemCode::MeasurementUnreadable]);
    let stale: Vec<_> = test.app().stale().unwrap().into_iter().map(|stale| stale.datapoint.value).collect();
    assert_eq!(stale, [rust_decimal::dec!(80)], "the one that was deleted, and no other");
    assert_eq!(test.values("weight"), [80.0, 81.0, 82.0]);
}

/// What history says of a group.
fn outcome(test: &TestApp, group: i64) -> String {
    let line = test.history().into_iter().find(|line| line.group.id.0 == group).unwrap();
    line.outcome.unwrap().outcome
}

#[tokio::test]
async fn what_was_deleted_at_beeminder_is_noticed_within_a_day_and_history_says_so() {
    let (mut test, groups) = weighed(3).await;
    test.world().beeminder.datapoints("weight").remove(1);
    // One that the user only moved is still there.
    test.world().beeminder.datapoints("weight")[0].daystamp = "20260101".into();
    test.advance(TimeDelta::hours(24));
    for _ in 0..2 {
        let report = test.sync().await;
        assert_eq!((report.delivered, codes(&report)), (0, vec![]));
        test.advance(TimeDelta::minutes(15));
    }
    assert_eq!(
        groups.iter().map(|group| outcome(&test, *group)).collect::<Vec<_>>(),
        ["sent", "deleted", "sent"]
    );
    test.world().withings.delete(groups[1]);
    assert_eq!(test.sync().await.delivered, 0);
    assert_eq!(test.values("weight"), [80.0, 82.0], "it stays deleted");
}

#[tokio::test]
async fn what_beeminder_cannot_tell_is_not_taken_for_deleted() {
    use beeminder_withings_sync::domain::service::Service;
    use beeminder_withings_sync::sandbox::faults::Fault;

    let (mut test, groups) = weighed(2).await;
    test.world().beeminder.datapoints("weight").remove(0);
    test.expect_warning("Beeminder");
    test.advance(TimeDelta::hours(24));
    for fault in [Fault::http(503, ""), Fault::Drop, Fault::Truncate] {
        test.sync_with(Service::Beeminder, "datapoints", fault.clone()).await;
        assert_eq!(outcome(&test, groups[0]), "sent", "{fault:?}");
        test.advance(TimeDelta::hours(1));
    }
    test.sync().await;
    assert_eq!(outcome(&test, groups[0]), "sent", "once is no answer");
    test.advance(TimeDelta::hours(1));
    test.sync().await;
    assert_eq!(outcome(&test, groups[0]), "deleted");
}

#[tokio::test]
async fn one_answer_that_lacks_something_deletes_nothing() {
    for taken in [Take::Min, Take::Every] {
        let mut test = TestApp::connected().await;
        test.link("weight", take(MeasureKind::WEIGHT, taken)).await;
        test.app().mirror_deletions(true).unwrap();
        let lowest = test.weigh_in(79.0);
        test.advance(TimeDelta::minutes(5));
        test.weigh_in(82.0);
        test.sync().await;
        let before = test.values("weight");
        test.advance(TimeDelta::hours(24));
        let rest: Vec<_> =
            test.world().withings.groups().filter(|group| group["grpid"] != lowest).cloned().collect();
        let body = json!({"status": 0, "body": {"updatetime": test.now.timestamp(), "measuregrps": rest}});
        test.world().faults.after(1, Service::Withings, "measure", Fault::http(200, &body.to_string()));
        for _ in 0..4 {
            test.sync().await;
            assert_eq!(test.values("weight"), before, "{taken:?}");
            test.advance(TimeDelta::minutes(15));
        }
    }
}

#[tokio::test]
async fn a_first_reading_that_was_cut_short_hides_no_deletion() {
    let mut test = TestApp::weighing().await;
    let gone = test.weigh_in(80.0);
    for waits in 1.. {
        // Until what was measured is stored, and not a step further.
        let stop = CancellationToken::new();
        let future = Box::pin(test.app().sync(Trigger::Hand, test.now, &stop));
        assert!(CrashAfter { future, waits }.await.is_none(), "it was stored before the end");
        test.restart();
        if !test.history().is_empty() {
            break;
        }
    }
    test.world().withings.delete(gone);
    test.weigh_in(81.0);
    for _ in 0..3 {
        test.advance(TimeDelta::minutes(15));
        test.sync().await;
        for stale in test.app().stale().unwrap() {
            test.app().remove_stale(stale.id, test.now).unwrap();
        }
    }
    assert_eq!(test.values("weight"), [81.0]);
}

#[tokio::test]
async fn values_that_withings_shows_no_more_are_asked_about() {
    let mut test = TestApp::connected().await;
    test.app().mirror_deletions(true).unwrap();
    test.link("fat", track(MeasureKind::FAT_RATIO)).await;
    let mut groups = Vec::new();
    for _ in 0..3 {
        groups.push(test.weigh_in(80.0));
        test.sync().await;
        test.advance(TimeDelta::days(1));
    }
    let now = test.now;
    for group in groups.iter().flat_map(|first| *first..first + 3) {
        test.world().withings.edit(group, now, |group| {
            group["measures"].as_array_mut().unwrap().retain(|measure| measure["type"] != json!(6));
        });
    }
    assert_eq!(codes(&test.sync().await), [ProblemCode::Stale]);
    assert_eq!(test.values("fat").len(), 3, "a plan may have ended; nobody deleted anything");
}

#[tokio::test]
async fn who_confirms_eleven_has_not_confirmed_twenty() {
    let mut test = TestApp::weighing().await;
    test.expect_warning("Much is gone");
    test.app().mirror_deletions(true).unwrap();
    let mut groups = Vec::new();
    for _ in 0..22 {
        let now = test.now;
        let measures = json!([{"value": 80, "type": 1, "unit": 0}]);
        groups.push(test.world().withings.add(json!({"measures": measures}), now));
        test.sync().await;
        test.advance(TimeDelta::days(1));
    }
    for group in &groups[..11] {
        test.world().withings.delete(*group);
    }
    test.advance(TimeDelta::days(1));
    let report = test.sync().await;
    assert_eq!(report.attention[0].facts["count"], "11");
    // By then more is gone, and the user knows of eleven.
    for group in &groups[11..20] {
        test.world().withings.delete(*group);
    }
    test.app().confirm_gone().unwrap();
    let report = test.sync().await;
    let said = report.attention.iter().filter_map(|item| item.facts.get("count"));
    assert_eq!(said.collect::<Vec<_>>(), ["20"], "{:?}", days(&test, "weight"));
}

#[tokio::test]
async fn history_shows_the_day_that_beeminder_has() {
    let mut test = TestApp::weighing().await;
    test.weigh_in(80.0);
    test.advance(TimeDelta::days(1));
    test.weigh_in(81.0);
    test.sync().await;
    // The user puts it on another day there.
    {
        let mut world = test.world();
        let datapoint = &mut world.beeminder.datapoints("weight")[0];
        datapoint.timestamp -= 86_400;
        datapoint.daystamp = "20261122".into();
    }
    for _ in 0..2 {
        test.advance(TimeDelta::hours(25));
        test.sync().await;
    }
    let first = test.history().into_iter().rev().find_map(|row| row.outcome).unwrap();
    assert_eq!(first.day.replace('-', ""), "20261122", "{first:?}");
}
