//! The guide, step by step: failures in view, what is kept, the preview beside the form, and the first datapoint.

use beeminder_withings_sync::domain::service::Service;
use beeminder_withings_sync::platform::clock;
use beeminder_withings_sync::sandbox::beeminder;
use beeminder_withings_sync::sandbox::faults::Fault;
use beeminder_withings_sync::sandbox::withings;
use chrono::TimeDelta;
use fantoccini::Client;

use super::super::super::support;
use super::super::session::Session;
use super::super::until;
use super::{
    click, fill, go, hides, in_view, pictures_in, select, shows, sign_in_withings, text, value, violations,
};

/// A window as high as a small laptop shows it.
async fn low(window: &Client) {
    window.set_window_size(900, 760).await.unwrap();
}

/// Both accounts connected, and nothing linked.
async fn connected(session: &Session) {
    session.connect_withings().await;
    let token = session.home().join("token");
    std::fs::write(&token, beeminder::PERSONAL_TOKEN).unwrap();
    session.bws(&["connect", "beeminder", "--token-file", token.to_str().unwrap()]).await;
}

#[tokio::test]
async fn every_failure_is_before_the_users_eyes_above_the_button() {
    let mut session = Session::start().await;
    let window = session.launch_driven().await;
    low(&window).await;
    let enter = async |id: &str, secret: &str| {
        fill(&window, "#client-id", id).await;
        fill(&window, "#client-secret", secret).await;
        click(&window, "#withings-form [type=submit]").await;
    };
    enter("a typo", "another").await;
    shows(&window, "#withings-form .problem", "the page of your application").await;
    in_view(&window, "#withings-form").await;
    enter(withings::CLIENT_ID, "another").await;
    shows(&window, "#withings-form .problem", "developer dashboard").await;
    in_view(&window, "#withings-form").await;
    session.sandbox.world().faults.next(Service::Withings, "signature", Fault::Drop);
    enter(withings::CLIENT_ID, withings::CLIENT_SECRET).await;
    shows(&window, "#withings-form .problem", "Withings").await;
    in_view(&window, "#withings-form").await;
    // The page is at its top while the browser is waited for.
    enter(withings::CLIENT_ID, withings::CLIENT_SECRET).await;
    shows(&window, "#waiting", "Waiting for the browser").await;
    let declined = support::decide(&session.browser_page().await, &[("decision", "decline")]).await;
    let page = reqwest::get(&declined).await.unwrap();
    assert_eq!(page.status(), 400);
    assert!(page.headers()["content-security-policy"].to_str().unwrap().starts_with("default-src 'none'"));
    assert!(page.text().await.unwrap().contains("did not grant access"));
    shows(&window, "#withings-form .problem", "did not grant access").await;
    in_view(&window, "#withings-form").await;
    enter(withings::CLIENT_ID, withings::CLIENT_SECRET).await;
    let address = support::agree(&session.browser_page().await).await;
    assert!(reqwest::get(&address).await.unwrap().text().await.unwrap().contains("Withings is connected"));
    shows(&window, "#withings .who", "Connected as 10000001").await;

    for (token, words) in [("a typo", "cannot be a token"), ("abcdefghij0123456789", "does not know")] {
        fill(&window, "#token", token).await;
        click(&window, "#token-form [type=submit]").await;
        shows(&window, "#token-form .problem", words).await;
        in_view(&window, "#token-form").await;
    }
    click(&window, "#beeminder-application summary").await;
    fill(&window, "#beeminder-client-id", beeminder::CLIENT_ID).await;
    click(&window, "#beeminder-form [type=submit]").await;
    let declined = support::decide(&session.browser_page().await, &[("decision", "decline")]).await;
    assert!(reqwest::get(&declined).await.unwrap().text().await.unwrap().contains("Beeminder"));
    shows(&window, "#beeminder-form .problem", "did not grant access").await;
    in_view(&window, "#beeminder-form").await;

    fill(&window, "#token", beeminder::PERSONAL_TOKEN).await;
    click(&window, "#token-form [type=submit]").await;
    shows(&window, "#first-link .summary", "Nothing was measured").await;
    session.sandbox.world().faults.every(Service::Beeminder, "me.json", Fault::Drop);
    click(&window, "#start").await;
    shows(&window, ".link-form .start-bar .problem", "Beeminder").await;
    in_view(&window, ".link-form").await;
}

#[tokio::test]
async fn what_was_checked_is_there_after_a_restart_during_the_sign_in() {
    let mut session = Session::start().await;
    let window = session.launch_driven().await;
    sign_in_withings(&window, "loopback").await;
    shows(&window, "#waiting", "Waiting for the browser").await;
    session.browser_page().await;
    session.kill().await;
    let window = session.launch_driven().await;
    shows(&window, "#secret-kept", "The keychain keeps the secret").await;
    assert_eq!(
        value(&window, "return document.querySelector('#client-id').value").await,
        withings::CLIENT_ID
    );
    assert_eq!(value(&window, "return document.querySelector('#client-secret').value").await, "");
    assert_eq!(violations(&window).await, [""; 0]);
    pictures_in(&window, "guide kept", &[360, 900]).await;
    fill(&window, "#client-id", "another").await;
    hides(&window, "#secret-kept").await;
    fill(&window, "#client-id", withings::CLIENT_ID).await;
    click(&window, "#withings-form [type=submit]").await;
    let address = support::agree(&session.browser_page().await).await;
    reqwest::get(&address).await.unwrap();
    shows(&window, "#withings .who", "Connected as 10000001").await;
}

/// Whether each of these can be seen as a whole.
async fn all_in_view(window: &Client, selectors: &[&str]) {
    for selector in selectors {
        let script = format!(
            "const box = document.querySelector('{selector}').getBoundingClientRect();
             return box.height > 0 && box.top >= 0 && box.bottom <= innerHeight"
        );
        until(&format!("in view: {selector}"), async || (value(window, &script).await == true).then_some(()))
            .await;
    }
}

#[tokio::test]
async fn preview_warnings_and_start_are_seen_together_and_todays_reading_is_offered() {
    let mut session = Session::start().await;
    for days in [4, 3, 2] {
        let at = clock::now() - TimeDelta::days(days);
        session.sandbox.world().withings.weigh_in(81.2, at);
    }
    session.sandbox.world().withings.weigh_in(78.4, clock::now() - TimeDelta::seconds(90));
    connected(&session).await;
    let window = session.launch_driven().await;
    low(&window).await;
    go(&window, "guide").await;
    shows(&window, "#first-link .summary", "datapoints. Nothing is sent yet").await;
    select(&window, "#goal", "official").await;
    shows(&window, ".misfits", "Beeminder already fills this goal from withings").await;
    value(&window, "document.querySelector('#first-link').scrollIntoView()").await;
    all_in_view(&window, &[".link-form .summary", ".misfits", "#start"]).await;
    let beside = "const box = (s) => document.querySelector(s).getBoundingClientRect();
        return box('.preview').left >= box('.inputs').right";
    assert_eq!(value(&window, beside).await, true);
    pictures_in(&window, "guide link", &[360, 900, 1600]).await;
    window.set_window_size(400, 760).await.unwrap();
    let below = "const box = (s) => document.querySelector(s).getBoundingClientRect();
        return box('.preview').top >= box('.inputs').bottom";
    until("the preview below", async || (value(&window, below).await == true).then_some(())).await;
    value(&window, "document.querySelector('.preview').scrollIntoView()").await;
    all_in_view(&window, &[".link-form .summary", ".misfits", "#start"]).await;

    low(&window).await;
    select(&window, "#goal", "weight").await;
    shows(&window, ".include-today", "78.4 kg").await;
    shows(&window, ".from", "Only what you measure from now on").await;
    assert_eq!(value(&window, "return document.querySelector('[name=include_today]').checked").await, false);
    click(&window, "[name=include_today]").await;
    shows(&window, ".from", "before today").await;
    click(&window, "#start").await;
    shows(&window, "#first-state", "78.4 kg arrived at Beeminder for weight").await;
    assert_eq!(session.at_beeminder(), [78.4]);
}

#[tokio::test]
async fn the_last_page_waits_with_the_user_and_shows_the_first_datapoint() {
    for (theme, name) in [("Adwaita", "light"), ("Adwaita:dark", "dark")] {
        let mut session = Session::start().await;
        session.theme = theme;
        connected(&session).await;
        let window = session.launch_driven().await;
        go(&window, "guide").await;
        shows(&window, "#first-link .summary", "Nothing was measured").await;
        select(&window, "#goal", "weight").await;
        shows(&window, "#first-link .summary", "Nothing was measured").await;
        click(&window, "#start").await;
        shows(&window, "#first-state", "we look every minute").await;
        assert_eq!(violations(&window).await, [""; 0]);
        pictures_in(&window, &format!("first waiting {name}"), &[360, 900]).await;
        // The program goes on without a window, and the next one begins where the user was.
        session.kill_windows();
        session.kill().await;
        let window = session.launch_driven().await;
        shows(&window, "#page h1", "Step on the scale").await;
        let due = session.bws(&["status"]).await;
        assert!(due.is_object());
        session.weigh_in(82.4);
        // Nobody asks for a pass: the program looks by itself.
        shows_late(&window, "#first-state", "82.4 kg arrived at Beeminder for weight, today").await;
        assert_eq!(violations(&window).await, [""; 0]);
        pictures_in(&window, &format!("first arrived {name}"), &[360, 900]).await;
        go(&window, "settings").await;
        select(&window, "#language", "de").await;
        go(&window, "first").await;
        shows(&window, "#first-state", "82,4 kg für weight bei Beeminder angekommen, für heute").await;
        pictures_in(&window, &format!("first arrived german {name}"), &[360]).await;
        click(&window, "#first-done").await;
        shows(&window, "#page h1", "Ziele").await;
        session.kill().await;
    }
}

/// The same as `shows`, for what a pass brings that comes by the minute.
async fn shows_late(window: &Client, selector: &str, words: &str) {
    for _ in 0..2 {
        let seen = until(words, async || text(window, selector).await.contains(words).then_some(()));
        if tokio::time::timeout(super::super::PATIENCE * 9 / 10, seen).await.is_ok() {
            return;
        }
    }
    shows(window, selector, words).await;
}

#[tokio::test]
async fn a_lost_sign_in_is_called_so_and_its_button_says_reconnect() {
    let mut session = Session::start().await;
    session.set_up().await;
    let refused = Fault::http(401, r#"{"errors":{"token":"is unknown"}}"#);
    session.sandbox.world().faults.every(Service::Beeminder, "", refused);
    session.weigh_in(82.4);
    let window = session.launch_driven().await;
    low(&window).await;
    click(&window, "#sync-now").await;
    shows(&window, "#status-action", "Reconnect Beeminder").await;
    click(&window, "#status-action").await;
    shows(&window, "#page h1", "Set up").await;
    shows(&window, "#beeminder .who", "Signed out (was alice)").await;
    shows(&window, "#token-form [type=submit]", "Reconnect Beeminder").await;
    hides(&window, "#status-action").await;
    assert_eq!(violations(&window).await, [""; 0]);
    pictures_in(&window, "guide reconnect", &[360, 900]).await;
    session.sandbox.world().faults.clear();
    fill(&window, "#token", beeminder::PERSONAL_TOKEN).await;
    click(&window, "#token-form [type=submit]").await;
    shows(&window, "#beeminder .who", "Connected as alice").await;
    until("the datapoint", async || (session.at_beeminder() == [82.4]).then_some(())).await;
}
