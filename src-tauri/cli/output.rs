//! Standard output: one JSON document, or text for people.

use std::fmt::Display;
use std::io::{ErrorKind, Write};
use std::process::ExitCode;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use comfy_table::{Table, TableStyle};
use serde::Serialize;
use serde_json::json;

use super::exit::Exit;
use crate::domain::attention::Attention;
use crate::domain::problem_code::ProblemCode;
use crate::text::sentence;

/// Where answers go.
#[derive(Debug, Clone, Copy)]
pub(super) struct Output {
    pub(super) json: bool,
}

impl Output {
    /// Prints an answer, for programs or for people.
    pub(super) fn show(self, value: &impl Serialize, text: impl FnOnce() -> String) -> anyhow::Result<()> {
        if self.json {
            self.json_line(&serde_json::to_string(value)?);
        } else {
            self.line(text().trim_end());
        }
        Ok(())
    }

    /// Prints lines for people.
    #[expect(clippy::unused_self, reason = "all that is printed goes through an Output")]
    pub(super) fn line(self, text: &str) {
        print(&harmless(text));
    }

    /// Prints a line for programs, exactly as it is.
    #[expect(clippy::unused_self, reason = "all that is printed goes through an Output")]
    pub(super) fn json_line(self, json: &str) {
        print(json);
    }

    /// Tells people how it goes, without getting between the lines for programs.
    #[expect(clippy::unused_self, reason = "all that is printed goes through an Output")]
    pub(super) fn progress(self, text: &str) {
        let _ = writeln!(std::io::stderr().lock(), "{}", harmless(text));
    }

    /// Tells people what they should know beside the answer.
    pub(super) fn warn(self, text: &str) {
        self.progress(&format!("Warning: {text}"));
    }

    /// Prints what went wrong and returns how to end.
    pub(super) fn failed(self, message: &str, exit: Exit) -> ExitCode {
        if self.json {
            self.json_line(&json!({"error": {"code": exit.name(), "message": message}}).to_string());
        }
        self.progress(&format!("bws: {message}"));
        exit.code()
    }
}

/// A reader that went away has seen enough. What cannot be written otherwise, as onto a disk that is full, is no
/// answer: the program ends there and says so.
fn print(text: &str) {
    let mut stdout = std::io::stdout().lock();
    match writeln!(stdout, "{text}").and_then(|()| stdout.flush()) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::BrokenPipe => {}
        Err(error) => {
            let _ = writeln!(std::io::stderr().lock(), "bws: The answer cannot be written: {error}");
            std::process::exit(1);
        }
    }
}

/// Text in which nothing but letters and ends of lines reaches the terminal. Names of devices and goals and
/// the services' refusals are other people's words, which could hold commands for it, or turn a line round.
pub(super) fn harmless(text: &str) -> String {
    text.chars().map(|c| if c != '\n' && is_command(c) { '\u{fffd}' } else { c }).collect()
}

/// Writes the log; it too has other people's words in it.
pub(super) struct Harmless<W>(pub(super) W);

impl<W: Write> Write for Harmless<W> {
    /// Takes whole lines, which is how they are logged.
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        self.0.write_all(harmless(&String::from_utf8_lossy(line)).as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}

/// Whether a terminal may take a character for a command: controls, and what changes the order of letters.
fn is_command(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}')
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{e0000}'..='\u{e007f}')
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
        // A cell is one line, or it would look like another row.
        let one_line = |cell: String| harmless(&cell.replace(['\n', '\r', '\t'], " "));
        table.add_row(row.into_iter().map(|cell| one_line(cell.to_string())));
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
        Some(command) => sentence::see(&sentence::whole(&item.message), command),
        None => item.message.clone(),
    }
}

fn command_for(code: ProblemCode) -> Option<&'static str> {
    match code {
        ProblemCode::ConnectWithings
        | ProblemCode::SignInWithings
        | ProblemCode::CheckApplication
        | ProblemCode::AnotherPerson => Some("bws connect withings"),
        ProblemCode::ConnectBeeminder | ProblemCode::SignInBeeminder => Some("bws connect beeminder"),
        ProblemCode::Parked | ProblemCode::NotArriving => Some("bws outbox"),
        ProblemCode::GoalArchived | ProblemCode::GoalDeleted | ProblemCode::GoalFrozen => {
            Some("bws link remove")
        }
        ProblemCode::FilterLeavesOut | ProblemCode::GoalUnsuited => Some("bws link change"),
        ProblemCode::StoreRecovered => Some("bws link list, then bws status --seen"),
        ProblemCode::NotSynced => Some("bws sync"),
        ProblemCode::NothingLinked => Some("bws link add"),
        ProblemCode::GoalRenamed => Some("bws status --seen"),
        ProblemCode::Held => Some("bws held"),
        ProblemCode::Stale => Some("bws stale"),
        ProblemCode::ManyGone => Some("bws stale confirm-gone"),
        ProblemCode::ScopeMissing | ProblemCode::NotAllowed => Some("bws connect withings"),
        ProblemCode::LinkUnreadable => Some("bws link remove"),
        ProblemCode::Paused => Some("bws resume"),
        ProblemCode::NotificationsFailed => Some("bws notifications test"),
        ProblemCode::KeychainLocked
        | ProblemCode::KeychainAbsent
        | ProblemCode::KeychainFailed
        | ProblemCode::Deadbeat
        | ProblemCode::Offline
        | ProblemCode::Unavailable
        | ProblemCode::RateLimited
        | ProblemCode::Unreadable
        | ProblemCode::GoalRefuses
        | ProblemCode::GoalNotStarted
        | ProblemCode::TroubleLasts
        | ProblemCode::MeasurementUnreadable
        | ProblemCode::InFuture
        | ProblemCode::ShareWithdrawn
        | ProblemCode::ZonesDiffer
        | ProblemCode::ZoneUnknown
        | ProblemCode::BatteryLow
        | ProblemCode::MeasureSoon
        | ProblemCode::GoalArchiving
        | ProblemCode::GoalFedByAutodata
        | ProblemCode::GoalFedByAppleHealth
        | ProblemCode::ClockWrong => None,
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
    fn other_peoples_text_cannot_command_the_terminal() {
        for (text, expected) in [
            ("Body+ – Größe 体重 🙂\nnext", "Body+ – Größe 体重 🙂\nnext"),
            ("a\u{1b}[31mred\u{7}", "a\u{fffd}[31mred\u{fffd}"),
            ("a\rb\u{9b}2J\u{7f}", "a\u{fffd}b\u{fffd}2J\u{fffd}"),
            ("kg\u{202e}gk\u{2066}", "kg\u{fffd}gk\u{fffd}"),
        ] {
            assert_eq!(harmless(text), expected);
        }
        let table = table(&["Units"], [["kg\n1  forged\u{1b}[2J"]]);
        assert_eq!(table.lines().filter(|line| line.contains("forged")).count(), 1, "{table}");
        assert!(table.contains("kg 1") && !table.contains('\u{1b}'), "{table}");
    }
}
