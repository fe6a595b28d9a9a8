//! Types and rules: measurements, goals, links, and the plan that follows from them. Pure: no clock, no files, no
//! database, no network.

pub mod appli;
pub mod arrival;
pub mod attention;
pub mod callback_way;
pub mod datapoint;
pub mod day;
pub mod difference;
pub mod goal;
pub mod incident;
pub mod link;
pub mod measure;
pub mod plan;
pub mod problem_code;
pub mod public_address;
pub mod reachable;
pub mod service;
pub mod settings;
pub mod trouble;
