//! What the window's pages ask for: choosing, previewing, history, questions, settings, diagnostics.

use std::collections::BTreeSet;

use beeminder_withings_sync::app::UserError;
use beeminder_withings_sync::domain::callback_way::CallbackWay;
use beeminder_withings_sync::domain::measure::kind::MeasureKind;
use beeminder_withings_sync::domain::service::Service;
use beeminder_withings_sync::domain::settings::{SettingChange, Units};
use beeminder_withings_sync::sandbox::faults::Fault;
use beeminder_withings_sync::sandbox::sample;
use beeminder_withings_sync::sync::Trigger;
use beeminder_withings_sync::view::pages::{Choice, Format, HistoryRequest, LinkForm, NewGoalForm, Stretch};
use chrono::TimeDelta;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::support::{LOOK, TestApp, track};

/// What the window gets.
fn seen(value: &impl serde::Serialize) -> Value {
    serde_json::to_value(value).unwrap()
}

fn form(goal: &str) -> LinkForm {
    serde_json::from_value(
        json!({"goal": goal, "sends": "track", "kind": "weight", "unit": "kg", "take": "last",
        "kinds": [], "once_a_day": false, "options": {}}),
    )
    .unwrap()
}

fn request(value: Value) -> HistoryRequest {
    serde_json::from_value(value).unwrap()
}

fn wrong_field(error: &anyhow::Error) -> Option<&'static str> {
    error.downcast_ref::<UserError>().and_then(|wrong| wrong.field)
}

#[tokio::test]
async fn goals_are_offered_with_what_suits_them_those_that_fit_first() {
    let test = TestApp::weighing().await;
    let choices: Vec<Choice> = test.app().choices().await.unwrap();
    let choices = seen(&choices);
    let slugs: Vec<_> = choices.as_array().unwrap().iter().map(|one| one["slug"].as_str().unwrap()).collect();
    let place = |slug| slugs.iter().position(|one| *one == slug).unwrap();
    assert!(place("weigh-in") < place("official"), "{slugs:?}");
    assert_eq!(*slugs.last().unwrap(), "weight", "it is fed already");
    assert_eq!(choices[place("steps")]["suggestion"]["kind"], "steps");
    assert_eq!(choices[place("official")]["misfits"][0]["key"], "misfit.fed_by_autodata");
}

#[tokio::test]
async fn a_form_is_previewed_step_by_step_without_asking_beeminder_each_time() {
    let mut test = TestApp::weighing().await;
    test.weigh_in(82.4);
    test.sync().await;
    let preview = seen(&test.app().preview_form(&form("pounds"), LOOK, test.now).await.unwrap());
    assert_eq!(preview["datapoints"][0]["value"], "82.4");
    assert_eq!(preview["misfits"][0]["key"], "misfit.unit_looks_wrong");
    assert!(preview["chart"]["drawing"]["svg"].as_str().unwrap().starts_with("<svg"));
    let before = test.world().requests_to(Service::Beeminder);
    let pounds = LinkForm { unit: "lb".into(), ..form("pounds") };
    let preview = seen(&test.app().preview_form(&pounds, LOOK, test.now).await.unwrap());
    assert_eq!((&preview["datapoints"][0]["value"], &preview["misfits"]), (&json!("181.7"), &json!([])));
    assert_eq!(test.world().requests_to(Service::Beeminder), before, "the goal was read a moment ago");
    test.advance(TimeDelta::minutes(2));
    test.app().preview_form(&pounds, LOOK, test.now).await.unwrap();
    assert!(test.world().requests_to(Service::Beeminder) > before, "a while later it is read again");

    let mut bad = form("weight");
    bad.options.comment = Some("{moon}".into());
    let error = test.app().preview_form(&bad, LOOK, test.now).await.unwrap_err();
    assert_eq!(wrong_field(&error), Some("comment"));
    bad.options.comment = None;
    bad.options.decimals = Some(7);
    let error = test.app().preview_form(&bad, LOOK, test.now).await.unwrap_err();
    assert_eq!(wrong_field(&error), Some("decimals"));
}

#[tokio::test]
async fn history_comes_by_the_page_and_each_filter_finds_its_lines() {
    let mut test = TestApp::connected().await;
    sample::year(&mut test.world().withings, test.now);
    test.weigh_in(91.27);
    test.advance(TimeDelta::minutes(1));
    test.sync().await;
    test.link("weight", track(MeasureKind::WEIGHT)).await;
    test.advance(TimeDelta::minutes(1));
    let sent = test.weigh_in(97.33);
    test.sync().await;
    let all = test.app().history(request(json!({}))).unwrap();
    assert_eq!(all.rows.len(), 100);
    // Every line once, page by page.
    let (mut seen_lines, mut after) = (Vec::new(), Value::Null);
    loop {
        let page = seen(&test.app().history(request(json!({"after": after}))).unwrap());
        let rows = page["rows"].as_array().unwrap().clone();
        let Some(last) = rows.last() else { break };
        after = last["place"].clone();
        seen_lines.extend(rows.iter().map(|row| format!("{} {}", row["group"], row["goal"])));
    }
    assert_eq!(u64::try_from(seen_lines.len()).unwrap(), all.count);
    let once: BTreeSet<_> = seen_lines.iter().collect();
    assert_eq!(once.len(), seen_lines.len());

    let count = |wish: Value| test.app().history(request(wish)).unwrap().count;
    for (wish, expected) in [
        (json!({"outcome": "sent"}), 1),
        (json!({"search": "97.33"}), 1),
        // What was measured is found though it was not sent.
        (json!({"search": "91.27"}), 1),
        (json!({"search": "91,2"}), 1),
        (json!({"search": sent.to_string()}), 1),
        (json!({"search": "CORE", "kind": "systolic"}), count(json!({"kind": "systolic"}))),
        (
            json!({"search": "xyz", "meant": {"kinds": [10], "reasons": []}}),
            count(json!({"kind": "systolic"})),
        ),
        (json!({"search": "xyz", "meant": {"kinds": [], "reasons": ["sent", "x' OR 1"]}}), 1),
        (json!({"search": "xyz", "meant": {"outcomes": ["sent"]}}), 1),
        (
            json!({"search": "xyz", "meant": {"stretches": [[test.now.timestamp(), test.now.timestamp() + 1]]}}),
            1,
        ),
        (json!({"search": "xyz", "days": [test.now.date_naive()]}), 2),
        (
            json!({"search": "xyz", "days": [test.now.date_naive(), test.now.date_naive() - TimeDelta::days(400)]}),
            2,
        ),
        (json!({"search": "%"}), 0),
        (json!({"search": "no such thing"}), 0),
        (json!({"outcome": "refused"}), 0),
    ] {
        assert_eq!(count(wish.clone()), expected, "{wish}");
    }
}

#[tokio::test]
async fn what_was_measured_before_a_link_began_is_a_line_of_each_goal_it_concerns() {
    let mut test = TestApp::connected().await;
    test.weigh_in(91.2);
    test.world().withings.blood_pressure(120, 80, 60, test.now);
    test.advance(TimeDelta::minutes(1));
    test.sync().await;
    test.link("weight", track(MeasureKind::WEIGHT)).await;
    test.link("pounds", track(MeasureKind::WEIGHT)).await;
    test.advance(TimeDelta::minutes(1));
    test.weigh_in(82.4);
    test.sync().await;
    let rows = |wish: Value| {
        let page = test.app().history(request(wish)).unwrap();
        assert_eq!(u64::try_from(page.rows.len()).unwrap(), page.count);
        page.rows.into_iter().map(|row| (row.outcome, row.goal)).collect::<Vec<_>>()
    };
    let line = |outcome: &str, goal: &str| (outcome.to_owned(), Some(goal.to_owned()));
    let early = line("early", "weight, pounds");
    assert_eq!(rows(json!({"goal": "weight"})), [line("sent", "weight"), early.clone()]);
    assert_eq!(rows(json!({"goal": "pounds"})), [line("sent", "pounds"), early.clone()]);
    assert_eq!(rows(json!({})), [line("sent", "pounds"), line("sent", "weight"), early]);
    let unlinked = |rows: &[(String, Option<String>)]| rows.iter().filter(|row| row.0 == "unlinked").count();
    assert!(unlinked(&rows(json!({"unlinked": true}))) > 0, "also what no goal gets");
    assert!(unlinked(&rows(json!({"outcome": "unlinked"}))) > 0);
}

#[tokio::test]
async fn history_is_saved_whole_and_a_folder_that_cannot_be_written_is_said() {
    let test = TestApp::weighing().await;
    for kilograms in [82.4, 82.5, 82.6] {
        test.weigh_in(kilograms);
    }
    test.sync().await;
    let folder = tempfile::tempdir().unwrap();
    for (format, lines) in [(Format::Csv, 10), (Format::Json, 1)] {
        let saved = test
            .app()
            .export_history(request(json!({"unlinked": true})), format, folder.path(), test.now)
            .unwrap();
        let text = std::fs::read_to_string(&saved.path).unwrap();
        assert_eq!(saved.count, 9, "a scale sends three groups");
        assert!(text.lines().count() >= lines && text.contains("withings-"), "{text}");
    }
    let nowhere = folder.path().join("nowhere");
    let error = test.app().export_history(request(json!({})), Format::Csv, &nowhere, test.now).unwrap_err();
    assert!(error.to_string().contains("Failed to write"), "{error}");
}

#[tokio::test]
async fn a_chart_tells_what_was_sent_in_the_units_chosen() {
    let mut test = TestApp::connected().await;
    test.weigh_in(90.0);
    test.sync().await;
    test.advance(TimeDelta::hours(24));
    test.link("weight", track(MeasureKind::WEIGHT)).await;
    test.weigh_in(82.4);
    test.sync().await;
    test.app().change_setting(SettingChange::Units(Units::Us)).unwrap();
    let chart = test.app().chart("weight", 30, LOOK, test.now).unwrap();
    assert_eq!((chart.count, chart.unit), (2, "lb"));
    assert_eq!(chart.range.unwrap(), ("181.7".into(), "198.4".into()));
    let svg = chart.drawing.unwrap().svg;
    assert_eq!(svg.matches("fill=\"#1F58AB\"").count(), 1, "one of the two was sent");
    assert_eq!(test.app().chart("height", 30, LOOK, test.now).unwrap().drawing, None);
    assert!(test.app().chart("charm", 30, LOOK, test.now).is_err());
}

#[tokio::test]
async fn what_waits_for_the_user_is_listed_with_its_reason() {
    let mut test = TestApp::weighing().await;
    test.weigh_in(82.4);
    test.expect_warning("value is odd");
    let odd = Fault::http(422, r#"{"errors":{"value":["is odd"]}}"#);
    test.sync_with(Service::Beeminder, "datapoints", odd).await;
    let unsure = json!({"attrib": 1, "measures": [{"value": 61_300, "type": 1, "unit": -3}]});
    let now = test.now + TimeDelta::minutes(1);
    test.world().withings.add(unsure, now);
    test.advance(TimeDelta::minutes(2));
    test.sync().await;
    let questions = seen(&test.app().questions().unwrap());
    assert!(questions["outbox"][0]["parked"].as_str().unwrap().contains("is odd"), "{questions}");
    assert_eq!(questions["held"][0]["values"][0]["value"], "61.3");
    assert_eq!(questions["held"][0]["goals"], json!(["weight"]));
    test.app().discard(questions["outbox"][0]["id"].as_i64().unwrap(), test.now).unwrap();
}

#[tokio::test]
async fn the_past_is_not_posted_where_it_may_derail_unless_it_is_meant() {
    let mut test = TestApp::connected().await;
    test.weigh_in(200.0);
    test.sync().await;
    test.advance(TimeDelta::hours(48));
    test.link("weight", track(MeasureKind::WEIGHT)).await;
    let today = test.now.date_naive();
    let stretch = Stretch { link: 1, from: today - chrono::Days::new(10), to: today };
    let error = test.app().start_looked_at(stretch, false, test.now).await.unwrap_err();
    assert_eq!(wrong_field(&error), Some("may_derail"));
    assert!(test.app().backfills().unwrap().is_empty());
    test.app().start_looked_at(stretch, true, test.now).await.unwrap();
    test.sync().await;
    assert_eq!(test.values("weight"), [200.0]);
}

#[tokio::test]
async fn each_setting_is_kept_alone_and_nonsense_is_refused() {
    let test = TestApp::weighing().await;
    let change = |value: Value| test.app().change_setting(serde_json::from_value(value).unwrap());
    change(json!({"interval": 60})).unwrap();
    change(json!({"remind_at": "20:30:00"})).unwrap();
    change(json!({"callback_way": "scheme"})).unwrap();
    change(json!({"language": "de"})).unwrap();
    change(json!({"level": "none"})).unwrap();
    for (bad, field) in [
        (json!({"interval": 5}), "interval"),
        (json!({"interval": 241}), "interval"),
        (json!({"language": "tlh"}), "language"),
    ] {
        assert_eq!(wrong_field(&change(bad).unwrap_err()), Some(field));
    }
    change(json!({"language": null})).unwrap();
    let settings = test.app().settings().unwrap();
    assert_eq!((settings.interval, settings.callback_way), (60, CallbackWay::Scheme));
    assert_eq!((settings.remind_at.unwrap().to_string(), settings.language), ("20:30:00".into(), None));
    let report = test.sync().await;
    assert_eq!(report.next - test.now, TimeDelta::minutes(60), "the next pass goes by it");
}

#[tokio::test]
async fn a_first_reading_that_is_broken_off_loses_nothing_and_goes_on_next_time() {
    let mut test = TestApp::weighing().await;
    test.world().withings.page_size = 1;
    for kilograms in [82.4, 82.5, 82.6] {
        test.weigh_in(kilograms);
        test.advance(TimeDelta::minutes(1));
    }
    let stop = CancellationToken::new();
    stop.cancel();
    test.app().sync(Trigger::Hand, test.now, &stop).await.unwrap();
    assert_eq!(test.values("weight"), [0.0; 0], "nothing is sent after it was broken off");
    assert!(test.history().len() < 9, "not everything was read");
    test.sync().await;
    assert_eq!(test.values("weight").len(), 3);
}

#[tokio::test]
async fn beeminders_page_for_a_new_goal_is_filled_in_and_bad_numbers_are_said() {
    let test = TestApp::connected().await;
    let form = |per_week: &str, from: &str| -> NewGoalForm {
        serde_json::from_value(
            json!({"slug": "Slim", "title": "", "units": "kg", "aim": "lose", "from": from,
            "to": "75", "per_week": per_week, "secret": false}),
        )
        .unwrap()
    };
    let page = test.app().new_goal_page(form("0,3", "82,5")).unwrap();
    let query: Vec<_> = page.query_pairs().collect();
    for (name, value) in
        [("goaltype", "weightloss"), ("goalname", "slim"), ("units", "kg"), ("start_value", "82.5")]
    {
        assert!(query.iter().any(|(n, v)| n == name && v == value), "{page}");
    }
    assert_eq!(wrong_field(&test.app().new_goal_page(form("much", "82")).unwrap_err()), Some("per_week"));
    assert_eq!(wrong_field(&test.app().new_goal_page(form("1", "")).unwrap_err()), Some("from"));
    let slug = test.app().create_from(form("0.3", "82"), true, test.now).await.unwrap();
    assert_eq!(slug, "slim");
}

#[tokio::test]
async fn diagnostics_name_nobody_even_when_the_log_does() {
    let test = TestApp::weighing().await;
    test.weigh_in(82.4);
    test.sync().await;
    let planted = "2026-11-23T06:00:00Z WARN bob@example.com alice 82.4 3f9c0a7d5b1e48d29aa1 goal=weight\n";
    std::fs::write(test.path().join("log.txt"), planted).unwrap();
    let text = test.app().diagnostics(test.now).unwrap();
    assert!(text.contains("WARN") && text.contains("Link 1: Weight in kg"), "{text}");
    for secret in ["bob@example.com", "alice", "82.4", "3f9c0a7d5b1e48d29aa1", "goal=weight", "10000001"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}
