//! A user's hands on a display without a screen.

use std::path::Path;

use tokio::process::Command;

use super::super::session::{Quiet, Session};

pub(super) struct Hands {
    display: String,
}

impl Hands {
    /// Those of the user of the session's display.
    pub(super) fn on(session: &Session) -> Hands {
        Hands { display: session.display.clone() }
    }

    pub(super) async fn click(&self, (x, y): (i32, i32), button: u32) {
        self.point((x, y)).await;
        self.run(&["click", &button.to_string()]).await;
    }

    pub(super) async fn point(&self, (x, y): (i32, i32)) {
        self.run(&["mousemove", "--sync", &x.to_string(), &y.to_string()]).await;
    }

    pub(super) async fn type_text(&self, text: &str) {
        self.run(&["type", "--delay", "40", text]).await;
    }

    pub(super) async fn press(&self, keys: &str) {
        self.run(&[
            "key",
            "--delay",
            "40",
            &keys
                .to_lowercase()
                .replace("escape", "Escape")
                .replace("return", "Return")
                .replace("tab", "Tab")
                .replace("f4", "F4"),
        ])
        .await;
    }

    pub(super) async fn picture(&self, path: &Path) {
        let mut picture = Command::new("scrot");
        let taken = picture.arg("--overwrite").arg(path).env("DISPLAY", &self.display).quiet().status();
        assert!(taken.await.unwrap().success());
    }

    async fn run(&self, arguments: &[&str]) {
        let mut hand = Command::new("xdotool");
        let moved = hand.args(arguments).env("DISPLAY", &self.display).quiet().status().await.unwrap();
        assert!(moved.success(), "{arguments:?}");
    }
}
