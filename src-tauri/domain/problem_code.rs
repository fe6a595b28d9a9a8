//! Codes of what is wrong or worth knowing, each with an urgency.

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

/// What is wrong or worth knowing: a closed set that programs may switch on.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, IntoStaticStr, EnumString, VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ProblemCode {
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
    /// Withings answers for another person than the one whose measurements are here.
    AnotherPerson,
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
    /// Withings refuses what the sign-in should allow.
    NotAllowed,
    /// Withings' notifications do not reach this program, which polls as without them.
    NotificationsFailed,
    /// A goal refuses everything with the same words.
    GoalRefuses,
    /// Something is tried again and fails for a day.
    TroubleLasts,
    /// What was sent to a goal has not come through for long, though nothing is known to be wrong.
    NotArriving,
    /// A linked goal starts on a later day.
    GoalNotStarted,
    /// A link is not understood by this version.
    LinkUnreadable,
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
    /// Measurements are held because they are dated in the future.
    InFuture,
    /// This computer's clock is wrong.
    ClockWrong,
    /// A link needs what the user does not share at Withings.
    ScopeMissing,
    /// Withings answers, but shows nothing any more.
    ShareWithdrawn,
    /// More is gone at Withings than a person deletes.
    ManyGone,
    /// Datapoints are at Beeminder that nothing calls for any more.
    Stale,
    /// The two services go by different time zones.
    ZonesDiffer,
    /// A service gives a time zone that this program does not know.
    ZoneUnknown,
    /// A device's battery is low.
    BatteryLow,
    /// A goal is due and nothing was measured for it.
    MeasureSoon,
    /// A link's filter leaves out everything new.
    FilterLeavesOut,
    /// A linked goal is going to be archived.
    GoalArchiving,
    /// Beeminder itself fills a linked goal from another service.
    GoalFedByAutodata,
    /// Beeminder's iOS app fills a linked goal from Apple Health.
    GoalFedByAppleHealth,
    /// A linked goal is set up in a way that its link does not suit.
    GoalUnsuited,
}

/// What follows from a [`ProblemCode`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// Good to know.
    Notice,
    /// It is tried again by itself.
    Retrying,
    /// Nothing goes on until the user acts.
    NeedsYou,
}

impl ProblemCode {
    /// The word for programs and for the store.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Reads the word back.
    pub fn named(name: &str) -> Option<ProblemCode> {
        name.parse().ok()
    }

    /// What follows from it.
    pub fn urgency(self) -> Urgency {
        match self {
            ProblemCode::ConnectWithings
            | ProblemCode::ConnectBeeminder
            | ProblemCode::SignInWithings
            | ProblemCode::SignInBeeminder
            | ProblemCode::CheckApplication
            | ProblemCode::AnotherPerson
            | ProblemCode::KeychainLocked
            | ProblemCode::KeychainAbsent
            | ProblemCode::KeychainFailed
            | ProblemCode::Parked
            | ProblemCode::GoalArchived
            | ProblemCode::GoalDeleted
            | ProblemCode::GoalFrozen
            | ProblemCode::Deadbeat
            | ProblemCode::StoreRecovered
            | ProblemCode::ScopeMissing
            | ProblemCode::ShareWithdrawn
            | ProblemCode::NotAllowed
            | ProblemCode::TroubleLasts
            | ProblemCode::NotArriving
            | ProblemCode::LinkUnreadable
            | ProblemCode::ZoneUnknown
            | ProblemCode::FilterLeavesOut
            | ProblemCode::GoalFedByAutodata
            | ProblemCode::GoalFedByAppleHealth
            | ProblemCode::NotSynced => Urgency::NeedsYou,
            ProblemCode::Offline
            | ProblemCode::Unavailable
            | ProblemCode::RateLimited
            | ProblemCode::Unreadable
            | ProblemCode::GoalRefuses => Urgency::Retrying,
            ProblemCode::Paused
            | ProblemCode::NothingLinked
            | ProblemCode::GoalRenamed
            | ProblemCode::GoalNotStarted
            | ProblemCode::Held
            | ProblemCode::MeasurementUnreadable
            | ProblemCode::InFuture
            | ProblemCode::ClockWrong
            | ProblemCode::ManyGone
            | ProblemCode::Stale
            | ProblemCode::ZonesDiffer
            | ProblemCode::BatteryLow
            | ProblemCode::GoalArchiving
            | ProblemCode::GoalUnsuited
            | ProblemCode::NotificationsFailed
            | ProblemCode::MeasureSoon => Urgency::Notice,
        }
    }
}
