//! How we are, in one enum computed in one place. Tray, window and `bws` show this and have no opinion of
//! their own.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use crate::attention::{Attention, Code, Urgency, attention, paused, urgency};
use crate::kind::Source;
use crate::store::{self, Rows};
use crate::text::{self, Facts};

/// How we are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// An account or a link is still missing.
    NotSetUp,
    /// The user must act; the first attention says how.
    NeedsYou,
    /// The keychain is locked or missing. Not a sign-out.
    KeychainLocked,
    /// The user paused.
    Paused {
        /// Until then.
        until: DateTime<Utc>,
    },
    /// Something failed and is tried again.
    Retrying,
    /// Withings answers, but shows nothing any more: the share was withdrawn, or a membership ended.
    ShareWithdrawn,
    /// All is well, but nothing was measured for a while.
    NothingMeasured {
        /// When the last measurement was taken.
        last: DateTime<Utc>,
    },
    /// Nothing was measured for a while, and the device has not reached Withings for as long.
    NotUploading {
        /// Which device.
        device: String,
        /// When it last did.
        last: DateTime<Utc>,
    },
    /// All is well.
    Fine,
}

impl Status {
    /// The word for programs.
    pub fn name(&self) -> &'static str {
        match self {
            Status::NotSetUp => "not_set_up",
            Status::NeedsYou => "needs_you",
            Status::KeychainLocked => "keychain_locked",
            Status::Paused { .. } => "paused",
            Status::Retrying => "retrying",
            Status::ShareWithdrawn => "share_withdrawn",
            Status::NothingMeasured { .. } => "nothing_measured",
            Status::NotUploading { .. } => "not_uploading",
            Status::Fine => "fine",
        }
    }
}

impl Status {
    /// One sentence that says how we are, by the clock of `zone`.
    pub fn sentence(&self, attention: &[Attention], zone: Tz) -> String {
        let mut facts = self.facts();
        let first = attention.first().map_or("", |item| item.message.as_str());
        facts.insert("problem".into(), first.to_owned());
        text::english(&format!("status.{}", self.name()), &facts, zone)
    }

    /// What the sentence is about, beside the first attention.
    pub fn facts(&self) -> Facts {
        match self {
            Status::NothingMeasured { last } => text::facts([("last", last.to_rfc3339())]),
            Status::NotUploading { device, last } => {
                text::facts([("device", device.clone()), ("last", last.to_rfc3339())])
            }
            Status::Paused { until } => text::facts([("until", until.to_rfc3339())]),
            Status::NotSetUp
            | Status::NeedsYou
            | Status::KeychainLocked
            | Status::Retrying
            | Status::ShareWithdrawn
            | Status::Fine => Facts::new(),
        }
    }
}

impl serde::Serialize for Status {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// Someone who measures daily and has not for this long may want to know.
const QUIET: TimeDelta = TimeDelta::days(2);

/// Computes how we are from what is stored.
pub fn status(rows: &Rows, now: DateTime<Utc>) -> anyhow::Result<Status> {
    let attention = attention(rows, None, now)?;
    let has = |codes: &[Code]| attention.iter().any(|item| codes.contains(&item.code));
    if has(&[Code::ConnectWithings, Code::ConnectBeeminder]) {
        return Ok(Status::NotSetUp);
    }
    if has(&[Code::KeychainLocked, Code::KeychainAbsent, Code::KeychainFailed]) {
        return Ok(Status::KeychainLocked);
    }
    let first = attention.first().map(|item| item.code);
    if first == Some(Code::ShareWithdrawn) {
        return Ok(Status::ShareWithdrawn);
    }
    if urgency(&attention) == Urgency::NeedsYou {
        return Ok(Status::NeedsYou);
    }
    if has(&[Code::NothingLinked]) {
        return Ok(Status::NotSetUp);
    }
    if let Some(until) = paused(rows, now)? {
        return Ok(Status::Paused { until });
    }
    if urgency(&attention) == Urgency::Retrying {
        return Ok(Status::Retrying);
    }
    silence(rows, now)
}

/// Why nothing arrives although nothing is broken.
fn silence(rows: &Rows, now: DateTime<Utc>) -> anyhow::Result<Status> {
    let Some(last) = last_measured(rows)?.filter(|last| now - *last > QUIET) else {
        return Ok(Status::Fine);
    };
    // A device that measured uploads, so its silence is not the user's.
    let devices = store::device::load_all(rows)?.into_iter().filter(|device| {
        ["Scale", "Blood Pressure Monitor", "Smart Connected Thermometer"].contains(&device.sort.as_str())
    });
    let contacted = devices.filter_map(|device| Some((device.last_contact?, device.name().to_owned())));
    Ok(match contacted.max() {
        Some((contact, device)) if now - contact > QUIET => Status::NotUploading { device, last: contact },
        Some(_) | None => Status::NothingMeasured { last },
    })
}

/// When anything was last measured that a link is about.
fn last_measured(rows: &Rows) -> anyhow::Result<Option<DateTime<Utc>>> {
    let mut last = None;
    for link in store::link::load_all(rows)? {
        if link.feed.source() == Source::Measure {
            last = last.max(store::measurement::last_with_kind(rows, link.feed.first_kind())?);
        }
    }
    Ok(last)
}
