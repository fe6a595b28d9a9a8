//! `bws history`: the ledger.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use serde::Serialize;

use super::exit::Exit;
use super::output::{Output, local, table};
use super::sync::time_zone_or_utc;
use crate::app::App;
use crate::day::{DayRule, Daystamp};
use crate::link::Link;
use crate::measurement::{Attribution, MeasureGroup};
use crate::store::history::{Line, Outcome};
use crate::store::{self, datapoint::State};
use crate::sync::plan::Reason;

/// One line, as programs read it.
#[derive(Serialize)]
struct Row {
    measured_at: DateTime<Utc>,
    group: i64,
    device: String,
    values: String,
    goal: Option<String>,
    outcome: &'static str,
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
    let lines = app.store.read(|rows| store::history::load(rows, since, limit))?;
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

/// Why nothing became of a measurement.
fn unlinked(group: &MeasureGroup, links: &[Link]) -> String {
    let early =
        |link: &&Link| group.measured_at < link.since && group.measurement(link.feed.first_kind()).is_some();
    links
        .iter()
        .find(early)
        .map_or_else(|| "no link wants it".into(), |link| format!("measured before link {} began", link.id))
}

fn row(line: Line, links: &[Link]) -> Row {
    let Line { group, outcome } = line;
    let mut row = Row {
        measured_at: group.measured_at,
        group: group.id.0,
        device: device(&group),
        values: values(&group),
        goal: None,
        outcome: "unlinked",
        reason: unlinked(&group, links),
        request_id: None,
        daystamp: None,
        sent: None,
    };
    if let Some(outcome) = outcome {
        (row.outcome, row.reason) = became(&outcome);
        row.goal = Some(outcome.goal);
        row.request_id = outcome.request_id;
        row.daystamp = Some(outcome.day);
        row.sent = outcome.value;
    }
    row
}

/// What became of a measurement: a closed word, and a phrase.
fn became(outcome: &Outcome) -> (&'static str, String) {
    let reason = Reason::named(&outcome.reason);
    let why = reason.map_or_else(|| outcome.reason.clone(), |reason| reason.sentence().to_owned());
    if let Some(parked) = &outcome.parked {
        return ("refused", format!("refused: {parked}"));
    }
    match outcome.state.as_deref().and_then(State::named) {
        Some(State::Confirmed) if reason == Some(Reason::OtherOfDay) => ("not_chosen", why),
        Some(State::Confirmed) => ("sent", format!("sent: {why}")),
        Some(State::Pending) => ("pending", format!("waiting to be sent: {why}")),
        Some(State::Discarded) => ("discarded", "you decided not to send it".into()),
        Some(State::Deleted) => ("deleted", "you deleted it at Beeminder; it stays deleted".into()),
        Some(State::Stale) => ("stale", "no longer measured; still at Beeminder".into()),
        Some(State::Kept) => ("kept", "no longer measured; you keep it at Beeminder".into()),
        Some(State::Removing) => ("removing", "waiting to be removed at Beeminder".into()),
        Some(State::Removed) => ("removed", "removed at Beeminder".into()),
        None if reason.is_some_and(Reason::is_held) => ("held", why),
        None => ("skipped", why),
    }
}

fn device(group: &MeasureGroup) -> String {
    match (&group.model, &group.device, group.attribution()) {
        (Some(model), _, _) => model.clone(),
        (None, None, Attribution::Manual | Attribution::AccountCreation) => "typed in".into(),
        _ => "device".into(),
    }
}

pub(super) fn values(group: &MeasureGroup) -> String {
    let value = |m: &crate::measurement::Measurement| {
        let unit = m.kind.unit();
        let value = m.value().and_then(|value| unit.convert(value));
        let number = value.map_or_else(|| "?".into(), |value| unit.round(value).to_string());
        let symbol = unit.symbol();
        let space = if symbol.is_empty() || symbol == "%" { "" } else { " " };
        format!("{} {number}{space}{symbol}", m.kind)
    };
    group
        .measurements
        .iter()
        .filter(|m| m.kind.is_whole_at(m.position))
        .map(value)
        .collect::<Vec<_>>()
        .join(", ")
}
