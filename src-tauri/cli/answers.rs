//! `bws held`, `stale`, `deletions` and `remind`: what the user decides.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::args::{DeletionPolicy, HeldAction, RemindAt, StaleAction};
use super::exit::Exit;
use super::output::{Output, local, table};
use super::sync::time_zone_or_utc;
use crate::app::{App, Remembered};
use crate::domain::measure::measurement::GroupId;

pub(super) fn held(
    app: &App,
    action: Option<HeldAction>,
    now: DateTime<Utc>,
    output: Output,
) -> anyhow::Result<Exit> {
    let (group, mine, remember) = match action {
        None => return list_held(app, output),
        Some(HeldAction::Mine { group, remember }) => (group, true, remember),
        Some(HeldAction::NotMine { group, remember }) => (group, false, remember),
        Some(HeldAction::Undo { group }) => {
            app.take_back_answer(GroupId(group), now)?;
            output.show(&json!({"group": group, "taken_back": true}), || {
                format!("Your answer about measurement {group} is taken back. “bws held” asks again.")
            })?;
            return Ok(Exit::Fine);
        }
    };
    let remembered = app.answer(GroupId(group), mine, remember, now)?;
    let answer = json!({"group": group, "mine": mine, "remember": !remembered.is_nothing(),
        "remembered": remembered});
    output.show(&answer, || {
        let sent = if mine { "is sent with the next pass, as far as a goal takes it" } else { "is not sent" };
        format!("Measurement {group} {sent}.{}", if remember { memory(&remembered) } else { String::new() })
    })?;
    Ok(Exit::Fine)
}

/// What is remembered of an answer, in words.
fn memory(remembered: &Remembered) -> String {
    let origins: Vec<_> = remembered.origins.iter().map(ToString::to_string).collect();
    match (remembered.weight, origins.is_empty()) {
        (false, true) => " Nothing of it can be remembered: it has neither a weight nor an origin by which \
                          others like it could be told."
            .into(),
        (true, true) => " Others of about the same weight are decided in the same way, where nobody else's \
                          is near."
            .into(),
        (_, false) => format!(" Others of origin {} are decided in the same way.", origins.join(" and ")),
    }
}

fn list_held(app: &App, output: Output) -> anyhow::Result<Exit> {
    let (held, zone) = (app.held()?, time_zone_or_utc(app));
    let rows: Vec<_> = held
        .iter()
        .map(|held| {
            json!({"group": held.group.id, "measured_at": held.group.measured_at,
                "values": super::history::values(&held.group), "goals": held.goals})
        })
        .collect();
    output.show(&rows, || {
        if held.is_empty() {
            return "No measurement waits for your answer.".into();
        }
        let rows = held.iter().map(|held| {
            [
                held.group.id.0.to_string(),
                local(held.group.measured_at, zone),
                super::history::values(&held.group),
                held.goals.join(", "),
            ]
        });
        let table = table(&["Number", "Measured", "Values", "Goals"], rows);
        format!("Was this you? “bws held mine NUMBER” or “bws held not-mine NUMBER”:\n\n{table}")
    })?;
    Ok(Exit::Fine)
}

pub(super) fn stale(
    app: &App,
    action: Option<StaleAction>,
    now: DateTime<Utc>,
    output: Output,
) -> anyhow::Result<Exit> {
    let chosen = |id: Option<i64>| -> anyhow::Result<Vec<i64>> {
        Ok(match id {
            Some(id) => vec![id],
            None => app.stale()?.into_iter().map(|stored| stored.id).collect(),
        })
    };
    match action {
        None => list_stale(app, output)?,
        Some(StaleAction::Remove { id }) => {
            let ids = chosen(id)?;
            for id in &ids {
                app.remove_stale(*id, now)?;
            }
            output.show(&json!({"removed": ids}), || match ids.len() {
                0 => NOTHING_STALE.into(),
                count => format!("{count} removed at Beeminder with the next pass."),
            })?;
        }
        Some(StaleAction::Keep { id }) => {
            let ids = chosen(id)?;
            for id in &ids {
                app.keep_stale(*id, now)?;
            }
            output.show(&json!({"kept": ids}), || match ids.len() {
                0 => NOTHING_STALE.into(),
                count => format!("{count} kept at Beeminder."),
            })?;
        }
        Some(StaleAction::ConfirmGone) => {
            app.confirm_gone()?;
            output.show(&json!({"confirmed": true}), || {
                "The next pass looks again, and believes what is gone.".into()
            })?;
        }
    }
    Ok(Exit::Fine)
}

const NOTHING_STALE: &str = "Every datapoint has its measurement; there is nothing to decide.";

fn list_stale(app: &App, output: Output) -> anyhow::Result<()> {
    let stale = app.stale()?;
    let rows: Vec<_> = stale
        .iter()
        .map(|stored| {
            json!({"id": stored.id, "goal": stored.slug, "value": stored.shown_value().to_string(),
                "daystamp": stored.beeminder_day, "request_id": stored.datapoint.request_id})
        })
        .collect();
    output.show(&rows, || {
        if stale.is_empty() {
            return NOTHING_STALE.into();
        }
        let rows = stale.iter().map(|stored| {
            [
                stored.id.to_string(),
                stored.slug.to_string(),
                stored.beeminder_day.clone().unwrap_or_default(),
                stored.shown_value().to_string(),
                stored.datapoint.request_id.to_string(),
            ]
        });
        let table = table(&["Number", "Goal", "Day", "Value", "Request id"], rows);
        format!(
            "At Beeminder, without a measurement. “bws stale remove NUMBER” or “bws stale keep NUMBER”:\n\n{table}"
        )
    })
}

pub(super) fn deletions(app: &App, policy: DeletionPolicy, output: Output) -> anyhow::Result<Exit> {
    let mirror = matches!(policy, DeletionPolicy::Mirror);
    app.mirror_deletions(mirror)?;
    output.show(&json!({"mirror": mirror}), || {
        if mirror {
            "What you delete at Withings is removed at Beeminder too, ten in a pass at most.".into()
        } else {
            "What you delete at Withings stays at Beeminder until you decide; see “bws stale”.".into()
        }
    })?;
    Ok(Exit::Fine)
}

pub(super) fn remind(app: &App, at: RemindAt, output: Output) -> anyhow::Result<Exit> {
    app.remind_at(at.0)?;
    output.show(&json!({"remind_at": at.0}), || match at.0 {
        Some(time) => format!(
            "From {} on you are reminded of goals that are due and for which nothing was measured.",
            time.format("%H:%M")
        ),
        None => "You are not reminded.".into(),
    })?;
    Ok(Exit::Fine)
}
