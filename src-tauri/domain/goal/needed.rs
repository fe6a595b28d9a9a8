//! The amount a goal needs until its next deadline. Pure.

/// What the next datapoint must reach, or must not pass, to keep a goal from derailing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Needed {
    /// A value of at least this much, in the goal's unit.
    AtLeast(f64),
    /// A value of at most this much.
    AtMost(f64),
    /// So much more in sum.
    More(f64),
    /// No more than this in sum.
    NoMoreThan(f64),
}

impl Needed {
    /// Works it out from Beeminder's `safebump`, the value on the bright red line that buys one more safe day, and
    /// `curval`, the value it has. `None` while Beeminder has not worked the goal out.
    pub fn of(
        safe: Option<f64>,
        current: Option<f64>,
        is_below_good: Option<bool>,
        sums: bool,
    ) -> Option<Needed> {
        let (safe, is_below_good) = (safe.filter(|safe| safe.is_finite())?, is_below_good?);
        if !sums {
            return Some(if is_below_good { Needed::AtMost(safe) } else { Needed::AtLeast(safe) });
        }
        let left = (safe - current.filter(|current| current.is_finite())?).max(0.0);
        Some(if is_below_good { Needed::NoMoreThan(left) } else { Needed::More(left) })
    }

    /// The word in the store and for the window.
    pub fn name(self) -> &'static str {
        match self {
            Needed::AtLeast(_) => "at_least",
            Needed::AtMost(_) => "at_most",
            Needed::More(_) => "more",
            Needed::NoMoreThan(_) => "no_more_than",
        }
    }

    /// The amount, in the goal's unit.
    pub fn value(self) -> f64 {
        match self {
            Needed::AtLeast(value)
            | Needed::AtMost(value)
            | Needed::More(value)
            | Needed::NoMoreThan(value) => value,
        }
    }

    /// Puts word and amount together again.
    pub fn named(name: &str, value: f64) -> Option<Needed> {
        match name {
            "at_least" => Some(Needed::AtLeast(value)),
            "at_most" => Some(Needed::AtMost(value)),
            "more" => Some(Needed::More(value)),
            "no_more_than" => Some(Needed::NoMoreThan(value)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_needed_follows_from_the_line_and_what_is_unknown_stays_so() {
        for (safe, current, is_below_good, sums, needed) in [
            (Some(79.8), Some(80.4), Some(true), false, Some(Needed::AtMost(79.8))),
            (Some(60.0), None, Some(false), false, Some(Needed::AtLeast(60.0))),
            (Some(884.0), Some(883.0), Some(false), true, Some(Needed::More(1.0))),
            (Some(53.5), Some(55.0), Some(false), true, Some(Needed::More(0.0))),
            (Some(20.0), Some(18.0), Some(true), true, Some(Needed::NoMoreThan(2.0))),
            (None, Some(1.0), Some(true), false, None),
            (Some(f64::NAN), Some(1.0), Some(true), false, None),
            (Some(1.0), None, Some(false), true, None),
            (Some(1.0), Some(1.0), None, false, None),
        ] {
            let found = Needed::of(safe, current, is_below_good, sums);
            assert_eq!(found, needed, "{safe:?} {current:?}");
            let again = found.and_then(|needed| Needed::named(needed.name(), needed.value()));
            assert_eq!(again, needed);
        }
        assert_eq!(Needed::named("", 1.0), None);
    }
}
