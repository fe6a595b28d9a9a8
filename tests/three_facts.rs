//! What is wanted, what Beeminder confirmed and the user's word: none of them is ever taken for another,
//! whatever the user does between two steps of a pass.

use beeminder_withings_sync::app::Existing;
use beeminder_withings_sync::domain::link::{LinkId, Options};
use beeminder_withings_sync::domain::measure::kind::MeasureKind;
use beeminder_withings_sync::domain::measure::measure_set::MeasureSet;
use beeminder_withings_sync::domain::measure::measurement::GroupId;
use beeminder_withings_sync::domain::measure::take::Take;
use beeminder_withings_sync::domain::service::Service;
use beeminder_withings_sync::sandbox::faults::Fault;
use beeminder_withings_sync::sync::Trigger;
use chrono::TimeDelta;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::support::{TestApp, codes, meanwhile, pounds, take, track};

/// What the user may do while a pass runs.
#[derive(Debug, Clone, Copy)]
enum Deed {
    ChangeUnit,
    RemoveLink,
    RemoveAll,
    MakeAnew,
    Discard,
    Disconnect,
}

const DEEDS: [Deed; 6] =
    [Deed::ChangeUnit, Deed::RemoveLink, Deed::RemoveAll, Deed::MakeAnew, Deed::Discard, Deed::Disconnect];

/// Does it from another program over the same folder.
async fn act(test: &TestApp, deed: Deed) {
    let (app, now) = (test.another().unwrap(), test.now);
    match deed {
        Deed::ChangeUnit => {
            let options = Options::default();
            drop(app.change_link(LinkId(1), &pounds(), &options, Existing::Update, now).await.unwrap());
        }
        Deed::RemoveLink => drop(app.remove_link(LinkId(1), now).unwrap()),
        Deed::RemoveAll => drop(app.remove_link_with_datapoints(LinkId(1), now).unwrap()),
        Deed::MakeAnew => {
            app.remove_link(LinkId(1), now).unwrap();
            test.link("weight", track(MeasureKind::WEIGHT)).await;
        }
        Deed::Discard => {
            let waiting = test.outbox();
            if let Some(entry) = waiting.last() {
                app.discard(entry.id, now).unwrap();
            }
        }
        Deed::Disconnect => app.disconnect(Service::Beeminder, now).await.unwrap(),
    }
}

/// Five weigh-ins that wait in the outbox, and a pass that sends them.
async fn waiting() -> TestApp {
    let mut test = TestApp::weighing().await;
    for kilograms in [81.0, 82.0, 83.0] {
        test.advance(TimeDelta::minutes(1));
        test.weigh_in(kilograms);
    }
    test
}

#[tokio::test]
async fn whatever_the_user_does_between_two_steps_of_a_pass_is_what_counts() {
    for deed in DEEDS {
        let mut moments = 0;
        for waits in 0.. {
            let mut test = waiting().await;
            test.expect_warning("");
            let before = test.outbox().len();
            assert_eq!(before, 0, "nothing is planned yet");
            let stop = CancellationToken::new();
            let pass = Box::pin(test.app().sync(Trigger::Hand, test.now, &stop));
            let (report, under_way) = meanwhile(pass, waits, act(&test, deed)).await;
            report.unwrap();
            if matches!(deed, Deed::Disconnect) {
                let sent = test.values("weight").len();
                test.advance(TimeDelta::minutes(5));
                test.sync().await;
                assert_eq!(test.values("weight").len(), sent, "{deed:?} at {waits}: nothing goes out");
                test.connect_beeminder().await.unwrap();
            }
            for _ in 0..2 {
                test.advance(TimeDelta::minutes(5));
                test.sync().await;
            }
            let values = test.values("weight");
            match deed {
                Deed::ChangeUnit => assert_eq!(values, [178.6, 180.8, 183.0], "{deed:?} at {waits}"),
                Deed::RemoveAll => assert_eq!(values, [0.0; 0], "{deed:?} at {waits}"),
                Deed::Disconnect => assert_eq!(values, [81.0, 82.0, 83.0], "{deed:?} at {waits}"),
                // What was sent before stays, and nothing is sent after.
                Deed::MakeAnew => {
                    let mut once = values.clone();
                    once.dedup();
                    assert_eq!(values, once, "{deed:?} at {waits}");
                    assert_eq!(values.last(), Some(&83.0), "{deed:?} at {waits}");
                }
                Deed::RemoveLink | Deed::Discard => {
                    assert!([81.0, 82.0, 83.0].starts_with(&values), "{deed:?} at {waits}: {values:?}");
                }
            }
            moments = waits;
            if !under_way {
                break;
            }
        }
        assert!(moments >= 4, "{deed:?}: a pass waits only {moments} times?");
    }
}

#[tokio::test]
async fn a_link_that_is_removed_while_beeminder_is_down_never_posts() {
    for fault in [Fault::http(503, ""), Fault::AnswerAfter { status: 503, body: String::new() }] {
        let mut test = TestApp::weighing().await;
        test.expect_warning("503");
        test.weigh_in(82.4);
        test.sync_with(Service::Beeminder, "datapoints", fault.clone()).await;
        let arrived = test.values("weight");
        test.app().remove_link(LinkId(1), test.now).unwrap();
        for _ in 0..3 {
            test.advance(TimeDelta::minutes(16));
            test.sync().await;
        }
        // It is only looked for.
        assert_eq!(test.values("weight"), arrived, "{fault:?}");
        assert_eq!(test.outbox(), []);
    }
}

#[tokio::test]
async fn a_request_without_an_answer_that_nobody_wants_any_more_is_found_out_and_said() {
    let mut test = TestApp::weighing().await;
    test.expect_warning("cannot be reached");
    let group = test.weigh_in(82.4);
    test.sync_with(Service::Beeminder, "datapoints", Fault::LoseAnswer).await;
    // It becomes somebody else's at Withings before it is known whether it arrived.
    test.advance(TimeDelta::minutes(5));
    let now = test.now;
    test.world().withings.edit(group, now, |group| group["attrib"] = json!(1));
    test.sync().await;
    assert_eq!(test.app().stale().unwrap().len(), 1, "it is there, and the user is asked");
    // It was the user's after all.
    test.app().answer(GroupId(group), true, false, test.now).unwrap();
    test.sync().await;
    assert_eq!(test.values("weight"), [82.4]);
    assert_eq!(test.app().stale().unwrap(), []);
}

#[tokio::test]
async fn what_was_refused_while_it_was_not_wanted_is_posted_when_it_is() {
    let mut test = TestApp::weighing().await;
    test.expect_warning("503");
    let group = test.weigh_in(82.4);
    test.sync_with(Service::Beeminder, "datapoints", Fault::http(503, "")).await;
    test.advance(TimeDelta::minutes(5));
    let now = test.now;
    test.world().withings.edit(group, now, |group| group["attrib"] = json!(1));
    test.sync().await;
    assert_eq!(test.values("weight"), [0.0; 0]);
    test.app().answer(GroupId(group), true, false, test.now).unwrap();
    assert_eq!(test.sync().await.delivered, 1);
    assert_eq!(test.values("weight"), [82.4]);
}

#[tokio::test]
async fn an_answer_without_a_datapoint_confirms_nothing() {
    let of_another = r#"{"id":"zzz","value":82.4,"daystamp":"20200101","requestid":"someone-elses"}"#;
    let another_value = r#"{"id":"zzz","value":81.5,"daystamp":"20261123"}"#;
    for body in ["{}", "[]", r#"{"errors":"no"}"#, "null", "<html>", "\"ok\"", of_another, another_value] {
        let mut test = TestApp::weighing().await;
        test.expect_warning("without saying");
        test.weigh_in(82.4);
        let report = test.sync_with(Service::Beeminder, "datapoints", Fault::http(200, body)).await;
        assert_eq!((report.delivered, report.pending), (0, 1), "{body}");
        test.advance(TimeDelta::minutes(16));
        let report = test.pass(Trigger::Timer).await;
        assert_eq!((report.delivered, codes(&report)), (1, vec![]), "{body}");
        assert_eq!(test.values("weight"), [82.4], "{body}");
    }
}

#[tokio::test]
async fn a_deletion_is_of_a_reading_and_not_of_the_day_for_ever() {
    for taken in [Take::Min, Take::Max, Take::Last, Take::First, Take::Mean, Take::Median] {
        let mut test = TestApp::connected().await;
        test.link("weight", take(MeasureKind::WEIGHT, taken)).await;
        let guest = test.weigh_in(60.0);
        test.sync().await;
        // The wrong person's: deleted at both services.
        test.world().beeminder.datapoints("weight").clear();
        test.world().withings.delete(guest);
        test.advance(TimeDelta::minutes(30));
        let now = test.now;
        test.world().withings.weigh_in(80.0, now);
        for _ in 0..3 {
            test.advance(TimeDelta::minutes(20));
            test.sync().await;
        }
        // The day's window was not read again yet, but what the user deleted is known by now or is so soon.
        test.advance(TimeDelta::hours(24));
        for _ in 0..3 {
            test.sync().await;
            test.advance(TimeDelta::minutes(20));
        }
        assert_eq!(test.values("weight"), [80.0], "{taken:?}");
    }
}

#[tokio::test]
async fn what_was_deleted_never_comes_back_with_what_is_measured_later_that_day() {
    let mut test = TestApp::connected().await;
    test.link("weight", take(MeasureKind::WEIGHT, Take::Min)).await;
    test.weigh_in(60.0);
    test.sync().await;
    test.world().beeminder.datapoints("weight").clear();
    test.advance(TimeDelta::hours(24));
    for _ in 0..2 {
        test.sync().await;
        test.advance(TimeDelta::minutes(20));
    }
    // Late, for the day on which it was deleted.
    let (at, now) = (super::support::monday() + TimeDelta::hours(2), test.now);
    let measures = json!([{"value": 80_000, "type": 1, "unit": -3}]);
    test.world().withings.add(json!({"date": at.timestamp(), "measures": measures}), now);
    test.sync().await;
    assert_eq!(test.values("weight"), [80.0], "the new one alone");
    // The user takes the deletion back.
    let id =
        test.app().store.read(|conn| Ok(conn.query_row("SELECT id FROM datapoint", [], |row| row.get(0))?));
    let id: i64 = id.unwrap();
    test.app().retry(id, test.now).unwrap();
    test.sync().await;
    assert_eq!(test.values("weight"), [60.0], "the lowest of both");
    assert!(test.app().retry(id, test.now).is_err(), "nothing is deleted or waits");
}

#[tokio::test]
async fn a_deletion_can_be_taken_back() {
    let mut test = TestApp::weighing().await;
    test.weigh_in(82.4);
    test.sync().await;
    test.world().beeminder.datapoints("weight").clear();
    test.advance(TimeDelta::hours(24));
    for _ in 0..2 {
        test.sync().await;
        test.advance(TimeDelta::minutes(20));
    }
    let line = test.history().into_iter().find_map(|line| line.outcome).unwrap();
    assert_eq!(line.outcome, "deleted");
    test.app().retry(1, test.now).unwrap();
    assert_eq!(test.sync().await.delivered, 1);
    assert_eq!(test.values("weight"), [82.4]);
}

#[tokio::test]
async fn what_is_ours_is_adopted_by_a_link_made_anew() {
    let mut test = TestApp::connected().await;
    test.link("weight", take(MeasureKind::WEIGHT, Take::Min)).await;
    for _ in 0..3 {
        test.weigh_in(82.0);
        test.sync().await;
        test.advance(TimeDelta::days(1));
    }
    test.app().remove_link(LinkId(1), test.now).unwrap();
    test.link("weight", take(MeasureKind::WEIGHT, Take::Min)).await;
    test.sync().await;
    assert_eq!(test.values("weight").len(), 3);
    assert_eq!(test.app().remove_link_with_datapoints(LinkId(2), test.now).unwrap(), 3);
    test.sync().await;
    assert_eq!(test.values("weight"), [0.0; 0]);
}

#[tokio::test]
async fn a_removal_that_is_refused_is_not_done_and_it_is_said() {
    for (status, body) in [
        (422, r#"{"errors":"Datapoints of this goal cannot be deleted"}"#),
        (422, r#"{"errors":"Duplicate request"}"#),
        (403, r#"{"error":"No-Excuses Mode"}"#),
    ] {
        let mut test = TestApp::weighing().await;
        test.expect_warning("");
        let id = test.weigh_in(60.0);
        test.sync().await;
        test.advance(TimeDelta::minutes(1));
        let now = test.now;
        test.world().withings.edit(id, now, |group| group["attrib"] = 1.into());
        test.sync().await;
        let stale = test.app().stale().unwrap();
        test.app().remove_stale(stale[0].id, test.now).unwrap();
        let report = test.sync_with(Service::Beeminder, "datapoints/", Fault::http(status, body)).await;
        assert_eq!((report.delivered, report.parked), (0, 1), "{body}");
        assert_eq!(test.values("weight"), [60.0]);
        test.expect_pending(1);
    }
}

#[tokio::test]
async fn what_was_deleted_as_a_value_of_its_own_stays_deleted_within_a_days() {
    for (before, after) in [(Take::Every, Take::Min), (Take::Min, Take::Every)] {
        let mut test = TestApp::connected().await;
        test.link("weight", take(MeasureKind::WEIGHT, before)).await;
        test.weigh_in(60.0);
        test.sync().await;
        test.world().beeminder.datapoints("weight").clear();
        test.advance(TimeDelta::hours(24));
        for _ in 0..3 {
            test.sync().await;
            test.advance(TimeDelta::minutes(15));
        }
        test.weigh_in(80.0);
        let (id, feed) = (test.app().links().unwrap()[0].id, take(MeasureKind::WEIGHT, after));
        test.app().change_link(id, &feed, &Options::default(), Existing::Update, test.now).await.unwrap();
        test.sync().await;
        assert_eq!(test.values("weight"), [80.0], "{before:?} to {after:?}");
    }
}

#[tokio::test]
async fn what_was_deleted_stays_deleted_when_its_reading_comes_again_under_another_number() {
    for how in [Take::Every, Take::Min] {
        let mut test = TestApp::connected().await;
        test.link("weight", take(MeasureKind::WEIGHT, how)).await;
        let measured_at = test.now.timestamp();
        let reading = json!({"date": measured_at, "measures": [{"value": 60_000, "type": 1, "unit": -3}]});
        let now = test.now;
        let first = test.world().withings.add(reading.clone(), now);
        test.sync().await;
        test.world().beeminder.datapoints("weight").clear();
        test.advance(TimeDelta::hours(25));
        for _ in 0..3 {
            test.sync().await;
            test.advance(TimeDelta::minutes(15));
        }
        let now = test.now;
        test.world().withings.delete(first);
        test.world().withings.add(reading, now);
        for _ in 0..3 {
            test.sync().await;
            test.advance(TimeDelta::hours(13));
        }
        assert_eq!(test.values("weight"), [0.0; 0], "{how:?}");
    }
}

#[tokio::test]
async fn what_is_to_be_removed_is_removed_though_its_goal_was_renamed_and_forgotten_when_that_is_deleted() {
    for is_deleted in [false, true] {
        let mut test = TestApp::weighing().await;
        test.expect_warning("");
        test.weigh_in(80.0);
        test.sync().await;
        let link = test.app().links().unwrap()[0].id;
        assert_eq!(test.app().remove_link_with_datapoints(link, test.now).unwrap(), 1);
        if is_deleted {
            test.world().beeminder.goals.retain(|goal| goal.slug() != "weight");
        } else {
            test.world().beeminder.goal("weight").fields["slug"] = "renamed".into();
        }
        for _ in 0..4 {
            test.sync().await;
            test.advance(TimeDelta::hours(2));
        }
        let report = test.sync().await;
        assert_eq!(report.pending, 0, "{is_deleted}");
        if !is_deleted {
            assert_eq!(test.values("renamed"), [0.0; 0]);
        }
    }
}

#[tokio::test]
async fn a_change_that_was_discarded_leaves_what_is_there_in_force() {
    let mut test = TestApp::connected().await;
    test.expect_warning("Parked");
    test.link("weight", take(MeasureKind::WEIGHT, Take::Min)).await;
    test.weigh_in(82.0);
    test.sync().await;
    test.advance(TimeDelta::minutes(20));
    test.weigh_in(80.0);
    let refusal = Fault::http(422, r#"{"errors":{"value":["no"]}}"#);
    test.sync_with(Service::Beeminder, "datapoints/", refusal).await;
    let waiting = test.outbox().pop().unwrap();
    test.app().discard(waiting.id, test.now).unwrap();
    test.sync().await;
    test.advance(TimeDelta::minutes(20));
    test.weigh_in(85.0);
    test.sync().await;
    assert_eq!(test.values("weight"), [82.0], "the lowest of what was not discarded");
}

#[tokio::test]
async fn of_two_groups_of_one_act_the_one_that_moved_is_an_act_of_its_own() {
    let mut test = TestApp::connected().await;
    test.link("weigh-in", super::support::count(MeasureSet::weight())).await;
    let now = test.now;
    let group = json!({"measures": [{"value": 80_000, "type": 1, "unit": -3}], "date": now.timestamp()});
    let first = test.world().withings.add(group.clone(), now);
    test.world().withings.add(group, now);
    test.sync().await;
    assert_eq!(test.values("weigh-in").len(), 1, "told twice");
    test.advance(TimeDelta::minutes(5));
    let later = test.now;
    let moved = (now + TimeDelta::minutes(3)).timestamp();
    test.world().withings.edit(first, later, |group| group["date"] = moved.into());
    test.sync().await;
    assert_eq!(test.values("weigh-in").len(), 2);
}
