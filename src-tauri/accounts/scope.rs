//! Scopes: what the user shares at Withings, and what the links need. More is only asked for when a link needs
//! it, or when the user wants to know about their devices.

use chrono::{DateTime, Utc};

use crate::domain::measure::kind::Source;
use crate::domain::service::Service;
use crate::services::withings::oauth::{ACTIVITY, DEVICES, METRICS};
use crate::store::doubt::{self, About, Answer, Doubt};
use crate::store::{self, Connection};

/// What a service of Withings needs.
pub fn of(source: Source) -> &'static str {
    match source {
        Source::Measure => METRICS,
        Source::Activity | Source::Sleep | Source::Workout => ACTIVITY,
    }
}

/// Whether a granted scope includes `one`.
pub fn has(scope: &str, one: &str) -> bool {
    scope.split(',').any(|granted| granted.trim() == one)
}

/// Whether the user shares a service of Withings: they granted what it needs, and Withings does not refuse
/// it all the same. Measurements are always asked for; a grant without them is refused.
pub(crate) fn is_shared(conn: &Connection, source: Source) -> anyhow::Result<bool> {
    Ok(source == Source::Measure || (is_granted(conn, source)? && !is_refused(conn, source)?))
}

/// Whether to ask for it. What was refused is asked about now and then: it may be shared after all.
pub(crate) fn is_worth_asking(conn: &Connection, source: Source, now: DateTime<Utc>) -> anyhow::Result<bool> {
    if source == Source::Measure || !is_granted(conn, source)? {
        return Ok(source == Source::Measure);
    }
    Ok(refusal(conn, source)?.is_none_or(|refusal| refusal.is_worth_asking(now)))
}

fn is_refused(conn: &Connection, source: Source) -> anyhow::Result<bool> {
    Ok(refusal(conn, source)?.is_some_and(|refusal| refusal.is_believed()))
}

fn refusal(conn: &Connection, source: Source) -> anyhow::Result<Option<Doubt>> {
    doubt::load(conn, About::Source(source), Answer::Refused)
}

fn is_granted(conn: &Connection, source: Source) -> anyhow::Result<bool> {
    let account = store::account::load(conn, Service::Withings)?;
    Ok(account.is_some_and(|account| has(&account.scope, of(source))))
}

/// Notes that the user does not share `one` after all.
pub(crate) fn forget(conn: &Connection, one: &str) -> anyhow::Result<()> {
    let account = store::account::load(conn, Service::Withings)?;
    let scope = account.map(|account| account.scope).unwrap_or_default();
    let left: Vec<_> = scope.split(',').map(str::trim).filter(|granted| *granted != one).collect();
    store::account::save_scope(conn, &left.join(","))
}

/// What to ask for: what is shared, and what the links in force need.
pub(crate) fn wanted(conn: &Connection) -> anyhow::Result<Vec<&'static str>> {
    let shared = store::account::load(conn, Service::Withings)?.map(|account| account.scope);
    let mut wanted = vec![METRICS];
    for one in [ACTIVITY, DEVICES] {
        if shared.as_deref().is_some_and(|shared| has(shared, one)) {
            wanted.push(one);
        }
    }
    if store::setting::watches_devices(conn)? && !wanted.contains(&DEVICES) {
        wanted.push(DEVICES);
    }
    for link in store::link::load_all(conn)? {
        let one = of(link.feed.source());
        if !wanted.contains(&one) {
            wanted.push(one);
        }
    }
    Ok(wanted)
}

/// The linked goals that need what the user does not share.
pub(crate) fn missing(conn: &Connection) -> anyhow::Result<Vec<(String, Source)>> {
    let mut missing = Vec::new();
    for link in store::link::load_all(conn)? {
        let source = link.feed.source();
        if !is_shared(conn, source)? {
            missing.push((link.slug.0, source));
        }
    }
    Ok(missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_a_list_with_commas() {
        for (scope, one, expected) in [
            ("user.metrics,user.activity", ACTIVITY, true),
            ("user.metrics, user.activity", ACTIVITY, true),
            ("user.metrics", ACTIVITY, false),
            ("", METRICS, false),
            ("user.metrics2", METRICS, false),
        ] {
            assert_eq!(has(scope, one), expected, "{scope}");
        }
    }
}
