//! Why a day has nothing: nothing was measured, or it is not known whether anything was.

use chrono::{DateTime, Utc};

use super::DayEntry;
use crate::accounts::scope;
use crate::domain::day::{DayRule, Daystamp};
use crate::domain::goal::Goal;
use crate::domain::link::Link;
use crate::domain::measure::kind::Source;
use crate::store::{self, Connection};
use crate::text::Message;

/// What is known about days without a reading.
pub(super) struct Reasons {
    rule: DayRule,
    now: DateTime<Utc>,
    /// The first day of the goal's graph.
    goal_begins: Option<Daystamp>,
    /// The service of Withings that the goal's links need, of several the one that is known least.
    source: Option<Source>,
    /// Whether the user shares that service.
    is_shared: bool,
    /// When that service was last read to its end.
    read_at: Option<DateTime<Utc>>,
}

impl Reasons {
    pub(super) fn of(
        conn: &Connection,
        goal: &Goal,
        links: &[Link],
        rule: DayRule,
        now: DateTime<Utc>,
    ) -> anyhow::Result<Reasons> {
        let withdrawn = store::setting::withdrawn(conn)?;
        let mut services = Vec::new();
        for link in links {
            let source = link.feed.source();
            let is_shared = scope::is_worth_asking(conn, source, now)? && !withdrawn.contains(&source);
            let read_at = store::checkpoint::load(conn, source)?.map(|checkpoint| checkpoint.read_at);
            services.push((is_shared, read_at, source));
        }
        // Of several the one that is known least decides: what it has may be what is missing.
        let least = services.into_iter().min();
        let source = least.map(|(_, _, source)| source);
        let is_shared = least.is_none_or(|(is_shared, ..)| is_shared);
        let read_at = least.and_then(|(_, read_at, _)| read_at);
        Ok(Reasons { rule, now, goal_begins: goal.first_day(rule), source, is_shared, read_at })
    }

    /// The entry of a day without a reading.
    pub(super) fn entry(&self, day: Daystamp) -> DayEntry {
        DayEntry {
            outcome: "nothing".into(),
            value: None,
            unit: "",
            why: self.why(day),
            measured_at: Vec::new(),
            acts: Vec::new(),
        }
    }

    fn why(&self, day: Daystamp) -> Message {
        let end = self.rule.end_of(day);
        let what = self.source.map_or("", Source::name).to_owned();
        match self.read_at {
            _ if self.source.is_none() => Message::new("day.not_linked", []),
            _ if self.goal_begins.is_some_and(|first| day < first) => Message::new("day.before_goal", []),
            _ if !self.is_shared => Message::new("day.not_shared", [("what", what)]),
            None => Message::new("day.never_read", []),
            // Some things are uploaded late, so what was read before the day ended proves nothing.
            Some(at) if at < end && end <= self.now => {
                Message::new("day.not_read", [("since", at.to_rfc3339())])
            }
            Some(at) if end > self.now => Message::new("day.nothing_yet", [("at", at.to_rfc3339())]),
            Some(_) => Message::new("day.nothing", []),
        }
    }
}
