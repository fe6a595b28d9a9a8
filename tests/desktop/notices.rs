//! Notifications: their buttons, and what is shown again when who shows them was started again.

use beeminder_withings_sync::platform::clock;
use serde_json::json;

use super::session::Session;
use super::until;

#[tokio::test]
async fn what_lasts_is_shown_again_by_a_daemon_that_was_started_again() {
    let mut session = Session::start().await;
    session.set_up().await;
    let tray = session.launch_hidden().await;
    tray.says("Up to date").await;
    let (broken, solved) = ("Sign in to Withings again", "Withings is connected again");
    session.sandbox.world().withings.revoke();
    tray.click("Sync now").await;
    said(&session, &[broken]).await;
    start_daemon_again(&mut session).await;
    said(&session, &[broken, broken]).await;
    session.connect_withings().await;
    tray.click("Sync now").await;
    said(&session, &[broken, broken, solved]).await;
    assert_eq!(session.notifications_shown().await, 1, "one replaced the other");
    // What is over is not shown again, nor is what the user closed.
    start_daemon_again(&mut session).await;
    session.sandbox.world().withings.revoke();
    tray.click("Sync now").await;
    said(&session, &[broken, broken, solved, broken]).await;
    session.close_notifications().await;
    start_daemon_again(&mut session).await;
    session.connect_withings().await;
    tray.click("Sync now").await;
    said(&session, &[broken, broken, solved, broken, solved]).await;
}

#[tokio::test]
async fn whether_it_was_you_is_answered_in_the_notification() {
    let mut session = Session::start().await;
    session.set_up().await;
    let tray = session.launch_hidden().await;
    tray.says("Up to date").await;
    let unsure = json!({"attrib": 1, "measures": [{"value": 78_400, "type": 1, "unit": -3}]});
    session.sandbox.world().withings.add(unsure, clock::now());
    tray.click("Sync now").await;
    tray.says("1 question for you").await;
    until("the question", async || (!session.notifications().is_empty()).then_some(())).await;
    assert!(
        session.notifications()[0].starts_with("Was this you? 78.4 kg, "),
        "{:?}",
        session.notifications()
    );
    session.choose_in_notification("It was me").await;
    until("the datapoint", async || (session.at_beeminder() == [78.4]).then_some(())).await;
    tray.says("Up to date").await;
}

/// Waits until exactly these were shown, in this order.
async fn said(session: &Session, titles: &[&str]) {
    let title = |line: &String| line.split(" | ").next().unwrap_or_default().to_owned();
    let all = || session.notifications().iter().map(title).collect::<Vec<_>>();
    until(&format!("{titles:?}"), async || (all() == titles).then_some(())).await;
}

async fn start_daemon_again(session: &mut Session) {
    let mut daemon = session.others.pop().expect("it was started last");
    daemon.kill().await.unwrap();
    session.owned("org.freedesktop.Notifications", false).await;
    session.start_notifications().await;
}
