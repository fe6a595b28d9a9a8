//! Reads again what an earlier version of the program could not.

use crate::services::withings;
use crate::store::{self, Store};

/// Tries what this version has not tried. What can be read is planned with the next pass.
///
/// # Errors
/// When the store cannot be used.
pub(crate) fn read_again(store: &Store) -> anyhow::Result<()> {
    if store.read(store::unreadable::untried)?.is_empty() {
        return Ok(());
    }
    store.write(|conn| {
        for (number, kept) in store::unreadable::untried(conn)? {
            let page = withings::read_again(&kept);
            for group in page.groups {
                tracing::info!(group = group.id.0, "A measurement that was kept can be read");
                let group = store::measurement::told_apart(conn, group)?;
                store::unreadable::save_read(conn, group)?;
            }
            store::unreadable::save_tried(conn, number, page.unreadable.first())?;
        }
        Ok(())
    })
}
