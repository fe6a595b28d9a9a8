//! Health of the program: attention items, the status that follows, and reminders to measure.

pub mod announced;
pub mod attention;
pub mod reminder;
pub mod status;
