//! Bad input, with the field it was entered in.

use std::fmt::Display;

/// What was entered does not do; the message says why and what does.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Wrong {
    /// The field's name in the forms of the window.
    pub field: &'static str,
    message: String,
}

impl Wrong {
    /// Says what is wrong with a field.
    pub(crate) fn new(field: &'static str, message: impl Display) -> Wrong {
        Wrong { field, message: message.to_string() }
    }
}
