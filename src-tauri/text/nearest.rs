//! Finds the names that are nearest to one that does not exist. Pure.

/// How many names are offered.
const MOST: usize = 4;

/// How much alike two names must be; 1 is the same.
const ALIKE: f64 = 0.8;

/// The few of `names` that `word` may have been meant for, the likeliest first.
pub fn nearest<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let word = word.trim().to_lowercase();
    let mut near: Vec<(f64, &str)> = names
        .into_iter()
        .map(|name| (likeness(&word, &name.to_lowercase()), name))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .collect();
    near.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    near.dedup_by_key(|(_, name)| *name);
    near.into_iter().take(MOST).map(|(_, name)| name).collect()
}

fn likeness(word: &str, name: &str) -> f64 {
    // A part of a name is meant for it: “pressure” for “pulse-pressure”.
    let is_part = word.chars().count() >= 3 && name.contains(word);
    let part = if is_part { 0.9 } else { 0.0 };
    strsim::jaro_winkler(word, name).max(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_names_are_offered_and_none_for_nonsense() {
        let names = ["weight", "height", "heart-rate", "fat-ratio", "systolic", "sleep-heart-rate", "steps"];
        for (word, first) in [
            ("wieght", Some("weight")),
            ("Weigth", Some("weight")),
            ("hart-rate", Some("heart-rate")),
            ("heart", Some("heart-rate")),
            ("heart rate", Some("heart-rate")),
            ("systolisch", Some("systolic")),
            ("step", Some("steps")),
            ("xyzzy", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, names).first().copied(), first, "{word}");
        }
        assert!(nearest("weight", ["weight1", "weight2", "weight3", "weight4", "weight5"]).len() <= MOST);
    }
}
