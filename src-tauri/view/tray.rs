//! The tray as a value: icon, title, tooltip and menu. A pure function of how things are, so that whole
//! menus can be compared in tests; each system's tray is a dumb walk over it.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::domain::goal::GoalSlug;
use crate::domain::measure::measurement::GroupId;
use crate::domain::problem_code::Urgency;
use crate::domain::service::Service;
use crate::health::status::Status;
use crate::text::{Args, Explained, Language, Locale, args};
use crate::view::overview::{GoalLine, Overview};

/// The program's name, as people read it.
pub const NAME: &str = "Beeminder Withings Sync";

/// How many goals the menu has, the most urgent ones: what stands below them is to stay in reach.
const MOST_GOALS: usize = 5;

/// What the user can ask for with a click.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MenuAction {
    /// Show the window.
    Open,
    /// Show the window with the questions that wait for an answer.
    Answer,
    /// Say whether a held measurement is the user's.
    AnswerHeld {
        /// The weigh-in.
        group: GroupId,
        /// Whether it is.
        mine: bool,
    },
    /// Make a pass.
    SyncNow,
    /// Show a goal's page at Beeminder.
    OpenGoal(GoalSlug),
    /// Make no passes for an hour.
    PauseForAnHour,
    /// Make no passes until tomorrow.
    PauseUntilTomorrow,
    /// End the pause.
    Resume,
    /// Stop waiting for the browser.
    CancelSignIn,
    /// End the program.
    Quit,
}

/// Something the user clicked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Click {
    /// What a click on it does.
    pub action: MenuAction,
    /// The desktop's permission for this click to take the focus.
    pub token: Option<String>,
}

/// What the icon says. Each has a shape of its own, because colours are not seen by everyone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Icon {
    /// Up to date: a disc with a tick.
    Fine,
    /// Something is being done or tried again: a ring of arrows.
    Syncing,
    /// The user must act: a triangle.
    NeedsYou,
    /// Paused: a square with two bars.
    Paused,
}

/// One entry of a menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// Says something.
    Line(String),
    /// Can be clicked.
    Item(String, MenuAction),
    /// Opens to the side.
    Submenu(String, Vec<Entry>),
    /// A line between groups.
    Separator,
}

/// The tray.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tray {
    /// The icon's shape, which says how urgent things are.
    pub icon: Icon,
    /// What a screen reader says first.
    pub title: String,
    /// What hovering shows under the title.
    pub tooltip: String,
    /// The menu's entries from top to bottom.
    pub menu: Vec<Entry>,
}

/// What is going on and is not in the store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Activity {
    /// A pass is being made.
    pub syncing: bool,
    /// The browser is open for a sign-in.
    pub signing_in: Option<Service>,
    /// Whether the services are the sandbox's.
    pub sandbox: bool,
    /// The language of every label.
    pub language: Language,
    /// This computer's time zone; `None` when it is not known.
    pub here: Option<Tz>,
}

/// The tray for how things are.
pub fn tray(overview: &Overview, activity: &Activity, now: DateTime<Utc>) -> Tray {
    let zone = overview.time_zone;
    let here = activity.here.unwrap_or(zone);
    let locale = Locale { here, now: Some(now), ..Locale::new(activity.language, zone) };
    let words = words(overview, activity, locale);
    let name = if activity.sandbox { format!("{NAME} (sandbox)") } else { NAME.into() };
    Tray {
        icon: icon(overview, activity),
        title: format!("{name}: {words}"),
        tooltip: tooltip(overview, locale, now),
        menu: menu(overview, activity, words, (locale, now)),
    }
}

/// The tray of a program that cannot work, for instance because the disk is full.
pub fn failed(failure: &Explained, language: Language) -> Tray {
    let locale = Locale::new(language, Tz::UTC);
    Tray {
        icon: Icon::NeedsYou,
        title: format!("{NAME}: {}", plain(locale, "menu.broken")),
        tooltip: failure.by(language),
        menu: vec![
            Entry::Item(plain(locale, "menu.see_why"), MenuAction::Open),
            Entry::Separator,
            Entry::Item(plain(locale, "shell.quit"), MenuAction::Quit),
        ],
    }
}

/// Says what is about nothing in particular.
fn plain(locale: Locale, key: &str) -> String {
    locale.say(key, &Args::new())
}

/// Says what is about one thing.
fn about(locale: Locale, key: &str, name: &str, fact: impl Into<String>) -> String {
    locale.say(key, &args([(name, fact.into())]))
}

fn icon(overview: &Overview, activity: &Activity) -> Icon {
    match overview.status {
        _ if activity.syncing => Icon::Syncing,
        Status::NotSetUp | Status::NeedsYou | Status::ShareWithdrawn | Status::KeychainLocked => {
            Icon::NeedsYou
        }
        Status::Paused { .. } => Icon::Paused,
        Status::Asks { .. } => Icon::NeedsYou,
        Status::Retrying | Status::Sending { .. } => Icon::Syncing,
        Status::NothingMeasured { .. } | Status::NotUploading { .. } | Status::Fine => Icon::Fine,
    }
}

/// The status in a few words.
fn words(overview: &Overview, activity: &Activity, locale: Locale) -> String {
    let first = overview.attention.first();
    let headline = || first.map_or_else(|| plain(locale, "menu.something"), |item| item.headline_by(locale));
    let at = |moment| locale.moment_here(moment);
    match &overview.status {
        Status::NotSetUp | Status::NeedsYou | Status::ShareWithdrawn | Status::KeychainLocked => headline(),
        _ if activity.syncing => plain(locale, "shell.syncing"),
        Status::Paused { until } => about(locale, "menu.paused", "at", at(*until)),
        Status::Retrying => about(locale, "menu.retrying", "problem", headline()),
        Status::Asks { count } => about(locale, "menu.asks", "count", count.to_string()),
        Status::Sending { count } => about(locale, "menu.sending", "count", count.to_string()),
        Status::NothingMeasured { last, .. } => about(locale, "menu.nothing_measured", "at", at(*last)),
        Status::NotUploading { device, last } => {
            locale.say("menu.not_uploading", &args([("device", device.clone()), ("at", at(*last))]))
        }
        Status::Fine => plain(locale, "menu.fine"),
    }
}

fn tooltip(overview: &Overview, locale: Locale, now: DateTime<Utc>) -> String {
    match overview.attention.first() {
        Some(item) if item.code.urgency() > Urgency::Notice => item.said_by(locale),
        Some(_) | None => when(overview, locale, now),
    }
}

fn menu(
    overview: &Overview,
    activity: &Activity,
    words: String,
    (locale, now): (Locale, DateTime<Utc>),
) -> Vec<Entry> {
    let item = |key, action| Entry::Item(plain(locale, key), action);
    let mut menu = Vec::new();
    if activity.sandbox {
        menu.push(Entry::Line(plain(locale, "menu.sandbox")));
    }
    match overview.status {
        Status::NotSetUp | Status::NeedsYou | Status::ShareWithdrawn | Status::KeychainLocked => {
            menu.push(Entry::Item(format!("{words}…"), MenuAction::Open));
        }
        Status::Asks { .. } => menu.push(Entry::Item(format!("{words}…"), MenuAction::Answer)),
        Status::Paused { .. }
        | Status::Retrying
        | Status::Sending { .. }
        | Status::NothingMeasured { .. }
        | Status::NotUploading { .. }
        | Status::Fine => {
            menu.push(Entry::Line(words));
        }
    }
    menu.push(Entry::Line(when(overview, locale, now)));
    let is_said = matches!(overview.status, Status::Paused { .. });
    if let Some(until) = overview.paused_until.filter(|_| !is_said) {
        menu.push(Entry::Line(about(locale, "menu.paused", "at", locale.moment_here(until))));
    }
    if overview.questions > 0 && !matches!(overview.status, Status::Asks { .. }) {
        let words = about(locale, "menu.questions", "count", overview.questions.to_string());
        menu.push(Entry::Item(words, MenuAction::Answer));
    }
    if let Some(service) = activity.signing_in {
        let words = about(locale, "menu.cancel_sign_in", "service", service.to_string());
        menu.push(Entry::Item(words, MenuAction::CancelSignIn));
    }
    menu.push(Entry::Separator);
    if !overview.goals.is_empty() {
        menu.extend(overview.goals.iter().take(MOST_GOALS).map(|goal| goal_entry(goal, locale)));
        if overview.goals.len() > MOST_GOALS {
            let words = about(locale, "menu.all_goals", "count", overview.goals.len().to_string());
            menu.push(Entry::Item(words, MenuAction::Open));
        }
        menu.push(Entry::Separator);
    }
    menu.push(item("shell.sync_now", MenuAction::SyncNow));
    menu.push(if overview.paused_until.is_some() {
        item("action.resume", MenuAction::Resume)
    } else {
        let choices = vec![
            item("menu.pause_hour", MenuAction::PauseForAnHour),
            item("menu.pause_tomorrow", MenuAction::PauseUntilTomorrow),
        ];
        Entry::Submenu(plain(locale, "menu.pause"), choices)
    });
    menu.extend([
        Entry::Separator,
        Entry::Item(about(locale, "menu.open", "name", NAME), MenuAction::Open),
        item("shell.quit", MenuAction::Quit),
    ]);
    menu
}

fn when(overview: &Overview, locale: Locale, now: DateTime<Utc>) -> String {
    let at = |key, moment| about(locale, key, "at", locale.moment_here(moment));
    let last = overview.last_sync.map_or_else(|| plain(locale, "shell.never"), |read| at("menu.last", read));
    if !overview.withings.connected || !overview.beeminder.connected {
        return last;
    }
    format!("{last}, {}", at("menu.next", overview.next.max(now)))
}

fn goal_entry(goal: &GoalLine, locale: Locale) -> Entry {
    let buffer = match (goal.buffer_days, goal.loses_at) {
        (Some(..=0), Some(at)) => about(locale, "menu.due", "at", locale.moment(at)),
        (Some(..=0), None) => plain(locale, "buffer.today"),
        (Some(days), _) => about(locale, "buffer.days", "count", days.to_string()),
        (None, _) => plain(locale, "buffer.unknown"),
    };
    Entry::Item(format!("{}: {buffer}", goal.slug), MenuAction::OpenGoal(goal.slug.clone()))
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::domain::attention::Attention;
    use crate::domain::problem_code::ProblemCode;
    use crate::view::overview::AccountLine;

    /// A Monday, 07:00 in Paris.
    fn monday() -> DateTime<Utc> {
        "2026-11-23T06:00:00Z".parse().unwrap()
    }

    fn overview(status: Status, attention: &[ProblemCode]) -> Overview {
        let account = || AccountLine { connected: true, ..AccountLine::default() };
        Overview {
            message: String::new(),
            status_facts: Args::new(),
            status,
            attention: attention
                .iter()
                .map(|code| Attention::new(*code, args([("service", "Withings".into())]), Tz::UTC))
                .collect(),
            withings: account(),
            beeminder: account(),
            goals: vec![GoalLine {
                slug: GoalSlug("weight".into()),
                buffer_days: Some(0),
                loses_at: Some(monday() + TimeDelta::hours(20)),
            }],
            links: 1,
            pending: 0,
            parked: 0,
            held: 0,
            stale: 0,
            questions: 0,
            paused_until: None,
            backfills: Vec::new(),
            measure_groups: 1,
            last_measured: Some(monday()),
            last_sync: Some(monday() - TimeDelta::minutes(5)),
            next: monday() + TimeDelta::minutes(10),
            time_zone: Tz::Europe__Paris,
        }
    }

    /// The menu as a reader sees it, what can be clicked in brackets.
    fn picture(menu: &[Entry]) -> String {
        let line = |entry: &Entry| match entry {
            Entry::Line(text) => text.clone(),
            Entry::Item(text, _) => format!("[{text}]"),
            Entry::Submenu(text, inner) => format!("{text} > {}", picture(inner).replace('\n', " ")),
            Entry::Separator => "---".into(),
        };
        menu.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    fn idle() -> Activity {
        Activity::default()
    }

    #[test]
    fn when_all_is_well() {
        let tray = tray(&overview(Status::Fine, &[]), &idle(), monday());
        assert_eq!(tray.icon, Icon::Fine);
        assert_eq!(tray.title, "Beeminder Withings Sync: Up to date");
        assert_eq!(tray.tooltip, "Last synced 6:55 AM, next 7:10 AM");
        assert_eq!(
            picture(&tray.menu),
            "Up to date\nLast synced 6:55 AM, next 7:10 AM\n---\n[weight: derails at Tue 3:00 AM]\n---\n[Sync now]\n\
             Pause > [For an hour] [Until tomorrow]\n---\n[Open Beeminder Withings Sync]\n[Quit]"
        );
    }

    #[test]
    fn when_the_user_must_act_the_first_line_says_what_to_do_and_opens_the_window() {
        let overview = overview(Status::NeedsYou, &[ProblemCode::Deadbeat]);
        let tray = tray(&overview, &idle(), monday());
        assert_eq!(tray.icon, Icon::NeedsYou);
        assert_eq!(tray.title, "Beeminder Withings Sync: Beeminder couldn’t charge you");
        assert_eq!(
            tray.tooltip,
            "Beeminder couldn’t charge you. Update your payment details at beeminder.com."
        );
        assert_eq!(tray.menu[0], Entry::Item("Beeminder couldn’t charge you…".into(), MenuAction::Open));
    }

    #[test]
    fn when_nothing_is_set_up() {
        let mut nothing = overview(Status::NotSetUp, &[ProblemCode::ConnectWithings]);
        nothing.goals.clear();
        nothing.last_sync = None;
        nothing.withings.connected = false;
        let tray = tray(&nothing, &Activity { sandbox: true, ..idle() }, monday());
        assert_eq!(tray.title, "Beeminder Withings Sync (sandbox): Connect Withings");
        assert_eq!(
            picture(&tray.menu),
            "Sandbox: nothing here is real\n[Connect Withings…]\nNot synced yet\n---\n[Sync now]\n\
             Pause > [For an hour] [Until tomorrow]\n---\n[Open Beeminder Withings Sync]\n[Quit]"
        );
    }

    #[test]
    fn icon_and_words_follow_from_how_we_are() {
        let until = monday() + TimeDelta::hours(1);
        let last = monday() - TimeDelta::days(3);
        let syncing = Activity { syncing: true, ..idle() };
        for (status, activity, icon, words) in [
            (Status::Fine, &syncing, Icon::Syncing, "Syncing…"),
            (Status::Paused { until }, &idle(), Icon::Paused, "Paused until 8:00 AM"),
            (Status::Paused { until }, &syncing, Icon::Syncing, "Syncing…"),
            (Status::Retrying, &idle(), Icon::Syncing, "Can’t reach Withings; trying again"),
            (Status::Asks { count: 1 }, &idle(), Icon::NeedsYou, "1 question for you"),
            (Status::Sending { count: 2 }, &idle(), Icon::Syncing, "Sending 2 datapoints"),
            (
                Status::NothingMeasured { last, what: crate::domain::measure::kind::MeasureKind::WEIGHT },
                &idle(),
                Icon::Fine,
                "Nothing measured since Fri 7:00 AM",
            ),
            (Status::KeychainLocked, &idle(), Icon::NeedsYou, "Can’t reach Withings"),
            (Status::NeedsYou, &syncing, Icon::Syncing, "Can’t reach Withings"),
        ] {
            let tray = tray(&overview(status.clone(), &[ProblemCode::Offline]), activity, monday());
            assert_eq!((tray.icon, tray.title), (icon, format!("{NAME}: {words}")), "{status:?}");
        }
    }

    #[test]
    fn what_waits_for_the_users_word_is_in_the_menu_and_opens_the_window() {
        for status in [Status::Asks { count: 2 }, Status::Retrying] {
            let asking = Overview { questions: 2, ..overview(status, &[ProblemCode::Held]) };
            let menu = tray(&asking, &idle(), monday()).menu;
            let said = menu
                .iter()
                .filter(|entry| **entry == Entry::Item("2 questions for you…".into(), MenuAction::Answer));
            assert_eq!(said.count(), 1, "{}", picture(&menu));
        }
    }

    #[test]
    fn a_pause_is_said_beside_a_problem_and_can_be_ended_there() {
        let until = Some(monday() + TimeDelta::hours(1));
        let paused = Overview { paused_until: until, ..overview(Status::NeedsYou, &[ProblemCode::Parked]) };
        let menu = tray(&paused, &idle(), monday()).menu;
        assert!(menu.contains(&Entry::Line("Paused until 8:00 AM".into())), "{}", picture(&menu));
        assert!(menu.contains(&Entry::Item("Resume".into(), MenuAction::Resume)));
    }

    #[test]
    fn of_many_goals_the_most_urgent_are_in_the_menu() {
        let mut many = overview(Status::Fine, &[]);
        many.goals = vec![many.goals.remove(0); 33];
        let menu = tray(&many, &idle(), monday()).menu;
        let goals = menu.iter().filter(|entry| matches!(entry, Entry::Item(_, MenuAction::OpenGoal(_))));
        assert_eq!(goals.count(), MOST_GOALS);
        assert!(menu.contains(&Entry::Item("All 33 goals…".into(), MenuAction::Open)), "{}", picture(&menu));
    }

    #[test]
    fn the_tray_speaks_its_users_language() {
        let german = Activity { language: Language::German, ..idle() };
        let tray = tray(&overview(Status::NeedsYou, &[ProblemCode::Parked]), &german, monday());
        assert!(tray.title.ends_with("Beeminder hat Datenpunkte abgelehnt"), "{}", tray.title);
        let menu = picture(&tray.menu);
        for words in ["Jetzt synchronisieren", "Pause", "Beenden", "entgleist um"] {
            assert!(menu.contains(words), "{words} in\n{menu}");
        }
    }

    #[test]
    fn a_pause_can_be_ended_and_a_sign_in_cancelled() {
        let paused = Status::Paused { until: monday() + TimeDelta::hours(1) };
        let signing_in = Activity { signing_in: Some(Service::Withings), ..idle() };
        let until = Some(monday() + TimeDelta::hours(1));
        let menu =
            tray(&Overview { paused_until: until, ..overview(paused, &[]) }, &signing_in, monday()).menu;
        assert!(menu.contains(&Entry::Item("Resume".into(), MenuAction::Resume)));
        assert!(
            menu.contains(&Entry::Item("Cancel the sign-in to Withings".into(), MenuAction::CancelSignIn))
        );
    }

    #[test]
    fn goals_say_what_is_left() {
        let goal = |buffer_days, hours: Option<i64>| GoalLine {
            slug: GoalSlug("weight".into()),
            buffer_days,
            loses_at: hours.map(|hours| monday() + TimeDelta::hours(hours)),
        };
        for (goal, expected) in [
            (goal(Some(0), Some(10)), "weight: derails at 5:00 PM"),
            (goal(Some(-1), None), "weight: due today"),
            (goal(Some(1), Some(30)), "weight: 1 safe day"),
            (goal(Some(400), None), "weight: 400 safe days"),
            (goal(None, None), "weight: not known yet"),
        ] {
            let locale = Locale { now: Some(monday()), ..Locale::new(Language::English, Tz::Europe__Paris) };
            let Entry::Item(text, _) = goal_entry(&goal, locale) else { panic!() };
            assert_eq!(text, expected);
        }
    }
}
