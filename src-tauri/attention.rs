//! What the user should know: a closed set of codes that programs may switch on, each with a sentence for
//! people and an urgency. Everything that shows trouble shows this.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr};

use crate::accounts::Service;
use crate::goal::Presence;
use crate::store::{self, Rows};
use crate::sync::schedule;

/// What is wrong or worth knowing: a closed set that programs may switch on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, IntoStaticStr, EnumString)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Code {
    /// Withings was never connected, or was disconnected.
    ConnectWithings,
    /// Beeminder was never connected, or was disconnected.
    ConnectBeeminder,
    /// Withings' sign-in is gone.
    SignInWithings,
    /// Beeminder's sign-in is gone.
    SignInBeeminder,
    /// Withings no longer knows the application.
    CheckApplication,
    /// The keychain waits for a password.
    KeychainLocked,
    /// There is no keychain.
    KeychainAbsent,
    /// The keychain failed.
    KeychainFailed,
    /// Datapoints need a decision.
    Parked,
    /// A linked goal was archived.
    GoalArchived,
    /// A linked goal was deleted.
    GoalDeleted,
    /// A linked goal has ended.
    GoalFrozen,
    /// Beeminder waits for a payment.
    Deadbeat,
    /// A damaged database was set aside.
    StoreRecovered,
    /// No network, or the service does not answer.
    Offline,
    /// The service has trouble.
    Unavailable,
    /// The service asked for a pause.
    RateLimited,
    /// An answer makes no sense.
    Unreadable,
    /// Withings was not read for long, though nothing is known to be wrong.
    NotSynced,
    /// The user paused.
    Paused,
    /// Nothing is linked yet.
    NothingLinked,
    /// A linked goal has a new name.
    GoalRenamed,
    /// Measurements wait for the user's word.
    Held,
    /// Measurements are kept that this version cannot read.
    MeasurementUnreadable,
    /// This computer's clock is wrong.
    ClockWrong,
}

/// What follows from a [`Code`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// Good to know.
    Notice,
    /// It is tried again by itself.
    Retrying,
    /// Nothing goes on until the user acts.
    NeedsYou,
}

impl Code {
    /// The word for programs and for the store.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Reads the word back.
    pub fn named(name: &str) -> Option<Code> {
        name.parse().ok()
    }

    /// What follows from it.
    pub fn urgency(self) -> Urgency {
        match self {
            Code::ConnectWithings
            | Code::ConnectBeeminder
            | Code::SignInWithings
            | Code::SignInBeeminder
            | Code::CheckApplication
            | Code::KeychainLocked
            | Code::KeychainAbsent
            | Code::KeychainFailed
            | Code::Parked
            | Code::GoalArchived
            | Code::GoalDeleted
            | Code::GoalFrozen
            | Code::Deadbeat
            | Code::StoreRecovered
            | Code::NotSynced => Urgency::NeedsYou,
            Code::Offline | Code::Unavailable | Code::RateLimited | Code::Unreadable => Urgency::Retrying,
            Code::Paused
            | Code::NothingLinked
            | Code::GoalRenamed
            | Code::Held
            | Code::MeasurementUnreadable
            | Code::ClockWrong => Urgency::Notice,
        }
    }
}

impl Code {
    /// A few words, for a menu or the title of a notification.
    pub fn headline(self) -> &'static str {
        match self {
            Code::ConnectWithings => "Connect Withings",
            Code::ConnectBeeminder => "Connect Beeminder",
            Code::SignInWithings => "Sign in to Withings again",
            Code::SignInBeeminder => "Sign in to Beeminder again",
            Code::CheckApplication => "Check your Withings application",
            Code::KeychainLocked => "Unlock the keychain",
            Code::KeychainAbsent => "No keychain is running",
            Code::KeychainFailed => "The keychain failed",
            Code::Parked => "Beeminder refused datapoints",
            Code::GoalArchived => "A linked goal was archived",
            Code::GoalDeleted => "A linked goal was deleted",
            Code::GoalFrozen => "A linked goal has ended",
            Code::Deadbeat => "Beeminder waits for a payment",
            Code::StoreRecovered => "The database was damaged",
            Code::Offline => "No connection",
            Code::Unavailable => "A service has trouble",
            Code::RateLimited => "A service asked for a pause",
            Code::Unreadable => "An answer makes no sense",
            Code::NotSynced => "Withings was not read for a day",
            Code::Paused => "Paused",
            Code::NothingLinked => "Link a goal",
            Code::GoalRenamed => "A linked goal has a new name",
            Code::Held => "Were these measurements yours?",
            Code::MeasurementUnreadable => "Some measurements are not understood",
            Code::ClockWrong => "This computer’s clock is wrong",
        }
    }
}

/// One thing the user should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attention {
    /// For programs.
    pub code: Code,
    /// For people. It stays the same while the matter does, so that nobody is told twice.
    pub message: String,
    /// The goal's name, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goal: Option<String>,
}

impl Attention {
    /// Makes one that is about no goal.
    fn new(code: Code, message: impl Into<String>) -> Attention {
        Attention { code, message: message.into(), goal: None }
    }
}

/// A clock this far from the services' is wrong.
const CLOCK_TOLERANCE: TimeDelta = TimeDelta::minutes(5);

/// Longer than a computer sleeps at night.
const UNREAD: TimeDelta = TimeDelta::hours(24);

/// The most urgent of what there is; a notice when there is nothing.
pub fn urgency(attention: &[Attention]) -> Urgency {
    attention.iter().map(|item| item.code.urgency()).max().unwrap_or(Urgency::Notice)
}

/// Lists what the user should know, most urgent first.
pub fn attention(
    rows: &Rows,
    server_time: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> anyhow::Result<Vec<Attention>> {
    let mut items = Vec::new();
    accounts(rows, &mut items)?;
    goals(rows, &mut items)?;
    datapoints(rows, &mut items)?;
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

/// Says when Withings was not read for long: nobody polls, or whatever is wrong does not end by itself.
fn unread(rows: &Rows, now: DateTime<Utc>, items: &mut Vec<Attention>) -> anyhow::Result<()> {
    let read_at = store::checkpoint::load(rows)?.map(|checkpoint| checkpoint.read_at);
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
    fn the_most_urgent_counts() {
        let item = |code| Attention::new(code, "");
        assert_eq!(Code::named(Code::KeychainLocked.name()), Some(Code::KeychainLocked));
        assert_eq!(urgency(&[]), Urgency::Notice);
        assert_eq!(urgency(&[item(Code::Held), item(Code::Offline)]), Urgency::Retrying);
        assert_eq!(urgency(&[item(Code::Parked), item(Code::Offline)]), Urgency::NeedsYou);
    }
}
