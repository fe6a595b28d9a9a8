//! The agent's program. On Windows and macOS, where a window that is not open costs nothing, it is one program
//! with the window.

// A console window would flash up at every start.
#![cfg_attr(all(windows, not(debug_assertions)), windows_subsystem = "windows")]

use std::process::ExitCode;

#[cfg(not(target_os = "linux"))]
#[path = "../window/mod.rs"]
mod window;

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    beeminder_withings_sync::agent::desktop::main()
}

#[cfg(not(target_os = "linux"))]
fn main() -> ExitCode {
    window::main()
}
