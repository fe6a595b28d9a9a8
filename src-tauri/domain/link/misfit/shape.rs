//! Tells whether a goal's aggregation suits what is to be sent: whether days add up, and how the datapoints of
//! one day become one. Pure.
//!
//! The words of `aggday` are those of Beeminder's graph code
//! (<https://github.com/beeminder/road>, `AGGR` in `beebrain.js`).

use crate::domain::goal::Goal;
use crate::domain::link::Feed;
use crate::domain::link::misfit::Misfit;
use crate::domain::measure::kind::{MeasureKind, Source};
use crate::domain::measure::take::Take;
use crate::domain::measure::unit::Unit;

/// What a goal makes of the datapoints of one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Aggregation {
    /// One of them, or something between them.
    OneOf,
    /// All of them together.
    Sum,
    /// All of them together, up to some most.
    CappedSum,
    /// How many there are.
    Count,
    /// 1 if there are any.
    Occurs,
    /// Something that fits neither values nor counts.
    Otherwise,
    /// Not told: the goal is new.
    Untold,
    /// A word that this program does not know.
    Unknown,
}

fn aggregation(aggday: &str) -> Aggregation {
    match aggday {
        "first" | "last" | "min" | "max" | "mean" | "truemean" | "uniqmean" | "trimmean" | "median"
        | "mode" => Aggregation::OneOf,
        "sum" => Aggregation::Sum,
        "cap1" | "skatesum" | "kyshoc" => Aggregation::CappedSum,
        "count" => Aggregation::Count,
        "binary" | "nonzero" | "jolly" => Aggregation::Occurs,
        "triangle" | "square" | "clocky" | "sqrt" => Aggregation::Otherwise,
        "" => Aggregation::Untold,
        _ => Aggregation::Unknown,
    }
}

/// What is sent, as far as it matters to how datapoints come together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sent {
    /// Values that must not be added, several a day.
    Values,
    /// Values that must not be added, one a day.
    DailyValue,
    /// One amount a day; days make sense together.
    DailyAmount,
    /// 1s, several a day.
    Counts,
    /// One 1 a day.
    DailyCount,
}

fn sent(feed: &Feed) -> Sent {
    match feed {
        Feed::Track { kind, .. } if adds_up(*kind) => Sent::DailyAmount,
        Feed::Track { take: Take::Every, .. } => Sent::Values,
        Feed::Track { .. } => Sent::DailyValue,
        Feed::Count { once_a_day: false, .. } => Sent::Counts,
        Feed::Count { once_a_day: true, .. } => Sent::DailyCount,
    }
}

/// Whether the days of a kind make sense together: steps and hours do, weights and scores do not.
fn adds_up(kind: MeasureKind) -> bool {
    let is_amount = matches!(
        kind.unit(),
        Unit::Step
            | Unit::Floor
            | Unit::Minute
            | Unit::Hour
            | Unit::Kilometre
            | Unit::Kilocalorie
            | Unit::Number
    );
    kind.source() != Source::Measure && is_amount
}

/// Lists what the goal would make of `feed` that nobody can mean.
pub(super) fn misfits(goal: &Goal, feed: &Feed) -> Vec<Misfit> {
    let mut found = Vec::new();
    if let Feed::Track { kind, take: Take::Sum, .. } = feed
        && !adds_up(*kind)
    {
        found.push(Misfit::TakeAdds);
    }
    found.extend(misfit(goal, sent(feed)));
    found
}

fn misfit(goal: &Goal, sent: Sent) -> Option<Misfit> {
    if goal.odometer {
        return Some(Misfit::Odometer);
    }
    let aggday = || goal.aggday.clone();
    let only_counts = || Some(Misfit::CountsOnly(aggday()));
    match (aggregation(&goal.aggday), sent) {
        (Aggregation::Otherwise, Sent::DailyCount) if goal.aggday != "clocky" && goal.summing => None,
        (Aggregation::Otherwise, _) => Some(Misfit::WorksOutOtherwise(aggday())),
        (Aggregation::Unknown, _) => Some(Misfit::UnknownAggregation(aggday())),
        (Aggregation::Count | Aggregation::Occurs, Sent::Values | Sent::DailyValue | Sent::DailyAmount) => {
            only_counts()
        }
        (Aggregation::Occurs, Sent::Counts) if goal.summing => Some(Misfit::DropsValues(aggday())),
        (Aggregation::OneOf, Sent::Counts) if goal.summing => Some(Misfit::DropsValues(aggday())),
        (Aggregation::Sum | Aggregation::Count, Sent::Counts) => None,
        // "kyshoc" stops at 2600, which no count of a day reaches.
        (Aggregation::CappedSum, Sent::DailyCount | Sent::Counts)
            if goal.summing && goal.aggday == "kyshoc" =>
        {
            None
        }
        (Aggregation::CappedSum, Sent::Counts) if goal.summing && goal.aggday == "cap1" => {
            Some(Misfit::DropsValues(aggday()))
        }
        (Aggregation::CappedSum, Sent::DailyCount) if goal.summing && goal.aggday == "cap1" => None,
        (_, Sent::Counts | Sent::DailyCount) if !goal.summing => Some(Misfit::DoesNotCount),
        (_, Sent::Values | Sent::DailyValue) if goal.summing => Some(Misfit::SumsValues),
        (Aggregation::CappedSum, _) => Some(Misfit::CapsSum(aggday())),
        (Aggregation::Sum, Sent::Values) => Some(Misfit::AddsWithinDay),
        (_, Sent::DailyAmount) if !goal.summing => Some(Misfit::DoesNotSum),
        (
            Aggregation::OneOf
            | Aggregation::Sum
            | Aggregation::Count
            | Aggregation::Occurs
            | Aggregation::Untold,
            _,
        ) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::goal::tests::goal;
    use crate::domain::measure::measure_set::MeasureSet;

    fn feeds() -> [Feed; 5] {
        let weight = |take| Feed::Track { kind: MeasureKind::WEIGHT, unit: Unit::Kilogram, take };
        let steps = Feed::Track { kind: MeasureKind::STEPS, unit: Unit::Step, take: Take::Max };
        let count = |once_a_day| Feed::Count { set: MeasureSet::weight(), once_a_day };
        [weight(Take::Every), weight(Take::Last), steps, count(false), count(true)]
    }

    fn codes(summing: bool, odometer: bool, aggday: &str) -> [String; 5] {
        let goal = Goal { summing, odometer, aggday: aggday.into(), ..goal() };
        feeds().map(|feed| misfits(&goal, &feed).iter().map(Misfit::code).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn every_way_to_make_one_of_a_day_is_judged_for_everything_that_is_sent() {
        let (one_of, summed) = (
            ["", "", "does_not_sum", "does_not_count", "does_not_count"],
            ["sums_values", "sums_values", "", "", ""],
        );
        let dropped = ["sums_values", "sums_values", "", "drops_values", ""];
        let caps_one = ["caps_sum", "caps_sum", "caps_sum", "does_not_count", "does_not_count"];
        let occurs = ["counts_only", "counts_only", "counts_only", "does_not_count", "does_not_count"];
        let otherwise = ["works_out_otherwise"; 5];
        for (aggdays, values, sums) in [
            (
                &[
                    "first", "last", "min", "max", "mean", "truemean", "uniqmean", "trimmean", "median",
                    "mode",
                ][..],
                one_of,
                dropped,
            ),
            (&["sum"], ["adds_within_day", "", "does_not_sum", "", "does_not_count"], summed),
            (&["cap1"], caps_one, ["sums_values", "sums_values", "caps_sum", "drops_values", ""]),
            (&["skatesum"], caps_one, ["sums_values", "sums_values", "caps_sum", "caps_sum", "caps_sum"]),
            (&["kyshoc"], caps_one, ["sums_values", "sums_values", "caps_sum", "", ""]),
            (
                &["count"],
                ["counts_only", "counts_only", "counts_only", "", "does_not_count"],
                ["counts_only", "counts_only", "counts_only", "", ""],
            ),
            (
                &["binary", "nonzero", "jolly"],
                occurs,
                ["counts_only", "counts_only", "counts_only", "drops_values", ""],
            ),
            (
                &["triangle", "square", "sqrt"],
                otherwise,
                [
                    "works_out_otherwise",
                    "works_out_otherwise",
                    "works_out_otherwise",
                    "works_out_otherwise",
                    "",
                ],
            ),
            (&["clocky"], otherwise, otherwise),
            (&[""], one_of, summed),
            (&["of_tomorrow"], ["unknown_aggregation"; 5], ["unknown_aggregation"; 5]),
        ] {
            for aggday in aggdays {
                assert_eq!(codes(false, false, aggday), values, "{aggday}, values as they are");
                assert_eq!(codes(true, false, aggday), sums, "{aggday}, added up");
                assert_eq!(codes(false, true, aggday), ["odometer"; 5], "{aggday}, odometer");
            }
        }
    }

    #[test]
    fn a_sum_of_weights_is_no_weight() {
        let sum = |kind: MeasureKind| Feed::Track { kind, unit: kind.unit(), take: Take::Sum };
        let found = |kind| misfits(&goal(), &sum(kind)).iter().map(Misfit::code).collect::<Vec<_>>();
        assert_eq!(found(MeasureKind::WEIGHT), ["take_adds"]);
        assert_eq!(found(MeasureKind::SLEEP_DURATION), ["does_not_sum"]);
    }
}
