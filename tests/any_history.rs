//! Whatever is measured, edited, deleted or late, whatever fails or crashes in between, on one computer or
//! two: in the end Beeminder has what the rules say for what Withings has, and nothing foreign is touched.

use std::collections::{BTreeMap, BTreeSet};

use beeminder_withings_sync::accounts::Service;
use beeminder_withings_sync::app::{App, Since};
use beeminder_withings_sync::attention::Code;
use beeminder_withings_sync::goal::GoalSlug;
use beeminder_withings_sync::kind::MeasureKind;
use beeminder_withings_sync::link::{Feed, Options, Take};
use beeminder_withings_sync::sandbox::faults::Fault;
use beeminder_withings_sync::sync::{SyncReport, Trigger};
use chrono::{Days, NaiveDate, TimeDelta};
use proptest::prelude::*;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use super::support::{CrashAfter, TestApp, codes, monday, take, track};

/// Something that happens. Numbers choose among what there is.
#[derive(Debug, Clone)]
enum Event {
    Weigh { grams: i64, late_hours: i64, guest: bool },
    EditValue { which: usize, grams: i64 },
    EditTime { which: usize, hours: i64 },
    ItWasMe { which: usize },
    Delete { which: usize },
    DeleteAtBeeminder { which: usize },
    Walk { day: u64, steps: i64, phone: bool },
    Sleep { day: u64, seconds: i64 },
    MergeNights { day: u64 },
    Wait { minutes: i64 },
    Pass { trigger: bool },
    PassOfAnother,
    PassElsewhere,
    Crash { waits: u32 },
    Trouble { which: usize },
}

fn event() -> impl Strategy<Value = Event> {
    let grams = 50_000..120_000_i64;
    prop_oneof![
        4 => (grams.clone(), 0..50_i64, prop::bool::weighted(0.2))
            .prop_map(|(grams, late_hours, guest)| Event::Weigh { grams, late_hours, guest }),
        2 => (any::<usize>(), grams).prop_map(|(which, grams)| Event::EditValue { which, grams }),
        1 => (any::<usize>(), 0..50_i64).prop_map(|(which, hours)| Event::EditTime { which, hours }),
        1 => any::<usize>().prop_map(|which| Event::ItWasMe { which }),
        2 => any::<usize>().prop_map(|which| Event::Delete { which }),
        1 => any::<usize>().prop_map(|which| Event::DeleteAtBeeminder { which }),
        2 => (0..6_u64, 0..20_000_i64, any::<bool>())
            .prop_map(|(day, steps, phone)| Event::Walk { day, steps, phone }),
        2 => (0..6_u64, 600..30_000_i64).prop_map(|(day, seconds)| Event::Sleep { day, seconds }),
        1 => (0..6_u64).prop_map(|day| Event::MergeNights { day }),
        3 => (1..600_i64).prop_map(|minutes| Event::Wait { minutes }),
        3 => any::<bool>().prop_map(|trigger| Event::Pass { trigger }),
        1 => Just(Event::PassOfAnother),
        2 => Just(Event::PassElsewhere),
        2 => (1..60_u32).prop_map(|waits| Event::Crash { waits }),
        2 => any::<usize>().prop_map(|which| Event::Trouble { which }),
    ]
}

fn troubles() -> Vec<(Service, &'static str, Fault)> {
    use Service::{Beeminder, Withings};
    vec![
        (Withings, "measure", Fault::withings(401, "invalid_token")),
        (Withings, "measure", Fault::withings(601, "")),
        (Withings, "measure", Fault::Truncate),
        (Withings, "oauth2", Fault::LoseAnswer),
        (Withings, "", Fault::Drop),
        (Beeminder, "datapoints", Fault::LoseAnswer),
        (Beeminder, "datapoints", Fault::AnswerAfter { status: 500, body: "<html>".into() }),
        (Beeminder, "datapoints", Fault::Truncate),
        (Beeminder, "", Fault::limited(30)),
        (Beeminder, "", Fault::http(503, "")),
        (Beeminder, "", Fault::Drop),
    ]
}

/// The computers, and what the user did at Beeminder.
struct Play {
    test: TestApp,
    /// Another computer with the same links.
    elsewhere: App,
    _folder: TempDir,
    deleted: BTreeSet<String>,
    /// How many events there were. Each has a second of the minute of its own, as every act has.
    events: i64,
}

/// The links that every computer has.
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

impl Play {
    async fn begin() -> Play {
        let test = TestApp::connected().await;
        test.expect_warning("");
        test.world().withings.keeps_grants = true;
        for (goal, feed) in feeds() {
            test.link(goal, feed).await;
        }
        test.connect_withings().await.unwrap();
        // Somebody else's, which nobody may touch.
        test.world().beeminder.enter("weight", 99.0, monday());
        let (elsewhere, folder) = test.other_computer().await;
        for (goal, feed) in feeds() {
            let goal = GoalSlug(goal.into());
            elsewhere.add_link(&goal, feed, Options::default(), Since::Now, test.now).await.unwrap();
        }
        let mut play = Play { test, elsewhere, _folder: folder, deleted: BTreeSet::new(), events: 0 };
        play.test.advance(TimeDelta::minutes(1));
        for app in [play.test.app(), &play.elsewhere] {
            app.mirror_deletions(true).unwrap();
        }
        play.sign_in_elsewhere().await;
        play
    }

    async fn sign_in_elsewhere(&self) {
        super::support::sign_in_to_withings(&self.elsewhere, self.test.now).await;
    }

    async fn pass_elsewhere(&self) -> SyncReport {
        self.elsewhere.sync(Trigger::Hand, self.test.now, &CancellationToken::new()).await.unwrap()
    }

    async fn happen(&mut self, event: Event) {
        self.events += 1;
        let second = TimeDelta::seconds(self.events);
        let test = &mut self.test;
        let now = test.now;
        let act = |hours| {
            let about = now - TimeDelta::minutes(1) - TimeDelta::hours(hours);
            (about.max(monday()) + second).timestamp()
        };
        let groups: Vec<i64> =
            test.world().withings.groups().map(|group| group["grpid"].as_i64().unwrap()).collect();
        let pick = |which: usize| groups.get(which % groups.len().max(1)).copied().unwrap_or(0);
        match event {
            Event::Weigh { grams, late_hours, guest } => {
                let at = act(late_hours);
                let measures = json!([{"value": grams, "type": 1, "unit": -3}]);
                let group = json!({"date": at, "attrib": i32::from(guest), "measures": measures});
                test.world().withings.add(group, now);
            }
            Event::EditValue { which, grams } => {
                test.world()
                    .withings
                    .edit(pick(which), now, |group| group["measures"][0]["value"] = json!(grams));
            }
            Event::EditTime { which, hours } => {
                let at = act(hours);
                test.world().withings.edit(pick(which), now, |group| group["date"] = json!(at));
            }
            Event::ItWasMe { which } => {
                test.world().withings.edit(pick(which), now, |group| group["attrib"] = json!(0));
            }
            Event::Delete { which } => test.world().withings.delete(pick(which)),
            Event::DeleteAtBeeminder { which } => {
                let mut world = test.world();
                let datapoints = world.beeminder.datapoints("weight");
                let ours: Vec<usize> =
                    (0..datapoints.len()).filter(|index| datapoints[*index].requestid.is_some()).collect();
                if !ours.is_empty() {
                    let gone = datapoints.remove(ours[which % ours.len()]);
                    self.deleted.extend(gone.requestid);
                }
            }
            Event::Walk { day, steps, phone } => {
                let device = if phone { "phone" } else { "watch" };
                test.world().withings.days().walk_with(device, date(day), steps, now);
            }
            Event::Sleep { day, seconds } => {
                test.world().withings.days().sleep(date(day), seconds, now);
            }
            Event::MergeNights { day } => {
                let date = date(day).to_string();
                let mut world = test.world();
                let days = world.withings.days();
                let whole: i64 = days
                    .sleep
                    .values()
                    .filter(|row| row["date"] == json!(date))
                    .map(|row| row["data"]["total_sleep_time"].as_i64().unwrap())
                    .sum();
                days.sleep.retain(|_, row| row["date"] != json!(date));
                if whole > 0 {
                    days.sleep(self::date(day), whole, now);
                }
            }
            Event::Wait { minutes } => test.advance(TimeDelta::minutes(minutes)),
            Event::Pass { trigger } => {
                test.pass(if trigger { Trigger::Hand } else { Trigger::Timer }).await;
            }
            Event::PassOfAnother => {
                let other = test.another().unwrap();
                other.sync(Trigger::Timer, now, &CancellationToken::new()).await.unwrap();
            }
            Event::PassElsewhere => drop(self.pass_elsewhere().await),
            Event::Crash { waits } => {
                let stop = CancellationToken::new();
                let future = Box::pin(test.app().sync(Trigger::Hand, now, &stop));
                CrashAfter { future, waits }.await;
                test.restart();
            }
            Event::Trouble { which } => {
                let mut troubles = troubles();
                let (service, path, fault) = troubles.swap_remove(which % troubles.len());
                test.world().faults.next(service, path, fault);
            }
        }
    }

    /// Passes on both computers until nothing is left to do or to ask.
    async fn settle(&mut self) {
        self.test.world().faults.clear();
        // An empty answer proves nothing, so there is always something.
        let now = self.test.now;
        let measures = json!([{"value": 70_000, "type": 1, "unit": -3}]);
        self.test.world().withings.add(json!({"measures": measures}), now);
        self.test.world().withings.days().sleep(date(0), 600, now);
        self.test.advance(TimeDelta::hours(25));
        for _ in 0..4 {
            let report = self.test.sync().await;
            if codes(&report).contains(&Code::SignInWithings) {
                // A renewal whose answer was lost must be repeated within eight hours; then only the user
                // can help.
                self.test.connect_withings().await.unwrap();
            }
            if codes(&self.pass_elsewhere().await).contains(&Code::SignInWithings) {
                self.sign_in_elsewhere().await;
            }
            for app in [self.test.app(), &self.elsewhere] {
                for stale in app.stale().unwrap() {
                    app.remove_stale(stale.id, self.test.now).unwrap();
                }
                // More than a person deletes; the user says that it was them.
                let _ = app.confirm_gone();
            }
        }
    }

    fn found(&self, goal: &str) -> BTreeMap<String, (f64, i64)> {
        let ours = self.test.at_beeminder(goal).into_iter().filter(|d| d.requestid.is_some());
        ours.map(|d| (d.requestid.unwrap(), (d.value, d.timestamp))).collect()
    }
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

fn expected(test: &TestApp) -> Expected {
    let mut expected = Expected::default();
    let mut world = test.world();
    for group in world.withings.groups().filter(|group| group["attrib"] == json!(0)) {
        let at = number(&group["date"]);
        // Two decimals of a kilogram, half up.
        let kilograms = float((number(&group["measures"][0]["value"]) + 5) / 10) / 100.0;
        expected.each.insert(format!("withings-{}-weight", number(&group["grpid"])), (kilograms, at));
        let day = chrono::DateTime::from_timestamp(at, 0).unwrap().with_timezone(&chrono_tz::Europe::Paris);
        let id = format!("withings-weight-{}", day.format("%Y%m%d"));
        let lowest = expected.lowest.entry(id).or_insert(kilograms);
        *lowest = lowest.min(kilograms);
    }
    let of_day = |kind: &str, row: &Value| {
        format!("withings-{kind}-{}", row["date"].as_str().unwrap().replace('-', ""))
    };
    let mut seconds: BTreeMap<String, i64> = BTreeMap::new();
    for row in world.withings.days().sleep.values() {
        *seconds.entry(of_day("sleep-duration", row)).or_default() +=
            number(&row["data"]["total_sleep_time"]);
    }
    // Hundredths of an hour, half up.
    expected.asleep = seconds.into_iter().map(|(id, sum)| (id, float((sum + 18) / 36) / 100.0)).collect();
    for row in world.withings.days().activities.values() {
        let most = expected.steps.entry(of_day("steps", row)).or_insert(0.0);
        *most = most.max(float(number(&row["steps"])));
    }
    expected
}

async fn play(events: Vec<Event>) {
    let mut play = Play::begin().await;
    for event in events {
        play.happen(event).await;
    }
    play.settle().await;
    let test = &play.test;
    let expected = expected(test);
    let mut found = play.found("weight");
    let mut each = expected.each;
    for id in &play.deleted {
        // What the user deleted stays deleted, unless it was on its way just then.
        let (found, each) = (found.remove(id), each.remove(id));
        assert!(found.is_none() || found == each, "{id}: {found:?}");
    }
    assert_eq!(found, each);
    let values = |goal| play.found(goal).into_iter().map(|(id, (value, _))| (id, value)).collect();
    let days: [(&str, BTreeMap<String, f64>); 3] =
        [("fat", expected.lowest), ("steps", expected.steps), ("sleep", expected.asleep)];
    for (goal, wanted) in days {
        let found: BTreeMap<String, f64> = values(goal);
        assert_eq!(found, wanted, "{goal}");
        assert_eq!(test.values(goal).len(), wanted.len(), "{goal}: nothing twice");
    }
    let foreign = test.at_beeminder("weight").into_iter().filter(|d| d.requestid.is_none());
    assert_eq!(foreign.map(|d| d.value).collect::<Vec<_>>(), [99.0], "nothing foreign is touched");
    assert_eq!(test.sync().await.requests.beeminder, 0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn beeminder_ends_up_with_what_the_rules_say(events in prop::collection::vec(event(), 1..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(play(events));
    }
}
