//! How the program is: what the user should know, the status that follows, and when to remind of measuring.

pub mod attention;
pub mod reminder;
pub mod status;
