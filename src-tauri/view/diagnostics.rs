//! The diagnostics file: it helps to find out why something does not work, without telling who the user is, what
//! they weigh or how to get into their accounts. The user reads it before it is saved.

use std::fmt::Write;

use anyhow::Context;
use chrono::{DateTime, Utc};

use crate::app::{App, UserError};
use crate::domain::service::Service;
use crate::health::attention::attention;
use crate::platform::data_dir::{LOG_FILE, OLD_LOG_FILE};
use crate::store::{self, Connection};

/// How many of the log's last lines are told.
const LOG_LINES: usize = 300;

/// Letters and digits in a row that may be a token, an id or a secret.
const SECRET: usize = 16;

impl App {
    /// Puts the diagnostics together.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn diagnostics(&self, now: DateTime<Utc>) -> anyhow::Result<String> {
        let (mut text, names) = self.store.read(|conn| Ok((report(conn, now)?, names(conn)?)))?;
        let log =
            [OLD_LOG_FILE, LOG_FILE].map(|name| std::fs::read_to_string(self.data_dir.path().join(name)));
        let log = log.into_iter().flatten().collect::<Vec<_>>().concat();
        let lines: Vec<_> = log.lines().collect();
        text += "\nThe log's last lines\n";
        for line in &lines[lines.len().saturating_sub(LOG_LINES)..] {
            text += &redacted(line, &names);
            text.push('\n');
        }
        Ok(text)
    }

    /// Writes `text` into a file in `folder` that only the user can read, and returns where it is.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn save_diagnostics(
        &self,
        text: &str,
        folder: &std::path::Path,
        now: DateTime<Utc>,
    ) -> anyhow::Result<std::path::PathBuf> {
        let name = format!("withings-sync-diagnostics-{}.txt", now.format("%Y-%m-%d-%H%M%S"));
        let path = folder.join(name);
        crate::platform::data_dir::write_private_file(&path, text.as_bytes())
            .with_context(|| UserError::new("not_written", [("path", path.display().to_string())]))?;
        Ok(path)
    }
}

/// Everything but the log: counts, codes and settings, which name nobody.
fn report(conn: &Connection, now: DateTime<Utc>) -> anyhow::Result<String> {
    let mut text = format!(
        "Beeminder Withings Sync {} on {} {}, {}\n\n",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::OS,
        std::env::consts::ARCH,
        now.format("%Y-%m-%d %H:%M:%S UTC")
    );
    writeln!(text, "Status: {}", crate::health::status::status(conn, now)?.name())?;
    for item in attention(conn, None, now)? {
        writeln!(text, "Attention: {}", item.code.name())?;
    }
    for service in Service::ALL {
        let account = store::account::load(conn, service)?;
        let connected = account.as_ref().is_some_and(|account| account.connected);
        let zone = account.map(|account| account.time_zone).unwrap_or_default();
        writeln!(text, "{service}: connected {connected}, time zone {zone}")?;
    }
    for problem in store::trouble::load_all(conn)? {
        let (place, code) = (problem.place.name(), problem.code.name());
        writeln!(text, "Trouble at {place}: {code}, {} in a row", problem.failures)?;
    }
    for link in store::link::load_all(conn)? {
        let (pending, parked) = store::outbox::counts_of(conn, link.id)?;
        let sent = store::datapoint::confirmed_of(conn, link.id)?;
        writeln!(
            text,
            "Link {}: {}, since {}, sent {sent}, waiting {pending}, refused {parked}",
            link.id,
            link.feed,
            link.since.format("%Y-%m-%d")
        )?;
    }
    let (groups, _) = store::measurement::summary(conn)?;
    writeln!(text, "Measurements: {groups}, held {}", store::decision::held(conn)?)?;
    let settings = store::setting::settings(conn)?;
    writeln!(
        text,
        "Settings: every {} minutes, {} units, callback by {}, mirrors deletions {}, watches devices {}",
        settings.interval,
        <&str>::from(settings.units),
        <&str>::from(settings.callback_way),
        settings.mirror_deletions,
        settings.watch_devices
    )?;
    writeln!(
        text,
        "Next pass: {}",
        crate::sync::schedule::next_pass(conn, now)?.format("%Y-%m-%d %H:%M UTC")
    )?;
    Ok(text)
}

/// Names that must not be told.
fn names(conn: &Connection) -> anyhow::Result<Vec<String>> {
    let mut names = Vec::new();
    for service in Service::ALL {
        names.extend(store::account::load(conn, service)?.map(|account| account.user_id));
    }
    for goal in store::goal::load_linked(conn)? {
        names.extend([goal.slug.0, goal.title]);
    }
    names.extend(directories::UserDirs::new().map(|dirs| dirs.home_dir().display().to_string()));
    names.retain(|name| name.len() > 1);
    names.sort_by_key(|name| std::cmp::Reverse(name.len()));
    Ok(names)
}

/// A line without names, addresses, quotations of answers, tokens, and numbers that may be a value.
fn redacted(line: &str, names: &[String]) -> String {
    // The moment in front is the program's own.
    let (moment, rest) = match line.split_once(' ') {
        Some((moment, rest)) if moment.parse::<DateTime<Utc>>().is_ok() => (moment, rest),
        _ => ("", line),
    };
    let mut rest = quotations_out(rest);
    for name in names {
        rest = whole_words_out(&rest, name);
    }
    let words: Vec<_> = rest.split(' ').map(word).collect();
    format!("{moment} {}", words.join(" ")).trim_start().to_owned()
}

fn quotations_out(text: &str) -> String {
    let mut parts = text.split('“');
    let mut said = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        said += "“…”";
        said += part.split_once('”').map_or("", |(_, rest)| rest);
    }
    said
}

/// Takes a name out where it stands alone, not as a part of a longer word.
fn whole_words_out(text: &str, name: &str) -> String {
    let (mut said, mut rest) = (String::new(), text);
    while let Some(at) = rest.find(name) {
        let (before, after) = (&rest[..at], &rest[at + name.len()..]);
        let joins = |c: char| c.is_alphanumeric();
        let alone = !before.ends_with(joins) && !after.starts_with(joins);
        said += before;
        said += if alone { "[name]" } else { name };
        rest = after;
    }
    said + rest
}

fn word(word: &str) -> String {
    let longest_run = word
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_')
        .filter(|run| run.bytes().any(|b| b.is_ascii_digit()))
        .map(str::len)
        .max();
    let is_fraction = |part: &str| {
        part.split_once(['.', ',']).is_some_and(|(whole, fraction)| {
            let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
            digits(whole.trim_start_matches('-')) && digits(fraction)
        })
    };
    let numbers = word.split(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | ',' | '-'));
    if word.contains('@') {
        "[address]".into()
    } else if longest_run.is_some_and(|longest| longest >= SECRET) {
        "[secret]".into()
    } else if numbers.map(|part| part.trim_matches(['.', ','])).any(is_fraction) {
        "[number]".into()
    } else {
        word.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_personal_is_left_in_a_line() {
        let names = ["alice".to_owned(), "weight".to_owned()];
        for (line, expected) in [
            ("2026-11-24T10:00:00.5Z  WARN offline", "2026-11-24T10:00:00.5Z  WARN offline"),
            ("signed in as alice@example.com", "signed in as [address]"),
            ("token=3f9c0a7d5b1e48d2 refused", "[secret] refused"),
            ("a value of 82.4 kg, or 82,4kg", "a value of [number] kg, or [number]"),
            ("goal=weight of alice", "goal=[name] of [name]"),
            ("overweighted malice", "overweighted malice"),
            ("it says “value 82 for alice” here", "it says “…” here"),
            ("withings-1234567890-weight parked", "[secret] parked"),
            ("status 503 after 3 attempts", "status 503 after 3 attempts"),
        ] {
            assert_eq!(redacted(line, &names), expected, "{line}");
        }
    }
}
