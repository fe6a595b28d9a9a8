//! `bws link` and `bws preview`.

use anyhow::Context;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use strum::VariantArray;

use super::args::{FeedArgs, LinkAction};
use super::exit::Exit;
use super::output::{Output, counted, local, sparkline, table};
use crate::app::{App, Preview, Since};
use crate::datapoint::{Datapoint, Moment};
use crate::goal::{GoalSlug, Misfit};
use crate::kind::{KINDS, MeasureKind, MeasureSet};
use crate::link::{Feed, Link, LinkId, Take};
use crate::store;
use crate::unit::Unit;

pub(super) async fn run(
    app: &App,
    action: LinkAction,
    now: DateTime<Utc>,
    output: Output,
) -> anyhow::Result<Exit> {
    match action {
        LinkAction::Add { feed, since } => {
            let (slug, feed) = read_feed(&feed)?;
            let added = app.add_link(&slug, feed, read_since(&since)?, now).await?;
            let mut value = link_json(&added.link);
            value["warnings"] = misfits_json(&added.misfits);
            warn(&added.misfits, output);
            output.show(&value, || format!("Made link {}.", line(&added.link)))?;
        }
        LinkAction::List => {
            let links = app.links()?;
            output.show(&links.iter().map(link_json).collect::<Vec<_>>(), || {
                if links.is_empty() {
                    return "Nothing is linked yet. See “bws link add --help”.".into();
                }
                let rows = links.iter().map(|link| {
                    [
                        link.id.to_string(),
                        link.slug.to_string(),
                        link.feed.to_string(),
                        link.since.format("%Y-%m-%d %H:%M UTC").to_string(),
                    ]
                });
                table(&["Link", "Goal", "Sends", "Since"], rows)
            })?;
        }
        LinkAction::Show { id } => show(app, LinkId(id), output)?,
        LinkAction::Remove { id } => {
            let unsent = app.remove_link(LinkId(id), now)?;
            output.show(&json!({"removed": id, "not_sent": unsent}), || {
                format!(
                    "Removed link {id}. What is at Beeminder stays there. {} not been sent yet and will not be.",
                    counted(i64::try_from(unsent).unwrap_or(i64::MAX), "datapoint has", "datapoints have")
                )
            })?;
        }
    }
    Ok(Exit::Fine)
}

fn show(app: &App, id: LinkId, output: Output) -> anyhow::Result<()> {
    let link = app.link(id)?;
    let (goal, time_zone) = app.linked_goal(&link)?;
    let latest = app.store.read(|rows| store::datapoint::latest_values(rows, id, 60))?;
    let mut value = link_json(&link);
    value["latest"] = json!(latest.iter().map(ToString::to_string).collect::<Vec<_>>());
    output.show(&value, || {
        let values: Vec<f64> = latest.iter().filter_map(|value| value.to_string().parse().ok()).collect();
        let mut text = format!(
            "Link {}\n  goal      {} (“{}”)\n  since     {}\n  deadline  {}\n",
            line(&link),
            goal.slug,
            goal.title,
            local(link.since, time_zone),
            goal.loses_at.map_or_else(|| "not known yet".into(), |at| local(at, time_zone)),
        );
        if let (Some(first), Some(last)) = (latest.first(), latest.last()) {
            text += &format!("  sent      {first} {} {last}\n", sparkline(&values));
        }
        text
    })
}

pub(super) async fn preview(
    app: &App,
    id: Option<i64>,
    feed: &FeedArgs,
    days: u64,
    now: DateTime<Utc>,
    output: Output,
) -> anyhow::Result<Exit> {
    let (slug, feed) = match id {
        Some(id) => {
            let link = app.link(LinkId(id))?;
            (link.slug, link.feed)
        }
        None => read_feed(feed)?,
    };
    let preview = app.preview(&slug, feed, days, now).await?;
    warn(&preview.misfits, output);
    if let Some(trouble) = &preview.trouble {
        output.progress(&format!("Warning: the newest measurements may be missing. {trouble}"));
    }
    output.show(&preview_json(&preview), || preview_text(&preview))?;
    Ok(Exit::Fine)
}

fn preview_json(preview: &Preview) -> Value {
    let kept_out: Vec<_> = preview
        .plan
        .decisions
        .iter()
        .filter(|decision| decision.request_id.is_none())
        .map(|decision| {
            json!({"measured_at": decision.measured_at, "day": decision.day, "reason": decision.reason.code(),
                "held": decision.reason.is_held()})
        })
        .collect();
    let rows: Vec<_> = preview
        .plan
        .datapoints
        .iter()
        .map(|datapoint| {
            json!({"day": preview_day(preview, datapoint), "value": datapoint.value.to_string(),
                "comment": datapoint.comment, "request_id": datapoint.request_id})
        })
        .collect();
    json!({"goal": preview.goal.slug, "sends": preview.feed.to_string(), "from": preview.from,
        "datapoints": rows, "kept_out": kept_out, "warnings": misfits_json(&preview.misfits), "trouble": preview.trouble})
}

fn preview_text(preview: &Preview) -> String {
    let heading = format!(
        "{} into {}, as if linked since {}; nothing is sent:",
        preview.feed,
        preview.goal.slug,
        preview.from.0.format("%Y-%m-%d")
    );
    let rows = preview.plan.datapoints.iter().map(|datapoint| {
        [preview_day(preview, datapoint), datapoint.value.to_string(), datapoint.comment.clone()]
    });
    let mut text = format!("{heading}\n\n{}\n", table(&["Day", "Value", "Comment"], rows));
    if preview.plan.datapoints.is_empty() {
        text = format!("{heading}\n\nNothing was measured in those days that would be sent.\n");
    }
    for decision in preview.plan.decisions.iter().filter(|decision| decision.request_id.is_none()) {
        text += &format!(
            "\n{} {}: {}",
            decision.day.0.format("%Y-%m-%d"),
            preview.rule.clock_time(decision.measured_at),
            decision.reason.sentence()
        );
    }
    text
}

fn preview_day(preview: &Preview, datapoint: &Datapoint) -> String {
    match datapoint.moment {
        Moment::At(moment) => preview.rule.day_of(moment).0,
        Moment::On(day) => day.0,
    }
    .format("%Y-%m-%d")
    .to_string()
}

fn line(link: &Link) -> String {
    format!("{}: {} → {}", link.id, link.feed, link.slug)
}

fn link_json(link: &Link) -> Value {
    let mut value =
        json!({"id": link.id, "goal": link.slug, "since": link.since, "sends": link.feed.to_string()});
    match link.feed {
        Feed::Track { kind, unit, take } => {
            value["track"] = json!(kind);
            value["unit"] = json!(unit);
            value["take"] = json!(take);
        }
        Feed::Count { set, once_a_day } => {
            value["count"] = json!(set.name());
            value["once_a_day"] = json!(once_a_day);
        }
    }
    value
}

fn misfits_json(misfits: &[Misfit]) -> Value {
    misfits.iter().map(|misfit| json!({"code": misfit.code(), "message": misfit.to_string()})).collect()
}

fn warn(misfits: &[Misfit], output: Output) {
    for misfit in misfits {
        output.progress(&format!("Warning: {misfit}"));
    }
}

/// Reads what to send and where to. A wrong word is answered with all the right ones.
fn read_feed(args: &FeedArgs) -> anyhow::Result<(GoalSlug, Feed)> {
    let slug = GoalSlug(args.goal.clone().context("Say which goal with --goal NAME; see “bws goals”")?);
    let feed = match (&args.track, &args.count) {
        (Some(kind), None) => {
            let kinds = || KINDS.iter().map(|info| info.name).collect::<Vec<_>>().join(", ");
            let kind = MeasureKind::named(kind)
                .with_context(|| format!("There is no kind “{kind}”. There are: {}", kinds()))?;
            Feed::Track {
                kind,
                unit: read_unit(args.unit.as_deref(), kind)?,
                take: read_take(args.take.as_deref())?,
            }
        }
        (None, Some(set)) => {
            let sets = || MeasureSet::ALL.map(MeasureSet::name).join(", ");
            let set = MeasureSet::named(set)
                .with_context(|| format!("There is no set “{set}”. There are: {}", sets()))?;
            Feed::Count { set, once_a_day: args.once_a_day }
        }
        _ => anyhow::bail!("Say what to send: --track KIND or --count SET"),
    };
    Ok((slug, feed))
}

fn read_unit(name: Option<&str>, kind: MeasureKind) -> anyhow::Result<Unit> {
    let choices = kind.unit().choices();
    let Some(name) = name else {
        return Ok(kind.unit());
    };
    Unit::named(name).filter(|unit| choices.contains(unit)).with_context(|| {
        let names = choices.iter().map(|unit| unit.name()).collect::<Vec<_>>().join(", ");
        format!("{} cannot be sent in “{name}”. It can be in: {names}", kind.label())
    })
}

fn read_take(name: Option<&str>) -> anyhow::Result<Take> {
    let Some(name) = name else {
        return Ok(Take::Every);
    };
    Take::named(name).with_context(|| {
        format!(
            "There is no way to take “{name}”. There are: {}",
            Take::VARIANTS.iter().map(|take| take.name()).collect::<Vec<_>>().join(", ")
        )
    })
}

fn read_since(text: &str) -> anyhow::Result<Since> {
    if text == "now" {
        return Ok(Since::Now);
    }
    let day =
        text.parse().with_context(|| format!("“{text}” is no day; write it as 2026-11-23, or “now”"))?;
    Ok(Since::Day(day))
}
