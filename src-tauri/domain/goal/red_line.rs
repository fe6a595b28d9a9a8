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

    /// Its corners: Unix seconds and values, oldest first.
    pub fn corners(&self) -> &[(f64, f64)] {
        &self.corners
    }

    /// The line between two moments, in Unix seconds: where it is at both, and its corners between them. It goes on
    /// level after its last corner; before its first there is none.
    pub fn between(&self, from: f64, until: f64) -> Vec<(f64, f64)> {
        let end = |at: f64| Some((at, self.at_unix(at)?));
        let inside = self.corners.iter().copied().filter(|corner| corner.0 > from && corner.0 < until);
        end(from).into_iter().chain(inside).chain(end(until)).collect()
    }

    /// How much the line rises a day between two moments: its steps, for goals whose datapoints add up.
    pub fn rises_between(&self, from: f64, until: f64) -> Vec<(f64, f64)> {
        let line = self.between(from, until);
        let steps = line.windows(2).filter(|ends| ends[1].0 > ends[0].0);
        let rise = |ends: &[(f64, f64)]| {
            let a_day = (ends[1].1 - ends[0].1) / (ends[1].0 - ends[0].0) * 86_400.0;
            [(ends[0].0, a_day), (ends[1].0, a_day)]
        };
        steps.flat_map(rise).collect()
    }

    /// Whether what is below the line is on the good side.
    pub fn good_is_below(&self) -> bool {
        self.good_is_below
    }

    /// Where the line is at `moment`; `None` before it begins and while it is unknown.
    fn at(&self, moment: DateTime<Utc>) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "seconds of this age of the world fit")]
        self.at_unix(moment.timestamp() as f64)
    }

    fn at_unix(&self, at: f64) -> Option<f64> {
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
        assert_eq!(RedLine::default().between(0.0, 9.0), []);
        assert_eq!(RedLine::default().is_bad(at(150), 84.9), None, "nothing is known, so nothing is said");
    }

    #[test]
    fn a_part_of_the_line_has_its_ends_and_its_corners() {
        let line = RedLine::new(vec![(100.0, 90.0), (200.0, 80.0), (300.0, 80.0)], true);
        for (from, until, expected) in [
            (150.0, 250.0, vec![(150.0, 85.0), (200.0, 80.0), (250.0, 80.0)]),
            (0.0, 150.0, vec![(100.0, 90.0), (150.0, 85.0)]),
            (400.0, 500.0, vec![(400.0, 80.0), (500.0, 80.0)]),
            (0.0, 50.0, vec![]),
        ] {
            assert_eq!(line.between(from, until), expected, "{from} {until}");
        }
    }

    #[test]
    fn a_line_of_sums_says_what_it_asks_for_a_day() {
        let day = 86_400.0;
        let line = RedLine::new(vec![(0.0, 0.0), (day, 10.0), (day, 15.0), (3.0 * day, 19.0)], false);
        let expected = vec![(0.0, 10.0), (day, 10.0), (day, 2.0), (2.0 * day, 2.0)];
        assert_eq!(line.rises_between(0.0, 2.0 * day), expected, "a jump is no rise");
    }
}
