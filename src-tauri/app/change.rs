//! Changing a link in mid-goal: what it would do is shown first, and the user says what becomes of what is
//! at Beeminder already.

use anyhow::Context;
use chrono::{DateTime, TimeDelta, Utc};
use tokio_util::sync::CancellationToken;

use super::preview::STALE;
use super::{App, UserError};
use crate::accounts::scope;
use crate::domain::datapoint::{Datapoint, Moment};
use crate::domain::difference::Word;
use crate::domain::link::Feed;
use crate::domain::link::misfit;
use crate::domain::link::{Link, LinkId, Options};
use crate::domain::plan::plan;
use crate::store::{self, Connection, datapoint::Stored};
use crate::sync::{self, Trigger};

/// What a change would do at Beeminder to what the link has sent so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Datapoints that would be new.
    pub added: Vec<Datapoint>,
    /// Datapoints that would be otherwise than they are.
    pub updated: Vec<(Stored, Datapoint)>,
    /// Datapoints that nothing would call for any more.
    pub unwanted: Vec<Stored>,
    /// How many would stay as they are.
    pub same: usize,
}

/// What becomes of what is at Beeminder already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Existing {
    /// It is brought into line: added, updated, and what is not called for any more removed.
    Update,
    /// It stays as it is; the change counts from now on.
    Leave,
    /// All of it is removed; the change counts from now on.
    Remove,
}

impl App {
    /// Shows what changing a link would do to what it has sent so far.
    ///
    /// # Errors
    /// When there is no such link, or it cannot be changed so.
    pub fn preview_change(
        &self,
        id: LinkId,
        feed: &Feed,
        options: &Options,
        now: DateTime<Utc>,
    ) -> anyhow::Result<Change> {
        super::links::check(feed, options)?;
        let link = self.link(id)?;
        self.check_known(feed, options, &link.options)?;
        self.store.read(|conn| {
            let since = since_of_change(conn, &link, feed)?;
            let link = Link { feed: feed.clone(), options: options.clone(), since, ..link };
            let goal = store::goal::load(conn, &link.goal)?.context("The link's goal is unknown")?;
            let rule = goal.day_rule(store::account::time_zone(conn)?);
            let context = sync::context_for(conn, feed, &goal, rule, now)?;
            let earliest = link.earliest() - TimeDelta::days(2);
            let groups = store::measurement::load_with_kinds(conn, &feed.kinds(), earliest)?;
            compare(conn, &link, plan(&link, &context, &groups).datapoints)
        })
    }

    /// Changes a link. Returns it as it is then; leaving or removing what is there makes it a new one.
    ///
    /// # Errors
    /// When there is no such link, or it cannot be changed so.
    pub async fn change_link(
        &self,
        id: LinkId,
        feed: &Feed,
        options: &Options,
        existing: Existing,
        now: DateTime<Utc>,
    ) -> anyhow::Result<Link> {
        super::links::check(feed, options)?;
        let link = self.link(id)?;
        self.check_known(feed, options, &link.options)?;
        // By Beeminder's clock, asked now: this computer's may be wrong.
        self.beeminder.me(&self.tokens.beeminder().await?).await?;
        let since = self.beeminder.server_time().unwrap_or(now);
        if existing == Existing::Leave {
            self.plan_until_now(&link, now).await?;
        }
        self.store.write(|conn| {
            // Read again: it may have been changed or removed meanwhile.
            let link = store::link::load(conn, id)?;
            let link = link.ok_or_else(|| UserError::new("no_link", [("id", id.to_string())]))?;
            let goal = store::goal::load(conn, &link.goal)?.context("The link's goal is unknown")?;
            super::links::refuse_overlap(conn, &goal, feed, Some(id))?;
            store::warned::save(conn, &goal.id, &misfit::unsuited(&goal, feed))?;
            if existing == Existing::Update {
                let since = since_of_change(conn, &link, feed)?;
                store::link::update(conn, id, feed, options)?;
                store::link::save_since(conn, id, since)?;
                return store::link::load(conn, id)?.context("The link was not stored");
            }
            if existing == Existing::Leave {
                refuse_to_drop(conn, &link, now)?;
            }
            let word = if existing == Existing::Remove { Word::Remove } else { Word::Left };
            end_link(conn, &link, word, now)?;
            let since = (since, goal.day_rule(store::account::time_zone(conn)?).day_of(since));
            let id = store::link::add(conn, &link.goal, feed, options, since, now)?;
            store::link::load(conn, id)?.context("The link was not stored")
        })
    }

    /// Reads and plans what was measured until now, so that it is known what still waits.
    async fn plan_until_now(&self, link: &Link, now: DateTime<Utc>) -> anyhow::Result<()> {
        self.freshen(link.feed.source(), TimeDelta::zero(), now).await?;
        self.pass(Trigger::Hand, now, &CancellationToken::new()).plan().await.map(drop)
    }

    /// Removes a link and everything it has at Beeminder. Returns how many datapoints are taken away.
    ///
    /// # Errors
    /// When there is none with this number.
    pub fn remove_link_with_datapoints(&self, id: LinkId, now: DateTime<Utc>) -> anyhow::Result<usize> {
        self.store.write(|conn| {
            let link = store::link::load(conn, id)?;
            let link = link.ok_or_else(|| UserError::new("no_link", [("id", id.to_string())]))?;
            Ok(end_link(conn, &link, Word::Remove, now)?.at_beeminder)
        })
    }
}

/// From when on a link sends once it is changed. Of a day that is there, none of the readings it stands for is
/// too early to be sent for itself.
fn since_of_change(conn: &Connection, link: &Link, feed: &Feed) -> anyhow::Result<DateTime<Utc>> {
    let mut since = link.since;
    if !link.feed.is_daily() || feed.is_daily() {
        return Ok(since);
    }
    for stored in store::datapoint::load_wanted_by(conn, link.id)? {
        let is_first = matches!(stored.datapoint.moment, Moment::On(day) if link.first_day == Some(day));
        if is_first && (stored.confirmed.unsure || stored.confirmed.is_there()) {
            let readings = store::struck::wanted_readings(conn, &link.goal, &stored.datapoint.request_id)?;
            for group in store::measurement::load_these(conn, &readings)? {
                since = since.min(group.measured_at);
            }
        }
    }
    Ok(since)
}

/// Refuses to leave behind what still waits to be sent, or may: nobody would send it.
fn refuse_to_drop(conn: &Connection, link: &Link, now: DateTime<Utc>) -> anyhow::Result<()> {
    let source = link.feed.source();
    let read = store::checkpoint::load(conn, source)?.map(|read| read.read_at);
    // Read for this change, that is: one noted further ahead than that was noted by a clock that was wrong.
    let is_read = read.is_some_and(|read| (TimeDelta::zero()..=STALE).contains(&(read - now)));
    if scope::is_shared(conn, source)? && !is_read {
        anyhow::bail!(UserError::new("still_unread", []));
    }
    let (mut waiting, mut refused) = (0, 0);
    for stored in store::datapoint::load_wanted_by(conn, link.id)? {
        match store::outbox::load(conn, stored.id)? {
            Some(entry) if entry.parked.is_some() => refused += 1,
            Some(_) => waiting += 1,
            None => {}
        }
    }
    let held = store::decision::held_under(conn, link.id)?;
    for (what, count) in [("still_waiting", waiting), ("still_refused", refused), ("still_held", held)] {
        if count > 0 {
            anyhow::bail!(UserError::new(what, [("count", count.to_string())]));
        }
    }
    let backfills = store::backfill::load_of(conn, link.id)?;
    match backfills.iter().find(|backfill| !backfill.is_done()) {
        Some(backfill) => anyhow::bail!(UserError::new("still_posting", [("id", backfill.id.to_string())])),
        None => Ok(()),
    }
}

/// What a link had when it was taken out of force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Ended {
    /// Datapoints that Beeminder has, or may have.
    pub(super) at_beeminder: usize,
    /// Datapoints that were not sent as they are wanted.
    pub(super) unsent: usize,
}

/// Takes a link out of force, with a word on what it sent: it is left there, or removed. To be removed is all
/// that is this program's own of the kind the link sends, whichever link sent it.
pub(super) fn end_link(
    conn: &Connection,
    link: &Link,
    word: Word,
    now: DateTime<Utc>,
) -> anyhow::Result<Ended> {
    let mut ended = Ended::default();
    for stored in store::datapoint::load_live(conn, &link.goal)? {
        let is_moved = word == Word::Remove && stored.word == Word::Moved;
        let is_of_link = stored.link == link.id && (stored.wanted || is_moved);
        let is_of_kind = word == Word::Remove && link.feed.names(&stored.datapoint.request_id);
        if !is_of_link && !is_of_kind {
            continue;
        }
        let may_be_there = stored.confirmed.may_be_there();
        ended.at_beeminder += usize::from(may_be_there);
        ended.unsent += usize::from(stored.wanted && stored.difference().is_some());
        let word = if may_be_there { word } else { Word::None };
        store::outbox::unwant(conn, &stored, word, now)?;
    }
    if word == Word::Remove {
        // What another link sends of the same must not bring back what the user deleted.
        store::goal::compare_soon(conn, &link.goal)?;
    }
    store::link::remove(conn, link.id, now)?;
    store::setting::save_last_removed(conn, None)?;
    Ok(ended)
}

fn compare(conn: &Connection, link: &Link, planned: Vec<Datapoint>) -> anyhow::Result<Change> {
    let mut change = Change { added: Vec::new(), updated: Vec::new(), unwanted: Vec::new(), same: 0 };
    let mut live = store::datapoint::load_wanted_by(conn, link.id)?;
    for datapoint in planned {
        match store::datapoint::load(conn, &link.goal, &datapoint.request_id)? {
            Some(known) if known.datapoint == datapoint && !known.word.removes() => change.same += 1,
            Some(known) if store::outbox::stays_as_it_is(conn, &known, &datapoint)? => change.same += 1,
            Some(known) if known.confirmed.is_there() || known.wanted => {
                change.updated.push((known, datapoint.clone()));
            }
            Some(_) | None => change.added.push(datapoint.clone()),
        }
        live.retain(|known| known.datapoint.request_id != datapoint.request_id);
    }
    change.unwanted = live;
    Ok(change)
}
