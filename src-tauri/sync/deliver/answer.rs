//! Interprets the answer to one attempt. Pure.

use std::time::Duration;

use crate::services::beeminder::{Confirmation, Error};

/// A full day is over some time; asking more often does not help.
pub(super) const UNTIL_THERE_IS_ROOM: Duration = Duration::from_secs(3 * 3600);

/// What the answer to one attempt means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Delivery {
    /// Beeminder has it, as this.
    Confirmed(Confirmation),
    /// Beeminder had it already.
    AlreadyThere,
    /// Beeminder took the request and did not say what became of it.
    Unconfirmed,
    /// Beeminder refused it in words that might still mean that it has it.
    Doubtful(String),
    /// Beeminder does not know the goal, or the datapoint to change.
    Missing,
    /// It will not be taken as it is.
    Refused(String),
    /// This goal is in trouble; others may not be.
    TryGoalLater(Option<Duration>),
    /// Nothing answered; others may.
    Unreachable,
    /// Beeminder is in trouble, or the sign-in is.
    Stop,
}

/// Classifies an answer. Only a confirmed datapoint, or one that is already there, settles a request.
pub(super) fn delivery(answer: &Result<Confirmation, Error>) -> Delivery {
    match answer {
        Ok(confirmation) => Delivery::Confirmed(confirmation.clone()),
        Err(Error::Duplicate) => Delivery::AlreadyThere,
        Err(Error::NotFound { .. }) => Delivery::Missing,
        Err(Error::Rejected { status, message, names_fields }) => {
            let is_silent = message.trim().is_empty();
            let words = if is_silent { format!("HTTP {status}") } else { message.clone() };
            if *names_fields { Delivery::Refused(words) } else { Delivery::Doubtful(words) }
        }
        Err(Error::Unreadable(_)) => Delivery::Unconfirmed,
        Err(Error::Unavailable { retry_after, .. }) => Delivery::TryGoalLater(*retry_after),
        Err(Error::InTheWay { .. }) => Delivery::TryGoalLater(None),
        Err(Error::DayIsFull { .. }) => Delivery::TryGoalLater(Some(UNTIL_THERE_IS_ROOM)),
        Err(Error::Unreachable(_)) => Delivery::Unreachable,
        Err(Error::SignInAgain | Error::RateLimited { .. } | Error::Redirected { .. }) => Delivery::Stop,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::Flaw;

    #[test]
    fn only_a_datapoint_that_is_there_settles_a_request() {
        let confirmation = Confirmation { id: Some("1".into()), daystamp: Some("20261123".into()) };
        let rejected =
            |status, names_fields| Err(Error::Rejected { status, message: "no".into(), names_fields });
        let after = Some(Duration::from_secs(7));
        for (answer, expected) in [
            (Ok(confirmation.clone()), Delivery::Confirmed(confirmation)),
            (Err(Error::Duplicate), Delivery::AlreadyThere),
            (rejected(422, true), Delivery::Refused("no".into())),
            (rejected(422, false), Delivery::Doubtful("no".into())),
            (rejected(400, false), Delivery::Doubtful("no".into())),
            (rejected(403, true), Delivery::Refused("no".into())),
            (
                Err(Error::Rejected { status: 422, message: " ".into(), names_fields: true }),
                Delivery::Refused("HTTP 422".into()),
            ),
            (Err(Error::NotFound { message: String::new() }), Delivery::Missing),
            (Err(Error::SignInAgain), Delivery::Stop),
            (Err(Error::RateLimited { retry_after: after }), Delivery::Stop),
            (Err(Error::Redirected { status: 301 }), Delivery::Stop),
            (Err(Error::InTheWay { status: 403 }), Delivery::TryGoalLater(None)),
            (Err(Error::Unavailable { status: 503, retry_after: after }), Delivery::TryGoalLater(after)),
            (Err(Error::Unreadable(Flaw::Empty)), Delivery::Unconfirmed),
            (
                Err(Error::DayIsFull { message: String::new() }),
                Delivery::TryGoalLater(Some(UNTIL_THERE_IS_ROOM)),
            ),
        ] {
            assert_eq!(delivery(&answer), expected, "{answer:?}");
        }
    }
}
