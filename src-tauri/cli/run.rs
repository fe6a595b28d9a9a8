//! `bws run`: polls in the foreground until told to stop.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::json;

use super::exit::Exit;
use super::output::Output;
use super::sync::text;
use crate::app::App;
use crate::app::polling::{Event, Polling};
use crate::domain::attention::Attention;
use crate::platform::data_dir::Lock;
use crate::platform::{stop_signal, wake};

pub(super) async fn run(app: &App, output: Output) -> anyhow::Result<Exit> {
    let poller = app.data_dir.lock(Lock::Poller, Duration::from_secs(1)).await?;
    let polling = Polling::default();
    // What was said last, which is not said again while it stays so.
    let said: Mutex<Vec<Attention>> = Mutex::default();
    let tell = |event: Event<'_>| {
        let Event::Passed(report) = event else { return };
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
        outcome = polling.lead(app, poller, &tell) => outcome?,
        () = wake::listen(|| polling.wake()) => {}
        error = stopped => return Err(error),
    }
    output.progress("Stopped.");
    Ok(Exit::Fine)
}
