//! `bws history`: the ledger.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use serde::Serialize;

use super::exit::Exit;
use super::output::{Output, local, table};
use super::sync::time_zone_or_utc;
use crate::app::App;
use crate::day::{DayRule, Daystamp};
use crate::ledger::{self, LedgerRow, Shown};
use crate::link::Link;
use crate::measurement::MeasureGroup;
use crate::settings::Units;
use crate::store;
use crate::store::history::{Filter, Line};

/// One line, as programs read it.
#[derive(Serialize)]
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

pub(super) fn show(
    app: &App,
    csv: bool,
    limit: u32,
    since: Option<NaiveDate>,
    output: Output,
) -> anyhow::Result<Exit> {
    let zone = time_zone_or_utc(app);
    let since = since.map_or(DateTime::UNIX_EPOCH, |day| DayRule::new(zone, 0).start_of(Daystamp(day)));
    let filter = Filter { since, ..Filter::default() };
    let lines = app.store.read(|rows| store::history::load(rows, &filter, limit))?;
    let links = app.links()?;
    let rows: Vec<Row> = lines.into_iter().map(|line| row(line, &links)).collect();
    if csv {
        let mut writer = csv::Writer::from_writer(Vec::new());
        for row in &rows {
            writer.serialize(row)?;
        }
        output.line(String::from_utf8(writer.into_inner()?)?.trim_end());
    } else {
        output.show(&rows, || text(&rows, zone))?;
    }
    Ok(Exit::Fine)
}

fn text(rows: &[Row], zone: Tz) -> String {
    if rows.is_empty() {
        return "Nothing was measured yet. “bws sync” asks Withings.".into();
    }
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

fn row(line: Line, links: &[Link]) -> Row {
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
