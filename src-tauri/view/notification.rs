//! Decides when to interrupt the user. Pure: from what was said before and how things are to what is said now.
//!
//! An incident is told once for each matter it is about, and its end replaces what told it. Success is silent unless asked for.
//! The window shows everything, so nothing is told beside it while the user looks at it.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::attention::Attention;
use crate::domain::incident::{Incident, Level, Preferences, matters_of};
use crate::domain::measure::measurement::GroupId;
use crate::domain::problem_code::{ProblemCode, Urgency};
use crate::text::{Args, Locale, args};
use crate::view::tray::MenuAction;

/// Longer than any snooze; one that lasts longer was made by a clock that was wrong.
const LONGEST_SNOOZE: TimeDelta = TimeDelta::days(2);

/// One notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// What it is about; a notice replaces an earlier one about the same.
    pub about: String,
    /// The headline, a few words.
    pub title: String,
    /// A sentence or two.
    pub body: String,
    /// Whether it should stay until the user has seen it.
    pub urgent: bool,
    /// What a click on it does.
    pub click: MenuAction,
    /// Answers to choose from there: their words, and what each does. For desktops that have buttons.
    pub answers: Vec<(String, MenuAction)>,
}

/// A measurement that may be another person's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The weigh-in that waits for an answer.
    pub group: GroupId,
    /// What was measured, in the user's units and language.
    pub value: String,
    /// When.
    pub measured_at: DateTime<Utc>,
}

/// How things are after a pass.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    /// What the user should know.
    pub attention: &'a [Attention],
    /// The datapoints that Beeminder refused and nobody decided on, by their numbers.
    pub parked: &'a [i64],
    /// The measurements that wait for the user's word.
    pub held: &'a [GroupId],
    /// The one, where it is one.
    pub asked: Option<&'a Asked>,
    /// What arrived at Beeminder in this pass, in words.
    pub arrived: Option<&'a str>,
    /// Whether the user looks at the window.
    pub window_has_focus: bool,
    /// Whether the user can see an icon in the tray.
    pub has_tray: bool,
    /// Whether nothing was said yet since the program started without a tray.
    pub is_first: bool,
    /// How the user is spoken to.
    pub locale: Locale,
}

/// Decides what to say, and which incidents are known from then on.
pub fn notices(
    known: &[Incident],
    situation: Situation<'_>,
    preferences: Preferences,
    now: DateTime<Utc>,
) -> (Vec<Notice>, Vec<Incident>) {
    let snoozed = preferences.snoozed_until.is_some_and(|until| until > now && until - now <= LONGEST_SNOOZE);
    let silent = preferences.level == Level::None;
    let (mut said, mut known_now) = (Vec::new(), Vec::new());
    for (mut incident, item) in incidents(known, situation) {
        let before = known.iter().find(|before| before.is_same(&incident));
        incident.told = before.is_some_and(|before| before.told);
        // Nothing shows what is still wrong at the next login, where there is no icon.
        let is_unseen = situation.is_first && !situation.has_tray && item.code.urgency() == Urgency::NeedsYou;
        let is_new = is_unseen || before.is_none_or(|before| incident.is_news_after(before));
        if is_new && !situation.window_has_focus {
            if snoozed {
                // Told when the snooze is over, if it is still so.
                known_now.extend(before.cloned());
                continue;
            }
            if !silent {
                incident.told = true;
                said.push(notice(item, &incident, situation));
            }
        }
        known_now.push(incident);
    }
    // What the icon shows from now on is still so.
    let is_shown = |code: ProblemCode| !is_incident(code, situation.has_tray);
    let goes_on = |before: &Incident| {
        let is_same = |item: &Attention| item.code == before.code && is_shown(item.code);
        situation.attention.iter().any(is_same)
    };
    let is_over =
        |before: &&Incident| !known_now.iter().any(|after| after.is_same(before)) && !goes_on(before);
    // Whoever has measured, or answered, knows.
    let ends_aloud = |incident: &&Incident| {
        incident.told && !matches!(incident.code, ProblemCode::MeasureSoon | ProblemCode::Held)
    };
    let over: Vec<_> = known.iter().filter(is_over).filter(ends_aloud).cloned().collect();
    if snoozed {
        known_now.extend(over);
    } else if !silent {
        said.extend(over.iter().map(|incident| solved(incident, situation.locale)));
    }
    if preferences.level == Level::All && !snoozed && !situation.window_has_focus {
        said.extend(situation.arrived.map(|words| arrived(words, situation.locale)));
    }
    (said, known_now)
}

/// The incidents as they are, each with the item that says it.
fn incidents<'a>(known: &[Incident], situation: Situation<'a>) -> Vec<(Incident, &'a Attention)> {
    let mut found: Vec<(Incident, &Attention)> = Vec::new();
    for item in situation.attention.iter().filter(|item| is_incident(item.code, situation.has_tray)) {
        let incident = Incident {
            code: item.code,
            goal: item.goal.clone().unwrap_or_default(),
            matters: Some(matters(item, situation)),
            told: false,
        };
        let is_news = |incident: &Incident| {
            let before = known.iter().find(|before| before.is_same(incident));
            before.is_none_or(|before| incident.is_news_after(before))
        };
        // Several alerts of one kind are one incident, and one that is news says it.
        match found.iter_mut().find(|(other, _)| other.is_same(&incident)) {
            Some((other, said)) => {
                if !is_news(other) && is_news(&incident) {
                    *said = item;
                }
                other.matters = other.matters.take().zip(incident.matters).map(|(one, more)| &one | &more);
            }
            None => found.push((incident, item)),
        }
    }
    found
}

/// What an item is about, where another of its kind is worth another interruption.
fn matters(item: &Attention, situation: Situation<'_>) -> BTreeSet<String> {
    if item.code == ProblemCode::Parked {
        situation.parked.iter().map(ToString::to_string).collect()
    } else if item.code == ProblemCode::Held {
        situation.held.iter().map(|group| group.0.to_string()).collect()
    } else {
        matters_of(item)
    }
}

/// Whether it is worth an interruption. An account that was never connected is not where an icon shows it:
/// whoever installs this program knows. A measurement that is held is: it is missing at Beeminder until the
/// user says a word.
fn is_incident(code: ProblemCode, has_tray: bool) -> bool {
    let is_shown = has_tray && matches!(code, ProblemCode::ConnectWithings | ProblemCode::ConnectBeeminder);
    let needs_you = code.urgency() == Urgency::NeedsYou && !is_shown;
    needs_you || matches!(code, ProblemCode::MeasureSoon | ProblemCode::Held)
}

fn notice(item: &Attention, incident: &Incident, situation: Situation<'_>) -> Notice {
    let locale = situation.locale;
    let asks = matches!(item.code, ProblemCode::Held | ProblemCode::Parked | ProblemCode::Stale);
    let said = Notice {
        about: incident.key(),
        title: item.headline_by(locale),
        body: item.said_by(locale),
        urgent: item.code.urgency() == Urgency::NeedsYou,
        click: if asks { MenuAction::Answer } else { MenuAction::Open },
        answers: Vec::new(),
    };
    match situation.asked.filter(|_| item.code == ProblemCode::Held) {
        Some(asked) => was_it_you(asked, said, locale),
        None => said,
    }
}

/// Asks about one measurement, with its value and the two answers.
fn was_it_you(asked: &Asked, said: Notice, locale: Locale) -> Notice {
    let about = [("value", asked.value.clone()), ("at", locale.time(asked.measured_at))];
    let answer =
        |key, mine| (locale.say(key, &Args::new()), MenuAction::AnswerHeld { group: asked.group, mine });
    let answers = vec![answer("days.mine", true), answer("days.not_mine", false)];
    Notice { title: locale.say("notice.was_it_you", &args(about)), answers, ..said }
}

fn solved(incident: &Incident, locale: Locale) -> Notice {
    let goal = args([("goal", incident.goal.clone())]);
    Notice {
        about: incident.key(),
        title: locale.say(&format!("solved.{}", incident.code.name()), &goal),
        body: locale.say("notice.goes_on", &Args::new()),
        urgent: false,
        click: MenuAction::Open,
        answers: Vec::new(),
    }
}

fn arrived(words: &str, locale: Locale) -> Notice {
    Notice {
        about: "delivered".into(),
        title: words.to_owned(),
        body: locale.say("notice.confirmed", &Args::new()),
        urgent: false,
        click: MenuAction::Open,
        answers: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use crate::text::Language;
    use chrono::TimeDelta;

    use super::*;

    const LOCALE: Locale = Locale::new(Language::English, chrono_tz::Tz::UTC);

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000, 0).unwrap()
    }

    fn item(code: ProblemCode) -> Attention {
        let deadline = ("deadline", "2026-11-24T03:00:00Z".to_owned());
        let facts = args([deadline, ("goal", "weight".into()), ("service", "Withings".into())]);
        Attention { code, message: "…".into(), goal: None, facts }
    }

    /// How things stand when there is nothing to say but what the user should know.
    fn quiet(attention: &[Attention]) -> Situation<'_> {
        Situation {
            attention,
            parked: &[],
            held: &[],
            asked: None,
            arrived: None,
            window_has_focus: false,
            has_tray: true,
            is_first: false,
            locale: LOCALE,
        }
    }

    /// What is said, pass after pass; each is what the user should know, and which datapoints and readings it is
    /// about.
    fn story(preferences: Preferences, passes: &[(&[ProblemCode], &[i64])]) -> Vec<Vec<String>> {
        let mut known = Vec::new();
        let mut said = Vec::new();
        for (codes, parked) in passes {
            let attention: Vec<_> = codes.iter().copied().map(item).collect();
            let held: Vec<_> = parked.iter().copied().map(GroupId).collect();
            let situation = Situation { parked, held: &held, ..quiet(&attention) };
            let (notices, after) = notices(&known, situation, preferences, now());
            said.push(notices.into_iter().map(|notice| notice.title).collect());
            known = after;
        }
        said
    }

    #[test]
    fn a_reminder_comes_once_a_day_and_ends_in_silence() {
        let due: (&[ProblemCode], &[i64]) = (&[ProblemCode::MeasureSoon], &[]);
        let said = story(Preferences::default(), &[due, due, (&[], &[]), due]);
        assert_eq!(
            said,
            [vec!["Measure by 3:00 AM: weight"], vec![], vec![], vec!["Measure by 3:00 AM: weight"]]
        );
    }

    #[test]
    fn one_measurement_is_asked_about_with_its_value_and_both_answers() {
        let attention = [item(ProblemCode::Held)];
        let asked = Asked { group: GroupId(7), value: "78.4 kg".into(), measured_at: now() };
        let situation = Situation { held: &[GroupId(7)], asked: Some(&asked), ..quiet(&attention) };
        let (said, _) = notices(&[], situation, Preferences::default(), now());
        assert_eq!(said[0].title, "Was this you? 78.4 kg, 2:13 PM");
        assert_eq!(said[0].click, MenuAction::Answer);
        let answer =
            |words: &str, mine| (words.to_owned(), MenuAction::AnswerHeld { group: GroupId(7), mine });
        assert_eq!(said[0].answers, [answer("It was me", true), answer("Not me", false)]);
        let several = Situation { held: &[GroupId(7), GroupId(8)], asked: None, ..situation };
        let (said, _) = notices(&[], several, Preferences::default(), now());
        assert_eq!((said[0].title.as_str(), said[0].answers.len()), ("Were these measurements yours?", 0));
    }

    #[test]
    fn each_measurement_that_is_held_is_asked_about_once_and_the_answer_is_not_told() {
        let held: &[ProblemCode] = &[ProblemCode::Held];
        let passes: [(_, &[i64]); 6] =
            [(held, &[5]), (held, &[5]), (held, &[5, 6]), (held, &[6]), (held, &[7]), (&[], &[])];
        let asked = vec!["Were these measurements yours?".to_owned()];
        let said = story(Preferences::default(), &passes);
        assert_eq!(said, [asked.clone(), vec![], asked.clone(), vec![], asked, vec![]]);
    }

    #[test]
    fn an_incident_is_told_once_and_its_end_replaces_it() {
        let said = story(
            Preferences::default(),
            &[
                (&[], &[]),
                (&[ProblemCode::SignInWithings], &[]),
                (&[ProblemCode::SignInWithings], &[]),
                (&[], &[]),
                (&[], &[]),
            ],
        );
        let (told, solved) = ("Sign in to Withings again", "Withings is connected again");
        assert_eq!(said, [vec![], vec![told], vec![], vec![solved], vec![]]);
        let attention = [item(ProblemCode::SignInWithings)];
        let situation = quiet(&attention);
        let (first, known) = notices(&[], situation, Preferences::default(), now());
        let over = Situation { attention: &[], ..situation };
        let (last, _) = notices(&known, over, Preferences::default(), now());
        assert_eq!(first[0].about, last[0].about, "the same notification");
    }

    #[test]
    fn what_is_tried_again_or_good_to_know_is_not_told() {
        let quiet = [
            ProblemCode::Offline,
            ProblemCode::RateLimited,
            ProblemCode::Stale,
            ProblemCode::Paused,
            ProblemCode::ConnectWithings,
        ];
        assert_eq!(story(Preferences::default(), &[(&quiet, &[])]), [vec![""; 0]]);
    }

    #[test]
    fn without_a_tray_notifications_say_what_its_icon_would_and_again_at_the_next_start() {
        let attention = [item(ProblemCode::ConnectWithings), item(ProblemCode::Offline)];
        let situation = Situation { has_tray: false, ..quiet(&attention) };
        let (said, known) = notices(&[], situation, Preferences::default(), now());
        assert_eq!(said.iter().map(|notice| notice.title.as_str()).collect::<Vec<_>>(), ["Connect Withings"]);
        let (said, known) = notices(&known, situation, Preferences::default(), now());
        assert_eq!(said, []);
        let next_start = Situation { is_first: true, ..situation };
        assert_eq!(notices(&known, next_start, Preferences::default(), now()).0.len(), 1);
        let with_tray = Situation { has_tray: true, ..next_start };
        assert_eq!(notices(&known, with_tray, Preferences::default(), now()).0, []);
    }

    #[test]
    fn each_refusal_is_told_once_and_fewer_are_not() {
        let parked: &[ProblemCode] = &[ProblemCode::Parked];
        let passes: [(_, &[i64]); 5] =
            [(parked, &[1]), (parked, &[1]), (parked, &[1, 2]), (parked, &[2]), (parked, &[3])];
        let told = vec!["Beeminder refused datapoints".to_owned()];
        let said = story(Preferences::default(), &passes);
        assert_eq!(said, [told.clone(), vec![], told.clone(), vec![], told]);
    }

    #[test]
    fn the_next_matter_of_a_kind_is_told_and_the_same_is_not() {
        let soon = |deadline: &str| {
            let facts = args([("goal", "weight".into()), ("deadline", deadline.into())]);
            Attention { facts, ..item(ProblemCode::MeasureSoon) }
        };
        let withdrawn = |what: &str| {
            let facts = args([("what", what.into())]);
            Attention { facts, ..item(ProblemCode::ShareWithdrawn) }
        };
        let missing = |what: &str| {
            let facts = args([("goal", "weight".into()), ("what", what.into())]);
            Attention { facts, ..item(ProblemCode::ScopeMissing) }
        };
        let (today, tomorrow) = (soon("2026-11-24T03:00:00Z"), soon("2026-11-25T03:00:00Z"));
        for (before, after, told) in [
            (vec![today.clone()], vec![today.clone()], 0),
            (vec![today], vec![tomorrow], 1),
            (vec![withdrawn("sleep")], vec![withdrawn("measure,sleep")], 1),
            (vec![withdrawn("measure,sleep")], vec![withdrawn("sleep")], 0),
            (vec![missing("sleep")], vec![missing("sleep"), missing("activity")], 1),
            (vec![missing("sleep"), missing("activity")], vec![missing("activity")], 0),
        ] {
            let (_, known) = notices(&[], quiet(&before), Preferences::default(), now());
            let (said, _) = notices(&known, quiet(&after), Preferences::default(), now());
            assert_eq!(said.len(), told, "{before:?} {after:?}");
            // An earlier version did not note what an incident was about.
            let noted: Vec<_> = known.into_iter().map(|it| Incident { matters: None, ..it }).collect();
            assert_eq!(notices(&noted, quiet(&after), Preferences::default(), now()).0, [], "{after:?}");
        }
    }

    #[test]
    fn two_goals_are_two_incidents() {
        let goal = |name: &str| Attention { goal: Some(name.into()), ..item(ProblemCode::GoalArchived) };
        let attention = [goal("one"), goal("other")];
        let situation = quiet(&attention);
        let (said, known) = notices(&[], situation, Preferences::default(), now());
        assert_eq!((said.len(), known.len()), (2, 2));
        let (said, _) = notices(
            &known,
            Situation { attention: &attention[1..], ..situation },
            Preferences::default(),
            now(),
        );
        assert_eq!(said.len(), 1);
        assert_eq!(said[0].title, "one takes datapoints again");
    }

    #[test]
    fn levels() {
        let attention = [item(ProblemCode::Parked)];
        for (level, titles) in [
            (Level::None, vec![]),
            (Level::Problems, vec!["Beeminder refused datapoints"]),
            (Level::All, vec!["Beeminder refused datapoints", "weight 78.9 kg"]),
        ] {
            let situation = Situation { parked: &[1], arrived: Some("weight 78.9 kg"), ..quiet(&attention) };
            let preferences = Preferences { level, snoozed_until: None };
            let (said, known) = notices(&[], situation, preferences, now());
            assert_eq!(
                said.iter().map(|notice| notice.title.as_str()).collect::<Vec<_>>(),
                titles,
                "{level:?}"
            );
            let over = Situation { attention: &[], arrived: None, ..situation };
            let (said, _) = notices(&known, over, preferences, now());
            assert_eq!(said.len(), usize::from(level != Level::None), "no end without a beginning");
        }
    }

    #[test]
    fn a_snooze_puts_it_off_and_a_look_at_the_window_makes_it_needless() {
        let attention = [item(ProblemCode::Parked)];
        let situation = Situation { parked: &[1], arrived: Some("weight 78.9 kg"), ..quiet(&attention) };
        let snoozed = Preferences { level: Level::All, snoozed_until: Some(now() + TimeDelta::minutes(1)) };
        let (said, known) = notices(&[], situation, snoozed, now());
        assert_eq!((said.len(), known.len()), (0, 0));
        let by_a_wrong_clock = Preferences { snoozed_until: Some(now() + TimeDelta::days(3)), ..snoozed };
        assert_eq!(notices(&[], situation, by_a_wrong_clock, now()).0.len(), 2);
        let (said, known) = notices(&known, situation, snoozed, now() + TimeDelta::minutes(1));
        assert_eq!(said.len(), 2);
        let over = Situation { attention: &[], arrived: None, ..situation };
        let (said, known) = notices(&known, over, snoozed, now());
        assert_eq!((said.len(), known.len()), (0, 1), "the end is put off as well");
        assert_eq!(notices(&known, over, Preferences::default(), now()).0.len(), 1);

        let seen = Situation { window_has_focus: true, ..situation };
        let (said, known) = notices(&[], seen, Preferences::default(), now());
        assert_eq!((said.len(), known.len()), (0, 1));
        let (said, known) = notices(&known, situation, Preferences::default(), now());
        assert_eq!((said.len(), known.len()), (0, 1), "the user has seen it");
        let over = Situation { attention: &[], ..situation };
        let (said, _) = notices(&known, over, Preferences::default(), now());
        assert_eq!(said, []);
    }
}
