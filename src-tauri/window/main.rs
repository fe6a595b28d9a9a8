//! The window on Linux: a program of its own, which ends when it is closed.

#[path = "mod.rs"]
mod window;

use std::process::ExitCode;

fn main() -> ExitCode {
    window::main()
}
