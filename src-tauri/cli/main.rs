//! The `bws` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    beeminder_withings_sync::cli::main()
}
