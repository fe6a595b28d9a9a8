//! The types of workout that have a name here. The set is open: others go by Withings' number.
//!
//! Numbers: <https://developer.withings.com/api-reference>, Measure - Getworkouts, `category`.

const NAMES: [(i64, &str); 12] = [
    (1, "walk"),
    (2, "run"),
    (6, "cycling"),
    (7, "swimming"),
    (16, "weights"),
    (28, "yoga"),
    (36, "other"),
    (187, "rowing"),
    (272, "multi-sport"),
    (306, "indoor-walk"),
    (307, "indoor-run"),
    (308, "indoor-cycling"),
];

/// The word for a type of workout.
pub fn name(category: i64) -> String {
    let known = NAMES.iter().find(|(id, _)| *id == category);
    known.map_or_else(|| format!("workout-{category}"), |(_, name)| (*name).to_owned())
}

/// Finds a type by its word or number.
pub fn named(text: &str) -> Option<i64> {
    let known = NAMES.iter().find(|(_, name)| name.eq_ignore_ascii_case(text));
    known.map(|(id, _)| *id).or_else(|| text.strip_prefix("workout-").unwrap_or(text).parse().ok())
}

/// Whether Withings is known to use a number, whatever it means there.
pub fn is_known(category: i64) -> bool {
    matches!(category, 1..=36 | 187 | 188 | 191..=196 | 272 | 306..=308 | 550..=555)
}

/// Every type that has a name, by Withings' number.
pub fn all() -> &'static [(i64, &'static str)] {
    &NAMES
}

/// Every word there is.
pub fn names() -> Vec<&'static str> {
    NAMES.iter().map(|(_, name)| *name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sort_is_found_by_word_or_number_and_unknown_ones_keep_their_number() {
        for (text, id) in [("run", Some(2)), ("Indoor-Run", Some(307)), ("555", Some(555)), ("flying", None)]
        {
            assert_eq!(named(text), id);
        }
        assert_eq!((name(2).as_str(), name(555).as_str()), ("run", "workout-555"));
        assert_eq!(named(&name(555)), Some(555));
        assert!(NAMES.iter().all(|(id, _)| is_known(*id)) && is_known(12) && !is_known(99_999));
    }
}
