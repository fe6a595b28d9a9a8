//! Beeminder Withings Sync: posts what Withings devices measure to Beeminder goals, on time and exactly
//! once. This library is the whole program; the front ends only translate.
//!
//! Its folders are storeys, each built on those before it. From the ground up: texts and what the computer
//! offers; the nouns and rules, which are pure; the two services and the database; being connected; how the
//! program is; the pass; what users ask for; what they see; and the programs.

pub mod platform;
pub mod text;

pub mod domain;

pub mod services;
pub mod store;

pub mod accounts;
pub mod health;
pub mod subscriptions;
pub mod sync;

pub mod app;
pub mod view;

pub mod agent;
pub mod cli;
#[cfg(feature = "sandbox")]
pub mod sandbox;
