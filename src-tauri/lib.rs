//! Beeminder Withings Sync: posts what Withings devices measure to Beeminder goals, on time and exactly
//! once. This library is the whole program; the front ends only translate.
//!
//! In reading order: the nouns, which are pure; the two services; being connected; the pass; the store;
//! what users ask for; and around it all the computer's own matters.

pub mod comment;
pub mod datapoint;
pub mod day;
pub mod device;
pub mod difference;
pub mod goal;
pub mod kind;
pub mod line;
pub mod link;
pub mod measure_set;
pub mod measurement;
pub mod nearest;
pub mod new_goal;
pub mod sentence;
pub mod suggestion;
pub mod text;
pub mod unit;
pub mod verdict;
pub mod workout;

pub mod beeminder;
pub mod withings;

pub mod accounts;
pub mod store;
pub mod sync;

pub mod app;
pub mod attention;
pub mod autostart;
pub mod chart;
pub mod cli;
pub mod diagnostics;
pub mod ledger;
pub mod menu;
pub mod notification;
pub mod overview;
pub mod pages;
pub mod reminder;
pub mod resident;
pub mod settings;
pub mod status;
pub mod trouble;

pub mod clock;
pub mod data_dir;
pub mod doorbell;
pub mod environment;
mod http;
mod lenient;
pub mod stop_signal;
pub mod wake;

#[cfg(feature = "sandbox")]
pub mod sandbox;
