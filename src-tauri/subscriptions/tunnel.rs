//! A tunnel: a command of the user's that makes a port of this computer public and prints under which address. The
//! program starts it, listens to what it prints, and ends it.
//!
//! A shell runs it, in a process group of its own, with a watcher beside it that reads from a pipe. When this program
//! ends, however it ends, the pipe closes and the watcher ends the whole group: no tunnel outlives what it leads to.

use std::process::Stdio;
use std::time::Duration;

use anyhow::Context;
use secrecy::{ExposeSecret, SecretString};
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::mpsc;

use crate::domain::public_address::{PublicAddress, Reach};

/// What stands in the command for the port.
pub const PORT: &str = "{port}";

/// Ends the group when the pipe at its standard input closes; a command that does not heed that is killed.
#[cfg(unix)]
const WATCHED: &str = "exec 3<&0; \
    { trap '' TERM; cat >/dev/null; kill -TERM 0; sleep 3; kill -KILL 0; } <&3 >/dev/null 2>&1 & \
    exec 3<&- </dev/null; line=$TUNNEL_LINE; unset TUNNEL_LINE; eval \"$line\"";

/// How long the command may take to end once told to.
const GRACE: Duration = Duration::from_secs(5);

/// No line with an address in it is longer.
const LONGEST_LINE: usize = 4096;

/// How many addresses wait to be looked at.
const WAITING: usize = 8;

/// A command that runs.
#[derive(Debug)]
pub struct Tunnel {
    child: Child,
    /// Closed, it ends the command.
    pipe: Option<ChildStdin>,
    printed: mpsc::Receiver<PublicAddress>,
}

/// What a command did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TunnelEvent {
    /// It printed an address that may be the public one.
    Printed(PublicAddress),
    /// It ended, with this code where it ended by itself.
    Ended(Option<i32>),
}

impl Tunnel {
    /// Starts `command` for a port.
    ///
    /// # Errors
    /// When there is no shell to run it.
    pub fn start(command: &SecretString, port: u16, reach: Reach) -> anyhow::Result<Tunnel> {
        let line = command.expose_secret().replace(PORT, &port.to_string());
        let mut child = shell(&line)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("Failed to start the tunnel")?;
        let (sender, printed) = mpsc::channel(WAITING);
        if let Some(out) = child.stdout.take() {
            tokio::spawn(listen(out, reach, sender.clone()));
        }
        if let Some(out) = child.stderr.take() {
            tokio::spawn(listen(out, reach, sender));
        }
        let pipe = child.stdin.take();
        Ok(Tunnel { child, pipe, printed })
    }

    /// Waits until the command prints an address or ends.
    pub async fn next(&mut self) -> TunnelEvent {
        tokio::select! {
            biased;
            Some(address) = self.printed.recv() => TunnelEvent::Printed(address),
            ended = self.child.wait() => TunnelEvent::Ended(ended.ok().and_then(|status| status.code())),
        }
    }

    /// Ends the command and waits until it is gone.
    pub async fn end(mut self) {
        drop(self.pipe.take());
        if tokio::time::timeout(GRACE, self.child.wait()).await.is_err() {
            tracing::warn!("The tunnel does not end and is killed");
            if let Err(error) = self.child.kill().await {
                tracing::warn!("The tunnel cannot be killed: {error}");
            }
        }
    }
}

#[cfg(unix)]
fn shell(line: &str) -> Command {
    let mut command = Command::new("sh");
    // Every user of this computer can read arguments.
    command.args(["-c", WATCHED]).env("TUNNEL_LINE", line).process_group(0);
    command
}

#[cfg(not(unix))]
fn shell(line: &str) -> Command {
    let mut command = Command::new("cmd");
    command.args(["/C", line]);
    command
}

/// Reads to the end whatever is printed, and hands over the addresses in it.
async fn listen(out: impl AsyncRead + Unpin, reach: Reach, printed: mpsc::Sender<PublicAddress>) {
    let (mut out, mut line) = (BufReader::new(out), Vec::new());
    // A byte at a time of the buffer, so that a line without an end takes no memory.
    loop {
        let (used, is_whole) = match out.fill_buf().await {
            Ok([]) | Err(_) => break,
            Ok(bytes) => {
                let end = bytes.iter().position(|byte| *byte == b'\n');
                let part = &bytes[..end.unwrap_or(bytes.len())];
                line.extend_from_slice(&part[..part.len().min(LONGEST_LINE - line.len())]);
                (end.map_or(bytes.len(), |end| end + 1), end.is_some())
            }
        };
        out.consume(used);
        if is_whole {
            for address in addresses(&String::from_utf8_lossy(&line), reach) {
                // What cannot wait any more is one of very many.
                let _ = printed.try_send(address);
            }
            line.clear();
        }
    }
}

/// The addresses of whole hosts among the words of a line.
///
/// A word counts whole: what a stranger asked for is in what some tunnels print, and must not be cut into an address.
fn addresses(line: &str, reach: Reach) -> Vec<PublicAddress> {
    let is_around = |c: char| "\"'<>()[]{}|,;.".contains(c);
    let bare = |word: &str| {
        let word = word.trim_matches(is_around);
        // As in `url=https://…`.
        let named = word.split_once('=').filter(|(name, _)| name.chars().all(|c| c.is_ascii_alphanumeric()));
        let word = named.map_or(word, |(_, value)| value.trim_matches(is_around));
        let begins =
            word.starts_with("https://") || (reach == Reach::Loopback && word.starts_with("http://"));
        begins.then(|| PublicAddress::printed(word, reach)).flatten()
    };
    // Where a request was for, which is known already.
    let line = uncoloured(line);
    line.split_whitespace().filter(|word| !word.starts_with("dest=")).filter_map(bare).collect()
}

/// A line without what tells a terminal its colours.
fn uncoloured(line: &str) -> String {
    let mut parts = line.split('\u{1b}');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.trim_start_matches(|c: char| c == '[' || c == ';' || c.is_ascii_digit());
        plain.extend(rest.chars().skip(1));
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_found_among_all_that_tunnels_print() {
        for (line, expected) in [
            (
                "INF |  https://four-random-words.trycloudflare.com                |",
                "https://four-random-words.trycloudflare.com/",
            ),
            (
                "INF Thank you for trying Cloudflare Tunnel. … (https://www.cloudflare.com/website-terms/), and …",
                "",
            ),
            ("created tunnel by following: https://developers.cloudflare.com/cloudflare-one/connections", ""),
            (
                "t=2026-11-26 lvl=info msg=\"started tunnel\" addr=http://localhost:8911 url=https://ab.ngrok-free.app",
                "https://ab.ngrok-free.app/",
            ),
            ("Available on the internet: https://box.tail1234.ts.net/", "https://box.tail1234.ts.net/"),
            ("tunneled with tls termination, https://ab12.lhr.life.", "https://ab12.lhr.life/"),
            ("|-- proxy http://127.0.0.1:8911", ""),
            ("\u{1b}[32mINF\u{1b}[0m \u{1b}[1mhttps://ab.example\u{1b}[0m", "https://ab.example/"),
            ("ERR Request failed error=\"…\" dest=https://ab.example/ type=http", ""),
            ("dest=https://ab.example/x,https://evil.example", ""),
            ("url=https://ab.example/x,https://evil.example", ""),
            ("GET https://ab.example/x'https://evil.example' 404", ""),
            ("nothing", ""),
        ] {
            let found: Vec<_> = addresses(line, Reach::Public).iter().map(ToString::to_string).collect();
            assert_eq!(found.join(" "), expected, "{line}");
        }
        let here = addresses("listening on http://127.0.0.1:4711", Reach::Loopback);
        assert_eq!(here[0].to_string(), "http://127.0.0.1:4711/");
    }

    #[tokio::test]
    async fn a_line_without_an_end_takes_no_memory_and_hides_no_address() {
        let text = format!("{}\n  https://a.example \n", "x".repeat(100_000));
        let (sender, mut printed) = mpsc::channel(WAITING);
        listen(text.as_bytes(), Reach::Public, sender).await;
        assert_eq!(printed.recv().await.unwrap().to_string(), "https://a.example/");
        assert_eq!(printed.recv().await, None);
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_command_prints_its_address_for_the_port_and_ends_when_told() {
        let command = SecretString::from("echo \"http://127.0.0.1:{port}\" >&2; exec sleep 1000");
        let mut tunnel = Tunnel::start(&command, 4711, Reach::Loopback).unwrap();
        let expected = PublicAddress::parse("http://127.0.0.1:4711/", Reach::Loopback).unwrap();
        assert_eq!(tunnel.next().await, TunnelEvent::Printed(expected));
        let id = tunnel.child.id().unwrap().to_string();
        tunnel.end().await;
        let asked = std::process::Command::new("kill").args(["-0", &id]).stderr(Stdio::null()).status();
        assert!(!asked.unwrap().success(), "it is gone");
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_command_that_ends_says_how_and_one_that_is_not_there_too() {
        for (command, code) in [("exit 7", 7), ("no-such-program-at-all", 127)] {
            let mut tunnel = Tunnel::start(&command.into(), 1, Reach::Public).unwrap();
            assert_eq!(tunnel.next().await, TunnelEvent::Ended(Some(code)));
            tunnel.end().await;
        }
    }
}
