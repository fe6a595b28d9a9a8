//! Withings' JSON, read leniently: only what identifies a measurement is required, everything else may
//! be missing, null, a string for a number or an empty list for an object. What is recorded from the
//! live service and differs from the documentation follows the recording.

mod days;
mod groups;
mod subscriptions;

use std::ops::Range;

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::domain::measure::device::Device;
use crate::domain::measure::kind::Source;
use crate::services::withings::error::{Asked, meaning};
use crate::services::withings::{Error, Page, TokenGrant};
use crate::services::{Flaw, lenient};
pub(super) use subscriptions::subscriptions;

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(default, deserialize_with = "lenient::integer")]
    status: Option<i64>,
    #[serde(default, borrow)]
    body: Option<&'a RawValue>,
    #[serde(default, deserialize_with = "lenient::text")]
    error: Option<String>,
}

/// Opens the envelope and returns the text of its body, or what the status means.
pub(super) fn body(asked: Asked, bytes: &[u8]) -> Result<String, Error> {
    let envelope: Envelope<'_> =
        serde_json::from_slice(bytes).map_err(|error| Error::Unreadable(Flaw::of(bytes, &error)))?;
    match (envelope.status, envelope.body) {
        (Some(0), Some(body)) => Ok(body.get().to_owned()),
        (Some(0), None) => Err(Error::Unreadable(Flaw::lacks("body"))),
        (Some(status), _) => Err(meaning(asked, status, &envelope.error.unwrap_or_default())),
        // Never "no data": an answer without a status proves nothing.
        (None, _) => Err(Error::Unreadable(Flaw::lacks("status"))),
    }
}

#[derive(Deserialize)]
struct Tokens {
    access_token: SecretString,
    refresh_token: SecretString,
    #[serde(default, deserialize_with = "lenient::integer")]
    expires_in: Option<i64>,
    // A string when a code is exchanged, a number when a token is refreshed.
    #[serde(default, deserialize_with = "lenient::text")]
    userid: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    scope: Option<String>,
}

/// Reads the token endpoint's answer.
pub(super) fn token_grant(body: &str) -> Result<TokenGrant, Error> {
    // The text is not quoted: it holds tokens.
    let tokens: Tokens =
        serde_json::from_str(body).map_err(|_| Error::Unreadable(Flaw::lacks("access_token")))?;
    // A blank one in place of one that works would end the sign-in.
    let is_blank = |token: &SecretString| token.expose_secret().trim().is_empty();
    if is_blank(&tokens.access_token) || is_blank(&tokens.refresh_token) {
        return Err(Error::Unreadable(Flaw::BlankTokens));
    }
    Ok(TokenGrant {
        access_token: tokens.access_token,
        refresh_token: tokens.refresh_token,
        expires_in: tokens.expires_in.unwrap_or(3 * 3600).clamp(0, 24 * 3600),
        user_id: tokens.userid,
        scope: tokens.scope,
    })
}

#[derive(Deserialize)]
struct Groups<'a> {
    #[serde(default, deserialize_with = "lenient::integer")]
    updatetime: Option<i64>,
    #[serde(default, deserialize_with = "lenient::text")]
    timezone: Option<String>,
    #[serde(borrow)]
    measuregrps: Vec<&'a RawValue>,
    #[serde(default, deserialize_with = "lenient::flag")]
    more: bool,
    #[serde(default, deserialize_with = "lenient::integer")]
    offset: Option<i64>,
}

/// When anything can have been measured, in Unix seconds: 1980 to 2200. Devices that lost their clock say
/// 1970, and nothing can be reckoned at the ends of what a calendar can hold.
const SENSIBLE: Range<i64> = 315_532_800..7_258_118_400;

/// A moment at which something can have been measured.
fn moment(unix: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(unix, 0).filter(|_| SENSIBLE.contains(&unix))
}

/// Reads one page of `getmeas`.
pub(super) fn page(body: &str) -> Result<Page, Error> {
    let groups: Groups<'_> =
        serde_json::from_str(body).map_err(|error| Error::Unreadable(Flaw::of(body.as_bytes(), &error)))?;
    let next = next(groups.more, groups.offset)?;
    let mut page =
        Page { updated_at: groups.updatetime, time_zone: groups.timezone, next, ..Page::default() };
    for raw in groups.measuregrps {
        row(&mut page, Source::Measure, raw.get());
    }
    Ok(page)
}

/// Reads one row of what `source` told into `page`.
pub(super) fn row(page: &mut Page, source: Source, raw: &str) {
    match source {
        Source::Measure => groups::row(page, raw),
        Source::Activity | Source::Sleep | Source::Workout => days::row(page, source, raw),
    }
}

#[derive(Deserialize)]
struct DayRows<'a> {
    // Activity has the one, nights and workouts have the other; a single day may come without its list.
    #[serde(default, borrow)]
    activities: Option<&'a RawValue>,
    #[serde(default, borrow)]
    series: Option<&'a RawValue>,
    #[serde(default, deserialize_with = "lenient::flag")]
    more: bool,
    #[serde(default, deserialize_with = "lenient::integer")]
    offset: Option<i64>,
}

/// Reads one page of activity, nights or workouts. They do not tell Withings' clock.
pub(super) fn day_page(body: &str, source: Source) -> Result<Page, Error> {
    let rows: DayRows<'_> =
        serde_json::from_str(body).map_err(|error| Error::Unreadable(Flaw::of(body.as_bytes(), &error)))?;
    let mut page = Page { next: next(rows.more, rows.offset)?, ..Page::default() };
    let Some(list) = rows.activities.or(rows.series) else {
        return Err(Error::Unreadable(Flaw::lacks("activities, series")));
    };
    let list: Vec<&RawValue> = match serde_json::from_str(list.get()) {
        Ok(list) => list,
        Err(_) => vec![list],
    };
    for raw in list {
        row(&mut page, source, raw.get());
    }
    Ok(page)
}

/// Where the next page starts.
fn next(more: bool, offset: Option<i64>) -> Result<Option<i64>, Error> {
    match (more, offset) {
        (false, _) => Ok(None),
        (true, Some(offset)) => Ok(Some(offset)),
        (true, None) => Err(Error::Unreadable(Flaw::lacks("offset"))),
    }
}

#[derive(Deserialize)]
struct Devices {
    devices: Vec<WireDevice>,
}

#[derive(Deserialize)]
struct WireDevice {
    #[serde(default, deserialize_with = "lenient::text")]
    deviceid: Option<String>,
    #[serde(default, rename = "type", deserialize_with = "lenient::text")]
    device_type: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    model: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    battery: Option<String>,
    #[serde(default, deserialize_with = "lenient::integer")]
    last_session_date: Option<i64>,
}

/// Reads the list of devices.
pub(super) fn devices(body: &str) -> Result<Vec<Device>, Error> {
    let found: Devices =
        serde_json::from_str(body).map_err(|error| Error::Unreadable(Flaw::of(body.as_bytes(), &error)))?;
    // One that Withings gives no number goes by its place.
    let device = |(place, device): (usize, WireDevice)| Device {
        id: device.deviceid.filter(|id| !id.is_empty()).unwrap_or_else(|| format!("#{place}")),
        device_type: device.device_type.unwrap_or_default(),
        model: device.model.unwrap_or_default(),
        battery: device.battery.unwrap_or_default(),
        last_contact: device.last_session_date.and_then(moment),
    };
    Ok(found.devices.into_iter().enumerate().map(device).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::measure::kind::MeasureKind;
    use crate::domain::measure::measurement::GroupId;
    use crate::services::lenient::tests::anything;

    fn groups(json: &str) -> Page {
        page(&format!(r#"{{"updatetime":"1790256300","timezone":"Europe/Paris","measuregrps":[{json}]}}"#))
            .unwrap()
    }

    #[test]
    fn a_manual_entry_without_a_device_is_read() {
        let page = groups(
            r#"{"grpid":5901234567,"attrib":2,"date":1790253672,"created":1,"modified":1790253686,"category":1,
                "deviceid":null,"modelid":null,"model":null,"comment":null,"new_field":{"a":[]},
                "measures":[{"value":500000,"type":1,"unit":-4,"algo":0,"fm":128}]}"#,
        );
        assert_eq!(page.updated_at, Some(1_790_256_300));
        assert_eq!(page.groups[0].id, GroupId(5_901_234_567));
        assert_eq!(page.groups[0].device, None);
        assert_eq!(page.groups[0].measurements[0].value().unwrap().normalize().to_string(), "50");
    }

    #[test]
    fn numbers_may_come_as_strings_or_floats_and_kinds_may_be_unknown() {
        let page = groups(
            r#"{"grpid":"1","attrib":"0","date":1790253672.0,"measures":[{"value":"82400","type":"9999","unit":"-3"}]}"#,
        );
        assert_eq!(page.groups[0].measurements[0].kind, MeasureKind(9999));
    }

    #[test]
    fn a_group_that_cannot_be_read_is_kept_as_text_and_the_others_go_on() {
        let good = r#"{"grpid":2,"attrib":0,"date":1790253672,"measures":[]}"#;
        for bad in [
            r#"{"attrib":0,"date":1790253672,"measures":[]}"#,
            r#"{"grpid":1,"measures":[]}"#,
            r#"{"grpid":1,"date":9e300,"measures":[]}"#,
            r#"{"grpid":1,"date":8210266876799,"measures":[]}"#,
            r#"{"grpid":1,"date":-8334601228800,"measures":[]}"#,
            r#"{"grpid":1,"date":-9223372036854775808,"measures":[]}"#,
            r#"{"grpid":1,"date":0,"measures":[]}"#,
            r#"{"grpid":1,"date":1790253672,"measures":null}"#,
            r#"{"grpid":1,"date":1790253672}"#,
            r#"{"grpid":1,"date":1790253672,"measures":{"a":1}}"#,
            r#"{"grpid":1,"date":1790253672,"measures":[{"value":null,"type":1,"unit":-3}]}"#,
            r#"null"#,
            r#"[]"#,
        ] {
            let page = groups(&format!("{bad},{good}"));
            assert_eq!((page.groups.len(), page.unreadable.len()), (1, 1), "{bad}");
            let id = bad.contains("grpid").then_some(GroupId(1));
            assert_eq!((page.unreadable[0].raw.as_str(), page.unreadable[0].id), (bad, id));
        }
    }

    #[test]
    fn objectives_are_not_measurements() {
        let page = groups(r#"{"grpid":1,"category":2,"date":1790253672,"measures":[]}"#);
        assert!(page.groups.is_empty() && page.unreadable.is_empty());
    }

    #[test]
    fn more_may_be_a_number_a_flag_or_missing() {
        for (tail, next) in [
            ("", None),
            (r#","more":0,"offset":0"#, None),
            (r#","more":false,"offset":200"#, None),
            (r#","more":1,"offset":300"#, Some(300)),
            (r#","more":true,"offset":"300""#, Some(300)),
        ] {
            assert_eq!(page(&format!(r#"{{"measuregrps":[]{tail}}}"#)).unwrap().next, next, "{tail}");
        }
        assert!(page(r#"{"measuregrps":[],"more":true}"#).is_err());
    }

    #[test]
    fn a_list_of_days_may_be_empty_or_one_day_without_its_list_and_never_missing() {
        for (body, days) in [
            (r#"{"activities":[],"more":false,"offset":0}"#, 0),
            (r#"{"series":[]}"#, 0),
            (r#"{"activities":{"steps":5,"date":"2026-11-23"}}"#, 1),
        ] {
            assert_eq!(day_page(body, Source::Activity).unwrap().groups.len(), days, "{body}");
        }
        assert!(day_page("{}", Source::Activity).is_err(), "no list is not an empty one");
        assert!(day_page("[]", Source::Activity).is_err());
    }

    #[test]
    fn devices_are_read_though_half_of_it_is_missing() {
        let read =
            devices(r#"{"devices":[{"type":"Scale","model":"","last_session_date":null},{}]}"#).unwrap();
        assert_eq!((read.len(), read[0].name(), read[0].last_contact), (2, "Scale", None));
        assert_ne!(read[0].id, read[1].id);
    }

    #[test]
    fn what_is_no_envelope_is_unreadable_and_never_means_no_data() {
        for bytes in [
            &b"<html>502 Bad Gateway</html>"[..],
            b"",
            b"{",
            b"null",
            b"{}",
            br#"{"status":null,"body":{}}"#,
            br#"{"status":0}"#,
            b"\xff\xfe",
        ] {
            assert!(matches!(body(Asked::Data, bytes), Err(Error::Unreadable(_))), "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn no_answer_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), json in anything()) {
            let _ = body(Asked::Data, &bytes);
            let text = json.to_string();
            let _ = body(Asked::TokenForRefresh, text.as_bytes());
            let _ = token_grant(&text);
            let _ = page(&text);
            let _ = devices(&text);
            for source in [Source::Activity, Source::Sleep, Source::Workout] {
                let _ = day_page(&text, source);
                let row = format!(r#"{{"id":1,"date":{text},"startdate":{text},"enddate":{text},"steps":{text},"data":{text}}}"#);
                let read = day_page(&format!(r#"{{"series":[{row}]}}"#), source).unwrap();
                prop_assert_eq!(read.groups.len() + read.unreadable.len(), 1);
            }
            let _ = page(&format!(r#"{{"measuregrps":[{text}],"more":{text},"updatetime":{text}}}"#));
            let group = format!(r#"{{"grpid":1,"date":{text},"measures":[{{"value":{text},"type":1,"unit":{text}}}]}}"#);
            let read = page(&format!(r#"{{"measuregrps":[{group}]}}"#)).unwrap();
            prop_assert_eq!(read.groups.len() + read.unreadable.len(), 1);
            for measurement in read.groups.iter().flat_map(|group| &group.measurements) {
                let _ = measurement.value();
            }
        }
    }

    #[test]
    fn a_user_id_is_text_whether_string_or_number() {
        for json in [
            r#"{"userid":"12345678","access_token":"a","refresh_token":"r","expires_in":10800}"#,
            r#"{"userid":12345678,"access_token":"a","refresh_token":"r"}"#,
        ] {
            assert_eq!(token_grant(json).unwrap().user_id.as_deref(), Some("12345678"));
        }
        for blank in
            [r#"{"access_token":"","refresh_token":"b"}"#, r#"{"access_token":"a","refresh_token":" "}"#]
        {
            assert!(matches!(token_grant(blank), Err(Error::Unreadable(_))), "{blank}");
        }
        let cut_off = br#"{"status":0,"body":{"access_token":"secret","refresh_token":"sec"#;
        let error = body(Asked::TokenForRefresh, cut_off).unwrap_err().to_string();
        assert!(!error.contains("sec"), "{error}");
        let error = token_grant(r#"{"access_token":"secret"}"#).unwrap_err().to_string();
        assert!(!error.contains("secret"), "{error}");
    }
}
