//! Reasons why a measurement is sent, held or skipped; history shows them.

use strum::{EnumString, IntoStaticStr, VariantArray};

/// Why a group is or is not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr, EnumString, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum Reason {
    /// It is a datapoint of its own.
    Sent,
    /// It is the value, or part of the value, of its day.
    SentForDay,
    /// Another measurement of the same day is the one the link asks for.
    OtherOfDay,
    /// Another group tells the same of the same act.
    ToldTwice,
    /// The scale was not sure who stood on it.
    Ambiguous,
    /// Withings gives it an origin this program does not know.
    UnknownOrigin,
    /// Typed in while the Withings account was made.
    AccountCreation,
    /// It lacks a kind that the counted set needs.
    IncompleteSet,
    /// Its value is zero, negative or not a number that can be sent.
    ImplausibleValue,
    /// Something its value is worked out from is missing.
    NotWorkedOut,
    /// The user said that it was somebody else's.
    NotMine,
    /// Typed in, and the link leaves out what is.
    TypedIn,
    /// Measured with a device that the link leaves out.
    OtherDevice,
    /// Measured at a time of day that the link leaves out.
    OtherTime,
    /// A type of workout that the link leaves out.
    OtherWorkout,
    /// An earlier link has sent it, in another way.
    SentBefore,
    /// Its day lies before the first day of the goal's graph.
    BeforeGoal,
    /// The user deleted it at Beeminder.
    Deleted,
    /// The user decided not to send it.
    Discarded,
    /// Dated in the future: it waits until that has come.
    InFuture,
}

impl Reason {
    /// A closed name for programs and for the store.
    pub fn code(self) -> &'static str {
        self.into()
    }

    /// Reads the name back.
    pub fn named(name: &str) -> Option<Reason> {
        name.parse().ok()
    }

    /// Whether the group waits for somebody's answer.
    pub fn is_held(self) -> bool {
        matches!(self, Reason::Ambiguous | Reason::UnknownOrigin)
    }
}
