//! Looks through what is stored for what the user should know.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::{Attention, Code, Urgency};
use crate::accounts::{Service, scope};
use crate::goal::Presence;
use crate::kind::Source;
use crate::store::{self, Rows};
use crate::sync::schedule;

/// A clock this far from the services' is wrong.
const CLOCK_TOLERANCE: TimeDelta = TimeDelta::minutes(5);

/// Longer than a computer sleeps at night.
const UNREAD: TimeDelta = TimeDelta::hours(24);

/// Lists what the user should know, most urgent first.
pub fn attention(
    rows: &Rows,
    server_time: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> anyhow::Result<Vec<Attention>> {
    let mut items = Vec::new();
    accounts(rows, &mut items)?;
    sharing(rows, &mut items)?;
    goals(rows, &mut items)?;
    datapoints(rows, &mut items)?;
    reminders(rows, now, &mut items)?;
    if let Some(path) = store::setting::recovered(rows)? {
        items.push(Attention::new(
            Code::StoreRecovered,
            format!(
                "The database was damaged. It was set aside as {path}, and everything is fetched again; \
                 nothing is posted twice. Check your links, and confirm."
            ),
        ));
    }
    match paused(rows, now)? {
        Some(until) => {
            items.push(Attention::new(Code::Paused, format!("Paused until {}.", local(rows, until)?)));
        }
        None => unread(rows, now, &mut items)?,
    }
    if let Some(server) = server_time.filter(|server| (*server - now).abs() > CLOCK_TOLERANCE) {
        let off = (server - now).num_minutes().abs();
        items.push(Attention::new(
            Code::ClockWrong,
            format!(
                "This computer's clock is off by {off} minutes. Nothing is lost by it, but times shown \
                 are wrong. Set the clock."
            ),
        ));
    }
    items.sort_by_key(|item| std::cmp::Reverse(item.code.urgency()));
    Ok(items)
}

fn accounts(rows: &Rows, items: &mut Vec<Attention>) -> anyhow::Result<()> {
    for service in Service::ALL {
        let account = store::account::load(rows, service)?;
        let Some(account) = account.filter(|account| account.connected) else {
            let code = match service {
                Service::Withings => Code::ConnectWithings,
                Service::Beeminder => Code::ConnectBeeminder,
            };
            items.push(Attention::new(code, format!("Connect {service}.")));
            continue;
        };
        if let Some(problem) = account.problem {
            items.push(Attention::new(Code::named(&problem.code).unwrap_or(Code::Unavailable), problem.text));
        }
        if account.deadbeat {
            items.push(Attention::new(
                Code::Deadbeat,
                "Beeminder waits for a payment of yours. Sort it out at beeminder.com.",
            ));
        }
    }
    Ok(())
}

/// Says what Withings does not share, or no longer.
fn sharing(rows: &Rows, items: &mut Vec<Attention>) -> anyhow::Result<()> {
    let withings = store::account::load(rows, Service::Withings)?.filter(|account| account.connected);
    let Some(withings) = withings else {
        return Ok(());
    };
    for (goal, source) in scope::missing(rows)? {
        let what = source.label();
        let message = format!(
            "The goal {goal} needs your {what} from Withings, which you do not share yet. Connect Withings \
             again: its page then asks for activity and sleep as well. Until then nothing is sent to {goal}."
        );
        items.push(Attention { code: Code::ScopeMissing, message, goal: Some(goal) });
    }
    let withdrawn = store::setting::withdrawn(rows)?;
    if !withdrawn.is_empty() {
        let what: Vec<_> = withdrawn.iter().map(|source| source.label()).collect();
        items.push(Attention::new(
            Code::ShareWithdrawn,
            format!(
                "Withings shows none of your {} of the last weeks any more. Check in the Withings app whether \
                 you still share them and whether a Withings+ membership has ended. Nothing was taken away \
                 at Beeminder.",
                what.join(" and ")
            ),
        ));
    }
    let beeminder = store::account::load(rows, Service::Beeminder)?.map(|account| account.time_zone);
    if let Some((here, there)) = beeminder.and_then(|there| differing_zones(&withings.time_zone, &there)) {
        items.push(Attention::new(
            Code::ZonesDiffer,
            format!(
                "Withings takes you to be in {here} and Beeminder in {there}, so steps and sleep may count \
                 for another day than you expect. Set both to where you are."
            ),
        ));
    }
    for device in store::device::load_all(rows)?.iter().filter(|device| device.battery == "low") {
        let name = device.name();
        items.push(Attention::new(Code::BatteryLow, format!("The battery of your {name} is low.")));
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

fn reminders(rows: &Rows, now: DateTime<Utc>, items: &mut Vec<Attention>) -> anyhow::Result<()> {
    for reminder in crate::reminder::due(rows, now)? {
        let (slug, what) = (reminder.slug, reminder.what);
        let deadline = local(rows, reminder.deadline)?;
        let message =
            format!("The goal {slug} is due by {deadline}, and nothing was measured for it today: {what}.");
        items.push(Attention { code: Code::MeasureSoon, message, goal: Some(slug) });
    }
    Ok(())
}

/// Says when Withings was not read for long: nobody polls, or whatever is wrong does not end by itself.
fn unread(rows: &Rows, now: DateTime<Utc>, items: &mut Vec<Attention>) -> anyhow::Result<()> {
    let read_at = store::checkpoint::load(rows, Source::Measure)?.map(|checkpoint| checkpoint.read_at);
    let mut connected_at = None;
    for service in Service::ALL {
        let Some(account) = store::account::load(rows, service)?.filter(|account| account.connected) else {
            return Ok(());
        };
        let code = account.problem.and_then(|problem| Code::named(&problem.code));
        if code.is_some_and(|code| code.urgency() == Urgency::NeedsYou) {
            return Ok(());
        }
        connected_at = connected_at.max(Some(account.connected_at));
    }
    // Before both were connected there was nothing to read.
    if let Some(since) = read_at.or(connected_at).filter(|since| now - *since > UNREAD) {
        let since = local(rows, since)?;
        items.push(Attention::new(
            Code::NotSynced,
            format!("Withings could not be read, or nobody tried, since {since}."),
        ));
    }
    Ok(())
}

fn goals(rows: &Rows, items: &mut Vec<Attention>) -> anyhow::Result<()> {
    let goals = store::goal::load_linked(rows)?;
    if goals.is_empty() {
        items.push(Attention::new(
            Code::NothingLinked,
            "Nothing is linked yet. Choose what to send to which goal.",
        ));
    }
    for goal in goals {
        let slug = goal.slug;
        let (code, message) = match goal.presence {
            Presence::Archived => (
                Code::GoalArchived,
                format!("The goal {slug} was archived. Restore it at Beeminder, or remove its link."),
            ),
            Presence::Deleted => {
                (Code::GoalDeleted, format!("The goal {slug} was deleted at Beeminder. Remove its link."))
            }
            Presence::Active if goal.frozen => (
                Code::GoalFrozen,
                format!("The goal {slug} has ended. Restart it at Beeminder, or remove its link."),
            ),
            Presence::Active => continue,
        };
        items.push(Attention { code, message, goal: Some(slug.0) });
    }
    for (old, new) in store::goal::renamed(rows)? {
        let message = format!("The goal {old} is called {new} now; its link goes on.");
        items.push(Attention { code: Code::GoalRenamed, message, goal: Some(new) });
    }
    Ok(())
}

fn datapoints(rows: &Rows, items: &mut Vec<Attention>) -> anyhow::Result<()> {
    let (_, parked) = store::outbox::counts(rows)?;
    if parked > 0 {
        items.push(Attention::new(
            Code::Parked,
            format!(
                "Beeminder refused {}. Send them again, or decide against them.",
                counted(parked, "datapoint", "datapoints")
            ),
        ));
    }
    let held = store::decision::held(rows)?;
    if held > 0 {
        items.push(Attention::new(
            Code::Held,
            format!(
                "{} held because Withings is not sure who measured.",
                counted(held, "measurement is", "measurements are")
            ),
        ));
    }
    let stale = store::datapoint::count_in(rows, store::datapoint::State::Stale)?;
    if stale > 0 {
        items.push(Attention::new(
            Code::Stale,
            format!(
                "{} at Beeminder without a measurement: it was deleted or moved at Withings. Remove or keep \
                 what is there.",
                counted(stale, "datapoint is", "datapoints are")
            ),
        ));
    }
    let many = store::setting::many_gone(rows)?;
    if many > 0 {
        items.push(Attention::new(
            Code::ManyGone,
            format!(
                "{many} measurements of the last weeks are gone at Withings. That is more than most people \
                 delete, so nothing was changed. Confirm if you deleted them."
            ),
        ));
    }
    let unreadable = store::measurement::unreadable(rows)?;
    if unreadable > 0 {
        items.push(Attention::new(
            Code::MeasurementUnreadable,
            format!(
                "{} not sent because this version cannot read what Withings says. Nothing is lost: \
                 it is kept for a version that can.",
                counted(unreadable, "measurement is", "measurements are")
            ),
        ));
    }
    Ok(())
}

fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// A moment as the Beeminder user's clock shows it.
fn local(rows: &Rows, moment: DateTime<Utc>) -> anyhow::Result<String> {
    let zone = crate::sync::time_zone(rows)?;
    Ok(moment.with_timezone(&zone).format("%Y-%m-%d %H:%M").to_string())
}

pub(crate) fn paused(rows: &Rows, now: DateTime<Utc>) -> anyhow::Result<Option<DateTime<Utc>>> {
    Ok(store::setting::paused_until(rows)?.filter(|until| schedule::is_paused(*until, now)))
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
