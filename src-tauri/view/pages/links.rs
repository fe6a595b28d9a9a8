//! Links as cards, and the link editor's previews.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::app::{App, BackfillPreview, Change, Risk, UserError};
use crate::domain::day::{DayRule, Daystamp};
use crate::domain::goal::{Goal, Presence};
use crate::domain::link::suggestion::units_of_kinds;
use crate::domain::link::{Link, LinkId};
use crate::store::{self, Connection};
use crate::text::Message;
use crate::view::pages::LinkForm;

/// A link on the overview.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Card {
    /// The number that `bws` knows it by.
    pub id: LinkId,
    /// What the goal is called.
    title: String,
    /// The link, as its form shows it.
    form: LinkForm,
    /// The unit to send each kind in, where that is not the usual one.
    units_of_kinds: BTreeMap<&'static str, &'static str>,
    /// What it sends, as a sentence.
    sends: Message,
    /// The first moment it sends, but for back-fills.
    since: DateTime<Utc>,
    /// Days of safety left; `None` while Beeminder is still working the goal out.
    buffer_days: Option<i64>,
    /// The moment it derails if nothing is done.
    loses_at: Option<DateTime<Utc>>,
    /// What it needs until then: the word of it, and how much in the goal's unit.
    needed: Option<(&'static str, f64)>,
    /// The unit of what is sent; empty for bare numbers.
    unit: &'static str,
    /// Readings that wait for the user's answer.
    held: u64,
    /// Beeminder's picture of its graph.
    graph: Option<Url>,
    /// Whether the goal takes datapoints.
    alive: bool,
    /// The last datapoint Beeminder confirmed: its value and its day.
    last: Option<(String, String)>,
    /// Datapoints waiting to be sent.
    pending: u64,
    /// Datapoints Beeminder refused.
    parked: u64,
    /// Datapoints of it at Beeminder.
    sent: u64,
    /// Stretches of the past that were posted last, the newest first.
    posted: Vec<PostedPast>,
}

/// A stretch of the past that was posted.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct PostedPast {
    /// The number that `bws` knows it by.
    id: i64,
    /// How many datapoints it made.
    count: u64,
    /// Its first day, as the goal cuts days.
    first: Daystamp,
    /// Its last day.
    last: Daystamp,
}

/// So many of them are shown.
const MOST_POSTED: usize = 3;

/// Reads the cards, the one that derails first in front.
///
/// # Errors
/// When the store cannot be read.
pub(crate) fn cards(conn: &Connection, sandbox: bool) -> anyhow::Result<Vec<Card>> {
    let (zone, mut cards) = (store::account::time_zone(conn)?, Vec::new());
    for link in store::link::load_all(conn)? {
        if let Some(goal) = store::goal::load(conn, &link.goal)? {
            cards.push(card(conn, &link, goal, zone, sandbox)?);
        }
    }
    cards.sort_by_key(|card| (card.loses_at.unwrap_or(DateTime::<Utc>::MAX_UTC), card.id));
    Ok(cards)
}

fn card(conn: &Connection, link: &Link, goal: Goal, zone: Tz, sandbox: bool) -> anyhow::Result<Card> {
    let (pending, parked) = store::outbox::counts_of(conn, link.id)?;
    let rule = goal.day_rule(zone);
    Ok(Card {
        id: link.id,
        form: LinkForm { link: Some(link.id.0), ..LinkForm::of(&link.slug, &link.feed, &link.options) },
        units_of_kinds: units_of_kinds(&goal, &|_| None),
        sends: link.feed.message(),
        since: link.since,
        title: goal.title,
        buffer_days: goal.buffer_days,
        loses_at: goal.loses_at,
        needed: goal.needed.map(|needed| (needed.name(), needed.value())),
        unit: link.feed.unit(),
        held: store::decision::held_under(conn, link.id)?,
        graph: goal.graph_url.filter(|url| is_picture_of_beeminders(url, sandbox)),
        alive: goal.presence == Presence::Active && !goal.frozen,
        last: store::datapoint::latest_of(conn, link.id)?,
        sent: store::datapoint::confirmed_of(conn, link.id)?,
        posted: posted(conn, link.id, rule)?,
        pending,
        parked,
    })
}

fn posted(conn: &Connection, link: LinkId, rule: DayRule) -> anyhow::Result<Vec<PostedPast>> {
    let done = store::backfill::load_of(conn, link)?.into_iter().rev();
    let done = done.filter(|past| past.is_done() && past.released > 0).take(MOST_POSTED);
    let line = |past: store::backfill::Backfill| PostedPast {
        id: past.id,
        count: past.released,
        first: past.from_day.unwrap_or_else(|| rule.day_of(past.from)),
        last: rule.day_of(past.until - TimeDelta::seconds(1)),
    };
    Ok(done.map(line).collect())
}

/// Whether a picture is one of Beeminder's, over TLS; nothing else is ever loaded from the network.
fn is_picture_of_beeminders(url: &Url, sandbox: bool) -> bool {
    let host = url.host_str().unwrap_or_default();
    (url.scheme() == "https" && host == "cdn.beeminder.com") || (sandbox && host == "127.0.0.1")
}

/// What a change would do at Beeminder.
#[derive(Debug, Serialize)]
pub struct ChangeView {
    added: usize,
    updated: usize,
    removed: usize,
    same: usize,
    /// Some of what would be otherwise: the day, the value now, and the value then if it stays.
    examples: Vec<(String, String, Option<String>)>,
}

/// A stretch of the past, as the page asks for it.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Stretch {
    /// The number of the link.
    pub link: i64,
    /// The first day, in the user's time zone.
    pub from: NaiveDate,
    /// The last day, included.
    pub to: NaiveDate,
}

/// What posting a stretch of the past would do.
#[derive(Debug, Serialize)]
pub struct BackfillView {
    days: Vec<BackfillLine>,
    refused_before: Option<NaiveDate>,
    datapoints: usize,
    takes_days: u64,
    risky: usize,
}

#[derive(Debug, Serialize)]
struct BackfillLine {
    day: NaiveDate,
    values: Vec<String>,
    others: usize,
    may_derail: bool,
    risk: Risk,
}

/// How many examples of a change are shown.
const EXAMPLES: usize = 20;

impl App {
    /// What changing a link like this would do at Beeminder.
    ///
    /// # Errors
    /// When there is no such link, or the form makes no sense.
    pub fn preview_change_form(
        &self,
        id: i64,
        form: &LinkForm,
        now: DateTime<Utc>,
    ) -> anyhow::Result<ChangeView> {
        let change = self.preview_change(LinkId(id), &form.feed()?, &form.options, now)?;
        Ok(ChangeView::from(&change))
    }
}

impl App {
    /// Begins to post a stretch of the past that the user has looked at.
    ///
    /// # Errors
    /// When it may derail the goal and the user did not say that this is meant, or it is posted already.
    pub async fn start_looked_at(
        &self,
        stretch: Stretch,
        may_derail: bool,
        now: DateTime<Utc>,
    ) -> anyhow::Result<()> {
        let id = LinkId(stretch.link);
        let preview = self.preview_backfill(id, stretch.from, stretch.to, now).await?;
        let risky = preview.risky_days() > 0;
        anyhow::ensure!(
            !risky || may_derail,
            UserError::in_field("may_derail", Message::error("may_derail", []))
        );
        self.start_backfill(id, &preview)?;
        Ok(())
    }
}

impl From<&Change> for ChangeView {
    fn from(change: &Change) -> ChangeView {
        let day = |known: &store::datapoint::Stored| known.beeminder_day.clone().unwrap_or_default();
        let updated = change.updated.iter().map(|(known, wanted)| {
            (day(known), known.datapoint.value.to_string(), Some(wanted.value.to_string()))
        });
        let removed =
            change.unwanted.iter().map(|known| (day(known), known.datapoint.value.to_string(), None));
        ChangeView {
            added: change.added.len(),
            updated: change.updated.len(),
            removed: change.unwanted.len(),
            same: change.same,
            examples: updated.chain(removed).take(EXAMPLES).collect(),
        }
    }
}

impl From<&BackfillPreview> for BackfillView {
    fn from(preview: &BackfillPreview) -> BackfillView {
        let line = |day: &crate::app::BackfillDay| BackfillLine {
            day: day.day.0,
            values: day.values.iter().map(ToString::to_string).collect(),
            others: day.others,
            may_derail: day.risk != Risk::Safe,
            risk: day.risk,
        };
        BackfillView {
            days: preview.days.iter().map(line).collect(),
            refused_before: preview.refused_before.map(|day| day.0),
            datapoints: preview.datapoints,
            takes_days: preview.takes_days,
            risky: preview.risky_days(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_beeminders_own_pictures_are_shown() {
        for (url, sandbox, shown) in [
            ("https://cdn.beeminder.com/uploads/1.png", false, true),
            ("http://cdn.beeminder.com/uploads/1.png", false, false),
            ("https://cdn.beeminder.com.example.com/1.png", false, false),
            ("https://example.com/cdn.beeminder.com/1.png", false, false),
            ("http://127.0.0.1:9000/1.png", false, false),
            ("http://127.0.0.1:9000/1.png", true, true),
            ("file:///etc/passwd", true, false),
        ] {
            assert_eq!(is_picture_of_beeminders(&url.parse().unwrap(), sandbox), shown, "{url}");
        }
    }
}
