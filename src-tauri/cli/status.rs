//! `bws status`, `pause` and `resume`.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::args::Pause;
use super::exit::{self, Exit};
use super::output::{Output, local};
use super::sync::time_zone_or_utc;
use crate::accounts::Service;
use crate::app::App;
use crate::attention::{Attention, attention};
use crate::data_dir::Lock;
use crate::status::{Status, status};
use crate::store;
use crate::sync::schedule;

pub(super) fn show(app: &App, seen: bool, now: DateTime<Utc>, output: Output) -> anyhow::Result<Exit> {
    if seen {
        app.mark_seen()?;
    }
    let zone = time_zone_or_utc(app);
    let (status, attention, facts) = app.store.read(|rows| {
        let status = status(rows, now)?;
        let attention = attention(rows, None, now)?;
        Ok((status, attention, facts(rows, now)?))
    })?;
    let polled = app.data_dir.try_lock(Lock::Poller)?.is_none();
    let mut value = facts.clone();
    value["polled"] = json!(polled);
    value["status"] = json!(status.name());
    value["message"] = json!(sentence(&status, &attention, zone));
    value["attention"] = json!(attention);
    output.show(&value, || {
        let mut text = sentence(&status, &attention, zone);
        for item in &attention {
            if !text.contains(&item.message) {
                text += &format!("\n- {}", item.message);
            }
        }
        let moment = |name: &str| {
            facts[name].as_str().and_then(|at| at.parse().ok()).map_or("never".into(), |at| local(at, zone))
        };
        text += &format!("\n\nWithings last read: {}. ", moment("last_sync"));
        text += &if polled {
            format!("Next pass: {}.", moment("next"))
        } else {
            "Nobody polls: start “bws run”, or call “bws sync” when you like.".into()
        };
        text += &format!(
            "\nLinks: {}. Datapoints waiting: {}, refused: {}. Measurements held: {}.",
            facts["links"], facts["pending"], facts["parked"], facts["held"]
        );
        text
    })?;
    Ok(exit::of_attention(&attention))
}

fn facts(rows: &store::Rows, now: DateTime<Utc>) -> anyhow::Result<Value> {
    let (pending, parked) = store::outbox::counts(rows)?;
    let (groups, last_measured) = store::measurement::summary(rows)?;
    let mut accounts = json!({});
    for service in Service::ALL {
        accounts[service.name()] = match store::account::load(rows, service)? {
            Some(account) => json!({"user": account.user_id, "connected": account.connected,
                "connected_at": account.connected_at, "time_zone": account.time_zone}),
            None => json!({"connected": false}),
        };
    }
    Ok(json!({"accounts": accounts, "links": store::link::load_all(rows)?.len(), "pending": pending,
        "parked": parked, "held": store::decision::held(rows)?, "measure_groups": groups,
        "last_measured": last_measured,
        "last_sync": store::checkpoint::load(rows)?.map(|checkpoint| checkpoint.read_at),
        "next": schedule::next_pass(rows, now)?}))
}

/// One sentence that says how we are.
fn sentence(status: &Status, attention: &[Attention], zone: chrono_tz::Tz) -> String {
    let first = attention.first().map_or("", |item| item.message.as_str());
    match status {
        Status::Fine => "All is well.".into(),
        Status::NothingMeasured { last } => {
            format!("All is well, but nothing was measured since {}.", local(*last, zone))
        }
        Status::Paused { until } => format!("Paused until {}.", local(*until, zone)),
        Status::Retrying => format!("Something failed and is tried again: {first}"),
        Status::NotSetUp => format!("Not set up yet: {first}"),
        Status::KeychainLocked => format!("Waiting for the keychain: {first}"),
        Status::NeedsYou => format!("Needs you: {first}"),
    }
}

pub(super) fn pause(app: &App, pause: Pause, now: DateTime<Utc>, output: Output) -> anyhow::Result<Exit> {
    let until = match pause {
        Pause::OneHour => now + TimeDelta::hours(1),
        Pause::Tomorrow => app.tomorrow(now)?,
    };
    app.pause(Some(until))?;
    let zone = time_zone_or_utc(app);
    output.show(&json!({"paused_until": until}), || {
        format!("Paused until {}. “bws resume” ends it; “bws sync” still makes a pass.", local(until, zone))
    })?;
    Ok(Exit::Fine)
}

pub(super) fn resume(app: &App, output: Output) -> anyhow::Result<Exit> {
    app.pause(None)?;
    output.show(&json!({"paused_until": null}), || "Passes go on.".into())?;
    Ok(Exit::Fine)
}
