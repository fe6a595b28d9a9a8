//! Every page in light and dark, in every width: drawn for people to look at, and read by axe-core.

use beeminder_withings_sync::domain::service::Service;
use beeminder_withings_sync::platform::clock;
use beeminder_withings_sync::sandbox::faults::Fault;
use beeminder_withings_sync::sandbox::sample;
use chrono::TimeDelta;
use serde_json::json;

use super::super::session::Session;
use super::super::{until, user};
use super::{
    click, drawn, fill, fits, go, pictures, pictures_in, select, shows, sign_in_withings, value, violations,
};

/// The pages of a program in use, and what each shows when it is there.
const PAGES: [(&str, &str, &str); 9] = [
    ("overview", "#goals", "Last: "),
    ("days/weight", "#days", "no reading"),
    ("guide", "#steps", "Withings"),
    ("link/1", ".link-form .summary", "datapoint"),
    ("link/new", ".link-form .summary", "."),
    ("goal", "#goal-form", "Short name"),
    ("history", "#chart .read-out", "measurements"),
    ("questions", "#held", "82.1"),
    ("settings", "#settings", "Read Withings every"),
];

const GERMAN: [(&str, &str); 8] = [
    ("overview", "Ziele"),
    ("guide", "Einrichten"),
    ("link/1", "Verknüpfung mit weight"),
    ("goal", "Ein Ziel anlegen"),
    ("history", "Verlauf"),
    ("questions", "Fragen"),
    ("settings", "Einstellungen"),
    ("help", "Hilfe"),
];

#[tokio::test]
async fn every_page_can_be_read_by_everybody_in_light_and_dark() {
    for (theme, name) in [("Adwaita", "light"), ("Adwaita:dark", "dark")] {
        let mut session = Session::start().await;
        session.theme = theme;
        let mut found = Vec::new();
        let window = session.launch_driven().await;
        shows(&window, "#withings .who", "Not connected").await;
        found.extend(violations(&window).await);
        pictures(&window, &format!("first run {name}")).await;
        sign_in_withings(&window, "loopback").await;
        shows(&window, "#waiting", "Waiting for the browser").await;
        found.extend(violations(&window).await);
        pictures(&window, &format!("waiting {name}")).await;
        click(&window, "#cancel-sign-in").await;
        session.kill().await;

        sample::year(&mut session.sandbox.world().withings, clock::now());
        session.set_up().await;
        session.bws(&["link", "add", "--goal", "weigh-in", "--count", "weight"]).await;
        let window = session.launch_driven().await;
        session.weigh_in(82.4);
        click(&window, "#sync-now").await;
        until("the datapoint", async || (session.at_beeminder() == [82.4]).then_some(())).await;
        let unsure = json!({"attrib": 1, "measures": [{"value": 82_100, "type": 1, "unit": -3}]});
        // Not in the same second: nobody steps on a scale that fast.
        session.sandbox.world().withings.add(unsure, clock::now() + TimeDelta::seconds(2));
        click(&window, "#sync-now").await;
        shows(&window, "#question-count", "1").await;
        for (page, selector, words) in PAGES {
            go(&window, page).await;
            shows(&window, selector, words).await;
            found.extend(violations(&window).await.into_iter().map(|line| format!("{page} {name}: {line}")));
            pictures(&window, &format!("{} {name}", page.replace('/', " "))).await;
            // The smallest and the largest window.
            for width in [320, 3840] {
                fits(&window, page, width).await;
            }
        }
        go(&window, "help").await;
        click(&window, "#self-test").await;
        shows(&window, "#test-summary", "not as").await;
        found.extend(violations(&window).await);
        pictures(&window, &format!("help {name}")).await;
        // The longer words of another language have room where there is least.
        go(&window, "settings").await;
        select(&window, "#language", "de").await;
        for (page, title) in GERMAN {
            go(&window, page).await;
            shows(&window, "#page h1", title).await;
            found.extend(violations(&window).await);
            pictures_in(&window, &format!("{} german {name}", page.replace('/', " ")), &[360]).await;
        }
        // What goes wrong is said in it as well.
        go(&window, "goal").await;
        fill(&window, "#slug", "a b").await;
        click(&window, "#goal-form [type=submit]").await;
        shows(&window, "#slug + .problem", "„a b“ ist nicht zulässig").await;
        let dark = value(&window, "return matchMedia('(prefers-color-scheme: dark)').matches").await;
        assert_eq!(dark, theme.ends_with("dark"));
        assert_eq!(found, [""; 0]);
        session.kill().await;
    }
}

#[tokio::test]
async fn letters_can_be_twice_as_large() {
    let mut session = Session::start().await;
    session.set_up().await;
    let window = session.launch_driven().await;
    shows(&window, "#goals", "weight").await;
    let shown = session.window_opens().await;
    let wide = value(&window, "return innerWidth").await.as_f64().unwrap();
    let keys = ["windowactivate", "--sync", &shown, "key", "--repeat", "5", "--delay", "100", "ctrl+equal"];
    assert!(session.command("xdotool").args(keys).status().await.unwrap().success());
    until("half as much room", async || {
        let now = value(&window, "return innerWidth").await.as_f64()?;
        (now < wide * 0.55).then_some(())
    })
    .await;
    for (page, ..) in PAGES {
        go(&window, page).await;
        drawn(&window).await;
        let cut = value(&window, "return document.documentElement.scrollWidth > innerWidth").await;
        assert_eq!(cut, false, "{page}");
    }
    let picture = window.screenshot().await.unwrap();
    std::fs::write(user::pictures().join("settings twice as large.png"), picture).unwrap();
}

#[tokio::test]
async fn much_that_is_wrong_at_once_can_be_read_and_helped() {
    let mut session = Session::start().await;
    session.set_up().await;
    for (goal, what) in [("steps", ["--track", "steps"]), ("night-owl", ["--track", "fat-ratio"])] {
        session.bws(&["link", "add", "--goal", goal, what[0], what[1]]).await;
    }
    {
        let mut world = session.sandbox.world();
        world.beeminder.time_zone = "America/New_York".into();
        world.beeminder.goal("night-owl").archived = true;
        let refusal = Fault::http(422, r#"{"errors":{"value":["is odd"]}}"#);
        world.faults.next(Service::Beeminder, "datapoints", refusal);
    }
    session.weigh_in(82.4);
    let window = session.launch_driven().await;
    shows(&window, "#status-message", "The goal steps needs your activity").await;
    shows(&window, "#attention", "night-owl was archived").await;
    shows(&window, "#goals", "Steps, each day").await;
    assert_eq!(violations(&window).await, [""; 0]);
    pictures_in(&window, "much at once", &[360, 900]).await;
    // The button beside the sentence helps with just that.
    click(&window, "#status-action").await;
    shows(&window, "#waiting", "Waiting for the browser").await;
    assert!(session.browser_page().await.query().unwrap().contains("user.activity"));
}

#[tokio::test]
async fn what_goes_wrong_on_the_way_is_said_in_full_in_the_windows_language() {
    let mut session = Session::start().await;
    session.set_up().await;
    let page = Fault::http(200, "<html>");
    session.sandbox.world().faults.every(Service::Withings, "measure", page);
    let window = session.launch_driven().await;
    click(&window, "#sync-now").await;
    let english =
        "Your measurements could not be read. Withings sent an answer that cannot be read: it is a web page";
    shows(&window, "#status-message", english).await;
    go(&window, "settings").await;
    select(&window, "#language", "de").await;
    go(&window, "overview").await;
    let german = "Ihre Messungen konnten nicht gelesen werden. Eine Antwort von Withings ist unverständlich: Sie ist eine \
                  Webseite, vielleicht die Anmeldeseite eines Netzes. Nächster Versuch";
    shows(&window, "#status-message", german).await;
    session.kill().await;
}
