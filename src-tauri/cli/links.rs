//! `bws link` and `bws preview`.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::args::{ChangeArgs, ExistingArg, LinkAction, LinkArgs};
use super::exit::{CalledWrongly, Exit};
use super::feed;
use super::output::{Output, counted, local, sparkline, table};
use crate::app::{App, Change, Existing, Preview};
use crate::domain::datapoint::Datapoint;
use crate::domain::link::Feed;
use crate::domain::link::misfit::Misfit;
use crate::domain::link::{Link, LinkId, Options};
use crate::store;
use crate::text::sentence;

pub(super) async fn run(
    app: &App,
    action: LinkAction,
    now: DateTime<Utc>,
    output: Output,
) -> anyhow::Result<Exit> {
    match action {
        LinkAction::Add { link, since } => {
            let (slug, feed) = feed::read_for(app, &link.feed, now).await?;
            let options = feed::options(&link.options, &Options::default())?;
            let added = app.add_link(&slug, feed, options, feed::since(&since)?, now).await?;
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
                        sends(link),
                        link.since.format("%Y-%m-%d %H:%M UTC").to_string(),
                    ]
                });
                table(&["Link", "Goal", "Sends", "Since"], rows)
            })?;
        }
        LinkAction::Show { id } => show(app, LinkId(id), output)?,
        LinkAction::Change { id, link, how } => {
            change(app, LinkId(id), &link, &how, now, output).await?;
        }
        LinkAction::Remove { id, datapoints: true } => {
            let removed = app.remove_link_with_datapoints(LinkId(id), now)?;
            output.show(&json!({"removed": id, "datapoints": removed}), || {
                format!(
                    "Removed link {id}. {} removed at Beeminder with the next pass.",
                    counted(i64::try_from(removed).unwrap_or(i64::MAX), "datapoint is", "datapoints are")
                )
            })?;
        }
        LinkAction::Remove { id, datapoints: false } => {
            let unsent = app.remove_link(LinkId(id), now)?;
            output.show(&json!({"removed": id, "not_sent": unsent}), || {
                format!(
                    "Removed link {id}. What is at Beeminder stays there. {} not been sent yet and will not be. \
                     “bws link restore {id}” takes it back.",
                    counted(i64::try_from(unsent).unwrap_or(i64::MAX), "datapoint has", "datapoints have")
                )
            })?;
        }
        LinkAction::Restore { id } => {
            let link = app.restore_link(LinkId(id), now)?;
            output.show(&link_json(&link), || format!("Link {}\nIt sends again as before.", line(&link)))?;
        }
    }
    Ok(Exit::Fine)
}

/// Shows what a change would do, and does it when told to.
async fn change(
    app: &App,
    id: LinkId,
    args: &LinkArgs,
    &ChangeArgs { existing, yes }: &ChangeArgs,
    now: DateTime<Utc>,
    output: Output,
) -> anyhow::Result<()> {
    let link = app.link(id)?;
    let feed = feed::changed(&args.feed, &link.feed)?;
    let options = feed::options(&args.options, &link.options)?;
    let change = app.preview_change(id, &feed, &options, now)?;
    let misfits = match app.misfits_of_change(id, &feed, &options, now).await {
        Ok(misfits) => misfits,
        Err(error) => {
            output.progress(&format!("Warning: whether the goal suits this is not known. {error:#}"));
            Vec::new()
        }
    };
    warn(&misfits, output);
    let new = Link { feed: feed.clone(), options: options.clone(), ..link };
    let value = json!({"link": id, "sends": sends(&new), "added": change.added.len(),
        "updated": change.updated.len(), "removed": change.unwanted.len(), "same": change.same, "done": yes,
        "warnings": misfits_json(&misfits)});
    let mut text = format!("Link {}\n{}\n", line(&new), what_becomes(&change, existing));
    if matches!(existing, ExistingArg::Update) {
        for (known, wanted) in change.updated.iter().take(MOST_SHOWN) {
            text += &format!("  {}: {} → {}\n", wanted.request_id, known.datapoint.value, wanted.value);
        }
        for known in change.unwanted.iter().take(MOST_SHOWN) {
            text += &format!("  {}: {} → removed\n", known.datapoint.request_id, known.datapoint.value);
        }
    }
    if yes {
        let existing = match existing {
            ExistingArg::Update => Existing::Update,
            ExistingArg::Leave => Existing::Leave,
            ExistingArg::Remove => Existing::Remove,
        };
        let link = app.change_link(id, &feed, &options, existing, now).await?;
        text += &format!("Done, as link {}. The next pass tells Beeminder.", link.id);
    } else {
        text += "Nothing was changed. Add --yes to do it; --existing leave or remove treats what is there otherwise.";
    }
    output.show(&value, || text)
}

/// How many datapoints of each kind a change shows.
const MOST_SHOWN: usize = 10;

/// What becomes of the datapoints at Beeminder, in words.
fn what_becomes(change: &Change, existing: ExistingArg) -> String {
    let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let there = change.updated.len() + change.unwanted.len() + change.same;
    let there = counted(number(there), "datapoint", "datapoints");
    match existing {
        ExistingArg::Update => format!(
            "At Beeminder: {} new, {} otherwise, {} removed, {} as before.",
            change.added.len(),
            change.updated.len(),
            change.unwanted.len(),
            change.same
        ),
        ExistingArg::Leave => {
            format!("At Beeminder {there} stay as they are; the change counts from now on.")
        }
        ExistingArg::Remove => format!("At Beeminder {there} are removed; the change counts from now on."),
    }
}

/// What a link sends, with its options.
fn sends(link: &Link) -> String {
    let options = link.options.to_string();
    if options.is_empty() { link.feed.to_string() } else { format!("{} ({options})", link.feed) }
}

fn show(app: &App, id: LinkId, output: Output) -> anyhow::Result<()> {
    let link = app.link(id)?;
    let (goal, time_zone) = app.linked_goal(&link)?;
    let latest = app.store.read(|conn| store::datapoint::latest_values(conn, id, 60))?;
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
    args: &LinkArgs,
    days: u64,
    now: DateTime<Utc>,
    output: Output,
) -> anyhow::Result<Exit> {
    let LinkArgs { feed, options } = args;
    let (slug, feed, options) = match id {
        Some(id) => {
            let link = app.link(LinkId(id))?;
            (link.slug, link.feed, feed::options(options, &link.options)?)
        }
        None => {
            let is_described = feed.goal.is_some() || feed.track.is_some() || feed.count.is_some();
            anyhow::ensure!(
                is_described,
                CalledWrongly::new(
                    "Say what to preview: a link's number from “bws link list”, or --goal NAME with --track KIND or \
                 --count SET"
                )
            );
            let (slug, feed) = feed::read_for(app, feed, now).await?;
            (slug, feed, feed::options(options, &Options::default())?)
        }
    };
    let preview = app.preview_of(id.map(LinkId), &slug, feed, options, days, now).await?;
    warn(&preview.misfits, output);
    if let Some(trouble) = &preview.trouble {
        output
            .warn(&format!("the newest measurements may be missing. {}", sentence::whole(&trouble.message)));
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
            crate::text::word("reason", decision.reason.code()).unwrap_or_default()
        );
    }
    text
}

fn preview_day(preview: &Preview, datapoint: &Datapoint) -> String {
    datapoint.day(preview.rule).0.format("%Y-%m-%d").to_string()
}

fn line(link: &Link) -> String {
    format!("{}: {} → {}", link.id, sends(link), link.slug)
}

fn link_json(link: &Link) -> Value {
    let mut value = json!({"id": link.id, "goal": link.slug, "since": link.since, "sends": sends(link),
            "options": link.options});
    match &link.feed {
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
        output.warn(&misfit.to_string());
    }
}
