//! Decides when a pass is made that was asked for: now, or when enough time has gone by since the last. Pure but for
//! the jitter.

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::appli::{Appli, Sources};
use crate::domain::measure::kind::Source;
use crate::sync::Trigger;

/// Connections come and go in bursts; each burst is worth one pass.
const BURST: TimeDelta = TimeDelta::minutes(1);
/// After a pass that failed, sooner.
const BURST_AFTER_FAILURE: TimeDelta = TimeDelta::seconds(3);

/// The last pass.
#[derive(Debug, Clone, Copy)]
pub(super) struct Last {
    pub(super) made: DateTime<Utc>,
    /// When the next one is due.
    pub(super) due: DateTime<Utc>,
    pub(super) well: bool,
}

/// Up to a minute, so that not everybody asks Withings on the quarter of the hour.
pub(super) fn jitter() -> TimeDelta {
    // Without randomness there is no jitter, which hurts nobody here.
    let random = getrandom::u32().unwrap_or_default();
    TimeDelta::seconds(i64::from(random % 60))
}

/// The services of Withings to read for what it told of. What it tells of the account is not believed: reading shows
/// whether it is still there.
pub(super) fn concerned(told: &[Appli]) -> Sources {
    let account = told.contains(&Appli::Profile).then_some(Source::Measure);
    told.iter().flat_map(|appli| appli.sources()).copied().chain(account).collect()
}

/// When the pass is to be made instead, if not now. `notified` is when the last one was that Withings asked for.
pub(super) fn not_yet(
    trigger: Trigger,
    last: Last,
    notified: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    if let Trigger::Notified(_) = trigger {
        let next = notified.filter(|at| *at <= now).map(|at| at + BURST);
        return next.filter(|next| *next > now).map(|next| next.min(last.due));
    }
    let since = now - last.made;
    // A clock that was set back must not put it off.
    if since < TimeDelta::zero() {
        return None;
    }
    let burst = if last.well { BURST } else { BURST_AFTER_FAILURE };
    match trigger {
        Trigger::Hand => None,
        Trigger::Wake => (since < burst).then(|| last.due.min(last.made + burst)),
        Trigger::Timer | Trigger::Notified(_) => (now < last.due).then_some(last.due),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_of_connections_is_worth_one_pass() {
        let at = |minutes: i64| DateTime::<Utc>::UNIX_EPOCH + TimeDelta::minutes(minutes);
        let (well, failed) = (
            Last { made: at(100), due: at(115), well: true },
            Last { made: at(100), due: at(102), well: false },
        );
        let soon = at(100) + TimeDelta::seconds(1);
        for (trigger, last, now, expected) in [
            (Trigger::Hand, well, soon, None),
            (Trigger::Wake, well, soon, Some(at(101))),
            (Trigger::Wake, well, at(101), None),
            (Trigger::Wake, well, at(99), None),
            (Trigger::Wake, failed, soon, Some(at(100) + BURST_AFTER_FAILURE)),
            (Trigger::Wake, failed, at(100) + BURST_AFTER_FAILURE, None),
            (Trigger::Timer, well, at(114), Some(at(115))),
            (Trigger::Timer, well, at(115), None),
            (Trigger::Timer, well, at(99), None),
        ] {
            assert_eq!(not_yet(trigger, last, None, now), expected, "{trigger:?} {now}");
        }
    }

    #[test]
    fn any_number_of_notifications_makes_one_pass_a_minute_whatever_other_passes_are_made() {
        let at = |seconds: i64| DateTime::<Utc>::UNIX_EPOCH + TimeDelta::seconds(seconds);
        let told = Trigger::Notified(concerned(&[Appli::Profile]));
        assert_eq!(told, Trigger::Notified([Source::Measure].into_iter().collect()));
        for (due, notified, now, expected) in [
            (900, None, 1, None),
            (900, Some(100), 101, Some(160)),
            (900, Some(100), 160, None),
            (130, Some(100), 101, Some(130)),
            // The clock was set back.
            (900, Some(100), 50, None),
        ] {
            let last = Last { made: at(0), due: at(due), well: true };
            let found = not_yet(told, last, notified.map(at), at(now));
            assert_eq!(found, expected.map(at), "{notified:?} {now}");
        }
    }
}
