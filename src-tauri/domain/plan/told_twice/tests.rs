//! Nights and workouts told more than once, as tables.

use proptest::prelude::*;
use rust_decimal::dec;

use crate::domain::measure::measurement::tests::group;
use crate::domain::plan::told_twice::*;

/// Minutes from midnight, the device, and the value.
type Sent<'a> = &'a [(i64, i64, Option<&'a str>, Decimal)];

fn at(minutes: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_392_000 + minutes * 60, 0).unwrap()
}

fn of_day(name: &str, take: Option<Take>, sent: Sent<'_>) -> (Decimal, Vec<usize>, String) {
    let kind = MeasureKind::named(name).unwrap();
    let row = |(id, (from, to, device, _)): (i64, &(i64, i64, Option<&str>, Decimal))| MeasureGroup {
        source: kind.source(),
        length: Some(TimeDelta::minutes(to - from)),
        device: device.map(Into::into),
        ..group(id, at(if kind.source() == Source::Sleep { *to } else { *from }), &[])
    };
    let groups: Vec<_> = (0..).zip(sent).map(row).collect();
    let candidates: Vec<_> = groups.iter().zip(sent).map(|(group, sent)| (group, sent.3, &[][..])).collect();
    let told = told(kind, take.unwrap_or(kind.day_take()), &candidates).unwrap();
    (told.value.round_dp(2).normalize(), told.counted, told.choice)
}

#[test]
fn a_night_told_more_than_once_counts_once() {
    let mat_and_watch = [(-80, 380, None, dec!(7)), (-75, 370, None, dec!(6.92))];
    let copies: Vec<_> =
        (0..6).map(|n| (-80, 380 - n * 70, None, dec!(7.1) - Decimal::from(n) * dec!(1.1))).collect();
    let halves = [(-90, 120, None, dec!(3.4)), (180, 390, None, dec!(3.1))];
    let with_nap = [(-60, 420, None, dec!(7)), (840, 930, None, dec!(1.5))];
    let half_told = [(-60, 180, None, dec!(4)), (120, 420, None, dec!(5))];
    for (name, take, rows, expected, choice) in [
        ("sleep-duration", None, &mat_and_watch[..], dec!(7), ""),
        ("sleep-duration", None, &copies, dec!(7.1), ""),
        ("deep-sleep", None, &mat_and_watch, dec!(7), ""),
        ("sleep-duration", None, &halves, dec!(6.5), "sum of 2"),
        ("sleep-duration", Some(Take::Max), &halves, dec!(6.5), ""),
        ("sleep-duration", None, &with_nap, dec!(8.5), "sum of 2"),
        ("sleep-duration", Some(Take::Max), &with_nap, dec!(7), "highest of 2"),
        ("sleep-duration", Some(Take::Min), &with_nap, dec!(1.5), "lowest of 2"),
        // A quarter of the first is told by the second, which is the longer one.
        ("sleep-duration", None, &half_told, dec!(8), "sum of 2"),
        // From 22:40 to 06:20.
        (
            "time-in-bed",
            None,
            &[(-80, 370, None, dec!(7.5)), (-70, 380, None, dec!(7.5))],
            dec!(7.67),
            "sum of 2",
        ),
    ] {
        let (value, _, said) = of_day(name, take, rows);
        assert_eq!((value, said.as_str()), (expected, choice), "{name} {take:?} {rows:?}");
    }
}

#[test]
fn what_is_one_value_a_night_is_the_main_sleeps() {
    let halves = [(-90, 120, None, dec!(-1.5)), (180, 390, None, dec!(3))];
    let woke = [(-90, 120, None, dec!(2)), (180, 390, None, dec!(6.5))];
    let night_worker = [(60, 105, None, dec!(1)), (480, 900, None, dec!(8))];
    let told_twice = [(-75, 375, None, dec!(80)), (-80, 380, None, dec!(77)), (800, 860, None, dec!(99))];
    for (name, rows, expected, counted) in [
        ("bedtime", &halves[..], dec!(-1.5), 0),
        ("wake-up-time", &woke, dec!(6.5), 1),
        ("bedtime", &night_worker, dec!(8), 1),
        ("wake-up-time", &night_worker, dec!(8), 1),
        ("sleep-latency", &night_worker, dec!(8), 1),
        ("sleep-score", &told_twice, dec!(77), 1),
        ("sleep-efficiency", &told_twice, dec!(77), 1),
        ("sleep-heart-rate", &told_twice, dec!(77), 1),
        // Two naps of one length: the first.
        ("bedtime", &[(60, 105, None, dec!(1)), (480, 525, None, dec!(8))], dec!(1), 0),
    ] {
        let (value, places, _) = of_day(name, None, rows);
        assert_eq!((value, places), (expected, vec![counted]), "{name} {rows:?}");
    }
    assert_eq!(of_day("sleep-score", Some(Take::Min), &told_twice).0, dec!(77));
    assert_eq!(of_day("sleep-score", Some(Take::Last), &told_twice).0, dec!(99));
}

#[test]
fn a_workout_told_more_than_once_counts_once() {
    let watch = Some("watch");
    let relayed = |value| [(600, 630, watch, value), (600, 631, None, value + Decimal::ONE)];
    for (name, rows, expected) in [
        ("workouts", &relayed(dec!(1))[..], dec!(1)),
        // The app that relays does not know of the pauses.
        ("workout-duration", &[(600, 660, None, dec!(60)), (600, 660, watch, dec!(50))], dec!(50)),
        ("workout-calories", &relayed(dec!(300)), dec!(300)),
        // A session inside another, of whatever type, and one after it.
        (
            "workouts",
            &[(600, 690, watch, dec!(1)), (620, 640, None, dec!(1)), (690, 700, None, dec!(1))],
            dec!(2),
        ),
        ("workout-duration", &[(600, 690, watch, dec!(90)), (620, 640, None, dec!(20))], dec!(90)),
        // The union of two that overlap.
        ("workout-duration", &[(600, 640, watch, dec!(40)), (630, 670, watch, dec!(40))], dec!(70)),
        ("workouts", &[(600, 640, watch, dec!(1)), (605, 645, None, dec!(1))], dec!(1)),
        ("workouts", &[(600, 600, watch, dec!(1)), (600, 600, None, dec!(1))], dec!(1)),
        ("workout-distance", &[(600, 640, watch, dec!(8)), (900, 940, watch, dec!(5))], dec!(13)),
    ] {
        assert_eq!(of_day(name, None, rows).0, expected, "{name} {rows:?}");
    }
    let longest = [(600, 640, watch, dec!(40)), (600, 640, None, dec!(40)), (900, 920, watch, dec!(20))];
    let (value, _, choice) = of_day("workout-duration", Some(Take::Max), &longest);
    assert_eq!((value, choice.as_str()), (dec!(40), "highest of 2"));
}

#[test]
fn rows_whose_length_is_not_known_add_up() {
    let group = group(1, at(0), &[]);
    let row = |value| (&group, value, &[][..]);
    let told = told(MeasureKind::SLEEP_DURATION, Take::Sum, &[row(dec!(7)), row(dec!(1))]).unwrap();
    assert_eq!((told.value, told.counted), (dec!(8), vec![0, 1]));
    assert_eq!(super::told(MeasureKind::STEPS, Take::Max, &[row(dec!(7))]), None);
}

proptest! {
    #[test]
    fn time_in_bed_is_that_of_the_union(nights in prop::collection::vec((0..900_i64, 0..600_i64), 1..8)) {
        let sent: Vec<_> =
            nights.iter().map(|(from, long)| (*from, from + long, None, Decimal::from(*long))).collect();
        let in_bed = |minute: &i64| nights.iter().any(|(from, long)| (*from..from + long).contains(minute));
        let minutes = (0..1500).filter(in_bed).count();
        prop_assert_eq!(of_day("time-in-bed", None, &sent).0, Decimal::from(minutes));
    }

    #[test]
    fn nothing_is_told_of_that_nobody_told(
        nights in prop::collection::vec((0..900_i64, 0..600_i64, any::<bool>()), 1..8),
    ) {
        let device = |has: bool| has.then_some("watch");
        let sent: Vec<_> = nights
            .iter()
            .map(|(from, long, has)| (*from, from + long, device(*has), Decimal::ONE))
            .collect();
        for name in ["sleep-duration", "workouts", "workout-distance"] {
            let (value, counted, _) = of_day(name, None, &sent);
            prop_assert!(value >= dec!(1) && value <= Decimal::from(sent.len()), "{name} {value}");
            prop_assert!(!counted.is_empty());
        }
        prop_assert_eq!(of_day("bedtime", None, &sent).1.len(), 1);
    }
}
