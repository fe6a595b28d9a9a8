//! Decides on measurements that may be another person's, where the user's answers tell: by the weight, by
//! the origin Withings gives, and for everything else that the same act measured.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};

use crate::domain::measure::kind::MeasureKind;
use crate::domain::measure::measurement::{Attribution, GroupId, MeasureGroup};
use crate::domain::measure::ownership::{Act, RECENT, may_tell, whose_each};
use crate::store::ownership::{Answer, Memory};
use crate::store::{self, Connection};

/// Looks at `changed`. Returns how many groups were decided on.
///
/// # Errors
/// When the store cannot be used.
pub(crate) fn follow(
    conn: &Connection,
    changed: &[MeasureGroup],
    now: DateTime<Utc>,
) -> anyhow::Result<usize> {
    if !changed.iter().any(MeasureGroup::is_unsure) {
        return Ok(0);
    }
    let known = store::ownership::load_all(conn)?;
    let is_open = |group: &&MeasureGroup| group.is_unsure() && !group.gone && !known.contains_key(&group.id);
    let (weights, others): (Vec<_>, Vec<_>) = changed.iter().filter(is_open).partition(|group| weighs(group));
    let attribs = store::ownership::attribs(conn)?;
    let by_weight = by_weight(conn, &weights)?;
    let own = |group: &MeasureGroup| {
        let (weight, origin) = (by_weight.get(&group.id), attribs.get(&group.attrib));
        match group.attribution() {
            Attribution::Ambiguous => weight.copied(),
            // Not told where from: only the weight can tell.
            Attribution::Unknown if group.attrib < 0 => weight.copied(),
            Attribution::Unknown => origin.copied().filter(|mine| weight.is_none_or(|weight| weight == mine)),
            Attribution::Certain | Attribution::Manual | Attribution::AccountCreation => None,
        }
    };
    let mut acts = Acts::load(conn)?;
    let mut decided: Vec<(GroupId, bool)> = Vec::new();
    let mut moments = HashSet::new();
    for group in weights {
        if let Some(mine) = acts.whose(group).or_else(|| own(group)) {
            acts.add(act_of(group), mine);
            moments.insert(group.measured_at);
            decided.push((group.id, mine));
        }
    }
    // What the same acts measured may have come before, and waits.
    let beside = store::measurement::load_at(conn, &moments)?;
    let beside = beside.iter().filter(is_open).filter(|group| !weighs(group));
    let seen: HashSet<GroupId> = others.iter().map(|group| group.id).collect();
    for group in others.into_iter().chain(beside.filter(|group| !seen.contains(&group.id))) {
        decided.extend(acts.whose(group).or_else(|| own(group)).map(|mine| (group.id, mine)));
    }
    for (group, mine) in &decided {
        store::ownership::save_followed(conn, *group, *mine, now)?;
    }
    if !decided.is_empty() {
        tracing::info!(count = decided.len(), "Decided as the user did for others like it");
    }
    Ok(decided.len())
}

/// Looks at everything that is not decided on yet, after an answer that is to be remembered.
///
/// # Errors
/// When the store cannot be used.
pub(crate) fn follow_all(conn: &Connection, now: DateTime<Utc>) -> anyhow::Result<usize> {
    follow(conn, &store::measurement::load_unsure(conn)?, now)
}

/// Takes back the answers about `groups`, with what may have followed from them; not what other answers alone can
/// have told. Returns whether there was one.
///
/// # Errors
/// When the store cannot be used.
pub(crate) fn take_back(
    conn: &Connection,
    groups: &[MeasureGroup],
    now: DateTime<Utc>,
) -> anyhow::Result<bool> {
    let mut taken = false;
    for group in groups {
        if let Some(answer) = store::ownership::take_back(conn, group.id)? {
            taken = true;
            forget_followed(conn, group, answer)?;
        }
    }
    if taken {
        // Other answers may tell of some of it as well.
        follow_all(conn, now)?;
    }
    Ok(taken)
}

fn forget_followed(conn: &Connection, group: &MeasureGroup, answer: Answer) -> anyhow::Result<()> {
    let followed = store::ownership::followed(conn, answer.mine)?;
    let followed = store::measurement::load_these(conn, &followed)?;
    let told = followed.iter().filter(|other| tells_of(group, answer.memory, other));
    let acts: HashSet<Option<Act>> = told.clone().chain([group]).map(act_of).collect();
    let same_act = followed.iter().filter(|other| other.device.is_some() && acts.contains(&act_of(other)));
    for other in told.chain(same_act) {
        store::ownership::forget_followed(conn, other.id)?;
    }
    Ok(())
}

/// Whether an answer about `group` may have told whose another one is, by its weight or its origin.
fn tells_of(group: &MeasureGroup, memory: Memory, other: &MeasureGroup) -> bool {
    let weight =
        |group: &MeasureGroup| Some((group.measured_at, group.measurement(MeasureKind::WEIGHT)?.value()?));
    let by_weight = memory.weight
        && weight(group).zip(weight(other)).is_some_and(|(known, asked)| may_tell(known, asked));
    by_weight || memory.attrib.is_some_and(|attrib| attrib == other.attrib)
}

/// What can be remembered of an answer about `group`.
pub(crate) fn memory_of(group: &MeasureGroup) -> Memory {
    let attrib = (group.attribution() == Attribution::Unknown && group.attrib >= 0).then_some(group.attrib);
    Memory { weight: weighs(group), attrib }
}

fn weighs(group: &MeasureGroup) -> bool {
    group.measurement(MeasureKind::WEIGHT).is_some_and(|weight| weight.value().is_some())
}

/// Whose `groups` are by their weight, where that tells.
fn by_weight(conn: &Connection, groups: &[&MeasureGroup]) -> anyhow::Result<HashMap<GroupId, bool>> {
    let moments = || groups.iter().map(|group| group.measured_at);
    let (Some(first), Some(last)) = (moments().min(), moments().max()) else {
        return Ok(HashMap::new());
    };
    if !store::ownership::remembers_weights(conn)? {
        return Ok(HashMap::new());
    }
    let weighed = store::ownership::weighed(conn, first - RECENT, last + RECENT)?;
    let (ids, asked): (Vec<_>, Vec<_>) = groups
        .iter()
        .filter_map(|group| {
            let weight = group.measurement(MeasureKind::WEIGHT)?.value()?;
            Some((group.id, (group.measured_at, weight)))
        })
        .unzip();
    let found = whose_each(&weighed, &asked);
    Ok(ids.into_iter().zip(found).filter_map(|(id, mine)| Some((id, mine?))).collect())
}

/// What was said of each act. `None` where it was said both ways.
struct Acts(HashMap<Act, Option<bool>>);

impl Acts {
    fn load(conn: &Connection) -> anyhow::Result<Acts> {
        let mut acts = Acts(HashMap::new());
        for (act, mine) in store::ownership::of_acts(conn)? {
            acts.add(Some(act), mine);
        }
        Ok(acts)
    }

    fn add(&mut self, act: Option<Act>, mine: bool) {
        if let Some(act) = act {
            let said = self.0.entry(act).or_insert(Some(mine));
            *said = said.filter(|said| *said == mine);
        }
    }

    fn whose(&self, group: &MeasureGroup) -> Option<bool> {
        self.0.get(&act_of(group)?).copied().flatten()
    }
}

/// What has no device may be anybody's.
fn act_of(group: &MeasureGroup) -> Option<Act> {
    Some((group.measured_at, group.device.clone()?))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use chrono::TimeDelta;
    use rusqlite::trace::{TraceEvent, TraceEventCodes};

    use super::*;
    use crate::domain::measure::measurement::tests::group;

    /// How many questions the store is asked to decide on so many readings of one day each.
    fn questions(readings: i64) -> usize {
        let mut conn = store::in_memory();
        let at = |day| DateTime::UNIX_EPOCH + TimeDelta::days(day);
        let unsure = |id| MeasureGroup {
            attrib: 1,
            device: Some("scale".into()),
            ..group(id, at(id), &[(1, 82_000)])
        };
        for id in 0..readings {
            store::measurement::save(&conn, &unsure(id)).unwrap();
        }
        let answered = unsure(readings / 2);
        store::ownership::save_answer(&conn, answered.id, true, memory_of(&answered), at(0)).unwrap();
        let changed = store::measurement::load_changed(&conn, 10_000).unwrap();
        let asked = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&asked);
        let count = move |event: TraceEvent<'_>| {
            if let TraceEvent::Stmt(_, sql) = event {
                counter.fetch_add(usize::from(sql.starts_with("SELECT")), Ordering::Relaxed);
            }
        };
        conn.trace_v2(TraceEventCodes::SQLITE_TRACE_STMT, Some(count)).unwrap();
        let decided = follow(&conn, &changed, at(0)).unwrap();
        assert_eq!(i64::try_from(decided).unwrap(), (readings - 1).min(180), "90 days either way");
        asked.load(Ordering::Relaxed)
    }

    #[test]
    fn many_readings_are_decided_on_with_as_many_questions_as_few() {
        let few = questions(10);
        assert!(few > 0, "the count counts");
        assert_eq!(questions(1000), few);
    }
}
