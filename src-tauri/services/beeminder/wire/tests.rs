//! Every shape of answer, and what it means.

use std::time::Duration;

use chrono_tz::Tz;
use proptest::prelude::*;
use reqwest::StatusCode;
use rust_decimal::Decimal;

use super::*;
use crate::domain::goal::Presence;
use crate::services::http::HttpAnswer;
use crate::services::lenient::tests::anything;

fn meaning(status: u16, body: &str) -> String {
    let answer = HttpAnswer {
        status: StatusCode::from_u16(status).unwrap(),
        retry_after: Some(Duration::from_secs(7)),
        body: body.into(),
    };
    super::body(answer).map_or_else(|error| format!("{error:?}"), |_| "fine".into())
}

#[test]
fn each_status_and_shape_of_error_says_what_to_do() {
    for (status, body, expected) in [
        (200, "{}", "fine"),
        (401, r#"{"errors":{"access_token":"bad_token","message":"No such"}}"#, "SignInAgain"),
        (401, r#"{"error":"You need to log in or sign up before continuing."}"#, "SignInAgain"),
        (401, "<html>", "InTheWay { status: 401 }"),
        (404, r#"{"error":"The requested resource was not found."}"#, "NotFound"),
        (404, "<html>", "InTheWay { status: 404 }"),
        (404, r#"{"status":"blocked"}"#, "InTheWay { status: 404 }"),
        (400, "", "InTheWay { status: 400 }"),
        (403, "<html>", "InTheWay { status: 403 }"),
        (403, r#"{"errors":"Not yours"}"#, "Rejected { status: 403"),
        (405, "Method Not Allowed", "InTheWay { status: 405 }"),
        (407, r#"{"error":"Sign in"}"#, "InTheWay { status: 407 }"),
        (410, "null", "InTheWay { status: 410 }"),
        (418, "<html>", "InTheWay { status: 418 }"),
        (425, "<html>", "Unavailable { status: 425"),
        (451, "<html>", "InTheWay { status: 451 }"),
        (422, r#"{"errors":"Duplicate request"}"#, "Duplicate"),
        (422, r#"{"error":"Duplicate request"}"#, "Duplicate"),
        (422, r#"{"errors":{"requestid":["duplicate"]}}"#, "Duplicate"),
        (422, r#""duplicate datapoint""#, "Duplicate"),
        (
            422,
            r#"{"errors":{"value":["can't be blank","is not a number"]}}"#,
            r#"Rejected { status: 422, message: "value can't be blank; value is not a number", names_fields: true }"#,
        ),
        (
            422,
            r#"{"errors":"Cannot schedule a stepdown"}"#,
            r#"Rejected { status: 422, message: "Cannot schedule a stepdown", names_fields: false }"#,
        ),
        (
            422,
            r#"{"errors":["too many","datapoints"]}"#,
            r#"Rejected { status: 422, message: "too many; datapoints", names_fields: false }"#,
        ),
        (
            422,
            r#"{"errors":{"message":"no","field":"bad"}}"#,
            r#"Rejected { status: 422, message: "field bad; no", names_fields: false }"#,
        ),
        (
            422,
            r#"{"errors":{"base":["the day is full"]}}"#,
            r#"Rejected { status: 422, message: "base the day is full", names_fields: false }"#,
        ),
        (422, "", "InTheWay { status: 422 }"),
        (422, "[1,null,true]", r#"Rejected { status: 422, message: "1; true", names_fields: false }"#),
        (429, "Retry later\n", "RateLimited { retry_after: Some(7s) }"),
        (500, "<html>", "Unavailable { status: 500"),
        (503, "", "Unavailable { status: 503"),
        (301, "", "Redirected { status: 301 }"),
    ] {
        let found = meaning(status, body);
        assert!(found.starts_with(expected), "{status} {body}: {found}");
    }
}

#[test]
fn a_goal_full_of_nulls_is_still_a_goal() {
    let goals = goals(
        br#"[{"id":"6976a6e9f0168adc85090fb9","slug":"new","title":null,"safebuf":null,"losedate":1769383657,
             "initday":null,"kyoom":true,"aggday":null,"autodata":null,"healthkitmetric":"","frozen":null,
             "deadline":0.0,"gunits":null,"queued":true},
            {"id":null,"slug":"broken"}, 5]"#,
        Presence::Active,
    )
    .unwrap();
    assert_eq!(goals.len(), 1);
    assert_eq!((goals[0].title.as_str(), goals[0].buffer_days), ("new", None));
    assert!(goals[0].summing && goals[0].healthkit_metric.is_none());
}

#[test]
fn what_is_not_said_is_not_known() {
    assert!(matches!(datapoint(b"{}"), Err(Error::Unreadable(_))));
    assert!(matches!(datapoint(b"[]"), Err(Error::Unreadable(_))));
    assert!(matches!(datapoint(br#"{"errors":"no"}"#), Err(Error::Unreadable(_))));
    assert!(matches!(datapoint(br#"{"id":""}"#), Err(Error::Unreadable(_))));
    for (json, known) in [
        (r#"{"fullroad":[[100,80.0],[200,79.0]],"yaw":-1}"#, true),
        (r#"{"fullroad":[[100,null],[200,79.0]],"yaw":1}"#, true),
        (r#"{"fullroad":[],"yaw":1}"#, false),
        (r#"{"fullroad":null,"yaw":1}"#, false),
        (r#"{"fullroad":[[100,80.0]]}"#, false),
        ("{}", false),
    ] {
        assert_eq!(line(json.as_bytes()).unwrap().is_some(), known, "{json}");
    }
    for (json, last) in [
        (r#"{"last_datapoint":{"id":"a"}}"#, LastDatapoint::Id("a".into())),
        (r#"{"last_datapoint":null}"#, LastDatapoint::None),
        (r#"{"last_datapoint":{}}"#, LastDatapoint::Unknown),
        ("{}", LastDatapoint::Unknown),
        ("<html>", LastDatapoint::Unknown),
    ] {
        assert_eq!(last_datapoint(json.as_bytes()), last, "{json}");
    }
}

#[test]
fn a_goal_tells_its_last_values_and_when_it_is_archived() {
    let goal = goal(
        br#"{"id":"1","slug":"stones","odom":null,"archivedate":1796256000,"recent_data":[
            {"value":12.5,"daystamp":"20261124","requestid":null},
            {"value":12.6,"daystamp":"20261123"}, 5, {"value":null},
            {"value":0,"daystamp":"20261001","is_initial":true}]}"#,
    )
    .unwrap();
    assert_eq!(goal.last_values, [12.6, 12.5]);
    assert_eq!((goal.archives_at.map(|at| at.timestamp()), goal.odometer), (Some(1_796_256_000), false));
}

proptest! {
    #[test]
    fn a_value_is_known_again_when_it_comes_back(mantissa in -10_000_000_000_i64..10_000_000_000, scale in 0..7_u32) {
        let value = Decimal::new(mantissa, scale);
        let of = |value: Decimal| datapoint(format!(r#"{{"id":"1","value":{value}}}"#).as_bytes()).unwrap();
        prop_assert!(of(value).has_value(value));
        prop_assert!(!of(value + Decimal::new(1, scale)).has_value(value));
    }
}

#[test]
fn an_unknown_time_zone_is_utc() {
    for (json, zone) in [
        (r#"{"username":"alice","timezone":"America/New_York"}"#, Tz::America__New_York),
        (r#"{"username":"alice","timezone":"Mars/Olympus"}"#, Tz::UTC),
        (r#"{"username":"alice","timezone":null,"goals":[{"slug":"a"}]}"#, Tz::UTC),
    ] {
        assert_eq!(user(json.as_bytes()).unwrap().time_zone, zone);
    }
}

proptest! {
    #[test]
    fn no_answer_makes_it_panic(json in anything(), status in 100_u16..600) {
        let text = json.to_string();
        let _ = meaning(status, &text);
        let _ = user(text.as_bytes());
        let _ = goal(text.as_bytes());
        let _ = datapoint(text.as_bytes());
        let _ = last_datapoint(text.as_bytes());
        let _ = line(text.as_bytes());
        let _ = datapoints(text.as_bytes());
        let list = format!(r#"[{{"id":"1","slug":"a","deadline":{text},"losedate":{text},"kyoom":{text}}}]"#);
        prop_assert_eq!(goals(list.as_bytes(), Presence::Active).unwrap().len(), 1);
    }
}

#[test]
fn a_cut_off_answer_is_unreadable() {
    for bytes in [&b""[..], b"{", b"<html>", b"[[[[", b"\xff"] {
        assert!(matches!(user(bytes), Err(Error::Unreadable(_))));
        assert!(matches!(goals(bytes, Presence::Active), Err(Error::Unreadable(_))));
        assert!(matches!(datapoint(bytes), Err(Error::Unreadable(_))));
    }
}
