//! The desktop's own keychain: gnome-keyring's Secret Service on a bus of its own.

#![cfg(target_os = "linux")]

use std::process::Output;

use beeminder_withings_sync::sandbox::Sandbox;
use tokio::process::Command;

use super::support::TestApp;
use super::support::process::said;

/// Runs a script in a fresh session with `$BWS` ready to use, and returns what it printed.
async fn session(sandbox: &Sandbox, home: &std::path::Path, script: &str) -> Output {
    let preamble = r#"
        set -eu
        bws() { "$BWS_BIN" --data-dir "$HOME/data" "$@"; }
        unlock() { printf 'a password' | gnome-keyring-daemon --daemonize --unlock --components=secrets >/dev/null; }
        bus() { dbus-send --session --print-reply=literal --dest=org.freedesktop.DBus /org/freedesktop/DBus \
            "org.freedesktop.DBus.$1" string:org.freedesktop.secrets; }
        stop() {
            kill "$(bus GetConnectionUnixProcessID | awk '{print $2}')"
            while bus NameHasOwner | grep -q true; do :; done
        }
        locked() { gnome-keyring-daemon --daemonize --components=secrets </dev/null >/dev/null; }
    "#;
    let runtime = home.join("runtime");
    std::fs::create_dir_all(&runtime).unwrap();
    Command::new("dbus-run-session")
        .args(["--", "sh", "-c", &format!("{preamble}\n{script}")])
        .env("HOME", home)
        .env("XDG_RUNTIME_DIR", runtime)
        .env("XDG_DATA_HOME", home.join("share"))
        // No service file may start a keychain, or a prompt, behind the script's back.
        .env("XDG_DATA_DIRS", "/nowhere")
        .env("BWS_BIN", env!("CARGO_BIN_EXE_bws"))
        .env("BWS_WITHINGS_URL", sandbox.url().as_str())
        .env("BWS_BEEMINDER_URL", sandbox.url().as_str())
        .env_remove("BWS_KEYCHAIN")
        .env_remove("DISPLAY")
        .kill_on_drop(true)
        .output()
        .await
        .expect("dbus-run-session is installed; ./dev test installs it")
}

#[tokio::test]
async fn tokens_live_in_the_keychain_and_nowhere_else_and_outlive_the_process() {
    let test = TestApp::new().await;
    let output = session(
        &test.sandbox,
        test.path(),
        r#"
        unlock
        printf sandbox-personal-token | bws connect beeminder --token-file -
        secret-tool search --all service 'beeminder-withings-sync sandbox' 2>/dev/null
        bws --json goals >/dev/null
        if grep -rl sandbox-personal-token "$HOME/data"; then exit 9; fi
        bws disconnect beeminder
        secret-tool search --all service 'beeminder-withings-sync sandbox' 2>/dev/null | wc -l
        "#,
    )
    .await;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text} {}", said(&output));
    assert!(text.contains("Connected to Beeminder as alice"), "{text}");
    assert!(text.contains("sandbox-personal-token"), "secret-tool sees it: {text}");
    assert!(text.trim_end().ends_with("\n0"), "and no more after the disconnect: {text}");
}

#[tokio::test]
async fn a_locked_keychain_is_said_and_unlocking_it_is_enough() {
    let test = TestApp::new().await;
    let output = session(
        &test.sandbox,
        test.path(),
        r#"
        unlock
        printf sandbox-personal-token | bws connect beeminder --token-file -
        stop
        locked
        bws --json goals && exit 9 || echo "locked: $?"
        stop
        unlock
        bws --json goals >/dev/null && echo "unlocked: $?"
        "#,
    )
    .await;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("locked: 3") && text.contains("unlocked: 0"), "{text} {}", said(&output));
    assert!(said(&output).contains("The keychain is locked"), "{}", said(&output));
}

#[tokio::test]
async fn without_a_keychain_the_user_is_told_what_to_install_and_nothing_is_written() {
    let test = TestApp::new().await;
    let script = r#"
        printf sandbox-personal-token | bws connect beeminder --token-file - && exit 9 || echo "absent: $?"
        if grep -rl sandbox-personal-token "$HOME"; then exit 9; fi
        export DBUS_SESSION_BUS_ADDRESS=unix:path=/nowhere
        printf sandbox-personal-token | bws connect beeminder --token-file - && exit 9 || echo "no bus: $?"
        "#;
    let output = session(&test.sandbox, test.path(), script).await;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("absent: 3") && text.contains("no bus: 3"), "{text} {}", said(&output));
    assert!(said(&output).contains("No keychain is running. Install"), "{}", said(&output));
}
