//! Whose measurement was it? What the user's answers say about others like it. Pure.
//!
//! A scale that is not sure who stood on it leaves the decision to the user. Answers are remembered as
//! ranges of weight, and only where two people cannot be mixed up.

use std::collections::HashMap;

use rust_decimal::{Decimal, dec};

use crate::measurement::GroupId;

/// The groups that were decided on: whether they are the user's.
pub type Verdicts = HashMap<GroupId, bool>;

/// A person's weight moves this much between two weighings, in kilograms.
const NEAR: Decimal = dec!(2);

/// Two people whose weights are closer than this can be mixed up, in kilograms.
const APART: Decimal = dec!(6);

/// What is known about the weights of those who use a scale, in kilograms.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Weights {
    /// The user's own, of late: those the scale was sure about.
    pub certain: Vec<Decimal>,
    /// Those the user said were their own, to be remembered.
    pub mine: Vec<Decimal>,
    /// Those the user said were not, to be remembered.
    pub not_mine: Vec<Decimal>,
}

impl Weights {
    /// Whose `weight` is, as far as the answers tell; `None` when the user must be asked.
    pub fn whose(&self, weight: Decimal) -> Option<bool> {
        let distance = |other: &Decimal| (*other - weight).abs();
        let near = |weights: &[Decimal]| weights.iter().any(|other| distance(other) <= NEAR);
        let apart = |weights: &[Decimal]| weights.iter().all(|other| distance(other) >= APART);
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

    #[test]
    fn an_answer_is_remembered_only_where_two_people_cannot_be_mixed_up() {
        let weights = |certain: &[i64], mine: &[i64], not_mine: &[i64]| {
            let kilograms = |of: &[i64]| of.iter().map(|kg| Decimal::from(*kg)).collect();
            Weights { certain: kilograms(certain), mine: kilograms(mine), not_mine: kilograms(not_mine) }
        };
        for (known, weight, expected) in [
            // Nothing was answered yet.
            (weights(&[82], &[], &[]), dec!(82), None),
            (weights(&[82], &[82], &[]), dec!(83.9), Some(true)),
            (weights(&[82], &[82], &[]), dec!(84.1), None),
            (weights(&[82], &[], &[61]), dec!(60), Some(false)),
            (weights(&[82], &[], &[61]), dec!(82), None),
            // The other person is too close to tell.
            (weights(&[82], &[82], &[79]), dec!(81), None),
            (weights(&[82], &[82], &[79]), dec!(79), None),
            (weights(&[66], &[], &[61]), dec!(61), None),
            (weights(&[82], &[82], &[61]), dec!(81), Some(true)),
            (weights(&[82], &[82], &[61]), dec!(62), Some(false)),
            (weights(&[82], &[82], &[61]), dec!(71), None),
        ] {
            assert_eq!(known.whose(weight), expected, "{known:?} {weight}");
        }
    }
}
