//! Goals: creating one, and who else writes to them.

use beeminder_withings_sync::app::Finding;
use beeminder_withings_sync::domain::goal::GoalSlug;
use beeminder_withings_sync::domain::goal::new_goal::{Aim, NewGoal};
use beeminder_withings_sync::domain::link::misfit::Misfit;
use beeminder_withings_sync::domain::measure::kind::MeasureKind;
use beeminder_withings_sync::domain::measure::measure_set::MeasureSet;
use beeminder_withings_sync::store;
use beeminder_withings_sync::sync::Trigger;
use chrono::TimeDelta;
use rust_decimal::dec;

use super::support::{TestApp, count, pounds, track};

fn new_goal(slug: &str, aim: Aim) -> NewGoal {
    let (title, units) = ("Mine".into(), if aim == Aim::DoMore { "times".into() } else { "kg".into() });
    NewGoal { slug: slug.into(), title, units, aim, per_week: dec!(0.5), secret: false }
}

#[tokio::test]
async fn a_goal_is_tried_out_first_then_created_and_linked() {
    let test = TestApp::connected().await;
    for (slug, aim, feed) in [
        ("measuring", Aim::DoMore, count(MeasureSet::weight())),
        ("slim", Aim::Lose { from: dec!(82.4), to: dec!(75) }, track(MeasureKind::WEIGHT)),
        ("muscle", Aim::Gain { from: dec!(60), to: dec!(62) }, track(MeasureKind(76))),
    ] {
        let (_, goal) = test.app().create_goal(new_goal(slug, aim), true, test.now).await.unwrap();
        assert_eq!(goal, None);
        assert!(!test.world().beeminder.goals.iter().any(|goal| goal.slug() == slug), "only tried out");
        let (_, goal) = test.app().create_goal(new_goal(slug, aim), false, test.now).await.unwrap();
        assert_eq!(goal.unwrap().slug, GoalSlug(slug.into()));
        let added = test.link(slug, feed).await;
        assert_eq!(added.misfits, [], "{slug}");
    }
    test.weigh_in(82.0);
    test.sync().await;
    assert_eq!((test.values("measuring"), test.values("slim")), (vec![1.0], vec![82.0]));
}

#[tokio::test]
async fn a_goal_that_cannot_be_created_is_refused_in_words() {
    let test = TestApp::connected().await;
    let create =
        async |goal| format!("{:#}", test.app().create_goal(goal, false, test.now).await.unwrap_err());
    assert!(create(new_goal("weight", Aim::DoMore)).await.contains("already have a goal called weight"));
    assert!(create(new_goal("my goal", Aim::DoMore)).await.contains("“my goal” is not allowed"));
    test.world().beeminder.deadbeat = true;
    assert!(create(new_goal("new", Aim::DoMore)).await.contains("Deadbeats cannot create goals"));
}

#[tokio::test]
async fn another_program_that_posts_the_same_is_noticed_when_linking_and_in_the_self_test() {
    let mut test = TestApp::connected().await;
    test.weigh_in(82.4);
    test.link("fat", track(MeasureKind(6))).await;
    test.sync().await;
    let now = test.now;
    test.world().beeminder.enter("weight", 82.4, now);
    let added = test.link("weight", track(MeasureKind::WEIGHT)).await;
    assert_eq!(added.misfits.iter().map(Misfit::code).collect::<Vec<_>>(), ["same_values"]);
    test.advance(TimeDelta::hours(1));
    let checks = test.app().self_test(test.now).await.unwrap();
    let link =
        checks.iter().find(|check| check.facts.get("goal").is_some_and(|goal| goal == "weight")).unwrap();
    let Finding::Warning(why) = &link.finding else { panic!("{link:?}") };
    assert!(why.message.contains("for instance 82.4 on 2026-11-23"), "{why}");
}

#[tokio::test]
async fn pounds_for_a_goal_in_kilograms_are_noticed_by_its_last_datapoint() {
    let test = TestApp::connected().await;
    test.weigh_in(82.4);
    test.link("fat", track(MeasureKind(6))).await;
    test.sync().await;
    let now = test.now;
    test.world().beeminder.enter("night-owl", 83.1, now);
    test.world().beeminder.goal("night-owl").fields["gunits"] = "".into();
    let added = test.link("night-owl", pounds()).await;
    assert_eq!(added.misfits.iter().map(Misfit::code).collect::<Vec<_>>(), ["unit_looks_wrong"]);
    let added = test.link("pounds", track(MeasureKind::WEIGHT)).await;
    assert_eq!(added.misfits.iter().map(Misfit::code).collect::<Vec<_>>(), ["unit_looks_wrong"]);
}

#[tokio::test]
async fn the_self_test_finds_nothing_where_nothing_is_wrong_and_says_what_is() {
    let mut test = TestApp::weighing().await;
    let broken = async |test: &TestApp| -> Vec<&str> {
        let checks = test.app().self_test(test.now).await.unwrap();
        checks.into_iter().filter(|check| check.finding != Finding::Fine).map(|check| check.name).collect()
    };
    test.weigh_in(82.4);
    test.sync().await;
    assert_eq!(broken(&test).await, [""; 0]);
    test.now += TimeDelta::hours(1);
    assert_eq!(broken(&test).await, ["clock"]);
    test.now -= TimeDelta::hours(1);
    test.world().beeminder.sign_in_elsewhere();
    assert_eq!(broken(&test).await, ["beeminder"]);
    test.connect_beeminder().await.unwrap();
    test.world().beeminder.goal("weight").fields["autodata"] = "withings".into();
    assert_eq!(broken(&test).await, ["link"]);
}

#[tokio::test]
async fn the_self_test_gives_one_verdict_for_each_service_and_asks_it() {
    let mut test = TestApp::weighing().await;
    let withings = async |test: &TestApp| {
        let checks = test.app().self_test(test.now).await.unwrap();
        let about = checks.into_iter().filter(|check| check.name.contains("withings"));
        about.map(|check| (check.name, check.finding == Finding::Fine, check.problem)).collect::<Vec<_>>()
    };
    assert_eq!(withings(&test).await, [("withings", true, None)]);
    test.expect_warning("no longer accepts the sign-in");
    test.world().withings.revoke();
    assert_eq!(withings(&test).await, [("withings", false, None)], "nobody has read it since");
    test.advance(TimeDelta::minutes(15));
    test.sync().await;
    assert_eq!(withings(&test).await, [("withings", false, Some("sign_in_withings"))]);
}

#[tokio::test]
async fn how_safe_a_goal_is_is_read_again_once_beeminder_has_worked_it_out() {
    let mut test = TestApp::weighing().await;
    let buffer = |test: &TestApp| test.app().store.read(store::goal::load_linked).unwrap()[0].buffer_days;
    test.weigh_in(82.0);
    let report = test.sync().await;
    assert_eq!(report.next - test.now, TimeDelta::minutes(1), "a pass is made for it");
    test.world().beeminder.goal("weight").fields["safebuf"] = 17.into();
    assert_eq!(test.sync().await.requests.beeminder, 0, "not worked out yet");
    test.advance(TimeDelta::minutes(1));
    test.pass(Trigger::Timer).await;
    assert_eq!(buffer(&test), Some(17));
    test.advance(TimeDelta::minutes(15));
    let report = test.pass(Trigger::Timer).await;
    assert_eq!(report.requests.beeminder, 0, "once is enough");
    assert!(report.next - test.now > TimeDelta::minutes(5));
}
