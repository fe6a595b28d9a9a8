//! The rules of planning, as tables.

use crate::domain::goal::{GoalId, GoalSlug};
use crate::domain::link::{LinkId, Options};
use crate::domain::measure::kind::{Heights, MeasureKind, Source};
use crate::domain::measure::measure_set::MeasureSet;
use crate::domain::measure::measurement::Measurement;
use crate::domain::measure::measurement::tests::group;
use crate::domain::plan::*;
use chrono_tz::Tz;
use rust_decimal::dec;

#[test]
fn each_way_of_taking_chooses_its_value_and_says_which() {
    use Reason::{OtherOfDay, SentForDay};
    // Grams, in time order.
    for (take, grams, value, reasons) in [
        (Take::First, vec![82_000, 81_000, 83_000], dec!(82), vec![SentForDay, OtherOfDay, OtherOfDay]),
        (Take::Last, vec![82_000, 81_000, 83_000], dec!(83), vec![OtherOfDay, OtherOfDay, SentForDay]),
        (Take::Min, vec![82_000, 81_000, 83_000], dec!(81), vec![OtherOfDay, SentForDay, OtherOfDay]),
        (Take::Max, vec![82_000, 81_000, 83_000], dec!(83), vec![OtherOfDay, OtherOfDay, SentForDay]),
        (Take::Mean, vec![82_000, 81_000, 83_001], dec!(82), vec![SentForDay; 3]),
        (Take::Median, vec![82_000, 81_000, 83_000], dec!(82), vec![SentForDay, OtherOfDay, OtherOfDay]),
        (Take::Median, vec![82_000, 81_000], dec!(81.5), vec![SentForDay; 2]),
    ] {
        let groups: Vec<_> = (0..).zip(&grams).map(|(n, grams)| weigh_in(n, 8, *grams)).collect();
        let plan = planned(&tracking(take), &groups);
        assert_eq!(plan.datapoints.len(), 1, "{take:?}");
        assert_eq!(plan.datapoints[0].value, value, "{take:?}");
        assert_eq!(plan.datapoints[0].request_id.0, "withings-weight-20261123");
        assert_eq!(plan.decisions.iter().map(|d| d.reason).collect::<Vec<_>>(), reasons, "{take:?}");
    }
}

#[test]
fn every_measurement_has_its_own_datapoint_oldest_first() {
    let groups = [weigh_in(2, 9, 81_000), weigh_in(1, 7, 82_405)];
    let plan = planned(&tracking(Take::Every), &groups);
    let sent: Vec<_> = plan.datapoints.iter().map(|d| (d.request_id.0.as_str(), d.value)).collect();
    assert_eq!(sent, [("withings-1-weight", dec!(82.41)), ("withings-2-weight", dec!(81))]);
    assert_eq!(plan.datapoints[0].comment, "Withings 07:01");
}

#[test]
fn groups_are_kept_out_for_a_reason() {
    let kept_out = |group: MeasureGroup| planned(&tracking(Take::Every), &[group]);
    for (group, reason) in [
        (MeasureGroup { attrib: 1, ..weigh_in(1, 7, 82_000) }, Reason::Ambiguous),
        (MeasureGroup { attrib: 4, ..weigh_in(1, 7, 82_000) }, Reason::AccountCreation),
        (MeasureGroup { attrib: 42, ..weigh_in(1, 7, 82_000) }, Reason::UnknownOrigin),
        (weigh_in(1, 7, 0), Reason::ImplausibleValue),
        (weigh_in(1, 7, -5), Reason::ImplausibleValue),
        (weigh_in(1, 7, i64::MAX), Reason::ImplausibleValue),
    ] {
        let plan = kept_out(group);
        assert_eq!(plan.datapoints, []);
        assert_eq!(plan.decisions[0].reason, reason);
    }
}

#[test]
fn a_group_without_the_kind_or_before_the_start_is_no_concern() {
    let mut link = tracking(Take::Every);
    let mut other = weigh_in(1, 7, 82_000);
    other.measurements[0].kind = MeasureKind::HEART_RATE;
    assert_eq!(planned(&link, &[other]), Plan::default());
    link.since = at(7, 2);
    assert_eq!(planned(&link, &[weigh_in(1, 7, 82_000)]), Plan::default());
    assert_eq!(planned(&link, &[weigh_in(2, 7, 82_000)]).datapoints.len(), 1, "measured at the start");
}

#[test]
fn an_act_counts_once_and_only_when_it_has_the_whole_set() {
    let mut link = tracking(Take::Every);
    let pressure = |id, kinds: &[i64]| {
        let mut group = weigh_in(id, 8, 80_000);
        let template = group.measurements.remove(0);
        group.measurements =
            kinds.iter().map(|kind| Measurement { kind: MeasureKind(*kind), ..template.clone() }).collect();
        group
    };
    let groups = [pressure(1, &[9, 10, 11]), pressure(2, &[9, 10]), pressure(3, &[11, 10, 9])];
    link.feed = Feed::Count { set: MeasureSet::blood_pressure(), once_a_day: false };
    let plan = planned(&link, &groups);
    let ids: Vec<_> = plan.datapoints.iter().map(|d| d.request_id.0.as_str()).collect();
    assert_eq!(ids, ["withings-blood-pressure-1", "withings-blood-pressure-3"]);
    assert_eq!(plan.decisions[1].reason, Reason::IncompleteSet);
    link.feed = Feed::Count { set: MeasureSet::blood_pressure(), once_a_day: true };
    let plan = planned(&link, &groups);
    assert_eq!(plan.datapoints.len(), 1);
    assert_eq!(plan.datapoints[0].request_id.0, "withings-blood-pressure-day-20261123");
}

#[test]
fn an_act_may_come_as_several_groups_of_one_device_and_another_device_is_another_act() {
    let from = |id, device: &str, values: &[(i64, i64)]| MeasureGroup {
        device: Some(device.into()),
        ..group(id, at(8, 0), values)
    };
    // A step on the scale, the cuff at the same second, and a second scale.
    let groups = [
        from(1, "scale", &[(1, 82_000)]),
        from(2, "scale", &[(11, 62_000)]),
        from(3, "cuff", &[(11, 70_000)]),
        from(4, "other", &[(1, 61_000)]),
    ];
    let feed = Feed::Count { set: MeasureSet::named("weight+heart-rate").unwrap(), once_a_day: false };
    let plan = planned(&Link { feed, ..tracking(Take::Every) }, &groups);
    let ids: Vec<_> = plan.datapoints.iter().map(|d| d.request_id.0.as_str()).collect();
    assert_eq!(ids, ["withings-weight+heart-rate-1"]);
    let reasons: Vec<_> = plan.decisions.iter().map(|d| (d.group.0, d.reason)).collect();
    assert_eq!(reasons, [(1, Reason::Sent), (4, Reason::IncompleteSet)]);
}

#[test]
fn a_link_lets_through_what_its_options_say() {
    let from = |id, device: &str| MeasureGroup { model: Some(device.into()), ..weigh_in(id, 7, 82_000) };
    let typed_in = || MeasureGroup { attrib: 2, ..weigh_in(1, 7, 82_000) };
    let guest = || MeasureGroup { attrib: 1, ..weigh_in(1, 7, 82_000) };
    let time = |text: &str| Some(text.parse().unwrap());
    let usual = Options::default;
    for (options, group, expected) in [
        (usual(), typed_in(), Reason::Sent),
        (Options { manual: false, ..usual() }, typed_in(), Reason::TypedIn),
        (Options { manual: false, ..usual() }, weigh_in(1, 7, 82_000), Reason::Sent),
        (Options { ambiguous: true, ..usual() }, guest(), Reason::Sent),
        (Options { devices: vec!["body+".into()], ..usual() }, from(1, "Body+"), Reason::Sent),
        (Options { devices: vec!["Body+".into()], ..usual() }, from(1, "WS-50"), Reason::OtherDevice),
        (Options { until_time: time("07:00:00"), ..usual() }, weigh_in(1, 7, 82_000), Reason::OtherTime),
        (Options { until_time: time("08:00:00"), ..usual() }, weigh_in(1, 7, 82_000), Reason::Sent),
    ] {
        let link = Link { options: options.clone(), ..tracking(Take::Every) };
        assert_eq!(planned(&link, &[group]).decisions[0].reason, expected, "{options:?}");
    }
}

#[test]
fn what_the_user_said_about_a_held_measurement_decides() {
    let guest = MeasureGroup { attrib: 1, ..weigh_in(1, 7, 82_000) };
    for (verdict, expected) in
        [(None, Reason::Ambiguous), (Some(true), Reason::Sent), (Some(false), Reason::NotMine)]
    {
        let owners = verdict.map(|mine| (guest.id, mine)).into_iter().collect();
        let context = Context { owners, ..Context::new(DayRule::new(Tz::UTC, 0)) };
        let plan = plan(&tracking(Take::Every), &context, std::slice::from_ref(&guest));
        assert_eq!(plan.decisions[0].reason, expected, "{verdict:?}");
    }
}

#[test]
fn days_come_with_the_day_withings_gives_them_and_zero_is_a_value() {
    let row = |id, kind: i64, value: i64, day: &str| MeasureGroup {
        source: Source::Activity,
        day: Some(day.parse().unwrap()),
        ..group(id, at(0, 0), &[(kind, value * 1000)])
    };
    let link = |kind: MeasureKind, take| Link {
        feed: Feed::Track { kind, unit: kind.unit(), take },
        since: at(9, 0),
        ..tracking(take)
    };
    let steps = link(MeasureKind::STEPS, Take::Max);
    let groups = [
        row(1, 1_000_001, 0, "20261123"),
        row(2, 1_000_001, 4000, "20261124"),
        row(3, 1_000_001, 4100, "20261124"),
        row(4, 1_000_001, 9000, "20261122"),
    ];
    let plan = planned(&steps, &groups);
    let sent: Vec<_> =
        plan.datapoints.iter().map(|d| (d.request_id.0.as_str(), d.value, d.comment.as_str())).collect();
    assert_eq!(
        sent,
        [
            ("withings-steps-20261123", dec!(0), "Withings"),
            ("withings-steps-20261124", dec!(4100), "Withings, highest of 2")
        ]
    );
    // A night and a nap of 20 and 8 thousand seconds.
    let nights = [row(1, 1_000_101, 20_000, "20261124"), row(2, 1_000_101, 8_000, "20261124")];
    for (take, expected) in [(Take::Sum, dec!(7.78)), (Take::Max, dec!(5.56))] {
        let plan = planned(&link(MeasureKind::SLEEP_DURATION, take), &nights);
        assert_eq!(plan.datapoints[0].value, expected, "naps {take:?}");
    }
}

#[test]
fn workouts_count_by_their_sort() {
    let workout = |id, category| MeasureGroup {
        source: Source::Workout,
        day: Some("20261123".parse().unwrap()),
        category: Some(category),
        ..group(id, at(8, 0), &[(1_000_201, 1000)])
    };
    let kind = MeasureKind::WORKOUTS;
    let feed = Feed::Track { kind, unit: kind.unit(), take: Take::Sum };
    let options = Options { categories: vec![2, 307], ..Options::default() };
    let link = Link { feed, options, ..tracking(Take::Sum) };
    let plan = planned(&link, &[workout(1, 2), workout(2, 1), workout(3, 307)]);
    assert_eq!(plan.datapoints[0].value, dec!(2));
    assert_eq!(plan.decisions[1].reason, Reason::OtherWorkout);
}

#[test]
fn a_derived_value_that_cannot_be_worked_out_says_so() {
    let kind = MeasureKind::BMI;
    let feed = Feed::Track { kind, unit: kind.unit(), take: Take::Every };
    let link = Link { feed, ..tracking(Take::Every) };
    let groups = [weigh_in(1, 7, 81_000)];
    assert_eq!(planned(&link, &groups).decisions[0].reason, Reason::NotWorkedOut);
    let heights = Heights::new([(at(0, 0), dec!(1.8))]);
    let context = Context { heights, ..Context::new(DayRule::new(Tz::UTC, 0)) };
    let plan = plan(&link, &context, &groups);
    assert_eq!(
        (plan.datapoints[0].value, plan.datapoints[0].request_id.0.as_str()),
        (dec!(25), "withings-1-bmi")
    );
}

#[test]
fn decimals_and_comment_are_as_the_user_wants_them() {
    let options = Options { decimals: Some(0), comment: Some("at {time}".into()), ..Options::default() };
    let plan = planned(&Link { options, ..tracking(Take::Every) }, &[weigh_in(1, 7, 82_500)]);
    assert_eq!((plan.datapoints[0].value, plan.datapoints[0].comment.as_str()), (dec!(83), "at 07:01"));
}

#[test]
fn a_day_once_given_stays_until_the_time_is_edited() {
    let group = weigh_in(1, 7, 82_000);
    let earlier: Daystamp = "20261122".parse().unwrap();
    let link = tracking(Take::First);
    let days = KnownDays::from([(
        group.id,
        Given { moment: group.measured_at, day: earlier, is_open: false, zone: None },
    )]);
    let context = Context { days, ..Context::new(DayRule::new(Tz::UTC, 0)) };
    let kept = plan(&link, &context, std::slice::from_ref(&group));
    assert_eq!(kept.datapoints[0].request_id.0, "withings-weight-20261122");
    let edited = MeasureGroup { measured_at: at(9, 0), ..group };
    let moved = plan(&link, &context, &[edited]);
    assert_eq!(moved.datapoints[0].request_id.0, "withings-weight-20261123");
}

fn at(hour: u32, minute: i64) -> DateTime<Utc> {
    format!("2026-11-23T{hour:02}:{minute:02}:00Z").parse().unwrap()
}

fn weigh_in(id: i64, hour: u32, grams: i64) -> MeasureGroup {
    group(id, at(hour, id), &[(1, grams)])
}

fn tracking(take: Take) -> Link {
    Link {
        id: LinkId(1),
        goal: GoalId("g".into()),
        slug: GoalSlug("weight".into()),
        feed: Feed::Track { kind: MeasureKind::WEIGHT, unit: Unit::Kilogram, take },
        options: Options::default(),
        since: at(0, 0),
        first_day: None,
        past: Vec::new(),
    }
}

fn planned(link: &Link, groups: &[MeasureGroup]) -> Plan {
    plan(link, &Context::new(DayRule::new(Tz::UTC, 0)), groups)
}
