//! Reading JSON from services whose numbers come as strings, strings as null and objects as lists.

use std::fmt;

use rust_decimal::Decimal;
use serde::de::{DeserializeOwned, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// Reads a whole number however it is written; anything else becomes `None` rather than an error.
pub(crate) fn integer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    Ok(deserializer.deserialize_any(Lenient)?.integer())
}

/// Reads a text, or a number as text; anything else becomes `None` rather than an error.
pub(crate) fn float<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok().filter(|value: &f64| value.is_finite()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    })
}

pub(crate) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match deserializer.deserialize_any(Lenient)? {
        Scalar::Text(text) => Some(text),
        Scalar::Integer(number) => Some(number.to_string()),
        Scalar::Float(number) => Some(number.to_string()),
        Scalar::Bool(_) | Scalar::Other => None,
    })
}

/// Reads a yes or no however it is written; anything else is a no.
pub(crate) fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(deserializer.deserialize_any(Lenient)?.integer().is_some_and(|number| number != 0))
}

/// Reads a number however it is written.
pub(crate) fn decimal(value: &Value) -> Option<Decimal> {
    match value {
        Value::Number(number) => {
            let text = number.to_string();
            text.parse().ok().or_else(|| Decimal::from_scientific(&text).ok())
        }
        Value::String(text) => {
            let text = text.trim();
            text.parse().ok().or_else(|| Decimal::from_scientific(text).ok())
        }
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Reads a number however it is written, as a whole number and the power of ten it is to be multiplied by.
/// What has more digits than a measurement can have is cut off at the ninth behind the point.
pub(crate) fn exact(value: &Value) -> Option<(i64, i64)> {
    if let Some(number) = value.as_i64() {
        return Some((number, 0));
    }
    let value = decimal(value)?;
    let parts = |value: Decimal| Some((i64::try_from(value.mantissa()).ok()?, -i64::from(value.scale())));
    parts(value).or_else(|| parts(value.round_dp(9)))
}

/// Reads an object; the empty list that stands for an empty one, and anything else, becomes `None`.
pub(crate) fn object<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    Ok(if value.is_object() { serde_json::from_value(value).ok() } else { None })
}

enum Scalar {
    Bool(bool),
    Integer(i64),
    Float(f64),
    Text(String),
    Other,
}

impl Scalar {
    fn integer(&self) -> Option<i64> {
        match self {
            Scalar::Bool(flag) => Some((*flag).into()),
            Scalar::Integer(number) => Some(*number),
            Scalar::Float(number) => whole(*number),
            Scalar::Text(text) => text.trim().parse().ok().or_else(|| whole(text.trim().parse().ok()?)),
            Scalar::Other => None,
        }
    }
}

/// A float that is a whole number and small enough to be exact.
fn whole(number: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    #[expect(clippy::cast_possible_truncation, reason = "checked to be whole and in range just before")]
    (number.fract() == 0.0 && number.abs() < EXACT).then_some(number as i64)
}

struct Lenient;

impl<'de> Visitor<'de> for Lenient {
    type Value = Scalar;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Scalar, E> {
        Ok(Scalar::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Scalar, E> {
        Ok(Scalar::Integer(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Scalar, E> {
        Ok(i64::try_from(value).map_or(Scalar::Other, Scalar::Integer))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Scalar, E> {
        Ok(Scalar::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Scalar, E> {
        Ok(Scalar::Text(value.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Scalar, E> {
        Ok(Scalar::Other)
    }

    fn visit_none<E>(self) -> Result<Scalar, E> {
        Ok(Scalar::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Scalar, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Scalar::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Scalar, A::Error> {
        while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Scalar::Other)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;
    use rust_decimal::dec;
    use serde_json::{Map, Value};

    /// Any JSON, with a liking for numbers at the edges.
    pub(crate) fn anything() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            prop_oneof![Just(i64::MAX), Just(i64::MIN), Just(0), Just(-29), Just(1_790_000_000)]
                .prop_map(Value::from),
            "\\PC{0,20}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::vec(("[a-z]{1,8}", inner), 0..6)
                    .prop_map(|fields| Value::from(fields.into_iter().collect::<Map<_, _>>())),
            ]
        })
    }

    #[derive(Debug, serde::Deserialize)]
    struct Row {
        #[serde(default, deserialize_with = "super::integer")]
        number: Option<i64>,
        #[serde(default, deserialize_with = "super::text")]
        name: Option<String>,
        #[serde(default, deserialize_with = "super::flag")]
        more: bool,
    }

    #[test]
    fn numbers_texts_and_flags_are_read_however_they_are_written() {
        for (json, number, name, more) in [
            (r#"{"number":5,"name":"a","more":true}"#, Some(5), Some("a"), true),
            (r#"{"number":"5","name":7,"more":1}"#, Some(5), Some("7"), true),
            (r#"{"number":5.0,"name":null,"more":0}"#, Some(5), None, false),
            (r#"{"number":" 5.0 ","name":[],"more":"1"}"#, Some(5), None, true),
            (r#"{"number":5.5,"name":{"a":[1]},"more":null}"#, None, None, false),
            (r#"{"number":1e300,"more":[]}"#, None, None, false),
            (r#"{"number":18446744073709551615}"#, None, None, false),
            (r#"{"number":null}"#, None, None, false),
            ("{}", None, None, false),
        ] {
            let row: Row = serde_json::from_str(json).unwrap();
            assert_eq!((row.number, row.name.as_deref(), row.more), (number, name, more), "{json}");
        }
    }

    #[test]
    fn a_number_of_any_length_has_a_whole_part_and_a_power() {
        for (json, expected) in [
            ("5", Some((5, 0))),
            ("9223372036854775807", Some((i64::MAX, 0))),
            ("1750.5", Some((17_505, -1))),
            ("\"82.0\"", Some((820, -1))),
            ("\"1028.55900000000000000012\"", Some((1_028_559_000_000, -9))),
            ("1e25", None),
            ("true", None),
        ] {
            let value: Value = serde_json::from_str(json).unwrap();
            assert_eq!(super::exact(&value), expected, "{json}");
        }
    }

    #[test]
    fn decimals_are_exact_however_they_are_written() {
        for (json, expected) in [
            ("1028.559", Some(dec!(1028.559))),
            ("\"0.86\"", Some(dec!(0.86))),
            ("-3", Some(dec!(-3))),
            ("1e-7", Some(dec!(0.0000001))),
            ("1e300", None),
            ("null", None),
            ("[]", None),
        ] {
            let value: Value = serde_json::from_str(json).unwrap();
            assert_eq!(super::decimal(&value), expected, "{json}");
        }
    }
}
