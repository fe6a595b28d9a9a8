//! `bws goals` and `bws goal create`.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde_json::json;

use super::args::{AimArg, GoalAction};
use super::exit::{CalledWrongly, Exit};
use super::output::{Output, counted, local, table};
use crate::app::App;
use crate::domain::goal::Goal;
use crate::domain::goal::new_goal::{Aim, NewGoal};

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
    output.show(&json!({"user": user.username, "time_zone": user.zone_name, "goals": rows}), || {
        if goals.is_empty() {
            return format!(
                "{} has no goals. Make one at beeminder.com, or with “bws goal create”.",
                user.username
            );
        }
        let rows = goals.iter().map(|goal| {
            [
                goal.slug.to_string(),
                goal.buffer_days.map_or_else(|| "not known yet".into(), |days| counted(days, "day", "days")),
                goal.loses_at.map_or_else(|| "–".into(), |at| local(at, user.time_zone)),
                goal.units.clone(),
                if goal.summing { "adds up" } else { "as it is" }.into(),
                linked(goal).iter().map(i64::to_string).collect::<Vec<_>>().join(", "),
            ]
        });
        format!(
            "Goals of {} ({}):\n\n{}",
            user.username,
            user.zone_name,
            table(&["Goal", "Buffer", "Deadline", "Units", "Datapoints", "Links"], rows)
        )
    })?;
    Ok(Exit::Fine)
}

/// Creates a goal, or only asks Beeminder whether it would.
pub(super) async fn create(
    app: &App,
    action: GoalAction,
    now: DateTime<Utc>,
    output: Output,
) -> anyhow::Result<Exit> {
    let GoalAction::Create { name, title, aim, per_week, from, to, units, secret, yes } = action;
    let value = |value: Option<Decimal>, option: &str| {
        value.ok_or_else(|| {
            CalledWrongly::new(format!("Say {option} NUMBER as well, for a value to bring down or up"))
        })
    };
    let aim = match aim {
        AimArg::DoMore => Aim::DoMore,
        AimArg::Lose => Aim::Lose { from: value(from, "--from")?, to: value(to, "--to")? },
        AimArg::Gain => Aim::Gain { from: value(from, "--from")?, to: value(to, "--to")? },
    };
    let title = title.unwrap_or_else(|| name.clone());
    let goal = NewGoal { slug: name, title, units, aim, per_week, secret };
    let (goal, created) = app.create_goal(goal, !yes, now).await?;
    let json = json!({"slug": goal.slug, "commits_to": goal.to_string(), "created": yes,
        "id": created.map(|goal| goal.id)});
    output.show(&json, || {
        let said = format!("{}: {goal}", goal.slug);
        if yes {
            format!("Created {said}\nLink it with “bws link add --goal {}”.", goal.slug)
        } else {
            format!("Beeminder would create {said}\nNothing was created. Add --yes to commit to it.")
        }
    })?;
    Ok(Exit::Fine)
}
