//! Writes a plan down: what is wanted, and what becomes of what nothing calls for any more.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, Utc};

use crate::domain::datapoint::RequestId;
use crate::domain::difference::Word;
use crate::domain::link::Link;
use crate::domain::measure::measurement::{GroupId, MeasureGroup};
use crate::domain::plan::act::{Act, ByAct};
use crate::domain::plan::{Decision, Plan, Reason};
use crate::store::datapoint::{DatapointState, Stored};
use crate::store::{self, Connection};

/// The most datapoints that one pass takes away without asking.
const MOST_REMOVALS: u64 = 10;

/// What becomes of datapoints at Beeminder that nothing calls for any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unwanted {
    /// The user is asked.
    Ask,
    /// So many are deleted there whose readings are gone at Withings; about the others the user is asked.
    Mirror(u64),
    /// They are deleted there: the user has seen which.
    Remove,
}

/// What becomes of what nothing calls for any more, as the user chose.
pub(super) fn unwanted(conn: &Connection) -> anyhow::Result<Unwanted> {
    let mirrors = store::setting::mirrors_deletions(conn)?;
    Ok(if mirrors { Unwanted::Mirror(MOST_REMOVALS) } else { Unwanted::Ask })
}

/// How readings left a datapoint.
#[derive(Debug, Clone, Copy)]
pub(super) struct Leaving {
    /// All of them are to be found in another one.
    pub(super) moved: bool,
    /// Withings has none of them any more.
    pub(super) gone: bool,
}

/// What one pass changes.
pub(super) struct Changes<'a> {
    pub(super) conn: &'a Connection,
    pub(super) unwanted: Unwanted,
    /// Requests that were put into the outbox.
    pub(super) enqueued: u64,
    pub(super) now: DateTime<Utc>,
}

impl Changes<'_> {
    /// Writes a plan down. What `changed` groups went into so far, and nothing calls for any more, is
    /// withdrawn.
    pub(super) fn apply(&mut self, link: &Link, plan: &Plan, changed: &[MeasureGroup]) -> anyhow::Result<()> {
        let decided: HashMap<GroupId, &Decision> =
            plan.decisions.iter().map(|decision| (decision.group, decision)).collect();
        let left = self.left(link, plan, &decided, changed)?;
        for group in changed.iter().filter(|group| !decided.contains_key(&group.id)) {
            store::decision::forget(self.conn, link.id, group.id)?;
        }
        store::decision::save(self.conn, link.id, &plan.decisions)?;
        store::given_day::save(self.conn, &link.goal, &plan.decisions)?;
        for datapoint in &plan.datapoints {
            self.enqueued +=
                u64::from(store::outbox::want(self.conn, &link.goal, link.id, datapoint, self.now)?);
        }
        self.compare_what_stands(link, plan, changed)?;
        for (id, leaving) in left {
            self.withdraw(link, &id, leaving)?;
        }
        Ok(())
    }

    /// A new reading may leave a day's datapoint as it is. Whether that still is at Beeminder is looked at soon
    /// then: what is measured after the user deleted it is a new fact.
    fn compare_what_stands(&self, link: &Link, plan: &Plan, changed: &[MeasureGroup]) -> anyhow::Result<()> {
        if !link.feed.is_daily() || plan.decisions.is_empty() {
            return Ok(());
        }
        let changed: HashSet<GroupId> = changed.iter().map(|group| group.id).collect();
        for decision in plan.decisions.iter().filter(|decision| changed.contains(&decision.group)) {
            let Some(id) = &decision.request_id else {
                continue;
            };
            let known = store::datapoint::load(self.conn, &link.goal, id)?;
            if known.is_some_and(|known| known.stands()) {
                let made_of = store::struck::confirmed_readings(self.conn, &link.goal, id)?;
                if !made_of.is_empty() && !made_of.contains(&decision.group) {
                    return store::goal::compare_soon(self.conn, &link.goal);
                }
            }
        }
        Ok(())
    }

    /// A reading that counts elsewhere must not bring back what the user deleted with the datapoint it was in.
    fn compare_what_was_left(&self, link: &Link, id: &RequestId) -> anyhow::Result<()> {
        match store::datapoint::load(self.conn, &link.goal, id)? {
            Some(known) if known.confirmed.is_there() => store::goal::compare_soon(self.conn, &link.goal),
            Some(_) | None => Ok(()),
        }
    }

    /// The datapoints that changed groups went into so far and nothing calls for any more.
    fn left(
        &self,
        link: &Link,
        plan: &Plan,
        decided: &HashMap<GroupId, &Decision>,
        changed: &[MeasureGroup],
    ) -> anyhow::Result<BTreeMap<RequestId, Leaving>> {
        let wanted = wanted(plan);
        let mut left = BTreeMap::new();
        let counts = |group: &MeasureGroup| {
            decided.get(&group.id).is_some_and(|decision| decision.request_id.is_some())
        };
        let told: ByAct<'_, ()> =
            changed.iter().filter(|group| counts(group)).map(|group| Act::of(link, group)).collect();
        for group in changed {
            let comes_again = group.gone && told.has(&Act::of(link, group));
            let mut before = store::decision::request_id(self.conn, link.id, group.id)?.map(RequestId);
            if before.is_none() && comes_again {
                // What was left of it when it went.
                before = link.feed.key_of(group.id);
            }
            let Some(before) = before else {
                continue;
            };
            let now = decided.get(&group.id);
            // What is told twice is counted where it is told better.
            let went_elsewhere = comes_again
                || now.is_some_and(|now| now.request_id.is_some() || now.reason == Reason::ToldTwice);
            if went_elsewhere && now.and_then(|now| now.request_id.as_ref()) != Some(&before) {
                self.compare_what_was_left(link, &before)?;
            }
            if wanted.contains(before.0.as_str()) {
                continue;
            }
            let leaving = left.entry(before).or_insert(Leaving { moved: true, gone: true });
            leaving.moved &= went_elsewhere;
            leaving.gone &= group.gone;
        }
        Ok(left)
    }

    /// Deals with a datapoint that no measurement calls for any more.
    ///
    /// Of what the user kept they are asked anew when Withings has its readings no more; what they are asked about, what
    /// a link left or what is to be removed may have come again elsewhere.
    pub(super) fn withdraw(&mut self, link: &Link, id: &RequestId, leaving: Leaving) -> anyhow::Result<()> {
        let Leaving { moved, gone } = leaving;
        let known = store::datapoint::load(self.conn, &link.goal, id)?;
        let may_come_again = |known: &Stored| {
            let is_left_or_removed = matches!(known.word, Word::Left | Word::Remove);
            known.state == DatapointState::Stale || (is_left_or_removed && known.confirmed.may_be_there())
        };
        let is_open = |known: &Stored| {
            known.wanted || (gone && known.state == DatapointState::Kept) || (moved && may_come_again(known))
        };
        match known.filter(is_open) {
            Some(known) => self.unwant(&known, leaving),
            None => Ok(()),
        }
    }

    /// Gives up a datapoint. What was never sent is dropped. What Beeminder may have is taken away there once its
    /// readings are in another one, or if the user chose so, a few at a time; else the user is asked.
    pub(super) fn unwant(&mut self, known: &Stored, leaving: Leaving) -> anyhow::Result<()> {
        let word = match &mut self.unwanted {
            _ if !known.confirmed.may_be_there() => Word::None,
            _ if leaving.moved => Word::Moved,
            Unwanted::Remove => Word::Remove,
            // What is unwanted for another reason, Withings still has.
            Unwanted::Mirror(left @ 1..) if leaving.gone => {
                *left -= 1;
                Word::Remove
            }
            Unwanted::Mirror(_) | Unwanted::Ask => Word::None,
        };
        self.enqueued += u64::from(store::outbox::unwant(self.conn, known, word, self.now)?);
        Ok(())
    }

    /// Gives back what was to make way for something that nothing calls for any more before it was there: it is dealt
    /// with as if nothing had ever taken its place.
    ///
    /// Under a link in force that is known when all is planned. What a removed link has is left there at once, so that
    /// the next one knows of it.
    pub(super) fn give_back(&mut self) -> anyhow::Result<()> {
        let all_planned = store::measurement::all_planned(self.conn)?;
        for entry in store::outbox::load_moved(self.conn)? {
            let in_force = store::link::load(self.conn, entry.link)?.is_some();
            if (in_force && !all_planned) || store::replacement::is_called_for(self.conn, &entry)? {
                continue;
            }
            match store::datapoint::load_number(self.conn, entry.id)? {
                Some(known) if in_force => {
                    let readings =
                        store::struck::confirmed_readings(self.conn, &entry.goal, &entry.request_id)?;
                    let gone = store::measurement::are_gone(self.conn, &readings)?;
                    self.unwant(&known, Leaving { moved: false, gone })?;
                }
                Some(known) => store::outbox::unwant(self.conn, &known, Word::Left, self.now).map(drop)?,
                None => {}
            }
        }
        Ok(())
    }
}

fn wanted(plan: &Plan) -> HashSet<&str> {
    plan.datapoints.iter().map(|datapoint| datapoint.request_id.0.as_str()).collect()
}
