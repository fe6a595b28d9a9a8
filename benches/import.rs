//! Measures the first import of a long history, and a pass with nothing new, as ratios in one run.
//!
//! The yardstick for the import is what cannot be saved: parsing the same answers and inserting the same
//! rows with nothing around it. Run it with `./dev bench`.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark that fails should say where, and prints"
)]

use std::time::Duration;

use beeminder_withings_sync::accounts::keychain::FileKeychain;
use beeminder_withings_sync::app::{App, Since};
use beeminder_withings_sync::domain::callback_way::CallbackWay;
use beeminder_withings_sync::domain::day::DayRule;
use beeminder_withings_sync::domain::goal::{GoalId, GoalSlug};
use beeminder_withings_sync::domain::link::Feed;
use beeminder_withings_sync::domain::link::{Link, LinkId, Options};
use beeminder_withings_sync::domain::measure::kind::MeasureKind;
use beeminder_withings_sync::domain::measure::measurement::GroupId;
use beeminder_withings_sync::domain::measure::take::Take;
use beeminder_withings_sync::domain::plan::{Context, plan};
use beeminder_withings_sync::domain::service::Service;
use beeminder_withings_sync::platform::clock;
use beeminder_withings_sync::platform::data_dir::DataDir;
use beeminder_withings_sync::platform::environment::Endpoints;
use beeminder_withings_sync::sandbox::clock::Clock;
use beeminder_withings_sync::sandbox::faults::Fault;
use beeminder_withings_sync::sandbox::{Sandbox, World, beeminder, withings};
use beeminder_withings_sync::services::withings::Application;
use beeminder_withings_sync::store::{self, Store};
use beeminder_withings_sync::sync::Trigger;
use beeminder_withings_sync::view::pages::ChartLook;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// A group an hour for more than two years.
const GROUPS: i64 = 20_000;
const PAGE: usize = 200;

/// How often the pass with nothing new is made.
const ROUNDS: u32 = 200;

#[tokio::main]
async fn main() {
    let now = clock::now();
    let pages = pages(now.timestamp());
    let sandbox = Sandbox::start(0, World::new(Clock::Real)).await.unwrap();
    let (dir, stop) = (tempfile::tempdir().unwrap(), CancellationToken::new());
    let app = connected(&sandbox, dir.path()).await;
    let (bare, served) = (parse_and_insert(&pages), serve(&sandbox, &pages).await);

    queue(&sandbox, &pages);
    // Linux forgets the highest so far; elsewhere the figure is 0.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
    let before = kilobytes("VmRSS:");
    let begun = Instant::now();
    let report = app.sync(Trigger::Hand, now, &stop).await.unwrap();
    let import = begun.elapsed();
    assert_eq!(report.fetched, u64::try_from(GROUPS).unwrap());
    let grown = kilobytes("VmHWM:").saturating_sub(before);

    let begun = Instant::now();
    for _ in 0..ROUNDS {
        assert_eq!(app.sync(Trigger::Hand, now, &stop).await.unwrap().requests.withings, 1);
    }
    let nothing_new = begun.elapsed() / ROUNDS;

    let begun = Instant::now();
    let planned = plan_all(&app);
    let planning = begun.elapsed();
    assert!(planned > 800, "a day's lowest for more than two years");
    let ratio = import.saturating_sub(served).as_secs_f64() / bare.as_secs_f64();
    println!("{GROUPS} groups in {} pages", pages.len());
    println!("parse and insert, nothing else         {bare:>9.1?}");
    println!("be served the pages, nothing else      {served:>9.1?}");
    println!("first import                           {import:>9.1?}");
    println!("  less serving, beside the bare work   {ratio:>8.2}x  (target 1.3x)");
    println!("  memory it grew by at its peak        {:>5.1} MiB (target 24 MiB)", f64::from(grown) / 1024.0);
    println!("a pass with nothing new, wall clock    {nothing_new:>9.1?}");
    println!("plan a link over all {GROUPS} groups      {planning:>9.1?}  (target 50 ms)");
    time_history(&app, now);
    time_answers(&app, now, &stop).await;
}

/// How many readings of a scale that is not sure wait for an answer.
const UNSURE: i64 = 2_000;

/// Times an answer to one of many such readings, and a pass over all of them.
async fn time_answers(app: &App, now: DateTime<Utc>, stop: &CancellationToken) {
    let kind = MeasureKind::WEIGHT;
    let feed = Feed::Track { kind, unit: kind.unit(), take: Take::Every };
    let goal = GoalSlug("weight".into());
    let link = app.add_link(&goal, feed, Options::default(), Since::Now, now).await.unwrap().link.id;
    let mut group =
        app.store.read(|conn| store::measurement::load(conn, GroupId(5_900_000_001))).unwrap().unwrap();
    let ids = || (1..=UNSURE).map(|n| GroupId(5_800_000_000 + n));
    let measure = |conn: &store::Connection| -> anyhow::Result<()> {
        store::link::save_since(conn, link, now - TimeDelta::seconds(UNSURE + 1))?;
        group.attrib = 1;
        for (n, id) in (1..).zip(ids()) {
            group.id = id;
            group.measured_at = now - TimeDelta::seconds(n);
            group.measurements[0].mantissa = if n == 1 { 82_000 } else { 60_000 + n };
            store::measurement::save(conn, &group)?;
        }
        Ok(())
    };
    app.store.write(measure).unwrap();
    let later = now + TimeDelta::hours(1);
    let unsure = u64::try_from(UNSURE).unwrap();
    assert_eq!(app.sync(Trigger::Hand, later, stop).await.unwrap().held, unsure);
    let begun = Instant::now();
    app.answer(GroupId(5_800_000_001), true, true, later).unwrap();
    println!("answer one of {UNSURE} unsure readings      {:>9.1?}  (target 20 ms)", begun.elapsed());
    let begun = Instant::now();
    let report = app.sync(Trigger::Hand, later, stop).await.unwrap();
    println!("the pass after it, wall clock          {:>9.1?}  (target 20 ms)", begun.elapsed());
    assert_eq!((report.held, report.delivered), (unsure - 1, 1));
    let mark = |conn: &store::Connection| ids().try_for_each(|id| store::measurement::mark_changed(conn, id));
    app.store.write(mark).unwrap();
    let begun = Instant::now();
    let report = app.sync(Trigger::Hand, later, stop).await.unwrap();
    println!("a pass that plans them all anew        {:>9.1?}", begun.elapsed());
    assert_eq!((report.held, report.delivered), (unsure - 1, 0));
}

/// How many lines the history page must cope with.
const LINES: i64 = 100_000;

/// Times what the history page asks for, with many times what a person measures in ten years.
fn time_history(app: &App, now: DateTime<Utc>) {
    let mut group =
        app.store.read(|conn| store::measurement::load(conn, GroupId(5_900_000_001))).unwrap().unwrap();
    let more = |conn: &store::Connection| -> anyhow::Result<()> {
        for n in GROUPS + 1..=LINES {
            group.id = GroupId(5_900_000_000 + n);
            group.measured_at = now - TimeDelta::hours(n);
            store::measurement::save(conn, &group)?;
        }
        Ok(())
    };
    app.store.write(more).unwrap();
    let time = |what: &str, request: Value, expected: u64| {
        let request = serde_json::from_value(request).unwrap();
        let begun = Instant::now();
        let page = app.history(request).unwrap();
        println!("history of {LINES} lines, {what:<14}{:>9.1?}", begun.elapsed());
        assert_eq!(page.count, expected, "{what}");
    };
    let all = u64::try_from(LINES).unwrap();
    time("opened", json!({}), all);
    time("by kind", json!({"kind": "weight"}), all);
    time("searched", json!({"search": "no such thing"}), 0);
    time("by value", json!({"search": "4711.5"}), 0);
    time("by outcome", json!({"outcome": "sent"}), 0);
    let begun = Instant::now();
    let chart = app.chart("weight", 40_000, ChartLook { dark: false, width: 900 }, now).unwrap();
    println!("chart of {LINES} measurements            {:>9.1?}", begun.elapsed());
    assert_eq!(u64::try_from(chart.count).unwrap(), all);
}

/// Plans the day's lowest weight over everything that was imported.
fn plan_all(app: &App) -> usize {
    let kind = MeasureKind::WEIGHT;
    let link = Link {
        id: LinkId(0),
        goal: GoalId(String::new()),
        slug: GoalSlug(String::new()),
        feed: Feed::Track { kind, unit: kind.unit(), take: Take::Min },
        options: Options::default(),
        since: chrono::DateTime::UNIX_EPOCH,
        first_day: None,
        past: Vec::new(),
    };
    let load = |conn: &store::Connection| store::measurement::load_with_kinds(conn, &[kind], link.since);
    let groups = app.store.read(load).unwrap();
    let rule = DayRule::new(chrono_tz::Europe::Paris, 0);
    plan(&link, &Context::new(rule), &groups).datapoints.len()
}

/// The answers of a history, as Withings would send them.
fn pages(now: i64) -> Vec<String> {
    let groups: Vec<Value> = (1..=GROUPS).map(|n| group(n, now - (GROUPS - n) * 3600)).collect();
    let count = groups.len().div_ceil(PAGE);
    let page = |(n, groups): (usize, &[Value])| {
        let mut body = json!({"updatetime": now, "timezone": "Europe/Paris", "measuregrps": groups});
        if n + 1 < count {
            body["more"] = json!(1);
            body["offset"] = json!(n + 1);
        }
        json!({"status": 0, "body": body}).to_string()
    };
    groups.chunks(PAGE).enumerate().map(page).collect()
}

fn group(n: i64, at: i64) -> Value {
    json!({"grpid": 5_900_000_000 + n, "attrib": 0, "date": at, "created": at, "modified": at, "category": 1,
        "deviceid": "f998be4b9ccc9e13", "hash_deviceid": "f998be4b9ccc9e13", "modelid": 6, "model": "Body Cardio",
        "comment": null, "measures": [
            {"value": 82_000 + n % 900, "type": 1, "unit": -3, "algo": 3, "fm": 131},
            {"value": 15_030, "type": 8, "unit": -3, "algo": 3, "fm": 131},
            {"value": 18_502, "type": 6, "unit": -3}, {"value": 66_204, "type": 5, "unit": -3}]})
}

/// Has the sandbox answer with these pages, one after the other.
fn queue(sandbox: &Sandbox, pages: &[String]) {
    let faults = &mut sandbox.world().faults;
    pages.iter().for_each(|page| faults.next(Service::Withings, "measure", Fault::http(200, page)));
}

#[derive(Deserialize)]
struct Answer {
    body: Body,
}

#[derive(Deserialize)]
struct Body {
    measuregrps: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    grpid: i64,
    attrib: i64,
    date: i64,
    modified: i64,
    deviceid: String,
    model: String,
    measures: Vec<Measure>,
}

#[derive(Deserialize)]
struct Measure {
    value: i64,
    #[serde(rename = "type")]
    kind: i64,
    unit: i64,
}

/// The same rows into the same tables in as many transactions as there are pages.
fn parse_and_insert(pages: &[String]) -> Duration {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = Store::open(dir.path(), clock::now()).unwrap();
    let begun = Instant::now();
    for page in pages {
        let answer: Answer = serde_json::from_str(page).unwrap();
        store
            .write(|conn| {
                let mut group = conn.prepare_cached(
                    "INSERT INTO measure_group (id, attrib, measured_at, modified_at, device, model, source)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'measure')",
                )?;
                let mut value =
                    conn.prepare_cached("INSERT INTO measurement VALUES (?1, ?2, ?3, ?4, ?5, NULL)")?;
                for g in &answer.body.measuregrps {
                    group.execute((g.grpid, g.attrib, g.date, g.modified, &g.deviceid, &g.model))?;
                    for (ordinal, m) in (0_i64..).zip(&g.measures) {
                        value.execute((g.grpid, ordinal, m.kind, m.value, m.unit))?;
                    }
                }
                Ok(())
            })
            .unwrap();
    }
    begun.elapsed()
}

/// What it costs to be served the pages.
async fn serve(sandbox: &Sandbox, pages: &[String]) -> Duration {
    queue(sandbox, pages);
    let client = reqwest::Client::builder().build().unwrap();
    let url = sandbox.url().join("measure").unwrap();
    let begun = Instant::now();
    for page in pages {
        assert_eq!(client.post(url.clone()).send().await.unwrap().bytes().await.unwrap().len(), page.len());
    }
    begun.elapsed()
}

async fn connected(sandbox: &Sandbox, dir: &std::path::Path) -> App {
    let url = sandbox.url();
    let endpoints = Endpoints { withings_api: url.clone(), withings_account: url.clone(), beeminder: url };
    let dir = DataDir::open(dir).unwrap();
    let keychain = std::sync::Arc::new(FileKeychain::new(dir.path()));
    let (app, now) = (App::with_keychain(endpoints, dir, keychain, clock::now()).unwrap(), clock::now());
    let application =
        Application { client_id: withings::CLIENT_ID.into(), secret: withings::CLIENT_SECRET.into() };
    let attempt = app.begin_withings(application, CallbackWay::Loopback, now).await.unwrap();
    let browser = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let mut form: Vec<(String, String)> = attempt.authorize_url.query_pairs().into_owned().collect();
    form.push(("decision".into(), "agree".into()));
    let mut page = attempt.authorize_url.clone();
    page.set_query(None);
    let answer = browser.post(page).form(&form).send().await.unwrap();
    app.finish(&attempt, answer.headers()["location"].to_str().unwrap(), now).await.unwrap();
    app.connect_beeminder_token(beeminder::PERSONAL_TOKEN.into(), now).await.unwrap();
    app
}

/// 0 where the system does not tell.
fn kilobytes(name: &str) -> u32 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
