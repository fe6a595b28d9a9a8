//! What leads from outside to the receiver: an address of the user's, or a tunnel that this program runs.

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;

use super::keeper::delay;
use super::problem::TunnelTrouble;
use super::tunnel::{Tunnel, TunnelEvent};
use super::upkeep::Chosen;
use crate::domain::public_address::{PublicAddress, Reach};
use crate::domain::reachable::Way;
use crate::platform::clock;

/// How long a tunnel may take to print its address.
const PATIENCE: TimeDelta = TimeDelta::seconds(30);

/// How many of the addresses that a tunnel printed are tried.
const MOST_PRINTED: usize = 4;

/// What leads here.
#[derive(Debug)]
pub(super) enum Line {
    /// An address that is what it is.
    Address(PublicAddress),
    /// A command.
    Tunnel(Box<TunnelLine>),
}

/// A tunnel's command, running or not.
#[derive(Debug)]
pub(super) struct TunnelLine {
    command: SecretString,
    port: u16,
    reach: Reach,
    running: Option<Tunnel>,
    /// What it printed, the latest first.
    printed: Vec<PublicAddress>,
    /// When it was started, or is to be.
    at: DateTime<Utc>,
    ended: Option<TunnelTrouble>,
    /// How often it ended since an address led here.
    failures: u32,
}

impl Line {
    /// Opens what the user chose, for a port.
    pub(super) fn open(chosen: &Chosen, port: u16, reach: Reach, now: DateTime<Utc>) -> anyhow::Result<Line> {
        Ok(match (&chosen.reachable.way, &chosen.command) {
            (Way::Address { address }, _) => Line::Address(PublicAddress::parse(address, reach)?),
            (Way::Tunnel { .. }, Some(command)) => Line::Tunnel(Box::new(TunnelLine {
                command: command.clone(),
                port,
                reach,
                running: None,
                printed: Vec::new(),
                at: now,
                ended: None,
                failures: 0,
            })),
            (Way::Tunnel { .. }, None) => anyhow::bail!("The keychain has no command for the tunnel"),
        })
    }

    /// The addresses that may lead here; none while a tunnel may still print one.
    pub(super) fn addresses(&mut self, now: DateTime<Utc>) -> anyhow::Result<Vec<PublicAddress>> {
        match self {
            Line::Address(address) => Ok(vec![address.clone()]),
            Line::Tunnel(tunnel) => tunnel.addresses(now),
        }
    }

    /// Waits until something changes; for ever where nothing can.
    pub(super) async fn changed(&mut self) {
        let Line::Tunnel(line) = self else { return std::future::pending().await };
        loop {
            let Some(tunnel) = &mut line.running else { return std::future::pending().await };
            let event = tunnel.next().await;
            if line.heed(event, clock::now()).await {
                return;
            }
        }
    }

    /// When to look again, where a tunnel is to be started then, or to have printed its address.
    pub(super) fn due(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let due = match self {
            Line::Tunnel(line) if line.running.is_none() => Some(line.at),
            Line::Tunnel(line) if line.printed.is_empty() => Some(line.at + PATIENCE),
            Line::Tunnel(_) | Line::Address(_) => None,
        };
        due.filter(|at| *at > now)
    }

    /// Starts a tunnel anew that runs and leads nowhere.
    pub(super) async fn start_anew(&mut self, now: DateTime<Utc>) {
        if let Line::Tunnel(line) = self
            && line.running.is_some()
        {
            tracing::info!("The tunnel leads nowhere and is started anew");
            line.leave(now).await;
        }
    }

    /// Notes that an address leads here.
    pub(super) fn note_proven(&mut self) {
        if let Line::Tunnel(line) = self {
            line.failures = 0;
        }
    }

    /// Ends what this program runs.
    pub(super) async fn end(self) {
        if let Line::Tunnel(line) = self
            && let Some(tunnel) = line.running
        {
            tunnel.end().await;
        }
    }
}

impl TunnelLine {
    fn addresses(&mut self, now: DateTime<Utc>) -> anyhow::Result<Vec<PublicAddress>> {
        if self.running.is_none() && now >= self.at {
            self.running = Some(Tunnel::start(&self.command, self.port, self.reach)?);
            self.at = now;
        }
        match (&self.running, self.ended) {
            (None, Some(trouble)) => Err(trouble.into()),
            (Some(_), _) if self.printed.is_empty() && now - self.at >= PATIENCE => {
                Err(TunnelTrouble::Silent.into())
            }
            (Some(_) | None, _) => Ok(self.printed.clone()),
        }
    }

    /// Notes what the command did. Returns whether that is news: an address printed again is none.
    async fn heed(&mut self, event: TunnelEvent, now: DateTime<Utc>) -> bool {
        match event {
            TunnelEvent::Printed(address) if self.printed.contains(&address) => return false,
            TunnelEvent::Printed(address) => {
                self.printed.insert(0, address);
                self.printed.truncate(MOST_PRINTED);
            }
            TunnelEvent::Ended(code) => {
                tracing::info!(?code, "The tunnel has ended");
                self.ended = Some(TunnelTrouble::Ended { code });
                self.leave(now + delay(self.failures)).await;
            }
        }
        true
    }

    /// Ends what runs, to be started again at a moment. All is noted before anything is waited for.
    async fn leave(&mut self, at: DateTime<Utc>) {
        self.printed.clear();
        self.at = at;
        self.failures = self.failures.saturating_add(1);
        if let Some(tunnel) = self.running.take() {
            tunnel.end().await;
        }
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;

    fn line(command: &str, now: DateTime<Utc>) -> Line {
        Line::Tunnel(Box::new(TunnelLine {
            command: command.to_owned().into(),
            port: 4711,
            reach: Reach::Loopback,
            running: None,
            printed: Vec::new(),
            at: now,
            ended: None,
            failures: 0,
        }))
    }

    fn trouble(line: &mut Line, now: DateTime<Utc>) -> Option<TunnelTrouble> {
        line.addresses(now).unwrap_err().downcast_ref().copied()
    }

    #[tokio::test]
    async fn a_tunnel_that_prints_nothing_is_said_after_a_while_and_hurries_nobody() {
        let now = clock::now();
        let mut line = line("exec sleep 1000", now);
        assert_eq!(line.addresses(now).unwrap(), []);
        let late = now + PATIENCE;
        assert_eq!(line.due(now), Some(late));
        assert_eq!((trouble(&mut line, late), line.due(late)), (Some(TunnelTrouble::Silent), None));
        line.start_anew(late).await;
        assert_eq!(line.addresses(late).unwrap(), [], "it has its time again");
        assert_eq!(line.due(late), Some(late + PATIENCE));
        line.end().await;
    }

    #[tokio::test]
    async fn an_address_that_is_printed_again_is_no_news() {
        let now = clock::now();
        let prints = |port: &str| format!("echo http://127.0.0.1:{port};");
        let command = [prints("1"), prints("1"), prints("2"), prints("1"), "exec sleep 1000".into()].concat();
        let mut line = line(&command, now);
        assert_eq!(line.addresses(now).unwrap(), []);
        line.changed().await;
        line.changed().await;
        let printed: Vec<_> = line.addresses(now).unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(printed, ["http://127.0.0.1:2/", "http://127.0.0.1:1/"]);
        line.end().await;
    }

    #[tokio::test]
    async fn a_tunnel_that_ends_is_started_again_later_and_later() {
        let now = clock::now();
        let mut line = line("exit 7", now);
        for failures in 0..3 {
            let begun = clock::now() + delay(10);
            assert_eq!(line.addresses(begun).unwrap(), [], "it runs");
            line.changed().await;
            let now = clock::now();
            let Line::Tunnel(tunnel) = &line else { panic!() };
            let waits = (tunnel.at - now).num_seconds();
            assert!((delay(failures).num_seconds() - 1..=delay(failures).num_seconds()).contains(&waits));
            assert_eq!(trouble(&mut line, now), Some(TunnelTrouble::Ended { code: Some(7) }));
            assert!(line.due(now).is_some());
        }
    }
}
