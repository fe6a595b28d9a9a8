//! `bws run`: polls in the foreground until told to stop.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::json;

use super::exit::Exit;
use super::output::Output;
use super::sync::text;
use crate::app::polling::{PollEvent, Polling};
use crate::app::{App, explained};
use crate::domain::attention::Attention;
use crate::platform::data_dir::{Lock, LockGuard};
use crate::platform::{stop_signal, wake};
use crate::text::sentence;

/// How long polling rests after it failed, for instance because the disk is full.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(60);

/// Polls until told to stop. What it fails for may pass, so it is said, and polling begins again.
async fn keep_polling(
    polling: &Polling,
    app: &App,
    poller: &LockGuard,
    output: Output,
    tell: &impl Fn(PollEvent<'_>),
) {
    while let Err(error) = polling.lead(app, poller, tell).await {
        let message = explained(&error).message;
        tracing::error!("Syncing failed: {message}");
        output.progress(&sentence::whole(&message));
        if polling.stopped_within(PAUSE_AFTER_FAILURE).await {
            break;
        }
    }
}

pub(super) async fn run(app: &App, output: Output) -> anyhow::Result<Exit> {
    let poller = app.data_dir.lock(Lock::Poller, Duration::from_secs(1)).await?;
    let polling = Polling::default();
    // What was said last, which is not said again while it stays so.
    let said: Mutex<Vec<Attention>> = Mutex::default();
    let tell = |event: PollEvent<'_>| {
        let PollEvent::Passed(report) = event else { return };
        let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
        if report.fetched + report.planned + report.delivered > 0 || report.attention != *said {
            output.progress(&text(report));
        }
        said.clone_from(&report.attention);
        if output.json {
            output.json_line(&json!(report).to_string());
        }
    };
    output.progress("Polling. Ctrl-C or SIGTERM ends it.");
    let stopped = async {
        let signal = stop_signal::received().await;
        polling.stop();
        match signal {
            Ok(()) => std::future::pending().await,
            Err(error) => error,
        }
    };
    tokio::select! {
        () = keep_polling(&polling, app, &poller, output, &tell) => {}
        () = wake::listen(|| polling.wake()) => {}
        error = stopped => return Err(error),
    }
    output.progress("Stopped.");
    Ok(Exit::Fine)
}
