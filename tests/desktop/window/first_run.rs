//! From installed to the first datapoint.

use beeminder_withings_sync::sandbox::{beeminder, withings};
use fantoccini::Client;

use super::super::super::support;
use super::super::session::Session;
use super::super::until;
use super::{click, fill, go, hides, select, shows, sign_in_withings, text, value};

/// The hands of a user: what they do is counted.
struct Hands<'a> {
    window: &'a Client,
    actions: usize,
}

impl Hands<'_> {
    async fn click(&mut self, selector: &str) {
        self.actions += 1;
        click(self.window, selector).await;
    }

    async fn fill(&mut self, selector: &str, text: &str) {
        self.actions += 1;
        fill(self.window, selector, text).await;
    }
}

/// What a browser does with the address it is sent back to: it asks the port of this computer.
async fn come_back(session: &Session) {
    let address = support::agree(&session.browser_page().await).await;
    until("an answer on the port", async || reqwest::get(&address).await.ok()).await;
}

#[tokio::test]
async fn eight_clicks_lead_from_the_first_start_to_the_first_datapoint() {
    let mut session = Session::start().await;
    let window = session.launch_driven().await;
    let mut hands = Hands { window: &window, actions: 0 };
    shows(&window, "#page h1", "Set up").await;
    shows(&window, "#withings .callback", "http://127.0.0.1:8910/withings/auth_callback").await;

    hands.click("#open-dashboard").await;
    assert_eq!(session.browser_page().await.host_str(), Some("developer.withings.com"));
    shows(&window, "#copied", "Copied").await;
    hands.fill("#client-id", withings::CLIENT_ID).await;
    hands.fill("#client-secret", withings::CLIENT_SECRET).await;
    hands.click("#withings-form [type=submit]").await;
    come_back(&session).await;
    shows(&window, "#withings .who", "Connected as 10000001").await;

    hands.click("#show-token").await;
    assert!(session.browser_page().await.path().ends_with("auth_token.json"));
    hands.fill("#token", beeminder::PERSONAL_TOKEN).await;
    hands.click("#token-form [type=submit]").await;

    // The first goal in kilograms, and the weight, are what it suggests.
    shows(&window, "#first-link .summary", "Nothing was measured").await;
    hands.click("#first-link [type=submit]").await;
    shows(&window, "#page h1", "Step on the scale").await;
    shows(&window, "#first-state", "we look every minute").await;
    assert!(hands.actions <= 8, "{} actions", hands.actions);

    session.weigh_in(82.4);
    session.bws(&["sync"]).await;
    until("the datapoint", async || (session.at_beeminder() == [82.4]).then_some(())).await;
    shows(&window, "#first-state", "82.4 kg arrived at Beeminder for").await;
    // What is not running syncs nothing, so it is offered here.
    let entry = session.home().join("config/autostart/beeminder-withings-sync.desktop");
    assert!(!entry.exists(), "off until asked for");
    hands.click("#start-at-login").await;
    until("the entry", async || entry.exists().then_some(())).await;
    hands.click("#first-done").await;
    shows(&window, "#page h1", "Linked goals").await;
    shows(&window, "#goals", "Weight in kg, the day's lowest").await;
    shows(&window, "#goals", "Last: 82.4").await;
    shows(&window, "#status-message", "Up to date").await;

    // The guide is shown once.
    session.kill().await;
    let window = session.launch_driven().await;
    shows(&window, "#page h1", "Linked goals").await;
}

/// The keyboard of the story's desktop.
struct Keyboard<'a> {
    session: &'a Session,
    window: &'a Client,
}

impl Keyboard<'_> {
    /// Presses a key, as the display calls it.
    async fn press(&self, key: &str) {
        self.xdotool(&["key", key]).await;
    }

    async fn xdotool(&self, arguments: &[&str]) {
        let done = self.session.command("xdotool").args(arguments).status().await.unwrap();
        assert!(done.success());
    }

    /// Presses Tab until something has the focus.
    async fn tab_to(&self, id: &str) {
        for _ in 0..80 {
            if value(self.window, "return document.activeElement.id").await == id {
                return;
            }
            self.press("Tab").await;
        }
        panic!("the keyboard does not reach {id}");
    }

    /// Goes to a field and types into it.
    async fn type_into(&self, id: &str, text: &str) {
        self.tab_to(id).await;
        self.xdotool(&["type", "--delay", "5", text]).await;
    }
}

#[tokio::test]
async fn the_keyboard_alone_is_enough_for_the_first_run() {
    let mut session = Session::start().await;
    let window = session.launch_driven().await;
    shows(&window, "#withings .who", "Not connected").await;
    let shown = session.window_opens().await;
    let keyboard = Keyboard { session: &session, window: &window };
    keyboard.xdotool(&["windowactivate", "--sync", &shown]).await;
    keyboard.tab_to("open-dashboard").await;
    keyboard.press("Return").await;
    assert_eq!(session.browser_page().await.host_str(), Some("developer.withings.com"));
    keyboard.type_into("client-id", withings::CLIENT_ID).await;
    keyboard.type_into("client-secret", withings::CLIENT_SECRET).await;
    keyboard.press("Return").await;
    shows(&window, "#waiting", "Waiting for the browser").await;
    come_back(&session).await;
    shows(&window, "#withings .who", "Connected as 10000001").await;
    keyboard.tab_to("show-token").await;
    keyboard.press("Return").await;
    assert!(session.browser_page().await.path().ends_with("auth_token.json"));
    keyboard.type_into("token", beeminder::PERSONAL_TOKEN).await;
    keyboard.press("Return").await;
    shows(&window, "#first-link .summary", "Nothing was measured").await;
    keyboard.tab_to("kind").await;
    keyboard.tab_to("start").await;
    let ring = value(&window, "return getComputedStyle(document.activeElement).outlineStyle").await;
    assert_eq!(ring, "solid", "the focus can be seen");
    keyboard.press("Return").await;
    shows(&window, "#page h1", "Step on the scale").await;
    let focused = value(&window, "return document.activeElement.id").await;
    assert_eq!(focused, "page", "the focus goes with the user");
    keyboard.tab_to("first-done").await;
    keyboard.press("Return").await;
    shows(&window, "#page h1", "Linked goals").await;
}

#[tokio::test]
async fn what_goes_wrong_while_signing_in_is_said_where_it_was_entered() {
    let mut session = Session::start().await;
    let window = session.launch_driven().await;
    session.scheme_is_registered().await;
    fill(&window, "#client-id", "a typo").await;
    fill(&window, "#client-secret", "another").await;
    click(&window, "#withings-form [type=submit]").await;
    shows(&window, "#withings-form .problem", "the page of your application").await;

    sign_in_withings(&window, "scheme").await;
    shows(&window, "#waiting", "Waiting for the browser").await;
    click(&window, "#cancel-sign-in").await;
    hides(&window, "#waiting").await;
    session.browser_page().await;

    sign_in_withings(&window, "scheme").await;
    let declined = support::decide(&session.browser_page().await, &[("decision", "decline")]).await;
    session.gio_open(&declined).await;
    shows(&window, "#withings-form .problem", "did not grant access").await;

    // An address can be pasted when the browser does not come back.
    sign_in_withings(&window, "loopback").await;
    let address = support::agree(&session.browser_page().await).await;
    fill(&window, "#paste-address", "https://example.com/").await;
    click(&window, "#paste [type=submit]").await;
    shows(&window, "#paste .problem", "Copy the whole address").await;
    fill(&window, "#paste-address", &address).await;
    click(&window, "#paste [type=submit]").await;
    shows(&window, "#withings .who", "Connected as 10000001").await;

    fill(&window, "#token", "a typo").await;
    click(&window, "#token-form [type=submit]").await;
    shows(&window, "#token-form .problem", "This cannot be a token").await;
    fill(&window, "#token", "abcdefghij0123456789").await;
    click(&window, "#token-form [type=submit]").await;
    shows(&window, "#token-form .problem", "does not know this token").await;

    // It is taken up where it was left.
    session.kill().await;
    let window = session.launch_driven().await;
    shows(&window, "#withings .who", "Connected as 10000001").await;
    hides(&window, "#withings-form").await;
    fill(&window, "#token", beeminder::PERSONAL_TOKEN).await;
    click(&window, "#token-form [type=submit]").await;
    shows(&window, "#beeminder .who", "Connected as alice").await;
    select(&window, "#goal", "official").await;
    shows(&window, ".misfits", "Beeminder already fills this goal from withings").await;
    click(&window, "#later").await;
    shows(&window, "#empty", "Nothing is linked yet").await;
    go(&window, "guide").await;
    assert!(text(&window, "#steps").await.contains("What to send"));
}
