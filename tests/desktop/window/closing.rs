//! Closing the window, and what is left of it.

use fantoccini::Locator;

use super::super::session::Session;
use super::super::{pages, until};
use super::{pictures, shows};

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
