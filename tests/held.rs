//! "Was this you?": measurements of a scale that several people use.

use beeminder_withings_sync::domain::measure::kind::MeasureKind;
use beeminder_withings_sync::domain::measure::measurement::GroupId;
use beeminder_withings_sync::domain::problem_code::ProblemCode;
use chrono::TimeDelta;
use serde_json::json;

use super::support::goals::days;
use super::support::{TestApp, codes, track};

/// Someone steps on the scale, and it is not sure who.
fn guest(test: &TestApp, grams: i64) -> GroupId {
    let now = test.now;
    let measures = json!([{"value": grams, "type": 1, "unit": -3}]);
    GroupId(test.world().withings.add(json!({"attrib": 1, "measures": measures}), now))
}

#[tokio::test]
async fn a_measurement_that_may_be_another_persons_is_held_and_asked_about_once() {
    let mut test = TestApp::weighing().await;
    let (mine, theirs) = (guest(&test, 82_000), {
        test.advance(TimeDelta::minutes(5));
        guest(&test, 61_000)
    });
    assert_eq!(codes(&test.sync().await), [ProblemCode::Held]);
    let held: Vec<_> =
        test.app().held().unwrap().into_iter().map(|held| (held.group.id, held.goals)).collect();
    assert_eq!(held, [(mine, vec!["weight".to_owned()]), (theirs, vec!["weight".into()])]);
    test.app().answer(mine, true, false, test.now).unwrap();
    test.app().answer(theirs, false, false, test.now).unwrap();
    let report = test.sync().await;
    assert_eq!((report.delivered, codes(&report)), (1, vec![]));
    assert_eq!(test.values("weight"), [82.0]);
    assert!(
        test.app()
            .answer(mine, true, false, test.now)
            .unwrap_err()
            .to_string()
            .contains("waits for an answer")
    );
    // Not to be remembered, so the next one is asked about again.
    test.advance(TimeDelta::days(1));
    guest(&test, 82_100);
    assert_eq!(codes(&test.sync().await), [ProblemCode::Held]);
}

#[tokio::test]
async fn answers_are_remembered_by_weight_where_nobody_can_be_mixed_up() {
    let mut test = TestApp::weighing().await;
    test.weigh_in(82.4);
    test.advance(TimeDelta::minutes(5));
    let (mine, theirs) = (guest(&test, 82_000), {
        test.advance(TimeDelta::minutes(5));
        guest(&test, 61_000)
    });
    test.sync().await;
    test.app().answer(mine, true, true, test.now).unwrap();
    test.app().answer(theirs, false, true, test.now).unwrap();
    test.sync().await;
    for (grams, held) in [(82_900, 0), (60_500, 0), (71_000, 1)] {
        test.advance(TimeDelta::days(1));
        guest(&test, grams);
        assert_eq!(test.sync().await.held, held, "{grams}");
    }
    assert_eq!(test.values("weight"), [82.4, 82.0, 82.9]);
}

#[tokio::test]
async fn one_answer_is_enough_for_all_that_a_step_on_the_scale_measured() {
    let test = TestApp::weighing().await;
    test.link("systolic", track(MeasureKind::HEART_RATE)).await;
    let weight = guest(&test, 82_000);
    let now = test.now;
    let pulse = json!([{"value": 62, "type": 11, "unit": 0}]);
    test.world().withings.add(json!({"attrib": 1, "measures": pulse}), now);
    test.sync().await;
    test.app().answer(weight, true, false, test.now).unwrap();
    assert_eq!(test.sync().await.delivered, 2);
}

#[tokio::test]
async fn an_answer_can_be_taken_back_with_what_followed_from_it() {
    let mut test = TestApp::weighing().await;
    test.weigh_in(82.4);
    test.advance(TimeDelta::minutes(5));
    let theirs = guest(&test, 61_000);
    test.sync().await;
    test.app().answer(theirs, false, true, test.now).unwrap();
    test.advance(TimeDelta::days(1));
    let like_it = guest(&test, 60_500);
    assert_eq!(test.sync().await.held, 0, "decided as the first one was");
    test.app().take_back_answer(theirs, test.now).unwrap();
    assert_eq!(test.sync().await.held, 2, "both are asked about again");
    test.app().answer(theirs, true, false, test.now).unwrap();
    test.app().answer(like_it, false, false, test.now).unwrap();
    test.sync().await;
    assert_eq!(test.values("weight"), [82.4, 61.0]);
    // What was sent because of an answer is asked about when that is taken back.
    test.app().take_back_answer(theirs, test.now).unwrap();
    assert_eq!(codes(&test.sync().await), [ProblemCode::Held, ProblemCode::Stale]);
    test.app().answer(theirs, true, false, test.now).unwrap();
    assert_eq!((codes(&test.sync().await), test.values("weight")), (vec![], vec![82.4, 61.0]));
    let never = test.app().take_back_answer(GroupId(1), test.now).unwrap_err();
    assert!(never.to_string().contains("no answer about measurement 1"), "{never}");
}

#[tokio::test]
async fn taking_back_an_answer_leaves_what_followed_from_others() {
    let mut test = TestApp::weighing().await;
    test.app().mirror_deletions(true).unwrap();
    let mine = guest(&test, 82_000);
    test.sync().await;
    test.app().answer(mine, true, true, test.now).unwrap();
    for _ in 0..3 {
        test.advance(TimeDelta::days(1));
        guest(&test, 82_100);
        test.sync().await;
    }
    // A friend of nearly the same weight: by now the two could be mixed up.
    test.advance(TimeDelta::minutes(5));
    let friend = guest(&test, 86_000);
    test.sync().await;
    test.app().answer(friend, false, true, test.now).unwrap();
    test.advance(TimeDelta::minutes(5));
    let child = guest(&test, 30_000);
    test.sync().await;
    test.app().answer(child, false, true, test.now).unwrap();
    test.app().take_back_answer(child, test.now).unwrap();
    let report = test.sync().await;
    assert_eq!((report.held, days(&test, "weight").len()), (1, 4), "only the child is asked about");
    // What did follow is asked about, and nothing is taken away for it.
    test.app().take_back_answer(mine, test.now).unwrap();
    let report = test.sync().await;
    assert_eq!((report.held, test.app().stale().unwrap().len()), (5, 4));
    assert_eq!(days(&test, "weight").len(), 4);
}
