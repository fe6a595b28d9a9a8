//! The window, and on Windows and macOS the desktop of the agent as well. This folder only translates between
//! the desktop and the library; it is the only one that says `tauri`.

mod commands;
mod front;
mod raise;
mod size;
mod start;
mod webview;

#[cfg(not(target_os = "linux"))]
mod desktop;

pub(crate) use start::main;
