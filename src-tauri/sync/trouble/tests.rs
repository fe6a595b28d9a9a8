//! Walks every error of both services from the wire to a sentence in each language.

use super::*;
use crate::domain::attention::Attention;
use crate::domain::goal::GoalId;
use crate::services::Flaw;
use crate::text::{Language, Locale};
use chrono_tz::Tz;

/// What Beeminder says, in whatever language it speaks.
const WORDS: &str = "value can't be blank";

/// A request that cannot even be built.
fn unreachable() -> reqwest::Error {
    let client = reqwest::Client::builder().build().unwrap();
    client.get("nowhere").build().unwrap_err()
}

fn flaws() -> Vec<Flaw> {
    let all = vec![
        Flaw::TooLarge,
        Flaw::Empty,
        Flaw::WebPage,
        Flaw::CutOff { length: 23 },
        Flaw::lacks("status"),
        Flaw::OutOfShape { line: 1, column: 2 },
        Flaw::BlankTokens,
        Flaw::CircularPages,
        Flaw::EndlessPages,
        Flaw::AnotherDatapoint,
    ];
    for flaw in &all {
        match flaw {
            Flaw::TooLarge
            | Flaw::Empty
            | Flaw::WebPage
            | Flaw::CutOff { .. }
            | Flaw::Lacks { .. }
            | Flaw::OutOfShape { .. }
            | Flaw::BlankTokens
            | Flaw::CircularPages
            | Flaw::EndlessPages
            | Flaw::AnotherDatapoint => {}
        }
    }
    all
}

fn of_beeminder() -> Vec<beeminder::Error> {
    use beeminder::Error as E;
    let mut all = vec![
        E::SignInAgain,
        E::NotFound { message: WORDS.into() },
        E::NotFound { message: String::new() },
        E::Duplicate,
        E::Rejected { status: 422, message: WORDS.into(), names_fields: true },
        E::Rejected { status: 422, message: " ".into(), names_fields: false },
        E::DayIsFull { message: WORDS.into() },
        E::RateLimited { retry_after: None },
        E::Unavailable { status: 503, retry_after: None },
        E::InTheWay { status: 403 },
        E::Redirected { status: 301 },
        E::Unreachable(unreachable()),
    ];
    all.extend(flaws().into_iter().map(E::Unreadable));
    for error in &all {
        match error {
            E::SignInAgain
            | E::NotFound { .. }
            | E::Duplicate
            | E::Rejected { .. }
            | E::DayIsFull { .. }
            | E::RateLimited { .. }
            | E::Unavailable { .. }
            | E::InTheWay { .. }
            | E::Redirected { .. }
            | E::Unreachable(_)
            | E::Unreadable(_) => {}
        }
    }
    all
}

fn of_withings() -> Vec<withings::Error> {
    use withings::Error as E;
    let mut all = vec![
        E::SignInAgain,
        E::AccessTokenRefused { status: 401 },
        E::CodeRefused,
        E::ApplicationRefused,
        E::NotAllowed { status: 277 },
        E::AddressRefused { status: 293 },
        E::MayNotSubscribe { status: 277 },
        E::TooManySubscriptions,
        E::NoSuchSubscription,
        E::NotRevoked,
        E::RateLimited,
        E::Unavailable { status: 2556 },
        E::Rejected { status: 503, message: WORDS.into() },
        E::Rejected { status: 503, message: String::new() },
        E::Unreachable(unreachable()),
    ];
    all.extend(flaws().into_iter().map(E::Unreadable));
    for error in &all {
        match error {
            E::SignInAgain
            | E::AccessTokenRefused { .. }
            | E::CodeRefused
            | E::ApplicationRefused
            | E::NotAllowed { .. }
            | E::AddressRefused { .. }
            | E::MayNotSubscribe { .. }
            | E::TooManySubscriptions
            | E::NoSuchSubscription
            | E::NotRevoked
            | E::RateLimited
            | E::Unavailable { .. }
            | E::Rejected { .. }
            | E::Unreachable(_)
            | E::Unreadable(_) => {}
        }
    }
    all
}

/// What the tray, the window and a notification say of it, in each language.
fn sentences(trouble: Trouble, place: Place) -> [String; 2] {
    let at = |hour| DateTime::UNIX_EPOCH + chrono::TimeDelta::hours(hour);
    let mut facts = trouble.facts;
    facts.insert("by_hand".into(), at(3).to_rfc3339());
    let problem = Problem {
        place,
        code: trouble.code,
        facts,
        since: at(1),
        failures: 1,
        noted_at: None,
        wait_until: at(2),
    };
    let attention = Attention::of_problem(&problem, Some("weight"), Tz::UTC, at(1));
    [Language::English, Language::German].map(|language| attention.said_by(Locale::new(language, Tz::UTC)))
}

#[test]
fn every_error_of_both_services_is_a_sentence_in_each_language() {
    let goal = || Place::Goal(GoalId("5f5d577d55c1330906000b8f".into()));
    let of_goal = of_beeminder().into_iter().map(|error| (format!("{error:?}"), error.into(), goal()));
    let of_goals = of_beeminder().into_iter().map(|error| (format!("{error:?}"), error.into(), Place::Goals));
    let of_sleep = of_withings()
        .into_iter()
        .map(|error| (format!("{error:?}"), error.into(), Place::Source(Source::Sleep)));
    for (error, trouble, place) in of_goal.chain(of_goals).chain(of_sleep) {
        let [english, german] = sentences(trouble, place);
        for (said, quoted) in [(&english, format!("“{WORDS}”")), (&german, format!("„{WORDS}“"))] {
            assert!(said.ends_with('.'), "{error}: {said}");
            for unfilled in ["{", "}", "error.", "flaw.", "“”", "„“", "..", ". .", ": .", "_"] {
                assert!(!said.contains(unfilled), "{error}: {said}");
            }
            assert_eq!(said.contains(WORDS), said.contains(&quoted), "what others say is quoted: {said}");
        }
        for word in ["cannot", " tried", " and ", " asks ", " wrong", "answer", " it ", "Your "] {
            assert!(!german.contains(word), "{error}: {german}");
        }
    }
}
