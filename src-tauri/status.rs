//! How we are, in one enum computed in one place. Tray, window and `bws` show this and have no opinion of
//! their own.

use chrono::{DateTime, TimeDelta, Utc};

use crate::attention::{Code, Urgency, attention, paused, urgency};
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
    /// All is well, but nothing was measured for a while.
    NothingMeasured {
        /// When the last measurement was taken.
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
            Status::NothingMeasured { .. } => "nothing_measured",
            Status::Fine => "fine",
        }
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
    let (_, last) = store::measurement::summary(rows)?;
    Ok(match last {
        Some(last) if now - last > QUIET => Status::NothingMeasured { last },
        Some(_) | None => Status::Fine,
    })
}
