//! How we are, in one enum computed in one place. Tray, window and `bws` show this and have no opinion of
//! their own.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use crate::attention::{Attention, Code, Urgency, attention, paused, urgency};
use crate::kind::Source;
use crate::store::{self, Rows};

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
        let first = attention.first().map_or("", |item| item.message.as_str());
        let clock = |moment: &DateTime<Utc>| moment.with_timezone(&zone).format("%Y-%m-%d %H:%M").to_string();
        match self {
            Status::Fine => "All is well.".into(),
            Status::NothingMeasured { last } => {
                format!("All is well, but nothing was measured since {}.", clock(last))
            }
            Status::NotUploading { device, last } => format!(
                "Nothing was measured, and your {device} has not reached Withings since {}. If you did use it, \
                 check its batteries and its connection.",
                clock(last)
            ),
            Status::ShareWithdrawn => format!("Needs you: {first}"),
            Status::Paused { until } => format!("Paused until {}.", clock(until)),
            Status::Retrying => format!("Something failed and is tried again: {first}"),
            Status::NotSetUp => format!("Not set up yet: {first}"),
            Status::KeychainLocked => format!("Waiting for the keychain: {first}"),
            Status::NeedsYou => format!("Needs you: {first}"),
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
