//! Spellings of units in the free text of a goal: "lbs", "hours of sleep", "Weight (kg)". Pure.

use crate::domain::measure::unit::Unit;
use Unit::{
    BeatsPerMinute, BodyMassIndex, Celsius, Centimetre, ClockHour, Fahrenheit, Floor, Foot, Hour, Inch,
    Kilocalorie, Kilogram, Kilojoule, Kilometre, Kilopascal, Metre, MetresPerSecond, MicromolesPerLitre,
    Microsiemens, Mile, MillimetreOfMercury, MillimolesPerLitre, Millisecond, Minute, Number, OxygenUptake,
    Percent, Point, Pound, Ratio, Second, Step, Stone, Year,
};

/// Words that mean a unit wherever they stand.
const NAMES: [(&[&str], &[Unit]); 29] = [
    (&["kg", "kgs", "kilo", "kilos", "kilogram", "kilograms", "kilogramme", "kilogrammes"], &[Kilogram]),
    (&["lb", "lbs", "pound", "pounds"], &[Pound]),
    (&["stone", "stones"], &[Stone]),
    (&["%", "percent", "percentage", "pct"], &[Percent]),
    (&["mmhg", "mm hg", "millimetres of mercury", "millimeters of mercury"], &[MillimetreOfMercury]),
    (&["kpa", "kilopascal", "kilopascals"], &[Kilopascal]),
    (&["bpm", "beats per minute", "beats/minute", "beats/min", "beats per min", "beats"], &[BeatsPerMinute]),
    (&["°c", "° c", "celsius", "centigrade", "degrees c", "degree c", "deg c", "degc"], &[Celsius]),
    (&["°f", "° f", "fahrenheit", "farenheit", "degrees f", "degree f", "deg f", "degf"], &[Fahrenheit]),
    (&["metre", "metres", "meter", "meters"], &[Metre]),
    (&["cm", "cms", "centimetre", "centimetres", "centimeter", "centimeters"], &[Centimetre]),
    (&["inch", "inches"], &[Inch]),
    (&["ft", "foot", "feet"], &[Foot]),
    (&["m/s", "metres per second", "meters per second", "mps"], &[MetresPerSecond]),
    (&["year", "years", "yr", "yrs"], &[Year]),
    (&["sec", "secs", "seconds"], &[Second]),
    (&["msec", "msecs", "millisecond", "milliseconds"], &[Millisecond]),
    (&["kcal", "kcals", "kilocalorie", "kilocalories", "calorie", "calories", "cals", "cal"], &[Kilocalorie]),
    (&["kj", "kilojoule", "kilojoules"], &[Kilojoule]),
    (&["ml/min/kg", "ml/kg/min"], &[OxygenUptake]),
    (&["µs", "microsiemens"], &[Microsiemens]),
    (&["mmol/l", "mmol per litre", "mmol per liter"], &[MillimolesPerLitre]),
    (&["µmol/l", "umol/l"], &[MicromolesPerLitre]),
    (&["mins", "minute", "minutes"], &[Minute]),
    (&["hr", "hrs", "hour", "hours"], &[Hour, ClockHour]),
    (&["km", "kms", "kilometre", "kilometres", "kilometer", "kilometers"], &[Kilometre]),
    (&["mi", "mile", "miles"], &[Mile]),
    (&["step", "steps"], &[Step]),
    (&["bmi", "kg/m2", "kg/m²", "kg/m^2", "body mass index"], &[BodyMassIndex]),
];

/// Words that mean a unit when nothing clearer stands beside them; some mean one of several.
const WEAK_NAMES: [(&[&str], &[Unit]); 12] = [
    (&["floor", "floors", "flight", "flights", "stair", "stairs", "storey", "storeys"], &[Floor]),
    (&["min"], &[Minute]),
    (&["second", "s"], &[Second]),
    (&["ms"], &[Millisecond]),
    (&["h"], &[Hour, ClockHour]),
    (&["o'clock", "oclock"], &[ClockHour]),
    (&["st"], &[Stone]),
    (&["degree", "degrees", "deg", "°"], &[Celsius, Fahrenheit]),
    (&["point", "points", "pt", "pts", "score", "scores"], &[Point, Number, Ratio]),
    (&["number", "numbers", "ratio", "index", "level", "rating"], &[Number, Ratio, Point]),
    (
        &[
            "times",
            "count",
            "counts",
            "measurement",
            "measurements",
            "reading",
            "readings",
            "weigh-in",
            "weigh-ins",
            "weighin",
            "weighins",
            "weighing",
            "weighings",
            "workout",
            "workouts",
            "session",
            "sessions",
            "exercise",
            "exercises",
            "day",
            "days",
            "datapoints",
        ],
        &[Number, Point, Ratio],
    ),
    (&["us"], &[Microsiemens]),
];

/// Words that mean a unit only when they are all the text there is.
const ALONE: [(&[&str], &[Unit]); 6] = [
    (&["c"], &[Celsius]),
    (&["f"], &[Fahrenheit]),
    (&["in", "\""], &[Inch]),
    (&["'"], &[Foot]),
    (&["m"], &[Metre, Minute, Mile]),
    (&["x", "time", "once"], &[Number]),
];

/// The units that a goal's free text may mean; none when it names none, or several that differ.
pub fn named_in(text: &str) -> &'static [Unit] {
    let text = tidied(text);
    let whole = |text: &str| {
        let all = ALONE.iter().chain(&WEAK_NAMES).chain(&NAMES);
        all.clone().find(|(names, _)| names.contains(&text)).map(|(_, units)| *units)
    };
    if let Some(units) = whole(&text).or_else(|| whole(without_rate(&text))) {
        return units;
    }
    let text = without_rate(&text);
    // "beats per minute" has more to say than "minute".
    let phrases = NAMES.iter().flat_map(|(names, units)| names.iter().map(move |name| (*name, *units)));
    let has_place = |name: &str| name.contains([' ', '/']);
    if let Some((_, units)) = phrases.into_iter().find(|(name, _)| has_place(name) && text.contains(name)) {
        return units;
    }
    // A rate that is in no table, as miles per hour, is no unit of ours.
    if text.contains(" per ") || text.contains('/') && !text.contains(" / ") {
        return &[];
    }
    let strong = said(text, &NAMES);
    match strong.as_slice() {
        [] => match said(text, &WEAK_NAMES).as_slice() {
            [units] => units,
            _ => &[],
        },
        [units] => units,
        _ => &[],
    }
}

/// The different units that the words of a text mean.
fn said(text: &str, names: &[(&[&str], &'static [Unit])]) -> Vec<&'static [Unit]> {
    let is_part = |letter: char| letter.is_alphanumeric() || "°%µ²-'".contains(letter);
    let mut found: Vec<&'static [Unit]> = Vec::new();
    for word in text.split(|letter| !is_part(letter)) {
        // "80kg", "5%".
        let bare = word.trim_start_matches(|letter: char| letter.is_ascii_digit());
        let known = names.iter().find(|(names, _)| names.contains(&bare)).map(|(_, units)| *units);
        found.extend(known.filter(|units| !found.contains(units)));
    }
    found
}

/// Small letters, one sign for each meaning, single blanks, nothing around it.
fn tidied(text: &str) -> String {
    let one_sign = |letter: char| match letter {
        'º' | '˚' => '°',
        'μ' => 'µ',
        '’' | '′' => '\'',
        '″' | '“' | '”' => '"',
        other => other,
    };
    let text: String = text.to_lowercase().chars().map(one_sign).collect();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    text.trim_matches([' ', '.', ',', ';', ':', '(', ')', '[', ']', '!']).to_owned()
}

/// "hours per night" are hours.
fn without_rate(text: &str) -> &str {
    const SPANS: [&str; 10] =
        ["day", "night", "week", "month", "year", "d", "wk", "session", "morning", "24h"];
    for sign in [" per ", "/", " a ", " each ", " every "] {
        if let Some((before, after)) = text.rsplit_once(sign)
            && SPANS.contains(&after.trim())
        {
            return before.trim();
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_goal_name_a_unit() {
        for (text, expected) in [
            ("kg", &[Kilogram][..]),
            ("Kilos", &[Kilogram]),
            ("Weight (kg)", &[Kilogram]),
            ("pounds lost", &[Pound]),
            ("LBS.", &[Pound]),
            ("stone", &[Stone]),
            ("St", &[Stone]),
            ("miles", &[Mile]),
            ("miles run", &[Mile]),
            ("km/week", &[Kilometre]),
            ("kilometers per day", &[Kilometre]),
            ("metres", &[Metre]),
            ("minutes", &[Minute]),
            ("min asleep", &[Minute]),
            ("hours of sleep", &[Hour, ClockHour]),
            ("hours per night", &[Hour, ClockHour]),
            ("°F", &[Fahrenheit]),
            ("º F", &[Fahrenheit]),
            ("degrees Fahrenheit", &[Fahrenheit]),
            ("F", &[Fahrenheit]),
            ("degrees", &[Celsius, Fahrenheit]),
            ("deg C", &[Celsius]),
            ("% body fat", &[Percent]),
            ("percent", &[Percent]),
            ("mm Hg", &[MillimetreOfMercury]),
            ("beats per minute", &[BeatsPerMinute]),
            ("feet", &[Foot]),
            ("inches", &[Inch]),
            ("steps/day", &[Step]),
            ("calories", &[Kilocalorie]),
            ("kg/m²", &[BodyMassIndex]),
            ("m", &[Metre, Minute, Mile]),
            ("times", &[Number, Point, Ratio]),
            ("weigh-ins", &[Number, Point, Ratio]),
            ("days weighed", &[Number, Point, Ratio]),
            // Nothing, nothing known, and more than one.
            ("", &[]),
            ("w", &[]),
            ("miles per hour", &[]),
            ("stone and pounds", &[]),
            ("hours and minutes", &[]),
            ("in time", &[]),
        ] {
            assert_eq!(named_in(text), expected, "{text}");
        }
    }

    #[test]
    fn every_unit_is_named_by_its_own_word_and_symbol() {
        use strum::VariantArray;
        for unit in Unit::VARIANTS.iter().filter(|unit| **unit != ClockHour) {
            for name in [unit.name(), unit.label()] {
                assert!(named_in(name).contains(unit), "{name}");
            }
        }
    }
}
