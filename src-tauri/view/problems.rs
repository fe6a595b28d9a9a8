//! Problems as the window shows them: how urgent each is, and what a button beside it does.

use std::collections::BTreeMap;

use serde::Serialize;
use strum::VariantArray;

use crate::domain::problem_code::{ProblemCode, Urgency};

/// What helps with a problem, as one thing a button can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Remedy {
    /// Open the guide, at the step that is missing.
    Guide,
    /// Sign in to Withings again.
    SignIn,
    /// The same, where the sign-in was lost.
    ReconnectWithings,
    /// Open the guide, to sign in to Beeminder again.
    ReconnectBeeminder,
    /// Make a pass.
    Sync,
    /// Open the questions.
    Questions,
    /// Note that it was read.
    Seen,
    /// End the pause.
    Resume,
    /// Open the goal's link.
    Link,
    /// Open the goal at Beeminder.
    OpenGoal,
    /// Open Beeminder's page for payments.
    Beeminder,
}

/// What the window knows of a kind of problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ProblemKind {
    /// `notice`, `retrying` or `needs_you`.
    urgency: &'static str,
    /// What helps, where something does.
    remedy: Option<Remedy>,
}

/// Every kind of problem, by its name.
pub fn problems() -> BTreeMap<&'static str, ProblemKind> {
    let kind = |code: ProblemCode| {
        let urgency = match code.urgency() {
            Urgency::Notice => "notice",
            Urgency::Retrying => "retrying",
            Urgency::NeedsYou => "needs_you",
        };
        ProblemKind { urgency, remedy: remedy(code) }
    };
    ProblemCode::VARIANTS.iter().map(|code| (code.name(), kind(*code))).collect()
}

/// What helps with a problem, where something does.
pub fn remedy(code: ProblemCode) -> Option<Remedy> {
    use ProblemCode as P;
    match code {
        P::ConnectWithings | P::ConnectBeeminder | P::NothingLinked | P::CheckApplication => {
            Some(Remedy::Guide)
        }
        P::SignInWithings => Some(Remedy::ReconnectWithings),
        P::SignInBeeminder => Some(Remedy::ReconnectBeeminder),
        P::ScopeMissing | P::ShareWithdrawn | P::AnotherPerson => Some(Remedy::SignIn),
        P::KeychainLocked
        | P::KeychainAbsent
        | P::KeychainFailed
        | P::Offline
        | P::Unavailable
        | P::Unreadable
        | P::NotSynced => Some(Remedy::Sync),
        P::Parked | P::Held | P::Stale | P::ManyGone => Some(Remedy::Questions),
        P::StoreRecovered | P::GoalRenamed => Some(Remedy::Seen),
        P::Paused => Some(Remedy::Resume),
        P::GoalArchived | P::GoalDeleted | P::GoalFrozen | P::FilterLeavesOut | P::GoalUnsuited => {
            Some(Remedy::Link)
        }
        P::GoalFedByAutodata
        | P::GoalFedByAppleHealth
        | P::GoalArchiving
        | P::MeasureSoon
        | P::NotArriving
        | P::GoalRefuses => Some(Remedy::OpenGoal),
        P::Deadbeat => Some(Remedy::Beeminder),
        // Withings keeps out whoever asks too often; the others pass by themselves or need no button.
        P::RateLimited
        | P::NotAllowed
        | P::LinkUnreadable
        | P::TroubleLasts
        | P::GoalNotStarted
        | P::MeasurementUnreadable
        | P::InFuture
        | P::ClockWrong
        | P::ZonesDiffer
        | P::ZoneUnknown
        | P::BatteryLow
        | P::NotificationsFailed => None,
    }
}
