//! Settings that the user chose, beside accounts and links. Pure.

use std::ops::RangeInclusive;

use chrono::{DateTime, NaiveTime, Utc};
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr};

use crate::domain::callback_way::CallbackWay;
use crate::domain::incident::Level;
use crate::domain::measure::unit::Unit;

/// Minutes between passes. Withings asks for ten at least; with more than four hours a datapoint is late.
pub const INTERVALS: RangeInclusive<u32> = 10..=240;

/// The languages the window speaks.
pub const LANGUAGES: [&str; 2] = ["en", "de"];

/// What the user chose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Settings {
    /// Minutes between passes, one of [`INTERVALS`].
    pub interval: u32,
    /// At what time of day to remind of measuring, if at all.
    pub remind_at: Option<NaiveTime>,
    /// What measurements are shown in.
    pub units: Units,
    /// How the browser comes back from a sign-in.
    pub callback_way: CallbackWay,
    /// Whether what is deleted at Withings is removed at Beeminder without asking.
    pub mirror_deletions: bool,
    /// Whether to say when a device stops uploading.
    pub watch_devices: bool,
    /// The window's language, one of [`LANGUAGES`]; as the desktop's when there is none.
    pub language: Option<String>,
}

/// One changed setting; see [`Settings`] and [`crate::domain::incident::Preferences`].
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SettingChange {
    Interval(u32),
    RemindAt(Option<NaiveTime>),
    Units(Units),
    CallbackWay(CallbackWay),
    MirrorDeletions(bool),
    WatchDevices(bool),
    Language(Option<String>),
    Level(Level),
    SnoozedUntil(Option<DateTime<Utc>>),
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            interval: 15,
            remind_at: None,
            units: Units::Metric,
            callback_way: CallbackWay::Loopback,
            mirror_deletions: false,
            watch_devices: false,
            language: None,
        }
    }
}

/// A system of units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, EnumString)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Units {
    /// Kilograms, kilometres, degrees Celsius.
    Metric,
    /// Pounds, miles, degrees Fahrenheit.
    Us,
    /// Stones, miles, degrees Celsius.
    Uk,
}

impl Units {
    /// The unit in which a value is shown that is sent in `usual` by default.
    pub fn shown(self, usual: Unit) -> Unit {
        let wanted: &[Unit] = match self {
            Units::Metric => &[],
            Units::Us => &[Unit::Pound, Unit::Mile, Unit::Fahrenheit, Unit::Inch],
            Units::Uk => &[Unit::Stone, Unit::Mile],
        };
        usual.choices().iter().copied().find(|unit| wanted.contains(unit)).unwrap_or(usual)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_system_shows_its_units() {
        for (usual, metric, us, uk) in [
            (Unit::Kilogram, Unit::Kilogram, Unit::Pound, Unit::Stone),
            (Unit::Celsius, Unit::Celsius, Unit::Fahrenheit, Unit::Celsius),
            (Unit::Kilometre, Unit::Kilometre, Unit::Mile, Unit::Mile),
            (Unit::Metre, Unit::Metre, Unit::Inch, Unit::Metre),
            (
                Unit::MillimetreOfMercury,
                Unit::MillimetreOfMercury,
                Unit::MillimetreOfMercury,
                Unit::MillimetreOfMercury,
            ),
        ] {
            let shown = [Units::Metric, Units::Us, Units::Uk].map(|units| units.shown(usual));
            assert_eq!(shown, [metric, us, uk], "{usual:?}");
        }
    }
}
