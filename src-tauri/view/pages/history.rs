//! The history page: the ledger page by page, and as a file.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Context;
use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::app::{App, UserError};
use crate::domain::day::{DayRule, Daystamp};
use crate::domain::link::Link;
use crate::domain::measure::kind::{KINDS, MeasureKind};
use crate::domain::measure::unit::Unit;
use crate::domain::settings::Units;
use crate::store;
use crate::store::history::{Early, Filter, Meant, Place, ValueRange};
use crate::view::ledger::{LedgerRow, cell, shown_in};

/// What the page asks for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct HistoryRequest {
    search: String,
    meant: Meant,
    /// Days that are written as the search is.
    days: Vec<NaiveDate>,
    /// The word of a kind.
    kind: Option<String>,
    goal: Option<String>,
    outcome: Option<String>,
    /// Also what no goal gets.
    unlinked: bool,
    after: Option<Place>,
}

impl HistoryRequest {
    fn filter(mut self, links: &[Link], units: Units, zone: Tz) -> Filter {
        let days = std::mem::take(&mut self.days);
        self.meant.stretches.extend(stretches(days, DayRule::new(zone, 0)));
        let kinds = self.kind.as_deref().and_then(MeasureKind::named).map(MeasureKind::sources);
        let goal = self.goal.filter(|goal| !goal.is_empty());
        let of_goal = links.iter().filter(|link| goal.as_deref() == Some(link.slug.0.as_str()));
        let linked = || links.iter().flat_map(|link| link.feed.kinds()).collect();
        Filter {
            since: DateTime::UNIX_EPOCH,
            early: of_goal.map(|link| Early { kinds: link.feed.kinds(), before: link.since }).collect(),
            linked: (!self.unlinked && self.outcome.as_deref() != Some("unlinked")).then(linked),
            goal,
            kinds: kinds.unwrap_or_default(),
            outcome: self.outcome.filter(|outcome| !outcome.is_empty()),
            values: values_meant(&self.search, units),
            search: self.search,
            meant: self.meant,
            after: self.after,
        }
    }
}

/// Days by the user's clock, those in a row as one.
fn stretches(mut days: Vec<NaiveDate>, rule: DayRule) -> Vec<(i64, i64)> {
    days.sort_unstable();
    let in_a_row = |a: &NaiveDate, b: &NaiveDate| a.succ_opt() == Some(*b);
    let ends = days.chunk_by(in_a_row).filter_map(|days| days.first().zip(days.last()?.succ_opt()));
    ends.map(|(first, after)| {
        let start = |day| rule.start_of(Daystamp(day)).timestamp();
        (start(*first), start(after))
    })
    .collect()
}

/// The values that a number means as it is shown: 82 means 82.4 as well, and 82.4 means 82.39.
fn values_meant(search: &str, units: Units) -> Vec<ValueRange> {
    let text = search.trim().replace(',', ".");
    let is_number = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-'));
    let Some(number) = text.parse::<Decimal>().ok().filter(|_| is_number) else {
        return Vec::new();
    };
    let mut kinds: BTreeMap<&str, (Unit, Vec<MeasureKind>)> = BTreeMap::new();
    for info in KINDS.iter().filter(|info| info.kind.sources() == [info.kind]) {
        let unit = shown_in(info.kind, units);
        kinds.entry(unit.name()).or_insert((unit, Vec::new())).1.push(info.kind);
    }
    kinds.into_values().filter_map(|(unit, kinds)| range(number, unit, kinds)).collect()
}

/// The values of a unit that are shown so that they begin with a number.
fn range(number: Decimal, unit: Unit, kinds: Vec<MeasureKind>) -> Option<ValueRange> {
    let typed = number.scale().min(unit.decimals());
    let half = Decimal::new(5, unit.decimals() + 1);
    let from = number.checked_sub(half)?;
    let until = from.checked_add(Decimal::new(1, typed))?;
    Some(ValueRange { kinds, from: unit.convert_back(from)?, until: unit.convert_back(until)? })
}

/// One page of lines.
#[derive(Debug, Serialize)]
pub struct HistoryPage {
    /// The lines, newest first.
    pub rows: Vec<LedgerRow>,
    /// How many there are in all.
    pub count: u64,
}

/// How many lines a page has.
const PAGE: u32 = 100;

/// What a file of history is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// A table.
    Csv,
    /// For programs.
    Json,
}

/// A file that was written.
#[derive(Debug, Serialize)]
pub struct Exported {
    /// The file that was written.
    pub path: PathBuf,
    /// How many lines it has.
    pub count: usize,
}

impl App {
    /// One page of history.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn history(&self, request: HistoryRequest) -> anyhow::Result<HistoryPage> {
        let (links, units) = (self.links()?, self.settings()?.units);
        let filter = request.filter(&links, units, self.locale()?.zone);
        self.store.read(|conn| {
            let lines = store::history::load(conn, &filter, PAGE)?;
            Ok(HistoryPage {
                rows: lines.into_iter().map(|line| LedgerRow::new(line, &links, units)).collect(),
                count: store::history::count(conn, &filter)?,
            })
        })
    }

    /// Writes history into a file in `folder` that only the user can read.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn export_history(
        &self,
        request: HistoryRequest,
        format: Format,
        folder: &std::path::Path,
        now: DateTime<Utc>,
    ) -> anyhow::Result<Exported> {
        let links = self.links()?;
        let filter = request.filter(&links, self.settings()?.units, self.locale()?.zone);
        let lines = self.store.read(|conn| store::history::load(conn, &filter, u32::MAX))?;
        let rows: Vec<_> =
            lines.into_iter().map(|line| LedgerRow::new(line, &links, Units::Metric)).collect();
        let (text, extension) = match format {
            Format::Csv => (csv(&rows)?, "csv"),
            Format::Json => (serde_json::to_vec_pretty(&rows)?, "json"),
        };
        let name = format!("withings-history-{}", now.format("%Y-%m-%d-%H%M%S"));
        let path = folder.join(name).with_extension(extension);
        crate::platform::data_dir::write_private_file(&path, &text)
            .with_context(|| UserError::new("not_written", [("path", path.display().to_string())]))?;
        Ok(Exported { path, count: rows.len() })
    }
}

fn csv(rows: &[LedgerRow]) -> anyhow::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record([
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
    ])?;
    for row in rows {
        let value = |shown: &crate::view::ledger::Shown| {
            format!("{} {} {}", shown.kind, shown.value.as_deref().unwrap_or("?"), shown.unit)
        };
        let values: Vec<_> = row.values.iter().map(|shown| value(shown).trim_end().to_owned()).collect();
        writer.write_record([
            row.measured_at.to_rfc3339().as_str(),
            &row.group.to_string(),
            &cell(row.device.as_deref().unwrap_or_default()),
            &cell(&values.join("; ")),
            &cell(row.goal.as_deref().unwrap_or_default()),
            &row.outcome,
            &cell(&row.sentence()),
            &cell(row.request_id.as_deref().unwrap_or_default()),
            &cell(row.daystamp.as_deref().unwrap_or_default()),
            &cell(row.sent.as_deref().unwrap_or_default()),
        ])?;
    }
    Ok(writer.into_inner()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rust_decimal::dec;

    #[test]
    fn a_number_means_the_values_that_are_shown_so() {
        let weights = |search, units| {
            let weight = |range: &ValueRange| range.kinds.contains(&MeasureKind::WEIGHT);
            let found = values_meant(search, units).into_iter().find(weight);
            found.map(|range| (range.from.round_dp(3), range.until.round_dp(3)))
        };
        for (search, units, expected) in [
            ("82.4", Units::Metric, Some((dec!(82.395), dec!(82.495)))),
            ("82,4", Units::Metric, Some((dec!(82.395), dec!(82.495)))),
            ("82", Units::Metric, Some((dec!(81.995), dec!(82.995)))),
            // More digits than are shown mean nothing else.
            ("82.4000", Units::Metric, Some((dec!(82.395), dec!(82.405)))),
            ("181.7", Units::Us, Some((dec!(82.395), dec!(82.440)))),
            ("2026-11-23", Units::Metric, None),
            ("weight", Units::Metric, None),
            ("", Units::Metric, None),
        ] {
            assert_eq!(weights(search, units), expected, "{search}");
        }
    }
}
