//! "Why is yesterday's point missing?": each day of a goal says what it has, or why it has nothing.

use beeminder_withings_sync::app::Since;
use beeminder_withings_sync::domain::day::Daystamp;
use beeminder_withings_sync::domain::goal::GoalSlug;
use beeminder_withings_sync::domain::link::{Feed, Options};
use beeminder_withings_sync::domain::measure::kind::MeasureKind;
use beeminder_withings_sync::domain::measure::measurement::GroupId;
use beeminder_withings_sync::domain::service::Service;
use beeminder_withings_sync::sandbox::faults::Fault;
use beeminder_withings_sync::text::{Language, Locale};
use beeminder_withings_sync::view::days::{DayAct, DayLine};
use chrono::{Days, TimeDelta};
use serde_json::json;

use super::support::goals::{at, lowest};
use super::support::process::{bws, connected, ok, said};
use super::support::{TestApp, track};

/// The lines of the last days, newest first.
fn lines(test: &TestApp, goal: &str, days: u64) -> Vec<DayLine> {
    let (goal, rule) = test.app().goal_of_links(&GoalSlug(goal.into())).unwrap();
    let today = rule.day_of(test.now);
    let first = Daystamp(today.0.checked_sub_days(Days::new(days - 1)).unwrap());
    test.app().days(&goal, (first, today), test.now).unwrap()
}

/// Each day with its entries in words: `24: 80.0 kg sent`.
fn told(test: &TestApp, goal: &str, days: u64) -> Vec<String> {
    let locale = Locale { now: Some(test.now), ..Locale::new(Language::English, chrono_tz::Europe::Paris) };
    let mut told = Vec::new();
    for line in lines(test, goal, days) {
        let day = line.day.0.format("%d").to_string();
        for entry in line.entries {
            let value = entry.value.map_or_else(|| "–".into(), |value| format!("{value} {}", entry.unit));
            let why = locale.say(&entry.why.key, &entry.why.args);
            told.push(format!("{day}: {} {why}", value.trim_end()));
        }
        told.extend(line.notes.iter().map(|note| format!("{day}! {}", locale.say(&note.key, &note.args))));
    }
    told
}

#[tokio::test]
async fn each_day_has_a_line_and_says_what_was_sent_or_that_nothing_was_measured() {
    let mut test = TestApp::connected().await;
    test.link("weight", lowest()).await;
    at(&mut test, "2026-11-24T06:12:00Z");
    test.weigh_in(80.4);
    test.advance(TimeDelta::hours(2));
    test.weigh_in(79.9);
    test.sync().await;
    at(&mut test, "2026-11-26T07:00:00Z");
    test.sync().await;
    assert_eq!(
        told(&test, "weight", 4),
        [
            "26: – no reading yet; Withings was last read at 8:00 AM",
            "25: – no reading: nothing was measured",
            "24: 79.9 kg sent as the day's lowest of 2 (7:12 AM and 9:12 AM)",
            "23: – no reading: nothing was measured",
        ]
    );
}

#[tokio::test]
async fn what_was_measured_before_the_link_began_is_shown_and_can_be_sent() {
    let mut test = TestApp::connected().await;
    test.weigh_in(80.4);
    test.advance(TimeDelta::days(1));
    let feed = track(MeasureKind::WEIGHT);
    let goal = GoalSlug("weight".into());
    let link = test.app().add_link(&goal, feed, Options::default(), Since::Now, test.now).await.unwrap();
    test.sync().await;
    let early = &lines(&test, "weight", 2)[1].entries[0];
    assert_eq!((early.outcome.as_str(), early.value.as_deref()), ("early", Some("80.4")));
    assert_eq!(early.why.key, "day.early");
    assert_eq!(early.acts, [DayAct::SendDay { link: link.link.id.0 }]);
}

#[tokio::test]
async fn what_is_held_refused_deleted_or_discarded_says_so_with_what_can_be_done() {
    let mut test = TestApp::weighing().await;
    test.expect_warning("");
    let now = test.now;
    let measures = json!([{"value": 61_300, "type": 1, "unit": -3}]);
    let held = test.world().withings.add(json!({"attrib": 1, "measures": measures}), now);
    test.sync().await;
    let entry = &lines(&test, "weight", 1)[0].entries[0];
    assert_eq!((entry.outcome.as_str(), entry.why.key.as_str()), ("held", "reason.ambiguous"));
    assert_eq!(entry.acts, [DayAct::Answer { group: held }]);
    test.app().answer(GroupId(held), false, false, now).unwrap();
    test.sync().await;
    assert_eq!(told(&test, "weight", 1), ["23: 61.3 kg skipped: you said that it was not you"]);

    test.advance(TimeDelta::days(1));
    test.weigh_in(80.0);
    test.world().faults.next(
        Service::Beeminder,
        "datapoints.json",
        Fault::http(422, r#"{"errors":"The goal has ended"}"#),
    );
    test.sync().await;
    let refused = lines(&test, "weight", 1)[0].entries[0].clone();
    assert_eq!(told(&test, "weight", 1), ["24: 80 kg refused by Beeminder: “The goal has ended”"]);
    let [DayAct::Retry { datapoint }, DayAct::Discard { .. }] = refused.acts[..] else {
        panic!("{refused:?}")
    };
    test.app().discard(datapoint, test.now).unwrap();
    assert_eq!(told(&test, "weight", 1), ["24: 80 kg you decided not to send it"]);
    assert_eq!(lines(&test, "weight", 1)[0].entries[0].acts, [DayAct::SendAgain { datapoint }]);
    test.app().retry(datapoint, test.now).unwrap();
    test.sync().await;
    assert_eq!(test.values("weight"), [80.0], "it is sent after all");
}

#[tokio::test]
async fn a_reading_after_midnight_says_for_which_day_it_counts() {
    let mut test = TestApp::connected().await;
    test.world().beeminder.goal("weight").fields["deadline"] = json!(3 * 3600);
    test.link("weight", lowest()).await;
    // Wednesday 00:30 in Paris.
    at(&mut test, "2026-11-24T23:30:00Z");
    test.weigh_in(79.7);
    at(&mut test, "2026-11-25T11:00:00Z");
    test.sync().await;
    assert_eq!(
        told(&test, "weight", 2),
        [
            "25: – no reading yet; Withings was last read at 12:00 PM",
            "25! The reading at 12:30 AM counts for 2026-11-24: the deadline is 3:00 AM.",
            "24: 79.7 kg sent (12:30 AM)",
            "24! The reading at 12:30 AM on 2026-11-25 counts here: the deadline is 3:00 AM.",
        ]
    );
}

#[tokio::test]
async fn what_is_not_known_is_not_taken_for_nothing_measured() {
    let mut test = TestApp::weighing().await;
    test.expect_warning("");
    test.sync().await;
    test.advance(TimeDelta::days(2));
    test.sync_with(Service::Withings, "/measure", Fault::http(500, "")).await;
    assert!(told(&test, "weight", 2)[1].starts_with("24: – not known: Withings was last read Mon 7:00 AM"));
}

#[tokio::test]
async fn what_waits_says_until_when_and_what_the_user_deleted_stays_visible() {
    let mut test = TestApp::weighing().await;
    test.expect_warning("");
    test.weigh_in(80.0);
    test.sync_with(Service::Beeminder, "datapoints.json", Fault::http(503, "")).await;
    assert!(
        told(&test, "weight", 1)[0].contains("80 kg waiting, next try 7:01 AM"),
        "{:?}",
        told(&test, "weight", 1)
    );
    test.advance(TimeDelta::hours(1));
    test.sync().await;
    let goal = test.world().beeminder.goal("weight").datapoints.len();
    assert_eq!(goal, 1);
    test.world().beeminder.goal("weight").datapoints.clear();
    for _ in 0..3 {
        test.advance(TimeDelta::days(1));
        test.sync().await;
    }
    assert!(
        told(&test, "weight", 4)[3].contains("you deleted it at Beeminder"),
        "{:?}",
        told(&test, "weight", 4)
    );
}

#[tokio::test]
async fn a_count_goal_tells_each_act_and_a_filter_says_what_it_left_out() {
    let mut test = TestApp::connected().await;
    let feed = Feed::Count {
        set: beeminder_withings_sync::domain::measure::measure_set::MeasureSet::weight(),
        once_a_day: true,
    };
    let options = Options { manual: false, ..Options::default() };
    test.app().add_link(&GoalSlug("weigh-in".into()), feed, options, Since::Now, test.now).await.unwrap();
    test.advance(TimeDelta::hours(1));
    let now = test.now;
    let measures = json!([{"value": 80_000, "type": 1, "unit": -3}]);
    test.world().withings.add(json!({"attrib": 2, "measures": measures}), now);
    test.sync().await;
    assert_eq!(told(&test, "weigh-in", 1), ["23: 1 skipped: entered manually"]);
}

#[tokio::test]
async fn bws_says_why_in_words_and_as_json() {
    let (test, dir) = connected().await;
    ok(&test, &dir, &["link", "add", "--goal", "weight", "--track", "weight", "--take", "min"]).await;
    ok(&test, &dir, &["sync"]).await;
    let lines = ok(&test, &dir, &["why", "weight"]).await;
    assert_eq!(lines["days"].as_array().unwrap().len(), 14);
    let yesterday = ok(&test, &dir, &["why", "weight", "yesterday"]).await;
    assert_eq!(yesterday["days"].as_array().unwrap().len(), 1, "{yesterday}");
    let text = bws(&test.sandbox, &dir, &["why", "weight"]).output().await.unwrap();
    assert!(String::from_utf8_lossy(&text.stdout).contains("no reading"), "{text:?}");
    for (args, code, words) in [
        (["why", "wieght"].as_slice(), 1, "Linked are: weight"),
        (&["why", "weight", "tomorrow"], 2, "“today”, “yesterday”"),
        (&["why", "weight", "2199-01-01"], 2, "lies in the future"),
    ] {
        let output = bws(&test.sandbox, &dir, args).output().await.unwrap();
        assert_eq!(output.status.code(), Some(code), "{}", said(&output));
        assert!(said(&output).contains(words), "{}", said(&output));
    }
}
