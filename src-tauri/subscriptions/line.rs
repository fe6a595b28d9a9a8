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
        let Some(tunnel) = &mut line.running else { return std::future::pending().await };
        let event = tunnel.next().await;
        line.heed(event, clock::now()).await;
    }

    /// When to look again, where that is sooner than anybody else wants.
    pub(super) fn due(&self) -> Option<DateTime<Utc>> {
        match self {
            Line::Tunnel(line) if line.running.is_none() => Some(line.at),
            Line::Tunnel(line) if line.printed.is_empty() => Some(line.at + PATIENCE),
            Line::Tunnel(_) | Line::Address(_) => None,
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

    async fn heed(&mut self, event: TunnelEvent, now: DateTime<Utc>) {
        match event {
            TunnelEvent::Printed(address) => {
                self.printed.retain(|known| *known != address);
                self.printed.insert(0, address);
                self.printed.truncate(MOST_PRINTED);
            }
            TunnelEvent::Ended(code) => {
                tracing::info!(?code, "The tunnel has ended");
                if let Some(tunnel) = self.running.take() {
                    tunnel.end().await;
                }
                self.printed.clear();
                self.ended = Some(TunnelTrouble::Ended { code });
                self.at = now + delay(self.failures);
                self.failures = self.failures.saturating_add(1);
            }
        }
    }
}
