//! The main job, from the scale to the tray icon.

use beeminder_withings_sync::domain::service::Service;
use beeminder_withings_sync::sandbox::faults::Fault;

use super::session::Session;
use super::until;

#[tokio::test]
async fn a_weigh_in_is_sent_when_sync_now_is_clicked_and_the_icon_is_fine_again() {
    let mut session = Session::start().await;
    session.set_up().await;
    let tray = session.launch_hidden().await;
    tray.says("Up to date").await;
    let fine = tray.pixels().await;
    assert_eq!(
        fine.iter().map(|(width, height, _)| (*width, *height)).collect::<Vec<_>>(),
        [(22, 22), (32, 32), (64, 64)]
    );
    session.weigh_in(82.4);
    tray.click("Sync now").await;
    until("the datapoint", async || (session.at_beeminder() == [82.4]).then_some(())).await;
    tray.says("Up to date").await;
    until("the icon is fine again", async || (tray.pixels().await == fine).then_some(())).await;
    assert!(tray.menu_texts().await.iter().any(|text| text.starts_with("weight: ")));
    assert_eq!(session.notifications(), [""; 0], "success is silent");
    // Its page at Beeminder is a click away.
    tray.click("weight: ").await;
    assert_eq!(session.browser_page().await.path(), "/alice/weight");
}

#[tokio::test]
async fn a_window_that_was_left_open_does_not_keep_trouble_from_being_said() {
    let mut session = Session::start().await;
    session.set_up().await;
    session.launch(&[]);
    let window = session.window_opens().await;
    let tray = session.tray().await;
    tray.says("Up to date").await;
    assert!(
        session.command("xdotool").args(["windowfocus", "--sync", &window]).status().await.unwrap().success()
    );
    session.sandbox.world().withings.revoke();
    tray.click("Sync now").await;
    tray.says("Sign in to Withings again").await;
    assert_eq!(session.notifications(), [""; 0], "who looks at the window sees it there");
    session.connect_withings().await;
    tray.click("Sync now").await;
    tray.says("Up to date").await;
    // Something else has the keyboard now.
    session.focus_on_panel().await;
    session.sandbox.world().withings.revoke();
    tray.click("Sync now").await;
    until("a notification", async || (!session.notifications().is_empty()).then_some(())).await;
}

#[tokio::test]
async fn a_sign_in_that_is_gone_is_said_once_and_its_return_as_well() {
    let mut session = Session::start().await;
    session.set_up().await;
    let tray = session.launch_hidden().await;
    tray.says("Up to date").await;
    let fine = tray.pixels().await;
    session.sandbox.world().withings.revoke();
    tray.click("Sync now").await;
    tray.says("Sign in to Withings again").await;
    assert_ne!(tray.pixels().await, fine);
    assert!(tray.menu_texts().await.contains(&"Sign in to Withings again…".to_owned()));
    until("a notification", async || (!session.notifications().is_empty()).then_some(())).await;
    tray.click("Sync now").await;
    tray.says("Sign in to Withings again").await;
    session.weigh_in(81.0);
    session.connect_withings().await;
    tray.click("Sync now").await;
    tray.says("Up to date").await;
    until("the end in its place", async || (session.notifications().len() > 1).then_some(())).await;
    let said = session.notifications();
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].starts_with("Sign in to Withings again | "), "{said:?}");
    assert!(said[1].starts_with("Withings is connected again"), "{said:?}");
    assert_eq!(session.notifications_shown().await, 1, "one replaced the other");
    until("the datapoint", async || (session.at_beeminder() == [81.0]).then_some(())).await;
}

#[tokio::test]
async fn each_state_has_an_icon_of_its_own_on_light_and_dark_panels() {
    for (theme, panel) in [("Adwaita", "light"), ("Adwaita:dark", "dark")] {
        let mut session = Session::bare().await;
        session.theme = theme;
        session.unlock_keychain().await;
        session.start_panel().await;
        session.start_notifications().await;
        session.set_up().await;
        let tray = session.launch_hidden().await;
        let mut icons = Vec::new();
        for (state, words) in [
            ("fine", "Up to date"),
            ("paused", "Paused until"),
            ("syncing", "Can’t reach Withings; trying again"),
            ("needs you", "Sign in to Withings again"),
        ] {
            match state {
                "paused" => tray.click("For an hour").await,
                "syncing" => {
                    session.sandbox.world().faults.every(Service::Withings, "measure", Fault::Drop);
                    tray.click("Resume").await;
                    tray.click("Sync now").await;
                }
                "needs you" => {
                    session.sandbox.world().faults.clear();
                    session.sandbox.world().withings.revoke();
                    tray.click("Sync now").await;
                }
                _ => {}
            }
            tray.says(words).await;
            session.picture(&format!("tray {state} {panel}")).await;
            icons.push(tray.pixels().await);
        }
        for (index, icon) in icons.iter().enumerate() {
            assert!(!icons[index + 1..].contains(icon), "two states look the same");
        }
        session.kill().await;
    }
}

#[tokio::test]
async fn a_click_on_a_notification_opens_the_window() {
    let mut session = Session::start().await;
    session.set_up().await;
    let tray = session.launch_hidden().await;
    tray.says("Up to date").await;
    session.sandbox.world().beeminder.sign_in_elsewhere();
    session.sandbox.world().withings.revoke();
    tray.click("Sync now").await;
    until("a notification", async || (!session.notifications().is_empty()).then_some(())).await;
    session.act_on_notification().await;
    session.window_opens().await;
}

#[tokio::test]
async fn a_killed_program_goes_on_where_it_was_and_nothing_is_lost_or_doubled() {
    let mut session = Session::start().await;
    session.set_up().await;
    for round in 0..3 {
        let tray = session.launch_hidden().await;
        session.weigh_in(80.0 + f64::from(round));
        tray.click("Sync now").await;
        session.kill().await;
    }
    let tray = session.launch_hidden().await;
    tray.says("Up to date").await;
    let mut values = session.at_beeminder();
    values.sort_by(f64::total_cmp);
    assert_eq!(values, [80.0, 81.0, 82.0]);
}

#[tokio::test]
async fn without_a_notification_daemon_syncing_goes_on() {
    let mut session = Session::bare().await;
    session.unlock_keychain().await;
    session.start_panel().await;
    session.set_up().await;
    let tray = session.launch_hidden().await;
    tray.says("Up to date").await;
    session.sandbox.world().withings.revoke();
    tray.click("Sync now").await;
    tray.says("Sign in to Withings again").await;
    session.logged("A notification could not be shown").await;
    session.weigh_in(82.0);
    session.connect_withings().await;
    tray.click("Sync now").await;
    until("the datapoint", async || (session.at_beeminder() == [82.0]).then_some(())).await;
}

#[tokio::test]
async fn what_nobody_could_show_is_shown_when_somebody_can() {
    let mut session = Session::bare().await;
    session.unlock_keychain().await;
    session.start_panel().await;
    session.set_up().await;
    session.sandbox.world().withings.revoke();
    let tray = session.launch_hidden().await;
    tray.says("Sign in to Withings again").await;
    session.logged("A notification could not be shown").await;
    session.start_notifications().await;
    until("a notification", async || (!session.notifications().is_empty()).then_some(())).await;
    assert!(session.notifications()[0].starts_with("Sign in to Withings again | "));
}

#[tokio::test]
async fn what_the_terminal_does_is_seen_in_the_tray_at_once() {
    let mut session = Session::start().await;
    session.set_up().await;
    let tray = session.launch_hidden().await;
    tray.says("Up to date").await;
    session.bws(&["pause", "1h"]).await;
    tray.says("Paused until").await;
    assert!(tray.menu_texts().await.contains(&"Resume".to_owned()));
    tray.click("Resume").await;
    tray.says("Up to date").await;
    session.weigh_in(83.0);
    session.bws(&["sync"]).await;
    assert_eq!(session.at_beeminder(), [83.0]);
    assert_eq!(session.bws(&["status"]).await["polled"], true);
}

#[tokio::test]
async fn a_terminal_that_polls_is_left_to_it_and_asked_for_a_pass() {
    let mut session = Session::start().await;
    session.set_up().await;
    let mut terminal = session.command(env!("CARGO_BIN_EXE_bws")).arg("run").spawn().unwrap();
    until("somebody polls", async || (session.bws(&["status"]).await["polled"] == true).then_some(())).await;
    let tray = session.launch_hidden().await;
    tray.says("Up to date").await;
    session.weigh_in(84.0);
    tray.click("Sync now").await;
    until("the datapoint", async || (session.at_beeminder() == [84.0]).then_some(())).await;
    terminal.kill().await.unwrap();
    session.weigh_in(84.5);
    tray.click("Sync now").await;
    until("the tray polls itself", async || (session.at_beeminder().len() == 2).then_some(())).await;
}

#[tokio::test]
async fn a_pass_is_made_when_the_computer_wakes_up_or_is_connected_again() {
    let mut session = Session::start().await;
    session.set_up().await;
    let system = super::system::System::on(&session.bus().await).await;
    session.sandbox.world().faults.every(Service::Withings, "measure", Fault::Drop);
    let tray = session.launch_hidden().await;
    tray.says("Can’t reach Withings; trying again").await;
    session.weigh_in(85.0);
    session.sandbox.world().faults.clear();
    system.connected().await;
    until("the datapoint", async || (session.at_beeminder() == [85.0]).then_some(())).await;
    tray.says("Up to date").await;
    system.woken().await;
    session.logged("woke up").await;
}
