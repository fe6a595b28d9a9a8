//! Whether goal, unit, aggregation and filters fit, said before the first datapoint; and filters that stop
//! fitting later.

use beeminder_withings_sync::app::{Existing, Since, UserError};
use beeminder_withings_sync::domain::goal::GoalSlug;
use beeminder_withings_sync::domain::link::Feed;
use beeminder_withings_sync::domain::link::Options;
use beeminder_withings_sync::domain::link::misfit::Misfit;
use beeminder_withings_sync::domain::measure::kind::MeasureKind;
use beeminder_withings_sync::domain::measure::measure_set::MeasureSet;
use beeminder_withings_sync::domain::measure::take::Take;
use beeminder_withings_sync::domain::measure::unit::Unit;
use beeminder_withings_sync::domain::problem_code::ProblemCode;
use beeminder_withings_sync::domain::service::Service;
use beeminder_withings_sync::store;
use beeminder_withings_sync::view::pages::{LinkForm, PreviewView};
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::support::process::{bws, connected, ok};
use super::support::{LOOK, TestApp, codes, count, take, track};

const DISTANCE: MeasureKind = MeasureKind(1_000_002);
const TEMPERATURE: MeasureKind = MeasureKind(71);

fn seen(value: &impl serde::Serialize) -> Value {
    serde_json::to_value(value).unwrap()
}

fn set(name: &str) -> Feed {
    count(MeasureSet::named(name).unwrap())
}

/// Sets fields of a goal, as its owner does.
fn set_goal(test: &TestApp, goal: &str, fields: &Value) {
    let mut world = test.world();
    let goal = world.beeminder.goal(goal).fields.as_object_mut().unwrap();
    goal.extend(fields.as_object().unwrap().clone());
}

/// What the window says of a link before it is made.
async fn previewed(test: &TestApp, goal: &str, feed: &Feed) -> Vec<String> {
    let form = LinkForm::of(&GoalSlug(goal.into()), feed, &Options::default());
    let preview: PreviewView = test.app().preview_form(&form, LOOK, test.now).await.unwrap();
    let misfits = seen(&preview)["misfits"].as_array().unwrap().clone();
    misfits.iter().map(|said| said["key"].as_str().unwrap().replace("misfit.", "")).collect()
}

fn said(misfits: &[Misfit]) -> Vec<&'static str> {
    misfits.iter().map(Misfit::code).collect()
}

async fn try_options(test: &TestApp, goal: &str, feed: Feed, options: Options) -> Result<(), String> {
    let added = test.app().add_link(&GoalSlug(goal.into()), feed, options, Since::Now, test.now).await;
    added.map(drop).map_err(|error| format!("{error:#}"))
}

fn only(device: &str) -> Options {
    Options { devices: vec![device.into()], ..Options::default() }
}

#[tokio::test]
async fn the_window_and_a_new_link_say_the_same_of_units_and_aggregations() {
    let mut test = TestApp::connected().await;
    test.weigh_in(80.0);
    test.sync().await;
    test.advance(TimeDelta::minutes(1));
    for (goal, fields, feed, expected) in [
        ("weight", json!({"gunits": "stone"}), track(MeasureKind::WEIGHT), vec!["unit_looks_wrong"]),
        ("steps", json!({"gunits": "miles"}), track(DISTANCE), vec!["unit_looks_wrong"]),
        (
            "sleep",
            json!({"gunits": "minutes", "kyoom": true}),
            track(MeasureKind::SLEEP_DURATION),
            vec!["unit_looks_wrong"],
        ),
        ("fat", json!({"gunits": "°F"}), track(TEMPERATURE), vec!["unit_looks_wrong"]),
        ("pounds", json!({"gunits": "kg"}), track(MeasureKind::SYSTOLIC), vec!["other_units"]),
        (
            "night-owl",
            json!({"deadline": 0, "aggday": "sum"}),
            track(MeasureKind::WEIGHT),
            vec!["adds_within_day"],
        ),
        ("early-bird", json!({"aggday": "binary"}), track(MeasureKind::WEIGHT), vec!["counts_only"]),
        ("systolic", json!({"odom": true}), track(MeasureKind::SYSTOLIC), vec!["odometer"]),
        ("pressure", json!({"aggday": "clocky"}), set("blood-pressure"), vec!["works_out_otherwise"]),
        (
            "exercise",
            json!({"archivedate": 1_796_256_000}),
            track(MeasureKind::WORKOUTS),
            vec!["to_be_archived"],
        ),
    ] {
        set_goal(&test, goal, &fields);
        assert_eq!(previewed(&test, goal, &feed).await, expected, "{goal}");
        assert_eq!(said(&test.link(goal, feed).await.misfits), expected, "{goal}");
    }
}

#[tokio::test]
async fn values_of_another_unit_or_of_something_else_are_noticed_without_a_word_for_the_unit() {
    let mut test = TestApp::connected().await;
    test.weigh_in(80.0);
    test.sync().await;
    let now = test.now - TimeDelta::days(3);
    for (goal, value, feed, expected) in [
        ("weight", 12.6, track(MeasureKind::WEIGHT), vec!["unit_looks_wrong"]),
        ("fat", 98.2, track(TEMPERATURE), vec!["unit_looks_wrong"]),
        ("pounds", 9000.0, track(MeasureKind::WEIGHT), vec!["values_look_wrong"]),
        ("systolic", 118.0, track(MeasureKind::SYSTOLIC), vec![]),
    ] {
        test.world().beeminder.enter(goal, value, now);
        set_goal(&test, goal, &json!({"gunits": ""}));
        test.advance(TimeDelta::minutes(2));
        assert_eq!(previewed(&test, goal, &feed).await, expected, "{goal}");
        assert_eq!(said(&test.link(goal, feed).await.misfits), expected, "{goal}");
    }
}

#[tokio::test]
async fn the_goal_suggests_the_unit_of_every_kind_by_its_words_and_its_last_values() {
    let test = TestApp::connected().await;
    let now = test.now;
    set_goal(&test, "weight", &json!({"gunits": ""}));
    test.world().beeminder.enter("weight", 12.6, now);
    set_goal(&test, "fat", &json!({"gunits": "°F", "title": "Fever", "slug": "fever"}));
    set_goal(&test, "steps", &json!({"gunits": "miles", "title": "Walking", "slug": "walking"}));
    let choices = seen(&test.app().choices().await.unwrap());
    let choice = |slug: &str| {
        choices.as_array().unwrap().iter().find(|choice| choice["slug"] == slug).unwrap().clone()
    };
    assert_eq!(choice("weight")["suggestion"]["unit"], "st");
    assert_eq!(choice("pounds")["suggestion"]["unit"], "lb");
    assert_eq!(
        (&choice("fever")["suggestion"]["kind"], &choice("fever")["suggestion"]["unit"]),
        (&json!("temperature"), &json!("F"))
    );
    assert_eq!(
        (&choice("walking")["suggestion"]["kind"], &choice("walking")["suggestion"]["unit"]),
        (&json!("distance"), &json!("mi"))
    );
    // Whatever else is chosen for the goal goes by it, too.
    assert_eq!(choice("pounds")["units_of_kinds"]["muscle-mass"], "lb");
    assert_eq!(choice("walking")["units_of_kinds"]["workout-distance"], "mi");
}

#[tokio::test]
async fn bws_takes_the_unit_of_the_goal_warns_of_a_misfit_and_says_what_a_set_is() {
    let (test, dir) = connected().await;
    set_goal(&test, "weight", &json!({"gunits": "stone"}));
    let add = ["link", "add", "--goal", "weight", "--track", "weight"];
    assert_eq!(ok(&test, &dir, &add).await["sends"], "Weight in st, every measurement");
    let odd = ["preview", "--goal", "pounds", "--track", "weight", "--unit", "kg"];
    assert_eq!(ok(&test, &dir, &odd).await["warnings"][0]["code"], "unit_looks_wrong");
    assert_eq!(ok(&test, &dir, &odd[..5]).await["warnings"], json!([]));
    let change = ["link", "change", "1", "--unit", "lb"];
    assert_eq!(ok(&test, &dir, &change).await["warnings"][0]["code"], "unit_looks_wrong");
    let kinds = bws(&test.sandbox, &dir, &["kinds"]).output().await.unwrap();
    let kinds = String::from_utf8(kinds.stdout).unwrap();
    assert!(kinds.contains("diastolic + systolic + heart-rate"), "{kinds}");
}

#[tokio::test]
async fn an_archiving_to_come_is_said_with_its_day_while_the_goal_is_linked() {
    let mut test = TestApp::weighing().await;
    // 2026-12-03 00:00 in Paris, the day before in UTC.
    set_goal(&test, "weight", &json!({"archivedate": 1_796_252_400}));
    test.advance(TimeDelta::minutes(61));
    let report = test.sync().await;
    assert_eq!(codes(&report), [ProblemCode::GoalArchiving]);
    assert!(report.attention[0].message.contains("weight will be archived on 2026-12-03"), "{report:?}");
    set_goal(&test, "weight", &json!({"archivedate": null}));
    test.advance(TimeDelta::minutes(61));
    assert_eq!(codes(&test.sync().await), []);
}

#[tokio::test]
async fn two_links_that_one_act_satisfies_are_said_before_it_counts_twice() {
    let test = TestApp::connected().await;
    test.link("weigh-in", set("weight")).await;
    let composition = set("body-composition");
    assert_eq!(previewed(&test, "weigh-in", &composition).await, ["one_act_twice"]);
    let added = test.link("weigh-in", composition).await;
    let twice = added.misfits[0].to_string();
    assert!(twice.starts_with("Link 1 feeds this goal too"), "{twice}");
    assert_eq!(said(&test.link("weigh-in", set("temperature")).await.misfits), [""; 0]);
    // A link is no twin of itself.
    let own = seen(&test.app().store.read(store::link::load_all).unwrap().len());
    assert_eq!(own, 3);
    let form = LinkForm {
        link: Some(3),
        ..LinkForm::of(&GoalSlug("weigh-in".into()), &set("spo2"), &Options::default())
    };
    let preview = test.app().preview_form(&form, LOOK, test.now).await.unwrap();
    assert_eq!(seen(&preview)["misfits"], json!([]));
}

#[tokio::test]
async fn kinds_that_one_device_was_seen_to_measure_together_meet_as_well() {
    let mut test = TestApp::connected().await;
    let now = test.now;
    let both =
        json!({"measures": [{"value": 37, "type": 71, "unit": 0}, {"value": 97, "type": 54, "unit": 0}]});
    test.link("pressure", set("temperature")).await;
    assert_eq!(previewed(&test, "pressure", &set("spo2")).await, [""; 0]);
    test.world().withings.add(both, now);
    test.sync().await;
    test.advance(TimeDelta::minutes(2));
    assert_eq!(previewed(&test, "pressure", &set("spo2")).await, ["one_act_twice"]);
}

#[tokio::test]
async fn a_renamed_person_is_followed_and_somebody_of_the_old_name_is_not() {
    let mut test = TestApp::weighing().await;
    let name = |test: &TestApp| {
        test.app().store.read(|conn| store::account::load(conn, Service::Beeminder)).unwrap().unwrap().user_id
    };
    test.world().beeminder.username = "alicia".into();
    test.advance(TimeDelta::minutes(61));
    test.weigh_in(82.0);
    let report = test.sync().await;
    assert_eq!((report.delivered, codes(&report), name(&test).as_str()), (1, vec![], "alicia"));
    test.world().beeminder.username = "alix".into();
    assert_eq!(test.connect_beeminder().await.unwrap().user, "alix");
    assert_eq!(name(&test), "alix");
    // Her old name now belongs to somebody else.
    test.world().beeminder.user_id = "5f5d577d55c13309060000bb".into();
    assert!(test.connect_beeminder().await.unwrap_err().to_string().contains("alix"));
    assert_eq!(name(&test), "alix");
}

#[tokio::test]
async fn the_hour_in_which_beeminder_has_two_rules_is_said_and_its_answer_counts() {
    let mut test = TestApp::connected().await;
    {
        let mut world = test.world();
        world.beeminder.time_zone = "America/New_York".into();
        world.beeminder.wall_clock_days = true;
    }
    // 2027-03-14, 03:30 in New York; the clocks changed at 2.
    let weigh_in: chrono::DateTime<chrono::Utc> = "2027-03-14T07:30:00Z".parse().unwrap();
    test.advance(weigh_in - test.now - TimeDelta::days(5));
    let feed = track(MeasureKind::WEIGHT);
    let added = test.link("night-owl", feed.clone()).await;
    let said_before = added.misfits.last().unwrap().to_string();
    assert!(
        said_before.contains("change on 2027-03-14") && said_before.contains("03:00 and 04:00"),
        "{said_before}"
    );
    test.advance(TimeDelta::days(5));
    test.weigh_in(82.0);
    test.sync().await;
    assert_eq!(test.at_beeminder("night-owl")[0].daystamp, "20270314");
    let lines = test.history();
    let shown = lines.iter().find_map(|line| line.outcome.as_ref()).unwrap();
    assert_eq!(shown.day, "20270314", "Beeminder's answer");
    test.advance(TimeDelta::days(2));
    assert_eq!(previewed(&test, "early-bird", &feed).await, [""; 0], "its days begin before the change");
}

#[tokio::test]
async fn a_filter_that_matches_nothing_known_is_refused_with_what_there_is() {
    let test = TestApp::connected().await;
    let weight = || track(MeasureKind::WEIGHT);
    let refused = async |options| try_options(&test, "weight", weight(), options).await.unwrap_err();
    assert!(refused(only("Body+")).await.contains("nothing was measured with any device yet"));
    test.weigh_in(82.0);
    test.sync().await;
    let refused = async |options| try_options(&test, "weight", weight(), options).await.unwrap_err();
    assert!(refused(only("Bodi Cardio")).await.contains("“Bodi Cardio”. There are: Body Cardio"));
    for blank in ["", "  "] {
        assert!(refused(only(blank)).await.contains("is empty. There are: Body Cardio"));
    }
    let ten = "10:00:00".parse().ok();
    let window = Options { from_time: ten, until_time: ten, ..Options::default() };
    assert!(refused(window).await.contains("leaves no time to measure"));
    let sort = Options { categories: vec![99_999], ..Options::default() };
    let workouts = track(MeasureKind::WORKOUTS);
    let error = try_options(&test, "exercise", workouts.clone(), sort).await.unwrap_err();
    assert!(error.contains("type of workout 99999. There are: walk, run"), "{error}");
    // Model or id, in whatever case; and what is known without having measured yet.
    let slug = GoalSlug("weight".into());
    for known in ["body cardio", "D0D0"] {
        test.app().preview(&slug, weight(), only(known), 30, test.now).await.unwrap();
    }
    let tennis = Options { categories: vec![12], ..Options::default() };
    assert_eq!(try_options(&test, "exercise", workouts, tennis).await, Ok(()));
    // A link may keep what it has.
    try_options(&test, "weight", weight(), only("Body Cardio")).await.unwrap();
    let id = test.app().links().unwrap().last().unwrap().id;
    let two = Options { devices: vec!["Body Cardio".into(), "Boby".into()], ..Options::default() };
    let error = test.app().preview_change(id, &weight(), &two, test.now).unwrap_err();
    assert_eq!(error.downcast_ref::<UserError>().and_then(|wrong| wrong.field), Some("devices"));
}

#[tokio::test]
async fn a_device_that_only_the_list_of_devices_knows_may_be_chosen() {
    let test = TestApp::new().await;
    test.app().watch_devices(true).unwrap();
    test.connect_withings().await.unwrap();
    test.connect_beeminder().await.unwrap();
    let now = test.now;
    test.world().withings.days().device("Scale", "Body Scan", "high", now);
    test.sync().await;
    assert_eq!(try_options(&test, "weight", track(MeasureKind::WEIGHT), only("Body Scan")).await, Ok(()));
}

#[tokio::test]
async fn a_workout_of_no_known_sort_is_left_out_where_one_sort_is_taken() {
    let mut test = TestApp::connected().await;
    let runs = Options { categories: vec![2], ..Options::default() };
    try_options(&test, "exercise", track(MeasureKind::WORKOUTS), runs).await.unwrap();
    // Now the sign-in asks for workouts, too.
    test.connect_withings().await.unwrap();
    let now = test.now;
    {
        let mut world = test.world();
        let unknown = world.withings.days().work_out(2, 30, now);
        world.withings.days().workouts.get_mut(&unknown).unwrap()["category"] = Value::Null;
        world.withings.days().work_out(2, 20, now + TimeDelta::hours(2));
    }
    test.advance(TimeDelta::hours(4));
    test.sync().await;
    assert_eq!(test.values("exercise"), [1.0]);
}

/// A link with these options, and mornings on which it takes something.
async fn filtered(options: Options) -> TestApp {
    let mut test = TestApp::connected().await;
    test.weigh_in(82.4);
    test.sync().await;
    try_options(&test, "weight", track(MeasureKind::WEIGHT), options).await.unwrap();
    for _ in 0..2 {
        test.advance(TimeDelta::days(1));
        test.weigh_in(82.0);
        assert_eq!(codes(&test.sync().await), []);
    }
    test
}

#[tokio::test]
async fn a_filter_that_leaves_out_everything_new_is_said_whichever_it_is() {
    let time = |text: &str| text.parse().ok();
    let mornings = Options { until_time: time("10:00:00"), ..Options::default() };
    let measured = Options { manual: false, ..Options::default() };
    let weighed = json!([{"value": 81, "type": 1, "unit": 0}]);
    for (options, group, later, why) in [
        (only("Body Cardio"), json!({"deviceid": "new", "model": "Body Scan"}), 0, "from another device"),
        (only("d0d0"), json!({"deviceid": "new"}), 0, "from another device"),
        (mornings, json!({}), 12, "at another time of day"),
        (measured, json!({"attrib": 2, "deviceid": null, "model": null}), 0, "entered manually"),
    ] {
        let mut test = filtered(options).await;
        for day in 1..=3 {
            test.advance(TimeDelta::days(1));
            let mut group = group.clone();
            group["measures"] = weighed.clone();
            let at = test.now + TimeDelta::hours(later - 23);
            test.world().withings.add(group, at);
            let expected = if day < 3 { vec![] } else { vec![ProblemCode::FilterLeavesOut] };
            assert_eq!(codes(&test.sync().await), expected, "{why}, day {day}");
        }
        let report = test.sync().await;
        let attention = &report.attention[0];
        assert_eq!(attention.goal.as_deref(), Some("weight"));
        assert!(
            attention.message.contains(why) && attention.message.contains("link 1"),
            "{}",
            attention.message
        );
        // Taken again, it is over; and so it is when the filter goes.
        let id = test.app().links().unwrap()[0].id;
        let existing = beeminder_withings_sync::app::Existing::Update;
        let feed = track(MeasureKind::WEIGHT);
        test.app().change_link(id, &feed, &Options::default(), existing, test.now).await.unwrap();
        let report = test.sync().await;
        assert_eq!((report.delivered, codes(&report)), (3, vec![]), "{why}");
    }
}

#[tokio::test]
async fn what_this_program_sent_before_tells_the_unit_as_well() {
    let mut test = TestApp::connected().await;
    set_goal(&test, "weight", &json!({"gunits": ""}));
    let stone = Feed::Track { kind: MeasureKind::WEIGHT, unit: Unit::Stone, take: Take::Last };
    test.link("weight", stone).await;
    test.advance(TimeDelta::minutes(1));
    test.weigh_in(80.0);
    test.sync().await;
    let id = test.app().links().unwrap()[0].id;
    test.app().remove_link(id, test.now).unwrap();
    let weight = take(MeasureKind::WEIGHT, Take::Min);
    assert_eq!(previewed(&test, "weight", &weight).await, ["unit_looks_wrong"]);
    let goal = GoalSlug("weight".into());
    let unit = test.app().unit_of_goal(&goal, MeasureKind::WEIGHT, test.now).await.unwrap();
    assert_eq!(unit, Unit::Stone);
}

#[tokio::test]
async fn a_goal_whose_two_links_leave_out_everything_is_said_once() {
    let mut test = TestApp::connected().await;
    test.weigh_in(82.4);
    test.sync().await;
    for feed in [track(MeasureKind::WEIGHT), track(MeasureKind::FAT_RATIO)] {
        try_options(&test, "weight", feed, only("Body Cardio")).await.unwrap();
    }
    for _ in 1..=3 {
        test.advance(TimeDelta::days(1));
        let now = test.now;
        let group = json!({"deviceid": "new", "model": "Body Scan", "measures": [
            {"value": 81, "type": 1, "unit": 0}, {"value": 20, "type": 6, "unit": 0}]});
        test.world().withings.add(group, now);
        test.sync().await;
    }
    assert_eq!(codes(&test.sync().await), [ProblemCode::FilterLeavesOut]);
}

#[tokio::test]
async fn a_set_that_is_never_whole_any_more_is_said_too() {
    let mut test = TestApp::connected().await;
    test.link("pressure", set("blood-pressure")).await;
    for day in 1..=3 {
        test.advance(TimeDelta::days(1));
        let now = test.now;
        // Typed in without a pulse.
        let typed = json!({"attrib": 2, "deviceid": null, "model": null, "measures": [
            {"value": 80, "type": 9, "unit": 0}, {"value": 120, "type": 10, "unit": 0}]});
        test.world().withings.add(typed, now);
        let expected = if day < 3 { vec![] } else { vec![ProblemCode::FilterLeavesOut] };
        assert_eq!(codes(&test.sync().await), expected, "day {day}");
    }
    assert!(test.sync().await.attention[0].message.contains("lacking a value that the link counts"));
}

#[tokio::test]
async fn a_sum_of_weights_is_said_and_one_value_a_day_is_fine_where_days_are_added_within() {
    let test = TestApp::connected().await;
    set_goal(&test, "weight", &json!({"aggday": "sum"}));
    let weight = |way| take(MeasureKind::WEIGHT, way);
    assert_eq!(previewed(&test, "weight", &weight(Take::Every)).await, ["adds_within_day"]);
    assert_eq!(previewed(&test, "weight", &weight(Take::Last)).await, [""; 0]);
    assert_eq!(previewed(&test, "weight", &weight(Take::Sum)).await, ["take_adds"]);
    let stone = Feed::Track { kind: MeasureKind::WEIGHT, unit: Unit::Stone, take: Take::Last };
    assert_eq!(previewed(&test, "weight", &stone).await, ["unit_looks_wrong"]);
}

#[tokio::test]
async fn a_goal_that_is_set_up_otherwise_after_it_was_linked_is_said() {
    for (field, value, code, words) in [
        (
            "autodata",
            json!("withings"),
            ProblemCode::GoalFedByAutodata,
            "fills the goal weight from withings",
        ),
        ("healthkitmetric", json!("weight"), ProblemCode::GoalFedByAppleHealth, "Apple Health (weight)"),
        ("kyoom", json!(true), ProblemCode::GoalUnsuited, "does not suit its link. This goal adds"),
        ("aggday", json!("count"), ProblemCode::GoalUnsuited, "(count)"),
        ("gunits", json!("stone"), ProblemCode::GoalUnsuited, "This goal seems to be in st,"),
        ("gunits", json!("steps"), ProblemCode::GoalUnsuited, "“steps”"),
    ] {
        let mut test = TestApp::weighing().await;
        test.weigh_in(80.0);
        assert_eq!(codes(&test.sync().await), [], "{field}");
        let before = test.world().beeminder.goal("weight").fields[field].clone();
        test.world().beeminder.goal("weight").fields[field] = value;
        test.advance(TimeDelta::hours(2));
        let report = test.sync().await;
        assert_eq!(codes(&report), [code], "{field}");
        assert!(report.attention[0].message.contains(words), "{}", report.attention[0].message);
        test.world().beeminder.goal("weight").fields[field] = before;
        test.advance(TimeDelta::hours(2));
        assert_eq!(codes(&test.sync().await), [], "{field} as before");
    }
}

#[tokio::test]
async fn what_was_said_when_a_goal_was_linked_or_changed_is_not_said_for_ever() {
    let test = TestApp::connected().await;
    set_goal(&test, "weight", &json!({"autodata": "withings", "kyoom": true}));
    let link = test.link("weight", track(MeasureKind::WEIGHT)).await.link.id;
    assert_eq!(codes(&test.sync().await), []);
    let (fat, options) = (track(MeasureKind::FAT_RATIO), Options::default());
    test.app().change_link(link, &fat, &options, Existing::Update, test.now).await.unwrap();
    assert_eq!(codes(&test.sync().await), []);
}

#[tokio::test]
async fn a_deadline_within_a_day_of_withings_is_said_when_linking_and_by_the_self_test() {
    for deadline in [-7 * 3600, 3 * 3600] {
        let test = TestApp::connected().await;
        set_goal(&test, "steps", &json!({ "deadline": deadline }));
        let added = test.link("steps", track(MeasureKind::STEPS)).await;
        assert_eq!(added.misfits.iter().map(Misfit::code).collect::<Vec<_>>(), ["days_end_elsewhere"]);
        let checks = test.app().self_test(test.now).await.unwrap();
        let link = checks.iter().find(|check| check.name == "link").unwrap();
        assert_eq!(link.misfits[0].key, "misfit.days_end_elsewhere", "{deadline}");
    }
}
