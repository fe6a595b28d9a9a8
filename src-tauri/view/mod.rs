//! Views for the front ends: pages, charts, the tray's menu, notifications. Worked out here, drawn there.

pub mod agent_state;
pub mod arrivals;
pub mod chart;
pub mod days;
pub mod diagnostics;
pub mod first;
pub mod ledger;
pub mod notification;
pub mod overview;
pub mod pages;
pub mod problems;
pub mod subscriptions;
pub mod tray;
