//! What users go through, good days and bad, against the sandbox's Withings and Beeminder.
//!
//! Everything is real but the two services: HTTP, the SQLite file, the `bws` program, and in
//! `keychain.rs` the desktop's keychain.

#![expect(
    clippy::unwrap_used,
    clippy::unwrap_in_result,
    reason = "a story that cannot go on should say where"
)]

mod agent;
mod agent_focus;
mod any_history;
mod any_night;
mod beeminder_bad_days;
mod before_the_deadline;
mod bws;
mod bws_decisions;
mod changes;
mod charts;
mod clock;
mod corrected;
mod crash;
mod days;
mod days_of_activity;
mod days_that_move;
mod decided_otherwise;
mod deleted_there;
mod deletions;
#[cfg(all(feature = "desktop", target_os = "linux"))]
mod desktop;
mod fitting;
mod given_back;
mod goals;
mod goals_that_begin_anew;
mod guide;
mod held;
mod kept;
mod keychain;
mod left_behind;
mod links;
mod links_restored;
mod links_that_change;
mod links_that_stay;
mod looked_for;
mod nights;
mod not_arriving;
mod notifications_arriving;
mod notifications_forged;
mod notifications_reached;
mod notifications_running;
mod notifications_subscribed;
mod odd_answers;
mod outlives;
mod pages;
mod past;
mod places;
mod queues;
mod reading;
mod recorded;
mod relayed_copies;
mod reminders;
mod replaced;
mod rules;
mod sent_before;
mod sentences;
mod sign_in;
mod status;
mod store;
mod support;
mod three_facts;
mod tokens;
mod told_once;
mod trouble_that_ends;
mod unknown;
mod weigh_in;
mod what_withings_sends;
mod who_deleted_it;
mod whole_days;
mod why;
mod withings_bad_days;
mod words_and_answers;
