//! Checks that a filter names something known: a misspelt device would keep everything out without a word.

use super::{App, UserError};
use crate::domain::link::{Feed, Options};
use crate::domain::measure::kind::Source;
use crate::domain::measure::workout;
use crate::store;
use crate::text::Message;

impl App {
    /// Refuses devices and types of workout that nothing was measured with and that nobody has heard of.
    /// Those a link has already (`before`) may stay.
    ///
    /// # Errors
    /// With the devices or types there are.
    pub(super) fn check_known(&self, feed: &Feed, options: &Options, before: &Options) -> anyhow::Result<()> {
        let source = feed.source();
        // Nights and workouts hardly tell what they were measured with, whatever devices there are.
        let tells_any = !source.is_of_stretches();
        let sources: &[Source] = if tells_any { &[Source::Measure, Source::Activity] } else { &[source] };
        let (models, ids) = self.store.read(|conn| store::measurement::devices(conn, sources))?;
        let told = if tells_any { self.store.read(store::device::load_all)? } else { Vec::new() };
        let told_models = || told.iter().map(|device| &device.model);
        let is_known = |name: &String| {
            let mut all =
                models.iter().chain(&ids).chain(told_models()).chain(told.iter().map(|device| &device.id));
            !name.trim().is_empty() && all.any(|known| known.eq_ignore_ascii_case(name))
        };
        let new = |name: &&String| !before.devices.contains(name);
        if let Some(unknown) = options.devices.iter().filter(new).find(|name| !is_known(name)) {
            let mut names: Vec<&str> = models
                .iter()
                .chain(told_models())
                .map(String::as_str)
                .filter(|name| !name.is_empty())
                .collect();
            // A device without a model can be told by its id alone.
            if names.is_empty() {
                names = ids.iter().map(String::as_str).collect();
            }
            names.sort_unstable();
            names.dedup();
            if names.is_empty() && !tells_any {
                return Err(UserError::in_field("devices", Message::error("no_device_told", [])).into());
            }
            return Err(no_device(unknown, &names).into());
        }
        let known = self.store.read(store::measurement::categories)?;
        let is_known = |category: &&i64| {
            known.contains(category) || workout::is_known(**category) || before.categories.contains(category)
        };
        if let Some(unknown) = options.categories.iter().find(|category| !is_known(category)) {
            let mut all: Vec<i64> =
                workout::all().iter().map(|(category, _)| *category).chain(known.clone()).collect();
            all.sort_unstable();
            all.dedup();
            let names: Vec<_> = all.into_iter().map(workout::name).collect();
            let about = [("category", unknown.to_string()), ("known", names.join(", "))];
            return Err(UserError::new("no_workout", about).into());
        }
        Ok(())
    }
}

fn no_device(unknown: &str, known: &[&str]) -> UserError {
    let device = unknown.trim().to_owned();
    let said = match (known, device.is_empty()) {
        ([], _) => Message::error("no_device_yet", [("device", device)]),
        (_, true) => Message::error("device_unnamed", [("known", known.join(", "))]),
        (_, false) => Message::error("no_device", [("device", device), ("known", known.join(", "))]),
    };
    UserError::in_field("devices", said)
}
