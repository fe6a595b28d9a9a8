//! Items that the user should know about: a closed set of codes that programs may switch on, each with a sentence
//! for people and an urgency. Everything that shows trouble shows this.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::domain::problem_code::{ProblemCode, Urgency};
use crate::domain::trouble::{Place, Problem};
use crate::text::{self, Args, Explained, Locale, Message};

/// What is tried again for so long needs the user.
const LASTS: TimeDelta = TimeDelta::hours(24);

/// One thing the user should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attention {
    /// The kind, stable across versions.
    pub code: ProblemCode,
    /// For people. It stays the same while the matter does, so that nobody is told twice.
    pub message: String,
    /// The goal's name, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goal: Option<String>,
    /// What the message is about, for saying it in another language.
    #[serde(default, skip_serializing_if = "Args::is_empty")]
    pub facts: Args,
}

impl Attention {
    /// Makes one that is about no goal.
    pub(crate) fn new(code: ProblemCode, facts: Args, zone: Tz) -> Attention {
        let message = text::english(&format!("attention.{}", code.name()), &facts, zone);
        Attention { code, message, goal: None, facts }
    }

    /// Says it in the user's language.
    pub fn said_by(&self, locale: Locale) -> String {
        locale.say(&format!("attention.{}", self.code.name()), &self.facts)
    }

    /// Says it in a few words, for a menu or the title of a notification.
    pub fn headline_by(&self, locale: Locale) -> String {
        locale.say(&format!("headline.{}", self.code.name()), &self.facts)
    }

    /// Makes one about what is wrong at a place; `slug` is the goal's name, where it is about one.
    pub(crate) fn of_problem(
        problem: &Problem,
        slug: Option<&str>,
        zone: Tz,
        now: DateTime<Utc>,
    ) -> Attention {
        let lasts = problem.code.urgency() == Urgency::Retrying && now - problem.since >= LASTS;
        let code = if lasts { ProblemCode::TroubleLasts } else { problem.code };
        let mut facts = problem.facts.clone();
        let about = match &problem.place {
            Place::Account(_) => "",
            Place::Source(source) => source.name(),
            Place::Devices => "devices",
            Place::Notifications => "notifications",
            Place::Goals => "goals",
            Place::Comparison(_) => "comparison",
            Place::Goal(_) => "goal",
        };
        facts.insert("about".into(), about.into());
        facts.entry("why".into()).or_insert_with(|| "unknown_trouble".into());
        facts.entry("service".into()).or_insert_with(|| problem.place.service().to_string());
        facts.insert("until".into(), problem.wait_until.to_rfc3339());
        facts.insert("since".into(), problem.since.to_rfc3339());
        facts.extend(slug.map(|slug| ("goal".into(), slug.to_owned())));
        Attention { goal: slug.map(ToOwned::to_owned), ..Attention::new(code, facts, zone) }
    }

    /// As the cause of something else.
    pub fn explained(&self) -> Explained {
        let sentence = Message { key: format!("attention.{}", self.code.name()), args: self.facts.clone() };
        Explained { message: self.message.clone(), sentence }
    }
}

/// The most urgent of what there is; a notice when there is nothing.
pub fn urgency(attention: &[Attention]) -> Urgency {
    attention.iter().map(|item| item.code.urgency()).max().unwrap_or(Urgency::Notice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_said_with_its_place_its_cause_and_its_time() {
        let at = |hours| DateTime::UNIX_EPOCH + TimeDelta::hours(hours);
        let problem = |place, code| Problem {
            place,
            code,
            facts: text::args([
                ("why", "unavailable".into()),
                ("service", "Withings".into()),
                ("status", "2556".into()),
            ]),
            since: at(1),
            failures: 1,
            noted_at: Some(at(1)),
            wait_until: at(2),
        };
        let sleep =
            problem(Place::Source(crate::domain::measure::kind::Source::Sleep), ProblemCode::Unavailable);
        let said = Attention::of_problem(&sleep, None, Tz::UTC, at(1));
        assert_eq!(
            said.message,
            "Your sleep could not be read. Withings has a problem (status 2556). Next try \
             Jan 1, 1970, 2:00 AM."
        );
        let goal = problem(Place::Goal(crate::domain::goal::GoalId("g".into())), ProblemCode::Unavailable);
        let said = Attention::of_problem(&goal, Some("weight"), Tz::UTC, at(25));
        assert_eq!((said.code, said.goal.as_deref()), (ProblemCode::TroubleLasts, Some("weight")));
        assert!(said.message.starts_with("weight could not be brought up to date. "), "{}", said.message);
        let unknown = Problem { facts: Args::new(), ..sleep };
        let said = Attention::of_problem(&unknown, None, Tz::UTC, at(1));
        assert!(said.message.contains("Withings has trouble."), "{}", said.message);
    }

    #[test]
    fn the_most_urgent_counts() {
        let item = |code| Attention::new(code, Args::new(), Tz::UTC);
        assert_eq!(ProblemCode::named(ProblemCode::KeychainLocked.name()), Some(ProblemCode::KeychainLocked));
        assert_eq!(urgency(&[]), Urgency::Notice);
        assert_eq!(urgency(&[item(ProblemCode::Held), item(ProblemCode::Offline)]), Urgency::Retrying);
        assert_eq!(urgency(&[item(ProblemCode::Parked), item(ProblemCode::Offline)]), Urgency::NeedsYou);
    }
}
