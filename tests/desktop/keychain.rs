//! The desktop's keychain, when it is not there or waits for its password.

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
    // Nothing is blocked meanwhile.
    tray.activate().await;
    session.window_opens().await;
    session.close_window().await;
    session.weigh_in(82.4);
    session.stop_keychain().await;
    session.unlock_keychain().await;
    tray.click("Sync now").await;
    until("the datapoint", async || (session.at_beeminder() == [82.4]).then_some(())).await;
    tray.says("All is well").await;
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
    tray.says("All is well").await;
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
