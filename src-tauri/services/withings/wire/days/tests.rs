//! Rows of days, nights and workouts, and what becomes of them.

use crate::services::withings::wire::days::*;

#[test]
fn zero_means_none_where_another_field_or_the_rest_of_the_night_says_so() {
    let night = |data: &str| {
        read(
            Source::Sleep,
            &format!(
                r#"{{"id":1,"startdate":1774737000,"enddate":1774762200,"timezone":"Europe/Paris","data":{data}}}"#
            ),
        )
    };
    let other = night(
        r#"{"total_sleep_time":0,"asleepduration":25200,"total_timeinbed":0,"deepsleepduration":0,
            "remsleepduration":0,"lightsleepduration":0,"sleep_efficiency":0,"sleep_latency":0,
            "durationtosleep":600}"#,
    );
    for (name, expected) in [
        ("sleep-duration", Some(dec!(25_200))),
        ("time-in-bed", Some(dec!(25_200))),
        ("deep-sleep", None),
        ("light-sleep", None),
        ("sleep-efficiency", None),
        ("sleep-latency", Some(dec!(600))),
    ] {
        assert_eq!(value(&other, name), expected, "{name}");
    }
    let shallow = night(r#"{"total_sleep_time":7200,"deepsleepduration":0,"lightsleepduration":7200}"#);
    assert_eq!(value(&shallow, "deep-sleep"), Some(dec!(0)));
    assert_eq!(value(&night(r#"{"total_sleep_time":0}"#), "sleep-duration"), None);
}

#[test]
fn a_value_of_a_day_that_cannot_be_read_costs_that_value_and_is_kept() {
    for (value, is_kept) in [
        (r#"{"odd":1}"#, true),
        ("\"many\"", true),
        ("true", true),
        ("1e300", true),
        ("null", false),
        ("[]", false),
        ("\"\"", false),
        ("5", false),
    ] {
        let mut page = Page::default();
        let json = format!(r#"{{"date":"2026-03-29","steps":{value},"distance":800}}"#);
        row(&mut page, Source::Activity, &json);
        let group = &page.groups[0];
        assert!(group.measurement(MeasureKind(1_000_002)).is_some());
        let kept: Vec<_> = page.unreadable.iter().map(|kept| kept.id).collect();
        assert_eq!(kept, if is_kept { vec![Some(group.id)] } else { vec![] }, "{value}");
    }
}

fn read(source: Source, json: &str) -> MeasureGroup {
    serde_json::from_str::<Row>(json).unwrap().group(source).unwrap()
}

fn value(group: &MeasureGroup, name: &str) -> Option<Decimal> {
    group.measurement(MeasureKind::named(name)?)?.value().map(|value| value.normalize())
}

#[test]
fn a_day_of_activity_has_its_date_and_zero_heart_beats_are_none() {
    let group = read(
        Source::Activity,
        r#"{"steps":1209,"distance":1028.559,"elevation":0,"hr_average":0,"deviceid":null,"brand":18,
            "timezone":"Europe/Amsterdam","date":"2023-10-20","modified":1697884856,"model":"GoogleFit tracker"}"#,
    );
    assert_eq!(group.day.unwrap().to_string(), "20231020");
    assert_eq!(group.measured_at.to_rfc3339(), "2023-10-19T22:00:00+00:00", "midnight in Amsterdam");
    assert_eq!((value(&group, "steps"), value(&group, "distance")), (Some(dec!(1209)), Some(dec!(1028.559))));
    assert_eq!((value(&group, "floors"), value(&group, "day-heart-rate")), (Some(dec!(0)), None));
    assert_eq!(group.model.as_deref(), Some("GoogleFit tracker"));
}

#[test]
fn a_night_counts_for_the_day_one_woke_up_on_and_its_times_are_those_on_the_wall() {
    // The night the clocks went forward in Paris: 23:30 to 07:00 are six and a half hours.
    let group = read(
        Source::Sleep,
        r#"{"id":2081804182,"timezone":"Europe/Paris","model":32,"startdate":1774737000,"enddate":1774760400,
            "date":"2026-03-29","data":{"total_sleep_time":18660,"sleep_efficiency":0.86,"sleep_score":37,
            "hr_average":0}}"#,
    );
    assert_eq!(group.day.unwrap().to_string(), "20260329");
    assert_eq!(
        (value(&group, "bedtime"), value(&group, "wake-up-time")),
        (Some(dec!(-1800)), Some(dec!(25_200)))
    );
    assert_eq!(value(&group, "sleep-efficiency"), Some(dec!(86)));
    assert_eq!(value(&group, "time-in-bed"), Some(dec!(23_400)), "not told, so from first to last");
    assert_eq!((value(&group, "sleep-heart-rate"), value(&group, "deep-sleep")), (None, None));
    assert_eq!(group.model, None, "a number tells users nothing");
}

#[test]
fn a_workout_is_as_long_as_it_took_without_its_pauses() {
    let group = read(
        Source::Workout,
        r#"{"id":3661300277,"category":2,"timezone":"Europe/Amsterdam","attrib":7,"startdate":1693336011,
            "enddate":1693336513,"date":"2023-08-29","data":{"calories":47,"manual_calories":70,"distance":680,
            "manual_distance":0,"pause_duration":80,"algo_pause_duration":null}}"#,
    );
    assert_eq!((group.category, value(&group, "workout-duration")), (Some(2), Some(dec!(422))));
    assert_eq!(
        (value(&group, "workout-calories"), value(&group, "workout-distance"), value(&group, "workouts")),
        (Some(dec!(70)), Some(dec!(680)), Some(dec!(1)))
    );
}

#[test]
fn a_night_with_an_odd_date_counts_for_the_day_it_ended_on() {
    for date in ["0000-00-00", "1970-01-01", "soon", ""] {
        let json = format!(r#"{{"id":1,"date":"{date}","startdate":1774737000,"enddate":1774760400}}"#);
        assert_eq!(read(Source::Sleep, &json).day.unwrap().to_string(), "20260329", "{date}");
    }
}

#[test]
fn a_row_without_what_identifies_it_is_none() {
    for (source, json) in [
        (Source::Activity, r#"{"steps":5}"#),
        (Source::Sleep, r#"{"date":"2026-03-29","startdate":1,"enddate":2}"#),
        (Source::Sleep, r#"{"id":1,"date":"2026-03-29"}"#),
        (Source::Workout, r#"{"id":-1,"startdate":1774737000,"enddate":1774737000,"date":"2026-03-29"}"#),
        (Source::Activity, r#"{"steps":5,"date":"+262000-12-31"}"#),
        (Source::Activity, r#"{"steps":5,"date":"-262000-01-01"}"#),
        (Source::Activity, r#"{"steps":5,"date":"1970-01-01"}"#),
        // It ends before it starts, at the end of the calendar, and after weeks.
        (Source::Sleep, r#"{"id":1,"date":"2026-03-29","startdate":1774760400,"enddate":1774737000}"#),
        (Source::Sleep, r#"{"id":1,"date":"2026-03-29","startdate":1774737000,"enddate":8210266876799}"#),
        (Source::Sleep, r#"{"id":1,"startdate":-9223372036854775808,"enddate":9223372036854775807}"#),
        (Source::Sleep, r#"{"id":1,"date":"2026-03-29","startdate":1774000000,"enddate":1774737000}"#),
        (Source::Workout, r#"{"id":1,"date":"2026-03-29","startdate":1774760400,"enddate":1774737000}"#),
        (Source::Workout, r#"{"id":1,"date":"2026-03-29","startdate":1764737000,"enddate":1774737000}"#),
    ] {
        assert!(serde_json::from_str::<Row>(json).unwrap().group(source).is_none(), "{json}");
    }
}
