//! The tray as a value: icon, title, tooltip and menu. A pure function of how things are, so that whole
//! menus can be compared in tests; each system's tray is a dumb walk over it. All wording is here.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::accounts::Service;
use crate::attention::Urgency;
use crate::goal::GoalSlug;
use crate::overview::{GoalLine, Overview};
use crate::status::Status;

/// The program's name, as people read it.
pub const NAME: &str = "Beeminder Withings Sync";

/// What the user can ask for with a click.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// Show the window.
    Open,
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

/// What the icon says. Each has a shape of its own, because colours are not seen by everyone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Icon {
    /// All is well: a disc with a tick.
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
    Item(String, Wish),
    /// Opens to the side.
    Submenu(String, Vec<Entry>),
    /// A line between groups.
    Separator,
}

/// The tray.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tray {
    /// The icon.
    pub icon: Icon,
    /// What a screen reader says first.
    pub title: String,
    /// What hovering shows under the title.
    pub tooltip: String,
    /// The menu.
    pub menu: Vec<Entry>,
}

/// What is going on and is not in the store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Activity {
    /// A pass is being made.
    pub syncing: bool,
    /// The browser is open for a sign-in.
    pub signing_in: Option<Service>,
    /// The services are stand-ins.
    pub sandbox: bool,
}

/// The tray for how things are.
pub fn tray(overview: &Overview, activity: &Activity, now: DateTime<Utc>) -> Tray {
    let words = words(overview, activity, now);
    let name = if activity.sandbox { format!("{NAME} (sandbox)") } else { NAME.into() };
    Tray {
        icon: icon(overview, activity),
        title: format!("{name}: {words}"),
        tooltip: tooltip(overview, now),
        menu: menu(overview, activity, words, now),
    }
}

/// The tray of a program that cannot work, for instance because the disk is full.
pub fn failed(message: &str) -> Tray {
    Tray {
        icon: Icon::NeedsYou,
        title: format!("{NAME}: does not work"),
        tooltip: message.to_owned(),
        menu: vec![
            Entry::Item("Does not work: see why…".into(), Wish::Open),
            Entry::Separator,
            Entry::Item("Quit".into(), Wish::Quit),
        ],
    }
}

fn icon(overview: &Overview, activity: &Activity) -> Icon {
    match overview.status {
        _ if activity.syncing => Icon::Syncing,
        Status::NotSetUp | Status::NeedsYou | Status::ShareWithdrawn | Status::KeychainLocked => {
            Icon::NeedsYou
        }
        Status::Paused { .. } => Icon::Paused,
        Status::Retrying => Icon::Syncing,
        Status::NothingMeasured { .. } | Status::NotUploading { .. } | Status::Fine => Icon::Fine,
    }
}

/// How we are, in a few words.
fn words(overview: &Overview, activity: &Activity, now: DateTime<Utc>) -> String {
    let headline = || overview.attention.first().map_or("something is wrong", |item| item.code.headline());
    let clock = |moment| clock(moment, overview.time_zone, now);
    match &overview.status {
        Status::NotSetUp | Status::NeedsYou | Status::ShareWithdrawn | Status::KeychainLocked => {
            headline().to_owned()
        }
        _ if activity.syncing => "Syncing…".into(),
        Status::Paused { until } => format!("Paused until {}", clock(*until)),
        Status::Retrying => format!("{}; trying again", headline()),
        Status::NothingMeasured { last } => format!("Nothing measured since {}", clock(*last)),
        Status::NotUploading { device, last } => format!("{device}: not seen since {}", clock(*last)),
        Status::Fine => "All is well".into(),
    }
}

fn tooltip(overview: &Overview, now: DateTime<Utc>) -> String {
    match overview.attention.first() {
        Some(item) if item.code.urgency() > Urgency::Notice => item.message.clone(),
        Some(_) | None => when(overview, now),
    }
}

fn menu(overview: &Overview, activity: &Activity, words: String, now: DateTime<Utc>) -> Vec<Entry> {
    let mut menu = Vec::new();
    if activity.sandbox {
        menu.push(Entry::Line("Sandbox: nothing here is real".into()));
    }
    match overview.status {
        Status::NotSetUp | Status::NeedsYou | Status::ShareWithdrawn | Status::KeychainLocked => {
            menu.push(Entry::Item(format!("{words}…"), Wish::Open));
        }
        Status::Paused { .. }
        | Status::Retrying
        | Status::NothingMeasured { .. }
        | Status::NotUploading { .. }
        | Status::Fine => {
            menu.push(Entry::Line(words));
        }
    }
    menu.push(Entry::Line(when(overview, now)));
    if let Some(service) = activity.signing_in {
        menu.push(Entry::Item(format!("Cancel the sign-in to {service}"), Wish::CancelSignIn));
    }
    menu.push(Entry::Separator);
    if !overview.goals.is_empty() {
        menu.extend(overview.goals.iter().map(|goal| goal_entry(goal, overview.time_zone, now)));
        menu.push(Entry::Separator);
    }
    menu.push(Entry::Item("Sync now".into(), Wish::SyncNow));
    menu.push(match overview.status {
        Status::Paused { .. } => Entry::Item("Resume".into(), Wish::Resume),
        Status::NotSetUp
        | Status::NeedsYou
        | Status::ShareWithdrawn
        | Status::KeychainLocked
        | Status::Retrying
        | Status::NothingMeasured { .. }
        | Status::NotUploading { .. }
        | Status::Fine => Entry::Submenu(
            "Pause".into(),
            vec![
                Entry::Item("For an hour".into(), Wish::PauseForAnHour),
                Entry::Item("Until tomorrow".into(), Wish::PauseUntilTomorrow),
            ],
        ),
    });
    menu.extend([
        Entry::Separator,
        Entry::Item(format!("Open {NAME}"), Wish::Open),
        Entry::Item("Quit".into(), Wish::Quit),
    ]);
    menu
}

fn when(overview: &Overview, now: DateTime<Utc>) -> String {
    let clock = |moment| clock(moment, overview.time_zone, now);
    let last =
        overview.last_sync.map_or_else(|| "Not synced yet".into(), |at| format!("Last synced {}", clock(at)));
    if !overview.withings.connected || !overview.beeminder.connected {
        return last;
    }
    format!("{last}, next {}", clock(overview.next.max(now)))
}

fn goal_entry(goal: &GoalLine, zone: Tz, now: DateTime<Utc>) -> Entry {
    let buffer = match (goal.buffer_days, goal.loses_at) {
        (Some(..=0), Some(at)) => format!("due by {}", clock(at, zone, now)),
        (Some(..=0), None) => "due today".into(),
        (Some(1), _) => "1 day left".into(),
        (Some(days), _) => format!("{days} days left"),
        (None, _) => "not known yet".into(),
    };
    Entry::Item(format!("{}: {buffer}", goal.slug), Wish::OpenGoal(goal.slug.clone()))
}

/// A moment in as few words as it takes: the time when it is today, with the weekday when it is near,
/// with the date otherwise.
fn clock(moment: DateTime<Utc>, zone: Tz, now: DateTime<Utc>) -> String {
    let (local, today) = (moment.with_timezone(&zone), now.with_timezone(&zone));
    let days = (local.date_naive() - today.date_naive()).num_days();
    let format = match days {
        0 => "%H:%M",
        -6..=6 => "%a %H:%M",
        _ => "%Y-%m-%d %H:%M",
    };
    local.format(format).to_string()
}

#[cfg(test)]
mod tests {
    use crate::text::Facts;
    use chrono::TimeDelta;

    use super::*;
    use crate::attention::{Attention, Code};
    use crate::overview::AccountLine;

    /// A Monday, 07:00 in Paris.
    fn monday() -> DateTime<Utc> {
        "2026-11-23T06:00:00Z".parse().unwrap()
    }

    fn overview(status: Status, attention: &[(Code, &str)]) -> Overview {
        let account = || AccountLine { connected: true, ..AccountLine::default() };
        Overview {
            message: String::new(),
            status_facts: Facts::new(),
            status,
            attention: attention
                .iter()
                .map(|(code, message)| Attention {
                    code: *code,
                    message: (*message).into(),
                    goal: None,
                    facts: Facts::new(),
                })
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
        assert_eq!(tray.title, "Beeminder Withings Sync: All is well");
        assert_eq!(tray.tooltip, "Last synced 06:55, next 07:10");
        assert_eq!(
            picture(&tray.menu),
            "All is well\nLast synced 06:55, next 07:10\n---\n[weight: due by Tue 03:00]\n---\n[Sync now]\n\
             Pause > [For an hour] [Until tomorrow]\n---\n[Open Beeminder Withings Sync]\n[Quit]"
        );
    }

    #[test]
    fn when_the_user_must_act_the_first_line_says_what_to_do_and_opens_the_window() {
        let overview =
            overview(Status::NeedsYou, &[(Code::SignInWithings, "Withings no longer accepts it.")]);
        let tray = tray(&overview, &idle(), monday());
        assert_eq!(tray.icon, Icon::NeedsYou);
        assert_eq!(tray.title, "Beeminder Withings Sync: Sign in to Withings again");
        assert_eq!(tray.tooltip, "Withings no longer accepts it.");
        assert_eq!(tray.menu[0], Entry::Item("Sign in to Withings again…".into(), Wish::Open));
    }

    #[test]
    fn when_nothing_is_set_up() {
        let mut nothing = overview(Status::NotSetUp, &[(Code::ConnectWithings, "Connect Withings.")]);
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
            (Status::Paused { until }, &idle(), Icon::Paused, "Paused until 08:00"),
            (Status::Paused { until }, &syncing, Icon::Syncing, "Syncing…"),
            (Status::Retrying, &idle(), Icon::Syncing, "No connection; trying again"),
            (Status::NothingMeasured { last }, &idle(), Icon::Fine, "Nothing measured since Fri 07:00"),
            (Status::KeychainLocked, &idle(), Icon::NeedsYou, "No connection"),
            (Status::NeedsYou, &syncing, Icon::Syncing, "No connection"),
        ] {
            let tray = tray(&overview(status.clone(), &[(Code::Offline, "…")]), activity, monday());
            assert_eq!((tray.icon, tray.title), (icon, format!("{NAME}: {words}")), "{status:?}");
        }
    }

    #[test]
    fn a_pause_can_be_ended_and_a_sign_in_cancelled() {
        let paused = Status::Paused { until: monday() + TimeDelta::hours(1) };
        let signing_in = Activity { signing_in: Some(Service::Withings), ..idle() };
        let menu = tray(&overview(paused, &[]), &signing_in, monday()).menu;
        assert!(menu.contains(&Entry::Item("Resume".into(), Wish::Resume)));
        assert!(menu.contains(&Entry::Item("Cancel the sign-in to Withings".into(), Wish::CancelSignIn)));
    }

    #[test]
    fn goals_say_what_is_left() {
        let goal = |buffer_days, hours: Option<i64>| GoalLine {
            slug: GoalSlug("weight".into()),
            buffer_days,
            loses_at: hours.map(|hours| monday() + TimeDelta::hours(hours)),
        };
        for (goal, expected) in [
            (goal(Some(0), Some(10)), "weight: due by 17:00"),
            (goal(Some(-1), None), "weight: due today"),
            (goal(Some(1), Some(30)), "weight: 1 day left"),
            (goal(Some(400), None), "weight: 400 days left"),
            (goal(None, None), "weight: not known yet"),
        ] {
            let Entry::Item(text, _) = goal_entry(&goal, Tz::Europe__Paris, monday()) else { panic!() };
            assert_eq!(text, expected);
        }
    }
}
