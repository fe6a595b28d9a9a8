//! Closing the window, what is left of it, and what one program does without the other.

use fantoccini::Locator;

use super::super::session::Session;
use super::super::{pages, until};
use super::{click, hides, pictures, shows};

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
            let has_page = left.iter().any(|name| name.starts_with("WebKitWeb"));
            (!has_page).then_some(())
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

#[tokio::test]
async fn a_window_whose_page_does_not_answer_closes_without_asking() {
    for is_loaded in [false, true] {
        let mut session = Session::bare().await;
        session.unlock_keychain().await;
        session.start_notifications().await;
        if is_loaded {
            let window = session.launch_driven().await;
            shows(&window, "#no-tray", "no tray icons").await;
        } else {
            session.launch(&[]);
        }
        let page = until("the page", async || session.page_process()).await;
        signal(page, "-STOP");
        session.ask_to_close().await;
        until("the window gone", async || {
            session.press_keys_to_close().await;
            session.window().await.is_none().then_some(())
        })
        .await;
        signal(page, "-KILL");
    }
}

#[tokio::test]
async fn a_window_whose_agent_was_killed_says_so_at_once_and_starts_it_again() {
    let mut session = Session::start().await;
    session.set_up().await;
    let window = session.launch_driven().await;
    session.tray().await.says("Up to date").await;
    hides(&window, "#start-agent").await;
    session.signal_agent("-KILL");
    let said = shows(&window, "#status-message", "nothing is sent");
    tokio::time::timeout(std::time::Duration::from_secs(2), said).await.expect("within two seconds");
    pictures(&window, "agent gone").await;
    click(&window, "#start-agent").await;
    hides(&window, "#start-agent").await;
    session.weigh_in(82.4);
    click(&window, "#sync-now").await;
    until("the datapoint", async || (session.at_beeminder() == [82.4]).then_some(())).await;
}

#[tokio::test]
async fn syncing_goes_on_when_the_window_crashes() {
    let mut session = Session::start().await;
    session.set_up().await;
    let tray = session.launch_hidden().await;
    tray.activate().await;
    session.window_opens().await;
    session.kill_windows();
    session.weigh_in(82.4);
    tray.click("Sync now").await;
    until("the datapoint", async || (session.at_beeminder() == [82.4]).then_some(())).await;
    tray.activate().await;
    session.window_opens().await;
}

#[tokio::test]
async fn a_start_right_after_quit_starts() {
    let mut session = Session::start().await;
    session.set_up().await;
    let tray = session.launch_hidden().await;
    tray.says("Up to date").await;
    tray.click("Quit").await;
    let mut again = session.command(Session::program_path()).arg("--hidden").spawn().unwrap();
    assert_eq!(session.ended_whatever_the_tray().await, Some(0));
    session.tray().await.says("Up to date").await;
    again.kill().await.unwrap();
}

#[tokio::test]
async fn an_agent_that_hangs_is_told_from_one_that_has_ended() {
    let mut session = Session::start().await;
    session.set_up().await;
    let window = session.launch_driven().await;
    shows(&window, "#status-message", "Up to date").await;
    session.signal_agent("-STOP");
    shows(&window, "#status-message", "does not answer").await;
    hides(&window, "#start-agent").await;
    session.signal_agent("-CONT");
    shows(&window, "#status-message", "Up to date").await;
}

#[tokio::test]
async fn impatient_clicks_open_one_window_and_quit_ends_it_on_its_way() {
    let mut session = Session::start().await;
    session.set_up().await;
    let tray = session.launch_hidden().await;
    tray.says("Up to date").await;
    for _ in 0..6 {
        tray.activate().await;
    }
    session.window_opens().await;
    until("one window", async || (session.windows_running() == 1).then_some(())).await;
    session.close_window().await;
    until("the window ended", async || (session.windows_running() == 0).then_some(())).await;
    tray.activate().await;
    tray.click("Quit").await;
    assert_eq!(session.ended().await, Some(0));
    // A window that comes up now finds no agent, and starts none.
    let late = async { session.tray().await };
    assert!(tokio::time::timeout(std::time::Duration::from_secs(3), late).await.is_err(), "it stays ended");
}

/// Sends a signal to a process.
fn signal(pid: u32, signal: &str) {
    assert!(std::process::Command::new("kill").args([signal, &pid.to_string()]).status().unwrap().success());
}
