//! Self-tests of the agent's desktop, and repairs of what can be repaired there.

use crate::agent::Desktop;
use crate::agent::protocol::Repair;
use crate::app::{Check, Finding, UserError};
use crate::platform::autostart::AutostartState;
use crate::text::Message;

/// Looks at what the desktop does for this program.
pub(super) fn checks(desktop: &dyn Desktop) -> Vec<Check> {
    vec![
        Check::new("scheme", callbacks(desktop)),
        Check::new("tray", tray(desktop)),
        Check::new("autostart", login(desktop)),
    ]
}

/// Mends one of them.
///
/// # Errors
/// When it stays as it is.
pub(super) fn repair(desktop: &dyn Desktop, what: Repair) -> anyhow::Result<()> {
    match what {
        Repair::Scheme => {
            desktop.take_callbacks()?;
            anyhow::ensure!(desktop.takes_callbacks()?, UserError::new("scheme_taken", []));
            Ok(())
        }
        Repair::Autostart => desktop.set_start_at_login(true),
    }
}

/// Whether the program starts at login, where the desktop can say.
pub(super) fn start_at_login(desktop: &dyn Desktop) -> Option<AutostartState> {
    desktop
        .start_at_login()
        .inspect_err(|error| tracing::warn!("Start at login could not be verified: {error:#}"))
        .ok()
}

fn callbacks(desktop: &dyn Desktop) -> Finding {
    match desktop.takes_callbacks() {
        Ok(true) => Finding::Fine,
        Ok(false) => Finding::Broken(Message::error("scheme_elsewhere", []).into()),
        Err(error) => unknown(&error),
    }
}

fn tray(desktop: &dyn Desktop) -> Finding {
    if desktop.has_tray() { Finding::Fine } else { Finding::Warning(Message::error("no_tray", []).into()) }
}

fn login(desktop: &dyn Desktop) -> Finding {
    match desktop.start_at_login() {
        Ok(AutostartState::On | AutostartState::Off) => Finding::Fine,
        Ok(AutostartState::Stale) => Finding::Broken(Message::error("autostart_stale", []).into()),
        Ok(AutostartState::SwitchedOff) => Finding::Warning(Message::error("autostart_off", []).into()),
        Err(error) => unknown(&error),
    }
}

fn unknown(error: &anyhow::Error) -> Finding {
    tracing::warn!("A check could not be made: {error:#}");
    Finding::Warning(Message::error("not_found_out", []).into())
}
