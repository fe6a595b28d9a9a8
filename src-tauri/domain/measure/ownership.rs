//! Attributes ambiguous weigh-ins from the user's answers about others like them. Pure.
//!
//! A scale that is not sure who stood on it leaves the decision to the user. Answers are remembered as
//! ranges of weight, and only where two people cannot be mixed up.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound::Excluded;

use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::{Decimal, dec};

use crate::domain::measure::measurement::GroupId;

/// The groups that were decided on: whether they are the user's.
pub type Owners = HashMap<GroupId, bool>;

/// An act of measuring: its moment, and Withings' id of the device.
pub type Act = (DateTime<Utc>, String);

/// A person's weight moves this much between two weighings, in kilograms.
const NEAR: Decimal = dec!(2);

/// Two people whose weights are closer than this can be mixed up, in kilograms.
const APART: Decimal = dec!(6);

/// How far in time a weight says what a person weighs.
pub const RECENT: TimeDelta = TimeDelta::days(90);

/// Whose a known weight is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// The user's: the scale was sure.
    Certain,
    /// The user's: they said so, to be remembered.
    Mine,
    /// Not the user's: they said so, to be remembered.
    NotMine,
}

/// A weight of which is known whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weighed {
    /// When it was measured.
    pub at: DateTime<Utc>,
    /// The weight, in kilograms.
    pub weight: Decimal,
    /// The user's answer.
    pub whose: Whose,
}

/// Whether an answer about one weight may tell whose another one is.
pub fn may_tell(known: (DateTime<Utc>, Decimal), asked: (DateTime<Utc>, Decimal)) -> bool {
    let apart = known.1.saturating_sub(asked.1).abs();
    apart <= NEAR && (known.0 - asked.0).abs() <= RECENT
}

/// Says for each of `asked` whose weight it is, as far as those `known` of about that time tell; `None` when
/// the user must be asked.
pub fn whose_each(known: &[Weighed], asked: &[(DateTime<Utc>, Decimal)]) -> Vec<Option<bool>> {
    let mut known = known.to_vec();
    known.sort_by_key(|weighed| weighed.at);
    let mut order: Vec<usize> = (0..asked.len()).collect();
    order.sort_by_key(|place| asked[*place].0);
    let (mut weights, mut begun, mut ended) = (Weights::default(), 0, 0);
    let mut found = vec![None; asked.len()];
    for place in order {
        let (at, weight) = asked[place];
        while let Some(next) = known.get(begun).filter(|next| next.at - at <= RECENT) {
            weights.add(next);
            begun += 1;
        }
        while let Some(old) = known.get(ended).filter(|old| ended < begun && at - old.at > RECENT) {
            weights.remove(old);
            ended += 1;
        }
        found[place] = weights.whose(weight);
    }
    found
}

/// Weights, each with how often it is there.
type Sorted = BTreeMap<Decimal, usize>;

/// What is known about the weights of those who use a scale, in kilograms.
#[derive(Debug, Default)]
struct Weights {
    certain: Sorted,
    mine: Sorted,
    not_mine: Sorted,
}

impl Weights {
    fn of(&mut self, whose: Whose) -> &mut Sorted {
        match whose {
            Whose::Certain => &mut self.certain,
            Whose::Mine => &mut self.mine,
            Whose::NotMine => &mut self.not_mine,
        }
    }

    fn add(&mut self, weighed: &Weighed) {
        *self.of(weighed.whose).entry(weighed.weight).or_default() += 1;
    }

    fn remove(&mut self, weighed: &Weighed) {
        let weights = self.of(weighed.whose);
        if let Some(count) = weights.get_mut(&weighed.weight) {
            *count -= 1;
            if *count == 0 {
                weights.remove(&weighed.weight);
            }
        }
    }

    fn whose(&self, weight: Decimal) -> Option<bool> {
        let around = |by: Decimal| (weight.saturating_sub(by), weight.saturating_add(by));
        let (near, apart) = (around(NEAR), around(APART));
        let near = |weights: &Sorted| weights.range(near.0..=near.1).next().is_some();
        let apart = |weights: &Sorted| weights.range((Excluded(apart.0), Excluded(apart.1))).next().is_none();
        // Only what the user once answered is remembered; what the scale is sure about is no answer.
        if near(&self.mine) && apart(&self.not_mine) {
            return Some(true);
        }
        if near(&self.not_mine) && apart(&self.mine) && apart(&self.certain) {
            return Some(false);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(days: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(days)
    }

    fn weighed(whose: Whose, day: i64, kilograms: i64) -> Weighed {
        Weighed { at: at(day), weight: kilograms.into(), whose }
    }

    #[test]
    fn an_answer_is_remembered_only_where_two_people_cannot_be_mixed_up() {
        let known = |certain: &[i64], mine: &[i64], not_mine: &[i64]| -> Vec<Weighed> {
            [(Whose::Certain, certain), (Whose::Mine, mine), (Whose::NotMine, not_mine)]
                .iter()
                .flat_map(|(whose, kilograms)| kilograms.iter().map(|kg| weighed(*whose, 0, *kg)))
                .collect()
        };
        for (known, weight, expected) in [
            // Nothing was answered yet.
            (known(&[82], &[], &[]), dec!(82), None),
            (known(&[82], &[82], &[]), dec!(83.9), Some(true)),
            (known(&[82], &[82], &[]), dec!(84), Some(true)),
            (known(&[82], &[82], &[]), dec!(84.1), None),
            (known(&[82], &[], &[61]), dec!(60), Some(false)),
            (known(&[82], &[], &[61]), dec!(82), None),
            // The other person is too close to tell.
            (known(&[82], &[82], &[79]), dec!(81), None),
            (known(&[82], &[82], &[79]), dec!(79), None),
            (known(&[66], &[], &[61]), dec!(61), None),
            (known(&[67], &[], &[61]), dec!(61), Some(false)),
            (known(&[82], &[82], &[61]), dec!(81), Some(true)),
            (known(&[82], &[82], &[61]), dec!(62), Some(false)),
            (known(&[82], &[82], &[61]), dec!(71), None),
            (known(&[82], &[82], &[]), Decimal::MAX, None),
            (known(&[82], &[82], &[]), Decimal::MIN, None),
        ] {
            assert_eq!(whose_each(&known, &[(at(0), weight)]), [expected], "{known:?} {weight}");
        }
    }

    #[test]
    fn each_is_judged_by_what_was_weighed_about_its_time() {
        let known = [weighed(Whose::Mine, 100, 82), weighed(Whose::NotMine, 300, 79)];
        let asked: Vec<_> = [9, 10, 190, 191, 300].map(|day| (at(day), dec!(82))).to_vec();
        let expected = [None, Some(true), Some(true), None, None];
        assert_eq!(whose_each(&known, &asked), expected);
        let reversed: Vec<_> = asked.into_iter().rev().collect();
        let found: Vec<_> = whose_each(&known, &reversed).into_iter().rev().collect();
        assert_eq!(found, expected, "in whatever order they are asked");
    }

    proptest::proptest! {
        #[test]
        fn sliding_along_finds_what_looking_at_each_finds(
            known in proptest::collection::vec((0..400_i64, 50..90_i64, 0..3_u8), 0..40),
            asked in proptest::collection::vec((0..400_i64, 50..90_i64), 1..40),
        ) {
            let whose = [Whose::Certain, Whose::Mine, Whose::NotMine];
            let known: Vec<_> =
                known.iter().map(|(day, kg, n)| weighed(whose[usize::from(*n)], *day, *kg)).collect();
            let asked: Vec<_> = asked.iter().map(|(day, kg)| (at(*day), Decimal::from(*kg))).collect();
            for (found, one) in whose_each(&known, &asked).into_iter().zip(&asked) {
                let of_late: Vec<_> =
                    known.iter().filter(|known| (known.at - one.0).abs() <= RECENT).copied().collect();
                proptest::prop_assert_eq!(vec![found], whose_each(&of_late, &[*one]));
            }
        }
    }
}
