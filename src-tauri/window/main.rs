//! The tray program. This folder only translates between the desktop and the library; it is the only one
//! that says `tauri`.

// A console window would flash up at every start.
#![cfg_attr(all(windows, not(debug_assertions)), windows_subsystem = "windows")]

mod arguments;
mod autostart;
mod commands;
mod instance;
mod logs;
mod notifications;
mod scheme;
mod self_test;
mod shell;
mod start;
#[cfg(target_os = "linux")]
#[path = "tray_linux.rs"]
mod tray;
#[cfg(not(target_os = "linux"))]
#[path = "tray_tauri.rs"]
mod tray;
mod window;

use std::process::ExitCode;

fn main() -> ExitCode {
    match start::start() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}
