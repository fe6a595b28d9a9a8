//! The first datapoint of a new link, as the guide's last page shows it.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use crate::app::first;
use crate::domain::attention::Attention;
use crate::domain::day::Daystamp;
use crate::domain::goal::GoalSlug;
use crate::domain::link::{Feed, Link};
use crate::domain::measure::kind::{MeasureKind, Source};
use crate::domain::plan::Reason;
use crate::domain::service::Service;
use crate::domain::trouble::Place;
use crate::store::awaited::Awaited;
use crate::store::{self, Connection};
use crate::text::Message;

/// After this it is said what may be wrong with the scale's own way to Withings.
const LATE: TimeDelta = TimeDelta::minutes(3);

/// What was measured so shortly before the link began was measured for it.
const JUST_BEFORE: TimeDelta = TimeDelta::hours(1);

/// What a scale measures, by Withings' numbers.
const BY_SCALE: [i64; 12] = [1, 5, 6, 8, 76, 77, 88, 168, 169, 170, 226, 227];

/// What the guide's last page shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FirstDatapoint {
    /// The goal it is for.
    pub goal: GoalSlug,
    /// What the user is to do for it.
    pub act: Act,
    /// Whether it has arrived.
    pub state: FirstState,
    /// Whether the window is to begin with it.
    pub waits: bool,
    /// When the waiting ends at the latest.
    pub until: DateTime<Utc>,
    /// The value that Beeminder has.
    pub value: Option<String>,
    /// The unit of it; empty for bare numbers.
    pub unit: &'static str,
    /// The day it counts for, as Beeminder answered.
    pub day: Option<String>,
    /// Whether that is today.
    pub is_today: bool,
    /// Why it waits to be sent, or is not sent, where that is known.
    pub why: Option<Message>,
}

/// What a measurement takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Stepping on the scale.
    Scale,
    /// Putting on the cuff.
    Cuff,
    /// Measuring with some other device.
    Measure,
    /// Nothing but letting the device upload its days or nights.
    Upload,
}

/// How far the first datapoint has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FirstState {
    /// It has not been measured, or not been uploaded.
    Waiting,
    /// The same, for longer than an upload takes.
    Late,
    /// The same, for longer than anybody waits.
    Over,
    /// A reading waits for the user's word.
    Held,
    /// It waits to be sent to Beeminder.
    Sending,
    /// A reading is there, and is not sent.
    LeftOut,
    /// A reading is there that was measured before the link began, and is not sent.
    Early,
    /// Beeminder refused it.
    Refused,
    /// Beeminder has it.
    Arrived,
}

/// Reads how the datapoint is that the user waits for. `None` when they wait for none.
///
/// # Errors
/// When the store cannot be read.
pub(crate) fn first_datapoint(
    conn: &Connection,
    now: DateTime<Utc>,
) -> anyhow::Result<Option<FirstDatapoint>> {
    let Some(awaited) = store::awaited::load(conn)? else {
        return Ok(None);
    };
    let Some(link) = store::link::load(conn, awaited.link)? else {
        return Ok(None);
    };
    let latest = store::datapoint::latest_of(conn, link.id)?;
    let end = first::ends_at(awaited, now);
    let (state, why) = match latest {
        Some(_) => (FirstState::Arrived, None),
        None => on_its_way(conn, &link, awaited, now)?.unwrap_or_else(|| {
            let state = match end {
                Some(end) if now < end && now - awaited.since < LATE => FirstState::Waiting,
                Some(end) if now < end => FirstState::Late,
                Some(_) | None => FirstState::Over,
            };
            (state, None)
        }),
    };
    let goal = store::goal::load(conn, &link.goal)?;
    let rule = goal.map(|goal| anyhow::Ok(goal.day_rule(store::account::time_zone(conn)?))).transpose()?;
    let (value, day) = latest.unzip();
    // Written with hyphens or without.
    let is_of = |today: &Daystamp| day.as_ref().is_some_and(|day| day.replace('-', "") == today.to_string());
    let is_today = rule.is_some_and(|rule| is_of(&rule.day_of(now)));
    Ok(Some(FirstDatapoint {
        act: act(&link.feed),
        unit: link.feed.unit(),
        goal: link.slug,
        state,
        waits: end.is_some_and(|end| now < end),
        until: awaited.since + first::PATIENCE,
        is_today,
        value,
        day,
        why,
    }))
}

/// How far a reading has come that is here, and why no further; `None` where there is none.
fn on_its_way(
    conn: &Connection,
    link: &Link,
    awaited: Awaited,
    now: DateTime<Utc>,
) -> anyhow::Result<Option<(FirstState, Option<Message>)>> {
    let (waiting, parked) = store::outbox::counts_of(conn, link.id)?;
    if parked > 0 {
        return Ok(Some((FirstState::Refused, None)));
    }
    if store::decision::held_under(conn, link.id)? > 0 {
        return Ok(Some((FirstState::Held, None)));
    }
    if waiting > 0 {
        return Ok(Some((FirstState::Sending, what_holds_up(conn, link, now)?)));
    }
    let newest = store::decision::outcomes(conn, link.id, |_| true)?.pop().map(|outcome| outcome.reason);
    if let Some(reason) = newest {
        let is_sent = matches!(reason, Reason::Sent | Reason::SentForDay | Reason::OtherOfDay);
        let why = Message::new(&format!("reason.{}", reason.code()), []);
        return Ok((!is_sent).then_some((FirstState::LeftOut, Some(why))));
    }
    let is_early = link.feed.source() == Source::Measure
        && store::measurement::was_measured_before(
            conn,
            link.feed.first_kind(),
            link.since,
            (link.since - JUST_BEFORE, awaited.since),
        )?;
    Ok(is_early.then_some((FirstState::Early, None)))
}

/// What keeps Beeminder from getting it.
fn what_holds_up(conn: &Connection, link: &Link, now: DateTime<Utc>) -> anyhow::Result<Option<Message>> {
    let zone = store::account::time_zone(conn)?;
    for place in [Place::Account(Service::Beeminder), Place::Goal(link.goal.clone())] {
        if let Some(problem) = store::trouble::load(conn, &place)? {
            let said = Attention::of_problem(&problem, Some(&link.slug.0), zone, now);
            return Ok(Some(said.explained().sentence));
        }
    }
    Ok(None)
}

fn act(feed: &Feed) -> Act {
    let kinds = feed.kinds();
    let any = |wanted: &dyn Fn(&MeasureKind) -> bool| kinds.iter().any(wanted);
    if feed.source() != Source::Measure {
        Act::Upload
    } else if any(&|kind| BY_SCALE.contains(&kind.0)) {
        Act::Scale
    } else if any(&|kind| [MeasureKind::DIASTOLIC, MeasureKind::SYSTOLIC].contains(kind)) {
        Act::Cuff
    } else {
        Act::Measure
    }
}
