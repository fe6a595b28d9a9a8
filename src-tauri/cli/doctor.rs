//! `bws doctor` and `bws kinds`.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::exit::Exit;
use super::output::{Output, table};
use crate::app::{App, Finding};
use crate::domain::measure::kind::KINDS;
use crate::domain::measure::measure_set::NAMED_SETS;
use crate::domain::measure::workout;
use crate::text;

/// Looks at everything. Ends with “needs you” when something is broken.
pub(super) async fn run(app: &App, now: DateTime<Utc>, output: Output) -> anyhow::Result<Exit> {
    let checks = app.self_test(now).await?;
    output.show(&checks, || {
        let line = |check: &crate::app::Check| match &check.finding {
            Finding::Fine => format!("ok       {}", check.label()),
            Finding::Warning(message) => format!("warning  {}\n         {message}", check.label()),
            Finding::Broken(message) => format!("broken   {}\n         {message}", check.label()),
        };
        checks.iter().map(line).collect::<Vec<_>>().join("\n")
    })?;
    let broken = checks.iter().any(|check| matches!(check.finding, Finding::Broken(_)));
    Ok(if broken { Exit::NeedsYou } else { Exit::Fine })
}

/// Lists what can be sent or counted.
pub(super) fn kinds(output: Output) -> anyhow::Result<Exit> {
    let kinds: Vec<_> = KINDS.iter().filter(|info| info.is_trackable()).collect();
    let units = |info: &crate::domain::measure::kind::KindInfo| {
        info.unit.choices().iter().map(|unit| unit.name()).collect::<Vec<_>>()
    };
    let rows: Vec<_> = kinds
        .iter()
        .map(|info| {
            json!({"name": info.name, "label": info.kind.label(), "units": units(info), "from": info.source.name(),
                "take": info.day_take.name()})
        })
        .collect();
    let sets: Vec<_> = NAMED_SETS.iter().map(|set| set.name).collect();
    let members = |set: &crate::domain::measure::measure_set::NamedSet| {
        set.kinds().iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let set_kinds: std::collections::BTreeMap<_, _> =
        NAMED_SETS.iter().map(|set| (set.name, members(set))).collect();
    let value = json!({"kinds": rows, "sets": sets, "set_kinds": set_kinds, "workouts": workout::names()});
    output.show(&value, || {
        let rows = kinds.iter().map(|info| {
            [
                info.name.to_owned(),
                info.kind.label(),
                units(info).join(", "),
                text::word("source", info.source.name()).unwrap_or_default().to_owned(),
                info.day_take.name().to_owned(),
            ]
        });
        format!(
            "For --track:\n\n{}\n\nFor --count, when one act of measuring has all of:\n\n{}\n\n\
             or kinds put together, as weight+heart-rate.\n\
             For --workout: {}, or Withings' number.",
            table(&["Kind", "What it is", "Units", "From", "Usually takes"], rows),
            table(
                &["Set", "Kinds"],
                NAMED_SETS.iter().map(|set| [set.name.to_owned(), members(set).join(" + ")])
            ),
            workout::names().join(", ")
        )
    })?;
    Ok(Exit::Fine)
}
