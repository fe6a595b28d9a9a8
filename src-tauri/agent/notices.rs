//! Has the desktop say what the user should know and may not have seen in the window.

use chrono::{DateTime, TimeDelta, Utc};

use super::Agent;
use crate::domain::incident::Incident;
use crate::platform::clock;
use crate::store;
use crate::sync::SyncReport;
use crate::text::{Args, Explained, Locale};
use crate::view::arrivals;
use crate::view::ledger;
use crate::view::notification::{self, Asked, Notice, Situation};
use crate::view::tray::MenuAction;

/// Who leaves the window within this of something that comes up there may not have seen it. The word that the
/// window lost the focus takes a moment as well.
const GLANCE: TimeDelta = TimeDelta::seconds(5);

/// What came up last while the user worked with the window.
#[derive(Debug, Default)]
pub(super) struct Glimpsed {
    pass: Option<Glimpse>,
    /// Since when nothing works.
    failed: Option<DateTime<Utc>>,
}

/// A pass whose report only the window showed.
#[derive(Debug, Clone)]
struct Glimpse {
    at: DateTime<Utc>,
    /// The incidents that were known before it.
    known: Vec<Incident>,
    is_first: bool,
    report: SyncReport,
}

impl Glimpsed {
    /// Notes a pass; what one shortly before it brought may not have been seen either.
    fn note(&mut self, pass: Glimpse) {
        let earlier = self.pass.take().filter(|earlier| is_recent(earlier.at, pass.at));
        self.pass = Some(match earlier {
            Some(earlier) => Glimpse { report: pass.report, ..earlier },
            None => pass,
        });
    }

    /// Takes what the user may not have seen who has left the window `now`: a pass, and whether nothing works.
    fn take(&mut self, now: DateTime<Utc>) -> (Option<Glimpse>, bool) {
        let pass = self.pass.take().filter(|pass| is_recent(pass.at, now));
        (pass, self.failed.take().is_some_and(|at| is_recent(at, now)))
    }
}

fn is_recent(at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    (now - at).abs() <= GLANCE
}

impl Agent {
    /// Notes whether the user works with the window.
    ///
    /// # Errors
    /// When the store cannot be used.
    pub(super) fn focus(&self, focused: bool, now: DateTime<Utc>) -> anyhow::Result<()> {
        self.windows.focus(focused);
        if focused { Ok(()) } else { self.tell_glimpsed(now) }
    }

    /// Heeds that a window has closed, which may have had the focus.
    pub(super) fn window_closed(&self, now: DateTime<Utc>) {
        if self.windows.any() {
            return;
        }
        if let Err(error) = self.focus(false, now) {
            tracing::error!("Failed to work out what to say: {error:#}");
        }
    }

    /// Says in notifications what no icon shows, if no pass has done so: at the first nobody may have known yet
    /// that there is none.
    ///
    /// # Errors
    /// When the store cannot be used.
    pub fn say_without_tray(&self) -> anyhow::Result<()> {
        let state = self.lock();
        let last = state.last.clone().filter(|_| !state.said_without_tray);
        drop(state);
        last.map_or(Ok(()), |report| self.notify(&SyncReport { arrived: Vec::new(), ..report }, clock::now()))
    }

    /// Says what a pass brought, unless the window shows it to the user.
    ///
    /// # Errors
    /// When the store cannot be used.
    pub(super) fn notify(&self, report: &SyncReport, now: DateTime<Utc>) -> anyhow::Result<()> {
        let has_focus = self.windows.has_focus();
        let is_first =
            !self.desktop.has_tray() && !std::mem::replace(&mut self.lock().said_without_tray, true);
        let known = self.tell(report, is_first, has_focus, None, now)?;
        if !has_focus {
            return Ok(());
        }
        self.lock().glimpsed.note(Glimpse { at: now, known, is_first, report: report.clone() });
        self.tell_if_left(now)
    }

    /// Says what came up while the user left the window.
    fn tell_glimpsed(&self, now: DateTime<Utc>) -> anyhow::Result<()> {
        let mut state = self.lock();
        let (pass, has_failed) = state.glimpsed.take(now);
        let failure = state.failure.clone().filter(|_| has_failed);
        drop(state);
        if let Some(failure) = failure {
            self.say_failure(&failure);
        }
        if let Some(Glimpse { known, is_first, report, .. }) = pass {
            self.tell(&SyncReport { arrived: Vec::new(), ..report }, is_first, false, Some(&known), now)?;
        }
        Ok(())
    }

    /// The focus may have been lost while something was noted.
    fn tell_if_left(&self, now: DateTime<Utc>) -> anyhow::Result<()> {
        if self.windows.has_focus() { Ok(()) } else { self.tell_glimpsed(now) }
    }

    /// Says what is news to who knew of the incidents `before`, or of those that are stored. Returns the latter.
    fn tell(
        &self,
        report: &SyncReport,
        is_first: bool,
        window_has_focus: bool,
        before: Option<&[Incident]>,
        now: DateTime<Utc>,
    ) -> anyhow::Result<Vec<Incident>> {
        let asked = if report.held == 1 { self.asked()? } else { None };
        let (parked, held) = self.app.store.read(|conn| {
            let held = store::decision::held_groups(conn)?.into_iter().map(|(group, _)| group);
            Ok((store::outbox::parked(conn)?, held.collect::<Vec<_>>()))
        })?;
        let locale = Locale { now: Some(now), ..self.app.locale()? };
        let arrived = self.app.store.read(|conn| arrivals::words(conn, &report.arrived, locale))?;
        let situation = Situation {
            asked: asked.as_ref(),
            attention: &report.attention,
            parked: &parked,
            held: &held,
            arrived: arrived.as_deref(),
            locale,
            window_has_focus,
            has_tray: self.desktop.has_tray(),
            is_first,
        };
        let (notices, stored) = self.app.store.write(|conn| {
            let stored = store::incident::load_all(conn)?;
            let preferences = store::setting::preferences(conn)?;
            let before = before.unwrap_or(&stored);
            let (notices, after) = notification::notices(before, situation, preferences, now);
            if after != stored {
                store::incident::save_all(conn, &after)?;
            }
            Ok((notices, stored))
        })?;
        for notice in notices {
            self.desktop.notify(&notice);
        }
        Ok(stored)
    }

    /// The held measurement, if it is one.
    fn asked(&self) -> anyhow::Result<Option<Asked>> {
        let mut held = self.app.held()?;
        let held = held.pop().filter(|_| held.is_empty());
        let (locale, units) = (self.app.locale()?, self.app.settings()?.units);
        Ok(held.and_then(|held| {
            let shown = ledger::values(&held.group, units).into_iter().next()?;
            let value = locale.amount(&shown.value?, shown.unit);
            Some(Asked { group: held.group.id, value, measured_at: held.group.measured_at })
        }))
    }

    /// Notes that nothing works, loudly, once.
    pub(super) fn failed(&self, failure: &Explained, now: DateTime<Utc>) {
        let has_focus = self.windows.has_focus();
        let mut state = self.lock();
        state.syncing = false;
        let is_news = state.failure.is_none();
        state.failure = Some(failure.clone());
        if is_news && has_focus {
            state.glimpsed.failed = Some(now);
        }
        drop(state);
        if is_news && !has_focus {
            self.say_failure(failure);
        }
        if let Err(error) = self.tell_if_left(now) {
            tracing::error!("Failed to work out what to say: {error:#}");
        }
        self.refresh();
    }

    fn say_failure(&self, failure: &Explained) {
        self.notify_failure("notice.does_not_work", &failure.by(self.language()), true);
    }

    pub(super) fn plain(&self, key: &str) -> String {
        Locale::new(self.language(), chrono_tz::Tz::UTC).say(key, &Args::new())
    }

    pub(super) fn notify_failure(&self, title: &str, body: &str, urgent: bool) {
        let (about, title, body) = ("failure".into(), self.plain(title), body.into());
        let (click, answers) = (MenuAction::Open, Vec::new());
        self.desktop.notify(&Notice { about, title, body, urgent, click, answers });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::Requests;

    fn pass(at: DateTime<Utc>) -> Glimpse {
        let report = SyncReport {
            by_hand: false,
            fetched: 0,
            planned: 0,
            delivered: 0,
            arrived: Vec::new(),
            pending: 0,
            unsent: 0,
            parked: 0,
            held: 0,
            requests: Requests { withings: 0, beeminder: 0 },
            attention: Vec::new(),
            next: at,
        };
        Glimpse { at, known: Vec::new(), is_first: false, report }
    }

    #[test]
    fn who_stays_with_the_window_has_seen_what_it_shows() {
        let noon = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
        for (seconds, may_be_unseen) in
            [(0, true), (5, true), (6, false), (900, false), (-3, true), (-60, false)]
        {
            let mut glimpsed = Glimpsed { pass: None, failed: Some(noon) };
            glimpsed.note(pass(noon));
            let (pass, failed) = glimpsed.take(noon + TimeDelta::seconds(seconds));
            assert_eq!((pass.is_some(), failed), (may_be_unseen, may_be_unseen), "{seconds} s");
        }
    }

    #[test]
    fn two_passes_within_a_glance_are_one() {
        let noon = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
        let mut glimpsed = Glimpsed::default();
        for (seconds, first) in [(0, 0), (3, 0), (7, 7)] {
            let at = noon + TimeDelta::seconds(seconds);
            glimpsed.note(pass(at));
            assert_eq!(glimpsed.pass.as_ref().unwrap().at, noon + TimeDelta::seconds(first), "{seconds} s");
        }
    }
}
