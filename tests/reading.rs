//! What Withings tells, and how far it is believed: whose measurements these are, what is told twice, and
//! readings that do not come to their end.

use beeminder_withings_sync::domain::goal::GoalSlug;
use beeminder_withings_sync::domain::link::Options;
use beeminder_withings_sync::domain::measure::kind::{MeasureKind, Source};
use beeminder_withings_sync::domain::measure::measure_set::MeasureSet;
use beeminder_withings_sync::domain::measure::measurement::GroupId;
use beeminder_withings_sync::domain::problem_code::ProblemCode;
use beeminder_withings_sync::domain::service::Service;
use beeminder_withings_sync::platform::data_dir::{DataDir, Lock};
use chrono::TimeDelta;
use serde_json::{Value, json};

use beeminder_withings_sync::sandbox::faults::Fault;
use beeminder_withings_sync::sandbox::withings::PEOPLE;
use beeminder_withings_sync::store;
use beeminder_withings_sync::sync::Trigger;
use beeminder_withings_sync::text::Language;

use beeminder_withings_sync::app::{Remembered, Since};

use super::support::{TestApp, codes, count, track};

const PULSE_WAVE: MeasureKind = MeasureKind(91);

/// A group of one value in thousandths, now.
fn told(test: &TestApp, attrib: i64, kind: i64, value: i64, more: &Value) -> GroupId {
    let mut group = json!({"attrib": attrib, "measures": [{"value": value, "type": kind, "unit": -3}]});
    if let (Some(group), Some(more)) = (group.as_object_mut(), more.as_object()) {
        group.extend(more.clone());
    }
    let now = test.now;
    GroupId(test.world().withings.add(group, now))
}

fn nothing() -> Value {
    json!({})
}

/// Steps on a scale that tells the pulse wave velocity twice: as a whole, and at the left foot.
fn step(test: &TestApp, value: i64) {
    let foot = json!({"measures": [{"value": value - 3, "type": 91, "unit": -3, "position": 4}]});
    told(test, 10, 91, value, &foot);
    told(test, 8, 91, value, &nothing());
}

fn reasons(test: &TestApp) -> Vec<String> {
    test.history().into_iter().filter_map(|line| line.outcome).map(|outcome| outcome.reason).collect()
}

#[tokio::test]
async fn what_a_step_tells_twice_counts_once_without_a_question() {
    let mut test = TestApp::connected().await;
    test.link("weight", track(PULSE_WAVE)).await;
    test.link("systolic", count(MeasureSet::of(vec![PULSE_WAVE]).unwrap())).await;
    for day in 1..=3 {
        test.advance(TimeDelta::days(1));
        step(&test, 7000 + day);
        let report = test.sync().await;
        assert_eq!((report.held, codes(&report)), (0, vec![]));
    }
    assert_eq!(test.values("weight"), [7.0, 7.0, 7.0]);
    assert_eq!(test.values("systolic"), [1.0, 1.0, 1.0]);
}

#[tokio::test]
async fn the_second_telling_may_come_in_a_later_pass_and_changes_nothing() {
    let mut test = TestApp::connected().await;
    test.link("weight", track(MeasureKind::WEIGHT)).await;
    let first = told(&test, 0, 1, 82_400, &nothing());
    test.sync().await;
    let stepped = test.now;
    test.advance(TimeDelta::minutes(20));
    // A relay app without a device, and the same scale with a number below the first one's.
    let when = json!({"date": stepped.timestamp()});
    told(&test, 0, 1, 82_400, &json!({"date": stepped.timestamp(), "deviceid": null}));
    let late = json!({"date": stepped.timestamp(), "grpid": first.0 - 1});
    told(&test, 0, 1, 82_410, &late);
    let report = test.sync().await;
    assert_eq!((report.delivered, codes(&report)), (0, vec![]));
    assert_eq!(reasons(&test).iter().filter(|reason| *reason == "told_twice").count(), 2);
    // One that says something else, and not by the same device, is another measurement.
    let other = json!({"date": when["date"], "deviceid": "another"});
    told(&test, 0, 1, 83_000, &other);
    assert_eq!(test.sync().await.delivered, 1);
    assert_eq!(test.values("weight"), [82.4, 83.0]);
}

#[tokio::test]
async fn an_unknown_origin_is_asked_about_once_and_remembered() {
    for (mine, expected) in [(true, vec![82.0, 90.0]), (false, vec![])] {
        let mut test = TestApp::weighing().await;
        let first = told(&test, 10_009, 1, 82_000, &nothing());
        assert_eq!(test.sync().await.held, 1);
        let remembered = test.app().answer(first, mine, true, test.now).unwrap();
        assert_eq!(remembered, Remembered { weight: true, origins: vec![10_009] });
        // Whatever it weighs; another origin is another question.
        for (attrib, held) in [(10_009, 0), (10_010, 1)] {
            test.advance(TimeDelta::days(1));
            told(&test, attrib, 1, 90_000, &nothing());
            assert_eq!(test.sync().await.held, held, "{attrib}");
        }
        assert_eq!(test.values("weight"), expected, "{mine}");
    }
}

#[tokio::test]
async fn nothing_is_said_to_be_remembered_that_is_not() {
    let mut test = TestApp::connected().await;
    test.link("fat", track(MeasureKind::WEIGHT)).await;
    // Where Withings says nothing of the origin, there is none to remember; there is a weight.
    let without = told(&test, 0, 1, 82_000, &json!({"attrib": null}));
    test.sync().await;
    let remembered = test.app().answer(without, true, true, test.now).unwrap();
    assert_eq!(remembered, Remembered { weight: true, origins: vec![] });
    test.advance(TimeDelta::days(1));
    told(&test, 0, 1, 82_500, &json!({"attrib": null}));
    assert_eq!(test.sync().await.held, 0);
    test.link("weight", track(MeasureKind::HEART_RATE)).await;
    test.advance(TimeDelta::days(1));
    let pulse = told(&test, 1, 11, 60_000, &nothing());
    test.sync().await;
    let remembered = test.app().answer(pulse, true, true, test.now).unwrap();
    assert!(remembered.is_nothing(), "{remembered:?}");
    test.sync().await;
}

#[tokio::test]
async fn answers_that_contradict_each_other_are_not_remembered() {
    let mut test = TestApp::weighing().await;
    let mut held = Vec::new();
    for _ in 0..2 {
        test.advance(TimeDelta::minutes(5));
        held.push(told(&test, 10_009, 1, 82_000, &nothing()));
    }
    test.sync().await;
    for (group, mine) in held.into_iter().zip([true, false]) {
        test.app().answer(group, mine, true, test.now).unwrap();
    }
    test.sync().await;
    test.advance(TimeDelta::minutes(5));
    told(&test, 10_009, 1, 82_000, &nothing());
    assert_eq!(test.sync().await.held, 1);
}

#[tokio::test]
async fn a_link_may_let_everything_through_that_is_not_sure() {
    let test = TestApp::connected().await;
    let options = Options { ambiguous: true, ..Options::default() };
    let goal = GoalSlug("weight".into());
    test.app().add_link(&goal, track(MeasureKind::WEIGHT), options, Since::Now, test.now).await.unwrap();
    told(&test, 1, 1, 82_000, &nothing());
    told(&test, 10_000, 1, 83_000, &json!({"deviceid": "another"}));
    let report = test.sync().await;
    assert_eq!((report.held, test.values("weight")), (0, vec![82.0, 83.0]));
}

#[tokio::test]
async fn a_remembered_answer_is_for_all_that_the_step_measured_whenever_it_comes() {
    for (attrib, pulse_first) in [(1, false), (1, true), (10_009, false), (10_009, true)] {
        let mut test = TestApp::weighing().await;
        test.link("systolic", track(MeasureKind::HEART_RATE)).await;
        let first = told(&test, attrib, 1, 82_000, &nothing());
        test.sync().await;
        test.app().answer(first, true, true, test.now).unwrap();
        test.sync().await;
        test.advance(TimeDelta::days(1));
        let when = json!({"date": test.now.timestamp()});
        let weight = |test: &TestApp| told(test, attrib, 1, 82_100, &when);
        let pulse = |test: &TestApp| told(test, 1, 11, 61_000, &when);
        if pulse_first {
            pulse(&test);
        } else {
            weight(&test);
        }
        let report = test.sync().await;
        assert_eq!(report.held, u64::from(pulse_first), "{attrib}");
        test.advance(TimeDelta::minutes(20));
        if pulse_first {
            weight(&test);
        } else {
            pulse(&test);
        }
        let report = test.sync().await;
        assert_eq!((report.held, test.values("systolic")), (0, vec![61.0]), "{attrib} {pulse_first}");
    }
}

#[tokio::test]
async fn an_answer_is_for_what_comes_later_from_the_same_step_and_for_no_other_device() {
    let mut test = TestApp::weighing().await;
    test.link("systolic", track(MeasureKind::HEART_RATE)).await;
    let weight = told(&test, 1, 1, 82_000, &nothing());
    test.sync().await;
    test.app().answer(weight, true, false, test.now).unwrap();
    let when = json!({"date": test.now.timestamp()});
    test.advance(TimeDelta::minutes(20));
    told(&test, 1, 11, 61_000, &when);
    told(&test, 1, 11, 70_000, &json!({"date": when["date"], "deviceid": "cuff"}));
    assert_eq!(test.sync().await.held, 1, "the cuff's is asked about");
    assert_eq!(test.values("systolic"), [61.0]);
}

#[tokio::test]
async fn an_answer_is_taken_though_the_reading_changed_in_between() {
    let mut test = TestApp::weighing().await;
    let (one, other) = (told(&test, 1, 1, 82_000, &nothing()), {
        test.advance(TimeDelta::minutes(5));
        told(&test, 1, 1, 61_000, &nothing())
    });
    test.sync().await;
    test.advance(TimeDelta::minutes(5));
    let now = test.now;
    test.world().withings.edit(one.0, now, |group| group["date"] = (now.timestamp() - 60).into());
    let links = test.app().links().unwrap();
    test.sync().await;
    test.app().remove_link(links[0].id, test.now).unwrap();
    test.app().answer(one, true, false, test.now).unwrap();
    test.app().answer(other, false, false, test.now).unwrap();
    test.link_since("weight", track(MeasureKind::WEIGHT), "2026-11-23").await;
    assert_eq!(test.sync().await.held, 0);
    assert_eq!(test.values("weight"), [82.0]);
    assert!(test.app().answer(GroupId(4711), true, false, test.now).is_err());
}

#[tokio::test]
async fn a_renewal_for_another_person_is_refused_and_nothing_of_it_used() {
    let mut test = TestApp::weighing().await;
    let kept = test.keychain.stored(Service::Withings);
    test.world().withings.renews_for = Some(PEOPLE[1].0.into());
    test.advance(TimeDelta::hours(3));
    let now = test.now;
    let measures = json!({"measures": [{"value": 61, "type": 1, "unit": 0}]});
    test.world().withings.add_for(PEOPLE[1].0, measures, now);
    test.expect_warning("of another person (10000002)");
    let report = test.sync().await;
    assert_eq!((report.fetched, codes(&report)), (0, vec![ProblemCode::AnotherPerson]));
    assert_eq!(test.keychain.stored(Service::Withings), kept);
    let german = report.attention[0].explained().by(Language::German);
    assert!(german.contains("einer anderen Person"), "{german}");
    // Signing in as the right one is the way out.
    test.world().withings.renews_for = None;
    test.connect_withings().await.unwrap();
    test.weigh_in(82.4);
    let report = test.sync().await;
    assert_eq!((report.delivered, codes(&report)), (1, vec![]));
    // Not told is not another one.
    test.world().withings.tells_whose = false;
    test.advance(TimeDelta::hours(3));
    test.weigh_in(82.5);
    assert_eq!(test.sync().await.delivered, 1);
}

#[tokio::test]
async fn disconnecting_waits_for_a_renewal_under_way() {
    let test = TestApp::weighing().await;
    let renewal = DataDir::open(test.path()).unwrap().try_lock(Lock::Token).unwrap();
    assert!(renewal.is_some());
    let saves_late = async {
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        let renewed = test.keychain.stored(Service::Withings);
        assert!(renewed.is_some(), "nothing is deleted while it may be written again");
        test.keychain.put_back(Service::Withings, renewed.unwrap());
        drop(renewal);
    };
    let (disconnected, ()) = tokio::join!(test.app().disconnect(Service::Withings, test.now), saves_late);
    disconnected.unwrap();
    assert_eq!(test.keychain.stored(Service::Withings), None);
}

#[tokio::test]
async fn forgetting_everything_waits_for_a_pass_of_another_program() {
    let test = TestApp::weighing().await;
    let pass = DataDir::open(test.path()).unwrap().try_lock(Lock::Pass).unwrap();
    assert!(pass.is_some());
    let ends_late = async {
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        assert!(test.keychain.stored(Service::Withings).is_some(), "nothing is deleted under a pass");
        drop(pass);
    };
    let (forgotten, ()) = tokio::join!(test.app().forget_everything(test.now), ends_late);
    forgotten.unwrap();
    assert_eq!(test.keychain.stored(Service::Withings), None);
}

#[tokio::test]
async fn a_sign_in_that_another_program_ended_is_not_used_any_more() {
    for forget in [false, true] {
        let test = TestApp::weighing().await;
        test.sync().await;
        let other = test.another().unwrap();
        other.disconnect(Service::Withings, test.now).await.unwrap();
        if forget {
            std::fs::remove_file(test.path().join("sign-ins.count")).unwrap();
        }
        // As a pass sees it that looked a moment before.
        test.app()
            .store
            .write(|conn| store::account::save_connected(conn, Service::Withings, PEOPLE[0].0, "", test.now))
            .unwrap();
        test.expect_warning("has no sign-in for Withings");
        let report = test.sync().await;
        assert_eq!(
            (report.requests.withings, codes(&report)),
            (0, vec![ProblemCode::SignInWithings]),
            "{forget}"
        );
        // Signed in there, it goes on here.
        super::support::sign_in_to_withings(&other, test.now).await;
        assert_eq!(codes(&test.sync().await), [], "{forget}");
    }
}

/// So many pages of two groups, an hour apart, up to an hour ago.
fn history(test: &TestApp, pages: i64) {
    let now = test.now;
    let mut world = test.world();
    world.withings.page_size = 2;
    for group in 1..=2 * pages {
        let at = now - TimeDelta::hours(2 * pages - group + 1);
        let measures = json!([{"value": 80_000 + group, "type": 1, "unit": -3}]);
        world
            .withings
            .add(json!({"date": at.timestamp(), "modified": at.timestamp(), "measures": measures}), now);
    }
}

fn pages_asked(test: &TestApp) -> usize {
    test.world().requests.iter().filter(|request| request.ends_with(" /measure")).count()
}

fn known(test: &TestApp) -> u64 {
    test.app().store.read(store::measurement::summary).unwrap().0
}

fn checkpoint(test: &TestApp) -> Option<i64> {
    let load = |conn: &store::Connection| store::checkpoint::load(conn, Source::Measure);
    test.app().store.read(load).unwrap().map(|checkpoint| checkpoint.updated_at)
}

#[tokio::test]
async fn a_long_first_reading_stays_below_what_withings_allows_and_goes_on_where_it_was() {
    let mut test = TestApp::connected().await;
    history(&test, 250);
    test.world().withings.per_minute = Some(120);
    let begun = test.now.timestamp();
    let mut parts = 0;
    loop {
        parts += 1;
        let report = test.pass(Trigger::Timer).await;
        assert!(!codes(&report).contains(&ProblemCode::RateLimited), "{parts}");
        if checkpoint(&test).is_some() || parts == 10 {
            break;
        }
        // Nor when the user cannot wait, in whatever program.
        test.restart();
        assert_eq!(test.sync().await.requests.withings, 0, "{parts}");
        let next = report.next - test.now;
        assert!(next >= TimeDelta::seconds(60) && next <= TimeDelta::seconds(70), "{next}");
        test.advance(next);
    }
    assert_eq!((parts, known(&test)), (3, 500));
    assert!(pages_asked(&test) <= 250 + 3, "{} pages", pages_asked(&test));
    assert_eq!(checkpoint(&test), Some(begun), "as it was at the very first page");
    test.advance(TimeDelta::minutes(15));
    assert_eq!(codes(&test.pass(Trigger::Timer).await), [ProblemCode::NothingLinked]);
}

#[tokio::test]
async fn what_moves_between_two_parts_of_a_reading_is_not_lost() {
    let mut test = TestApp::connected().await;
    history(&test, 150);
    test.sync().await;
    assert!(known(&test) < 300);
    test.advance(TimeDelta::seconds(70));
    // One row vanishes and one goes to the end, so that all between the parts move up by two.
    let ids: Vec<i64> =
        test.world().withings.groups().map(|group| group["grpid"].as_i64().unwrap()).collect();
    let now = test.now;
    test.world().withings.delete(ids[3]);
    test.world().withings.edit(ids[5], now, |group| group["measures"][0]["value"] = 70_000.into());
    test.sync().await;
    for id in ids {
        let load = |conn: &store::Connection| store::measurement::load(conn, GroupId(id));
        assert!(test.app().store.read(load).unwrap().is_some(), "{id}");
    }
}

#[tokio::test]
async fn a_reading_that_failed_on_the_way_goes_on_there_and_a_place_that_is_refused_is_given_up() {
    for (fault, code, words, again) in [
        (Fault::withings(601, ""), ProblemCode::RateLimited, "too many requests", 21),
        (Fault::http(502, ""), ProblemCode::Unavailable, "status 502", 21),
        (Fault::Truncate, ProblemCode::Unreadable, "cannot be read", 21),
        (Fault::withings(503, "Invalid Params"), ProblemCode::Unreadable, "Invalid Params", 40),
    ] {
        let mut test = TestApp::connected().await;
        history(&test, 40);
        test.expect_warning(words);
        test.world().faults.after(20, Service::Withings, "measure", fault);
        assert!(codes(&test.sync().await).contains(&code), "{words}");
        assert_eq!((known(&test), checkpoint(&test)), (40, None), "{words}");
        test.advance(TimeDelta::minutes(20));
        let before = pages_asked(&test);
        test.sync().await;
        assert_eq!((known(&test), pages_asked(&test) - before), (80, again), "{words}");
    }
}

#[tokio::test]
async fn a_place_that_is_a_day_old_is_not_trusted() {
    let mut test = TestApp::connected().await;
    history(&test, 40);
    test.expect_warning("status 502");
    test.world().faults.after(20, Service::Withings, "measure", Fault::http(502, ""));
    test.sync().await;
    test.advance(TimeDelta::hours(25));
    let before = pages_asked(&test);
    test.sync().await;
    assert_eq!((known(&test), pages_asked(&test) - before), (80, 41), "one to look, and all of it");
}

#[tokio::test]
async fn a_set_that_two_parts_of_a_reading_tell_counts_when_it_is_whole() {
    let mut test = TestApp::connected().await;
    let set = MeasureSet::named("weight+heart-rate").unwrap();
    test.link_since("weight", count(set), "2026-11-01").await;
    test.advance(TimeDelta::minutes(5));
    let now = test.now;
    for (kind, modified) in [(1, now), (11, now + TimeDelta::seconds(2))] {
        let measures = json!([{"value": 80, "type": kind, "unit": 0}]);
        let group = json!({"date": now.timestamp(), "modified": modified.timestamp(), "measures": measures});
        test.world().withings.add(group, now);
    }
    // Between the two, another one fills the first page.
    let other = json!({"modified": now.timestamp() + 1, "deviceid": "another", "measures": []});
    test.world().withings.add(other, now);
    test.world().withings.page_size = 2;
    test.expect_warning("status 502");
    test.world().faults.after(1, Service::Withings, "measure", Fault::http(502, ""));
    assert_eq!(test.sync().await.delivered, 0);
    assert_eq!(reasons(&test), ["incomplete_set"]);
    test.advance(TimeDelta::minutes(20));
    assert_eq!(test.sync().await.delivered, 1);
}

#[tokio::test]
async fn what_is_uploaded_while_withings_says_neither_yes_nor_no_is_read_afterwards() {
    let mut test = TestApp::weighing().await;
    test.sync().await;
    let before = checkpoint(&test);
    test.world().faults.every(Service::Withings, "measure", Fault::withings(100, ""));
    test.expect_warning("status 100");
    let mut said = Vec::new();
    for quarter in 0..20 {
        test.advance(TimeDelta::minutes(15));
        if quarter == 1 {
            test.weigh_in(82.4);
        }
        said.push(codes(&test.sync().await));
    }
    assert_eq!(checkpoint(&test), before, "nothing was read");
    assert_eq!(said[..3], [vec![], vec![], vec![]], "once proves nothing");
    assert_eq!(said[5..], vec![vec![ProblemCode::Unavailable]; 15], "for hours it is no \"all is well\"");
    test.world().faults.clear();
    let report = test.sync().await;
    assert_eq!((report.delivered, codes(&report)), (1, vec![]));
}

#[tokio::test]
async fn a_service_that_is_refused_once_is_asked_again_and_the_others_go_on() {
    let mut test = TestApp::weighing().await;
    test.link("steps", track(MeasureKind::STEPS)).await;
    test.link("sleep", track(MeasureKind::SLEEP_DURATION)).await;
    test.connect_withings().await.unwrap();
    test.sync().await;
    test.expect_warning("does not allow");
    let refusal = Fault::withings(2555, "");
    let report = test.sync_with(Service::Withings, "sleep", refusal.clone()).await;
    assert_eq!(codes(&report), [ProblemCode::Unavailable], "once proves nothing");
    test.advance(TimeDelta::minutes(15));
    assert_eq!(codes(&test.sync().await), [], "and is forgotten");
    // For hours it is believed, of this service alone.
    test.world().faults.every(Service::Withings, "sleep", refusal);
    for _ in 0..2 {
        test.sync().await;
        test.advance(TimeDelta::minutes(61));
    }
    let now = test.now;
    test.world().withings.days().walk(now.date_naive(), 5000, now);
    let report = test.sync().await;
    assert_eq!((report.delivered, codes(&report)), (1, vec![ProblemCode::ScopeMissing]));
    assert_eq!(report.attention[0].goal.as_deref(), Some("sleep"));
    assert_eq!(report.requests.withings, 2, "it is not asked about each time");
    // Shared after all, it is found out within a day, or at once by signing in.
    for sign_in in [false, true] {
        if !sign_in {
            test.world().faults.clear();
            test.advance(TimeDelta::hours(24));
        } else {
            for _ in 0..2 {
                test.world().faults.next(Service::Withings, "sleep", Fault::withings(277, ""));
                test.sync().await;
                test.advance(TimeDelta::minutes(61));
            }
            assert_eq!(codes(&test.sync().await), [ProblemCode::ScopeMissing]);
            test.connect_withings().await.unwrap();
            test.advance(TimeDelta::days(1));
        }
        let now = test.now;
        test.world().withings.days().sleep(now.date_naive(), 25_200, now);
        let report = test.sync().await;
        assert_eq!(codes(&report), [], "{sign_in}");
        assert!(report.delivered >= 1, "{sign_in}");
    }
}

#[tokio::test]
async fn a_weigh_in_under_another_number_is_settled_in_the_same_pass() {
    for policy in [false, true] {
        let mut test = TestApp::weighing().await;
        test.app().mirror_deletions(policy).unwrap();
        test.sync().await;
        test.advance(TimeDelta::minutes(15));
        let stepped = test.now.timestamp();
        let first = told(&test, 0, 1, 82_400, &nothing());
        test.sync().await;
        test.advance(TimeDelta::minutes(15));
        test.world().withings.delete(first.0);
        told(&test, 0, 1, 82_400, &json!({"date": stepped}));
        test.sync().await;
        let lines = test.history();
        assert_eq!(lines.iter().filter(|line| line.group.gone).count(), 1, "{policy}: at once");
        if !policy {
            // One is asked about, the other one took its place.
            for stale in test.app().stale().unwrap() {
                test.app().remove_stale(stale.id, test.now).unwrap();
            }
            test.sync().await;
        }
        assert_eq!(test.values("weight"), [82.4], "{policy}");
    }
}

#[tokio::test]
async fn twins_that_are_both_there_count_once_and_are_looked_at_once() {
    let mut test = TestApp::weighing().await;
    test.sync().await;
    test.advance(TimeDelta::minutes(15));
    let when = json!({"date": test.now.timestamp()});
    told(&test, 0, 1, 82_400, &when);
    test.sync().await;
    told(&test, 0, 1, 82_400, &when);
    assert_eq!(test.sync().await.requests.withings, 2);
    assert_eq!(test.sync().await.requests.withings, 1);
    assert_eq!(test.values("weight"), [82.4]);
}

#[tokio::test]
async fn what_was_not_shown_for_weeks_is_read_when_it_is_shown_again() {
    let mut test = TestApp::weighing().await;
    test.weigh_in(80.0);
    test.sync().await;
    test.advance(TimeDelta::hours(20));
    test.world().withings.lapsed = true;
    test.expect_warning("Withings shows nothing any more");
    test.weigh_in(81.0);
    for day in 0..40 {
        test.advance(TimeDelta::hours(24));
        if day == 20 {
            test.weigh_in(82.0);
        }
        test.sync().await;
    }
    test.world().withings.lapsed = false;
    test.advance(TimeDelta::hours(1));
    let report = test.sync().await;
    assert_eq!((report.delivered, codes(&report)), (2, vec![]));
}

#[tokio::test]
async fn a_row_that_cannot_be_told_apart_keeps_deletions_from_being_seen_and_nothing_else() {
    let mut test = TestApp::weighing().await;
    test.expect_warning("cannot be read and is kept");
    let lost = test.weigh_in(80.0);
    test.sync().await;
    test.advance(TimeDelta::hours(24));
    test.weigh_in(81.0);
    let now = test.now;
    test.world().withings.add(json!({"grpid": 4_000_000_000_i64, "date": "never", "measures": []}), now);
    test.world().withings.edit(4_000_000_000, now, |group| group["grpid"] = Value::Null);
    test.world().withings.delete(lost);
    assert_eq!(codes(&test.sync().await), [ProblemCode::MeasurementUnreadable]);
    assert_eq!(test.sync().await.requests.withings, 1, "the weeks are not read again each time");
    test.world().withings.delete(4_000_000_000);
    test.advance(TimeDelta::hours(24));
    assert!(codes(&test.sync().await).contains(&ProblemCode::Stale));
}

#[tokio::test]
async fn a_checkpoint_ahead_of_withings_clock_is_as_good_as_none() {
    let mut test = TestApp::weighing().await;
    test.sync().await;
    let ahead = store::checkpoint::Checkpoint {
        updated_at: (test.now + TimeDelta::days(365)).timestamp(),
        read_at: test.now,
    };
    test.app().store.write(|conn| store::checkpoint::save(conn, Source::Measure, ahead)).unwrap();
    test.advance(TimeDelta::minutes(15));
    test.weigh_in(82.4);
    assert_eq!(test.sync().await.delivered, 1);
    assert_eq!(checkpoint(&test), Some(test.now.timestamp()));
    // Nor does a window that was read in the future hold the next one up.
    let until = test.now + TimeDelta::days(365);
    test.app().store.write(|conn| store::checkpoint::save_window(conn, Source::Measure, until)).unwrap();
    assert_eq!(test.sync().await.requests.withings, 2);
    assert_eq!(test.sync().await.requests.withings, 1);
}
