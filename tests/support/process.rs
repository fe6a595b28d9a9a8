//! The real `bws`, run against a sandbox.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use beeminder_withings_sync::sandbox::Sandbox;
use serde_json::Value;
use tokio::process::{Child, Command};

use super::TestApp;

/// `bws` over `dir`, with the sandbox's addresses and tokens in a file.
pub(crate) fn bws(sandbox: &Sandbox, dir: &Path, args: &[&str]) -> Command {
    let mut command = plain_bws(args);
    command
        .arg("--data-dir")
        .arg(dir)
        .env("BWS_WITHINGS_URL", sandbox.url().as_str())
        .env("BWS_BEEMINDER_URL", sandbox.url().as_str())
        .env("BWS_KEYCHAIN", "file");
    command
}

/// `bws` with an environment of its own.
pub(crate) fn plain_bws(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bws"));
    command
        .args(args)
        .env_remove("BWS_WITHINGS_URL")
        .env_remove("BWS_BEEMINDER_URL")
        .env_remove("BWS_KEYCHAIN")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// Runs it to its end: exit code and the JSON it printed.
pub(crate) async fn json(command: &mut Command) -> (i32, Value) {
    let output = command.arg("--json").output().await.unwrap();
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let value = serde_json::from_str(&text)
        .unwrap_or_else(|_| panic!("no JSON document: {text:?} {}", said(&output)));
    (output.status.code().unwrap_or(-1), value)
}

/// A sandbox, and a data directory in which both accounts are connected.
pub(crate) async fn connected() -> (TestApp, PathBuf) {
    let test = TestApp::new().await;
    let dir = test.path().join("bws");
    connect(&test.sandbox, &dir).await;
    (test, dir)
}

/// What it prints for programs when all is well.
pub(crate) async fn ok(test: &TestApp, dir: &Path, args: &[&str]) -> Value {
    let (code, answer) = json(&mut bws(&test.sandbox, dir, args)).await;
    assert_eq!(code, 0, "{args:?}: {answer}");
    answer
}

/// What it said on standard error.
pub(crate) fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Asks a process to end, as `systemctl stop` does.
pub(crate) fn terminate(child: &Child) {
    let id = child.id().expect("it runs").to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
}

/// Connects both accounts through the sandbox's consent pages.
pub(crate) async fn connect(sandbox: &Sandbox, dir: &Path) {
    use tokio::io::{AsyncBufReadExt, BufReader};
    let secret = dir.with_extension("secret");
    std::fs::write(&secret, beeminder_withings_sync::sandbox::withings::CLIENT_SECRET).unwrap();
    for account in [
        vec![
            "connect",
            "withings",
            "--client-id",
            "sandbox-client-id",
            "--client-secret-file",
            secret.to_str().unwrap(),
        ],
        vec!["connect", "beeminder", "--client-id", "sandbox-client-id"],
    ] {
        let mut args = account.clone();
        args.extend(["--callback", "scheme", "--no-browser", "--json"]);
        let mut child = bws(sandbox, dir, &args).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first: Value = serde_json::from_str(&lines.next_line().await.unwrap().unwrap()).unwrap();
        let address = super::agree(&first["authorize_url"].as_str().unwrap().parse().unwrap()).await;
        let (code, answer) = json(&mut bws(sandbox, dir, &["callback", &address])).await;
        assert_eq!((code, &answer["ok"]), (0, &Value::Bool(true)), "{answer}");
        let last: Value = serde_json::from_str(&lines.next_line().await.unwrap().unwrap()).unwrap();
        assert!(last["connected"]["user"].is_string(), "{last}");
        assert!(child.wait().await.unwrap().success());
    }
    std::fs::remove_file(secret).unwrap();
}
