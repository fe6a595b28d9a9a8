//! `bws goals`.

use serde_json::json;

use super::exit::Exit;
use super::output::{Output, counted, local, table};
use crate::app::App;
use crate::goal::Goal;

pub(super) async fn list(app: &App, output: Output) -> anyhow::Result<Exit> {
    let (user, goals) = app.goals().await?;
    let links = app.links()?;
    let linked = |goal: &Goal| -> Vec<i64> {
        links.iter().filter(|link| link.goal == goal.id).map(|link| link.id.0).collect()
    };
    let rows: Vec<_> = goals
        .iter()
        .map(|goal| {
            json!({"slug": goal.slug, "title": goal.title, "units": goal.units,
                "deadline": goal.deadline, "summing": goal.summing, "aggday": goal.aggday,
                "autodata": goal.autodata, "healthkit_metric": goal.healthkit_metric,
                "frozen": goal.frozen, "buffer_days": goal.buffer_days, "loses_at": goal.loses_at,
                "links": linked(goal)})
        })
        .collect();
    output.show(
        &json!({"user": user.username, "time_zone": user.time_zone.name(), "goals": rows}),
        || {
            let rows = goals.iter().map(|goal| {
                [
                    goal.slug.to_string(),
                    goal.buffer_days
                        .map_or_else(|| "not known yet".into(), |days| counted(days, "day", "days")),
                    goal.loses_at.map_or_else(|| "–".into(), |at| local(at, user.time_zone)),
                    goal.units.clone(),
                    if goal.summing { "adds up" } else { "as it is" }.into(),
                    linked(goal).iter().map(i64::to_string).collect::<Vec<_>>().join(", "),
                ]
            });
            format!(
                "Goals of {} ({}):\n\n{}",
                user.username,
                user.time_zone,
                table(&["Goal", "Buffer", "Deadline", "Units", "Datapoints", "Links"], rows)
            )
        },
    )?;
    Ok(Exit::Fine)
}
