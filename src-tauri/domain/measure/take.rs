//! Takes: which of a day's values stands for the day.

use serde::Serialize;
use strum::{EnumString, IntoStaticStr, VariantArray};

/// Which of a day's values is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, IntoStaticStr, EnumString, VariantArray)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case", ascii_case_insensitive)]
pub enum Take {
    /// Each value as its own datapoint.
    Every,
    /// The day's first.
    First,
    /// The day's last.
    Last,
    /// The day's lowest.
    Min,
    /// The day's highest.
    Max,
    /// The day's mean.
    Mean,
    /// The day's median.
    Median,
    /// All of the day's together.
    Sum,
}

impl Take {
    /// The word a user types.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The word a datapoint's comment uses, English in every language: two computers must write the same.
    pub fn label(self) -> &'static str {
        match self {
            Take::Every => "every",
            Take::First => "first",
            Take::Last => "last",
            Take::Min => "lowest",
            Take::Max => "highest",
            Take::Mean => "mean",
            Take::Median => "median",
            Take::Sum => "sum",
        }
    }

    /// Finds the way a user named.
    pub fn named(name: &str) -> Option<Take> {
        name.parse().ok()
    }
}
