//! The tray program as users have it: the real program on a desktop of its own, with a display, a session
//! bus, a keychain, a panel that shows the tray, a notification daemon and a browser. Only Withings and
//! Beeminder are the sandbox's.

mod callbacks;
mod home;
mod keychain;
mod notices;
mod pages;
mod program;
mod prompter;
mod real;
mod session;
mod start;
mod syncing;
mod system;
mod tray;
mod user;
mod window;

use std::time::Duration;

/// What takes longer than this does not happen.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until `found` finds something.
async fn until<T>(what: &str, mut found: impl AsyncFnMut() -> Option<T>) -> T {
    let search = async {
        loop {
            if let Some(found) = found().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, search).await.unwrap_or_else(|_| panic!("never seen: {what}"))
}
