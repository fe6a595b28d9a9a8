//! Notifications that arrive, and those that do not: a part is read for each, and Withings is asked less often only
//! while they are proven.

use beeminder_withings_sync::domain::appli::Appli;
use beeminder_withings_sync::domain::measure::kind::{MeasureKind, Source};
use beeminder_withings_sync::domain::problem_code::ProblemCode;
use beeminder_withings_sync::health::announced;
use beeminder_withings_sync::sandbox::tunnel::Mode;
use beeminder_withings_sync::sync::{Trigger, schedule};
use chrono::{DateTime, TimeDelta, Utc};

use super::support::goals::d;
use super::support::reached::{Reached, asked, numbers, shown};
use super::support::{TestApp, codes, track};

/// How often a service of Withings was read.
fn read(test: &TestApp, path: &str) -> usize {
    test.world().requests.iter().filter(|request| request.ends_with(path)).count()
}

/// Weighs in three times, each told of and read.
async fn proven(test: &mut TestApp, reached: &Reached) {
    for _ in 0..3 {
        test.advance(TimeDelta::hours(1));
        test.weigh_in(82.4);
        test.advance(TimeDelta::minutes(1));
        reached.hear_and_sync(test).await.unwrap();
    }
}

async fn subscribed() -> (TestApp, Reached) {
    let mut test = TestApp::weighing().await;
    let reached = Reached::on(&test).await;
    reached.look(&test).await.unwrap();
    test.sync().await;
    test.advance(TimeDelta::minutes(1));
    (test, reached)
}

fn interval(test: &TestApp) -> i64 {
    test.app().store.read(schedule::interval).unwrap().num_minutes()
}

#[tokio::test]
async fn a_weigh_in_is_posted_without_a_poll_and_the_time_it_took_is_told() {
    let (mut test, reached) = subscribed().await;
    test.weigh_in(82.4);
    test.advance(TimeDelta::seconds(40));
    let report = reached.hear_and_sync(&test).await.unwrap();
    assert_eq!((report.delivered, test.values("weight")), (1, vec![82.4]));
    let shown = shown(&test);
    assert_eq!(shown.median_delay, Some(40));
    assert_eq!(shown.last_notification, Some(test.now));
    let weight = shown.subscriptions.iter().find(|line| line.kind == Appli::Weight).unwrap();
    assert_eq!((weight.appli, weight.last_notification), (1, Some(test.now)));
}

#[tokio::test]
async fn only_the_service_that_changed_is_read() {
    let (mut test, reached) = subscribed().await;
    test.world().withings.scope = Some("user.metrics,user.activity".into());
    test.connect_withings().await.unwrap();
    test.link("steps", track(MeasureKind::STEPS)).await;
    reached.look(&test).await.unwrap();
    assert_eq!(numbers(&test), [1, 16, 46]);
    test.sync().await;
    let before = (read(&test, " /measure"), read(&test, " /v2/measure"));
    test.advance(TimeDelta::minutes(1));
    let now = test.now;
    test.world().withings.days().walk(d("2026-11-23"), 4200, now);
    let report = reached.hear_and_sync(&test).await.unwrap();
    assert_eq!((report.requests.withings, report.delivered), (1, 1));
    assert_eq!((read(&test, " /measure"), read(&test, " /v2/measure")), (before.0, before.1 + 1));
    test.weigh_in(82.4);
    assert_eq!(reached.hear_and_sync(&test).await.unwrap().requests.withings, 1);
    assert_eq!((read(&test, " /measure"), read(&test, " /v2/measure")), (before.0 + 1, before.1 + 1));
}

#[tokio::test]
async fn notifications_told_twice_and_in_the_wrong_order_change_nothing() {
    let (mut test, reached) = subscribed().await;
    {
        let notify = &mut test.world().withings.notify;
        (notify.twice, notify.backwards) = (true, true);
    }
    test.weigh_in(82.4);
    test.advance(TimeDelta::minutes(2));
    test.weigh_in(82.1);
    assert_eq!(test.world().withings.notify.waiting(), 8, "of two groups each");
    assert_eq!(reached.hear(&test).await, [Appli::Weight]);
    assert_eq!(reached.inbox.counts(), (8, 0));
    test.pass(Trigger::Notified([Source::Measure].into_iter().collect())).await;
    assert_eq!(test.values("weight"), [82.4, 82.1]);
}

#[tokio::test]
async fn withings_tries_again_when_the_address_was_away_for_a_while() {
    let (mut test, reached) = subscribed().await;
    reached.proxy.set(Mode::Broken);
    test.weigh_in(82.4);
    for after in [TimeDelta::zero(), TimeDelta::seconds(10), TimeDelta::seconds(50)] {
        test.advance(after);
        assert_eq!(reached.hear(&test).await, []);
    }
    assert_eq!(test.world().withings.notify.failed, 2 * 2 * 3, "two groups, each tried twice");
    reached.proxy.set(Mode::Passing);
    assert_eq!(reached.hear(&test).await, [], "not yet");
    test.advance(TimeDelta::minutes(59));
    assert_eq!(reached.hear_and_sync(&test).await.unwrap().delivered, 1);
    assert_eq!(test.world().withings.notify.waiting(), 0);
}

#[tokio::test]
async fn an_address_that_fails_for_weeks_is_cancelled_there_and_found_missing_here() {
    let (mut test, reached) = subscribed().await;
    reached.proxy.set(Mode::Broken);
    for days in [0, 19, 1] {
        test.advance(TimeDelta::days(days));
        assert_eq!(numbers(&test), [1, 46]);
        test.weigh_in(82.4);
        reached.hear(&test).await;
    }
    assert_eq!(numbers(&test), [46]);
    reached.proxy.set(Mode::Passing);
    reached.look(&test).await.unwrap();
    assert_eq!(numbers(&test), [1, 46]);
}

#[tokio::test]
async fn withings_is_asked_hourly_only_while_notifications_are_proven() {
    let (mut test, reached) = subscribed().await;
    assert_eq!((interval(&test), shown(&test).proven), (15, false));
    proven(&mut test, &reached).await;
    assert_eq!((interval(&test), shown(&test).proven), (60, true));
    // Once the goal was read again after the datapoint.
    test.advance(TimeDelta::minutes(5));
    let report = test.pass(Trigger::Timer).await;
    assert_eq!(report.next, test.now + TimeDelta::hours(1));
    // Something that no notification tells of is caught by polling, and after ten minutes it is known to be missed.
    test.world().withings.notify.is_silent = true;
    test.advance(TimeDelta::hours(1));
    test.weigh_in(81.9);
    let report = test.pass(Trigger::Timer).await;
    assert_eq!((report.delivered, interval(&test)), (1, 60), "it may still come");
    test.advance(TimeDelta::minutes(2));
    let report = test.pass(Trigger::Timer).await;
    let then = test.now - TimeDelta::minutes(2) + announced::LATE;
    assert_eq!(report.next, then, "it is looked again just then");
    test.advance(announced::LATE);
    let report = test.pass(Trigger::Timer).await;
    assert_eq!(interval(&test), 15);
    assert!(report.next <= test.now + TimeDelta::minutes(15));
    let shown = shown(&test);
    assert_eq!((shown.proven, shown.last_missed), (false, Some(test.now)));
    // It has to be proven anew.
    test.world().withings.notify.is_silent = false;
    proven(&mut test, &reached).await;
    assert_eq!(interval(&test), 60);
}

#[tokio::test]
async fn a_notification_that_comes_within_ten_minutes_of_the_poll_is_none_missed() {
    let (mut test, reached) = subscribed().await;
    proven(&mut test, &reached).await;
    test.advance(TimeDelta::hours(1));
    test.weigh_in(81.9);
    test.pass(Trigger::Timer).await;
    test.advance(TimeDelta::minutes(9));
    reached.hear_and_sync(&test).await.unwrap();
    test.advance(TimeDelta::minutes(30));
    test.pass(Trigger::Timer).await;
    assert_eq!((interval(&test), shown(&test).last_missed), (60, None));
}

#[tokio::test]
async fn whatever_ends_the_proof_brings_the_usual_pace_back() {
    for deed in ["trouble", "link", "off"] {
        let (mut test, reached) = subscribed().await;
        proven(&mut test, &reached).await;
        assert_eq!(interval(&test), 60);
        match deed {
            "trouble" => {
                reached.proxy.set(Mode::Broken);
                reached.look(&test).await.unwrap_err();
                assert!(codes(&test.sync().await).contains(&ProblemCode::NotificationsFailed));
            }
            "link" => drop(test.link("sleep", track(MeasureKind::SLEEP_DURATION)).await),
            _ => assert!(test.app().notifications_off(test.now).await.unwrap()),
        }
        assert_eq!(interval(&test), 15, "{deed}");
    }
}

#[tokio::test]
async fn what_was_measured_before_the_subscription_is_none_missed() {
    let mut test = TestApp::weighing().await;
    test.sync().await;
    test.advance(TimeDelta::minutes(1));
    test.weigh_in(82.4);
    test.advance(TimeDelta::minutes(1));
    let reached = Reached::on(&test).await;
    reached.look(&test).await.unwrap();
    assert_eq!(test.pass(Trigger::Timer).await.delivered, 1);
    test.advance(TimeDelta::hours(1));
    test.pass(Trigger::Timer).await;
    assert_eq!(shown(&test).last_missed, None);
}

#[tokio::test]
async fn subscriptions_are_looked_at_daily_after_a_miss_and_made_anew_after_a_silent_day() {
    let (mut test, reached) = subscribed().await;
    let due = |test: &TestApp| -> DateTime<Utc> {
        test.app().store.read(|conn| announced::repaired_at(conn, test.now)).unwrap()
    };
    let repaired = shown(&test).last_repair.unwrap();
    assert_eq!(due(&test), repaired + TimeDelta::hours(24));
    test.world().withings.notify.is_silent = true;
    test.weigh_in(82.4);
    test.pass(Trigger::Timer).await;
    test.advance(TimeDelta::minutes(11));
    test.pass(Trigger::Timer).await;
    assert!(due(&test) <= test.now, "one was missed");
    reached.look(&test).await.unwrap();
    assert_eq!(due(&test), repaired + TimeDelta::hours(24), "and once is enough");
    test.advance(TimeDelta::hours(24));
    let before = asked(&test);
    reached.look(&test).await.unwrap();
    assert_eq!((asked(&test) - before, numbers(&test)), (5, vec![1, 46]), "list, and both ended and made");
    reached.look(&test).await.unwrap();
    assert_eq!(asked(&test) - before, 6, "the list alone");
    assert_eq!(due(&test), test.now + TimeDelta::hours(24));
}

#[tokio::test]
async fn what_withings_tells_of_the_account_is_not_believed_but_looked_at() {
    let (test, reached) = subscribed().await;
    // Somebody who knows the address tells a lie.
    let now = test.now;
    test.world().withings.notify.tell("10000001", 46, &[("action", "delete".to_owned())], now);
    assert_eq!(reached.hear(&test).await, [Appli::Profile]);
    let told = Trigger::Notified([Source::Measure].into_iter().collect());
    assert_eq!(codes(&test.pass(told).await), []);
    assert_eq!(numbers(&test), [1, 46]);
    // It is true.
    test.expect_warning("sign_in_withings");
    test.world().withings.revoke();
    assert_eq!(reached.hear(&test).await, [Appli::Profile]);
    assert!(codes(&test.pass(told).await).contains(&ProblemCode::SignInWithings));
}
