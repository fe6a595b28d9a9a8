//! Maps errors of the services and the keychain to problems, each at its place, with a retry time.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::{SyncPass, Trigger, deliver, devices, retry, schedule};
use crate::accounts::keychain::KeychainError;
use crate::domain::goal::GoalId;
use crate::domain::measure::kind::Source;
use crate::domain::problem_code::ProblemCode;
use crate::domain::service::Service;
use crate::domain::trouble::{Place, Problem};
use crate::services::{beeminder, withings};
use crate::store::{self, Connection};
use crate::text::{Args, Message};

/// What went wrong, and what follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trouble {
    pub(super) code: ProblemCode,
    /// What the sentence is about; `why` is the key of the error's own sentence.
    pub(super) facts: Args,
    /// How long the service asked to be left alone.
    pub(super) retry_after: Option<Duration>,
    /// Whether it is about the sign-in or the service as a whole, and not about what was asked for.
    pub(super) is_of_account: bool,
}

impl Trouble {
    /// Trouble with what was asked for.
    pub(super) fn here(code: ProblemCode, said: Message) -> Trouble {
        let mut facts = said.args;
        facts.insert("why".into(), said.key.trim_start_matches("error.").to_owned());
        Trouble { code, facts, retry_after: None, is_of_account: false }
    }

    /// Trouble with the sign-in, or with the service as a whole.
    pub(super) fn of_account(code: ProblemCode, said: Message) -> Trouble {
        Trouble { is_of_account: true, ..Trouble::here(code, said) }
    }

    fn after(self, retry_after: Option<Duration>) -> Trouble {
        Trouble { retry_after, ..self }
    }

    /// Whether nothing answered at all.
    pub(super) fn is_unreachable(&self) -> bool {
        self.code == ProblemCode::Offline
    }

    /// Notes it at `place`, or at the account that the place belongs to, with the time until which automatic
    /// passes leave that alone.
    pub(super) fn note(&self, pass: &SyncPass<'_>, place: &Place) -> anyhow::Result<()> {
        let account = Place::Account(place.service());
        let place = if self.is_of_account { &account } else { place };
        tracing::warn!(code = self.code.name(), place = place.name(), "{}", said(&self.facts));
        pass.store.write(|conn| {
            let before = store::trouble::load(conn, place)?.map_or(0, |problem| problem.failures);
            let mut until = pass.now + retry::delay(before, self.retry_after);
            // Who asks Withings too often is kept out for days.
            let must_wait = self.code == ProblemCode::RateLimited && place.service() == Service::Withings;
            if let Some(chance) = chance(conn, place, pass.now)?.filter(|_| !must_wait) {
                until = until.min(chance);
            }
            let mut facts = self.facts.clone();
            if self.code == ProblemCode::RateLimited {
                let mut by_hand = pass.now;
                if place.service() == Service::Withings {
                    store::account::save_limited(conn, place.service(), pass.now)?;
                    by_hand += retry::AFTER_LIMIT;
                }
                facts.insert("by_hand".into(), by_hand.to_rfc3339());
            }
            store::trouble::save(conn, place, self.code, &facts, until, pass.now)
        })
    }
}

/// The next extra pass before a deadline at Beeminder that trouble at a place would make late: however long
/// the service is to be left alone, it is asked once more by then.
fn chance(conn: &Connection, place: &Place, now: DateTime<Utc>) -> anyhow::Result<Option<DateTime<Utc>>> {
    match place {
        Place::Goal(goal) => schedule::next_chance(conn, Some(goal), now),
        Place::Account(Service::Beeminder) => schedule::next_chance(conn, None, now),
        Place::Comparison(goal) => schedule::next_chance_of(conn, goal, now),
        Place::Account(Service::Withings) | Place::Source(_) | Place::Goals => {
            schedule::next_chance_of_any(conn, now)
        }
        Place::Devices | Place::Notifications => Ok(None),
    }
}

/// The error's own sentence, for the log.
fn said(facts: &Args) -> String {
    let why = facts.get("why").map_or("", String::as_str);
    Message { key: format!("error.{why}"), args: facts.clone() }.to_string()
}

/// Whether a place may be asked, and the account it belongs to.
pub(super) fn may_ask(
    conn: &Connection,
    place: &Place,
    trigger: Trigger,
    now: DateTime<Utc>,
) -> anyhow::Result<bool> {
    let service = place.service();
    let Some(account) = store::account::load(conn, service)?.filter(|account| account.connected) else {
        return Ok(false);
    };
    let holds_up = |problem: Option<Problem>| {
        problem.is_some_and(|problem| retry::holds_up(&problem, trigger, account.limited_at, now))
    };
    Ok(!holds_up(store::trouble::load(conn, &Place::Account(service))?)
        && !holds_up(store::trouble::load(conn, place)?))
}

/// Notes that a place answered as it should: its own trouble is over, and that of its account.
pub(super) fn end(conn: &Connection, place: &Place) -> anyhow::Result<()> {
    store::trouble::end(conn, place)?;
    store::trouble::end(conn, &Place::Account(place.service()))?;
    Ok(())
}

/// Ends trouble with what nobody asks for any more: a service that no link needs, devices that are not shared,
/// a goal that nothing is sent to, the comparison of one that is not compared, and what no version asks for now.
pub(super) fn end_idle(conn: &Connection, needed: &[Source], now: DateTime<Utc>) -> anyhow::Result<()> {
    store::trouble::forget_unknown_places(conn)?;
    for problem in store::trouble::load_all(conn)? {
        let is_idle = match &problem.place {
            Place::Source(source) => !needed.contains(source),
            Place::Devices => !devices::are_shared(conn)?,
            Place::Notifications => store::notifications::reachable(conn)?.is_none(),
            Place::Goal(goal) => !takes_what_waits(conn, goal, now)?,
            Place::Comparison(goal) => {
                !store::goal::load_compared(conn)?.iter().any(|compared| compared.goal == *goal)
            }
            Place::Account(_) | Place::Goals => false,
        };
        if is_idle {
            store::trouble::end(conn, &problem.place)?;
        }
    }
    Ok(())
}

/// Whether something waits to be sent to a goal that takes it.
fn takes_what_waits(conn: &Connection, goal: &GoalId, now: DateTime<Utc>) -> anyhow::Result<bool> {
    let takes = store::goal::load(conn, goal)?.is_some_and(|goal| goal.is_open());
    Ok(takes && deliver::goals_sent_to(conn, now)?.contains(goal))
}

impl From<withings::Error> for Trouble {
    fn from(error: withings::Error) -> Trouble {
        use withings::Error as E;
        let said = error.message();
        match error {
            E::SignInAgain | E::CodeRefused => Trouble::of_account(ProblemCode::SignInWithings, said),
            E::AccessTokenRefused { .. } => Trouble::here(ProblemCode::SignInWithings, said),
            E::ApplicationRefused => Trouble::of_account(ProblemCode::CheckApplication, said),
            E::NotAllowed { .. } => Trouble::here(ProblemCode::NotAllowed, said),
            E::RateLimited => {
                Trouble::of_account(ProblemCode::RateLimited, said).after(Some(retry::AFTER_TOO_MANY))
            }
            E::Unreachable(_) => Trouble::here(ProblemCode::Offline, said),
            E::NotRevoked | E::Unavailable { .. } => Trouble::here(ProblemCode::Unavailable, said),
            // A pass makes and ends no subscriptions.
            E::AddressRefused { .. }
            | E::MayNotSubscribe { .. }
            | E::TooManySubscriptions
            | E::NoSuchSubscription
            | E::Rejected { .. }
            | E::Unreadable(_) => Trouble::here(ProblemCode::Unreadable, said),
        }
    }
}

impl From<beeminder::Error> for Trouble {
    fn from(error: beeminder::Error) -> Trouble {
        use beeminder::Error as E;
        let said = error.message();
        match error {
            E::SignInAgain => Trouble::of_account(ProblemCode::SignInBeeminder, said),
            E::RateLimited { retry_after } => Trouble::of_account(ProblemCode::RateLimited, said)
                .after(Some(retry_after.unwrap_or(Duration::from_secs(60)))),
            E::Redirected { .. } => Trouble::of_account(ProblemCode::Unreadable, said),
            E::DayIsFull { .. } => Trouble::here(ProblemCode::GoalRefuses, said),
            E::Unreachable(_) => Trouble::here(ProblemCode::Offline, said),
            E::Unavailable { retry_after, .. } => {
                Trouble::here(ProblemCode::Unavailable, said).after(retry_after)
            }
            E::InTheWay { .. } => Trouble::here(ProblemCode::Unavailable, said),
            E::NotFound { .. } | E::Duplicate | E::Rejected { .. } | E::Unreadable(_) => {
                Trouble::here(ProblemCode::Unreadable, said)
            }
        }
    }
}

impl From<KeychainError> for Trouble {
    fn from(error: KeychainError) -> Trouble {
        let code = match error {
            KeychainError::Locked => ProblemCode::KeychainLocked,
            KeychainError::Absent => ProblemCode::KeychainAbsent,
            KeychainError::Failed(_) | KeychainError::NotKept => ProblemCode::KeychainFailed,
        };
        Trouble::of_account(code, error.message())
    }
}

#[cfg(test)]
mod tests;
