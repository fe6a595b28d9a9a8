//! Deals with datapoints that a removed link left at Beeminder.

use super::changes::{Changes, Leaving};
use crate::domain::datapoint::Moment;
use crate::domain::day::DayRule;
use crate::domain::difference::Word;
use crate::domain::link::{Link, Part};
use crate::domain::measure::measurement::GroupId;
use crate::store;
use crate::store::datapoint::Stored;

/// Gives up what an earlier link left at Beeminder though its readings are gone: no link takes it over. Of those that
/// `concerns` says yes to.
pub(super) fn give_up_left(
    changes: &mut Changes<'_>,
    link: &Link,
    concerns: impl Fn(&Stored, &[GroupId]) -> bool,
) -> anyhow::Result<()> {
    let conn = changes.conn;
    for left in store::datapoint::load_left(conn, &link.goal)? {
        let id = &left.datapoint.request_id;
        let readings = match link.feed.part(id).filter(|_| left.word == Word::Left) {
            Some(Part::Reading(group)) => vec![group],
            Some(Part::Day(_)) => store::struck::confirmed_readings(conn, &link.goal, id)?,
            None => continue,
        };
        if !concerns(&left, &readings) {
            continue;
        }
        if store::measurement::are_gone(conn, &readings)? {
            changes.unwant(&left, Leaving { moved: false, gone: true })?;
        }
    }
    Ok(())
}

/// Whether a link is about what a datapoint says.
pub(crate) fn is_about(link: &Link, rule: DayRule, stored: &Stored) -> bool {
    match stored.datapoint.moment {
        Moment::At(at) => link.is_about_moment(at),
        Moment::On(day) => link.is_about_day(day, rule),
    }
}
