//! The window's pages as JSON, one file a page. Words are left to the window, which has them in its user's
//! language; here are codes, facts and exact numbers.

mod charts;
mod days;
mod form;
mod goals;
mod history;
mod links;
mod preview;
mod questions;
mod window;

use serde::Serialize;

pub use charts::{Chart, ChartLook};
pub use days::GoalPage;
pub use form::{LinkForm, Sends};
pub use goals::{Choice, NewGoalForm};
pub use history::{Exported, Format, HistoryPage, HistoryRequest};
pub use links::{BackfillView, Card, ChangeView, Stretch};
pub use preview::PreviewView;
pub use questions::Questions;
pub use window::View;

use crate::app::App;
use crate::domain::measure::kind::KINDS;
use crate::domain::measure::measure_set::NAMED_SETS;
use crate::domain::measure::take::Take;
use crate::domain::measure::workout;
use crate::store;

/// What can be sent, for choosing.
#[derive(Debug, Serialize)]
pub struct Catalogue {
    kinds: Vec<KindLine>,
    takes: Vec<&'static str>,
    sets: Vec<SetLine>,
    workouts: Vec<(i64, &'static str)>,
    /// The models that something was measured with.
    devices: Vec<String>,
}

#[derive(Debug, Serialize)]
struct KindLine {
    name: &'static str,
    number: i64,
    units: Vec<(&'static str, &'static str)>,
    take: &'static str,
    source: &'static str,
    /// Whether it is a value that can be sent.
    trackable: bool,
    /// Whether it can be part of a set that is counted.
    countable: bool,
}

#[derive(Debug, Serialize)]
struct SetLine {
    name: &'static str,
    kinds: Vec<String>,
}

impl App {
    /// Lists what can be sent.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn catalogue(&self) -> anyhow::Result<Catalogue> {
        Ok(catalogue(self.store.read(store::measurement::models)?))
    }
}

fn catalogue(devices: Vec<String>) -> Catalogue {
    let kind = |info: &crate::domain::measure::kind::KindInfo| KindLine {
        name: info.name,
        number: info.kind.0,
        units: info.unit.choices().iter().map(|unit| (unit.name(), unit.symbol())).collect(),
        take: info.day_take.name(),
        source: info.source.name(),
        trackable: info.is_trackable(),
        countable: info.is_trackable()
            && crate::domain::measure::measure_set::MeasureSet::of(vec![info.kind]).is_some(),
    };
    let set = |set: &crate::domain::measure::measure_set::NamedSet| SetLine {
        name: set.name,
        kinds: set.kinds().iter().map(ToString::to_string).collect(),
    };
    Catalogue {
        kinds: KINDS.iter().map(kind).collect(),
        takes: <Take as strum::VariantArray>::VARIANTS.iter().map(|take| take.name()).collect(),
        sets: NAMED_SETS.iter().map(set).collect(),
        workouts: workout::all().to_vec(),
        devices,
    }
}
