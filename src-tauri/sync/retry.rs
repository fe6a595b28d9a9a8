//! Retry times and back-off. Pure.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::Trigger;
use crate::domain::problem_code::ProblemCode;
use crate::domain::trouble::{LONGEST_WAIT, Problem};

/// Withings' 601 without a hint how long: programs that retried within seconds were kept out for days.
pub(super) const AFTER_TOO_MANY: Duration = Duration::from_secs(600);

/// In the first minute after a 601 not even the user's own request is sent.
pub(super) const AFTER_LIMIT: TimeDelta = TimeDelta::seconds(60);

/// The shortest: a pass asks more than what is waited for.
const SHORTEST: TimeDelta = TimeDelta::minutes(1);

/// How long to leave a service alone after `failures` in a row; what it asked for comes first.
pub fn delay(failures: u32, asked_for: Option<Duration>) -> TimeDelta {
    let doubled = TimeDelta::minutes(1_i64 << failures.min(4)).min(TimeDelta::minutes(15));
    let asked_for = asked_for.and_then(|asked| TimeDelta::from_std(asked).ok());
    asked_for.map_or(doubled, |asked| asked.clamp(SHORTEST, LONGEST_WAIT))
}

/// Whether a problem keeps a pass from asking again. `limited_at` is when the service last asked for a pause.
pub(super) fn holds_up(
    problem: &Problem,
    trigger: Trigger,
    limited_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> bool {
    let since_limit = now - limited_at;
    let just_limited = since_limit >= TimeDelta::zero() && since_limit < AFTER_LIMIT;
    match trigger {
        Trigger::Hand => just_limited && problem.code == ProblemCode::RateLimited,
        Trigger::Wake => !may_be_over(problem.code) && problem.waits_until(now).is_some(),
        Trigger::Timer | Trigger::Notified(_) => problem.waits_until(now).is_some(),
    }
}

/// Whether what is wrong is of the kind that ends when the computer wakes up.
fn may_be_over(code: ProblemCode) -> bool {
    [
        ProblemCode::Offline,
        ProblemCode::KeychainLocked,
        ProblemCode::KeychainAbsent,
        ProblemCode::KeychainFailed,
    ]
    .contains(&code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::service::Service;
    use crate::domain::trouble::Place;
    use crate::text::Args;

    fn at(unix: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(unix, 0).unwrap()
    }

    fn problem(code: ProblemCode) -> Problem {
        Problem {
            place: Place::Account(Service::Withings),
            code,
            facts: Args::new(),
            since: at(10_000),
            failures: 1,
            noted_at: Some(at(10_000)),
            wait_until: at(10_600),
        }
    }

    #[test]
    fn waits_double_up_to_a_quarter_of_an_hour_and_the_services_wish_comes_first() {
        for (failures, asked_for, minutes) in [
            (0, None, 1),
            (1, None, 2),
            (3, None, 8),
            (4, None, 15),
            (4_000_000, None, 15),
            (0, Some(120), 2),
            (4, Some(60), 1),
            (0, Some(u64::MAX), 1),
            (0, Some(1_000_000), 360),
        ] {
            let found = delay(failures, asked_for.map(Duration::from_secs));
            assert_eq!(found, TimeDelta::minutes(minutes), "{failures} {asked_for:?}");
        }
    }

    #[test]
    fn a_network_or_keychain_that_is_back_ends_the_wait_for_it_and_for_nothing_else() {
        for (code, wake) in [
            (ProblemCode::Offline, true),
            (ProblemCode::KeychainLocked, true),
            (ProblemCode::RateLimited, false),
            (ProblemCode::Unavailable, false),
        ] {
            let may_ask = |trigger, now| !holds_up(&problem(code), trigger, at(0), at(now));
            assert_eq!(may_ask(Trigger::Wake, 10_100), wake, "{code:?}");
            assert!(!may_ask(Trigger::Timer, 10_100));
            assert!(may_ask(Trigger::Wake, 10_600));
        }
    }

    #[test]
    fn the_user_is_only_held_up_in_the_first_minute_after_too_many_requests() {
        for (now, hand, timer) in [
            (10_000, false, false),
            (10_059, false, false),
            (10_060, true, false),
            (10_599, true, false),
            (10_600, true, true),
            // The clock went back five hours, or a year, or forth.
            (10_000 - 18_000, true, true),
            (10_000 - 31_536_000, true, true),
            (10_000 + 31_536_000, true, true),
        ] {
            let may_ask =
                |trigger| !holds_up(&problem(ProblemCode::RateLimited), trigger, at(10_000), at(now));
            assert_eq!(may_ask(Trigger::Hand), hand, "{now}");
            assert_eq!(may_ask(Trigger::Timer), timer, "{now}");
        }
        assert!(!holds_up(&problem(ProblemCode::Unavailable), Trigger::Hand, at(10_000), at(10_001)));
    }
}
