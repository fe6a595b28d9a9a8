//! `bws backfill`.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::args::{BackfillAction, BackfillRange};
use super::exit::{CalledWrongly, Exit};
use super::output::{Output, counted, local, table};
use super::sync::time_zone_or_utc;
use crate::app::{App, BackfillDay, BackfillPreview, Risk};
use crate::domain::link::LinkId;

pub(super) async fn run(
    app: &App,
    action: BackfillAction,
    now: DateTime<Utc>,
    output: Output,
) -> anyhow::Result<Exit> {
    match action {
        BackfillAction::Preview { range } => {
            let preview = look(app, &range, now).await?;
            output.show(&preview_json(&preview), || preview_text(&preview))?;
        }
        BackfillAction::Start { range, may_derail } => {
            let preview = look(app, &range, now).await?;
            let risky = preview.risky_days();
            anyhow::ensure!(
                !preview.is_unknown() || may_derail,
                "Beeminder does not say where the goal's line is, so {} may lie on its wrong side, and the goal \
                 may derail at once, which costs money. Look at the goal at Beeminder. If you mean it, add \
                 --may-derail.",
                counted(i64::try_from(risky)?, "day", "days")
            );
            anyhow::ensure!(
                risky == 0 || may_derail,
                "{} on the wrong side of the goal's line, and the goal may derail at once, which costs money. \
                 Look at “bws backfill preview”. If you mean it, add --may-derail.",
                counted(i64::try_from(risky)?, "day lies", "days lie")
            );
            let id = app.start_backfill(LinkId(range.link), &preview)?;
            let mut value = preview_json(&preview);
            value["backfill"] = json!(id);
            output.show(&value, || {
                format!(
                    "Back-fill {id}: {} in {}, beginning with the next pass. “bws backfill cancel {id}” stops it.",
                    counted(i64::try_from(preview.datapoints).unwrap_or(i64::MAX), "datapoint", "datapoints"),
                    counted(preview.takes_days, "day", "days")
                )
            })?;
        }
        BackfillAction::List => list(app, output)?,
        BackfillAction::Cancel { id } => {
            app.cancel_backfill(id)?;
            output.show(&json!({"cancelled": id}), || {
                format!("Back-fill {id} goes no further. What was posted stays.")
            })?;
        }
    }
    Ok(Exit::Fine)
}

async fn look(app: &App, range: &BackfillRange, now: DateTime<Utc>) -> anyhow::Result<BackfillPreview> {
    let link = app.link(LinkId(range.link))?;
    let made = link.since.with_timezone(&time_zone_or_utc(app)).date_naive();
    if range.to.is_none() && range.from > made {
        anyhow::bail!(CalledWrongly::new(format!(
            "Link {} sends everything since {made} by itself, and {} lies after that. What can be posted lies \
             before: choose an earlier --from.",
            link.id, range.from
        )));
    }
    let to = range.to.unwrap_or(made);
    app.preview_backfill(link.id, range.from, to, now).await
}

fn preview_json(preview: &BackfillPreview) -> Value {
    let day = |day: &BackfillDay| {
        json!({"day": day.day, "values": day.values.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "others": day.others, "may_derail": may_derail(day)})
    };
    json!({"days": preview.days.iter().map(day).collect::<Vec<_>>(), "datapoints": preview.datapoints,
        "takes_days": preview.takes_days, "refused_before": preview.refused_before})
}

/// Nothing is said where nothing is known.
fn may_derail(day: &BackfillDay) -> Option<bool> {
    match day.risk {
        Risk::Safe => Some(false),
        Risk::MayDerail => Some(true),
        Risk::Unknown => None,
    }
}

fn preview_text(preview: &BackfillPreview) -> String {
    let mut text = String::new();
    if let Some(first) = preview.refused_before {
        text += &format!("The goal starts on {}; nothing before is posted.\n\n", first.0.format("%Y-%m-%d"));
    }
    if preview.days.is_empty() {
        return text + "Nothing was measured in those days that would be posted.";
    }
    let rows = preview.days.iter().map(|day| {
        let mut marks = Vec::new();
        match day.risk {
            Risk::Safe => {}
            Risk::MayDerail => marks.push("wrong side of the line: may derail at once".to_owned()),
            Risk::Unknown => marks.push("the line is not known: may derail at once".to_owned()),
        }
        if day.others > 0 {
            marks.push(format!(
                "has {} already",
                counted(i64::try_from(day.others).unwrap_or(0), "other", "others")
            ));
        }
        let values: Vec<_> = day.values.iter().map(ToString::to_string).collect();
        [day.day.0.format("%Y-%m-%d").to_string(), values.join(", "), marks.join("; ")]
    });
    text += &table(&["Day", "Values", "Mind"], rows);
    text + &format!(
        "\n\n{}, posted in {}. Nothing was posted yet.",
        counted(i64::try_from(preview.datapoints).unwrap_or(i64::MAX), "datapoint", "datapoints"),
        counted(preview.takes_days, "day", "days")
    )
}

fn list(app: &App, output: Output) -> anyhow::Result<()> {
    let backfills = app.backfills()?;
    let zone = time_zone_or_utc(app);
    let rows: Vec<_> = backfills
        .iter()
        .map(|one| {
            json!({"id": one.id, "link": one.link, "from": one.from, "until": one.until, "reached": one.reached,
                "released": one.released, "done": one.is_done()})
        })
        .collect();
    output.show(&rows, || {
        if backfills.is_empty() {
            return "Nothing of the past was asked for. See “bws backfill preview --help”.".into();
        }
        let rows = backfills.iter().map(|one| {
            [
                one.id.to_string(),
                one.link.to_string(),
                local(one.from, zone),
                local(one.until, zone),
                if one.is_done() { "done".into() } else { format!("up to {}", local(one.reached, zone)) },
                one.released.to_string(),
            ]
        });
        table(&["Number", "Link", "From", "Until", "State", "Datapoints"], rows)
    })
}
