//! Arguments for goals to create, back-fills, answers and reminders.

use chrono::NaiveDate;
use clap::{Args as ClapArgs, Subcommand, ValueEnum};

use super::values::{day, id, number, time};

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum GoalAction {
    /// Create a goal; without --yes Beeminder is only asked whether it would
    Create {
        /// Its name, as in beeminder.com/you/NAME: up to 20 letters, digits, - and _
        name: String,
        /// What it is called
        #[arg(long)]
        title: Option<String>,
        /// To measure so many times a week, or to bring a value down or up to a target
        #[arg(long)]
        aim: AimArg,
        /// How much a week
        #[arg(long, value_name = "NUMBER", value_parser = number)]
        per_week: rust_decimal::Decimal,
        /// Today's value, for a value to bring down or up
        #[arg(long, value_name = "NUMBER", value_parser = number, allow_negative_numbers = true,
            required_if_eq_any = [("aim", "lose"), ("aim", "gain")])]
        from: Option<rust_decimal::Decimal>,
        /// The value to reach
        #[arg(long, value_name = "NUMBER", value_parser = number, allow_negative_numbers = true,
            required_if_eq_any = [("aim", "lose"), ("aim", "gain")])]
        to: Option<rust_decimal::Decimal>,
        /// Its units: kg, lb, times, …
        #[arg(long, default_value = "times")]
        units: String,
        /// Let only you see it
        #[arg(long)]
        secret: bool,
        /// Create it
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(in crate::cli) enum AimArg {
    /// To measure so many times a week
    DoMore,
    /// To bring a value down
    Lose,
    /// To bring a value up
    Gain,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum BackfillAction {
    /// Show each day it would touch, and what it would do to the goal; nothing is posted
    Preview {
        #[command(flatten)]
        range: BackfillRange,
    },
    /// Post it, 100 datapoints a day at most, oldest first
    Start {
        #[command(flatten)]
        range: BackfillRange,
        /// Do it even though the goal may derail at once
        #[arg(long)]
        may_derail: bool,
    },
    /// List what is being posted, and what was
    List,
    /// Stop; what was posted stays
    Cancel {
        /// Its number
        #[arg(value_parser = id)]
        id: i64,
    },
}

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct BackfillRange {
    /// The link
    #[arg(value_parser = id)]
    pub(in crate::cli) link: i64,
    /// The first day
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
    pub(in crate::cli) from: NaiveDate,
    /// The last day; the day the link was made when left out
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
    pub(in crate::cli) to: Option<NaiveDate>,
}

#[derive(Debug, Clone, Copy, Subcommand)]
pub(in crate::cli) enum HeldAction {
    /// It was you: it is sent
    Mine {
        /// Its number in “bws held”
        #[arg(value_parser = id)]
        group: i64,
        /// Decide others of about the same weight, where nobody else's is near, or of the same unknown origin in the same way
        #[arg(long)]
        remember: bool,
    },
    /// It was somebody else: it is not sent
    NotMine {
        /// Its number in “bws held”
        #[arg(value_parser = id)]
        group: i64,
        /// Decide others of about the same weight, where yours is not near, or of the same unknown origin in the same way
        #[arg(long)]
        remember: bool,
    },
    /// Take an answer back: you are asked again
    Undo {
        /// The number that you answered for
        #[arg(value_parser = id)]
        group: i64,
    },
}

#[derive(Debug, Clone, Copy, Subcommand)]
pub(in crate::cli) enum StaleAction {
    /// Remove one at Beeminder
    Remove {
        /// Its number in “bws stale”; all of them when left out
        #[arg(value_parser = id)]
        id: Option<i64>,
    },
    /// Keep one at Beeminder
    Keep {
        /// Its number in “bws stale”; all of them when left out
        #[arg(value_parser = id)]
        id: Option<i64>,
    },
    /// Say that you did delete all that is gone at Withings
    ConfirmGone,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(in crate::cli) enum DeletionPolicy {
    /// Ask each time
    Ask,
    /// Follow without asking
    Mirror,
}

/// A time of day, or none.
#[derive(Debug, Clone, Copy)]
pub(in crate::cli) struct RemindAt(pub(in crate::cli) Option<chrono::NaiveTime>);

impl std::str::FromStr for RemindAt {
    type Err = String;

    fn from_str(text: &str) -> Result<RemindAt, String> {
        if text == "off" {
            return Ok(RemindAt(None));
        }
        time(text)
            .map(|time| RemindAt(Some(time)))
            .map_err(|_| format!("“{text}” is no time of day; write it as 20:00, or “off”"))
    }
}
