//! The computer's clock, asked nowhere else. Everything else takes `now` as an argument.

use chrono::{DateTime, SubsecRound, Utc};
use chrono_tz::Tz;

/// This computer's clock, to the second. It may be wrong by years; nothing that matters relies on it.
#[expect(clippy::disallowed_methods, reason = "this is the place that may ask")]
pub fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(0)
}

/// The time zone this computer is set to. `None` when it cannot be told, or is not known.
pub fn zone() -> Option<Tz> {
    iana_time_zone::get_timezone().ok()?.parse().ok()
}
