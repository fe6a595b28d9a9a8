//! The overall program status, one enum computed in one place. Tray, window and `bws` show this and have no opinion of
//! their own.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use crate::domain::attention::{Attention, urgency};
use crate::domain::measure::device::Device;
use crate::domain::measure::kind::{MeasureKind, Source};
use crate::domain::problem_code::{ProblemCode, Urgency};
use crate::health::attention::{attention, paused};
use crate::store::{self, Connection};
use crate::text::{self, Args};

/// The overall program status.
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
        /// When syncing goes on by itself.
        until: DateTime<Utc>,
    },
    /// Something failed and is tried again.
    Retrying,
    /// Withings answers, but shows nothing any more: the share was withdrawn, or a membership ended.
    ShareWithdrawn,
    /// Nothing is wrong, but measurements or datapoints wait for the user's word.
    Asks {
        /// How many.
        count: u64,
    },
    /// Nothing is wrong, but Beeminder has not confirmed everything yet.
    Sending {
        /// How many datapoints are on their way.
        count: u64,
    },
    /// Up to date, but nothing was measured for a while.
    NothingMeasured {
        /// When the last measurement was taken.
        last: DateTime<Utc>,
        /// The kind that was to be measured.
        what: MeasureKind,
    },
    /// Nothing was measured for a while, and the device has not reached Withings for as long.
    NotUploading {
        /// The device's model.
        device: String,
        /// When it last did, by Withings' clock.
        last: DateTime<Utc>,
    },
    /// Up to date.
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
            Status::Asks { .. } => "asks",
            Status::Sending { .. } => "sending",
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
    pub fn facts(&self) -> Args {
        match self {
            Status::NothingMeasured { last, what } => {
                text::args([("last", last.to_rfc3339()), ("what", what.to_string())])
            }
            Status::NotUploading { device, last } => {
                text::args([("device", device.clone()), ("last", last.to_rfc3339())])
            }
            Status::Paused { until } => text::args([("until", until.to_rfc3339())]),
            Status::Asks { count } | Status::Sending { count } => text::args([("count", count.to_string())]),
            Status::NotSetUp
            | Status::NeedsYou
            | Status::KeychainLocked
            | Status::Retrying
            | Status::ShareWithdrawn
            | Status::Fine => Args::new(),
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

/// How many of the last measurements show how often somebody measures.
const HABIT: u32 = 10;

/// Computes how we are from what is stored.
pub fn status(conn: &Connection, now: DateTime<Utc>) -> anyhow::Result<Status> {
    let attention = attention(conn, None, now)?;
    let has = |codes: &[ProblemCode]| attention.iter().any(|item| codes.contains(&item.code));
    if has(&[ProblemCode::ConnectWithings, ProblemCode::ConnectBeeminder]) {
        return Ok(Status::NotSetUp);
    }
    if has(&[ProblemCode::KeychainLocked, ProblemCode::KeychainAbsent, ProblemCode::KeychainFailed]) {
        return Ok(Status::KeychainLocked);
    }
    let first = attention.first().map(|item| item.code);
    if first == Some(ProblemCode::ShareWithdrawn) {
        return Ok(Status::ShareWithdrawn);
    }
    if urgency(&attention) == Urgency::NeedsYou {
        return Ok(Status::NeedsYou);
    }
    if has(&[ProblemCode::NothingLinked]) {
        return Ok(Status::NotSetUp);
    }
    if let Some(until) = paused(conn, now)? {
        return Ok(Status::Paused { until });
    }
    if urgency(&attention) == Urgency::Retrying {
        return Ok(Status::Retrying);
    }
    let count = questions(conn)?;
    if count > 0 {
        return Ok(Status::Asks { count });
    }
    let (count, _) = store::outbox::counts(conn)?;
    if count > 0 {
        return Ok(Status::Sending { count });
    }
    silence(conn, now)
}

/// How much waits for the user's word: held measurements, refused datapoints, and datapoints without a measurement.
pub fn questions(conn: &Connection) -> anyhow::Result<u64> {
    let (_, parked) = store::outbox::counts(conn)?;
    let stale = store::datapoint::count_in(conn, store::datapoint::DatapointState::Stale)?;
    Ok(store::decision::held(conn)? + parked + stale)
}

/// Why nothing arrives although nothing is broken: each kind that a link is about by itself, since a cuff that
/// uploads says nothing about a scale.
fn silence(conn: &Connection, now: DateTime<Utc>) -> anyhow::Result<Status> {
    let devices = store::device::load_all(conn)?;
    let mut silent = None;
    for link in store::link::load_all(conn)? {
        let kind = link.feed.first_kind();
        let recent = measured(conn, kind, now)?;
        let Some(last) = quiet_since(&recent, now) else {
            continue;
        };
        // The device that measured it last, or else whatever measures such things.
        let same = |device: &&Device| {
            recent.first().and_then(|(_, device)| device.as_ref()) == Some(&device.id)
                || devices_of(kind).contains(&device.device_type.as_str())
        };
        // A device that measured uploads, so its silence is not the user's.
        let contacts = devices.iter().filter(same).filter_map(|device| Some((device.last_contact?, device)));
        match contacts.max_by_key(|(contact, _)| *contact) {
            Some((contact, device)) if now - contact > QUIET => {
                return Ok(Status::NotUploading { device: device.name().to_owned(), last: contact });
            }
            Some(_) | None => silent = silent.or(Some(Status::NothingMeasured { last, what: kind })),
        }
    }
    Ok(silent.unwrap_or(Status::Fine))
}

/// Until when the last of a kind were measured, and with which device; the latest first.
fn measured(
    conn: &Connection,
    kind: MeasureKind,
    now: DateTime<Utc>,
) -> anyhow::Result<Vec<(DateTime<Utc>, Option<String>)>> {
    let mut recent = store::measurement::recent(conn, kind, HABIT, now)?;
    if kind.source() == Source::Activity {
        // A day is noted for its beginning and goes on until its end.
        recent.iter_mut().for_each(|(at, _)| *at += TimeDelta::days(1));
    }
    Ok(recent)
}

/// Since when someone has not measured who measures more often; `None` while it is within their habit.
fn quiet_since(recent: &[(DateTime<Utc>, Option<String>)], now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let (last, _) = recent.first()?;
    let gaps = recent.windows(2).map(|pair| pair[0].0 - pair[1].0);
    let usual = gaps.max().map_or(QUIET, |longest| (longest * 2).max(QUIET));
    (now - *last > usual).then_some(*last)
}

/// What Withings calls the devices that measure a kind.
fn devices_of(kind: MeasureKind) -> &'static [&'static str] {
    match kind {
        MeasureKind::SYSTOLIC | MeasureKind::DIASTOLIC => &["Blood Pressure Monitor"],
        MeasureKind::TEMPERATURE | MeasureKind::SKIN_TEMPERATURE => &["Smart Connected Thermometer"],
        MeasureKind::WEIGHT | MeasureKind::FAT_RATIO | MeasureKind::LEAN_MASS => &["Scale"],
        _ => match kind.source() {
            Source::Measure => &[],
            Source::Activity | Source::Workout => &["Activity Tracker"],
            Source::Sleep => &["Sleep Monitor", "Activity Tracker"],
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn someone_who_measures_weekly_is_not_quiet_after_three_days() {
        let at = |day: i64| DateTime::<Utc>::UNIX_EPOCH + TimeDelta::days(day);
        let quiet = |days: &[i64], now: i64| {
            quiet_since(&days.iter().map(|day| (at(*day), None)).collect::<Vec<_>>(), at(now))
        };
        for (days, now, expected) in [
            (&[][..], 10, None),
            (&[10], 12, None),
            (&[10], 13, Some(at(10))),
            (&[10, 9, 8], 13, Some(at(10))),
            (&[10, 3], 13, None),
            (&[10, 3], 24, None),
            (&[10, 3], 25, Some(at(10))),
        ] {
            assert_eq!(quiet(days, now), expected, "{days:?} {now}");
        }
    }
}
