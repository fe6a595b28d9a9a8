//! Measuring: values of kinds, in units, from devices and persons.

pub mod device;
pub mod kind;
pub mod measure_set;
pub mod measurement;
pub mod ownership;
pub mod take;
pub mod unit;
pub mod workout;
