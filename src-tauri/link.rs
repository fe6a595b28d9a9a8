//! A link: "this feeds that goal, so, since then". Pure.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::Serialize;
use strum::{EnumString, IntoStaticStr, VariantArray};

use crate::goal::{GoalId, GoalSlug};
use crate::kind::{MeasureKind, MeasureSet};
use crate::unit::Unit;

/// The number a user refers to a link by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct LinkId(pub i64);

impl fmt::Display for LinkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

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
}

impl Take {
    /// The word a user types.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The word a datapoint's comment uses.
    pub fn label(self) -> &'static str {
        match self {
            Take::Every => "every",
            Take::First => "first",
            Take::Last => "last",
            Take::Min => "lowest",
            Take::Max => "highest",
            Take::Mean => "mean",
            Take::Median => "median",
        }
    }

    /// Finds the way a user named.
    pub fn named(name: &str) -> Option<Take> {
        name.parse().ok()
    }
}

/// What a link sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Feed {
    /// The values of one kind.
    Track {
        /// Which kind.
        kind: MeasureKind,
        /// In which unit.
        unit: Unit,
        /// Which of a day's values.
        take: Take,
    },
    /// 1 for each act of measuring that contains a set of kinds.
    Count {
        /// Which set.
        set: MeasureSet,
        /// At most 1 a day.
        once_a_day: bool,
    },
}

impl Feed {
    /// The kind that decides whether a group concerns this feed at all.
    pub fn first_kind(&self) -> MeasureKind {
        match self {
            Feed::Track { kind, .. } => *kind,
            Feed::Count { set, .. } => set.kinds()[0],
        }
    }

    /// The kinds that matter to this feed.
    pub fn kinds(&self) -> Vec<MeasureKind> {
        match self {
            Feed::Track { kind, .. } => vec![*kind],
            Feed::Count { set, .. } => set.kinds().to_vec(),
        }
    }

    /// Whether one datapoint stands for a whole day.
    pub fn is_daily(&self) -> bool {
        match self {
            Feed::Track { take, .. } => *take != Take::Every,
            Feed::Count { once_a_day, .. } => *once_a_day,
        }
    }

    /// Whether two feeds into one goal would send the same thing twice.
    pub fn overlaps(&self, other: &Feed) -> bool {
        match (self, other) {
            (Feed::Track { kind, .. }, Feed::Track { kind: other, .. }) => kind == other,
            (Feed::Count { set, .. }, Feed::Count { set: other, .. }) => set == other,
            (Feed::Track { .. }, Feed::Count { .. }) | (Feed::Count { .. }, Feed::Track { .. }) => false,
        }
    }
}

impl fmt::Display for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Feed::Track { kind, unit, take } => {
                write!(f, "{}", kind.label())?;
                if !unit.symbol().is_empty() {
                    write!(f, " in {}", unit.symbol())?;
                }
                match take {
                    Take::Every => f.write_str(", every measurement"),
                    Take::First | Take::Last | Take::Min | Take::Max | Take::Mean | Take::Median => {
                        write!(f, ", the day's {}", take.label())
                    }
                }
            }
            Feed::Count { set, once_a_day: false } => write!(f, "number of {}", set.label()),
            Feed::Count { set, once_a_day: true } => write!(f, "days with {}", set.label()),
        }
    }
}

/// One link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Its number.
    pub id: LinkId,
    /// The goal it feeds.
    pub goal: GoalId,
    /// The goal's name as last seen.
    pub slug: GoalSlug,
    /// What it sends.
    pub feed: Feed,
    /// Only what was measured at or after this moment is sent.
    pub since: DateTime<Utc>,
}
