//! Settings count at once, and in every language.

use fantoccini::{Client, Locator};

use super::super::session::Session;
use super::super::until;
use super::{click, enter, go, select, shows, value};

#[tokio::test]
async fn settings_apply_at_once() {
    let mut session = Session::start().await;
    session.set_up().await;
    let window = session.launch_driven().await;
    shows(&window, "#status-message", "Up to date").await;
    go(&window, "settings").await;
    let entry = session.home().join("config/autostart/beeminder-withings-sync.desktop");
    assert!(!entry.exists(), "off until asked for");
    click(&window, "[name=startAtLogin]").await;
    until("the entry", async || entry.exists().then_some(())).await;
    click(&window, "[name=startAtLogin]").await;
    until("no entry", async || (!entry.exists()).then_some(())).await;
    select(&window, "#level", "none").await;
    select(&window, "#interval", "60").await;
    enter(&window, "#remind_at", "20:30").await;
    let place = place_of(&window, "#units").await;
    select(&window, "#snooze", "8").await;
    has(&window, "#snooze", "on").await;
    assert_eq!(place_of(&window, "#units").await, place, "nothing moves under the pointer");
    // Whoever comes back sees it, and can end it.
    go(&window, "overview").await;
    go(&window, "settings").await;
    has(&window, "#snooze", "on").await;
    select(&window, "#snooze", "0").await;
    has(&window, "#snooze", "0").await;
    click(&window, "#pause-for-an-hour").await;
    session.tray().await.says("Paused until").await;
    shows(&window, "#status-message", "Paused until").await;
    // By this computer's clock, which is not that of the Beeminder user.
    let script = "const clock = { hour: 'numeric', minute: '2-digit', hour12: true };
        return [0, 1].map((back) => new Date(Date.now() + 3_600_000 - back * 60_000))
            .some((at) => document.querySelector('#status-message').textContent
                .includes(at.toLocaleTimeString('en', clock)))";
    assert_eq!(value(&window, script).await, true);
    click(&window, "#resume").await;
    session.tray().await.says("Up to date").await;
    select(&window, "#language", "de").await;
    shows(&window, "#page h1", "Einstellungen").await;
    shows(&window, "#status-message", "Alles aktuell.").await;
    session.kill().await;
    let window = session.launch_driven().await;
    shows(&window, "#page h1", "Ziele").await;
    go(&window, "settings").await;
    for (field, chosen) in
        [("#level", "none"), ("#interval", "60"), ("#remind_at", "20:30"), ("#language", "de")]
    {
        has(&window, field, chosen).await;
    }
}

#[tokio::test]
async fn a_setting_is_taken_back_where_it_was_changed() {
    let mut session = Session::start().await;
    session.set_up().await;
    let window = session.launch_driven().await;
    shows(&window, "#status-message", "Up to date").await;
    go(&window, "settings").await;
    has(&window, "#interval", "15").await;
    for (field, was, chosen, words) in [
        ("#interval", "15", "60", "Changed: Read Withings every"),
        ("#level", "problems", "all", "Changed: Notify me of"),
        ("#snooze", "0", "8", "Changed: Snooze notifications"),
    ] {
        select(&window, field, chosen).await;
        shows(&window, "#toast", words).await;
        click(&window, "#toast button").await;
        has(&window, field, was).await;
    }
}

/// Waits until a field has a value.
async fn has(window: &Client, field: &str, value: &str) {
    until(&format!("{value} in {field}"), async || {
        let found = window.find(Locator::Css(field)).await.ok()?;
        (found.prop("value").await.ok()?? == value).then_some(())
    })
    .await;
}

/// How far down the page something is.
async fn place_of(window: &Client, selector: &str) -> f64 {
    window.find(Locator::Css(selector)).await.unwrap().rectangle().await.unwrap().1
}
