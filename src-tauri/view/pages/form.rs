//! The form of a link, as the window fills it in.

use anyhow::Context;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::app::{Since, UserError};
use crate::domain::goal::GoalSlug;
use crate::domain::link::Feed;
use crate::domain::link::Options;
use crate::domain::measure::kind::MeasureKind;
use crate::domain::measure::measure_set::MeasureSet;
use crate::domain::measure::take::Take;
use crate::domain::measure::unit::Unit;

/// What a link sends, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkForm {
    /// The slug of the goal.
    pub goal: String,
    /// A value, or how often something is measured.
    pub sends: Sends,
    /// The kind to track; empty when counting.
    pub kind: String,
    /// The unit to send it in.
    pub unit: String,
    /// Which of a day's values.
    pub take: String,
    /// The kinds to count together; empty when tracking.
    pub kinds: Vec<String>,
    /// Whether at most one a day counts.
    pub once_a_day: bool,
    /// What is let through, and how it is written.
    pub options: Options,
    /// The link it is about, when there is one already.
    #[serde(default)]
    pub link: Option<i64>,
    /// The first day to send; from now on when there is none.
    #[serde(default)]
    pub since: Option<NaiveDate>,
    /// Whether to send what was measured today before now as well; a first day says more.
    #[serde(default)]
    pub today: bool,
}

/// What a link sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sends {
    /// The values of one kind.
    Track,
    /// 1 for each act of measuring.
    Count,
}

impl LinkForm {
    /// Fills the form in.
    pub fn of(goal: &GoalSlug, feed: &Feed, options: &Options) -> LinkForm {
        let mut form = LinkForm {
            goal: goal.0.clone(),
            sends: Sends::Count,
            kind: String::new(),
            unit: String::new(),
            take: String::new(),
            kinds: Vec::new(),
            once_a_day: false,
            options: options.clone(),
            link: None,
            since: None,
            today: false,
        };
        match feed {
            Feed::Track { kind, unit, take } => {
                form.sends = Sends::Track;
                form.kind = kind.to_string();
                form.unit = unit.name().into();
                form.take = take.name().into();
            }
            Feed::Count { set, once_a_day } => {
                form.kinds = set.kinds().iter().map(ToString::to_string).collect();
                form.once_a_day = *once_a_day;
            }
        }
        form
    }

    /// The goal's name.
    pub fn slug(&self) -> GoalSlug {
        GoalSlug(self.goal.clone())
    }

    /// What is sent.
    ///
    /// # Errors
    /// When a word is none of those to choose from.
    pub fn feed(&self) -> anyhow::Result<Feed> {
        let kind =
            |name: &String| MeasureKind::named(name).with_context(|| format!("There is no kind “{name}”"));
        match self.sends {
            Sends::Track => Ok(Feed::Track {
                kind: kind(&self.kind)?,
                unit: Unit::named(&self.unit).with_context(|| format!("There is no unit “{}”", self.unit))?,
                take: Take::named(&self.take).with_context(|| format!("There is no way “{}”", self.take))?,
            }),
            Sends::Count => {
                let kinds = self.kinds.iter().map(kind).collect::<anyhow::Result<_>>()?;
                let set = MeasureSet::of(kinds).ok_or_else(|| UserError::new("tick_one", []))?;
                Ok(Feed::Count { set, once_a_day: self.once_a_day })
            }
        }
    }

    /// From when on.
    pub fn start(&self) -> Since {
        let usual = if self.today { Since::Today } else { Since::Now };
        self.since.map_or(usual, Since::Day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_says_what_its_link_does_and_nonsense_is_refused() {
        let slug = GoalSlug("weight".into());
        for feed in [
            Feed::Track { kind: MeasureKind::WEIGHT, unit: Unit::Pound, take: Take::Min },
            Feed::Count { set: MeasureSet::blood_pressure(), once_a_day: true },
        ] {
            let form = LinkForm::of(&slug, &feed, &Options::default());
            assert_eq!(form.feed().unwrap(), feed);
        }
        let good = LinkForm::of(
            &slug,
            &Feed::Track { kind: MeasureKind::WEIGHT, unit: Unit::Pound, take: Take::Min },
            &Options::default(),
        );
        for bad in [
            LinkForm { kind: "charm".into(), ..good.clone() },
            LinkForm { unit: "furlongs".into(), ..good.clone() },
            LinkForm { take: "best".into(), ..good.clone() },
            LinkForm { sends: Sends::Count, ..good.clone() },
            LinkForm { sends: Sends::Count, kinds: vec!["steps".into()], ..good },
        ] {
            assert!(bad.feed().is_err(), "{bad:?}");
        }
    }
}
