//! A goal to be created at Beeminder, checked here before Beeminder is asked. Pure.
//!
//! <https://api.beeminder.com/#creategoal>: of date, value and rate exactly two are given.

use std::fmt;

use chrono::{DateTime, Days, Utc};
use rust_decimal::Decimal;

use crate::text::Message;

/// What the goal is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aim {
    /// To measure so many times a week.
    DoMore,
    /// To bring a value down to a target.
    Lose {
        /// The value the line begins at, in the goal's unit.
        from: Decimal,
        /// The value the line leads to, in the goal's unit.
        to: Decimal,
    },
    /// To bring a value up to a target.
    Gain {
        /// The value the line begins at, in the goal's unit.
        from: Decimal,
        /// The value the line leads to, in the goal's unit.
        to: Decimal,
    },
}

/// A goal to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewGoal {
    /// Its name in addresses: up to 20 letters, digits, `-` and `_`.
    pub slug: String,
    /// The title shown at Beeminder, free text.
    pub title: String,
    /// Its units: they begin with a letter and have up to 30.
    pub units: String,
    /// Which way, how far and how fast.
    pub aim: Aim,
    /// How much a week: times to measure, or units up or down. More than 0.
    pub per_week: Decimal,
    /// Whether only the user can see it.
    pub secret: bool,
}

/// Why a goal cannot be created.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NewGoalError {
    /// The name.
    Slug(String),
    /// The units.
    Units(String),
    /// The rate.
    PerWeek,
    /// The target.
    Target,
}

impl fmt::Display for NewGoalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.message().fmt(f)
    }
}

impl NewGoalError {
    /// The sentence for people.
    pub fn message(&self) -> Message {
        match self {
            NewGoalError::Slug(text) => Message::error("goal_name", [("text", text.clone())]),
            NewGoalError::Units(text) => Message::error("goal_units", [("text", text.clone())]),
            NewGoalError::PerWeek => Message::error("goal_rate", []),
            NewGoalError::Target => Message::error("goal_target", []),
        }
    }

    /// The field it is about.
    pub fn field(&self) -> &'static str {
        match self {
            NewGoalError::Slug(_) => "slug",
            NewGoalError::Units(_) => "units",
            NewGoalError::PerWeek => "per_week",
            NewGoalError::Target => "to",
        }
    }
}

/// Reads a number a person wrote, whichever sign stands before its fraction. `None` when it is none, or one
/// that Beeminder does not keep: it takes 6 decimals.
pub fn number(text: &str) -> Option<Decimal> {
    const LARGEST: Decimal = Decimal::from_parts(1_000_000_000, 0, 0, false, 0);
    let text = text.trim().replace(',', ".");
    let is_plain = text.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '-' | '+'));
    let number = Decimal::from_str_exact(&text).ok().filter(|_| is_plain)?.normalize();
    (number.scale() <= 6 && number.abs() <= LARGEST).then_some(number)
}

/// A Do More goal goes on for a year, as Beeminder suggests.
const A_YEAR: Days = Days::new(365);

impl NewGoal {
    /// Checks it and brings its name into Beeminder's form.
    ///
    /// # Errors
    /// When something does not do.
    pub fn checked(mut self) -> Result<NewGoal, NewGoalError> {
        self.slug = self.slug.to_lowercase();
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if self.slug.is_empty() || self.slug.len() > 20 || !self.slug.chars().all(fits) {
            return Err(NewGoalError::Slug(self.slug));
        }
        if !self.units.starts_with(char::is_alphabetic) || self.units.chars().count() > 30 {
            return Err(NewGoalError::Units(self.units));
        }
        if self.per_week <= Decimal::ZERO {
            return Err(NewGoalError::PerWeek);
        }
        match self.aim {
            Aim::Lose { from, to } if to >= from => Err(NewGoalError::Target),
            Aim::Gain { from, to } if to <= from => Err(NewGoalError::Target),
            Aim::DoMore | Aim::Lose { .. } | Aim::Gain { .. } => Ok(self),
        }
    }

    /// The form that creates it, without the token. With `dry_run` Beeminder only says whether it would.
    pub fn form(&self, now: DateTime<Utc>, dry_run: bool) -> String {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.append_pair("slug", &self.slug).append_pair("title", &self.title);
        form.append_pair("gunits", &self.units).append_pair("runits", "w");
        let down = matches!(self.aim, Aim::Lose { .. });
        let rate = if down { -self.per_week } else { self.per_week };
        form.append_pair("rate", &rate.normalize().to_string());
        match self.aim {
            Aim::DoMore => {
                let until = now.checked_add_days(A_YEAR).unwrap_or(now).timestamp().to_string();
                form.append_pair("goal_type", "hustler");
                form.append_pair("goaldate", &until).append_pair("goalval", "null");
            }
            Aim::Lose { from, to } | Aim::Gain { from, to } => {
                form.append_pair("goal_type", if down { "fatloser" } else { "gainer" });
                form.append_pair("goaldate", "null").append_pair("goalval", &to.normalize().to_string());
                form.append_pair("initval", &from.normalize().to_string());
            }
        }
        form.append_pair("secret", if self.secret { "true" } else { "false" });
        if dry_run {
            form.append_pair("dryrun", "true");
        }
        form.finish()
    }
}

impl fmt::Display for NewGoal {
    /// What is committed to, in plain words.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { units, per_week, .. } = self;
        let per_week = per_week.normalize();
        match self.aim {
            Aim::DoMore => write!(f, "at least {per_week} {units} each week, for a year")?,
            Aim::Lose { from, to } => write!(f, "from {from} down to {to} {units}, {per_week} each week")?,
            Aim::Gain { from, to } => write!(f, "from {from} up to {to} {units}, {per_week} each week")?,
        }
        write!(
            f,
            ". Whenever you fall behind, you pay what Beeminder shows as the goal's pledge. A change of \
             mind takes effect after a week."
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rust_decimal::dec;

    fn goal(aim: Aim) -> NewGoal {
        NewGoal {
            slug: "Weigh-In".into(),
            title: "Step on the scale".into(),
            units: "times".into(),
            aim,
            per_week: dec!(5),
            secret: true,
        }
    }

    #[test]
    fn each_aim_gives_two_of_date_value_and_rate() {
        let now = DateTime::from_timestamp(1_769_383_656, 0).unwrap();
        for (aim, expected) in [
            (Aim::DoMore, "rate=5&goal_type=hustler&goaldate=1800919656&goalval=null"),
            (
                Aim::Lose { from: dec!(82.40), to: dec!(75) },
                "rate=-5&goal_type=fatloser&goaldate=null&goalval=75&initval=82.4",
            ),
            (
                Aim::Gain { from: dec!(60), to: dec!(65) },
                "rate=5&goal_type=gainer&goaldate=null&goalval=65&initval=60",
            ),
        ] {
            let form = goal(aim).checked().unwrap().form(now, false);
            assert!(form.contains(expected), "{form}");
            assert!(form.starts_with("slug=weigh-in&title=Step+on+the+scale&gunits=times&runits=w&"));
            assert!(!form.contains("dryrun") && goal(aim).form(now, true).ends_with("&dryrun=true"));
        }
    }

    #[test]
    fn what_cannot_be_created_is_refused_in_words() {
        for (wrong, said) in [
            (NewGoal { slug: "my goal".into(), ..goal(Aim::DoMore) }, "“my goal” is not allowed"),
            (NewGoal { slug: "x".repeat(21), ..goal(Aim::DoMore) }, "20 letters"),
            (NewGoal { units: "1kg".into(), ..goal(Aim::DoMore) }, "begin with a letter"),
            (NewGoal { per_week: dec!(0), ..goal(Aim::DoMore) }, "more than 0"),
            (goal(Aim::Lose { from: dec!(75), to: dec!(82) }), "wrong side"),
            (goal(Aim::Gain { from: dec!(82), to: dec!(82) }), "wrong side"),
        ] {
            assert!(wrong.clone().checked().unwrap_err().to_string().contains(said), "{wrong:?}");
        }
    }

    #[test]
    fn what_is_committed_to_is_said_in_plain_words() {
        let said = goal(Aim::Lose { from: dec!(82.4), to: dec!(75) }).to_string();
        assert!(
            said.starts_with("from 82.4 down to 75 times, 5 each week. Whenever you fall behind, you pay")
        );
    }
}
