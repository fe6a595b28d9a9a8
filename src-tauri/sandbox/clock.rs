//! The sandbox's clock: this computer's, or one that only moves when told.

use chrono::{DateTime, TimeDelta, Utc};

/// What time it is in the sandbox.
#[derive(Debug, Clone, Copy)]
pub enum Clock {
    /// This computer's.
    Real,
    /// Standing still.
    Still(DateTime<Utc>),
}

impl Clock {
    /// What time it is.
    pub fn now(self) -> DateTime<Utc> {
        match self {
            Clock::Real => crate::platform::clock::now(),
            Clock::Still(now) => now,
        }
    }

    /// Moves a clock that stands still.
    pub fn advance(&mut self, by: TimeDelta) {
        if let Clock::Still(now) = self {
            *now += by;
        }
    }
}
