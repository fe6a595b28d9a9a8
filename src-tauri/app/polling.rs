//! Polling, as every front end that stays does it: passes when they are due, when the user asks, when the
//! computer wakes up or is connected again, and when another front end rings.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Context;
use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;

use super::{App, first};
use crate::domain::attention::urgency;
use crate::domain::problem_code::Urgency;
use crate::platform::clock;
use crate::platform::data_dir::{Lock, LockGuard};
use crate::platform::ipc;
use crate::platform::ipc::{Endpoint, Listener, NotAnswering, Pulse, Request};
use crate::store;
use crate::sync::{SyncReport, Trigger, poller, schedule};

/// How long a pass may take to end once told to. What was being sent then is sent again, byte for byte.
const SHUTDOWN_GRACE: Duration = Duration::from_millis(3000);

/// How often a front end that does not poll looks whether it should.
const WATCH: Duration = Duration::from_secs(30);

/// Connections come and go in bursts; each burst is worth one pass.
const BURST: TimeDelta = TimeDelta::minutes(1);
/// After a pass that failed, sooner.
const BURST_AFTER_FAILURE: TimeDelta = TimeDelta::seconds(3);

/// What rings at the poller's door: make a pass, or look again at what is stored.
pub const SYNC: &str = "sync";
/// See [`SYNC`].
pub const LOOK: &str = "look";

/// What happens while polling.
#[derive(Debug)]
pub enum PollEvent<'a> {
    /// A pass begins.
    Started,
    /// A pass was made, here or by whoever polls.
    Passed(&'a SyncReport),
    /// Something else may have changed what there is to show.
    Changed,
}

/// The polling of one front end.
#[derive(Debug, Default)]
pub struct Polling {
    nudge: Notify,
    stop: CancellationToken,
    asked: Mutex<Asked>,
}

/// What the next pass should know.
#[derive(Debug, Default)]
struct Asked {
    /// Whether the user asked: back-off is ignored then.
    by_hand: bool,
    /// The computer woke up, or is connected again.
    woken: bool,
    /// Clients that wait for a report.
    waiting: Vec<mpsc::UnboundedSender<String>>,
    last: Option<Last>,
    /// Ends the pass under way.
    under_way: Option<CancellationToken>,
}

/// The last pass.
#[derive(Debug, Clone, Copy)]
struct Last {
    made: DateTime<Utc>,
    /// When the next one is due.
    due: DateTime<Utc>,
    well: bool,
}

impl Polling {
    /// Asks for a pass on the user's behalf.
    pub fn sync_now(&self) {
        self.asked().by_hand = true;
        self.nudge.notify_one();
    }

    /// Says that the computer woke up, or is connected again.
    pub fn wake(&self) {
        self.asked().woken = true;
        self.nudge.notify_one();
    }

    /// Ends the pass under way after its request. What it has read stays, and the next pass goes on.
    pub fn cancel_pass(&self) {
        if let Some(pass) = &self.asked().under_way {
            pass.cancel();
        }
    }

    /// Says that something the schedule depends on has changed, for instance a pause.
    pub fn nudge(&self) {
        self.nudge.notify_one();
    }

    /// Ends polling after the request under way.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    /// Whether it was told to stop.
    pub fn is_stopped(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// When the next pass is due, if passes are made here.
    pub fn due(&self) -> Option<DateTime<Utc>> {
        self.asked().last.map(|last| last.due)
    }

    /// Reckons anew when the next pass is due, after what it goes by was changed.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn reckon_again(&self, app: &App) -> anyhow::Result<()> {
        if let Some(last) = &mut self.asked().last {
            let made = last.made;
            last.due = app.store.read(|conn| first::due(conn, schedule::next_pass(conn, made)?, made))?;
        }
        self.nudge();
        Ok(())
    }

    /// Waits until it is told to stop.
    pub async fn stopped(&self) {
        self.stop.cancelled().await;
    }

    /// Whether it is told to stop within `time`. A nudge ends the wait as well.
    pub async fn stopped_within(&self, time: Duration) -> bool {
        tokio::select! {
            () = self.stop.cancelled() => true,
            () = self.nudge.notified() => false,
            () = tokio::time::sleep(time) => false,
        }
    }

    /// Polls until told to stop, or leaves it to another front end as long as that one does.
    ///
    /// # Errors
    /// When the store cannot be used. Polling can be started again.
    pub async fn run(&self, app: &App, tell: &impl Fn(PollEvent<'_>)) -> anyhow::Result<()> {
        while !self.stop.is_cancelled() {
            match app.data_dir.try_lock(Lock::Poller)? {
                Some(held) => self.lead(app, &held, tell).await?,
                None => self.follow(app, tell).await?,
            }
        }
        Ok(())
    }

    /// Polls until told to stop.
    ///
    /// # Errors
    /// When the store cannot be used.
    pub async fn lead(
        &self,
        app: &App,
        _poller: &LockGuard,
        tell: &impl Fn(PollEvent<'_>),
    ) -> anyhow::Result<()> {
        let (sender, mut requests) = mpsc::channel(8);
        let pulse = Pulse::default();
        let listener = Listener::listen(&app.data_dir, Endpoint::Poller, sender, Some(pulse.clone()))?;
        let poll = poller::poll(clock::now, &self.nudge, &self.stop, |_| self.pass(app, tell));
        // In the same task as the passes: one that hangs ends the pulse as well.
        let listen = async {
            loop {
                tokio::select! {
                    request = requests.recv() => match request {
                        Some(request) => self.answer(request, tell),
                        None => return std::future::pending::<()>().await,
                    },
                    () = pulse.beat() => {}
                }
            }
        };
        let stopped = async {
            self.stop.cancelled().await;
            tokio::time::sleep(SHUTDOWN_GRACE).await;
        };
        let outcome = tokio::select! {
            outcome = poll => outcome,
            () = listen => Ok(()),
            () = stopped => Ok(()),
        };
        listener.finish().await;
        outcome
    }

    /// Leaves polling to whoever does it, and asks them for a pass when the user wants one.
    async fn follow(&self, app: &App, tell: &impl Fn(PollEvent<'_>)) -> anyhow::Result<()> {
        tell(PollEvent::Changed);
        tokio::select! {
            () = self.stop.cancelled() => return Ok(()),
            () = tokio::time::sleep(WATCH) => return Ok(()),
            () = self.nudge.notified() => {}
        }
        if !std::mem::take(&mut self.asked().by_hand) {
            return Ok(());
        }
        tell(PollEvent::Started);
        let answer = tokio::select! {
            () = self.stop.cancelled() => return Ok(()),
            answer = ask(app) => answer?,
        };
        match answer {
            Some(report) => tell(PollEvent::Passed(&report)),
            // They have just left; the next round polls here.
            None => self.sync_now(),
        }
        Ok(())
    }

    fn answer(&self, request: Request, tell: &impl Fn(PollEvent<'_>)) {
        if request.line == LOOK {
            // The client may have disconnected.
            let _ = request.reply.send(String::from("ok"));
            tell(PollEvent::Changed);
            self.nudge();
        } else {
            self.asked().waiting.push(request.reply);
            self.sync_now();
        }
    }

    /// Makes a pass unless there is a reason not to, and says when the next is due.
    async fn pass(&self, app: &App, tell: &impl Fn(PollEvent<'_>)) -> anyhow::Result<DateTime<Utc>> {
        let now = clock::now();
        let (trigger, waiting, last) = {
            let mut asked = self.asked();
            let (by_hand, woken) = (std::mem::take(&mut asked.by_hand), std::mem::take(&mut asked.woken));
            let trigger = match (by_hand, woken) {
                (true, _) => Trigger::Hand,
                (false, true) => Trigger::Wake,
                (false, false) => Trigger::Timer,
            };
            (trigger, std::mem::take(&mut asked.waiting), asked.last)
        };
        let pause = app.store.read(store::setting::pause)?;
        if trigger != Trigger::Hand && pause.is_some_and(|pause| store::setting::is_paused(pause, now)) {
            self.asked().last = None;
            return app.store.read(|conn| schedule::next_pass(conn, now));
        }
        if let Some(later) = last.and_then(|last| not_yet(trigger, last, now)) {
            self.asked().woken = trigger == Trigger::Wake;
            return Ok(later);
        }
        tell(PollEvent::Started);
        let stop = self.stop.child_token();
        self.asked().under_way = Some(stop.clone());
        let report = app.sync(trigger, now, &stop).await;
        self.asked().under_way = None;
        let report = report?;
        let well = urgency(&report.attention) == Urgency::Notice;
        let regular = report.next - now >= app.store.read(schedule::interval)?;
        let due = if regular { report.next + jitter() } else { report.next };
        let due = app.store.read(|conn| first::due(conn, due, now))?;
        self.asked().last = Some(Last { made: now, due, well });
        let line = serde_json::to_string(&report).context("Failed to report")?;
        for reply in waiting {
            // The client may have disconnected.
            let _ = reply.send(line.clone());
        }
        tell(PollEvent::Passed(&report));
        Ok(due)
    }

    fn asked(&self) -> MutexGuard<'_, Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Up to a minute, so that not everybody asks Withings on the quarter of the hour.
fn jitter() -> TimeDelta {
    // Without randomness there is no jitter, which hurts nobody here.
    let random = getrandom::u32().unwrap_or_default();
    TimeDelta::seconds(i64::from(random % 60))
}

/// When the pass is to be made instead, if not now.
fn not_yet(trigger: Trigger, last: Last, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let since = now - last.made;
    // A clock that was set back must not put it off.
    if since < TimeDelta::zero() {
        return None;
    }
    let burst = if last.well { BURST } else { BURST_AFTER_FAILURE };
    match trigger {
        Trigger::Hand => None,
        Trigger::Wake => (since < burst).then(|| last.due.min(last.made + burst)),
        Trigger::Timer => (now < last.due).then_some(last.due),
    }
}

/// Has whoever polls make a pass. `None` when nobody does, or they cannot be asked: the pass lock keeps
/// the two apart.
///
/// # Errors
/// When whoever polls hangs.
pub async fn ask(app: &App) -> Result<Option<SyncReport>, NotAnswering> {
    let answer = request(app, SYNC).await?;
    Ok(answer.and_then(|answer| serde_json::from_str(&answer).ok()))
}

/// Tells whoever polls that what is stored was changed.
///
/// # Errors
/// When whoever polls hangs. What is stored stays.
pub async fn tell_poller(app: &App) -> Result<(), NotAnswering> {
    request(app, LOOK).await.map(drop)
}

/// Rings at the poller's door. Whoever hangs up in the middle is not there any more.
async fn request(app: &App, line: &str) -> Result<Option<String>, NotAnswering> {
    ipc::ask(&app.data_dir, Endpoint::Poller, line).await.or_else(|error| {
        tracing::info!("The poller did not answer: {error:#}");
        error.downcast::<NotAnswering>().map_or(Ok(None), Err)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_of_connections_is_worth_one_pass() {
        let at = |minutes: i64| DateTime::<Utc>::UNIX_EPOCH + TimeDelta::minutes(minutes);
        let (well, failed) = (
            Last { made: at(100), due: at(115), well: true },
            Last { made: at(100), due: at(102), well: false },
        );
        let soon = at(100) + TimeDelta::seconds(1);
        for (trigger, last, now, expected) in [
            (Trigger::Hand, well, soon, None),
            (Trigger::Wake, well, soon, Some(at(101))),
            (Trigger::Wake, well, at(101), None),
            (Trigger::Wake, well, at(99), None),
            (Trigger::Wake, failed, soon, Some(at(100) + BURST_AFTER_FAILURE)),
            (Trigger::Wake, failed, at(100) + BURST_AFTER_FAILURE, None),
            (Trigger::Timer, well, at(114), Some(at(115))),
            (Trigger::Timer, well, at(115), None),
            (Trigger::Timer, well, at(99), None),
        ] {
            assert_eq!(not_yet(trigger, last, now), expected, "{trigger:?} {now}");
        }
    }
}
