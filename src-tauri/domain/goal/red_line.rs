//! The bright red line of a goal, as far as it tells on which side of it a value is. Pure.

use chrono::{DateTime, Utc};

/// The line between the good and the bad side of a goal's graph.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RedLine {
    /// Unix seconds and values, oldest first.
    corners: Vec<(f64, f64)>,
    /// Whether what is below it is on the good side, as for losing weight.
    good_is_below: bool,
}

impl RedLine {
    /// Makes one from its corners.
    pub fn new(mut corners: Vec<(f64, f64)>, good_is_below: bool) -> RedLine {
        corners.retain(|(at, value)| at.is_finite() && value.is_finite());
        corners.sort_by(|a, b| a.0.total_cmp(&b.0));
        RedLine { corners, good_is_below }
    }

    /// Whether what is below the line is on the good side.
    pub fn good_is_below(&self) -> bool {
        self.good_is_below
    }

    /// Where the line is at `moment`; `None` before it begins and while it is unknown.
    fn at(&self, moment: DateTime<Utc>) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "seconds of this age of the world fit")]
        let at = moment.timestamp() as f64;
        let after = self.corners.iter().position(|corner| corner.0 > at);
        let (from, to) = match after {
            Some(0) => return None,
            Some(after) => (self.corners[after - 1], self.corners[after]),
            None => return self.corners.last().map(|corner| corner.1),
        };
        let share = (at - from.0) / (to.0 - from.0);
        Some(from.1 + share * (to.1 - from.1))
    }

    /// Whether `value` is on the bad side at `moment`; `None` where the line is not known.
    pub fn is_bad(&self, moment: DateTime<Utc>, value: f64) -> Option<bool> {
        let line = self.at(moment)?;
        Some(if self.good_is_below { value > line } else { value < line })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_on_the_bad_side_or_it_is_not() {
        let at = |unix| DateTime::from_timestamp(unix, 0).unwrap();
        let corners = vec![(200.0, 80.0), (100.0, 90.0), (f64::NAN, 1.0)];
        let (lose, gain) = (RedLine::new(corners.clone(), true), RedLine::new(corners, false));
        for (moment, value, losing) in [
            (100, 90.0, Some(false)),
            (100, 90.1, Some(true)),
            (150, 85.1, Some(true)),
            (150, 84.9, Some(false)),
            (900, 80.1, Some(true)),
            (99, 999.0, None),
        ] {
            assert_eq!(lose.is_bad(at(moment), value), losing, "losing {moment} {value}");
        }
        assert_eq!((gain.is_bad(at(150), 84.9), gain.is_bad(at(150), 85.1)), (Some(true), Some(false)));
        assert_eq!(RedLine::default().is_bad(at(150), 84.9), None, "nothing is known, so nothing is said");
    }
}
