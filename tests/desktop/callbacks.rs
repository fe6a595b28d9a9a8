//! Callbacks that browsers bring back, genuine or not, through the desktop's own handling of the scheme.

use super::super::support;
use super::session::Session;
use super::until;

#[tokio::test]
async fn a_callback_reaches_the_terminal_program_that_waits_for_it() {
    let mut session = Session::start().await;
    let tray = session.launch_hidden().await;
    tray.says("Connect Withings").await;
    session.scheme_is_registered().await;
    let (mut waiting, page) = session.bws_connect().await;
    session.gio_open(&support::agree(&page).await).await;
    assert!(waiting.wait().await.unwrap().success());
    tray.says("Connect Beeminder").await;
    assert_eq!(session.window().await, None, "the window was never opened");
}

#[tokio::test]
async fn a_callback_on_a_cold_start_finishes_the_sign_in_of_the_program_that_is_gone() {
    let mut session = Session::start().await;
    let (_window, page) = session.ask_for_withings("scheme").await;
    session.scheme_is_registered().await;
    session.kill().await;
    session.gio_open(&support::agree(&page).await).await;
    session.tray().await.says("Connect Beeminder").await;
    // Only then the user is shown how it went.
    session.window_opens().await;
    let status = session.bws(&["status"]).await;
    assert_eq!(status["withings"]["user"], "10000001", "{status}");
}

#[tokio::test]
async fn hostile_addresses_change_nothing() {
    let mut session = Session::start().await;
    let (_window, page) = session.ask_for_withings("scheme").await;
    session.scheme_is_registered().await;
    let before = session.requests_to(beeminder_withings_sync::domain::service::Service::Withings);
    let base = "beeminder-withings-sync://withings/auth_callback";
    let state = "f".repeat(64);
    for hostile in [
        format!("{base}?code=abc"),
        format!("{base}?code=abc&state={state}"),
        format!("{base}?error=access_denied&state={state}"),
        "beeminder-withings-sync://beeminder/auth_callback?access_token=abc".to_owned(),
        "beeminder-withings-sync://forget-everything/".to_owned(),
        format!("{base}?code=abc&state={}", "x".repeat(100_000)),
    ] {
        session.start_again(&[&hostile]).await;
    }
    session.logged("came to nothing").await;
    assert_eq!(session.requests_to(beeminder_withings_sync::domain::service::Service::Withings), before);
    // The genuine one still counts.
    session.gio_open(&support::agree(&page).await).await;
    session.tray().await.says("Connect Beeminder").await;
}

#[tokio::test]
async fn the_browser_may_come_back_through_a_port_of_this_computer() {
    let mut session = Session::start().await;
    let (_window, page) = session.ask_for_withings("loopback").await;
    let address = support::agree(&page).await;
    assert!(address.starts_with("http://127.0.0.1:8910/withings/auth_callback?"), "{address}");
    let shown = until("an answer on the port", async || {
        let answer = reqwest::get(&address).await.ok()?;
        Some(answer.text().await.unwrap())
    })
    .await;
    assert!(shown.contains("Withings is connected") && shown.contains("close this tab"), "{shown}");
    session.tray().await.says("Connect Beeminder").await;
}
