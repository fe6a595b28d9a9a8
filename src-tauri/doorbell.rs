//! How the programs over one data directory reach each other: a socket in that directory, where one
//! rings with a line of text and gets a line back. On Windows it is a named pipe.

use std::time::Duration;

use anyhow::Context;
use interprocess::local_socket::tokio::prelude::*;
use interprocess::local_socket::{ListenerOptions, Name};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use crate::data_dir::DataDir;

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

impl Doorbell {
    /// Starts to answer `door`; rings go to `rings`. The caller holds the lock that makes it the only one.
    ///
    /// # Errors
    /// When the socket cannot be made, for instance because the directory's path is too long.
    pub fn answer(dir: &DataDir, door: Door, rings: mpsc::Sender<Ring>) -> anyhow::Result<Doorbell> {
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
                    Ok(stream) => drop(tracker.spawn(serve(stream, rings.clone()))),
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
/// When whoever answered hung up.
pub async fn ring(dir: &DataDir, door: Door, line: &str) -> anyhow::Result<Option<String>> {
    let Ok(stream) = LocalSocketStream::connect(name(dir, door)?).await else {
        return Ok(None);
    };
    let mut stream = BufReader::new(stream);
    stream.get_mut().write_all(format!("{line}\n").as_bytes()).await.context("Failed to ring")?;
    let mut answer = String::new();
    stream.read_line(&mut answer).await.context("The other copy of this program hung up")?;
    anyhow::ensure!(!answer.is_empty(), "The other copy of this program hung up");
    Ok(Some(answer.trim_end().to_owned()))
}

/// Reads the answer of a sign-in's door: whether it worked, and a sentence.
pub fn outcome(answer: &str) -> (bool, String) {
    let answer: serde_json::Value = serde_json::from_str(answer).unwrap_or_default();
    (answer["ok"] == serde_json::Value::Bool(true), answer["message"].as_str().unwrap_or_default().to_owned())
}

async fn serve(stream: LocalSocketStream, rings: mpsc::Sender<Ring>) {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    let mut bounded = (&mut stream).take(LONGEST);
    let read = tokio::time::timeout(PATIENCE, bounded.read_line(&mut line)).await;
    if !matches!(read, Ok(Ok(_))) || !line.ends_with('\n') {
        return;
    }
    let (reply, answer) = oneshot::channel();
    if rings.send(Ring { line: line.trim_end().to_owned(), reply }).await.is_err() {
        return;
    }
    if let Ok(answer) = answer.await {
        // Whoever rang may be gone, which is their business.
        let _ = stream.get_mut().write_all(format!("{answer}\n").as_bytes()).await;
    }
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
