//! The window, in the hands of its user.

use beeminder_withings_sync::sandbox::{beeminder, withings};
use fantoccini::{Client, Locator};

use super::super::support;
use super::session::Session;
use super::{pages, until, user};

/// Enters id and secret and asks to sign in.
pub(super) async fn sign_in_withings(window: &Client, way: &str) {
    fill(window, "#client-id", withings::CLIENT_ID).await;
    fill(window, "#client-secret", withings::CLIENT_SECRET).await;
    let choice = window.find(Locator::Css("#withings-way")).await.unwrap();
    choice.select_by_value(way).await.unwrap();
    click(window, "#withings-form [type=submit]").await;
}

/// Types into a field, once it can be.
async fn fill(window: &Client, selector: &str, text: &str) {
    until(selector, async || {
        let field = window.find(Locator::Css(selector)).await.ok()?;
        field.clear().await.ok()?;
        field.send_keys(text).await.ok()
    })
    .await;
}

/// Clicks, once it can be.
async fn click(window: &Client, selector: &str) {
    until(selector, async || window.find(Locator::Css(selector)).await.ok()?.click().await.ok()).await;
}

pub(super) async fn shows(window: &Client, selector: &str, words: &str) {
    until(&format!("in the window: {words}"), async || {
        let text = window.find(Locator::Css(selector)).await.ok()?.text().await.ok()?;
        text.contains(words).then_some(())
    })
    .await;
}

#[tokio::test]
async fn both_accounts_are_connected_in_the_window() {
    let mut session = Session::start().await;
    let window = session.launch_driven().await;
    session.scheme_is_registered().await;
    shows(&window, "#status-message", "Connect Withings").await;

    fill(&window, "#client-id", "a typo").await;
    fill(&window, "#client-secret", "another").await;
    click(&window, "#withings-form [type=submit]").await;
    shows(&window, "#withings-form .problem", "developer dashboard").await;

    sign_in_withings(&window, "scheme").await;
    shows(&window, "#waiting", "Waiting for the browser").await;
    click(&window, "#cancel-sign-in").await;
    until("no longer waiting", async || {
        let waiting = window.find(Locator::Css("#waiting")).await.unwrap();
        (!waiting.is_displayed().await.unwrap()).then_some(())
    })
    .await;
    session.browser_page().await;

    sign_in_withings(&window, "scheme").await;
    let address = support::agree(&session.browser_page().await).await;
    session.gio_open(&address).await;
    shows(&window, "#withings .who", "Connected as 10000001").await;

    fill(&window, "#token", "a typo").await;
    click(&window, "#token-form [type=submit]").await;
    shows(&window, "#token-form .problem", "does not know this token").await;
    fill(&window, "#token", beeminder::PERSONAL_TOKEN).await;
    click(&window, "#token-form [type=submit]").await;
    shows(&window, "#beeminder .who", "Connected as alice").await;
    shows(&window, "#status-message", "Nothing is linked yet").await;
    pictures(&window, "connected").await;
}

/// Pictures of the page, narrow and wide, for people to look at.
async fn pictures(window: &Client, name: &str) {
    for width in [360, 900] {
        window.set_window_size(width, 760).await.unwrap();
        // A frame is drawn with the next one.
        let drawn =
            "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => done()))";
        window.execute_async(drawn, Vec::new()).await.unwrap();
        let picture = window.screenshot().await.unwrap();
        std::fs::write(user::pictures().join(format!("{name} {width}.png")), picture).unwrap();
    }
}

#[tokio::test]
async fn the_window_can_be_looked_at_in_light_and_dark() {
    for (theme, name) in [("Adwaita", "light"), ("Adwaita:dark", "dark")] {
        let mut session = Session::start().await;
        session.theme = theme;
        let (window, page) = session.ask_for_withings("scheme").await;
        shows(&window, "#waiting", "Waiting for the browser").await;
        pictures(&window, &format!("waiting {name}")).await;
        session.gio_open(&support::agree(&page).await).await;
        shows(&window, "#withings .who", "Connected as 10000001").await;
        pictures(&window, &format!("half connected {name}")).await;
        let dark =
            window.execute("return matchMedia('(prefers-color-scheme: dark)').matches", Vec::new()).await;
        assert_eq!(dark.unwrap(), theme.ends_with("dark"));
        // Nothing is cut off or needs scrolling sideways.
        let wide =
            window.execute("return document.documentElement.scrollWidth > innerWidth", Vec::new()).await;
        assert_eq!(wide.unwrap(), false);
        session.kill().await;
    }
}

#[tokio::test]
async fn an_address_can_be_pasted_when_the_browser_does_not_come_back() {
    let mut session = Session::start().await;
    let (window, page) = session.ask_for_withings("loopback").await;
    let address = support::agree(&page).await;
    fill(&window, "#paste-address", "https://example.com/").await;
    click(&window, "#paste [type=submit]").await;
    shows(&window, "#paste .problem", "Copy the whole address").await;
    fill(&window, "#paste-address", &address).await;
    click(&window, "#paste [type=submit]").await;
    shows(&window, "#withings .who", "Connected as 10000001").await;
}

#[tokio::test]
async fn settings_apply_at_once() {
    let mut session = Session::start().await;
    session.set_up().await;
    let window = session.launch_driven().await;
    shows(&window, "#status-message", "All is well").await;
    let entry = session.home().join("config/autostart/beeminder-withings-sync.desktop");
    assert!(!entry.exists(), "off until asked for");
    click(&window, "[name=startAtLogin]").await;
    until("the entry", async || entry.exists().then_some(())).await;
    click(&window, "[name=startAtLogin]").await;
    until("no entry", async || (!entry.exists()).then_some(())).await;
    window.find(Locator::Css("#level")).await.unwrap().select_by_value("none").await.unwrap();
    window.find(Locator::Css("#snooze")).await.unwrap().select_by_value("8").await.unwrap();
    shows(&window, "#snoozed", "No notifications until").await;
    let place = place_of(&window, "#pause-for-an-hour").await;
    window.find(Locator::Css("#snooze")).await.unwrap().select_by_value("0").await.unwrap();
    until("no snooze", async || {
        let snoozed = window.find(Locator::Css("#snoozed")).await.ok()?;
        snoozed.prop("hidden").await.ok()?.filter(|hidden| hidden == "true")
    })
    .await;
    assert_eq!(place_of(&window, "#pause-for-an-hour").await, place, "nothing moves under the pointer");
    click(&window, "#pause-for-an-hour").await;
    session.tray().await.says("Paused until").await;
    shows(&window, "#status-message", "Paused until").await;
    click(&window, "#resume").await;
    session.tray().await.says("All is well").await;
    session.kill().await;
    let window = session.launch_driven().await;
    until("the level that was chosen", async || {
        let level = window.find(Locator::Css("#level")).await.ok()?;
        (level.prop("value").await.ok()?? == "none").then_some(())
    })
    .await;
}

/// How far down the page something is.
async fn place_of(window: &Client, selector: &str) -> f64 {
    window.find(Locator::Css(selector)).await.unwrap().rectangle().await.unwrap().1
}

#[tokio::test]
async fn the_memory_of_a_window_is_given_back_when_it_is_closed() {
    let mut session = Session::start().await;
    let tray = session.launch_hidden().await;
    let mut memory = Vec::new();
    for _ in 0..20 {
        tray.activate().await;
        session.close_window().await;
        until("no page", async || {
            let left = pages::web_processes(session.pid());
            (!left.iter().any(|name| name.starts_with("WebKitWeb"))).then_some(())
        })
        .await;
        memory.push(pages::private_memory(session.pid()));
    }
    // The first windows load what stays loaded, and freed memory is given back in steps.
    let (before, after) = (memory[..5].iter().max().unwrap(), memory[15..].iter().min().unwrap());
    assert!(after * 10 <= before * 11, "KiB after each: {memory:?}");
    assert!(pages::web_processes(session.pid()).len() <= 1, "{:?}", pages::web_processes(session.pid()));
}

#[tokio::test]
async fn without_a_tray_closing_the_window_asks() {
    let mut session = Session::bare().await;
    session.unlock_keychain().await;
    let window = session.launch_driven().await;
    shows(&window, "#no-tray", "no tray icons").await;
    session.ask_to_close().await;
    shows(&window, "#closing", "Keep syncing?").await;
    pictures(&window, "closing without a tray").await;
    let process = format!("/proc/{}", session.pid());
    // The window is gone before it can say that it was clicked.
    let _ = window.find(Locator::Css("#quit-now")).await.unwrap().click().await;
    until("the program gone", async || (!std::path::Path::new(&process).exists()).then_some(())).await;
}
