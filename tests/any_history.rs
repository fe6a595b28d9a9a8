//! Whatever is measured, edited, deleted, moved or told twice, whatever fails or crashes in between, whatever
//! the user does between two steps of a pass, on one computer or two: in the end Beeminder has what the rules
//! say for what Withings has, and nothing foreign is touched.
//!
//! The rules are written here as one would tell them; nothing is taken from the program but what it gave days.

use std::collections::{BTreeMap, BTreeSet};

use beeminder_withings_sync::app::{App, Existing, Since};
use beeminder_withings_sync::domain::goal::GoalSlug;
use beeminder_withings_sync::domain::link::Feed;
use beeminder_withings_sync::domain::link::{Link, Options};
use beeminder_withings_sync::domain::measure::kind::MeasureKind;
use beeminder_withings_sync::domain::measure::take::Take;
use beeminder_withings_sync::domain::problem_code::ProblemCode;
use beeminder_withings_sync::domain::service::Service;
use beeminder_withings_sync::platform::data_dir::DATABASE_FILE;
use beeminder_withings_sync::sandbox::faults::Fault;
use beeminder_withings_sync::sync::{SyncReport, Trigger};
use chrono::{Days, NaiveDate, TimeDelta};
use proptest::prelude::*;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use super::support::{CrashAfter, TestApp, beside, codes, monday, pounds, take, track};

/// Something that happens. Numbers choose among what there is.
#[derive(Debug, Clone, Copy)]
enum Event {
    AtWithings(AtWithings),
    AtBeeminder(AtBeeminder),
    Wait { minutes: i64 },
    Pass { trigger: bool },
    PassOfAnother,
    PassElsewhere,
    Crash { waits: u32 },
    Meanwhile { waits: u32, deed: Deed },
    DamagePage,
    Trouble { which: usize },
}

/// What is measured, and what becomes of it at Withings.
#[derive(Debug, Clone, Copy)]
enum AtWithings {
    Weigh { grams: i64, late_hours: i64, guest: bool },
    EditValue { which: usize, grams: i64 },
    EditTime { which: usize, hours: i64 },
    ItWasMe { which: usize },
    Delete { which: usize },
    ComesAnew { which: usize },
    Walk { day: u64, steps: i64, phone: bool },
    Sleep { day: u64, seconds: i64, watch: bool },
    MergeNights { day: u64 },
}

/// What the user does at Beeminder.
#[derive(Debug, Clone, Copy)]
enum AtBeeminder {
    Delete { which: usize },
    Rename { swap: bool },
    MoveDeadline,
}

/// What the user does while a pass runs, in the end without a trace.
#[derive(Debug, Clone, Copy)]
enum Deed {
    ChangeUnitAndBack,
    MakeLinkAnew,
    TakeBackRemoval,
    SignInAnew,
}

fn event() -> impl Strategy<Value = Event> {
    let grams = 50_000..120_000_i64;
    let deed = prop_oneof![
        Just(Deed::ChangeUnitAndBack),
        Just(Deed::MakeLinkAnew),
        Just(Deed::TakeBackRemoval),
        Just(Deed::SignInAnew)
    ];
    let at_withings = prop_oneof![
        4 => (grams.clone(), 0..50_i64, prop::bool::weighted(0.2))
            .prop_map(|(grams, late_hours, guest)| AtWithings::Weigh { grams, late_hours, guest }),
        2 => (any::<usize>(), grams).prop_map(|(which, grams)| AtWithings::EditValue { which, grams }),
        1 => (any::<usize>(), 0..50_i64).prop_map(|(which, hours)| AtWithings::EditTime { which, hours }),
        1 => any::<usize>().prop_map(|which| AtWithings::ItWasMe { which }),
        2 => any::<usize>().prop_map(|which| AtWithings::Delete { which }),
        1 => any::<usize>().prop_map(|which| AtWithings::ComesAnew { which }),
        2 => (0..6_u64, 1..20_000_i64, any::<bool>())
            .prop_map(|(day, steps, phone)| AtWithings::Walk { day, steps, phone }),
        2 => (0..6_u64, 600..30_000_i64, any::<bool>())
            .prop_map(|(day, seconds, watch)| AtWithings::Sleep { day, seconds, watch }),
        1 => (0..6_u64).prop_map(|day| AtWithings::MergeNights { day }),
    ];
    let at_beeminder = prop_oneof![
        any::<usize>().prop_map(|which| AtBeeminder::Delete { which }),
        any::<bool>().prop_map(|swap| AtBeeminder::Rename { swap }),
        Just(AtBeeminder::MoveDeadline),
    ];
    prop_oneof![
        16 => at_withings.prop_map(Event::AtWithings),
        3 => at_beeminder.prop_map(Event::AtBeeminder),
        3 => (1..600_i64).prop_map(|minutes| Event::Wait { minutes }),
        3 => any::<bool>().prop_map(|trigger| Event::Pass { trigger }),
        1 => Just(Event::PassOfAnother),
        2 => Just(Event::PassElsewhere),
        2 => (1..60_u32).prop_map(|waits| Event::Crash { waits }),
        2 => (0..30_u32, deed).prop_map(|(waits, deed)| Event::Meanwhile { waits, deed }),
        1 => Just(Event::DamagePage),
        3 => any::<usize>().prop_map(|which| Event::Trouble { which }),
    ]
}

const NOT_FOUND: &str = r#"{"error":"The requested resource was not found."}"#;

fn troubles() -> Vec<(Service, &'static str, Fault)> {
    use Service::{Beeminder, Withings};
    let page = |status| Fault::http(status, "<html>portal</html>");
    vec![
        (Withings, "measure", Fault::withings(401, "invalid_token")),
        (Withings, "measure", Fault::withings(601, "")),
        (Withings, "measure", Fault::Truncate),
        (Withings, "/v2/sleep", Fault::withings(2556, "")),
        (Withings, "/v2/measure", Fault::withings(522, "")),
        (Withings, "/v2/sleep", Fault::http(200, "null")),
        (Withings, "oauth2", Fault::LoseAnswer),
        (Withings, "", Fault::Drop),
        (Beeminder, "datapoints", Fault::LoseAnswer),
        (Beeminder, "datapoints", Fault::AnswerAfter { status: 500, body: "<html>".into() }),
        (Beeminder, "datapoints", Fault::AnswerAfter { status: 200, body: "{}".into() }),
        (Beeminder, "datapoints", Fault::Truncate),
        (Beeminder, "datapoints", Fault::http(200, "{}")),
        (Beeminder, "datapoints.json", Fault::http(200, "[]")),
        (Beeminder, "datapoints", Fault::http(404, NOT_FOUND)),
        (Beeminder, "datapoints", page(404)),
        (Beeminder, "", page(403)),
        (Beeminder, "", page(401)),
        (Beeminder, "goals.json", Fault::http(200, "[]")),
        (Beeminder, "archived.json", Fault::http(200, "[]")),
        (Beeminder, "goals/", Fault::http(404, NOT_FOUND)),
        (Beeminder, "", Fault::limited(30)),
        (Beeminder, "", Fault::http(503, "")),
        (Beeminder, "", Fault::Drop),
    ]
}

/// The computers, and what the user did at Beeminder.
struct Play {
    test: TestApp,
    /// Another computer with the same links, in plays of two.
    elsewhere: Option<(App, TempDir)>,
    deleted: BTreeSet<String>,
    /// Of what moments that was: a reading that comes again under another number stays deleted.
    deleted_at: BTreeSet<i64>,
}

/// The links that every computer has: the goal's number in the sandbox, its name, and what it gets.
fn feeds() -> [(&'static str, Feed); 4] {
    [
        ("weight", track(MeasureKind::WEIGHT)),
        ("fat", take(MeasureKind::WEIGHT, Take::Min)),
        ("steps", track(MeasureKind::STEPS)),
        ("sleep", take(MeasureKind::SLEEP_DURATION, Take::Sum)),
    ]
}

fn date(day: u64) -> NaiveDate {
    monday().date_naive() + Days::new(day)
}

/// The goal that is called `slug` at first, whatever it is called by now.
fn id_of(slug: &str) -> String {
    let place = match slug {
        "weight" => 1,
        "fat" => 5,
        "steps" => 13,
        _ => 14,
    };
    format!("{place:024x}")
}

async fn link(app: &App, test: &TestApp, id: &str, feed: Feed) {
    let slug = {
        let world = test.world();
        let goal = world.beeminder.goals.iter().find(|goal| goal.fields["id"] == json!(id)).unwrap();
        GoalSlug(goal.slug().to_owned())
    };
    // From the first day on, so that a link made anew is about all that the first one was.
    let since = Since::Day(monday().date_naive());
    let _ = app.add_link(&slug, feed, Options::default(), since, test.now).await;
}

impl Play {
    async fn begin(two: bool) -> Play {
        let test = TestApp::connected().await;
        test.expect_warning("");
        {
            let mut world = test.world();
            world.withings.keeps_grants = true;
            // Whatever is measured lies on the right side, so that a link made anew asks nothing.
            for goal in &mut world.beeminder.goals {
                let worst = if goal.fields["yaw"] == json!(1) { -1.0 } else { 1000.0 };
                let (first, last) = (monday().timestamp() - 40_000_000, monday().timestamp() + 40_000_000);
                goal.fields["fullroad"] = json!([[first, worst, null], [last, worst, null]]);
            }
            // Somebody else's, which nobody may touch.
            world.beeminder.enter("weight", 99.0, monday());
        }
        for (goal, feed) in feeds() {
            test.link(goal, feed).await;
        }
        test.connect_withings().await.unwrap();
        let elsewhere = if two { Some(test.other_computer().await) } else { None };
        if let Some((app, _)) = &elsewhere {
            for (goal, feed) in feeds() {
                link(app, &test, &id_of(goal), feed).await;
            }
        }
        let play = Play { test, elsewhere, deleted: BTreeSet::new(), deleted_at: BTreeSet::new() };
        for app in play.apps() {
            app.mirror_deletions(true).unwrap();
        }
        play.sign_in_elsewhere().await;
        play
    }

    fn apps(&self) -> Vec<&App> {
        let elsewhere = self.elsewhere.as_ref().map(|(app, _)| app);
        [Some(self.test.app()), elsewhere].into_iter().flatten().collect()
    }

    async fn sign_in_elsewhere(&self) {
        if let Some((app, _)) = &self.elsewhere {
            super::support::sign_in_to_withings(app, self.test.now).await;
        }
    }

    async fn pass_elsewhere(&self) -> Option<SyncReport> {
        let (app, _) = self.elsewhere.as_ref()?;
        Some(app.sync(Trigger::Hand, self.test.now, &CancellationToken::new()).await.unwrap())
    }

    async fn happen(&mut self, event: Event) {
        let now = self.test.now;
        match event {
            Event::Wait { minutes } => self.test.advance(TimeDelta::minutes(minutes)),
            Event::Pass { trigger } => {
                self.test.pass(if trigger { Trigger::Hand } else { Trigger::Timer }).await;
            }
            Event::PassOfAnother => {
                let other = self.test.another().unwrap();
                other.sync(Trigger::Timer, now, &CancellationToken::new()).await.unwrap();
            }
            Event::PassElsewhere => drop(self.pass_elsewhere().await),
            Event::Crash { waits } => {
                let stop = CancellationToken::new();
                let future = Box::pin(self.test.app().sync(Trigger::Hand, now, &stop));
                CrashAfter { future, waits }.await;
                self.test.restart();
            }
            Event::Meanwhile { waits, deed } => {
                let stop = CancellationToken::new();
                let pass = Box::pin(self.test.app().sync(Trigger::Hand, now, &stop));
                beside(pass, waits, act(&self.test, deed)).await.unwrap();
            }
            Event::DamagePage => self.damage_page(),
            Event::Trouble { which } => {
                let mut troubles = troubles();
                let (service, path, fault) = troubles.swap_remove(which % troubles.len());
                self.test.world().faults.next(service, path, fault);
            }
            Event::AtWithings(event) => self.happen_at_withings(event),
            Event::AtBeeminder(event) => self.happen_at_beeminder(event),
        }
    }

    fn happen_at_withings(&mut self, event: AtWithings) {
        let (now, mut world) = (self.test.now, self.test.world());
        let withings = &mut world.withings;
        let groups: Vec<i64> = withings.groups().map(|group| group["grpid"].as_i64().unwrap()).collect();
        let pick = |which: usize| groups.get(which % groups.len().max(1)).copied().unwrap_or(0);
        match event {
            AtWithings::Weigh { grams, late_hours, guest } => {
                let at = (now - TimeDelta::hours(late_hours)).max(monday()).timestamp();
                let measures = json!([{"value": grams, "type": 1, "unit": -3}]);
                let taken = withings.groups().any(|group| group["date"] == json!(at));
                if !taken {
                    let group = json!({"date": at, "attrib": i32::from(guest), "measures": measures});
                    withings.add(group, now);
                }
            }
            AtWithings::EditValue { which, grams } => {
                withings.edit(pick(which), now, |group| group["measures"][0]["value"] = json!(grams));
            }
            AtWithings::EditTime { which, hours } => {
                let at = (now - TimeDelta::hours(hours)).max(monday()).timestamp();
                let taken = withings.groups().any(|group| group["date"] == json!(at));
                if !taken {
                    withings.edit(pick(which), now, |group| group["date"] = json!(at));
                }
            }
            AtWithings::ItWasMe { which } => {
                withings.edit(pick(which), now, |group| group["attrib"] = json!(0));
            }
            AtWithings::Delete { which } => withings.delete(pick(which)),
            AtWithings::ComesAnew { which } => {
                let id = pick(which);
                let group = withings.groups().find(|group| group["grpid"] == json!(id)).cloned();
                if let Some(group) = group {
                    withings.delete(id);
                    if self.deleted.contains(&format!("withings-{id}-weight")) {
                        self.deleted_at.extend(group["date"].as_i64());
                    }
                    let (date, attrib) = (&group["date"], &group["attrib"]);
                    withings.add(json!({"date": date, "attrib": attrib, "measures": group["measures"]}), now);
                }
            }
            AtWithings::Walk { day, steps, phone } => {
                withings.days().walk_with(if phone { "phone" } else { "watch" }, date(day), steps, now);
            }
            AtWithings::Sleep { day, seconds, watch } => {
                let id = withings.days().sleep(date(day), seconds, now);
                if watch && let Some(row) = withings.days().sleep.get_mut(&id) {
                    (row["model"], row["hash_deviceid"]) = (json!(16), json!("watch"));
                }
            }
            AtWithings::MergeNights { day } => {
                let date = date(day).to_string();
                let days = withings.days();
                let of_day = days.sleep.values().filter(|row| row["date"] == json!(date));
                let whole = of_day.map(|row| number(&row["data"]["total_sleep_time"])).max().unwrap_or(0);
                days.sleep.retain(|_, row| row["date"] != json!(date));
                if whole > 0 {
                    days.sleep(self::date(day), whole, now);
                }
            }
        }
    }

    fn happen_at_beeminder(&mut self, event: AtBeeminder) {
        let mut world = self.test.world();
        let goals = &mut world.beeminder.goals;
        let place = |id: String| {
            move |goal: &beeminder_withings_sync::sandbox::beeminder::Goal| goal.fields["id"] == json!(id)
        };
        match event {
            AtBeeminder::Delete { which } => {
                let goal = goals.iter().position(place(id_of("weight"))).unwrap();
                let datapoints = &mut goals[goal].datapoints;
                let ours: Vec<usize> =
                    (0..datapoints.len()).filter(|index| datapoints[*index].requestid.is_some()).collect();
                if !ours.is_empty() {
                    let gone = datapoints.remove(ours[which % ours.len()]);
                    self.deleted_at.insert(gone.timestamp);
                    self.deleted.extend(gone.requestid);
                }
            }
            AtBeeminder::Rename { swap } => {
                let (weight, other) = (
                    goals.iter().position(place(id_of("weight"))).unwrap(),
                    goals.iter().position(place(format!("{:024x}", 6))).unwrap(),
                );
                let names = (goals[weight].fields["slug"].clone(), goals[other].fields["slug"].clone());
                if swap {
                    (goals[weight].fields["slug"], goals[other].fields["slug"]) = (names.1, names.0);
                } else {
                    let name = if names.0 == json!("mass") { "weight-again" } else { "mass" };
                    goals[weight].fields["slug"] = json!(name);
                }
            }
            // Two computers may learn of it at different times, and days are given once on each.
            AtBeeminder::MoveDeadline if self.elsewhere.is_none() => {
                let goal = goals.iter().position(place(id_of("fat"))).unwrap();
                let deadline = &mut goals[goal].fields["deadline"];
                *deadline = if *deadline == json!(0) { json!(3 * 3600) } else { json!(0) };
            }
            AtBeeminder::MoveDeadline => {}
        }
    }

    /// Overwrites the page at which the groups begin.
    fn damage_page(&mut self) {
        self.test.quit();
        let file = self.test.path().join(DATABASE_FILE);
        let connection = rusqlite::Connection::open(&file).unwrap();
        let root: usize = connection
            .query_row("SELECT rootpage FROM sqlite_schema WHERE name = 'measure_group'", [], |row| {
                row.get(0)
            })
            .unwrap();
        drop(connection);
        let mut bytes = std::fs::read(&file).unwrap();
        bytes[(root - 1) * 4096..root * 4096].fill(0xAB);
        std::fs::write(&file, bytes).unwrap();
        self.test.restart();
    }

    /// Passes on all computers until nothing is left to do or to ask.
    async fn settle(&mut self) {
        self.test.world().faults.clear();
        // An empty answer proves nothing, so there is always something, at a moment of its own.
        self.test.advance(TimeDelta::seconds(1));
        let now = self.test.now;
        let measures = json!([{"value": 70_000, "type": 1, "unit": -3}]);
        self.test.world().withings.add(json!({"measures": measures}), now);
        self.test.world().withings.days().sleep(date(0), 600, now);
        // Until nothing is dated in the future.
        self.test.advance(TimeDelta::days(6));
        for _ in 0..6 {
            let report = self.test.sync().await;
            if codes(&report).contains(&ProblemCode::SignInWithings) {
                // A renewal whose answer was lost must be repeated within eight hours; then only the user
                // can help.
                self.test.connect_withings().await.unwrap();
            }
            if codes(&report).contains(&ProblemCode::SignInBeeminder) {
                // A new sign-in ended the one before, and was not finished.
                self.test.connect_beeminder().await.unwrap();
            }
            let report = self.pass_elsewhere().await;
            if report.is_some_and(|report| codes(&report).contains(&ProblemCode::SignInWithings)) {
                self.sign_in_elsewhere().await;
            }
            for app in self.apps() {
                for stale in app.stale().unwrap() {
                    app.remove_stale(stale.id, self.test.now).unwrap();
                }
                // More than a person deletes; the user says that it was them.
                let _ = app.confirm_gone();
            }
            // What looks deleted at Beeminder is believed when it still does some time later.
            self.test.advance(TimeDelta::minutes(30));
        }
    }

    fn found(&self, goal: &str) -> BTreeMap<String, (f64, i64)> {
        let id = id_of(goal);
        let world = self.test.world();
        let goal = world.beeminder.goals.iter().find(|goal| goal.fields["id"] == json!(id)).unwrap();
        let ours = goal.datapoints.iter().filter(|d| d.requestid.is_some());
        ours.map(|d| (d.requestid.clone().unwrap(), (d.value, d.timestamp))).collect()
    }
}

/// Does it from another program over the same folder.
async fn act(test: &TestApp, deed: Deed) {
    let (app, now) = (test.another().unwrap(), test.now);
    let Ok(Some(of_weight)) = weight_link(&app) else { return };
    match deed {
        Deed::ChangeUnitAndBack => {
            let (id, options) = (of_weight.id, Options::default());
            for feed in [pounds(), track(MeasureKind::WEIGHT)] {
                // When Beeminder does not answer just then, the user tries again.
                while app.change_link(id, &feed, &options, Existing::Update, now).await.is_err() {
                    drop(test.connect_beeminder().await);
                }
            }
        }
        Deed::MakeLinkAnew => {
            app.remove_link(of_weight.id, now).unwrap();
            while weight_link(&app).unwrap().is_none() {
                drop(test.connect_beeminder().await);
                link(&app, test, &id_of("weight"), track(MeasureKind::WEIGHT)).await;
            }
        }
        Deed::TakeBackRemoval => {
            app.remove_link(of_weight.id, now).unwrap();
            app.restore_link(of_weight.id, now).unwrap();
        }
        Deed::SignInAnew => drop(test.connect_beeminder().await),
    }
}

fn weight_link(app: &App) -> anyhow::Result<Option<Link>> {
    Ok(app.links()?.into_iter().find(|link| link.goal.0 == id_of("weight")))
}

/// What the goals must have by the rules as one would tell them, from what Withings has alone.
#[derive(Default)]
struct Expected {
    each: BTreeMap<String, (f64, i64)>,
    lowest: BTreeMap<String, f64>,
    steps: BTreeMap<String, f64>,
    asleep: BTreeMap<String, f64>,
}

fn number(value: &Value) -> i64 {
    value.as_i64().unwrap()
}

fn float(value: i64) -> f64 {
    f64::from(i32::try_from(value).unwrap())
}

/// The days that the program gave weigh-ins in the goal `fat`.
fn given_days(test: &TestApp) -> BTreeMap<i64, String> {
    let given = test.app().store.read(|conn| {
        let mut query = conn.prepare("SELECT group_id, daystamp FROM given_day WHERE goal_id = ?1")?;
        let given = query.query_map([id_of("fat")], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(given.collect::<Result<_, _>>()?)
    });
    given.unwrap()
}

fn expected(test: &TestApp) -> Expected {
    let mut expected = Expected::default();
    let given = given_days(test);
    let mut world = test.world();
    for group in world.withings.groups().filter(|group| group["attrib"] == json!(0)) {
        let at = number(&group["date"]);
        // Two decimals of a kilogram, half up.
        let kilograms = float((number(&group["measures"][0]["value"]) + 5) / 10) / 100.0;
        expected.each.insert(format!("withings-{}-weight", number(&group["grpid"])), (kilograms, at));
        let day = |shift: i64| {
            let moment = chrono::DateTime::from_timestamp(at - shift, 0).unwrap();
            moment.with_timezone(&chrono_tz::Europe::Paris).format("%Y%m%d").to_string()
        };
        // Where the deadline moves, the day is one of the two it can be, and it stays.
        let day_of = given.get(&number(&group["grpid"])).cloned().unwrap_or_else(|| day(0));
        assert!([day(0), day(3 * 3600)].contains(&day_of), "{group}: {day_of}");
        let lowest = expected.lowest.entry(format!("withings-weight-{day_of}")).or_insert(kilograms);
        *lowest = lowest.min(kilograms);
    }
    let of_day = |kind: &str, row: &Value| {
        format!("withings-{kind}-{}", row["date"].as_str().unwrap().replace('-', ""))
    };
    let mut seconds: BTreeMap<String, i64> = BTreeMap::new();
    for row in world.withings.days().sleep.values() {
        // All of a day's end at seven, so the longest tells of all of them.
        let longest = seconds.entry(of_day("sleep-duration", row)).or_default();
        *longest = number(&row["data"]["total_sleep_time"]).max(*longest);
    }
    // Hundredths of an hour, half up.
    expected.asleep = seconds.into_iter().map(|(id, sum)| (id, float((sum + 18) / 36) / 100.0)).collect();
    for row in world.withings.days().activities.values() {
        let most = expected.steps.entry(of_day("steps", row)).or_insert(0.0);
        *most = most.max(float(number(&row["steps"])));
    }
    expected
}

async fn play(two: bool, events: Vec<Event>) {
    let mut play = Play::begin(two).await;
    for event in events {
        play.happen(event).await;
    }
    play.settle().await;
    let test = &play.test;
    let expected = expected(test);
    let mut found = play.found("weight");
    let mut each = expected.each;
    let again = each.iter().filter(|(_, (_, at))| play.deleted_at.contains(at)).map(|(id, _)| id.clone());
    for id in again.chain(play.deleted.clone()).collect::<BTreeSet<_>>() {
        // What the user deleted stays deleted, unless it was on its way just then.
        let (found, each) = (found.remove(&id), each.remove(&id));
        assert!(found.is_none() || found == each, "{id}: {found:?}");
    }
    assert_eq!(found, each);
    let days: [(&str, BTreeMap<String, f64>); 3] =
        [("fat", expected.lowest), ("steps", expected.steps), ("sleep", expected.asleep)];
    for (goal, wanted) in days {
        let found: BTreeMap<String, f64> =
            play.found(goal).into_iter().map(|(id, (value, _))| (id, value)).collect();
        assert_eq!(found, wanted, "{goal}");
        assert_eq!(test.values(goal).len(), wanted.len(), "{goal}: nothing twice");
    }
    nothing_foreign_is_touched(test);
    for app in play.apps() {
        // The first may read the goals again, the second has nothing to ask.
        app.sync(Trigger::Hand, test.now, &CancellationToken::new()).await.unwrap();
        let report = app.sync(Trigger::Hand, test.now, &CancellationToken::new()).await.unwrap();
        assert_eq!((report.pending, report.parked, report.requests.beeminder), (0, 0, 0), "{report:?}");
    }
}

fn nothing_foreign_is_touched(test: &TestApp) {
    let linked = ["weight", "fat", "steps", "sleep"].map(id_of);
    let world = test.world();
    for goal in &world.beeminder.goals {
        let is_weight = goal.fields["id"] == json!(id_of("weight"));
        let foreign = goal.datapoints.iter().filter(|d| d.requestid.is_none()).map(|d| d.value);
        assert_eq!(foreign.collect::<Vec<_>>(), if is_weight { vec![99.0] } else { vec![] });
        if !linked.iter().any(|id| goal.fields["id"] == json!(id)) {
            assert_eq!(goal.datapoints.len(), 0, "{} was never linked", goal.slug());
        }
    }
}

/// How many cases are played; more of them with `ANY_HISTORY`.
fn cases() -> u32 {
    std::env::var("ANY_HISTORY").ok().and_then(|cases| cases.parse().ok()).unwrap_or(64)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn beeminder_ends_up_with_what_the_rules_say(
        two in prop::bool::weighted(0.4),
        events in prop::collection::vec(event(), 1..40),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(play(two, events));
    }
}
