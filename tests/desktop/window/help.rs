//! Help: the self-test mends what it can, diagnostics name nobody, and everything can be forgotten.

use super::super::session::Session;
use super::super::until;
use super::{click, fill, go, select, shows};

#[tokio::test]
async fn the_self_test_mends_a_callback_scheme_that_something_else_took() {
    let mut session = Session::start().await;
    session.set_up().await;
    let window = session.launch_driven().await;
    session.scheme_is_registered().await;
    let steal = ["default", "story-browser.desktop", "x-scheme-handler/beeminder-withings-sync"];
    assert!(session.command("xdg-mime").args(steal).status().await.unwrap().success());
    go(&window, "help").await;
    click(&window, "#self-test").await;
    shows(&window, "#test-summary", "One thing is not").await;
    shows(&window, "[data-check=scheme]", "does not work").await;
    click(&window, "[data-check=scheme] button").await;
    shows(&window, "#test-summary", "Everything works").await;
    session.scheme_is_registered().await;
}

#[tokio::test]
async fn diagnostics_are_read_before_they_are_saved_and_name_nobody() {
    let mut session = Session::start().await;
    session.set_up().await;
    let planted =
        "2026-11-24T10:00:00Z ERROR token=3f9c0a7d5b1e48d29aa1 of bob@example.com weighs 82.4 kg, alice\n";
    std::fs::write(session.data_dir().join("log-old.txt"), planted).unwrap();
    let window = session.launch_driven().await;
    session.weigh_in(83.7);
    click(&window, "#sync-now").await;
    until("the datapoint", async || (session.at_beeminder() == [83.7]).then_some(())).await;
    go(&window, "help").await;
    click(&window, "#show-diagnostics").await;
    until("the diagnostics", async || {
        let text = super::value(&window, "return document.querySelector('#diagnostics-text').value").await;
        text.as_str()?.contains("Status: fine").then_some(())
    })
    .await;
    click(&window, "#diagnostics [type=submit]").await;
    shows(&window, "#diagnostics-saved", "Saved as").await;
    let path = super::text(&window, "#diagnostics-saved").await.split("Saved as ").nth(1).unwrap().to_owned();
    let saved = std::fs::read_to_string(path).unwrap();
    assert!(saved.contains("Link 1: Weight in kg") && saved.contains("ERROR"), "{saved}");
    let home = session.home().display().to_string();
    for planted in
        ["3f9c0a7d5b1e48d29aa1", "bob@example.com", "82.4", "83.7", "alice", "10000001", home.as_str()]
    {
        assert!(!saved.contains(planted), "{planted} in {saved}");
    }
}

#[tokio::test]
async fn everything_is_forgotten_once_the_word_is_typed() {
    let mut session = Session::start().await;
    session.set_up().await;
    let window = session.launch_driven().await;
    session.scheme_is_registered().await;
    go(&window, "settings").await;
    click(&window, "[name=startAtLogin]").await;
    let entry = session.home().join("config/autostart/beeminder-withings-sync.desktop");
    until("the entry", async || entry.exists().then_some(())).await;
    // Each language asks for a word of its own.
    select(&window, "#language", "de").await;
    go(&window, "help").await;
    shows(&window, "#page h1", "Hilfe").await;
    until("the page in the window's title", async || {
        let names = ["search", "--name", "Beeminder", "getwindowname", "%@"];
        let names = session.command("xdotool").args(names).output().await.ok()?;
        String::from_utf8_lossy(&names.stdout).contains("Hilfe – Beeminder").then_some(())
    })
    .await;
    fill(&window, "#typed", "forget").await;
    click(&window, "#forget [type=submit]").await;
    shows(&window, "#forget .problem", "„vergessen“").await;
    go(&window, "settings").await;
    select(&window, "#language", "en").await;
    go(&window, "help").await;
    shows(&window, "#page h1", "Help").await;
    fill(&window, "#typed", "yes").await;
    click(&window, "#forget [type=submit]").await;
    shows(&window, "#forget .problem", "Type “forget”").await;
    fill(&window, "#typed", "forget").await;
    let process = format!("/proc/{}", session.pid());
    // The window is gone before it can say that it was clicked.
    let _ = window.find(fantoccini::Locator::Css("#forget [type=submit]")).await.unwrap().click().await;
    until("the program gone", async || (!std::path::Path::new(&process).exists()).then_some(())).await;
    assert!(!entry.exists());
    let left: Vec<_> =
        std::fs::read_dir(session.data_dir()).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert!(left.is_empty(), "{left:?}");
    let query = ["query", "default", "x-scheme-handler/beeminder-withings-sync"];
    let handler = session.command("xdg-mime").args(query).output().await.unwrap();
    // What a package registers goes with the package.
    let packaged = Session::program_path().starts_with("/usr");
    let expected = if packaged { "beeminder-withings-sync.desktop" } else { "" };
    assert_eq!(String::from_utf8(handler.stdout).unwrap().trim(), expected);
    let status = session.bws(&["status"]).await;
    assert_eq!(status["status"], "not_set_up", "{status}");
}
