//! `bws status`, `pause` and `resume`.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::args::PauseUntil;
use super::exit::{self, Exit};
use super::output::{Output, advised, counted, local};
use super::sync::time_zone_or_utc;
use crate::app::{App, polling};
use crate::health::status::Status;
use crate::platform::data_dir::Lock;
use crate::view::overview::{Overview, overview};

pub(super) async fn show(app: &App, seen: bool, now: DateTime<Utc>, output: Output) -> anyhow::Result<Exit> {
    if seen {
        app.mark_seen()?;
    }
    let overview = app.store.read(|conn| overview(conn, now))?;
    let polled = app.data_dir.try_lock(Lock::Poller)?.is_none();
    let mut value = json!(overview);
    value["polled"] = json!(polled);
    output.show(&value, || text(&overview, polled))?;
    let exit = exit::of_status(&overview.status).or(exit::of_attention(&overview.attention));
    if polled && let Err(wedged) = polling::tell_poller(app).await {
        output.warn(&wedged.to_string());
        return Ok(if exit == Exit::Fine { Exit::TryAgain } else { exit });
    }
    Ok(exit)
}

fn text(overview: &Overview, polled: bool) -> String {
    let zone = overview.time_zone;
    let mut text = overview.message.clone();
    for item in &overview.attention {
        text += &format!("\n- {}", advised(item));
    }
    let last = overview.last_sync.map_or_else(|| "never".into(), |at| local(at, zone));
    text += &format!("\n\nWithings last read: {last}. ");
    text += &if polled {
        format!("Next pass: {}.", local(overview.next, zone))
    } else {
        "Nobody polls: start “bws run”, or call “bws sync” when you like.".into()
    };
    if let Some(until) = overview.paused_until.filter(|_| !matches!(overview.status, Status::Paused { .. })) {
        text += &format!(" Paused until {}.", local(until, zone));
    }
    text += &format!(
        "\nLinks: {}. Datapoints waiting: {}, refused: {}. Measurements held: {}.",
        overview.links, overview.pending, overview.parked, overview.held
    );
    for backfill in &overview.backfills {
        text += &format!(
            "\nBack-fill {} of link {}: {} posted, up to {} of {}.",
            backfill.id,
            backfill.link,
            counted(i128::from(backfill.released), "datapoint", "datapoints"),
            local(backfill.reached, zone),
            local(backfill.until, zone)
        );
    }
    text
}

pub(super) fn pause(
    app: &App,
    pause: PauseUntil,
    now: DateTime<Utc>,
    output: Output,
) -> anyhow::Result<Exit> {
    let until = match pause {
        PauseUntil::OneHour => now + TimeDelta::hours(1),
        PauseUntil::Tomorrow => app.tomorrow(now)?,
    };
    app.pause(Some(until), now)?;
    let zone = time_zone_or_utc(app);
    output.show(&json!({"paused_until": until}), || {
        format!("Paused until {}. “bws resume” ends it; “bws sync” still makes a pass.", local(until, zone))
    })?;
    Ok(Exit::Fine)
}

pub(super) fn resume(app: &App, now: DateTime<Utc>, output: Output) -> anyhow::Result<Exit> {
    app.pause(None, now)?;
    output.show(&json!({"paused_until": null}), || "Passes go on.".into())?;
    Ok(Exit::Fine)
}
