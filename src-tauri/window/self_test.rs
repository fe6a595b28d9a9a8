//! The part of the self-test that only the desktop can make: the callback scheme, the tray, the start at
//! login; and mending what can be mended there.

use std::sync::Arc;

use beeminder_withings_sync::app::{Check, Finding, Wrong};
use beeminder_withings_sync::text::Said;
use serde::Deserialize;
use tauri::{AppHandle, Manager};

use super::autostart::{self, State};
use super::scheme;
use super::shell::Shell;

/// What can be mended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Repair {
    /// Browsers hand callbacks to this program again.
    Scheme,
    /// The entry that starts this program at login is written again.
    Autostart,
}

/// Looks at what the desktop does for this program.
pub(crate) fn of_the_desktop(app: &AppHandle) -> Vec<Check> {
    vec![
        Check::new("scheme", callbacks(app)),
        Check::new("tray", tray(app)),
        Check::new("autostart", login(app)),
    ]
}

/// Mends one of them.
///
/// # Errors
/// When it stays as it is.
pub(crate) fn repair(app: &AppHandle, what: Repair) -> anyhow::Result<()> {
    match what {
        Repair::Scheme => {
            scheme::repair(app)?;
            anyhow::ensure!(scheme::is_registered(app)?, Wrong::new("scheme_taken", []));
            Ok(())
        }
        Repair::Autostart => autostart::set(app, true),
    }
}

fn callbacks(app: &AppHandle) -> Finding {
    match scheme::is_registered(app) {
        Ok(true) => Finding::Fine,
        Ok(false) => Finding::Broken(Said::error("scheme_elsewhere", []).into()),
        Err(error) => unknown(&error),
    }
}

fn tray(app: &AppHandle) -> Finding {
    if app.state::<Arc<Shell>>().tray_is_visible() {
        return Finding::Fine;
    }
    Finding::Warning(Said::error("no_tray", []).into())
}

fn login(app: &AppHandle) -> Finding {
    match autostart::state(app) {
        Ok(State::On | State::Off) => Finding::Fine,
        Ok(State::Stale) => Finding::Broken(Said::error("autostart_stale", []).into()),
        Ok(State::SwitchedOff) => Finding::Warning(Said::error("autostart_off", []).into()),
        Err(error) => unknown(&error),
    }
}

fn unknown(error: &anyhow::Error) -> Finding {
    tracing::warn!("A check could not be made: {error:#}");
    Finding::Warning(Said::error("not_found_out", []).into())
}
