//! What the computer offers: the clock, the data directory, the local socket, waking up, starting at login.

pub mod autostart;
pub mod clock;
pub mod data_dir;
pub mod environment;
pub mod ipc;
pub mod stop_signal;
pub mod wake;
