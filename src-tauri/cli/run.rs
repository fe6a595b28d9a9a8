//! `bws run`: polls in the foreground until told to stop.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Context;
use chrono::{DateTime, Utc};
use serde_json::json;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::exit::Exit;
use super::output::Output;
use super::sync::text;
use crate::app::App;
use crate::attention::Attention;
use crate::clock;
use crate::data_dir::Lock;
use crate::doorbell::{Door, Doorbell};
use crate::store;
use crate::sync::{Trigger, poller, schedule};

/// How long a pass may take to end once told to. Breaking off later loses nothing: what was being sent
/// is sent again.
const LAST_WORDS: Duration = Duration::from_millis(2500);

pub(super) async fn run(app: &App, output: Output) -> anyhow::Result<Exit> {
    let _poller = app.data_dir.lock(Lock::Poller, Duration::from_secs(1)).await?;
    let (ringer, mut rings) = mpsc::channel(8);
    let doorbell = Doorbell::answer(&app.data_dir, Door::Poller, ringer)?;
    let polling = Polling {
        app,
        output,
        stop: CancellationToken::new(),
        waiting: Mutex::default(),
        said: Mutex::default(),
    };
    let nudge = Notify::new();

    let poll = poller::poll(clock::now, &nudge, &polling.stop, |_| polling.pass());
    let listen = async {
        while let Some(ring) = rings.recv().await {
            lock(&polling.waiting).push(ring.reply);
            nudge.notify_one();
        }
        std::future::pending::<()>().await;
    };
    let stopped = async {
        let signal = told_to_stop().await;
        polling.stop.cancel();
        if signal.is_ok() {
            tokio::time::sleep(LAST_WORDS).await;
        }
        signal
    };
    output.progress("Polling. Ctrl-C or SIGTERM ends it.");
    tokio::select! {
        outcome = poll => outcome?,
        () = listen => {}
        signal = stopped => signal?,
    }
    doorbell.finish().await;
    output.progress("Stopped.");
    Ok(Exit::Fine)
}

struct Polling<'a> {
    app: &'a App,
    output: Output,
    stop: CancellationToken,
    /// Those who rang and wait for a report.
    waiting: Mutex<Vec<oneshot::Sender<String>>>,
    /// What was said last, which is not said again while it stays so.
    said: Mutex<Vec<Attention>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Polling<'_> {
    /// Makes a pass unless paused, tells whoever rang, and says when the next is due.
    async fn pass(&self) -> anyhow::Result<DateTime<Utc>> {
        let now = clock::now();
        let asked: Vec<_> = std::mem::take(&mut *lock(&self.waiting));
        let trigger = if asked.is_empty() { Trigger::Timer } else { Trigger::Hand };
        let paused = self.app.store.read(store::setting::paused_until)?;
        if trigger == Trigger::Timer && paused.is_some_and(|until| schedule::is_paused(until, now)) {
            return self.app.store.read(|rows| schedule::next_pass(rows, now));
        }
        let report = self.app.sync(trigger, now, &self.stop).await?;
        let line = serde_json::to_string(&report).context("Failed to report")?;
        for reply in asked {
            // Whoever rang may be gone.
            let _ = reply.send(line.clone());
        }
        let said = std::mem::replace(&mut *lock(&self.said), report.attention.clone());
        if report.fetched + report.planned + report.delivered > 0 || report.attention != said {
            self.output.progress(&text(&report));
        }
        if self.output.json {
            self.output.line(&json!(report).to_string());
        }
        Ok(report.next)
    }
}

#[cfg(unix)]
async fn told_to_stop() -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).context("Failed to wait for SIGTERM")?;
    tokio::select! {
        _ = terminate.recv() => Ok(()),
        interrupted = tokio::signal::ctrl_c() => interrupted.context("Failed to wait for Ctrl-C"),
    }
}

#[cfg(not(unix))]
async fn told_to_stop() -> anyhow::Result<()> {
    tokio::signal::ctrl_c().await.context("Failed to wait for Ctrl-C")
}
