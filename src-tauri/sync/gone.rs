//! Notes what Withings no longer has. It leaves no trace of what was deleted, so the last weeks are read
//! again and compared; and because a share that was withdrawn or a membership that lapsed may look the
//! same, nothing is concluded from an empty answer, and little from one that lacks a lot.

use super::fetch::Window;
use crate::domain::measure::kind::Source;
use crate::store::{self, Rows, checkpoint, measurement};

/// More than a person deletes in a day; beyond it the user is asked.
const MOST: usize = 10;

/// Compares what is known of the last weeks with what Withings has of them.
pub(super) fn note(rows: &Rows, source: Source, window: &Window) -> anyhow::Result<()> {
    let surely_read = checkpoint::window_read_at(rows, source)?;
    checkpoint::save_window(rows, source, window.read_at)?;
    if !window.tells_all {
        tracing::info!(source = source.name(), "Some of it cannot be told apart; nothing is concluded");
        return Ok(());
    }
    let known = measurement::ids_between(rows, source, window.from, window.until)?;
    let gone: Vec<_> = known.into_iter().filter(|id| !window.groups.contains(id)).collect();
    if window.groups.is_empty() {
        if !gone.is_empty() {
            tracing::warn!(source = source.name(), "Withings shows nothing any more; nothing is concluded");
            if !store::setting::withdrawn(rows)?.contains(&source) {
                checkpoint::hold_back(rows, source, surely_read)?;
                store::setting::save_withdrawn(rows, source, true)?;
            }
        }
        return Ok(());
    }
    store::setting::save_withdrawn(rows, source, false)?;
    if gone.len() > MOST && !store::setting::may_be_many(rows)? {
        tracing::warn!(
            source = source.name(),
            count = gone.len(),
            "Much is gone at Withings; the user is asked"
        );
        return store::setting::save_many_gone(rows, source, gone.len());
    }
    store::setting::save_many_gone(rows, source, 0)?;
    for id in gone {
        tracing::info!(group = id.0, "Withings no longer has it");
        measurement::mark_gone(rows, id, window.read_at)?;
    }
    Ok(())
}
