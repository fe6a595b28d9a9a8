//! What a link sends, read from arguments. A wrong word is answered with all the right ones.

use anyhow::Context;
use chrono::{DateTime, Utc};
use strum::VariantArray;

use super::args::{FeedArgs, OptionArgs, YesNo};
use crate::app::{App, Since};
use crate::goal::GoalSlug;
use crate::kind::{KINDS, KindInfo, MeasureKind};
use crate::link::{Feed, Options, Take};
use crate::measure_set::{MeasureSet, NAMED_SETS};
use crate::unit::Unit;
use crate::workout;

/// Reads what to send and where to; without a unit in that of the goal.
pub(super) async fn read_for(
    app: &App,
    args: &FeedArgs,
    now: DateTime<Utc>,
) -> anyhow::Result<(GoalSlug, Feed)> {
    let (slug, feed) = read(args)?;
    match feed {
        Feed::Track { kind, take, .. } if args.unit.is_none() => {
            let unit = app.unit_of_goal(&slug, kind, now).await?;
            Ok((slug, Feed::Track { kind, unit, take }))
        }
        feed @ (Feed::Track { .. } | Feed::Count { .. }) => Ok((slug, feed)),
    }
}

/// Reads what to send and where to.
fn read(args: &FeedArgs) -> anyhow::Result<(GoalSlug, Feed)> {
    let slug = GoalSlug(args.goal.clone().context("Say which goal with --goal NAME; see “bws goals”")?);
    let feed = match (&args.track, &args.count) {
        (Some(kind), None) => track(kind, args)?,
        (None, Some(set)) => Feed::Count { set: read_set(set)?, once_a_day: args.once_a_day },
        _ => anyhow::bail!("Say what to send: --track KIND or --count SET"),
    };
    Ok((slug, feed))
}

/// Reads a change: what is not mentioned stays as it is.
pub(super) fn changed(args: &FeedArgs, feed: &Feed) -> anyhow::Result<Feed> {
    anyhow::ensure!(
        args.goal.is_none(),
        "A link cannot be moved to another goal. Remove it, and make one for the other goal"
    );
    match (&args.track, &args.count, feed) {
        (Some(kind), None, _) => track(kind, args),
        (None, Some(set), _) => Ok(Feed::Count { set: read_set(set)?, once_a_day: args.once_a_day }),
        (None, None, Feed::Track { kind, unit, take }) => Ok(Feed::Track {
            kind: *kind,
            unit: read_unit(args.unit.as_deref(), *kind, *unit)?,
            take: read_take(args.take.as_deref(), *take)?,
        }),
        (None, None, Feed::Count { .. }) => {
            anyhow::ensure!(
                args.unit.is_none() && args.take.is_none(),
                "A count has no unit and takes no values"
            );
            Ok(feed.clone())
        }
        (Some(_), Some(_), _) => anyhow::bail!("Say what to send: --track KIND or --count SET"),
    }
}

/// Reads options, starting from those a link has.
pub(super) fn options(args: &OptionArgs, known: &Options) -> anyhow::Result<Options> {
    let mut options = if args.no_options { Options::default() } else { known.clone() };
    options.from_time = args.from_time.or(options.from_time);
    options.until_time = args.until_time.or(options.until_time);
    if !args.device.is_empty() {
        options.devices.clone_from(&args.device);
    }
    if !args.workout.is_empty() {
        let sort = |name: &String| {
            let names = || workout::names().join(", ");
            workout::named(name).with_context(|| {
                format!("There is no sort of workout “{name}”. There are: {}; or Withings' number", names())
            })
        };
        options.categories = args.workout.iter().map(sort).collect::<anyhow::Result<_>>()?;
    }
    options.manual = args.typed_in.map_or(options.manual, |answer| answer == YesNo::Yes);
    options.ambiguous = args.ambiguous.map_or(options.ambiguous, |answer| answer == YesNo::Yes);
    options.decimals = args.decimals.or(options.decimals);
    options.comment = args.comment.clone().or(options.comment);
    Ok(options)
}

fn track(kind: &str, args: &FeedArgs) -> anyhow::Result<Feed> {
    let kinds = || {
        let names: Vec<_> = KINDS.iter().filter(|info| info.is_trackable()).map(|info| info.name).collect();
        names.join(", ")
    };
    let kind = MeasureKind::named(kind)
        .filter(|kind| kind.info().is_some_and(KindInfo::is_trackable))
        .with_context(|| format!("There is no kind “{kind}”. There are: {}", kinds()))?;
    Ok(Feed::Track {
        kind,
        unit: read_unit(args.unit.as_deref(), kind, kind.unit())?,
        take: read_take(args.take.as_deref(), kind.day_take())?,
    })
}

fn read_set(set: &str) -> anyhow::Result<MeasureSet> {
    let sets = || NAMED_SETS.iter().map(|set| set.name).collect::<Vec<_>>().join(", ");
    MeasureSet::named(set).with_context(|| {
        format!("There is no set “{set}”. There are: {}; or kinds put together, as weight+heart-rate", sets())
    })
}

fn read_unit(name: Option<&str>, kind: MeasureKind, usual: Unit) -> anyhow::Result<Unit> {
    let Some(name) = name else {
        return Ok(usual);
    };
    let choices = kind.unit().choices();
    Unit::named(name).filter(|unit| choices.contains(unit)).with_context(|| {
        let names = choices.iter().map(|unit| unit.name()).collect::<Vec<_>>().join(", ");
        format!("{} cannot be sent in “{name}”. It can be in: {names}", kind.label())
    })
}

fn read_take(name: Option<&str>, usual: Take) -> anyhow::Result<Take> {
    let Some(name) = name else {
        return Ok(usual);
    };
    Take::named(name).with_context(|| {
        format!(
            "There is no way to take “{name}”. There are: {}",
            Take::VARIANTS.iter().map(|take| take.name()).collect::<Vec<_>>().join(", ")
        )
    })
}

/// Reads a start.
pub(super) fn since(text: &str) -> anyhow::Result<Since> {
    if text == "now" {
        return Ok(Since::Now);
    }
    let day =
        text.parse().with_context(|| format!("“{text}” is no day; write it as 2026-11-23, or “now”"))?;
    Ok(Since::Day(day))
}
