//! Reads from arguments what a link sends. A wrong word is answered with the nearest right ones.

use chrono::{DateTime, Utc};
use strum::VariantArray;

use super::args::{FeedArgs, OptionArgs, YesNo, values};
use super::exit::CalledWrongly;
use crate::app::{App, Since};
use crate::domain::goal::GoalSlug;
use crate::domain::link::Feed;
use crate::domain::link::Options;
use crate::domain::measure::kind::{KINDS, KindInfo, MeasureKind};
use crate::domain::measure::measure_set::{MeasureSet, NAMED_SETS};
use crate::domain::measure::take::Take;
use crate::domain::measure::unit::Unit;
use crate::domain::measure::workout;
use crate::text::nearest::nearest;

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
    let goal = args.goal.clone().filter(|goal| !goal.trim().is_empty());
    let no_goal = || CalledWrongly::new("Say which goal with --goal NAME; see “bws goals”");
    let slug = GoalSlug(goal.ok_or_else(no_goal)?);
    let feed = match (&args.track, &args.count) {
        (Some(kind), None) => track(kind, args)?,
        (None, Some(set)) => Feed::Count { set: read_set(set)?, once_a_day: args.once_a_day },
        _ => anyhow::bail!(what_to_send()),
    };
    Ok((slug, feed))
}

/// Reads a change: what is not mentioned stays as it is.
pub(super) fn changed(args: &FeedArgs, feed: &Feed) -> anyhow::Result<Feed> {
    anyhow::ensure!(
        args.goal.is_none(),
        CalledWrongly::new(
            "A link cannot be moved to another goal. Remove it, and make one for the other goal."
        )
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
                CalledWrongly::new("A count has no unit and takes no values")
            );
            Ok(feed.clone())
        }
        (Some(_), Some(_), _) => anyhow::bail!(what_to_send()),
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
        let category = |name: &String| {
            let names = workout::names();
            let unknown = || unknown("type of workout", name, &names, "Withings' number does as well.");
            workout::named(name).ok_or_else(unknown).map_err(anyhow::Error::from)
        };
        options.categories = args.workout.iter().map(category).collect::<anyhow::Result<_>>()?;
    }
    options.manual = args.typed_in.map_or(options.manual, |answer| answer == YesNo::Yes);
    options.ambiguous = args.ambiguous.map_or(options.ambiguous, |answer| answer == YesNo::Yes);
    options.decimals = args.decimals.or(options.decimals);
    options.comment = args.comment.clone().or(options.comment);
    Ok(options)
}

fn what_to_send() -> CalledWrongly {
    CalledWrongly::new("Say what to send: --track KIND or --count SET; see “bws kinds”")
}

/// Says that there is no such name, and which few were likely meant.
fn unknown(what: &str, name: &str, names: &[&str], otherwise: &str) -> CalledWrongly {
    let near = nearest(name, names.iter().copied());
    let meant = if near.is_empty() { String::new() } else { format!(" Did you mean {}?", or(&near)) };
    CalledWrongly::new(format!("There is no {what} “{name}”.{meant} {otherwise}"))
}

/// Names as a person lists them.
fn or(names: &[&str]) -> String {
    match names {
        [rest @ .., last] if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => names.concat(),
    }
}

fn track(kind: &str, args: &FeedArgs) -> anyhow::Result<Feed> {
    let names: Vec<_> = KINDS.iter().filter(|info| info.is_trackable()).map(|info| info.name).collect();
    let kind = MeasureKind::named(kind)
        .filter(|kind| kind.info().is_some_and(KindInfo::is_trackable))
        .ok_or_else(|| unknown("kind", kind, &names, "“bws kinds” lists them all."))?;
    Ok(Feed::Track {
        kind,
        unit: read_unit(args.unit.as_deref(), kind, kind.unit())?,
        take: read_take(args.take.as_deref(), kind.day_take())?,
    })
}

fn read_set(set: &str) -> Result<MeasureSet, CalledWrongly> {
    MeasureSet::named(set).ok_or_else(|| {
        let countable = KINDS.iter().filter(|info| MeasureSet::of(vec![info.kind]).is_some());
        let kinds: Vec<_> = countable.map(|info| info.name).collect();
        let all =
            "“bws kinds” lists what can be counted, and kinds can be put together, as weight+heart-rate.";
        let is_kind = |part: &&str| kinds.iter().any(|kind| kind.eq_ignore_ascii_case(part.trim()));
        match set.split('+').find(|part| !is_kind(part)) {
            Some(part) if set.contains('+') => unknown("countable kind", part.trim(), &kinds, all),
            _ => {
                let sets = NAMED_SETS.iter().map(|set| set.name);
                unknown("set", set, &sets.chain(kinds.iter().copied()).collect::<Vec<_>>(), all)
            }
        }
    })
}

fn read_unit(name: Option<&str>, kind: MeasureKind, usual: Unit) -> anyhow::Result<Unit> {
    let Some(name) = name else {
        return Ok(usual);
    };
    let choices = kind.unit().choices();
    Unit::named(name).filter(|unit| choices.contains(unit)).ok_or_else(|| {
        let names = choices.iter().map(|unit| unit.name()).collect::<Vec<_>>().join(", ");
        CalledWrongly::new(format!("{} cannot be sent in “{name}”. It can be in: {names}.", kind.label()))
            .into()
    })
}

fn read_take(name: Option<&str>, usual: Take) -> anyhow::Result<Take> {
    let Some(name) = name else {
        return Ok(usual);
    };
    Take::named(name).ok_or_else(|| {
        let names = Take::VARIANTS.iter().map(|take| take.name()).collect::<Vec<_>>().join(", ");
        CalledWrongly::new(format!("There is no way to take “{name}”. There are: {names}.")).into()
    })
}

/// Reads a start.
pub(super) fn since(text: &str) -> anyhow::Result<Since> {
    if text == "now" {
        return Ok(Since::Now);
    }
    let wrong = |_| CalledWrongly::new(format!("“{text}” is no day; write it as 2026-11-23, or “now”"));
    Ok(Since::Day(values::day(text).map_err(wrong)?))
}
