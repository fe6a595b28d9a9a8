//! Attention items, worked out from the store.

mod filters;
mod list;

pub use list::attention;
pub(crate) use list::paused;
