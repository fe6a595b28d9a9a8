//! Whatever is measured, edited or late, whatever fails or crashes in between: in the end Beeminder has
//! what the rules say for what Withings has.

use std::collections::BTreeMap;

use beeminder_withings_sync::accounts::Service;
use beeminder_withings_sync::attention::Code;
use beeminder_withings_sync::kind::MeasureKind;
use beeminder_withings_sync::link::Take;
use beeminder_withings_sync::sandbox::faults::Fault;
use beeminder_withings_sync::sync::Trigger;
use chrono::TimeDelta;
use proptest::prelude::*;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::support::{CrashAfter, TestApp, codes, monday, take, track};

/// Something that happens. Numbers choose among what there is.
#[derive(Debug, Clone)]
enum Event {
    Weigh { grams: i64, late_hours: i64, guest: bool },
    EditValue { which: usize, grams: i64 },
    EditTime { which: usize, hours: i64 },
    ItWasMe { which: usize },
    Wait { minutes: i64 },
    Pass { trigger: bool },
    PassOfAnother,
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
        3 => (1..600_i64).prop_map(|minutes| Event::Wait { minutes }),
        3 => any::<bool>().prop_map(|trigger| Event::Pass { trigger }),
        1 => Just(Event::PassOfAnother),
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

async fn happen(test: &mut TestApp, event: Event) {
    let now = test.now;
    let groups: Vec<i64> =
        test.world().withings.groups().map(|group| group["grpid"].as_i64().unwrap()).collect();
    let pick = |which: usize| groups.get(which % groups.len().max(1)).copied().unwrap_or(0);
    match event {
        Event::Weigh { grams, late_hours, guest } => {
            let at = (now - TimeDelta::hours(late_hours)).max(monday()).timestamp();
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
            let at = (now - TimeDelta::hours(hours)).max(monday()).timestamp();
            test.world().withings.edit(pick(which), now, |group| group["date"] = json!(at));
        }
        Event::ItWasMe { which } => {
            test.world().withings.edit(pick(which), now, |group| group["attrib"] = json!(0));
        }
        Event::Wait { minutes } => test.advance(TimeDelta::minutes(minutes)),
        Event::Pass { trigger } => {
            test.pass(if trigger { Trigger::Hand } else { Trigger::Timer }).await;
        }
        Event::PassOfAnother => {
            let other = test.another().unwrap();
            other.sync(Trigger::Timer, now, &CancellationToken::new()).await.unwrap();
        }
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

/// What each link's goal must have: request id to value and moment or day, by the rules as one would tell
/// them, from what Withings has alone.
fn expected(test: &TestApp) -> (BTreeMap<String, (f64, i64)>, BTreeMap<String, f64>) {
    let (mut each, mut days) = (BTreeMap::new(), BTreeMap::new());
    let mut world = test.world();
    for group in world.withings.groups().filter(|group| group["attrib"] == json!(0)) {
        let number = |value: &Value| value.as_i64().unwrap();
        let at = number(&group["date"]);
        // Two decimals of a kilogram, half up.
        let grams = number(&group["measures"][0]["value"]);
        let kilograms = f64::from(i32::try_from((grams + 5) / 10).unwrap()) / 100.0;
        each.insert(format!("withings-{}-weight", number(&group["grpid"])), (kilograms, at));
        let day = chrono::DateTime::from_timestamp(at, 0).unwrap().with_timezone(&chrono_tz::Europe::Paris);
        let lowest = days.entry(format!("withings-weight-{}", day.format("%Y%m%d"))).or_insert(kilograms);
        *lowest = lowest.min(kilograms);
    }
    (each, days)
}

async fn play(events: Vec<Event>) {
    let mut test = TestApp::connected().await;
    test.expect_warning("");
    test.link("weight", track(MeasureKind::WEIGHT)).await;
    test.link("fat", take(MeasureKind::WEIGHT, Take::Min)).await;
    for event in events {
        happen(&mut test, event).await;
    }
    test.world().faults.clear();
    test.advance(TimeDelta::hours(1));
    let mut report = test.sync().await;
    if codes(&report).contains(&Code::SignInWithings) {
        // A renewal whose answer was lost must be repeated within eight hours; then only the user can help.
        test.connect_withings().await.unwrap();
        report = test.sync().await;
    }
    assert_eq!((report.pending, report.parked), (0, 0), "{:?}", report.attention);
    let (each, days) = expected(&test);
    let found: BTreeMap<_, _> = test
        .at_beeminder("weight")
        .into_iter()
        .map(|d| (d.requestid.unwrap(), (d.value, d.timestamp)))
        .collect();
    assert_eq!(found, each);
    assert_eq!(test.values("weight").len(), each.len());
    let mut found: BTreeMap<_, _> =
        test.at_beeminder("fat").into_iter().map(|d| (d.requestid.unwrap(), d.value)).collect();
    assert_eq!(test.values("fat").len(), found.len());
    // A day that an edit emptied keeps its datapoint until the user takes it away.
    found.retain(|id, _| days.contains_key(id));
    assert_eq!(found, days);
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
