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

use beeminder_withings_sync::accounts::callback::CallbackWay;
use beeminder_withings_sync::accounts::keychain::FileKeychain;
use beeminder_withings_sync::app::App;
use beeminder_withings_sync::clock;
use beeminder_withings_sync::data_dir::DataDir;
use beeminder_withings_sync::environment::Endpoints;
use beeminder_withings_sync::sandbox::clock::Clock;
use beeminder_withings_sync::sandbox::{Sandbox, World, beeminder, withings};
use beeminder_withings_sync::store::Store;
use beeminder_withings_sync::sync::Trigger;
use beeminder_withings_sync::withings::Application;
use serde_json::{Value, json};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// A group an hour for more than two years.
const GROUPS: i64 = 20_000;
const PAGE: usize = 200;

#[tokio::main]
async fn main() {
    let now = clock::now();
    let mut world = World::new(Clock::Real);
    world.withings.page_size = PAGE;
    for n in 0..GROUPS {
        let at = now - chrono::TimeDelta::hours(GROUPS - n);
        world.withings.add(
            json!({"measures": [
                {"value": 82_000 + n % 900, "type": 1, "unit": -3, "algo": 3, "fm": 131},
                {"value": 15_030, "type": 8, "unit": -3, "algo": 3, "fm": 131},
                {"value": 18_502, "type": 6, "unit": -3}, {"value": 66_204, "type": 5, "unit": -3}]}),
            at,
        );
    }
    let pages: Vec<String> = {
        let groups: Vec<Value> = world.withings.groups().cloned().collect();
        groups.chunks(PAGE).map(|page| json!({"measuregrps": page}).to_string()).collect()
    };
    let sandbox = Sandbox::start(0, world).await.unwrap();
    let (bare, serving) = (parse_and_insert(&pages), serve(&sandbox, pages.len()).await);

    let dir = tempfile::tempdir().unwrap();
    let app = connected(&sandbox, dir.path()).await;
    let stop = CancellationToken::new();
    let before = resident_kilobytes();
    let begun = Instant::now();
    let report = app.sync(Trigger::Hand, now, &stop).await.unwrap();
    let import = begun.elapsed();
    assert_eq!(report.fetched, u64::try_from(GROUPS).unwrap());
    let begun = Instant::now();
    const ROUNDS: u32 = 50;
    for _ in 0..ROUNDS {
        assert_eq!(app.sync(Trigger::Hand, now, &stop).await.unwrap().requests.withings, 1);
    }
    let idle = begun.elapsed() / ROUNDS;

    println!("parse and insert {GROUPS} groups, nothing else   {bare:>9.1?}");
    println!("the sandbox's own time for these pages          {serving:>9.1?}");
    println!("first import                                    {import:>9.1?}");
    let ratio = import.saturating_sub(serving).as_secs_f64() / bare.as_secs_f64();
    println!("  less the sandbox, beside the bare work        {ratio:>8.2}x  (target 1.5x)");
    println!(
        "  memory it grew by, with the sandbox's answers {:>6} KiB",
        peak_kilobytes().saturating_sub(before)
    );
    println!("a pass with nothing new                         {idle:>9.1?}");
}

/// The same rows into the same tables in as many transactions as there are pages.
fn parse_and_insert(pages: &[String]) -> Duration {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = Store::open(dir.path(), clock::now()).unwrap();
    let begun = Instant::now();
    for page in pages {
        let page: Value = serde_json::from_str(page).unwrap();
        store
            .write(|rows| {
                let mut group =
                    rows.prepare_cached("INSERT INTO measure_group VALUES (?1, ?2, ?3, ?4, ?5, ?6, NULL)")?;
                let mut value =
                    rows.prepare_cached("INSERT INTO measurement VALUES (?1, ?2, ?3, ?4, ?5, NULL)")?;
                for g in page["measuregrps"].as_array().unwrap() {
                    let number = |name: &str| g[name].as_i64().unwrap();
                    let id = number("grpid");
                    let (device, model) = (g["deviceid"].as_str(), g["model"].as_str());
                    group.execute((
                        id,
                        number("attrib"),
                        number("date"),
                        number("modified"),
                        device,
                        model,
                    ))?;
                    for (ordinal, m) in g["measures"].as_array().unwrap().iter().enumerate() {
                        let number = |name: &str| m[name].as_i64().unwrap();
                        value.execute((
                            id,
                            i64::try_from(ordinal)?,
                            number("type"),
                            number("value"),
                            number("unit"),
                        ))?;
                    }
                }
                Ok(())
            })
            .unwrap();
    }
    begun.elapsed()
}

/// What it costs to be served the pages.
async fn serve(sandbox: &Sandbox, pages: usize) -> Duration {
    let dir = tempfile::tempdir().unwrap();
    let app = connected(sandbox, dir.path()).await;
    let token: Value = serde_json::from_str(
        &std::fs::read_to_string(dir.path().join("sandbox-tokens-withings.json")).unwrap(),
    )
    .unwrap();
    drop(app);
    let client = reqwest::Client::builder().build().unwrap();
    let url = sandbox.url().join("measure").unwrap();
    let begun = Instant::now();
    let mut offset = String::new();
    for _ in 0..pages {
        let form =
            [("action", "getmeas"), ("category", "1"), ("lastupdate", "0"), ("offset", offset.as_str())];
        let form = if offset.is_empty() { &form[..3] } else { &form[..] };
        let request = client.post(url.clone()).bearer_auth(token["access_token"].as_str().unwrap());
        let text = request.form(form).send().await.unwrap().text().await.unwrap();
        offset = text
            .split("\"offset\":")
            .nth(1)
            .map_or(String::new(), |rest| rest.chars().take_while(char::is_ascii_digit).collect());
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

fn resident_kilobytes() -> u64 {
    status_kilobytes("VmRSS:")
}

fn peak_kilobytes() -> u64 {
    status_kilobytes("VmHWM:")
}

/// 0 where the system does not tell.
fn status_kilobytes(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
