//! Beeminder's days: which day a moment belongs to, given a goal's deadline and the user's time zone.
//!
//! Day D runs from D−1's deadline up to, not including, D's deadline
//! (<https://blog.beeminder.com/deadlines>). The rule here, `date(moment − deadline)`, is the one of
//! Beeminder's graph code. In the hour around a DST change with a deadline after midnight other clients
//! of theirs differ, so this is used for planning and display only: measurements are sent with their
//! timestamp, and the day Beeminder answers is the one that counts.

use std::fmt;
use std::str::FromStr;

use chrono::{
    DateTime, Days, MappedLocalTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc,
};
use chrono_tz::Tz;

/// A day as Beeminder writes it: `20261123`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Daystamp(pub NaiveDate);

impl Daystamp {
    /// The nearest day on which anybody can have measured anything: reckoning stays clear of the ends of
    /// the calendar.
    #[must_use]
    pub fn within_reason(self) -> Daystamp {
        let first = NaiveDate::default();
        let last = first.checked_add_days(Days::new(366 * 1000)).unwrap_or(first);
        Daystamp(self.0.clamp(first, last))
    }
}

impl fmt::Display for Daystamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.format("%Y%m%d"))
    }
}

impl FromStr for Daystamp {
    type Err = chrono::ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        NaiveDate::parse_from_str(text, "%Y%m%d").map(Daystamp)
    }
}

impl serde::Serialize for Daystamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// How one goal cuts time into days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayRule {
    /// The time zone of the Beeminder user, not of this computer.
    pub time_zone: Tz,
    /// Seconds from midnight: negative before it, positive after.
    deadline: TimeDelta,
}

impl DayRule {
    /// Makes a rule. A deadline outside Beeminder's range (−18 h to +6 h) is taken to the nearer end.
    pub fn new(time_zone: Tz, deadline: i64) -> DayRule {
        DayRule { time_zone, deadline: TimeDelta::seconds(deadline.clamp(-18 * 3600, 6 * 3600)) }
    }

    /// The same deadline in another time zone.
    #[must_use]
    pub fn in_zone(self, time_zone: Tz) -> DayRule {
        DayRule { time_zone, ..self }
    }

    /// The day `moment` belongs to.
    pub fn day_of(&self, moment: DateTime<Utc>) -> Daystamp {
        Daystamp((moment - self.deadline).with_timezone(&self.time_zone).date_naive())
    }

    /// Noon of the calendar day, which is how Beeminder dates a day whatever the deadline.
    pub fn noon_of(&self, day: Daystamp) -> DateTime<Utc> {
        midnight(self.time_zone, day.0) + TimeDelta::hours(12)
    }

    /// The first moment of `day`.
    pub fn start_of(&self, day: Daystamp) -> DateTime<Utc> {
        midnight(self.time_zone, day.0) + self.deadline
    }

    /// The deadline of `day`: the first moment that no longer belongs to it.
    pub fn end_of(&self, day: Daystamp) -> DateTime<Utc> {
        self.start_of(Daystamp(day.0 + Days::new(1)))
    }

    /// The stretch around the start of `day` that Beeminder's other rule, by the clock on the wall, gives to
    /// another day than this one does. There is one when the clocks change between midnight and deadline.
    pub fn disputed_start(&self, day: Daystamp) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        let here = self.start_of(day);
        let on_the_wall = NaiveDateTime::new(day.0, NaiveTime::MIN).checked_add_signed(self.deadline)?;
        let last = match self.time_zone.from_local_datetime(&on_the_wall) {
            MappedLocalTime::Ambiguous(_, last) => last.to_utc(),
            MappedLocalTime::Single(_) | MappedLocalTime::None => first_from(self.time_zone, on_the_wall),
        };
        let first = first_from(self.time_zone, on_the_wall);
        let (from, until) = (here.min(first), here.max(last));
        (from < until).then_some((from, until))
    }

    /// The time of day of `moment` where the Beeminder user lives.
    pub fn time_of(&self, moment: DateTime<Utc>) -> NaiveTime {
        moment.with_timezone(&self.time_zone).time()
    }

    /// The clock time of `moment` where the Beeminder user lives: `07:31`.
    pub fn clock_time(&self, moment: DateTime<Utc>) -> String {
        moment.with_timezone(&self.time_zone).format("%H:%M").to_string()
    }
}

/// The first moment of a calendar day; where a DST change skips midnight, the first one that exists.
fn midnight(time_zone: Tz, date: NaiveDate) -> DateTime<Utc> {
    first_from(time_zone, NaiveDateTime::new(date, NaiveTime::MIN))
}

/// The first moment when the wall shows `local`, or what comes after it where a DST change skips that.
fn first_from(time_zone: Tz, mut local: NaiveDateTime) -> DateTime<Utc> {
    loop {
        match time_zone.from_local_datetime(&local) {
            MappedLocalTime::Single(moment) | MappedLocalTime::Ambiguous(moment, _) => {
                return moment.with_timezone(&Utc);
            }
            MappedLocalTime::None => local += TimeDelta::minutes(15),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono_tz::{America, Asia, Europe};

    fn at(unix: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(unix, 0).unwrap()
    }

    #[test]
    fn the_deadline_belongs_to_the_next_day() {
        // Moments that two official clients of Beeminder agree on.
        for (zone, deadline, unix, expected) in [
            (America::New_York, 0, 1_769_403_599, "20260125"),
            (America::New_York, 0, 1_769_403_600, "20260126"),
            (America::New_York, 3 * 3600, 1_769_414_399, "20260125"),
            (America::New_York, 3 * 3600, 1_769_414_400, "20260126"),
            (America::New_York, -7 * 3600, 1_769_378_399, "20260125"),
            (America::New_York, -7 * 3600, 1_769_378_400, "20260126"),
            (Europe::Paris, -17 * 3600, 1_769_320_799, "20260125"),
            (Europe::Paris, -17 * 3600, 1_769_320_800, "20260126"),
        ] {
            let rule = DayRule::new(zone, deadline);
            assert_eq!(rule.day_of(at(unix)).to_string(), expected, "{zone} {deadline} {unix}");
        }
    }

    #[test]
    fn in_the_hour_of_a_dst_change_the_graph_codes_rule_holds() {
        let rule = DayRule::new(America::New_York, 3 * 3600);
        assert_eq!(rule.day_of(at(1_772_955_000)).to_string(), "20260307"); // 2026-03-08 03:30 EDT
        assert_eq!(rule.day_of(at(1_793_518_200)).to_string(), "20261101"); // 2026-11-01 02:30 EST
    }

    #[test]
    fn the_hour_that_beeminder_may_give_to_either_day_is_known() {
        let (spring, autumn) = ("20260308", "20261101");
        for (deadline, day, disputed) in [
            (3 * 3600, spring, Some((1_772_953_200, 1_772_956_800))), // 03:00 to 04:00 EDT
            (6 * 3600, spring, Some((1_772_964_000, 1_772_967_600))), // 06:00 to 07:00 EDT
            (3 * 3600, autumn, Some((1_793_516_400, 1_793_520_000))), // 02:00 to 03:00 EST
            (6 * 3600, autumn, Some((1_793_527_200, 1_793_530_800))), // 05:00 to 06:00 EST
            (3 * 3600, "20260307", None),
            (9000, spring, Some((1_772_953_200, 1_772_955_000))), // 03:00 to 03:30 EDT; 02:30 is skipped
            (3600, spring, None),
            (0, spring, None),
            (-7 * 3600, autumn, None),
        ] {
            let rule = DayRule::new(America::New_York, deadline);
            let found = rule.disputed_start(day.parse().unwrap());
            assert_eq!(
                found.map(|(from, until)| (from.timestamp(), until.timestamp())),
                disputed,
                "{deadline} {day}"
            );
        }
    }

    #[test]
    fn a_day_starts_and_ends_where_its_moments_do() {
        for zone in [America::New_York, Europe::Paris, America::Sao_Paulo, Asia::Beirut, Asia::Kathmandu] {
            for deadline in [0, 3 * 3600, 6 * 3600, -7 * 3600, -17 * 3600] {
                let rule = DayRule::new(zone, deadline);
                for date in ["20260307", "20260308", "20260329", "20181104", "20261025", "20261101"] {
                    let day: Daystamp = date.parse().unwrap();
                    let (start, end) = (rule.start_of(day), rule.end_of(day));
                    assert_eq!(rule.day_of(start), day, "{zone} {deadline} {date}");
                    assert_ne!(rule.day_of(start - TimeDelta::seconds(1)), day);
                    assert_eq!(rule.day_of(end - TimeDelta::seconds(1)), day);
                    assert_ne!(rule.day_of(end), day);
                }
            }
        }
    }

    #[test]
    fn absurd_days_are_brought_within_reason() {
        for (day, expected) in [
            (NaiveDate::MIN, "19700101"),
            (NaiveDate::MAX, "29720128"),
            ("2026-11-23".parse().unwrap(), "20261123"),
        ] {
            assert_eq!(Daystamp(day).within_reason().to_string(), expected);
        }
    }

    #[test]
    fn absurd_deadlines_do_not_move_days_by_more_than_beeminder_can() {
        assert_eq!(DayRule::new(Europe::Paris, i64::MAX), DayRule::new(Europe::Paris, 6 * 3600));
        assert_eq!(DayRule::new(Europe::Paris, i64::MIN), DayRule::new(Europe::Paris, -18 * 3600));
    }
}
