//! Nights and workouts of a day of which the same stretch of time may be told more than once: by mat and
//! watch, by a watch and an app that relays it, by copies of one night that grow, by a session inside
//! another. It counts once. Pure.

use std::cmp::Reverse;
use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;

use crate::domain::day::Daystamp;
use crate::domain::measure::kind::{MeasureKind, Source};
use crate::domain::measure::measurement::{GroupId, MeasureGroup};
use crate::domain::measure::take::Take;
use crate::domain::plan::take_from;

/// Whoever gets up for less than this in the night has slept one night.
const UP_AT_NIGHT: TimeDelta = TimeDelta::minutes(90);

/// A row, with the value it would have alone, and what of its time better rows of another day tell.
pub(super) type Telling<'a> = (&'a MeasureGroup, Decimal, &'a [Span]);

/// The value of a day.
#[derive(Debug, PartialEq)]
pub(super) struct Told {
    pub(super) value: Decimal,
    /// The rows it is made of, by their place.
    pub(super) counted: Vec<usize>,
    /// Which of how many it is; empty when there is no choice.
    pub(super) choice: String,
}

/// How rows that belong together become one value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// A length of time: that of the union.
    Length,
    /// An amount within the time: that of the longest row, and of the others as far as they tell of a time
    /// that is not told yet. One that tells the same for the most part only differs in where it begins.
    Amount,
    /// The same, whole.
    Number,
    /// The value of the row that begins first.
    First,
    /// The value of the row that ends last.
    Last,
    /// The value of the longest row.
    Main,
}

fn way(kind: MeasureKind) -> Way {
    match kind.0 {
        1_000_102 | 1_000_202 => Way::Length,
        1_000_201 => Way::Number,
        1_000_108 | 1_000_110 => Way::First,
        1_000_111 => Way::Last,
        _ if kind.day_take() == Take::Sum => Way::Amount,
        _ => Way::Main,
    }
}

/// The value of a day's rows; `None` for kinds that come in no stretches of time. `rows` is not empty.
pub(super) fn told(kind: MeasureKind, take: Take, candidates: &[Telling<'_>]) -> Option<Told> {
    let source = kind.source();
    if !source.is_of_stretches() {
        return None;
    }
    let rows = shares(way(kind), candidates);
    let stretches: Vec<Stretch> = if source == Source::Sleep {
        sleeps(&rows)
    } else {
        rows.iter().filter(|row| row.share > Decimal::ZERO).map(|row| vec![*row]).collect()
    }
    .iter()
    .map(|rows| stretch(way(kind), rows))
    .collect();
    let all = || stretches.iter().flat_map(|stretch| stretch.counted.clone()).collect::<Vec<_>>();
    let values: Vec<_> = stretches.iter().map(|stretch| stretch.value).collect();
    let (value, counted, label, of) = if take == Take::Sum {
        (values.iter().sum(), all(), take.label(), all().len())
    } else if take == kind.day_take() {
        let longest = stretches.iter().min_by_key(|stretch| Reverse(stretch.length))?;
        (longest.value, longest.counted.clone(), "longest", stretches.len())
    } else {
        let (value, chosen) = take_from(take, &values);
        let counted = chosen.map_or_else(all, |chosen| stretches[chosen].counted.clone());
        (value, counted, take.label(), stretches.len())
    };
    let choice = if of > 1 { format!("{label} of {of}") } else { String::new() };
    Some(Told { value, counted, choice })
}

pub(super) type Span = (DateTime<Utc>, DateTime<Utc>);

/// What of the time of nights and workouts is told by better rows of another day.
///
/// Each row comes with its day, and whether that is the date where the user lives. A copy that ended before
/// midnight is dated a day before the whole, and a watch may still go by the zone of a journey: better is what
/// is dated right, then what is longer.
pub(super) fn elsewhere<'a>(
    rows: impl Iterator<Item = (&'a MeasureGroup, Daystamp, bool)>,
) -> HashMap<GroupId, Vec<Span>> {
    let mut rows: Vec<_> =
        rows.filter_map(|(group, day, fits)| Some((group.span()?, group, day, fits))).collect();
    rows.sort_by_key(|(span, group, ..)| (*span, group.id));
    let mut told: HashMap<GroupId, Vec<Span>> = HashMap::new();
    for (place, first) in rows.iter().enumerate() {
        let until = first.0.1;
        for second in rows[place + 1..].iter().take_while(|second| second.0.0 < until) {
            if first.1.source != second.1.source || first.2 == second.2 {
                continue;
            }
            let rank = |row: &(Span, &MeasureGroup, Daystamp, bool)| (row.3, row.1.length, Reverse(row.1.id));
            let (better, worse) = if rank(first) > rank(second) { (first, second) } else { (second, first) };
            add(told.entry(worse.1.id).or_default(), better.0);
        }
    }
    told
}

/// Whether better rows of another day tell so much of a row that it does not count for its own.
pub(super) fn is_told(kind: MeasureKind, group: &MeasureGroup, elsewhere: &[Span]) -> bool {
    let Some(span) = group.span().filter(|_| !elsewhere.is_empty()) else {
        return false;
    };
    let (length, is_within_one) = (span.1 - span.0, elsewhere.iter().any(|told| is_within(span, *told)));
    let own = length - covered(span, elsewhere);
    match way(kind) {
        way @ (Way::Length | Way::Amount) => share(way, own, length, is_within_one) == Decimal::ZERO,
        Way::Number | Way::First | Way::Last | Way::Main => is_within_one || own * 2 <= length,
    }
}

/// One row, and how much of it counts.
#[derive(Clone, Copy)]
struct Row {
    place: usize,
    span: Option<Span>,
    value: Decimal,
    share: Decimal,
    /// How much of its time no longer row tells.
    own: TimeDelta,
    /// Its place among the rows from the longest to the shortest.
    rank: usize,
}

/// Says of each row how much of it counts, longest first.
fn shares(way: Way, candidates: &[Telling<'_>]) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut told: Vec<Span> = Vec::new();
    for (rank, place) in longest_first(candidates).into_iter().enumerate() {
        let (group, value, elsewhere) = candidates[place];
        let row = |share, own| Row { place, span: group.span(), value, share, own, rank };
        let Some(span) = group.span() else {
            rows.push(row(Decimal::ONE, TimeDelta::zero()));
            continue;
        };
        let length = span.1 - span.0;
        let mut told_of_it = told.clone();
        elsewhere.iter().for_each(|span| add(&mut told_of_it, *span));
        let own = length - covered(span, &told_of_it);
        rows.push(row(share(way, own, length, told_of_it.iter().any(|told| is_within(span, *told))), own));
        add(&mut told, span);
    }
    rows.sort_by_key(|row| row.place);
    rows
}

fn share(way: Way, own: TimeDelta, length: TimeDelta, is_told: bool) -> Decimal {
    let part = || Decimal::from(own.num_seconds()) / Decimal::from(length.num_seconds().max(1));
    match way {
        _ if length == TimeDelta::zero() => Decimal::from(u8::from(!is_told)),
        Way::Amount if own * 4 < length => Decimal::ZERO,
        Way::Number if own * 2 <= length => Decimal::ZERO,
        Way::Length | Way::Amount => part(),
        Way::Number | Way::First | Way::Last | Way::Main => Decimal::ONE,
    }
}

/// The places of the rows, longest first. Of two that are about as long and tell the same, the one that a
/// device told knows more than the one that an app relayed.
fn longest_first(candidates: &[Telling<'_>]) -> Vec<usize> {
    let length = |place: &usize| candidates[*place].0.length.unwrap_or_default();
    let has_device = |place: &usize| candidates[*place].0.device.is_some();
    let mut left: Vec<usize> = (0..candidates.len()).collect();
    left.sort_by_key(|place| {
        let (group, value, _) = candidates[*place];
        (Reverse(length(place)), !has_device(place), Reverse(value), group.id)
    });
    let mut order = Vec::new();
    while let Some(first) = left.first().copied() {
        let tells_the_same = |place: &usize| {
            let (Some(one), Some(other)) = (candidates[first].0.span(), candidates[*place].0.span()) else {
                return false;
            };
            length(place) * 10 >= length(&first) * 9 && covered(other, &[one]) * 2 > length(place)
        };
        let better = || left.iter().position(|place| has_device(place) && tells_the_same(place));
        let next = if has_device(&first) { None } else { better() };
        order.push(left.remove(next.unwrap_or(0)));
    }
    order
}

/// How much of a span lies within others, which do not overlap.
fn covered(span: Span, others: &[Span]) -> TimeDelta {
    others.iter().map(|other| (span.1.min(other.1) - span.0.max(other.0)).max(TimeDelta::zero())).sum()
}

fn is_within(span: Span, other: Span) -> bool {
    other.0 <= span.0 && span.1 <= other.1
}

/// Adds a span to others so that none overlap.
fn add(spans: &mut Vec<Span>, mut span: Span) {
    spans.retain(|other| {
        let meets = other.0 <= span.1 && span.0 <= other.1;
        if meets {
            span = (span.0.min(other.0), span.1.max(other.1));
        }
        !meets
    });
    spans.push(span);
}

/// Puts the rows of one sleep together, in the order in which they began.
fn sleeps(rows: &[Row]) -> Vec<Vec<Row>> {
    let mut rows = rows.to_vec();
    rows.sort_by_key(|row| (row.span, row.place));
    let mut sleeps: Vec<(Vec<Row>, Option<DateTime<Utc>>)> = Vec::new();
    for row in rows {
        match (sleeps.last_mut(), row.span) {
            (Some((sleep, Some(end))), Some(span)) if span.0 - *end < UP_AT_NIGHT => {
                sleep.push(row);
                *end = span.1.max(*end);
            }
            _ => sleeps.push((vec![row], row.span.map(|span| span.1))),
        }
    }
    sleeps.into_iter().map(|(sleep, _)| sleep).collect()
}

/// One sleep, or one workout.
struct Stretch {
    value: Decimal,
    counted: Vec<usize>,
    length: TimeDelta,
}

/// Makes one value of rows that belong together. `rows` is not empty.
fn stretch(way: Way, rows: &[Row]) -> Stretch {
    let one = match way {
        Way::Length | Way::Amount | Way::Number => None,
        Way::First => rows.iter().min_by_key(|row| (row.span.map(|span| span.0), row.rank)),
        Way::Last => rows.iter().min_by_key(|row| (Reverse(row.span.map(|span| span.1)), row.rank)),
        Way::Main => rows.iter().min_by_key(|row| row.rank),
    };
    let length = rows.iter().map(|row| row.own).sum();
    match one {
        Some(row) => Stretch { value: row.value, counted: vec![row.place], length },
        None => Stretch {
            value: rows.iter().map(|row| row.value * row.share).sum(),
            counted: rows.iter().filter(|row| row.share > Decimal::ZERO).map(|row| row.place).collect(),
            length,
        },
    }
}

#[cfg(test)]
mod tests;
