//! Reads what Withings has new, page by page, and looks what is gone.

use std::collections::HashSet;

use chrono::{DateTime, Days, TimeDelta, Utc};
use secrecy::SecretString;

use super::SyncPass;
use super::trouble::{self, Trouble};
use crate::accounts::Service;
use crate::kind::Source;
use crate::measurement::GroupId;
use crate::store::checkpoint::{self, Checkpoint};
use crate::store::{account, measurement, unreadable};
use crate::withings::{self, Page, Range};

/// How far behind the checkpoint the next reading starts, in seconds. Whether `lastupdate` includes its
/// own second is not documented, and a reading may be stored a little after the answer that misses it.
const OVERLAP: i64 = 2 * 3600;

/// More pages than any history has: some 200 groups each.
const MOST_PAGES: usize = 2000;

/// The status that some take for "no data" and the documentation for "authentication failed".
const PERHAPS_NO_DATA: i64 = 100;

/// How many days back is looked for what is gone: Withings leaves no trace of what was deleted. As many
/// ahead, since a device's clock may be wrong.
const WINDOW: u64 = 30;

/// How often, while nothing else gives a reason to.
const WINDOW_AGE: TimeDelta = TimeDelta::hours(24);

/// What a reading brought.
#[derive(Debug, Default)]
pub(super) struct Fetched {
    /// Groups that were new or had changed.
    pub(super) changed: u64,
    /// Where to start next time; `None` when this reading does not move it.
    pub(super) checkpoint: Option<Checkpoint>,
    /// What Withings has of the last weeks, where that was read.
    pub(super) window: Option<Window>,
}

/// All that Withings has of the last weeks.
#[derive(Debug)]
pub(super) struct Window {
    /// The first moment it surely covers.
    pub(super) from: DateTime<Utc>,
    /// The moment after the last it surely covers.
    pub(super) until: DateTime<Utc>,
    /// What is there.
    pub(super) groups: HashSet<GroupId>,
    /// Whether what is not there is known to be gone.
    pub(super) tells_all: bool,
}

/// Reads everything `source` has since its checkpoint and stores it; once a day, and when nights or
/// workouts have changed, all of the last weeks as well.
///
/// # Errors
/// The outer error is the store's, the inner one Withings'.
pub(super) async fn fetch(pass: &SyncPass<'_>, source: Source) -> anyhow::Result<Result<Fetched, Trouble>> {
    let (last, window_read_at) = pass
        .store
        .read(|rows| Ok((checkpoint::load(rows, source)?, checkpoint::window_read_at(rows, source)?)))?;
    let since = last.map_or(0, |last| last.updated_at.saturating_sub(OVERLAP).max(0));
    let reading = match Reading::new(pass, source, Range::ChangedSince(since)).finish().await? {
        Ok(reading) => reading,
        Err(trouble) => return Ok(Err(trouble)),
    };
    let mut fetched = Fetched { changed: reading.changed, checkpoint: reading.checkpoint(), window: None };
    // By Withings' clock, since this computer's may be wrong.
    let Some(now) = pass.withings.server_time() else {
        return Ok(Ok(fetched));
    };
    let stale = window_read_at.is_none_or(|at| now - at >= WINDOW_AGE || at > now);
    // Nights and workouts are split and merged later, which leaves rows behind.
    let may_be_merged = matches!(source, Source::Sleep | Source::Workout) && reading.changed > 0;
    // So may days of activity that two apps tell under one name; only all of them together show which is the
    // one that counts.
    let may_be_merged = may_be_merged || reading.has_shrunk;
    // A first reading has just seen everything.
    if last.is_some() && (stale || may_be_merged) {
        match read_window(pass, source, now, window_read_at).await? {
            Ok((changed, window)) => {
                fetched.changed += changed;
                fetched.window = window;
            }
            Err(trouble) => return Ok(Err(trouble)),
        }
    }
    Ok(Ok(fetched))
}

/// Reads all of the last weeks. Returns what had changed, and what is there if everything could be read.
async fn read_window(
    pass: &SyncPass<'_>,
    source: Source,
    now: DateTime<Utc>,
    last: Option<DateTime<Utc>>,
) -> anyhow::Result<Result<(u64, Option<Window>), Trouble>> {
    let today = now.date_naive();
    let first = today.checked_sub_days(Days::new(WINDOW + 2)).unwrap_or(today);
    let end = today.checked_add_days(Days::new(WINDOW + 2)).unwrap_or(today);
    let (mut groups, mut changed, mut whole, mut nameless) = (HashSet::new(), 0, true, Vec::new());
    // Pages are cut by place, so what vanishes between two of them makes the next one skip a row. Nothing is
    // gone that was there in either of two readings.
    for _ in 0..2 {
        let reading = match Reading::new(pass, source, Range::Days(first, end)).finish().await? {
            Ok(reading) => reading,
            Err(trouble) => return Ok(Err(trouble)),
        };
        changed += reading.changed;
        whole &= reading.whole;
        groups.extend(reading.seen);
        nameless.extend(reading.nameless);
        if reading.pages == 1 {
            break;
        }
    }
    let window = TimeDelta::days(i64::try_from(WINDOW)?);
    // A row without a number may be any of those that seem to be gone, unless it came like this the last
    // time already.
    let known = |raw: &String| match last {
        Some(last) => pass.store.read(|rows| unreadable::was_kept(rows, raw, last)),
        None => Ok(false),
    };
    let mut tells_all = nameless.is_empty() || !groups.is_empty();
    for raw in &nameless {
        tells_all &= known(raw)?;
    }
    let window = Window { from: now - window, until: now + window, groups, tells_all };
    Ok(Ok((changed, whole.then_some(window))))
}

struct Reading<'a> {
    pass: &'a SyncPass<'a>,
    source: Source,
    range: Range,
    seen: HashSet<GroupId>,
    /// The text of rows of which not even the number can be read.
    nameless: Vec<String>,
    /// How often the token was renewed because Withings refused it.
    renewed: u32,
    changed: u64,
    /// Withings' clock at the first page: what is stored while later pages are read must come next time.
    updated_at: Option<i64>,
    pages: usize,
    /// Whether a day of activity had fewer steps, or less of anything else, than before.
    has_shrunk: bool,
    /// Whether it came to the end. Only then is what is not there known to be gone.
    whole: bool,
}

impl<'a> Reading<'a> {
    fn new(pass: &'a SyncPass<'a>, source: Source, range: Range) -> Reading<'a> {
        let (seen, nameless, updated_at) = (HashSet::new(), Vec::new(), None);
        Reading {
            pass,
            source,
            range,
            seen,
            nameless,
            renewed: 0,
            changed: 0,
            updated_at,
            pages: 0,
            has_shrunk: false,
            whole: true,
        }
    }

    /// Reads page after page to the end.
    async fn finish(mut self) -> anyhow::Result<Result<Reading<'a>, Trouble>> {
        let mut offset = None;
        for _ in 0..MOST_PAGES {
            let page = match self.page(offset).await? {
                Ok(Some(page)) => page,
                Ok(None) => return Ok(Ok(self.broken_off())),
                Err(trouble) => return Ok(Err(trouble)),
            };
            let server = self.pass.withings.server_time().map(|time| time.timestamp());
            self.updated_at = self.updated_at.or(page.updated_at.or(server));
            let next = page.next;
            self.pages += 1;
            self.store(page)?;
            match next {
                None => return Ok(Ok(self)),
                Some(next) if next > offset.unwrap_or(0) => offset = Some(next),
                Some(next) => {
                    return Ok(Err(unintelligible(format!("it goes on at {next} after {offset:?}"))));
                }
            }
        }
        Ok(Err(unintelligible("it never ends".into())))
    }

    /// What was read stays; the next reading starts where this one did.
    fn broken_off(self) -> Reading<'a> {
        Reading { updated_at: None, whole: false, ..self }
    }

    /// Reads one page, renewing the access token when it ran out on the way. `None` when told to stop.
    async fn page(&mut self, offset: Option<i64>) -> anyhow::Result<Result<Option<Page>, Trouble>> {
        let mut refused: Option<SecretString> = None;
        loop {
            let client = self.pass.withings;
            let token = match self.pass.tokens.withings(client, refused.as_ref(), self.pass.now).await {
                Ok(token) => token,
                Err(error) => return Ok(Err(trouble::of_token(error)?)),
            };
            // Nothing is lost when an answer is not waited for: it is asked for again.
            let answer = tokio::select! {
                biased;
                () = self.pass.stop.cancelled() => return Ok(Ok(None)),
                answer = client.groups(&token, self.source, self.range, offset) => answer,
            };
            match answer {
                Ok(page) => return Ok(Ok(Some(page))),
                Err(withings::Error::AccessTokenRefused { .. }) if self.renewed < 2 && refused.is_none() => {
                    self.renewed += 1;
                    refused = Some(token);
                }
                Err(withings::Error::AccessTokenRefused { status: PERHAPS_NO_DATA }) => {
                    return Ok(Ok(Some(Page::default())));
                }
                Err(error) => return Ok(Err(error.into())),
            }
        }
    }

    fn store(&mut self, page: Page) -> anyhow::Result<()> {
        let (seen, now) = (&mut self.seen, self.pass.now);
        let kept: HashSet<GroupId> = page.unreadable.iter().filter_map(|kept| kept.id).collect();
        let nameless = page.unreadable.iter().filter(|kept| kept.id.is_none()).map(|kept| kept.raw.clone());
        self.nameless.extend(nameless);
        let (changed, shrunk) = self.pass.store.write(|rows| {
            let (mut changed, mut shrunk) = (0, false);
            if let Some(zone) = page.time_zone.as_deref().filter(|zone| !zone.is_empty()) {
                account::save_profile(rows, Service::Withings, zone, false)?;
            }
            for group in page.groups {
                let mut group = measurement::told_apart(rows, group)?;
                // A group may come twice in one reading, with other values.
                if !seen.insert(group.id)
                    && let Some(earlier) = measurement::load(rows, group.id)?
                {
                    group = earlier.merged_with(group);
                }
                if !kept.contains(&group.id) {
                    unreadable::forget(rows, group.id)?;
                } else if let Some(earlier) = measurement::load(rows, group.id)? {
                    // A value that cannot be read is not one that was taken away.
                    group = group.filled_from(earlier);
                }
                shrunk |= group.source == Source::Activity
                    && measurement::load(rows, group.id)?.is_some_and(|known| group.is_less_than(&known));
                changed += u64::from(measurement::save(rows, &group)?);
            }
            // What has a number is there, though it cannot be read.
            seen.extend(&kept);
            let new = unreadable::save(rows, &page.unreadable, now)?;
            if new > 0 {
                tracing::warn!(count = new, "A measurement cannot be read and is kept for a later version");
            }
            Ok((changed, shrunk))
        })?;
        self.changed += changed;
        self.has_shrunk |= shrunk;
        Ok(())
    }

    /// Never ahead of Withings' own clock, lest the next reading find nothing for ever.
    fn checkpoint(&self) -> Option<Checkpoint> {
        let server = self.pass.withings.server_time().map(|time| time.timestamp());
        let updated_at = self.updated_at?.min(server.unwrap_or(i64::MAX));
        (updated_at > 0).then_some(Checkpoint { updated_at, read_at: self.pass.now })
    }
}

fn unintelligible(what: String) -> Trouble {
    Trouble::from(withings::Error::Unreadable { what })
}
