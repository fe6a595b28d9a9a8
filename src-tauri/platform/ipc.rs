//! The local socket through which the programs over one data directory reach each other: a line of text is
//! a request, and a line comes back, or several. On Windows it is a named pipe.
//!
//! A pass may take minutes, so the server sends an empty line every so often until there is an answer.
//! Silence alone means that it hangs, and no client waits for one that does.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Context;
use interprocess::local_socket::tokio::prelude::*;
use interprocess::local_socket::{ListenerOptions, Name};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::sync::{Notify, mpsc};
use tokio::time::timeout;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use crate::platform::data_dir::DataDir;
use crate::text::Message;

/// Which server of a data directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endpoint {
    /// The program that waits for a sign-in; takes the address the browser brought.
    SignIn,
    /// The program that polls; takes a nudge.
    Poller,
    /// The agent behind tray and window; takes what windows and further starts ask for.
    Agent,
}

impl Endpoint {
    fn name(self) -> &'static str {
        match self {
            Endpoint::SignIn => "sign-in",
            Endpoint::Poller => "poller",
            Endpoint::Agent => "agent",
        }
    }
}

/// A request of a client.
#[derive(Debug)]
pub struct Request {
    /// The request, as it came: one line of JSON.
    pub line: String,
    /// Takes the answers, one line each. The client hangs up after the first unless it watches.
    pub reply: mpsc::UnboundedSender<String>,
}

/// The server is there and does not answer: it hangs, or was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}", NotAnswering::message(*self))]
pub struct NotAnswering(pub Endpoint);

impl NotAnswering {
    /// The sentence for people.
    pub fn message(self) -> Message {
        Message::error(
            match self.0 {
                Endpoint::SignIn => "wedged_sign_in",
                Endpoint::Poller => "wedged_poller",
                Endpoint::Agent => "wedged_agent",
            },
            [],
        )
    }
}

/// Shows that the server is at work: it answers by itself, so one that hangs does not. Nothing beats while no
/// client waits, or the processor would wake for it all day.
#[derive(Debug, Clone, Default)]
pub struct Pulse(Arc<Beats>);

#[derive(Debug, Default)]
struct Beats {
    asked: Notify,
    count: AtomicU64,
}

impl Pulse {
    /// Waits until a client wants to know, and beats. To be called again and again by the server.
    pub async fn beat(&self) {
        self.0.asked.notified().await;
        self.0.count.fetch_add(1, Ordering::Relaxed);
    }

    /// Asks for the next beat, and returns how many there were.
    fn ask(&self) -> u64 {
        self.0.asked.notify_one();
        self.0.count.load(Ordering::Relaxed)
    }
}

/// Listens until dropped.
#[derive(Debug)]
pub struct Listener {
    connections: TaskTracker,
    _listening: DropGuard,
}

/// Upper bound on a request line, in bytes.
const LONGEST_REQUEST: u64 = 64 * 1024;

/// A line comes, or is taken, within this.
const LINE_TIMEOUT: Duration = Duration::from_secs(10);

/// How long the server rests when no connection can be taken.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How often the server shows that it is at work.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// Longer silence means that it is not at work. Long enough for a computer that is short of memory.
const SILENCE: Duration = Duration::from_secs(5);

/// Upper bound on the answers to one request, in bytes.
const LONGEST_ANSWER: u64 = 16 * 1024 * 1024;

impl Listener {
    /// Starts to listen at `endpoint`; requests go to `requests`. The caller holds the lock that makes it the
    /// only one. Clients wait as long as there is a `pulse`; without one, as long as this program is alive.
    ///
    /// # Errors
    /// When the socket cannot be made, for instance because the directory's path is too long.
    pub fn listen(
        dir: &DataDir,
        endpoint: Endpoint,
        requests: mpsc::Sender<Request>,
        pulse: Option<Pulse>,
    ) -> anyhow::Result<Listener> {
        let listener = ListenerOptions::new()
            .name(name(dir, endpoint)?)
            // A socket that a killed process left behind.
            .try_overwrite(true)
            .create_tokio()
            .context("Failed to listen for other copies of this program")?;
        let (connections, stop) = (TaskTracker::new(), CancellationToken::new());
        let (tracker, stopped) = (connections.clone(), stop.clone());
        tokio::spawn(stopped.run_until_cancelled_owned(async move {
            loop {
                match listener.accept().await {
                    Ok(stream) => drop(tracker.spawn(serve(stream, requests.clone(), pulse.clone()))),
                    Err(error) => {
                        tracing::debug!("The local socket: {error}");
                        // As a rule there are too many connections, and some will end.
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                    }
                }
            }
        }));
        Ok(Listener { connections, _listening: stop.drop_guard() })
    }

    /// Stops listening and gives clients a moment to take their answer.
    pub async fn finish(self) {
        self.connections.close();
        let _ = tokio::time::timeout(Duration::from_secs(1), self.connections.wait()).await;
    }
}

/// Asks at `endpoint` and waits for the answer. `None` when nobody listens.
///
/// # Errors
/// [`NotAnswering`] when it is silent for long, or when the server hung up.
pub async fn ask(dir: &DataDir, endpoint: Endpoint, line: &str) -> anyhow::Result<Option<String>> {
    let Some(mut answers) = watch(dir, endpoint, line).await? else {
        return Ok(None);
    };
    answers.next().await?.context("The other copy of this program hung up").map(Some)
}

/// Asks at `endpoint` for answers without end. `None` when nobody listens.
///
/// # Errors
/// [`NotAnswering`] when the request is not taken.
pub async fn watch(dir: &DataDir, endpoint: Endpoint, line: &str) -> anyhow::Result<Option<Answers>> {
    let connecting = LocalSocketStream::connect(name(dir, endpoint)?);
    let stream = match timeout(SILENCE, connecting).await.map_err(|_| NotAnswering(endpoint))? {
        Ok(stream) => stream,
        // Others ask as well, and none is let in.
        Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
            return Err(NotAnswering(endpoint).into());
        }
        Err(_) => return Ok(None),
    };
    let mut stream = BufReader::new(stream);
    let line = format!("{line}\n");
    let writing = stream.get_mut().write_all(line.as_bytes());
    timeout(SILENCE, writing).await.map_err(|_| NotAnswering(endpoint))?.context("Failed to ask")?;
    Ok(Some(Answers { endpoint, stream }))
}

/// What comes back on a request.
#[derive(Debug)]
pub struct Answers {
    endpoint: Endpoint,
    stream: BufReader<LocalSocketStream>,
}

impl Answers {
    /// Waits for the next line. `None` when the server has ended.
    ///
    /// # Errors
    /// [`NotAnswering`] when it is silent for long.
    pub async fn next(&mut self) -> anyhow::Result<Option<String>> {
        loop {
            let mut answer = String::new();
            let mut bounded = (&mut self.stream).take(LONGEST_ANSWER);
            let mut reading = std::pin::pin!(bounded.read_line(&mut answer));
            let read = match timeout(SILENCE, &mut reading).await {
                Ok(read) => read,
                // A client that was frozen itself finds what was said meanwhile.
                Err(_) => timeout(HEARTBEAT, reading).await.map_err(|_| NotAnswering(self.endpoint))?,
            };
            if !matches!(read, Ok(1..)) {
                return Ok(None);
            }
            if !answer.trim().is_empty() {
                return Ok(Some(answer.trim_end().to_owned()));
            }
        }
    }
}

/// Writes what became of a request, for [`read_outcome`].
///
/// # Errors
/// When it cannot be written as JSON.
pub fn write_outcome<T: Serialize, E: Serialize>(outcome: &Result<T, E>) -> anyhow::Result<String> {
    serde_json::to_string(outcome).context("Failed to write an answer")
}

/// Reads what became of a request.
///
/// # Errors
/// When the answer is none that this version knows.
pub fn read_outcome<T: DeserializeOwned, E: DeserializeOwned>(answer: &str) -> anyhow::Result<Result<T, E>> {
    serde_json::from_str(answer).with_context(|| format!("Failed to understand the answer “{answer}”"))
}

async fn serve(stream: LocalSocketStream, requests: mpsc::Sender<Request>, pulse: Option<Pulse>) {
    let mut sender = &stream;
    let mut receiver = BufReader::new(&stream);
    let mut line = String::new();
    let mut bounded = (&mut receiver).take(LONGEST_REQUEST);
    let read = timeout(LINE_TIMEOUT, bounded.read_line(&mut line)).await;
    if !matches!(read, Ok(Ok(_))) || !line.ends_with('\n') {
        return;
    }
    let (reply, mut answers) = mpsc::unbounded_channel();
    let request = Request { line: line.trim_end().to_owned(), reply };
    let mut sending = std::pin::pin!(requests.send(request));
    let mut is_sent = false;
    let mut last = None;
    loop {
        // The client may have disconnected.
        let is_taken = tokio::select! {
            sent = &mut sending, if !is_sent => {
                is_sent = true;
                sent.is_ok()
            }
            answer = answers.recv() => match answer {
                Some(answer) => write_line(&mut sender, &answer).await,
                None => false,
            },
            // A client that has more to say says it in another request.
            _ = receiver.read_u8() => false,
            () = tokio::time::sleep(HEARTBEAT) => {
                !shows_life(pulse.as_ref(), &mut last) || write_line(&mut sender, "").await
            }
        };
        if !is_taken {
            return;
        }
    }
}

/// Whether the server has beaten since `last`; where it has no pulse, it is at work as long as it lives.
fn shows_life(pulse: Option<&Pulse>, last: &mut Option<u64>) -> bool {
    let beats = pulse.map(Pulse::ask);
    beats.is_none() || std::mem::replace(last, beats) != beats
}

/// Writes a line, and whether the client took it.
async fn write_line(sender: &mut (impl AsyncWriteExt + Unpin), line: &str) -> bool {
    let line = format!("{line}\n");
    matches!(timeout(LINE_TIMEOUT, sender.write_all(line.as_bytes())).await, Ok(Ok(())))
}

#[cfg(unix)]
fn name(dir: &DataDir, endpoint: Endpoint) -> anyhow::Result<Name<'static>> {
    use interprocess::local_socket::{GenericFilePath, ToFsName};
    let path = dir.path().join(format!("{}.sock", endpoint.name()));
    path.to_fs_name::<GenericFilePath>()
        .context("The data directory's path is too long for a socket; choose a shorter --data-dir")
}

/// Pipe names are shared by the whole system, so the directory becomes part of the name.
#[cfg(windows)]
fn name(dir: &DataDir, endpoint: Endpoint) -> anyhow::Result<Name<'static>> {
    use interprocess::local_socket::{GenericNamespaced, ToNsName};
    use sha2::{Digest, Sha256};
    let hash = hex::encode(Sha256::digest(dir.path().to_string_lossy().as_bytes()));
    format!("beeminder-withings-sync-{}-{}", endpoint.name(), &hash[..16])
        .to_ns_name::<GenericNamespaced>()
        .context("Failed to name a pipe")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
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
