//! The user's settings: read, and changed one at a time.

use super::{App, UserError};
use crate::domain::settings::{INTERVALS, LANGUAGES, SettingChange, Settings};
use crate::platform::clock;
use crate::store;
use crate::text::{Language, Locale, Message};

impl App {
    /// What the user chose.
    ///
    /// # Errors
    /// When the store cannot be used.
    pub fn settings(&self) -> anyhow::Result<Settings> {
        self.store.read(store::setting::settings)
    }

    /// How the user is spoken to.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn locale(&self) -> anyhow::Result<Locale> {
        let language = Language::chosen(self.settings()?.language.as_deref());
        let zone = self.store.read(store::account::time_zone)?;
        Ok(Locale { here: clock::zone().unwrap_or(zone), ..Locale::new(language, zone) })
    }

    /// Changes one of the settings; it counts at once. One at a time, so that a front end that has not
    /// seen the last change cannot undo it.
    ///
    /// # Errors
    /// When it is out of range.
    pub fn change_setting(&self, change: SettingChange) -> anyhow::Result<()> {
        self.store.write(|conn| {
            let mut settings = store::setting::settings(conn)?;
            let mut preferences = store::setting::preferences(conn)?;
            match change {
                SettingChange::Interval(minutes) => settings.interval = in_range(minutes)?,
                SettingChange::RemindAt(time) => settings.remind_at = time,
                SettingChange::Units(units) => settings.units = units,
                SettingChange::CallbackWay(way) => settings.callback_way = way,
                SettingChange::MirrorDeletions(mirror) => settings.mirror_deletions = mirror,
                SettingChange::WatchDevices(watch) => settings.watch_devices = watch,
                SettingChange::Language(language) => settings.language = spoken(language)?,
                SettingChange::Level(level) => preferences.level = level,
                SettingChange::SnoozedUntil(until) => preferences.snoozed_until = until,
            }
            store::setting::save_settings(conn, &settings)?;
            store::setting::save_preferences(conn, preferences)
        })
    }
}

fn in_range(minutes: u32) -> Result<u32, UserError> {
    let (least, most) = (INTERVALS.start(), INTERVALS.end());
    let about = [("least", least.to_string()), ("most", most.to_string())];
    let error = || UserError::in_field("interval", Message::error("interval", about));
    INTERVALS.contains(&minutes).then_some(minutes).ok_or_else(error)
}

fn spoken(language: Option<String>) -> Result<Option<String>, UserError> {
    let is_spoken = language.as_deref().is_none_or(|language| LANGUAGES.contains(&language));
    let error = || UserError::in_field("language", Message::error("language", []));
    is_spoken.then_some(language).ok_or_else(error)
}
