//! How the programs over one data directory reach each other: a socket in that directory, where one
//! rings with a line of text and gets a line back. On Windows it is a named pipe.
//!
//! A pass may take minutes, so whoever answers sends an empty line every so often until there is an answer.
//! Silence alone means that it hangs, and nobody waits for one that does.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Context;
use interprocess::local_socket::tokio::prelude::*;
use interprocess::local_socket::{ListenerOptions, Name};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use crate::platform::data_dir::DataDir;
use crate::text::{Explained, Said};

/// Who answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// Whoever waits for a sign-in; takes the address the browser brought.
    SignIn,
    /// Whoever polls; takes a nudge.
    Poller,
    /// The tray program; takes an address the browser brought, or nothing to be shown.
    Desktop,
}

impl Door {
    fn name(self) -> &'static str {
        match self {
            Door::SignIn => "sign-in",
            Door::Poller => "poller",
            Door::Desktop => "desktop",
        }
    }
}

/// Someone rang.
#[derive(Debug)]
pub struct Ring {
    /// What they said.
    pub line: String,
    /// Takes the answer.
    pub reply: oneshot::Sender<String>,
}

/// Whoever should answer is there and does not: it hangs, or was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}", Wedged::said(*self))]
pub struct Wedged(pub Door);

impl Wedged {
    /// The sentence for people.
    pub fn said(self) -> Said {
        Said::error(
            match self.0 {
                Door::SignIn => "wedged_sign_in",
                Door::Poller => "wedged_poller",
                Door::Desktop => "wedged_desktop",
            },
            [],
        )
    }
}

/// Shows that whoever answers is at work, beaten by itself: a thread that hangs has none.
#[derive(Debug, Clone, Default)]
pub struct Pulse(Arc<AtomicU64>);

impl Pulse {
    /// Waits a moment and beats. To be called again and again by whoever answers.
    pub async fn beat(&self) {
        tokio::time::sleep(SIGN_OF_LIFE / 2).await;
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Answers a door until dropped.
#[derive(Debug)]
pub struct Doorbell {
    connections: TaskTracker,
    _answering: DropGuard,
}

/// No honest line is longer.
const LONGEST: u64 = 64 * 1024;

/// Lines come at once or not at all.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often whoever answers shows that it is at work.
const SIGN_OF_LIFE: Duration = Duration::from_secs(1);

/// Longer silence means that it is not. Long enough for a computer that is short of memory.
const SILENCE: Duration = Duration::from_secs(5);

/// No honest answer is longer.
const LONGEST_ANSWER: u64 = 16 * 1024 * 1024;

impl Doorbell {
    /// Starts to answer `door`; rings go to `rings`. The caller holds the lock that makes it the only one. Who
    /// rang waits as long as there is a `pulse`; without one, as long as this program is alive.
    ///
    /// # Errors
    /// When the socket cannot be made, for instance because the directory's path is too long.
    pub fn answer(
        dir: &DataDir,
        door: Door,
        rings: mpsc::Sender<Ring>,
        pulse: Option<Pulse>,
    ) -> anyhow::Result<Doorbell> {
        let listener = ListenerOptions::new()
            .name(name(dir, door)?)
            // A socket that a killed process left behind.
            .try_overwrite(true)
            .create_tokio()
            .context("Failed to listen for other copies of this program")?;
        let (connections, stop) = (TaskTracker::new(), CancellationToken::new());
        let (tracker, stopped) = (connections.clone(), stop.clone());
        tokio::spawn(stopped.run_until_cancelled_owned(async move {
            loop {
                match listener.accept().await {
                    Ok(stream) => drop(tracker.spawn(serve(stream, rings.clone(), pulse.clone()))),
                    Err(error) => tracing::debug!("The doorbell: {error}"),
                }
            }
        }));
        Ok(Doorbell { connections, _answering: stop.drop_guard() })
    }

    /// Stops answering and gives those who rang a moment to take their answer.
    pub async fn finish(self) {
        self.connections.close();
        let _ = tokio::time::timeout(Duration::from_secs(1), self.connections.wait()).await;
    }
}

/// Rings at `door` and waits for the answer. `None` when nobody answers it.
///
/// # Errors
/// [`Wedged`] when it is silent for long, or when whoever answered hung up.
pub async fn ring(dir: &DataDir, door: Door, line: &str) -> anyhow::Result<Option<String>> {
    let connecting = LocalSocketStream::connect(name(dir, door)?);
    let stream = match timeout(SILENCE, connecting).await.map_err(|_| Wedged(door))? {
        Ok(stream) => stream,
        // Others ring as well, and none is let in.
        Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return Err(Wedged(door).into()),
        Err(_) => return Ok(None),
    };
    let mut stream = BufReader::new(stream);
    let line = format!("{line}\n");
    let writing = stream.get_mut().write_all(line.as_bytes());
    timeout(SILENCE, writing).await.map_err(|_| Wedged(door))?.context("Failed to ring")?;
    let mut stream = stream.take(LONGEST_ANSWER);
    loop {
        let mut answer = String::new();
        let reading = timeout(SILENCE, stream.read_line(&mut answer)).await.map_err(|_| Wedged(door))?;
        reading.context("The other copy of this program hung up")?;
        anyhow::ensure!(!answer.is_empty(), "The other copy of this program hung up");
        if !answer.trim().is_empty() {
            return Ok(Some(answer.trim_end().to_owned()));
        }
    }
}

/// What became of a request, good or bad, as it goes over the socket.
#[derive(Debug, Serialize, Deserialize)]
struct Outcome {
    ok: bool,
    #[serde(flatten)]
    what: Explained,
}

/// Writes what became of a request, for [`read_outcome`].
///
/// # Errors
/// None that can happen: all of it is text.
pub fn write_outcome(outcome: Result<Said, Explained>) -> anyhow::Result<String> {
    let outcome = match outcome {
        Ok(said) => Outcome { ok: true, what: said.into() },
        Err(what) => Outcome { ok: false, what },
    };
    serde_json::to_string(&outcome).context("Failed to write an answer")
}

/// Reads what became of a request.
///
/// # Errors
/// Why it came to nothing; also when the answer is none.
pub fn read_outcome(answer: &str) -> Result<Said, Explained> {
    match serde_json::from_str(answer) {
        Ok(Outcome { ok: true, what }) => Ok(what.said),
        Ok(Outcome { ok: false, what }) => Err(what),
        Err(_) => Err(Said::error("unforeseen", [("detail", answer.to_owned())]).into()),
    }
}

async fn serve(stream: LocalSocketStream, rings: mpsc::Sender<Ring>, pulse: Option<Pulse>) {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    let mut bounded = (&mut stream).take(LONGEST);
    let read = timeout(PATIENCE, bounded.read_line(&mut line)).await;
    if !matches!(read, Ok(Ok(_))) || !line.ends_with('\n') {
        return;
    }
    let (reply, mut answer) = oneshot::channel();
    let ring = Ring { line: line.trim_end().to_owned(), reply };
    let answered = async {
        rings.send(ring).await.ok()?;
        (&mut answer).await.ok()
    };
    tokio::pin!(answered);
    let mut last = None;
    let answer = loop {
        // Whoever rang may be gone, which is their business.
        tokio::select! {
            answer = &mut answered => break answer,
            () = tokio::time::sleep(SIGN_OF_LIFE) => {
                if shows_life(pulse.as_ref(), &mut last) && !says(&mut stream, "").await {
                    return;
                }
            }
        }
    };
    if let Some(answer) = answer {
        says(&mut stream, &answer).await;
    }
}

/// Whether whoever answers has beaten since `last`; where it has no pulse, it is at work as long as it lives.
fn shows_life(pulse: Option<&Pulse>, last: &mut Option<u64>) -> bool {
    let beats = pulse.map(Pulse::count);
    beats.is_none() || std::mem::replace(last, beats) != beats
}

/// Writes a line, and whether somebody took it.
async fn says(stream: &mut BufReader<LocalSocketStream>, line: &str) -> bool {
    let line = format!("{line}\n");
    matches!(timeout(PATIENCE, stream.get_mut().write_all(line.as_bytes())).await, Ok(Ok(())))
}

#[cfg(unix)]
fn name(dir: &DataDir, door: Door) -> anyhow::Result<Name<'static>> {
    use interprocess::local_socket::{GenericFilePath, ToFsName};
    let path = dir.path().join(format!("{}.sock", door.name()));
    path.to_fs_name::<GenericFilePath>()
        .context("The data directory's path is too long for a socket; choose a shorter --data-dir")
}

/// Pipe names are shared by the whole system, so the directory becomes part of the name.
#[cfg(windows)]
fn name(dir: &DataDir, door: Door) -> anyhow::Result<Name<'static>> {
    use interprocess::local_socket::{GenericNamespaced, ToNsName};
    use sha2::{Digest, Sha256};
    let hash = hex::encode(Sha256::digest(dir.path().to_string_lossy().as_bytes()));
    format!("beeminder-withings-sync-{}-{}", door.name(), &hash[..16])
        .to_ns_name::<GenericNamespaced>()
        .context("Failed to name a pipe")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_hangs_shows_no_life_and_who_beats_does() {
        let (pulse, mut last) = (Pulse::default(), None);
        assert!(shows_life(Some(&pulse), &mut last), "nothing was seen of it yet");
        assert!(!shows_life(Some(&pulse), &mut last), "it hangs");
        pulse.beat().await;
        assert!(shows_life(Some(&pulse), &mut last));
        assert!(!shows_life(Some(&pulse), &mut last));
        assert!(shows_life(None, &mut last), "without a pulse its being there has to do");
    }
}
