//! What users of every desktop go through.

use super::super::super::support;
use super::super::session::Quiet;
use super::super::until;
use super::{PROGRAM, Real};

#[tokio::test]
#[ignore = "./dev desktops tells it"]
async fn the_icon_and_its_menu_sync() {
    let mut real = Real::start().await;
    real.session.set_up().await;
    if !real.has_tray() {
        return;
    }
    let tray = real.session.launch_hidden().await;
    tray.says("Up to date").await;
    real.session.weigh_in(82.4);
    let before = real.picture("icon").await;
    real.open_menu().await;
    real.picture_after("menu", &before).await;
    real.press("Escape").await;
    real.click_menu("Sync now").await;
    until("the datapoint", async || (real.session.at_beeminder() == [82.4]).then_some(())).await;
    tray.says("Up to date").await;
}

#[tokio::test]
#[ignore = "./dev desktops tells it"]
async fn open_brings_the_window_from_behind_others() {
    let mut real = Real::start().await;
    real.session.set_up().await;
    real.session.launch(&[]);
    real.comes_to_front(PROGRAM).await;
    real.picture_of_page("window").await;
    real.open_another_window().await;
    assert_eq!(real.session.start_again(&[]).await, Some(0));
    real.comes_to_front(PROGRAM).await;
    if real.has_tray() {
        real.focus_other().await;
        let before = real.times_shown_anew();
        real.open_from_tray().await;
        real.comes_to_front(PROGRAM).await;
        if real.gives_permission() {
            assert_eq!(real.times_shown_anew(), before, "the desktop's permission is enough");
        }
    }
    real.nothing_is_starting().await;
}

#[tokio::test]
#[ignore = "./dev desktops tells it"]
async fn a_notification_is_shown_clicked_and_replaced_when_all_is_well_again() {
    let mut real = Real::start().await;
    real.session.set_up().await;
    real.session.launch(&[]);
    real.comes_to_front(PROGRAM).await;
    real.picture_of_page("notification").await;
    real.open_another_window().await;
    let before = real.picture("notification").await;
    let broken = "Sign in to Withings again";
    real.session.sandbox.world().withings.revoke();
    real.session.bws(&["sync"]).await;
    real.notified(&[broken]).await;
    real.picture_of_notification("notification", &before).await;
    real.click_notification().await;
    real.comes_to_front(PROGRAM).await;
    real.focus_other().await;
    real.session.connect_withings().await;
    real.session.bws(&["sync"]).await;
    real.session.sandbox.world().withings.revoke();
    real.session.bws(&["sync"]).await;
    real.notified(&[broken]).await;
    real.session.connect_withings().await;
    real.session.bws(&["sync"]).await;
    real.notified(&["Withings is connected again"]).await;
    // It leaves the screen by itself.
    real.picture("notification replaced").await;
}

#[tokio::test]
#[ignore = "./dev desktops tells it"]
async fn a_locked_keychain_is_asked_for_once_and_answered_later() {
    let mut real = Real::start().await;
    real.session.set_up().await;
    real.lock_keychain().await;
    real.session.weigh_in(82.4);
    real.session.launch(&["--hidden"]);
    real.prompted().await;
    real.picture("keychain prompt").await;
    real.press("Escape").await;
    real.notified(&["Unlock the keychain"]).await;
    assert!(!real.is_prompting().await, "it does not come back");
    real.picture_of_notification("keychain locked", &[]).await;
    // The user does something.
    assert_eq!(real.session.start_again(&["--hidden"]).await, Some(0));
    real.session.sync_now().await;
    real.prompted().await;
    real.type_text("a password").await;
    real.press("Return").await;
    until("the datapoint", async || (real.session.at_beeminder() == [82.4]).then_some(())).await;
    real.notified(&["The keychain is unlocked"]).await;
}

#[tokio::test]
#[ignore = "./dev desktops tells it"]
async fn the_first_keychain_is_made_before_the_browser_opens() {
    let mut real = Real::without_keychain().await;
    real.start_first_keychain().await;
    let (mut waiting, page) = real.sign_in_at_first_use().await;
    real.session.bws(&["callback", &support::agree(&page).await]).await;
    assert!(waiting.wait().await.unwrap().success());
    assert_eq!(real.session.bws(&["status"]).await["withings"]["user"], "10000001");
}

#[tokio::test]
#[ignore = "./dev desktops tells it"]
async fn a_callback_comes_back_by_its_scheme_through_every_opener() {
    let mut real = Real::start().await;
    real.session.launch(&["--hidden"]);
    real.session.scheme_is_registered().await;
    for opener in [&["gio", "open"][..], &["xdg-open"]] {
        let (mut waiting, page) = real.session.bws_connect().await;
        let address = support::agree(&page).await;
        let mut open = real.session.command(opener[0]);
        open.args(&opener[1..]).arg(address).quiet();
        assert!(open.status().await.unwrap().success(), "{opener:?}");
        let ended = tokio::time::timeout(super::super::PATIENCE, waiting.wait()).await;
        assert!(ended.expect("the callback comes").unwrap().success(), "{opener:?}");
    }
}

#[tokio::test]
#[ignore = "./dev desktops tells it"]
async fn a_window_that_was_closed_comes_back() {
    let mut real = Real::start().await;
    real.session.set_up().await;
    real.session.launch(&[]);
    real.comes_to_front(PROGRAM).await;
    real.close_window().await;
    assert_eq!(real.session.bws(&["status"]).await["polled"], true, "the agent goes on");
    real.start_from_dash().await;
    real.comes_to_front(PROGRAM).await;
    real.nothing_is_starting().await;
}

#[tokio::test]
#[ignore = "./dev desktops tells it"]
async fn without_a_tray_notifications_say_what_it_would_show() {
    let mut real = Real::start().await;
    if real.has_tray() {
        return;
    }
    real.session.launch(&["--hidden"]);
    real.notified(&["Connect Withings", "Connect Beeminder"]).await;
    // Once ever the window opens by itself, and says how the program is found.
    real.comes_to_front(PROGRAM).await;
    real.close_window().await;
    real.click_notification().await;
    real.comes_to_front(PROGRAM).await;
    real.picture_of_page("window without a tray").await;
}
