//! `bws history`: the ledger.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use serde::Serialize;
use strum::VariantArray;

use super::exit::Exit;
use super::output::{Output, local, table};
use super::sync::time_zone_or_utc;
use crate::app::App;
use crate::domain::day::{DayRule, Daystamp};
use crate::domain::link::Link;
use crate::domain::measure::kind::Source;
use crate::domain::measure::measurement::MeasureGroup;
use crate::domain::settings::Units;
use crate::store;
use crate::store::history::{Filter, HistoryRow};
use crate::view::ledger;
use crate::view::ledger::{LedgerRow, Shown, cell};

/// The names of a line's cells, which stand above a spreadsheet even when it has no lines.
const COLUMNS: [&str; 10] = [
    "measured_at",
    "group",
    "device",
    "values",
    "goal",
    "outcome",
    "reason",
    "request_id",
    "daystamp",
    "sent",
];

/// One line, as programs read it.
#[derive(Clone, Serialize)]
struct Row {
    measured_at: DateTime<Utc>,
    group: i64,
    device: String,
    values: String,
    goal: Option<String>,
    outcome: String,
    reason: String,
    request_id: Option<String>,
    daystamp: Option<String>,
    sent: Option<String>,
}

impl Row {
    /// With no cell that a spreadsheet would take for a formula.
    fn for_spreadsheet(&self) -> Row {
        let mut row = self.clone();
        for text in [&mut row.device, &mut row.values, &mut row.reason] {
            *text = cell(text);
        }
        for text in
            [&mut row.goal, &mut row.request_id, &mut row.daystamp, &mut row.sent].into_iter().flatten()
        {
            *text = cell(text);
        }
        row
    }
}

pub(super) fn show(
    app: &App,
    csv: bool,
    limit: u32,
    day: Option<NaiveDate>,
    now: DateTime<Utc>,
    output: Output,
) -> anyhow::Result<Exit> {
    let zone = time_zone_or_utc(app);
    let since = day.map_or(DateTime::UNIX_EPOCH, |day| DayRule::new(zone, 0).start_of(Daystamp(day)));
    let filter = Filter { since, ..Filter::default() };
    let lines = app.store.read(|conn| store::history::load(conn, &filter, limit))?;
    let links = app.links()?;
    let rows: Vec<Row> = lines.into_iter().map(|line| row(line, &links)).collect();
    if csv {
        let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
        writer.write_record(COLUMNS)?;
        for row in &rows {
            writer.serialize(row.for_spreadsheet())?;
        }
        output.line(String::from_utf8(writer.into_inner()?)?.trim_end());
    } else {
        let nothing = if rows.is_empty() { nothing(app, day, since > now)? } else { String::new() };
        output.show(&rows, || if rows.is_empty() { nothing } else { text(&rows, zone) })?;
    }
    Ok(Exit::Fine)
}

/// Why there is no line.
fn nothing(app: &App, since: Option<NaiveDate>, is_future: bool) -> anyhow::Result<String> {
    let read = |source: &Source| app.store.read(|conn| store::checkpoint::load(conn, *source));
    let mut was_read = false;
    for source in Source::VARIANTS {
        was_read |= read(source)?.is_some();
    }
    let any = app.store.read(|conn| store::history::load(conn, &Filter::default(), 1))?;
    Ok(match (since, any.is_empty(), was_read) {
        (Some(day), _, _) if is_future => {
            format!("{day} lies in the future; nothing can have been measured.")
        }
        (Some(day), false, _) => format!("Nothing was measured since {day}."),
        (_, _, true) => "Withings was read, and has no measurements yet.".into(),
        (_, _, false) => "Withings was not read yet; “bws sync” does that.".into(),
    })
}

fn text(rows: &[Row], zone: Tz) -> String {
    let cells = rows.iter().map(|row| {
        [
            local(row.measured_at, zone),
            shortened(&row.values),
            row.goal.clone().unwrap_or_else(|| "–".into()),
            row.sent.clone().unwrap_or_default(),
            row.daystamp.clone().unwrap_or_default(),
            row.reason.clone(),
            row.request_id.clone().unwrap_or_default(),
        ]
    });
    table(&["Measured", "Values", "Goal", "Sent", "Day", "What became of it", "Request id"], cells)
}

/// A table has room for a few values; programs get them all.
fn shortened(values: &str) -> String {
    const MOST: usize = 4;
    let all: Vec<_> = values.split(", ").collect();
    match all.len().checked_sub(MOST) {
        Some(more @ 1..) => format!("{}, and {more} more", all[..MOST].join(", ")),
        _ => values.to_owned(),
    }
}

fn row(line: HistoryRow, links: &[Link]) -> Row {
    let row = LedgerRow::new(line, links, Units::Metric);
    let device = match (&row.device, row.typed_in) {
        (Some(model), _) => model.clone(),
        (None, true) => "typed in".into(),
        (None, false) => "device".into(),
    };
    Row {
        reason: row.sentence(),
        measured_at: row.measured_at,
        group: row.group,
        device,
        values: joined(&row.values),
        goal: row.goal,
        outcome: row.outcome,
        request_id: row.request_id,
        daystamp: row.daystamp,
        sent: row.sent,
    }
}

pub(super) fn values(group: &MeasureGroup) -> String {
    joined(&ledger::values(group, Units::Metric))
}

fn joined(values: &[Shown]) -> String {
    let one = |shown: &Shown| {
        let space = if shown.unit.is_empty() || shown.unit == "%" { "" } else { " " };
        format!("{} {}{space}{}", shown.kind, shown.value.as_deref().unwrap_or("?"), shown.unit)
    };
    values.iter().map(one).collect::<Vec<_>>().join(", ")
}
