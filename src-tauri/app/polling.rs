//! Polling, as every front end that stays does it: passes when they are due, when the user asks, when the
//! computer wakes up or is connected again, and when another front end rings.

mod due;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Context;
use chrono::{DateTime, Utc};
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;

use due::{Last, concerned, jitter, not_yet};

use super::{App, first};
use crate::domain::appli::Appli;
use crate::domain::attention::urgency;
use crate::domain::problem_code::Urgency;
use crate::health::announced;
use crate::platform::clock;
use crate::platform::data_dir::{Lock, LockGuard};
use crate::platform::ipc;
use crate::platform::ipc::{Endpoint, Listener, NotAnswering, Pulse, Request};
use crate::store;
use crate::subscriptions::inbox::Inbox;
use crate::subscriptions::keeper::{Keeper, Kept};
use crate::sync::{SyncReport, Trigger, poller, schedule};

/// How long a pass may take to end once told to. What was being sent then is sent again, byte for byte.
const SHUTDOWN_GRACE: Duration = Duration::from_millis(3000);

/// How often a front end that does not poll looks whether it should.
const WATCH: Duration = Duration::from_secs(30);

/// What rings at the poller's door: make a pass, or look again at what is stored.
pub const SYNC: &str = "sync";
/// See [`SYNC`].
pub const LOOK: &str = "look";
/// The same: see that Withings' notifications come, and say how it went.
pub const KEEP: &str = "keep notifications";

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
    keeper: Keeper,
    /// What Withings told of.
    inbox: Arc<Inbox>,
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
    /// When the last pass was made that Withings' notifications asked for.
    notified: Option<DateTime<Utc>>,
    /// Ends the pass under way.
    under_way: Option<CancellationToken>,
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
        self.keeper.look_again();
        self.reckon(app)
    }

    fn reckon(&self, app: &App) -> anyhow::Result<()> {
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
                        Some(request) => self.answer(app, request, tell),
                        None => return std::future::pending::<()>().await,
                    },
                    heard = self.inbox.heard() => self.heed(app, &heard),
                    () = pulse.beat() => {}
                }
            }
        };
        let reckon = || {
            if let Err(error) = self.reckon(app) {
                tracing::error!("When the next pass is due cannot be reckoned: {error:#}");
            }
            tell(PollEvent::Changed);
        };
        let stopped = async {
            self.stop.cancelled().await;
            tokio::time::sleep(SHUTDOWN_GRACE).await;
        };
        let outcome = tokio::select! {
            outcome = poll => outcome,
            () = listen => Ok(()),
            () = self.keeper.run(app.upkeep(), &self.inbox, &reckon) => Ok(()),
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

    fn answer(&self, app: &App, request: Request, tell: &impl Fn(PollEvent<'_>)) {
        if request.line == LOOK {
            // The client may have disconnected.
            let _ = request.reply.send(String::from("ok"));
            tell(PollEvent::Changed);
            if let Err(error) = self.reckon_again(app) {
                tracing::error!("When the next pass is due cannot be reckoned: {error:#}");
            }
        } else if request.line == KEEP {
            self.keeper.ask(request.reply);
        } else {
            self.asked().waiting.push(request.reply);
            self.sync_now();
        }
    }

    /// Notes what Withings told of, and has it read.
    fn heed(&self, app: &App, heard: &[Appli]) {
        let now = clock::now();
        let noted = app
            .store
            .write(|conn| heard.iter().try_for_each(|appli| announced::note_notified(conn, *appli, now)));
        if let Err(error) = noted {
            tracing::error!("A notification of Withings cannot be noted: {error:#}");
        }
        self.nudge();
    }

    /// Makes a pass unless there is a reason not to, and says when the next is due.
    async fn pass(&self, app: &App, tell: &impl Fn(PollEvent<'_>)) -> anyhow::Result<DateTime<Utc>> {
        let now = clock::now();
        let (trigger, waiting, last) = {
            let mut asked = self.asked();
            let (by_hand, woken) = (std::mem::take(&mut asked.by_hand), std::mem::take(&mut asked.woken));
            let told = concerned(&self.inbox.unread());
            let trigger = match (by_hand, woken) {
                (true, _) => Trigger::Hand,
                (false, true) => Trigger::Wake,
                (false, false) if !told.is_empty() && asked.last.is_some_and(|last| now < last.due) => {
                    Trigger::Notified(told)
                }
                (false, false) => Trigger::Timer,
            };
            (trigger, std::mem::take(&mut asked.waiting), asked.last)
        };
        let pause = app.store.read(store::setting::pause)?;
        if trigger != Trigger::Hand && pause.is_some_and(|pause| store::setting::is_paused(pause, now)) {
            self.asked().last = None;
            return app.store.read(|conn| schedule::next_pass(conn, now));
        }
        let notified = self.asked().notified;
        if let Some(later) = last.and_then(|last| not_yet(trigger, last, notified, now)) {
            self.asked().woken = trigger == Trigger::Wake;
            return Ok(later);
        }
        tell(PollEvent::Started);
        let stop = self.stop.child_token();
        self.asked().under_way = Some(stop.clone());
        // What is told of from here on is read by the next one.
        let taken = self.inbox.take_unread();
        if let Trigger::Notified(_) = trigger {
            tracing::debug!(count = taken.len(), "Withings told of changes");
            self.asked().notified = Some(now);
        }
        let report = app.sync(trigger, now, &stop).await;
        self.asked().under_way = None;
        let report = report?;
        let well = urgency(&report.attention) == Urgency::Notice;
        let regular = report.next - now >= app.store.read(schedule::interval)?;
        let due = if regular { report.next + jitter() } else { report.next };
        let due = app.store.read(|conn| first::due(conn, due, now))?;
        let this = Last { made: now, due, well };
        let (this, due) = match (trigger, last) {
            // It read a part only: the regular one is due as before.
            (Trigger::Notified(_), Some(last)) => {
                let due = due.min(last.due);
                (Last { due, ..last }, due)
            }
            _ => (this, due),
        };
        self.asked().last = Some(this);
        // It may have found what no notification told of.
        self.keeper.look_again();
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

/// Has whoever polls make a pass. `None` when nobody does, or they cannot be asked: the pass lock keeps
/// the two apart.
///
/// # Errors
/// When whoever polls hangs.
pub async fn ask(app: &App) -> Result<Option<SyncReport>, NotAnswering> {
    let answer = request(app, SYNC).await?;
    Ok(answer.and_then(|answer| serde_json::from_str(&answer).ok()))
}

/// Has whoever polls see that Withings' notifications come, and says how it went. `None` when nobody polls.
///
/// # Errors
/// When whoever polls hangs.
pub async fn keep(app: &App) -> Result<Option<Kept>, NotAnswering> {
    let answer = request(app, KEEP).await?;
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
