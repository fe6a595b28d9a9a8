//! What the user said about measurements that may be another person's.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Connection, params};

use crate::kind::MeasureKind;
use crate::measurement::GroupId;
use crate::store::measurement;
use crate::verdict::{Verdicts, Weights};

/// How long ago a weight still says what a person weighs.
const OF_LATE: TimeDelta = TimeDelta::days(90);

/// Loads every verdict.
pub fn load_all(rows: &Connection) -> anyhow::Result<Verdicts> {
    let verdicts = rows
        .prepare_cached("SELECT group_id, mine FROM verdict")?
        .query_map([], |row| Ok((GroupId(row.get(0)?), row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    Ok(verdicts)
}

/// Notes whose a group is, and marks it for the plan. `remembered` when others like it follow.
pub fn save(
    rows: &Connection,
    group: GroupId,
    mine: bool,
    remembered: bool,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    rows.prepare_cached(
        "INSERT INTO verdict VALUES (?1, ?2, ?3, ?4) ON CONFLICT (group_id) DO UPDATE SET
             mine = excluded.mine, remembered = excluded.remembered, decided_at = excluded.decided_at",
    )?
    .execute(params![group.0, mine, remembered, now.timestamp()])?;
    measurement::mark_changed(rows, group)
}

/// Loads what is known about the weights of those who used the scale before `moment`.
pub fn weights(rows: &Connection, moment: DateTime<Utc>) -> anyhow::Result<Weights> {
    let verdicts = rows
        .prepare_cached("SELECT group_id, mine FROM verdict WHERE remembered = 1")?
        .query_map([], |row| Ok((GroupId(row.get(0)?), row.get(1)?)))?
        .collect::<Result<Verdicts, _>>()?;
    let mut weights = Weights::default();
    for group in measurement::load_with_kinds(rows, &[MeasureKind::WEIGHT], moment - OF_LATE)? {
        let Some(weight) = group.measurement(MeasureKind::WEIGHT).and_then(|weight| weight.value()) else {
            continue;
        };
        match verdicts.get(&group.id) {
            Some(true) => weights.mine.push(weight),
            Some(false) => weights.not_mine.push(weight),
            None if group.attribution() == crate::measurement::Attribution::Certain => {
                weights.certain.push(weight);
            }
            None => {}
        }
    }
    Ok(weights)
}
