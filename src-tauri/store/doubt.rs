//! Doubtful answers of Withings, which prove nothing by themselves: one is believed when it comes again later,
//! and forgotten as soon as the same thing goes well.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Connection, OptionalExtension, params};

use super::checkpoint::stream;
use super::moment;
use crate::domain::measure::kind::Source;

/// An answer that proves nothing by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// That the user does not share this.
    Refused,
    /// A status that some take for "no data", and the documentation for trouble.
    Nothing,
}

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// A service.
    Source(Source),
    /// The user's devices.
    Devices,
}

/// How often an answer came in a row, and when, by Withings' clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Doubt {
    /// When it came for the first time in a row.
    pub first_at: DateTime<Utc>,
    /// When it came for the last time.
    pub last_at: DateTime<Utc>,
    /// How often in a row.
    pub count: u64,
}

/// A service that is being repaired is well again after a while.
const APART: TimeDelta = TimeDelta::hours(1);

/// How often what is believed is asked about all the same.
const ASKED_AGAIN: TimeDelta = TimeDelta::hours(24);

impl Doubt {
    /// Whether it came again, long after the first time.
    pub fn is_believed(&self) -> bool {
        self.count >= 2 && self.last_at - self.first_at >= APART
    }

    /// Whether to ask once more. A time in the future is as good as never.
    pub fn is_worth_asking(&self, now: DateTime<Utc>) -> bool {
        !self.is_believed() || self.last_at > now || now - self.last_at >= ASKED_AGAIN
    }
}

impl Answer {
    fn name(self) -> &'static str {
        match self {
            Answer::Refused => "refused",
            Answer::Nothing => "nothing",
        }
    }
}

impl About {
    fn name(self) -> &'static str {
        match self {
            About::Source(source) => stream(source),
            About::Devices => "devices",
        }
    }
}

/// Loads how often `answer` came in a row.
pub fn load(conn: &Connection, about: About, answer: Answer) -> anyhow::Result<Option<Doubt>> {
    let doubt = conn
        .prepare_cached("SELECT first_at, last_at, count FROM doubt WHERE stream = ?1 AND answer = ?2")?
        .query_row([about.name(), answer.name()], |row| {
            Ok(Doubt { first_at: moment(row.get(0)?), last_at: moment(row.get(1)?), count: row.get(2)? })
        })
        .optional()?;
    Ok(doubt)
}

/// Notes that it came, `now` by Withings' clock.
pub fn note(conn: &Connection, about: About, answer: Answer, now: DateTime<Utc>) -> anyhow::Result<Doubt> {
    let before = load(conn, about, answer)?.filter(|before| before.first_at <= now);
    let doubt = Doubt {
        first_at: before.map_or(now, |before| before.first_at),
        last_at: now,
        count: before.map_or(0, |before| before.count) + 1,
    };
    conn.prepare_cached("INSERT OR REPLACE INTO doubt VALUES (?1, ?2, ?3, ?4, ?5)")?.execute(params![
        about.name(),
        answer.name(),
        doubt.first_at.timestamp(),
        doubt.last_at.timestamp(),
        doubt.count
    ])?;
    Ok(doubt)
}

/// Notes that it went well.
pub fn forget(conn: &Connection, about: About) -> anyhow::Result<()> {
    conn.prepare_cached("DELETE FROM doubt WHERE stream = ?1")?.execute([about.name()])?;
    Ok(())
}

/// Forgets everything, after a new sign-in.
pub fn forget_all(conn: &Connection) -> anyhow::Result<()> {
    conn.execute("DELETE FROM doubt", [])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_takes_a_second_time_much_later_to_be_believed() {
        let conn = super::super::in_memory();
        let about = About::Source(Source::Sleep);
        let believed =
            |minutes: i64| note(&conn, about, Answer::Refused, moment(minutes * 60)).unwrap().is_believed();
        assert_eq!([10, 11, 69, 70].map(believed), [false, false, false, true]);
        // By a clock that was ahead: it begins again.
        assert!(!believed(5));
        assert!(load(&conn, about, Answer::Nothing).unwrap().is_none());
        assert!(load(&conn, About::Devices, Answer::Refused).unwrap().is_none());
        forget(&conn, about).unwrap();
        assert!(!believed(200));
    }

    #[test]
    fn what_is_believed_is_asked_about_once_a_day() {
        let at = |hours: i64| moment(hours * 3600);
        let doubt = Doubt { first_at: at(10), last_at: at(20), count: 5 };
        assert!(!doubt.is_worth_asking(at(43)));
        assert!(doubt.is_worth_asking(at(44)) && doubt.is_worth_asking(at(19)));
        assert!(Doubt { last_at: at(10), count: 1, ..doubt }.is_worth_asking(at(10)));
    }
}
