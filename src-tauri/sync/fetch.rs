//! Reads what Withings has new, page by page.

use std::collections::HashSet;

use secrecy::SecretString;

use super::SyncPass;
use super::trouble::{self, Trouble};
use crate::measurement::GroupId;
use crate::store::checkpoint::{self, Checkpoint};
use crate::store::measurement;
use crate::withings::{self, Page};

/// How far behind the checkpoint the next reading starts, in seconds. Whether `lastupdate` includes its
/// own second is not documented, and a reading may be stored a little after the answer that misses it.
const OVERLAP: i64 = 2 * 3600;

/// More pages than any history has: some 200 groups each.
const MOST_PAGES: usize = 2000;

/// The status that some take for "no data" and the documentation for "authentication failed".
const PERHAPS_NO_DATA: i64 = 100;

/// What a reading brought.
#[derive(Debug, Default)]
pub(super) struct Fetched {
    /// Groups that were new or had changed.
    pub(super) changed: u64,
    /// Where to start next time; `None` when this reading does not move it.
    pub(super) checkpoint: Option<Checkpoint>,
}

/// Reads everything since the checkpoint and stores it.
///
/// # Errors
/// The outer error is the store's, the inner one Withings'.
pub(super) async fn fetch(pass: &SyncPass<'_>) -> anyhow::Result<Result<Fetched, Trouble>> {
    let last = pass.store.read(checkpoint::load)?;
    let since = last.map_or(0, |last| last.updated_at.saturating_sub(OVERLAP).max(0));
    let mut reading = Reading { pass, since, seen: HashSet::new(), renewed: 0, changed: 0 };
    let (mut offset, mut updated_at) = (None, None);
    for _ in 0..MOST_PAGES {
        let page = match reading.page(offset).await? {
            Ok(page) => page,
            Err(trouble) => return Ok(Err(trouble)),
        };
        // The first page's clock: what is stored while later pages are read must come next time.
        updated_at = updated_at.or(page.updated_at);
        let next = page.next;
        reading.store(page)?;
        match next {
            None => {
                let checkpoint = reading.checkpoint(updated_at);
                return Ok(Ok(Fetched { changed: reading.changed, checkpoint }));
            }
            Some(next) if next > offset.unwrap_or(0) => offset = Some(next),
            Some(next) => {
                return Ok(Err(unreadable(format!("it goes on at {next} after {offset:?}"))));
            }
        }
    }
    Ok(Err(unreadable("it never ends".into())))
}

struct Reading<'a> {
    pass: &'a SyncPass<'a>,
    since: i64,
    seen: HashSet<GroupId>,
    /// How often the token was renewed because Withings refused it.
    renewed: u32,
    changed: u64,
}

impl Reading<'_> {
    /// Reads one page, renewing the access token when it ran out on the way.
    async fn page(&mut self, offset: Option<i64>) -> anyhow::Result<Result<Page, Trouble>> {
        let mut refused: Option<SecretString> = None;
        loop {
            let client = self.pass.withings;
            let token = match self.pass.tokens.withings(client, refused.as_ref(), self.pass.now).await {
                Ok(token) => token,
                Err(error) => return Ok(Err(trouble::of_token(error)?)),
            };
            match client.measure_groups(&token, self.since, offset).await {
                Ok(page) => return Ok(Ok(page)),
                Err(withings::Error::AccessTokenRefused { .. }) if self.renewed < 2 && refused.is_none() => {
                    self.renewed += 1;
                    refused = Some(token);
                }
                Err(withings::Error::AccessTokenRefused { status: PERHAPS_NO_DATA }) => {
                    return Ok(Ok(Page::default()));
                }
                Err(error) => return Ok(Err(error.into())),
            }
        }
    }

    fn store(&mut self, page: Page) -> anyhow::Result<()> {
        let (seen, now) = (&mut self.seen, self.pass.now);
        self.changed += self.pass.store.write(|rows| {
            let mut changed = 0;
            for mut group in page.groups {
                // A group may come twice in one reading, with other values.
                if !seen.insert(group.id)
                    && let Some(earlier) = measurement::load(rows, group.id)?
                {
                    group = earlier.merged_with(group);
                }
                changed += u64::from(measurement::save(rows, &group)?);
            }
            for raw in &page.unreadable {
                if measurement::save_unreadable(rows, raw, now)? {
                    tracing::warn!("A measurement cannot be read and is kept for a later version");
                }
            }
            Ok(changed)
        })?;
        Ok(())
    }

    /// Never ahead of Withings' own clock, lest the next reading find nothing for ever.
    fn checkpoint(&self, updated_at: Option<i64>) -> Option<Checkpoint> {
        let server = self.pass.withings.server_time().map(|time| time.timestamp());
        let updated_at = updated_at?.min(server.unwrap_or(i64::MAX));
        (updated_at > 0).then_some(Checkpoint { updated_at, read_at: self.pass.now })
    }
}

fn unreadable(what: String) -> Trouble {
    Trouble::from(withings::Error::Unreadable { what })
}
