//! Lists from the store what the user should know.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use crate::accounts::scope;
use crate::domain::attention::Attention;
use crate::domain::goal::{Goal, Presence};
use crate::domain::link::misfit::{self, Misfit};
use crate::domain::measure::kind::Source;
use crate::domain::problem_code::{ProblemCode, Urgency};
use crate::domain::service::Service;
use crate::domain::trouble::{Place, Problem};
use crate::health::attention::filters;
use crate::health::reminder::{self, Measured};
use crate::store::{self, Connection};
use crate::text::{Args, args};

/// A clock this far from the services' is wrong.
const CLOCK_TOLERANCE: TimeDelta = TimeDelta::minutes(5);

/// Longer than a computer sleeps at night.
const UNREAD: TimeDelta = TimeDelta::hours(24);

/// Longer than it takes until what a goal's list says is believed.
const WAITS_LONG: TimeDelta = TimeDelta::hours(1);

/// Lists what the user should know, most urgent first.
pub fn attention(
    conn: &Connection,
    server_time: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> anyhow::Result<Vec<Attention>> {
    let mut items = Items { zone: store::account::time_zone(conn)?, list: Vec::new() };
    accounts(conn, &mut items)?;
    problems(conn, now, &mut items)?;
    sharing(conn, &mut items)?;
    goals(conn, now, &mut items)?;
    unsuited(conn, &mut items)?;
    datapoints(conn, &mut items)?;
    for left_out in filters::left_out(conn, now)? {
        let about = [
            ("link", left_out.link.to_string()),
            ("filter", left_out.filters.join(",")),
            ("since", left_out.since.0.format("%Y-%m-%d").to_string()),
        ];
        items.about_goal(ProblemCode::FilterLeavesOut, &left_out.goal, about);
    }
    for reminder in reminder::due(conn, now)? {
        let what = reminder.what.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        let mut about = args([
            ("deadline", reminder.deadline.to_rfc3339()),
            ("what", what),
            ("measured", reminder.measured.name().into()),
        ]);
        if let Measured::Unknown { since } = reminder.measured {
            about.insert("since".into(), since.to_rfc3339());
        }
        items.about_goal_with(ProblemCode::MeasureSoon, &reminder.slug, about);
    }
    if let Some(path) = store::setting::recovered(conn)? {
        items.add(ProblemCode::StoreRecovered, [("path", path)]);
    }
    match paused(conn, now)? {
        Some(until) => items.add(ProblemCode::Paused, [("until", until.to_rfc3339())]),
        None => {
            unread(conn, now, &mut items)?;
            not_arriving(conn, now, &mut items)?;
        }
    }
    if let Some(server) = server_time.filter(|server| (*server - now).abs() > CLOCK_TOLERANCE) {
        items.add(ProblemCode::ClockWrong, [("minutes", (server - now).num_minutes().abs().to_string())]);
    }
    let mut list = items.list;
    list.sort_by_key(|item| std::cmp::Reverse(item.code.urgency()));
    Ok(list)
}

/// The list while it is made.
struct Items {
    /// Whose clock the sentences go by.
    zone: Tz,
    list: Vec<Attention>,
}

impl Items {
    fn add<const N: usize>(&mut self, code: ProblemCode, about: [(&str, String); N]) {
        self.list.push(Attention::new(code, args(about), self.zone));
    }

    fn about_goal<const N: usize>(&mut self, code: ProblemCode, goal: &str, about: [(&str, String); N]) {
        self.about_goal_with(code, goal, args(about));
    }

    fn about_goal_with(&mut self, code: ProblemCode, goal: &str, mut facts: Args) {
        facts.insert("goal".into(), goal.to_owned());
        self.list.push(Attention { goal: Some(goal.to_owned()), ..Attention::new(code, facts, self.zone) });
    }

    /// Adds what there is some of, and nothing when there is none.
    fn add_some(&mut self, code: ProblemCode, count: u64) {
        if count > 0 {
            self.add(code, [("count", count.to_string())]);
        }
    }
}

fn accounts(conn: &Connection, items: &mut Items) -> anyhow::Result<()> {
    for service in Service::ALL {
        let account = store::account::load(conn, service)?;
        let Some(account) = account.filter(|account| account.connected) else {
            let code = match service {
                Service::Withings => ProblemCode::ConnectWithings,
                Service::Beeminder => ProblemCode::ConnectBeeminder,
            };
            items.add(code, []);
            continue;
        };
        if account.deadbeat {
            items.add(ProblemCode::Deadbeat, []);
        }
    }
    Ok(())
}

/// Says what is wrong. Several places with one cause are one matter.
fn problems(conn: &Connection, now: DateTime<Utc>, items: &mut Items) -> anyhow::Result<()> {
    let mut problems: Vec<Problem> = Vec::new();
    for problem in store::trouble::load_all(conn)? {
        let is_same = |other: &&mut Problem| {
            // Both services need the one keychain.
            let keychain = matches!(
                problem.code,
                ProblemCode::KeychainLocked | ProblemCode::KeychainAbsent | ProblemCode::KeychainFailed
            );
            other.code == problem.code && (keychain || other.place.service() == problem.place.service())
        };
        match problems.iter_mut().find(is_same) {
            Some(other) if other.facts.get("why") == problem.facts.get("why") => {
                other.place = Place::Account(problem.place.service());
                other.wait_until = other.wait_until.min(problem.wait_until);
            }
            Some(_) | None => problems.push(problem),
        }
    }
    for problem in &problems {
        let goal = match &problem.place {
            Place::Goal(id) | Place::Comparison(id) => store::goal::load(conn, id)?,
            Place::Account(_) | Place::Source(_) | Place::Devices | Place::Notifications | Place::Goals => {
                None
            }
        };
        let slug = goal.as_ref().map(|goal| goal.slug.0.as_str());
        items.list.push(Attention::of_problem(problem, slug, items.zone, now));
    }
    Ok(())
}

/// Says what Withings does not share, or no longer.
fn sharing(conn: &Connection, items: &mut Items) -> anyhow::Result<()> {
    let withings = store::account::load(conn, Service::Withings)?.filter(|account| account.connected);
    let Some(withings) = withings else {
        return Ok(());
    };
    for (goal, source) in scope::missing(conn)? {
        items.about_goal(ProblemCode::ScopeMissing, &goal, [("what", source.name().into())]);
    }
    let withdrawn = store::setting::withdrawn(conn)?;
    if !withdrawn.is_empty() {
        let what: Vec<_> = withdrawn.iter().map(|source| source.name()).collect();
        items.add(ProblemCode::ShareWithdrawn, [("what", what.join(","))]);
    }
    let beeminder = store::account::load(conn, Service::Beeminder)?.map(|account| account.time_zone);
    if let Some((here, there)) = beeminder.and_then(|there| differing_zones(&withings.time_zone, &there)) {
        items.add(ProblemCode::ZonesDiffer, [("here", here.to_string()), ("there", there.to_string())]);
    }
    zones_not_known(conn, items)?;
    for device in store::device::load_all(conn)?.iter().filter(|device| device.battery == "low") {
        items.add(ProblemCode::BatteryLow, [("device", device.name().to_owned())]);
    }
    Ok(())
}

/// Says which service gives a time zone that this program does not know, since days then go by another one.
fn zones_not_known(conn: &Connection, items: &mut Items) -> anyhow::Result<()> {
    for service in Service::ALL {
        let account = store::account::load(conn, service)?.filter(|account| account.connected);
        let zone = account.map(|account| account.time_zone).filter(|zone| !zone.is_empty());
        if let Some(zone) = zone.filter(|zone| zone.parse::<Tz>().is_err()) {
            items.add(ProblemCode::ZoneUnknown, [("service", service.to_string()), ("zone", zone)]);
        }
    }
    Ok(())
}

/// Two names for zones whose clocks differ, now or half a year later.
fn differing_zones(withings: &str, beeminder: &str) -> Option<(Tz, Tz)> {
    let (here, there) = (withings.parse::<Tz>().ok()?, beeminder.parse::<Tz>().ok()?);
    let differ = [0, 15_552_000].iter().any(|unix| {
        let moment = DateTime::<Utc>::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::seconds(*unix);
        moment.with_timezone(&here).naive_local() != moment.with_timezone(&there).naive_local()
    });
    differ.then_some((here, there))
}

/// Says when Withings was not read for long: nobody polls, or whatever is wrong does not end by itself.
fn unread(conn: &Connection, now: DateTime<Utc>, items: &mut Items) -> anyhow::Result<()> {
    let read_at = store::checkpoint::load(conn, Source::Measure)?.map(|checkpoint| checkpoint.read_at);
    let mut connected_at = None;
    for service in Service::ALL {
        let Some(account) = store::account::load(conn, service)?.filter(|account| account.connected) else {
            return Ok(());
        };
        let problem = store::trouble::load(conn, &Place::Account(service))?;
        if problem.is_some_and(|problem| problem.code.urgency() == Urgency::NeedsYou) {
            return Ok(());
        }
        connected_at = connected_at.max(Some(account.connected_at));
    }
    // Before both were connected there was nothing to read.
    // A moment in the future was noted by a clock that was wrong, and says nothing.
    let is_long_ago = |since: &DateTime<Utc>| now - *since > UNREAD || *since > now + CLOCK_TOLERANCE;
    if let Some(since) = read_at.or(connected_at).filter(is_long_ago) {
        items.add(ProblemCode::NotSynced, [("since", since.to_rfc3339())]);
    }
    Ok(())
}

fn goals(conn: &Connection, now: DateTime<Utc>, items: &mut Items) -> anyhow::Result<()> {
    let goals = store::goal::load_linked(conn)?;
    if goals.is_empty() {
        items.add(ProblemCode::NothingLinked, []);
    }
    for (_, slug) in store::link::load_unreadable(conn)? {
        items.about_goal(ProblemCode::LinkUnreadable, &slug.0, []);
    }
    for goal in goals {
        let rule = goal.day_rule(items.zone);
        if let Some(first) = goal.first_day(rule).filter(|first| *first > rule.day_of(now)) {
            let about = [("day", first.0.format("%Y-%m-%d").to_string())];
            items.about_goal(ProblemCode::GoalNotStarted, &goal.slug.0, about);
        }
        if let Some(at) = goal.archives_at.filter(|_| closed(&goal).is_none()) {
            let day = at.with_timezone(&items.zone).date_naive().format("%Y-%m-%d").to_string();
            items.about_goal(ProblemCode::GoalArchiving, &goal.slug.0, [("day", day)]);
        }
    }
    // What is to be removed waits for goals that are not linked any more.
    for goal in store::goal::load_concerned(conn)? {
        if let Some(code) = closed(&goal) {
            items.about_goal(code, &goal.slug.0, []);
        }
    }
    for (old, new) in store::goal::renamed(conn)? {
        items.about_goal(ProblemCode::GoalRenamed, &new, [("old", old)]);
    }
    Ok(())
}

/// Says which goals do not suit their links any more as they are set up, or are filled by something else as well.
fn unsuited(conn: &Connection, items: &mut Items) -> anyhow::Result<()> {
    let mut said = Vec::new();
    for link in store::link::load_all(conn)? {
        let goal = store::goal::load(conn, &link.goal)?.filter(Goal::is_open);
        for misfit in goal.iter().flat_map(|goal| misfit::unsuited(goal, &link.feed)) {
            // Of several links of a goal one is enough.
            let matter = (link.slug.0.clone(), misfit.code());
            if said.contains(&matter) || store::warned::is_known(conn, &link.goal, &misfit)? {
                continue;
            }
            let code = if matches!(misfit, Misfit::FedByAutodata(_)) {
                ProblemCode::GoalFedByAutodata
            } else if matches!(misfit, Misfit::FedByAppleHealth(_)) {
                ProblemCode::GoalFedByAppleHealth
            } else {
                ProblemCode::GoalUnsuited
            };
            let mut facts = misfit.facts();
            facts.insert("misfit".into(), misfit.code().into());
            items.about_goal_with(code, &link.slug.0, facts);
            said.push(matter);
        }
    }
    Ok(())
}

/// Why a goal takes nothing, if it does not.
fn closed(goal: &Goal) -> Option<ProblemCode> {
    match goal.presence {
        Presence::Archived => Some(ProblemCode::GoalArchived),
        Presence::Deleted => Some(ProblemCode::GoalDeleted),
        Presence::Active => goal.frozen.then_some(ProblemCode::GoalFrozen),
    }
}

/// Says which goals do not get what waits for them, where nothing else is said of it.
fn not_arriving(conn: &Connection, now: DateTime<Utc>, items: &mut Items) -> anyhow::Result<()> {
    let beeminder = store::account::load(conn, Service::Beeminder)?.filter(|account| account.connected);
    if beeminder.is_none() || store::trouble::load(conn, &Place::Account(Service::Beeminder))?.is_some() {
        return Ok(());
    }
    for id in store::outbox::goals_waiting_since(conn, now - WAITS_LONG)? {
        let goal = store::goal::load(conn, &id)?.filter(|goal| closed(goal).is_none());
        let is_said = store::trouble::load(conn, &Place::Goal(id))?.is_some();
        if let Some(goal) = goal.filter(|_| !is_said) {
            items.about_goal(ProblemCode::NotArriving, &goal.slug.0, []);
        }
    }
    Ok(())
}

fn datapoints(conn: &Connection, items: &mut Items) -> anyhow::Result<()> {
    let parked = store::outbox::counts(conn)?.1;
    if parked > 0 {
        let goals = store::outbox::goals_parked(conn)?.join(",");
        items.add(ProblemCode::Parked, [("count", parked.to_string()), ("goals", goals)]);
    }
    items.add_some(ProblemCode::Held, store::decision::held(conn)?);
    items.add_some(ProblemCode::InFuture, store::measurement::in_future(conn)?);
    items.add_some(
        ProblemCode::Stale,
        store::datapoint::count_in(conn, store::datapoint::DatapointState::Stale)?,
    );
    items.add_some(ProblemCode::ManyGone, store::setting::many_gone(conn)?);
    items.add_some(ProblemCode::MeasurementUnreadable, store::unreadable::count(conn)?);
    Ok(())
}

pub(crate) fn paused(conn: &Connection, now: DateTime<Utc>) -> anyhow::Result<Option<DateTime<Utc>>> {
    let pause = store::setting::pause(conn)?.filter(|pause| store::setting::is_paused(*pause, now));
    Ok(pause.map(|pause| pause.until))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_differ_when_their_clocks_do_and_not_by_name() {
        for (withings, beeminder, differ) in [
            ("Europe/Paris", "Europe/Paris", false),
            ("Europe/Paris", "Europe/Berlin", false),
            ("Europe/Paris", "America/New_York", true),
            // The same in winter only.
            ("Africa/Lagos", "Europe/Paris", true),
            ("", "Europe/Paris", false),
            ("Mars/Olympus", "Europe/Paris", false),
        ] {
            assert_eq!(differing_zones(withings, beeminder).is_some(), differ, "{withings} {beeminder}");
        }
    }
}
