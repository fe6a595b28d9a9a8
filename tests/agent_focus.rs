//! What the agent tells of what comes up while the user leaves the window.

use beeminder_withings_sync::agent::protocol::AgentRequest;
use beeminder_withings_sync::view::tray::MenuAction;

use super::agent::Story;

const TOLD: &str = "Sign in to Withings again";

/// The window has the focus when Withings' sign-in is gone.
async fn trouble_beside_the_window() -> (Story, impl Sized) {
    let story = Story::running().await;
    let window = story.window().await;
    story.ask(AgentRequest::Focus { focused: true }).await;
    story.sandbox.world().withings.revoke();
    story.action(MenuAction::SyncNow);
    story.says(TOLD).await;
    assert_eq!(story.notices(), [""; 0]);
    (story, window)
}

#[tokio::test]
async fn what_comes_up_while_the_user_leaves_the_window_is_told_once() {
    let (story, _window) = trouble_beside_the_window().await;
    story.ask(AgentRequest::Focus { focused: false }).await;
    story.until("the notice", |story| story.notices() == [TOLD]).await;
    story.ask(AgentRequest::Focus { focused: true }).await;
    story.ask(AgentRequest::Focus { focused: false }).await;
    assert_eq!(story.notices(), [TOLD]);
}

#[tokio::test]
async fn what_comes_up_while_the_window_closes_is_told() {
    let (story, window) = trouble_beside_the_window().await;
    drop(window);
    story.until("the notice", |story| story.notices() == [TOLD]).await;
}

#[tokio::test]
async fn a_failure_while_the_user_leaves_the_window_is_told() {
    let story = Story::running().await;
    let _window = story.window().await;
    story.ask(AgentRequest::Focus { focused: true }).await;
    let (here, away) = (story.dir.path().join("data"), story.dir.path().join("away"));
    std::fs::rename(&here, &away).unwrap();
    story.action(MenuAction::SyncNow);
    story.until("the failure", |story| story.agent.state().failure.is_some()).await;
    assert_eq!(story.notices(), [""; 0]);
    std::fs::rename(&away, &here).unwrap();
    story.ask(AgentRequest::Focus { focused: false }).await;
    assert_eq!(story.notices(), ["Syncing does not work"]);
    story.action(MenuAction::SyncNow);
    story.until("its end", |story| story.notices().len() == 2).await;
}
