//! Kinds of change that Withings notifies of (`appli`), and which of its services each is about. Pure.
//!
//! <https://developer.withings.com/developer-guide/v3/data-api/notifications/notification-content>

use std::collections::BTreeSet;

use serde::{Serialize, Serializer};
use strum::{EnumString, IntoStaticStr, VariantArray};

use crate::domain::link::Feed;
use crate::domain::measure::kind::{MeasureKind, Source};

/// A kind of change that Withings notifies of.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, IntoStaticStr, EnumString, VariantArray,
)]
#[strum(serialize_all = "snake_case")]
pub enum Appli {
    /// Weight and body composition.
    Weight,
    /// Temperature.
    Temperature,
    /// Blood pressure, heart rate, oxygen in the blood.
    BloodPressure,
    /// Days of activity and workouts.
    Activity,
    /// Nights.
    Sleep,
    /// The account was deleted, or no longer shares with the application.
    Profile,
    /// An electrocardiogram.
    Ecg,
    /// Glucose.
    Glucose,
}

impl Appli {
    /// Withings' number.
    pub fn number(self) -> i64 {
        match self {
            Appli::Weight => 1,
            Appli::Temperature => 2,
            Appli::BloodPressure => 4,
            Appli::Activity => 16,
            Appli::Sleep => 44,
            Appli::Profile => 46,
            Appli::Ecg => 54,
            Appli::Glucose => 58,
        }
    }

    /// Reads Withings' number; `None` for what this program does not use.
    pub fn numbered(number: i64) -> Option<Appli> {
        Appli::VARIANTS.iter().copied().find(|appli| appli.number() == number)
    }

    /// The word for programs, and of the texts.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The services to read when it comes.
    pub fn sources(self) -> &'static [Source] {
        match self {
            Appli::Weight | Appli::Temperature | Appli::BloodPressure | Appli::Ecg | Appli::Glucose => {
                &[Source::Measure]
            }
            Appli::Activity => &[Source::Activity, Source::Workout],
            Appli::Sleep => &[Source::Sleep],
            Appli::Profile => &[],
        }
    }

    /// Which notification tells of a measurement of this kind.
    pub fn of(kind: MeasureKind) -> Appli {
        match kind.first_source().source() {
            Source::Measure => Appli::of_measured(kind.first_source()),
            Source::Activity | Source::Workout => Appli::Activity,
            Source::Sleep => Appli::Sleep,
        }
    }

    fn of_measured(kind: MeasureKind) -> Appli {
        match kind.0 {
            // Temperatures: of the room, of the body, of the skin.
            12 | 71 | 73 => Appli::Temperature,
            // Both pressures, the heart rate, oxygen.
            9..=11 | 54 => Appli::BloodPressure,
            // What an electrocardiogram tells.
            130 | 135..=139 => Appli::Ecg,
            _ => Appli::Weight,
        }
    }

    /// Which notification surely tells of a measurement of this kind; `None` where it may be one of several:
    /// scales tell heart rates as well.
    pub fn surely_of(kind: MeasureKind) -> Option<Appli> {
        (kind != MeasureKind::HEART_RATE).then(|| Appli::of(kind))
    }

    /// What to subscribe to for these links: what they are about, and whether the account is still there.
    pub fn needed<'a>(feeds: impl Iterator<Item = &'a Feed>) -> BTreeSet<Appli> {
        let mut needed = BTreeSet::new();
        for feed in feeds {
            let kinds = feed.kinds();
            needed.extend(kinds.iter().copied().map(Appli::of));
            if kinds == [MeasureKind::HEART_RATE] {
                needed.insert(Appli::Weight);
            }
        }
        if !needed.is_empty() {
            needed.insert(Appli::Profile);
        }
        needed
    }
}

impl Serialize for Appli {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// Some of Withings' services: those that notifications were about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sources(u8);

impl Sources {
    fn bit(source: Source) -> u8 {
        1 << match source {
            Source::Measure => 0,
            Source::Activity => 1,
            Source::Sleep => 2,
            Source::Workout => 3,
        }
    }

    /// Puts one in.
    pub fn insert(&mut self, source: Source) {
        self.0 |= Sources::bit(source);
    }

    /// Whether one is among them.
    pub fn contains(self, source: Source) -> bool {
        self.0 & Sources::bit(source) != 0
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Those of both.
    #[must_use]
    pub fn and(self, other: Sources) -> Sources {
        Sources(self.0 | other.0)
    }
}

impl FromIterator<Source> for Sources {
    fn from_iter<I: IntoIterator<Item = Source>>(sources: I) -> Sources {
        let mut all = Sources::default();
        sources.into_iter().for_each(|source| all.insert(source));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::measure::measure_set::MeasureSet;

    #[test]
    fn numbers_are_read_back_and_others_are_not_used() {
        for appli in Appli::VARIANTS {
            assert_eq!(Appli::numbered(appli.number()), Some(*appli));
        }
        assert_eq!([0, 50, 53, -1].map(Appli::numbered), [None; 4]);
    }

    #[test]
    fn links_need_what_they_are_about_and_the_account() {
        let needed =
            |feeds: &[Feed]| Appli::needed(feeds.iter()).into_iter().map(Appli::number).collect::<Vec<_>>();
        let count = |set| Feed::Count { set, once_a_day: false };
        let track = |kind: MeasureKind| Feed::Track { kind, unit: kind.unit(), take: kind.day_take() };
        assert_eq!(needed(&[]), [0; 0]);
        assert_eq!(needed(&[count(MeasureSet::weight())]), [1, 46]);
        assert_eq!(needed(&[count(MeasureSet::blood_pressure())]), [4, 46]);
        assert_eq!(needed(&[track(MeasureKind::HEART_RATE)]), [1, 4, 46]);
        assert_eq!(needed(&[MeasureKind::STEPS, MeasureKind::SLEEP_DURATION].map(track)), [16, 44, 46]);
        assert_eq!(needed(&[track(MeasureKind::TEMPERATURE), track(MeasureKind::WORKOUTS)]), [2, 16, 46]);
        assert_eq!(Appli::of(MeasureKind::BMI), Appli::Weight);
        assert_eq!(Appli::of(MeasureKind::PULSE_PRESSURE), Appli::BloodPressure);
    }

    #[test]
    fn a_set_of_services_holds_each_once() {
        let mut all = Sources::default();
        assert!(all.is_empty());
        for source in Appli::Activity.sources() {
            all.insert(*source);
            all.insert(*source);
        }
        assert!(all.contains(Source::Activity) && all.contains(Source::Workout));
        assert!(!all.contains(Source::Measure) && !all.contains(Source::Sleep));
        assert_eq!(all.and([Source::Sleep].into_iter().collect()), all.and(Sources(4)));
    }
}
