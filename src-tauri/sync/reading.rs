//! One reading of one of Withings' services, page after page. What was read stays whatever happens; a long
//! reading goes on where it broke off.

use std::collections::{HashMap, HashSet};

use chrono::TimeDelta;
use secrecy::SecretString;

use super::SyncPass;
use super::pace::Spent;
use super::step_error::StepError;
use crate::domain::measure::kind::Source;
use crate::domain::measure::measurement::{GroupId, MeasureGroup};
use crate::domain::service::Service;
use crate::services::withings::{Page, Range};
use crate::services::{Flaw, withings};
use crate::store::checkpoint::Checkpoint;
use crate::store::reading::{self, UnderWay};
use crate::store::{Connection, account, measurement, unreadable};

/// So many pages in a row that bring nothing new and promise more are a list without an end.
const MOST_IN_VAIN: u32 = 5;

/// More pages than any history has: some 200 groups each.
const MOST_PAGES: usize = 2000;

/// The status that some take for "no data" and the documentation for "authentication failed".
pub(crate) const PERHAPS_NO_DATA: i64 = 100;

/// A place in a list that changes is good for no longer, in seconds.
const PLACE_IS_GOOD: i64 = 24 * 3600;

/// Why a reading did not come to its end.
#[derive(Debug)]
pub(super) enum Broken {
    /// Withings does not let us read this.
    Refused(withings::Error),
    /// Something else.
    StepError(StepError),
}

impl<E: Into<StepError>> From<E> for Broken {
    fn from(error: E) -> Broken {
        Broken::StepError(error.into())
    }
}

/// Whether a reading came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReadingEnd {
    /// Everything was read.
    Whole,
    /// It was told to stop, or has used up its requests.
    BrokenOff,
    /// Withings gave an answer that may or may not mean that there is nothing.
    Unknown,
}

/// What the next page is.
enum Next {
    Page(Page),
    End(ReadingEnd),
}

/// One reading.
pub(super) struct Reading<'a> {
    pass: &'a SyncPass<'a>,
    spent: &'a Spent,
    source: Source,
    range: Range,
    /// The groups that came, changed or not.
    pub(super) seen: HashSet<GroupId>,
    /// What was new or had changed.
    pub(super) changed: Vec<GroupId>,
    /// The text of rows of which not even the number can be read.
    pub(super) nameless: Vec<String>,
    /// Whether a day of activity had fewer steps, or less of anything else, than before.
    pub(super) has_shrunk: bool,
    pub(super) pages: usize,
    pub(super) end: ReadingEnd,
    /// Whether it goes on where an earlier one broke off.
    pub(super) resumed: bool,
    /// How many pages in a row brought nothing that was not seen, and promised more.
    in_vain: u32,
    /// How often the token was renewed because Withings refused it.
    renewed: u32,
    /// Withings' clock at the first page: what is stored while later pages are read must come next time.
    updated_at: Option<i64>,
}

impl<'a> Reading<'a> {
    pub(super) fn new(pass: &'a SyncPass<'a>, spent: &'a Spent, source: Source, range: Range) -> Reading<'a> {
        Reading {
            pass,
            spent,
            source,
            range,
            seen: HashSet::new(),
            changed: Vec::new(),
            nameless: Vec::new(),
            has_shrunk: false,
            pages: 0,
            end: ReadingEnd::BrokenOff,
            resumed: false,
            in_vain: 0,
            renewed: 0,
            updated_at: None,
        }
    }

    /// Reads page after page, as far as it goes.
    pub(super) async fn finish(mut self) -> Result<Reading<'a>, Broken> {
        let mut offset = self.resume()?;
        for _ in 0..MOST_PAGES {
            let page = match self.page(offset).await? {
                Next::Page(page) => page,
                Next::End(end) => return Ok(Reading { end, ..self }),
            };
            self.spent.note_answer(self.pass);
            if self.resumed && self.pages == 0 && self.is_place_too_old() {
                self.begin_again()?;
                offset = None;
                continue;
            }
            let server = self.server_time();
            self.updated_at = self.updated_at.or(page.updated_at.or(server));
            let next = page.next;
            self.pages += 1;
            let before = self.seen.len() + self.nameless.len();
            self.store(page, offset.filter(|_| next.is_some()))?;
            let brought_something = self.seen.len() + self.nameless.len() > before;
            self.in_vain = if brought_something { 0 } else { self.in_vain + 1 };
            match next {
                Some(_) if self.in_vain >= MOST_IN_VAIN => {
                    self.begin_again()?;
                    return Err(unintelligible(Flaw::EndlessPages));
                }
                None => return Ok(Reading { end: ReadingEnd::Whole, ..self }),
                Some(next) if next > offset.unwrap_or(0) => offset = Some(next),
                Some(_) => {
                    self.begin_again()?;
                    return Err(unintelligible(Flaw::CircularPages));
                }
            }
        }
        self.begin_again()?;
        Err(unintelligible(Flaw::EndlessPages))
    }

    /// Where to go on, if an earlier reading of the same broke off.
    fn resume(&mut self) -> anyhow::Result<Option<i64>> {
        let Range::ChangedSince(since) = self.range else {
            return Ok(None);
        };
        let under_way = self.pass.store.read(|conn| reading::load(conn, self.source))?;
        Ok(under_way.filter(|under_way| under_way.since <= since).map(|under_way| {
            self.range = Range::ChangedSince(under_way.since);
            self.updated_at = Some(under_way.updated_at);
            self.resumed = true;
            under_way.page
        }))
    }

    fn is_place_too_old(&self) -> bool {
        let age = self.server_time().zip(self.updated_at).map(|(server, begun)| server - begun);
        age.is_some_and(|age| !(0..PLACE_IS_GOOD).contains(&age))
    }

    fn begin_again(&mut self) -> anyhow::Result<()> {
        self.resumed = false;
        self.updated_at = None;
        if matches!(self.range, Range::ChangedSince(_)) {
            self.pass.store.write(|conn| reading::forget(conn, self.source))?;
        }
        Ok(())
    }

    /// Whether another page may be asked for. The first one of a reading always may.
    fn may_go_on(&self, offset: Option<i64>) -> bool {
        match self.range {
            _ if offset.is_none() => true,
            Range::ChangedSince(_) => self.spent.may_go_on(self.pass),
            Range::Days(..) => self.spent.may_go_on_with_window(self.pass),
        }
    }

    /// Reads one page, renewing the access token when it ran out on the way.
    async fn page(&mut self, offset: Option<i64>) -> Result<Next, Broken> {
        let mut refused: Option<SecretString> = None;
        if !self.may_go_on(offset) {
            return Ok(Next::End(ReadingEnd::BrokenOff));
        }
        loop {
            let client = self.pass.withings;
            let token = self.pass.tokens.withings(client, refused.as_ref(), self.pass.now).await?;
            // Nothing is lost when an answer is not waited for: it is asked for again.
            let answer = tokio::select! {
                biased;
                () = self.pass.stop.cancelled() => return Ok(Next::End(ReadingEnd::BrokenOff)),
                answer = client.groups(&token, self.source, self.range, offset) => answer,
            };
            match answer {
                Ok(page) => return Ok(Next::Page(page)),
                Err(withings::Error::AccessTokenRefused { .. }) if self.renewed < 2 && refused.is_none() => {
                    self.renewed += 1;
                    refused = Some(token);
                }
                Err(withings::Error::AccessTokenRefused { status: PERHAPS_NO_DATA }) => {
                    return Ok(Next::End(ReadingEnd::Unknown));
                }
                Err(error @ withings::Error::NotAllowed { .. }) => return Err(Broken::Refused(error)),
                Err(error) => {
                    if matches!(error, withings::Error::Rejected { .. }) {
                        // Perhaps it is the place that is not accepted any more.
                        self.begin_again()?;
                    }
                    return Err(error.into());
                }
            }
        }
    }

    /// Stores a page, and its place if there are more.
    fn store(&mut self, page: Page, place: Option<i64>) -> anyhow::Result<()> {
        let (pass, source) = (self.pass, self.source);
        let under_way = match (self.range, place, self.updated_at) {
            (Range::ChangedSince(since), Some(page), Some(updated_at)) => {
                Some(UnderWay { since, page, updated_at })
            }
            _ => None,
        };
        pass.store.write(|conn| {
            self.store_groups(conn, page)?;
            under_way.map_or(Ok(()), |under_way| reading::save(conn, source, under_way))
        })
    }

    fn store_groups(&mut self, conn: &Connection, page: Page) -> anyhow::Result<()> {
        if let Some(zone) = page.time_zone.as_deref().filter(|zone| !zone.is_empty()) {
            account::save_profile(conn, Service::Withings, zone, false)?;
        }
        let kept: HashSet<GroupId> = page.unreadable.iter().filter_map(|kept| kept.id).collect();
        let may_be_read_now = unreadable::count(conn)? > 0;
        let ids: Vec<GroupId> = page.groups.iter().map(|group| group.id).collect();
        let known = measurement::load_these(conn, &ids)?.into_iter().map(|group| (group.id, group));
        let mut all_known: HashMap<GroupId, MeasureGroup> = known.collect();
        for group in page.groups {
            let number = group.id;
            let mut group = measurement::told_apart(conn, group)?;
            let known = match all_known.remove(&group.id) {
                None if group.id != number => measurement::load(conn, group.id)?,
                known => known,
            };
            // A group may come twice in one reading, with other values.
            if !self.seen.insert(group.id)
                && let Some(earlier) = known.clone()
            {
                group = earlier.merged_with(group);
            }
            if !kept.contains(&group.id) {
                if may_be_read_now {
                    unreadable::forget(conn, group.id)?;
                }
            } else if let Some(earlier) = known.clone() {
                // A value that cannot be read is not one that was taken away.
                group = group.filled_from(earlier);
            }
            let is_less = |known: &MeasureGroup| group.is_less_than(known);
            self.has_shrunk |= group.source == Source::Activity && known.as_ref().is_some_and(is_less);
            if known.as_ref() != Some(&group) {
                measurement::save_over(conn, known.as_ref(), &group)?;
                self.changed.push(group.id);
            }
            all_known.insert(group.id, group);
        }
        // What has a number is there, though it cannot be read.
        self.seen.extend(&kept);
        let nameless = page.unreadable.iter().filter(|kept| kept.id.is_none()).map(|kept| kept.raw.clone());
        self.nameless.extend(nameless);
        let new = unreadable::save(conn, &page.unreadable, self.pass.now)?;
        if new > 0 {
            tracing::warn!(count = new, "A measurement cannot be read and is kept for a later version");
        }
        Ok(())
    }

    fn server_time(&self) -> Option<i64> {
        self.pass.withings.server_time().map(|time| time.timestamp())
    }

    /// Where the next reading starts, when this one came to its end. Never ahead of Withings' own clock, lest
    /// the next reading find nothing for ever.
    pub(super) fn checkpoint(&self) -> Option<Checkpoint> {
        let updated_at = self.updated_at?.min(self.server_time().unwrap_or(i64::MAX));
        (self.end == ReadingEnd::Whole && updated_at > 0)
            .then_some(Checkpoint { updated_at, read_at: self.pass.now })
    }

    /// Whether `checkpoint` lies ahead of Withings' clock, so that reading since then brought nothing.
    pub(super) fn was_ahead(&self, checkpoint: Checkpoint) -> bool {
        let tolerance = TimeDelta::hours(1).num_seconds();
        self.server_time().is_some_and(|server| checkpoint.updated_at - server > tolerance)
    }
}

fn unintelligible(flaw: Flaw) -> Broken {
    withings::Error::Unreadable(flaw).into()
}
