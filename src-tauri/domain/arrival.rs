//! What arrived at Beeminder in a pass.

use serde::{Deserialize, Serialize};

use crate::domain::goal::GoalSlug;
use crate::domain::link::LinkId;

/// Datapoints of one link that Beeminder took, new ones or with another value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrival {
    /// The goal they are in.
    pub goal: GoalSlug,
    /// The link that sent them.
    pub link: LinkId,
    /// How many.
    pub count: u64,
    /// The value of the last one, as it is shown.
    pub value: String,
}

/// Adds what arrived later.
pub fn add(arrived: &mut Vec<Arrival>, later: Arrival) {
    match arrived.iter_mut().find(|known| known.link == later.link) {
        Some(known) => *known = Arrival { count: known.count + later.count, ..later },
        None => arrived.push(later),
    }
}
