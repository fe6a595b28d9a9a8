//! Notes what Withings no longer has. It leaves no trace of what was deleted, so the last weeks are read
//! again and compared; and because a share that was withdrawn or a membership that lapsed may look the
//! same, nothing is concluded from an empty answer, and little from one that lacks a lot.

use super::fetch::Window;
use crate::domain::measure::kind::Source;
use crate::store::{self, Connection, checkpoint, measurement};

/// More than a person deletes in a day; beyond it the user is asked.
const MOST: usize = 10;

/// Compares what is known of the last weeks with what Withings has of them.
pub(super) fn note(conn: &Connection, source: Source, window: &Window) -> anyhow::Result<()> {
    let surely_read = checkpoint::window_read_at(conn, source)?;
    checkpoint::save_window(conn, source, window.read_at)?;
    if !window.tells_all {
        tracing::info!(source = source.name(), "Some of it cannot be told apart; nothing is concluded");
        return Ok(());
    }
    let most = MOST.max(store::setting::take_confirmed_gone(conn, source)?);
    let known = measurement::ids_between(conn, source, window.from, window.until)?;
    let gone: Vec<_> = known.into_iter().filter(|id| !window.groups.contains(id)).collect();
    if window.groups.is_empty() {
        if !gone.is_empty() {
            tracing::warn!(source = source.name(), "Withings shows nothing any more; nothing is concluded");
            if !store::setting::withdrawn(conn)?.contains(&source) {
                checkpoint::hold_back(conn, source, surely_read)?;
                store::setting::save_withdrawn(conn, source, true)?;
            }
        }
        return Ok(());
    }
    store::setting::save_withdrawn(conn, source, false)?;
    if gone.len() > most {
        tracing::warn!(
            source = source.name(),
            count = gone.len(),
            "Much is gone at Withings; the user is asked"
        );
        return store::setting::save_many_gone(conn, source, gone.len());
    }
    store::setting::save_many_gone(conn, source, 0)?;
    for id in gone {
        tracing::info!(group = id.0, "Withings no longer has it");
        measurement::mark_gone(conn, id, window.read_at)?;
    }
    Ok(())
}
