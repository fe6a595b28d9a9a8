//! The desktop's keychain, when it is not there or waits for its password.

use super::prompter::{Answer, Prompter};
use super::session::Session;
use super::until;

#[tokio::test]
async fn a_keychain_that_is_locked_at_start_is_no_sign_out_and_unlocking_it_is_enough() {
    let mut session = Session::start().await;
    session.set_up().await;
    session.stop_keychain().await;
    session.start_locked_keychain().await;
    let tray = session.launch_hidden().await;
    tray.says("Unlock the keychain").await;
    assert_eq!(tray.status().await, "NeedsAttention");
    session.picture("keychain locked").await;
    until("it is said", async || (!session.notifications().is_empty()).then_some(())).await;
    assert!(
        session.notifications()[0].starts_with("Unlock the keychain | "),
        "{:?}",
        session.notifications()
    );
    // Nothing is blocked meanwhile.
    tray.activate().await;
    session.window_opens().await;
    session.close_window().await;
    session.weigh_in(82.4);
    session.stop_keychain().await;
    session.unlock_keychain().await;
    tray.click("Sync now").await;
    until("the datapoint", async || (session.at_beeminder() == [82.4]).then_some(())).await;
    tray.says("Up to date").await;
}

#[tokio::test]
async fn a_keychain_that_comes_later_is_found_without_being_asked() {
    let mut session = Session::start().await;
    session.set_up().await;
    session.stop_keychain().await;
    session.weigh_in(82.4);
    let tray = session.launch_hidden().await;
    tray.says("No keychain is running").await;
    session.unlock_keychain().await;
    // The next pass is due in a minute or two.
    until("the datapoint", async || (session.at_beeminder() == [82.4]).then_some(())).await;
    tray.says("Up to date").await;
}

#[tokio::test]
async fn a_keychain_that_never_answers_holds_up_neither_tray_nor_window() {
    let mut session = Session::start().await;
    session.set_up().await;
    session.stop_keychain().await;
    // Somebody has the name and says nothing, as behind a prompt that nobody answers.
    let silent = session.bus().await;
    silent.request_name("org.freedesktop.secrets").await.unwrap();
    let tray = session.launch_hidden().await;
    tray.says("Syncing…").await;
    tray.activate().await;
    session.window_opens().await;
    tray.click("For an hour").await;
    tray.click("Resume").await;
    tray.says("Unlock the keychain").await;
    let status = session.bws(&["status"]).await;
    assert_eq!(status["status"], "keychain_locked", "{status}");
}

#[tokio::test]
async fn a_prompt_that_is_cancelled_comes_back_only_when_the_user_does_something() {
    let mut session = Session::start().await;
    session.set_up().await;
    session.stop_keychain().await;
    let prompter = Prompter::on(&session.bus().await, Answer::Cancel).await;
    session.start_locked_keychain().await;
    let tray = session.launch_hidden().await;
    tray.says("Unlock the keychain").await;
    assert_eq!(prompter.shown(), 1);
    // A pass that nobody asked for.
    let system = super::system::System::on(&session.bus().await).await;
    system.woken().await;
    session.logged("woke up").await;
    until("another pass", async || (session.log().matches("woke up").count() > 0).then_some(())).await;
    tray.says("Unlock the keychain").await;
    assert_eq!(prompter.shown(), 1);
    tray.click("Sync now").await;
    until("the prompt again", async || (prompter.shown() == 2).then_some(())).await;
    tray.says("Unlock the keychain").await;
    assert_eq!(prompter.shown(), 2, "both services need it, and it is asked once");
}

#[tokio::test]
async fn a_prompt_that_nobody_answers_holds_up_one_pass_for_a_while() {
    let mut session = Session::start().await;
    session.set_up().await;
    session.stop_keychain().await;
    let prompter = Prompter::on(&session.bus().await, Answer::None).await;
    session.start_locked_keychain().await;
    let tray = session.launch_hidden().await;
    until("the prompt", async || (prompter.shown() == 1).then_some(())).await;
    let said = tray.says("Unlock the keychain");
    tokio::time::timeout(std::time::Duration::from_secs(20), said).await.expect("within twenty seconds");
    tray.click("Sync now").await;
    tray.says("Unlock the keychain").await;
    assert_eq!(prompter.shown(), 1, "it is still there");
}

#[tokio::test]
async fn the_first_sign_in_has_the_system_make_a_keychain_before_the_browser_opens() {
    let mut session = Session::bare().await;
    session.start_panel().await;
    session.start_notifications().await;
    let prompter = Prompter::on(&session.bus().await, Answer::Cancel).await;
    session.start_locked_keychain().await;
    let window = session.launch_driven().await;
    window.set_window_size(900, 760).await.unwrap();
    super::window::sign_in_withings(&window, "scheme").await;
    until("the system's own dialog", async || (prompter.shown() == 1).then_some(())).await;
    assert!(prompter.last().contains("new keyring"), "{}", prompter.last());
    super::window::shows(&window, "#withings .problem", "locked").await;
    super::window::in_view(&window, "#withings-form").await;
    assert!(!session.home().join("browser-page").exists(), "no browser opens for what cannot be kept");
}
