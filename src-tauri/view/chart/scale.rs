//! The axes of a chart: which moments and values it shows. Pure.

use chrono::{DateTime, Utc};

use super::{Content, Dot};

/// Fewer values than this say nothing of what is usual.
const ENOUGH: usize = 8;

/// A value this many quartile ranges beyond the quartiles is far outside.
const FAR: f64 = 5.0;

/// What the axes show.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scale {
    /// The first moment, in Unix seconds.
    pub(super) from: f64,
    /// The last one.
    pub(super) until: f64,
    /// The lowest value shown.
    pub(super) low: f64,
    /// The highest.
    pub(super) high: f64,
    /// Whether all values are whole numbers.
    whole: bool,
}

impl Scale {
    /// The axes for `content`; `None` when there is nothing to show.
    pub(super) fn of(content: &Content) -> Option<Scale> {
        let usual = usual(&content.dots);
        let values = || usual.iter().copied().chain(content.line.iter().map(|corner| corner.1));
        let (least, most) = (values().reduce(f64::min)?, values().reduce(f64::max)?);
        let whole = content.dots.iter().all(|dot| dot.value.fract() == 0.0);
        let air = ((most - least) * 0.1).max(most.abs() * 0.005).max(0.5);
        let (from, until) = match content.period {
            Some((from, until)) => (unix(from), unix(until)),
            None => span(&content.dots, &content.line),
        };
        Some(Scale { from, until, low: least - air, high: most + air, whole })
    }

    /// Whether a value lies between the ends.
    pub(super) fn shows(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }

    /// The value, or the end beyond which it lies.
    pub(super) fn inside(&self, value: f64) -> f64 {
        value.clamp(self.low, self.high)
    }

    /// As many dates as there is room for, and no date twice.
    pub(super) fn dates(&self, width: u32) -> usize {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few thousand at most")]
        let days = ((self.until - self.from) / 86_400.0) as usize;
        (width as usize / 110).min(days).max(2)
    }

    /// How many numbers stand at the side; none between whole ones where all are whole.
    pub(super) fn numbers(&self) -> usize {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "five at most")]
        let steps = (self.high - self.low).min(5.0) as usize;
        if self.whole { steps.max(1) } else { 5 }
    }

    /// A number at the side; `None` for one between whole ones where all are whole.
    pub(super) fn label(&self, value: f64) -> Option<String> {
        (!self.whole || (value - value.round()).abs() < 1e-6).then(|| write(value))
    }
}

/// A value with as many decimals as are worth showing.
pub(in crate::view) fn write(value: f64) -> String {
    let rounded = (value * 1000.0).round() / 1000.0;
    // Without the sign of a zero that was rounded.
    if rounded == 0.0 { "0".into() } else { rounded.to_string() }
}

/// The values that say what is usual: those that are surely the user's, without what lies far outside.
fn usual(dots: &[Dot]) -> Vec<f64> {
    let certain = dots.iter().any(|dot| dot.certain);
    let mut values: Vec<_> = dots.iter().filter(|dot| dot.certain || !certain).map(|dot| dot.value).collect();
    values.sort_by(f64::total_cmp);
    let (lower, upper) = match (values.get(values.len() / 4), values.get(values.len() * 3 / 4)) {
        (Some(lower), Some(upper)) if values.len() >= ENOUGH && upper > lower => (*lower, *upper),
        _ => return values,
    };
    let far = FAR * (upper - lower);
    values.retain(|value| (lower - far..=upper + far).contains(value));
    values
}

/// From the first moment to the last; a single one gets a day around it.
fn span(dots: &[Dot], line: &[(f64, f64)]) -> (f64, f64) {
    let moments = || dots.iter().map(|dot| unix(dot.at)).chain(line.iter().map(|corner| corner.0));
    let from = moments().reduce(f64::min).unwrap_or_default();
    let until = moments().reduce(f64::max).unwrap_or_default();
    let air = ((until - from) * 0.02).max(43_200.0);
    (from - air, until + air)
}

/// Unix seconds.
#[expect(clippy::cast_precision_loss, reason = "Unix timestamps fit in the 53 bits of an f64")]
pub(in crate::view) fn unix(moment: DateTime<Utc>) -> f64 {
    moment.timestamp() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scale(values: &[f64]) -> Scale {
        let dot = |value: &f64| Dot { at: DateTime::UNIX_EPOCH, value: *value, sent: true, certain: true };
        Scale::of(&Content { dots: values.iter().map(dot).collect(), ..Content::default() }).unwrap()
    }

    #[test]
    fn counts_have_whole_numbers_at_the_side() {
        let one = scale(&[1.0, 1.0]);
        assert_eq!((one.label(1.0).as_deref(), one.label(0.8)), (Some("1"), None));
        let weight = scale(&[82.4, 81.9]);
        assert_eq!(weight.label(82.5).as_deref(), Some("82.5"));
        assert_eq!(weight.label(0.1 + 0.2).as_deref(), Some("0.3"));
        assert_eq!(weight.label(-0.0).as_deref(), Some("0"));
    }

    #[test]
    fn what_is_not_surely_the_users_or_lies_far_outside_does_not_stretch_the_axis() {
        let steady: Vec<f64> = (0..20).map(|day| 82.0 + f64::from(day % 5) / 10.0).collect();
        let calm = scale(&steady);
        assert_eq!(scale(&[steady.clone(), vec![61.3, 120.0]].concat()).high, calm.high);
        let stranger = Dot { at: DateTime::UNIX_EPOCH, value: 61.3, sent: false, certain: false };
        let own = Dot { value: 82.0, certain: true, ..stranger };
        let content = Content { dots: vec![own, stranger], ..Content::default() };
        assert!(!Scale::of(&content).unwrap().shows(61.3));
        let alone = Content { dots: vec![stranger], ..Content::default() };
        assert!(Scale::of(&alone).unwrap().shows(61.3), "when there is nothing else");
    }
}
