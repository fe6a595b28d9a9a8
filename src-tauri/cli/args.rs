//! The arguments of `bws`, and its help.

use std::path::PathBuf;

use chrono::NaiveDate;
use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

use crate::accounts::Service;
use crate::accounts::callback::CallbackWay;

const EXIT_CODES: &str = "Exit codes:
  0  fine
  1  failed
  2  called wrongly
  3  needs you: sign in, unlock the keychain, look at refused datapoints
  4  failed for now, and is tried again: offline, too many requests, a service in trouble

A first time: bws connect withings …, bws connect beeminder …, bws goals, bws link add …, bws sync.";

/// Posts what Withings devices measure to Beeminder goals, on time and exactly once.
#[derive(Debug, Parser)]
#[command(name = "bws", version, after_help = EXIT_CODES)]
pub(super) struct Args {
    /// Print one JSON document; logs and progress go to standard error
    #[arg(long, global = true)]
    pub(super) json: bool,
    /// Where everything but the tokens is kept
    #[arg(long, global = true, value_name = "FOLDER")]
    pub(super) data_dir: Option<PathBuf>,
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Sign in to Withings or Beeminder
    Connect {
        #[command(subcommand)]
        account: Connect,
    },
    /// Hand over the address a browser came back to, to the “bws connect” that waits for it
    Callback {
        /// The whole address
        url: String,
    },
    /// Forget the tokens of an account; measurements and links stay
    Disconnect {
        /// Which account
        account: Account,
    },
    /// List your Beeminder goals
    Goals,
    /// Make, list and remove links: this feeds that goal
    Link {
        #[command(subcommand)]
        action: LinkAction,
    },
    /// Show what a link would send, day by day, without sending anything
    Preview {
        /// An existing link; or describe one with the options of “link add”
        #[arg(conflicts_with_all = ["goal", "track", "count"], required_unless_present = "goal")]
        id: Option<i64>,
        #[command(flatten)]
        feed: FeedArgs,
        /// How many days to look back
        #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3660))]
        days: u64,
    },
    /// Make one pass now: fetch, plan, deliver
    Sync,
    /// Keep syncing in the foreground, for servers; SIGTERM or Ctrl-C ends it
    Run,
    /// Say how things are
    Status {
        /// Confirm that you have read what is only said once
        #[arg(long)]
        seen: bool,
    },
    /// List measurements and what became of each, newest first
    History {
        /// Print comma-separated values
        #[arg(long, conflicts_with = "json")]
        csv: bool,
        /// At most this many lines
        #[arg(long, default_value_t = 50)]
        limit: u32,
        /// Only what was measured on this day or later
        #[arg(long, value_name = "YYYY-MM-DD")]
        since: Option<NaiveDate>,
    },
    /// List datapoints that Beeminder has not confirmed
    Outbox,
    /// Send a refused datapoint again with the next pass
    Retry {
        /// Its number in “bws outbox”
        id: i64,
    },
    /// Never send a datapoint
    Discard {
        /// Its number in “bws outbox”
        id: i64,
    },
    /// Make no passes for a while; “bws sync” still does
    Pause {
        /// For how long
        #[arg(default_value = "1h")]
        until: Pause,
    },
    /// End a pause
    Resume,
    /// Delete tokens, measurements, links and history from this computer; Beeminder keeps its datapoints
    ForgetEverything {
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Write shell completions and manual pages, for packages
    #[command(hide = true)]
    Generate {
        /// The folder, laid out as below /usr
        folder: PathBuf,
    },
    /// Serve a stand-in for Withings and Beeminder on this computer, until Ctrl-C
    #[cfg(feature = "sandbox")]
    Sandbox {
        /// The port; 0 picks a free one
        #[arg(long, default_value_t = 8900)]
        port: u16,
        /// Start with a year of measurements
        #[arg(long)]
        year: bool,
    },
}

impl Command {
    /// Whether whoever polls should look again.
    pub(super) fn changes_what_is_stored(&self) -> bool {
        match self {
            Command::Connect { .. }
            | Command::Disconnect { .. }
            | Command::Link { action: LinkAction::Add { .. } | LinkAction::Remove { .. } }
            | Command::Status { seen: true }
            | Command::Retry { .. }
            | Command::Discard { .. }
            | Command::Pause { .. }
            | Command::Resume => true,
            Command::Callback { .. }
            | Command::Goals
            | Command::Link { .. }
            | Command::Preview { .. }
            | Command::Sync
            | Command::Run
            | Command::Status { seen: false }
            | Command::History { .. }
            | Command::Outbox
            | Command::ForgetEverything { .. }
            | Command::Generate { .. } => false,
            #[cfg(feature = "sandbox")]
            Command::Sandbox { .. } => false,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(super) enum Connect {
    /// Sign in to Withings through your own developer application
    Withings {
        /// The application's client id; without it, the one used last
        #[arg(long, value_name = "ID", requires = "client_secret_file")]
        client_id: Option<String>,
        /// A file with the application's secret, or - for standard input
        #[arg(long, value_name = "FILE", requires = "client_id")]
        client_secret_file: Option<PathBuf>,
        #[command(flatten)]
        browser: BrowserArgs,
    },
    /// Sign in to Beeminder in the browser, or with your own token
    Beeminder {
        /// The client id of your Beeminder application, unless this build has one
        #[arg(long, value_name = "ID", conflicts_with = "token_file")]
        client_id: Option<String>,
        /// A file with your own token (the README says where it is), or - for standard input
        #[arg(long, value_name = "FILE")]
        token_file: Option<PathBuf>,
        #[command(flatten)]
        browser: BrowserArgs,
    },
}

#[derive(Debug, ClapArgs)]
pub(super) struct BrowserArgs {
    /// How the browser comes back: by this program's own kind of address, or to a port of this computer
    #[arg(long, default_value = "loopback")]
    pub(super) callback: Way,
    /// Only print the address to open
    #[arg(long)]
    pub(super) no_browser: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Way {
    Scheme,
    Loopback,
}

impl From<Way> for CallbackWay {
    fn from(way: Way) -> CallbackWay {
        match way {
            Way::Scheme => CallbackWay::Scheme,
            Way::Loopback => CallbackWay::Loopback,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Account {
    Withings,
    Beeminder,
}

impl From<Account> for Service {
    fn from(account: Account) -> Service {
        match account {
            Account::Withings => Service::Withings,
            Account::Beeminder => Service::Beeminder,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Pause {
    /// One hour
    #[value(name = "1h")]
    OneHour,
    /// Until tomorrow, where the Beeminder user lives
    Tomorrow,
}

#[derive(Debug, Subcommand)]
pub(super) enum LinkAction {
    /// Link a measurement to a goal
    Add {
        #[command(flatten)]
        feed: FeedArgs,
        /// Send what was measured since: now, or a day. The past is only posted when you ask for it
        #[arg(long, default_value = "now", value_name = "now|YYYY-MM-DD")]
        since: String,
    },
    /// List links
    List,
    /// Show one link
    Show {
        /// Its number
        id: i64,
    },
    /// Remove a link; what is at Beeminder stays there
    Remove {
        /// Its number
        id: i64,
    },
}

#[derive(Debug, ClapArgs)]
pub(super) struct FeedArgs {
    /// The goal's name, as in beeminder.com/you/NAME
    #[arg(long, value_name = "NAME")]
    pub(super) goal: Option<String>,
    /// Send the values of one kind: weight, fat-ratio, systolic, …; a wrong name lists them all
    #[arg(long, value_name = "KIND", conflicts_with = "count")]
    pub(super) track: Option<String>,
    /// In this unit: kg, lb, st, %, mmHg, kPa, bpm, C, F, …
    #[arg(long, requires = "track")]
    pub(super) unit: Option<String>,
    /// Which of a day's values: every, first, last, min, max, mean or median
    #[arg(long, requires = "track")]
    pub(super) take: Option<String>,
    /// Count acts of measuring: weight, blood-pressure, body-composition, temperature or spo2
    #[arg(long, value_name = "SET")]
    pub(super) count: Option<String>,
    /// Count at most one a day
    #[arg(long, requires = "count")]
    pub(super) once_a_day: bool,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_arguments_fit_together() {
        super::Args::command().debug_assert();
    }
}
