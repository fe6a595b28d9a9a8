//! What goes to standard output: one JSON document, or text for people.

use std::fmt::Display;
use std::io::Write;
use std::process::ExitCode;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use comfy_table::{Table, TableStyle};
use serde::Serialize;
use serde_json::json;

use super::exit::Exit;
use crate::attention::{Attention, Code};

/// Where answers go.
#[derive(Debug, Clone, Copy)]
pub(super) struct Output {
    pub(super) json: bool,
}

impl Output {
    /// Prints an answer, for programs or for people.
    pub(super) fn show(self, value: &impl Serialize, text: impl FnOnce() -> String) -> anyhow::Result<()> {
        if self.json {
            self.line(&serde_json::to_string(value)?);
        } else {
            self.line(text().trim_end());
        }
        Ok(())
    }

    /// Prints one line. A reader that went away has seen enough.
    #[expect(clippy::unused_self, reason = "all that is printed goes through an Output")]
    pub(super) fn line(self, text: &str) {
        let mut stdout = std::io::stdout().lock();
        let _ = writeln!(stdout, "{text}").and_then(|()| stdout.flush());
    }

    /// Tells people how it goes, without getting between the lines for programs.
    #[expect(clippy::unused_self, reason = "all that is printed goes through an Output")]
    pub(super) fn progress(self, text: &str) {
        let _ = writeln!(std::io::stderr().lock(), "{text}");
    }

    /// Prints an error and returns how to end.
    pub(super) fn failed(self, error: &anyhow::Error, exit: Exit) -> ExitCode {
        let message = sentence(error);
        if self.json {
            self.line(&json!({"error": {"code": exit.name(), "message": message}}).to_string());
        }
        self.progress(&format!("bws: {message}"));
        exit.code()
    }
}

/// The error with its causes, each said once.
fn sentence(error: &anyhow::Error) -> String {
    let mut said: Vec<String> = Vec::new();
    for cause in error.chain() {
        let words = cause.to_string();
        if !said.iter().any(|earlier| earlier.contains(&words)) {
            said.push(words);
        }
    }
    said.join(": ")
}

/// Lays rows out in columns.
pub(super) fn table<R, C>(header: &[&str], rows: impl IntoIterator<Item = R>) -> String
where
    R: IntoIterator<Item = C>,
    C: Display,
{
    let mut table = Table::new();
    table.load_style(TableStyle::new()).set_header(header);
    for row in rows {
        table.add_row(row.into_iter().map(|cell| cell.to_string()));
    }
    let lines: Vec<String> = table
        .to_string()
        .lines()
        .map(|line| line.trim_end().strip_prefix(' ').unwrap_or(line.trim_end()).to_owned())
        .collect();
    lines.join("\n")
}

/// What the user should know, with the command that helps.
pub(super) fn advised(item: &Attention) -> String {
    match command_for(item.code) {
        Some(command) => format!("{} See “{command}”.", item.message),
        None => item.message.clone(),
    }
}

fn command_for(code: Code) -> Option<&'static str> {
    match code {
        Code::ConnectWithings | Code::SignInWithings | Code::CheckApplication | Code::AnotherPerson => {
            Some("bws connect withings")
        }
        Code::ConnectBeeminder | Code::SignInBeeminder => Some("bws connect beeminder"),
        Code::Parked => Some("bws outbox"),
        Code::GoalArchived | Code::GoalDeleted | Code::GoalFrozen => Some("bws link remove"),
        Code::StoreRecovered => Some("bws link list, then bws status --seen"),
        Code::NotSynced => Some("bws sync"),
        Code::NothingLinked => Some("bws link add"),
        Code::GoalRenamed => Some("bws status --seen"),
        Code::Held => Some("bws held"),
        Code::Stale => Some("bws stale"),
        Code::ManyGone => Some("bws stale confirm-gone"),
        Code::ScopeMissing | Code::NotAllowed => Some("bws connect withings"),
        Code::LinkUnreadable => Some("bws link remove"),
        Code::Paused => Some("bws resume"),
        Code::KeychainLocked
        | Code::KeychainAbsent
        | Code::KeychainFailed
        | Code::Deadbeat
        | Code::Offline
        | Code::Unavailable
        | Code::RateLimited
        | Code::Unreadable
        | Code::GoalRefuses
        | Code::GoalNotStarted
        | Code::TroubleLasts
        | Code::MeasurementUnreadable
        | Code::ShareWithdrawn
        | Code::ZonesDiffer
        | Code::BatteryLow
        | Code::MeasureSoon
        | Code::ClockWrong => None,
    }
}

/// A number with its noun.
pub(super) fn counted(count: impl Into<i128>, one: &str, many: &str) -> String {
    let count = count.into();
    format!("{count} {}", if count == 1 { one } else { many })
}

/// A moment as people write it, where the Beeminder user lives.
pub(super) fn local(moment: DateTime<Utc>, time_zone: Tz) -> String {
    moment.with_timezone(&time_zone).format("%Y-%m-%d %H:%M").to_string()
}

/// A row of bars, one a value, from the lowest to the highest.
pub(super) fn sparkline(values: &[f64]) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let lowest = values.iter().copied().fold(f64::INFINITY, f64::min);
    let highest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let step = (highest - lowest) / 7.0;
    values
        .iter()
        .map(|value| {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0.0 to 7.0")]
            let bar = if step > 0.0 { ((value - lowest) / step).round() as usize } else { 3 };
            BARS[bar.min(7)]
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sparkline_spans_lowest_to_highest() {
        assert_eq!(sparkline(&[1.0, 2.0, 8.0]), "▁▂█");
        assert_eq!(sparkline(&[5.0, 5.0]), "▄▄");
        assert_eq!(sparkline(&[]), "");
    }

    #[test]
    fn an_error_says_each_cause_once() {
        let error =
            anyhow::anyhow!("no space").context("Failed to write: no space").context("Failed to sync");
        assert_eq!(sentence(&error), "Failed to sync: Failed to write: no space");
    }
}
