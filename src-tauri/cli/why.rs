//! `bws why`: what each day of a goal has, or why it has nothing.

use chrono::{DateTime, Days, Utc};
use serde_json::json;

use super::args::Day;
use super::exit::{CalledWrongly, Exit};
use super::output::{Output, table};
use crate::app::App;
use crate::domain::day::Daystamp;
use crate::domain::goal::GoalSlug;
use crate::text::{Language, Locale, Message};
use crate::view::days::{DayEntry, DayLine};

pub(super) fn show(
    app: &App,
    goal: &str,
    day: Option<Day>,
    days: u64,
    now: DateTime<Utc>,
    output: Output,
) -> anyhow::Result<Exit> {
    let (goal, rule) = app.goal_of_links(&GoalSlug(goal.to_owned()))?;
    let today = rule.day_of(now);
    let ago = |days: u64| Daystamp(today.0.checked_sub_days(Days::new(days)).unwrap_or(today.0));
    let (first, last) = match day {
        None => (ago(days - 1), today),
        Some(Day::Ago(days)) => (ago(days), ago(days)),
        Some(Day::On(date)) if date > today.0 => {
            anyhow::bail!(CalledWrongly(format!(
                "{date} lies in the future; nothing can have been measured."
            )))
        }
        Some(Day::On(date)) => (Daystamp(date), Daystamp(date)),
    };
    let lines = app.days(&goal, (first, last), now)?;
    let locale = Locale { now: Some(now), ..Locale::new(Language::English, rule.time_zone) };
    let said: Vec<_> = lines.iter().map(|line| in_words(line, locale)).collect();
    output.show(&json!({"goal": goal.slug, "time_zone": rule.time_zone, "days": said}), || {
        text(&lines, locale)
    })?;
    Ok(Exit::Fine)
}

fn in_words(line: &DayLine, locale: Locale) -> serde_json::Value {
    let entries: Vec<_> = line
        .entries
        .iter()
        .map(|entry| {
            json!({"outcome": entry.outcome, "value": entry.value, "unit": entry.unit,
                "why": say(&entry.why, locale), "measured_at": entry.measured_at, "acts": entry.acts})
        })
        .collect();
    let notes: Vec<_> = line.notes.iter().map(|note| say(note, locale)).collect();
    json!({"day": line.day.0, "deadline": line.deadline, "is_today": line.is_today, "entries": entries, "notes": notes})
}

fn say(message: &Message, locale: Locale) -> String {
    locale.say(&message.key, &message.args)
}

fn text(lines: &[DayLine], locale: Locale) -> String {
    let rows = lines.iter().flat_map(|line| {
        line.entries.iter().enumerate().map(move |(n, entry)| {
            let day = if n == 0 { line.day.0.format("%a %Y-%m-%d").to_string() } else { String::new() };
            let mut why = vec![say(&entry.why, locale)];
            if n == 0 {
                why.extend(line.notes.iter().map(|note| say(note, locale)));
            }
            [day, value(entry), why.join(". ")]
        })
    });
    table(&["Day", "Value", "Why"], rows)
}

fn value(entry: &DayEntry) -> String {
    match &entry.value {
        Some(value) => format!("{value} {}", entry.unit).trim_end().to_owned(),
        None => "–".into(),
    }
}
