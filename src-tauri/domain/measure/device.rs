//! The user's Withings devices, as far as they help to tell why nothing arrives. Pure.

use chrono::{DateTime, Utc};
use serde::Serialize;

/// One device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Device {
    /// Withings' `deviceid`.
    pub id: String,
    /// `Scale`, `Blood Pressure Monitor`, …; an open set.
    pub device_type: String,
    /// The model; empty when not told.
    pub model: String,
    /// `high`, `medium`, `low`, …; empty when not told.
    pub battery: String,
    /// When it last reached Withings; `None` when it never did, or is not told.
    pub last_contact: Option<DateTime<Utc>>,
}

impl Device {
    /// What a person calls it.
    pub fn name(&self) -> &str {
        if self.model.is_empty() { &self.device_type } else { &self.model }
    }
}
