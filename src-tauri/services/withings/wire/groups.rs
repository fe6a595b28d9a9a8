//! Measure groups, as Withings sends them. What a group cannot do without costs the group, what a value
//! cannot do without that value alone.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::domain::measure::kind::{MeasureKind, Source};
use crate::domain::measure::measurement::{GroupId, MeasureGroup, Measurement, Unreadable};
use crate::services::lenient;
use crate::services::withings::Page;
use crate::services::withings::wire::moment;

#[derive(Deserialize)]
struct Group<'a> {
    #[serde(default, deserialize_with = "lenient::integer")]
    grpid: Option<i64>,
    #[serde(default, deserialize_with = "lenient::integer")]
    attrib: Option<i64>,
    #[serde(default, deserialize_with = "lenient::integer")]
    date: Option<i64>,
    #[serde(default, deserialize_with = "lenient::integer")]
    modified: Option<i64>,
    #[serde(default, deserialize_with = "lenient::integer")]
    category: Option<i64>,
    #[serde(default, deserialize_with = "lenient::text")]
    deviceid: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    model: Option<String>,
    #[serde(default, borrow)]
    measures: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Measure {
    #[serde(default)]
    value: Value,
    #[serde(default, rename = "type", deserialize_with = "lenient::integer")]
    kind: Option<i64>,
    #[serde(default, deserialize_with = "lenient::integer")]
    unit: Option<i64>,
    #[serde(default, deserialize_with = "lenient::integer")]
    position: Option<i64>,
}

/// A measured value; the user's objectives are category 2.
const REAL: i64 = 1;

/// Reads one row of `getmeas` into `page`.
pub(super) fn row(page: &mut Page, raw: &str) {
    let kept = |id, raw: &str| Unreadable { id, source: Source::Measure, raw: raw.to_owned() };
    let Ok(group) = serde_json::from_str::<Group<'_>>(raw) else {
        return page.unreadable.push(kept(None, raw));
    };
    if group.category.is_some_and(|category| category != REAL) {
        return;
    }
    let id = group.grpid.map(GroupId);
    let read = group.measures.and_then(|list| serde_json::from_str::<Vec<&RawValue>>(list.get()).ok());
    let (bad, good): (Vec<_>, Vec<_>) = read
        .as_deref()
        .unwrap_or_default()
        .iter()
        .map(|raw| measurement(raw.get()).ok_or(raw.get()))
        .partition(Result::is_err);
    let bad: Vec<&str> = bad.into_iter().filter_map(Result::err).collect();
    let good: Vec<Measurement> = good.into_iter().filter_map(Result::ok).collect();
    let is_lost = read.is_none() || (good.is_empty() && !bad.is_empty());
    match measure_group(group, good).filter(|_| !is_lost) {
        Some(group) => {
            page.groups.push(group);
            if !bad.is_empty() {
                page.unreadable.push(kept(id, &with_measures(raw, &bad)));
            }
        }
        None => page.unreadable.push(kept(id, raw)),
    }
}

/// The text of a group with these of its values alone: a version that can read them puts them beside the
/// others by its number.
fn with_measures(raw: &str, measures: &[&str]) -> String {
    let measures = measures.iter().filter_map(|raw| serde_json::from_str::<Value>(raw).ok()).collect();
    let Ok(Value::Object(mut group)) = serde_json::from_str(raw) else { return raw.to_owned() };
    group.insert("measures".into(), Value::Array(measures));
    Value::Object(group).to_string()
}

/// `None` when what a value needs is missing.
fn measurement(raw: &str) -> Option<Measurement> {
    let measure: Measure = serde_json::from_str(raw).ok()?;
    let (value, unit) = (lenient::exact(&measure.value)?, measure.unit?);
    Some(Measurement {
        kind: MeasureKind(measure.kind?),
        mantissa: value.0,
        // Whole numbers are usual; a fraction is as exact with a smaller unit.
        exponent: unit.checked_add(value.1)?,
        position: measure.position,
    })
}

/// `None` when what identifies the group is missing.
fn measure_group(group: Group<'_>, measurements: Vec<Measurement>) -> Option<MeasureGroup> {
    let measured_at = moment(group.date?)?;
    Some(MeasureGroup {
        id: GroupId(group.grpid?),
        // A number that no rule knows keeps the group out of goals until someone looks.
        attrib: group.attrib.unwrap_or(-1),
        measured_at,
        modified_at: group.modified.and_then(moment).unwrap_or(measured_at),
        device: group.deviceid.filter(|device| !device.is_empty()),
        model: group.model.filter(|model| !model.is_empty()),
        source: Source::Measure,
        day: None,
        category: None,
        length: None,
        gone: false,
        measurements,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Page {
        let mut page = Page::default();
        row(&mut page, json);
        page
    }

    #[test]
    fn a_value_that_cannot_be_read_costs_that_value_and_no_other() {
        for bad in [
            r#"{"type":6,"unit":-3,"value":null}"#,
            r#"{"type":6,"unit":-3}"#,
            r#"{"type":6,"value":18500}"#,
            r#"{"unit":-3,"value":18500}"#,
            r#"{"type":6,"unit":-3,"value":{"odd":true}}"#,
            r#"{"type":6,"unit":-3,"value":"a lot"}"#,
            r#"{"type":6,"unit":-3,"value":1e300}"#,
            r#"{"type":6,"unit":-9223372036854775808,"value":0.5}"#,
            "7",
            "null",
            "[]",
        ] {
            let good = r#"{"value":82400,"type":1,"unit":-3}"#;
            let page = read(&format!(
                r#"{{"grpid":5,"attrib":1,"date":1790253672,"measures":[{bad},{good},{bad}]}}"#
            ));
            let group = &page.groups[0];
            assert_eq!((group.id, group.attrib, group.measurements.len()), (GroupId(5), 1, 1), "{bad}");
            let kept = &page.unreadable[0];
            assert_eq!((page.unreadable.len(), kept.id), (1, Some(GroupId(5))), "{bad}");
            let raw: Value = serde_json::from_str(&kept.raw).unwrap();
            let bad: Value = serde_json::from_str(bad).unwrap();
            assert_eq!((&raw["grpid"], &raw["measures"]), (&Value::from(5), &Value::from(vec![bad; 2])));
        }
    }

    #[test]
    fn a_fraction_is_scaled_exactly() {
        for (value, unit, expected) in [
            ("1750.5", -2, "17.505"),
            ("\"1750.5\"", -2, "17.505"),
            ("82.4", 0, "82.4"),
            ("8.24e1", 0, "82.4"),
            ("0.5", 2, "50"),
        ] {
            let page = read(&format!(
                r#"{{"grpid":5,"date":1790253672,"measures":[{{"value":{value},"type":6,"unit":{unit}}}]}}"#
            ));
            let read = page.groups[0].measurements[0].value().unwrap().normalize().to_string();
            assert_eq!(read, expected, "{value}");
        }
    }
}
