//! The arguments of `bws`, and its help.

mod answers;
mod link;
mod notifications;
pub(in crate::cli) mod values;

use std::path::PathBuf;

use chrono::NaiveDate;
use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

use super::exit::Exit;
use super::output::Output;
use crate::domain::callback_way::CallbackWay;
use crate::domain::service::Service;
pub(super) use answers::{
    AimArg, BackfillAction, BackfillRange, DeletionPolicy, GoalAction, HeldAction, RemindAt, StaleAction,
};
pub(super) use link::{ChangeArgs, ExistingArg, FeedArgs, LinkAction, LinkArgs, OptionArgs, YesNo};
pub(super) use notifications::{NotificationsAction, OnArgs};
pub(super) use values::Day;

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
pub(in crate::cli) struct Args {
    /// Print one JSON document; logs and progress go to standard error
    #[arg(long, global = true)]
    pub(in crate::cli) json: bool,
    /// Where everything but the tokens is kept
    #[arg(long, global = true, value_name = "FOLDER")]
    pub(in crate::cli) data_dir: Option<PathBuf>,
    #[command(subcommand)]
    pub(in crate::cli) command: Command,
}

/// Prints help or a complaint, for programs too where they asked for it, and ends the program.
pub(in crate::cli) fn refused(error: &clap::Error) -> ! {
    if error.use_stderr() && std::env::args_os().any(|argument| argument == "--json") {
        let text = error.render().to_string();
        let first: Vec<_> = text.lines().take_while(|line| !line.is_empty()).map(str::trim).collect();
        let first = first.join(" ");
        let message = first.strip_prefix("error: ").unwrap_or(&first);
        let json = serde_json::json!({"error": {"code": Exit::Usage.name(), "message": message}});
        Output { json: true }.json_line(&json.to_string());
    }
    error.exit()
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Command {
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
        account: AccountName,
    },
    /// List your Beeminder goals
    Goals,
    /// Create a Beeminder goal
    Goal {
        #[command(subcommand)]
        action: GoalAction,
    },
    /// List everything that can be sent or counted, and in which units
    Kinds,
    /// Make, change, list and remove links: this feeds that goal
    Link {
        #[command(subcommand)]
        action: LinkAction,
    },
    /// Post what was measured before a link was made: look at it first, then a little at a time
    Backfill {
        #[command(subcommand)]
        action: BackfillAction,
    },
    /// Say whether a measurement was yours that Withings is not sure about
    Held {
        #[command(subcommand)]
        action: Option<HeldAction>,
    },
    /// Decide on datapoints whose measurement is gone
    Stale {
        #[command(subcommand)]
        action: Option<StaleAction>,
    },
    /// Choose what happens at Beeminder when you delete a measurement at Withings
    Deletions {
        /// Ask each time (the default), or follow without asking, ten in a pass at most
        policy: DeletionPolicy,
    },
    /// Be reminded to measure when a goal is due today and nothing was measured
    Remind {
        /// A time of day, as 20:00, or off
        at: RemindAt,
    },
    /// Have Withings tell when there is something new, where it can reach this program
    Notifications {
        #[command(subcommand)]
        action: NotificationsAction,
    },
    /// Look whether everything works, and whether the goals still suit
    Doctor,
    /// Show what a link would send, day by day, without sending anything
    Preview {
        /// An existing link; or describe one with the options of “link add”
        #[arg(conflicts_with_all = ["goal", "track", "count"], value_parser = values::id)]
        id: Option<i64>,
        #[command(flatten)]
        link: LinkArgs,
        /// How many days to look back
        #[arg(long, default_value_t = 30, value_parser = values::days)]
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
        #[arg(long, default_value_t = 50, value_parser = values::lines)]
        limit: u32,
        /// Only what was measured on this day or later
        #[arg(long, value_name = "YYYY-MM-DD", value_parser = values::day)]
        since: Option<NaiveDate>,
    },
    /// Say of each day of a goal what was sent, or why nothing was
    Why {
        /// The goal's name
        #[arg(value_parser = values::goal_name)]
        goal: String,
        /// Only this day: a date, “today” or “yesterday”
        #[arg(value_name = "DAY", value_parser = values::day_or_word)]
        day: Option<Day>,
        /// How many days to look back
        #[arg(long, default_value_t = 14, value_parser = values::days, conflicts_with = "day")]
        days: u64,
    },
    /// List datapoints that Beeminder has not confirmed
    Outbox,
    /// Send a refused datapoint again with the next pass
    Retry {
        /// Its number in “bws outbox”
        #[arg(value_parser = values::id)]
        id: i64,
    },
    /// Never send a datapoint
    Discard {
        /// Its number in “bws outbox”
        #[arg(value_parser = values::id)]
        id: i64,
    },
    /// Make no passes for a while; “bws sync” still does
    Pause {
        /// For how long
        #[arg(default_value = "1h")]
        until: PauseUntil,
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
        #[arg(long, default_value_t = 8900, value_parser = values::port)]
        port: u16,
        /// Start with a year of measurements
        #[arg(long)]
        year: bool,
    },
    /// Stand in for a tunnel: lead to a port of this computer from another, which is printed
    #[cfg(feature = "sandbox")]
    #[command(hide = true)]
    SandboxTunnel {
        /// The port
        #[arg(value_parser = values::port)]
        port: u16,
    },
}

impl Command {
    /// Whether whoever polls should look again.
    pub(in crate::cli) fn changes_what_is_stored(&self) -> bool {
        match self {
            Command::Connect { .. }
            | Command::Disconnect { .. }
            | Command::Link {
                action:
                    LinkAction::Add { .. }
                    | LinkAction::Change { .. }
                    | LinkAction::Remove { .. }
                    | LinkAction::Restore { .. },
            }
            | Command::Backfill { action: BackfillAction::Start { .. } | BackfillAction::Cancel { .. } }
            | Command::Held { action: Some(_) }
            | Command::Stale { action: Some(_) }
            | Command::Deletions { .. }
            | Command::Remind { .. }
            | Command::Notifications { action: NotificationsAction::Off }
            | Command::Status { seen: true }
            | Command::Retry { .. }
            | Command::Discard { .. }
            | Command::Pause { .. }
            | Command::Resume => true,
            Command::Callback { .. }
            | Command::Goals
            | Command::Goal { .. }
            | Command::Kinds
            | Command::Doctor
            // Whoever polls is asked then.
            | Command::Notifications { .. }
            | Command::Backfill { .. }
            | Command::Held { action: None }
            | Command::Stale { action: None }
            | Command::Link { .. }
            | Command::Preview { .. }
            | Command::Sync
            | Command::Run
            | Command::Status { seen: false }
            | Command::History { .. }
            | Command::Why { .. }
            | Command::Outbox
            | Command::ForgetEverything { .. }
            | Command::Generate { .. } => false,
            #[cfg(feature = "sandbox")]
            Command::Sandbox { .. } | Command::SandboxTunnel { .. } => false,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Connect {
    /// Sign in to Withings through your own developer application
    Withings {
        /// The application's client id; without it, the one used last
        #[arg(long, value_name = "ID", requires = "client_secret_file")]
        client_id: Option<String>,
        /// A file with the application's secret, or - for standard input
        #[arg(long, value_name = "FILE", requires = "client_id")]
        client_secret_file: Option<PathBuf>,
        /// Share your devices too, to be told when one stops uploading
        #[arg(long)]
        devices: bool,
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
pub(in crate::cli) struct BrowserArgs {
    /// How the browser comes back: by this program's own kind of address, or to a port of this computer
    #[arg(long, default_value = "loopback")]
    pub(in crate::cli) callback: SignInWay,
    /// Only print the address to open
    #[arg(long)]
    pub(in crate::cli) no_browser: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(in crate::cli) enum SignInWay {
    Scheme,
    Loopback,
}

impl From<SignInWay> for CallbackWay {
    fn from(way: SignInWay) -> CallbackWay {
        match way {
            SignInWay::Scheme => CallbackWay::Scheme,
            SignInWay::Loopback => CallbackWay::Loopback,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(in crate::cli) enum AccountName {
    Withings,
    Beeminder,
}

impl From<AccountName> for Service {
    fn from(account: AccountName) -> Service {
        match account {
            AccountName::Withings => Service::Withings,
            AccountName::Beeminder => Service::Beeminder,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(in crate::cli) enum PauseUntil {
    /// One hour
    #[value(name = "1h")]
    OneHour,
    /// Until tomorrow, where the Beeminder user lives
    Tomorrow,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_arguments_fit_together() {
        super::Args::command().debug_assert();
    }
}
