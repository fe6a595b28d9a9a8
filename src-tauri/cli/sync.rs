//! `bws sync`, and the outbox.

use chrono::{DateTime, Utc};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::exit::{self, Exit};
use super::output::{Output, advised, counted, local, table};
use crate::app::{App, polling};
use crate::domain::difference::Action;
use crate::platform::data_dir::Lock;
use crate::store::{self, outbox::OutboxEntry};
use crate::sync::{SyncReport, Trigger};

/// Makes a pass, or has whoever polls make it.
pub(super) async fn once(app: &App, now: DateTime<Utc>, output: Output) -> anyhow::Result<Exit> {
    let (report, hangs) = match polling::ask(app).await {
        Ok(Some(report)) => (report, false),
        Ok(None) => (here(app, now).await?, false),
        Err(wedged) => {
            // If it hangs in the middle of a pass, there is no getting past it.
            anyhow::ensure!(app.data_dir.try_lock(Lock::Pass)?.is_some(), wedged);
            output.warn(&format!("{wedged} This pass is made without it."));
            (here(app, now).await?, true)
        }
    };
    output.show(&report, || text(&report))?;
    let exit = exit::of_attention(&report.attention);
    Ok(if hangs && exit == Exit::Fine { Exit::TryAgain } else { exit })
}

/// Makes a pass in this process; Ctrl-C ends it.
async fn here(app: &App, now: DateTime<Utc>) -> anyhow::Result<SyncReport> {
    let stop = CancellationToken::new();
    let cancel = stop.clone();
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            cancel.cancel();
        }
    });
    passes(app, now, &stop).await
}

/// Makes passes until one has sent all it could: each sends a part of a long queue.
async fn passes(app: &App, now: DateTime<Utc>, stop: &CancellationToken) -> anyhow::Result<SyncReport> {
    let mut report = app.sync(Trigger::Hand, now, stop).await?;
    let mut last = report.delivered;
    while report.unsent > 0 && last > 0 && !stop.is_cancelled() {
        let next = app.sync(Trigger::Hand, now, stop).await?;
        last = next.delivered;
        report = report.and_then(next);
    }
    Ok(report)
}

pub(super) fn time_zone_or_utc(app: &App) -> chrono_tz::Tz {
    app.store.read(store::account::time_zone).unwrap_or(chrono_tz::Tz::UTC)
}

/// The report for people.
pub(super) fn text(report: &SyncReport) -> String {
    let mut text = format!(
        "Fetched {}, planned {}, delivered {}.",
        counted(report.fetched, "measure group", "measure groups"),
        counted(report.planned, "datapoint", "datapoints"),
        report.delivered
    );
    for (count, what) in
        [(report.pending, "still waiting"), (report.parked, "refused"), (report.held, "held")]
    {
        if count > 0 {
            text += &format!(" {count} {what}.");
        }
    }
    for item in &report.attention {
        text += &format!("\n- {}", advised(item));
    }
    text
}

pub(super) fn outbox(app: &App, output: Output) -> anyhow::Result<Exit> {
    let (entries, values) = app.store.read(|conn| {
        let entries = store::outbox::load_all(conn)?;
        let values = store::outbox::shown_values(conn, &entries)?;
        Ok((entries, values))
    })?;
    let zone = time_zone_or_utc(app);
    let rows: Vec<_> = entries
        .iter()
        .zip(&values)
        .map(|(entry, value)| {
            json!({"id": entry.id, "goal": entry.slug, "link": entry.link, "value": value,
                "request_id": entry.request_id, "attempts": entry.attempts, "parked": entry.parked,
                "action": entry.action.name(), "queued_at": entry.queued_at})
        })
        .collect();
    output.show(&rows, || {
        if entries.is_empty() {
            return "Nothing is waiting to be sent.".into();
        }
        let rows = entries.iter().zip(&values).map(|(entry, value)| {
            [
                entry.id.to_string(),
                entry.slug.to_string(),
                value.clone(),
                local(entry.queued_at, zone),
                entry.attempts.to_string(),
                state(entry),
            ]
        });
        table(&["Number", "Goal", "Value", "Since", "Attempts", "State"], rows)
    })?;
    Ok(Exit::Fine)
}

/// How an entry of the outbox stands, in words.
fn state(entry: &OutboxEntry) -> String {
    match (&entry.parked, &entry.action) {
        (Some(why), _) => format!("refused: {why}"),
        (None, Action::Remove(_)) => "waiting to be removed".into(),
        (None, Action::LookUp) => "waiting to be looked up: it may have arrived".into(),
        (None, Action::Create | Action::Update(_)) => "waiting".into(),
    }
}

pub(super) fn retry(app: &App, id: i64, now: DateTime<Utc>, output: Output) -> anyhow::Result<Exit> {
    app.retry(id, now)?;
    output.show(&json!({"retry": id}), || format!("Datapoint {id} is sent again with the next pass."))?;
    Ok(Exit::Fine)
}

pub(super) fn discard(app: &App, id: i64, now: DateTime<Utc>, output: Output) -> anyhow::Result<Exit> {
    app.discard(id, now)?;
    output.show(&json!({"discarded": id}), || format!("Datapoint {id} will not be sent."))?;
    Ok(Exit::Fine)
}
