//! Links, as arguments.

use clap::{Args as ClapArgs, Subcommand, ValueEnum};

use super::values::{decimals, goal_name, id, time};

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum LinkAction {
    /// Link a measurement to a goal
    Add {
        #[command(flatten)]
        link: LinkArgs,
        /// Send what was measured since: now, or a day. The past is only posted when you ask for it, and a
        /// little at a time; “bws backfill preview” shows what it does
        #[arg(long, default_value = "now", value_name = "now|YYYY-MM-DD")]
        since: String,
    },
    /// List links
    List,
    /// Show one link
    Show {
        /// Its number
        #[arg(value_parser = id)]
        id: i64,
    },
    /// Change what a link sends; what is not mentioned stays as it is
    Change {
        /// Its number
        #[arg(value_parser = id)]
        id: i64,
        #[command(flatten)]
        link: LinkArgs,
        #[command(flatten)]
        how: ChangeArgs,
    },
    /// Remove a link; what is at Beeminder stays there
    Remove {
        /// Its number
        #[arg(value_parser = id)]
        id: i64,
        /// Remove what this link posted at Beeminder, too
        #[arg(long)]
        datapoints: bool,
    },
    /// Take back the last removal of a link, within a day
    Restore {
        /// Its number
        #[arg(value_parser = id)]
        id: i64,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(in crate::cli) enum ExistingArg {
    /// Bring it into line: add, update, and remove what is not called for any more
    Update,
    /// Leave it as it is; the change counts from now on
    Leave,
    /// Remove all of it; the change counts from now on
    Remove,
}

/// How a change is made.
#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct ChangeArgs {
    /// What becomes of what is at Beeminder already
    #[arg(long, default_value = "update")]
    pub(in crate::cli) existing: ExistingArg,
    /// Do it; without this, only show what would be done
    #[arg(long)]
    pub(in crate::cli) yes: bool,
}

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct LinkArgs {
    #[command(flatten)]
    pub(in crate::cli) feed: FeedArgs,
    #[command(flatten)]
    pub(in crate::cli) options: OptionArgs,
}

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct FeedArgs {
    /// The goal's name, as in beeminder.com/you/NAME
    #[arg(long, value_name = "NAME", value_parser = goal_name)]
    pub(in crate::cli) goal: Option<String>,
    /// Send the values of one kind: weight, fat-ratio, systolic, …; “bws kinds” lists them all
    #[arg(long, value_name = "KIND", conflicts_with = "count")]
    pub(in crate::cli) track: Option<String>,
    /// In this unit: kg, lb, st, km, mi, h, min, C, F, …; when not given, in that of the goal
    #[arg(long, conflicts_with = "count")]
    pub(in crate::cli) unit: Option<String>,
    /// Which of a day's values: every, first, last, min, max, mean, median or sum
    #[arg(long, conflicts_with = "count")]
    pub(in crate::cli) take: Option<String>,
    /// Count acts of measuring: weight, blood-pressure (diastolic, systolic and heart rate), …, or kinds
    /// together: weight+heart-rate; “bws kinds” says what belongs to each
    #[arg(long, value_name = "SET")]
    pub(in crate::cli) count: Option<String>,
    /// Count at most one a day
    #[arg(long, requires = "count", conflicts_with = "track")]
    pub(in crate::cli) once_a_day: bool,
}

/// What a link lets through, and how it writes it.
#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct OptionArgs {
    /// Only what was measured from this time of day on
    #[arg(long, value_name = "HH:MM", value_parser = time)]
    pub(in crate::cli) from_time: Option<chrono::NaiveTime>,
    /// Only what was measured before this time of day
    #[arg(long, value_name = "HH:MM", value_parser = time)]
    pub(in crate::cli) until_time: Option<chrono::NaiveTime>,
    /// Only this device, by its model or id; may be given again
    #[arg(long, value_name = "DEVICE")]
    pub(in crate::cli) device: Vec<String>,
    /// Only this type of workout: run, walk, …; may be given again
    #[arg(long, value_name = "SORT")]
    pub(in crate::cli) workout: Vec<String>,
    /// Whether what was typed in counts
    #[arg(long, value_name = "yes|no")]
    pub(in crate::cli) typed_in: Option<YesNo>,
    /// Whether what may be another person's, or is of unknown origin, counts without asking
    #[arg(long, value_name = "yes|no")]
    pub(in crate::cli) ambiguous: Option<YesNo>,
    /// How many decimals to send
    #[arg(long, value_parser = decimals)]
    pub(in crate::cli) decimals: Option<u32>,
    /// What the datapoints' comment says; {time}, {device} and {choice} are filled in
    #[arg(long, value_name = "TEXT")]
    pub(in crate::cli) comment: Option<String>,
    /// Forget every option the link has, before those given here
    #[arg(long)]
    pub(in crate::cli) no_options: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum YesNo {
    Yes,
    No,
}
