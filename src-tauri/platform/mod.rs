//! The computer underneath: clock, data directory, local socket, waking up, start at login, callback scheme, log
//! file.

#[cfg(target_os = "linux")]
pub mod activation;
pub mod autostart;
#[cfg(target_os = "linux")]
pub mod browser;
pub mod clock;
pub mod data_dir;
pub mod environment;
pub mod ipc;
pub mod log_file;
pub mod program;
#[cfg(target_os = "linux")]
pub mod scheme;
pub mod stop_signal;
pub mod wake;
