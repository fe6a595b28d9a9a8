//! Settings, and the little else that must outlast a restart, as names and values.

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use rusqlite::{Connection, OptionalExtension, params};
use strum::VariantArray;

use super::moment;
use crate::domain::incident::Preferences;
use crate::domain::link::LinkId;
use crate::domain::measure::kind::Source;
use crate::domain::settings::{INTERVALS, LANGUAGES, Settings};
use crate::domain::trouble::SET_BACK;

/// When a pause ends, in Unix seconds.
const PAUSED_UNTIL: &str = "paused_until";
/// When it was made, in Unix seconds.
const PAUSED_AT: &str = "paused_at";
/// Where a damaged database was set aside, until the user was told.
const RECOVERED: &str = "recovered";

/// How much the user wants to be told, by its name.
const NOTIFY: &str = "notify";
/// Until when the user wants to be told nothing, in Unix seconds.
const SNOOZED_UNTIL: &str = "snoozed_until";
/// Set when deletions at Withings are followed without asking.
const MIRROR: &str = "mirror_deletions";
/// Set, for each service of Withings, while it shows nothing of what it once had.
const WITHDRAWN: &str = "withdrawn";
/// How much is gone at Withings, for each of its services, until the user was asked.
const MANY_GONE: &str = "many_gone";
/// How much of it the user said is gone for good, until that was looked at.
const MAY_BE_MANY: &str = "may_be_many";
/// Set when the user wants to know when a device stops uploading.
const WATCH_DEVICES: &str = "watch_devices";
/// At what time of day to remind, as HH:MM:SS.
const REMIND_AT: &str = "remind_at";
/// Minutes between passes.
const INTERVAL: &str = "interval";
/// The system of units that measurements are shown in, by its name.
const UNITS: &str = "units";
/// How the browser comes back from a sign-in, by its name.
const CALLBACK_WAY: &str = "callback_way";
/// The window's language; as the desktop's when there is none.
const LANGUAGE: &str = "language";
/// Set once the first-run guide was finished or left for good.
const GUIDED: &str = "guided";
/// The client id of the Withings application whose secret the keychain keeps.
const CLIENT_ID: &str = "withings_client_id";
/// Set once the user was told that this desktop has no tray.
const TOLD_NO_TRAY: &str = "told_no_tray";
/// The link that was removed last, by its number, where what it sent was left there.
const LAST_REMOVED: &str = "last_removed";

/// A pause, by the clock of the computer it was made on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pause {
    /// When it was made; an earlier version did not say.
    pub made: Option<DateTime<Utc>>,
    /// When syncing goes on by itself.
    pub until: DateTime<Utc>,
}

/// The pause, if there is one. Whether it is still on is not said here.
pub fn pause(conn: &Connection) -> anyhow::Result<Option<Pause>> {
    let at = |name| anyhow::Ok(load(conn, name)?.and_then(|unix| unix.parse().ok()).map(moment));
    let made = at(PAUSED_AT)?;
    Ok(at(PAUSED_UNTIL)?.map(|until| Pause { made, until }))
}

/// Sets or ends the pause.
pub fn save_pause(conn: &Connection, until: Option<DateTime<Utc>>, now: DateTime<Utc>) -> anyhow::Result<()> {
    let unix = |moment: DateTime<Utc>| moment.timestamp().to_string();
    save(conn, PAUSED_AT, until.map(|_| unix(now)).as_deref())?;
    save(conn, PAUSED_UNTIL, until.map(unix).as_deref())
}

/// Where a damaged database was set aside.
pub fn recovered(conn: &Connection) -> anyhow::Result<Option<String>> {
    load(conn, RECOVERED)
}

/// Notes where a damaged database was set aside, or that the user knows.
pub fn save_recovered(conn: &Connection, path: Option<&str>) -> anyhow::Result<()> {
    save(conn, RECOVERED, path)
}

/// How the user wants to be notified.
pub fn preferences(conn: &Connection) -> anyhow::Result<Preferences> {
    let level = load(conn, NOTIFY)?.and_then(|name| name.parse().ok()).unwrap_or_default();
    let snoozed_until = load(conn, SNOOZED_UNTIL)?.and_then(|unix| unix.parse().ok()).map(moment);
    Ok(Preferences { level, snoozed_until })
}

/// Sets how the user wants to be notified.
pub fn save_preferences(conn: &Connection, preferences: Preferences) -> anyhow::Result<()> {
    save(conn, NOTIFY, Some(preferences.level.into()))?;
    let until = preferences.snoozed_until.map(|until| until.timestamp().to_string());
    save(conn, SNOOZED_UNTIL, until.as_deref())
}

/// The client id of the Withings application whose secret the keychain keeps.
pub fn client_id(conn: &Connection) -> anyhow::Result<Option<String>> {
    load(conn, CLIENT_ID)
}

/// Notes whose secret the keychain keeps, or that it keeps none.
pub fn save_client_id(conn: &Connection, id: Option<&str>) -> anyhow::Result<()> {
    save(conn, CLIENT_ID, id)
}

/// The link that was removed last, if what it sent was left there.
pub fn last_removed(conn: &Connection) -> anyhow::Result<Option<LinkId>> {
    Ok(load(conn, LAST_REMOVED)?.and_then(|id| id.parse().ok()).map(LinkId))
}

/// Notes which link was removed last and left what it sent, or that the last one did not.
pub fn save_last_removed(conn: &Connection, id: Option<LinkId>) -> anyhow::Result<()> {
    save(conn, LAST_REMOVED, id.map(|id| id.to_string()).as_deref())
}

/// Whether the user was told that this desktop has no tray.
pub fn told_no_tray(conn: &Connection) -> anyhow::Result<bool> {
    Ok(load(conn, TOLD_NO_TRAY)?.is_some())
}

/// Notes that the user was told.
pub fn save_told_no_tray(conn: &Connection) -> anyhow::Result<()> {
    save(conn, TOLD_NO_TRAY, Some("1"))
}

/// Whether what is deleted at Withings is deleted at Beeminder without asking.
pub fn mirrors_deletions(conn: &Connection) -> anyhow::Result<bool> {
    Ok(load(conn, MIRROR)?.is_some())
}

/// Sets whether it is.
pub fn save_mirrors_deletions(conn: &Connection, mirrors: bool) -> anyhow::Result<()> {
    save(conn, MIRROR, mirrors.then_some("1"))
}

/// The services of Withings that show nothing any more of what they once had.
pub fn withdrawn(conn: &Connection) -> anyhow::Result<Vec<Source>> {
    per_source(conn, WITHDRAWN).map(|found| found.into_iter().map(|(source, _)| source).collect())
}

/// Notes whether a service of Withings shows nothing any more.
pub fn save_withdrawn(conn: &Connection, source: Source, withdrawn: bool) -> anyhow::Result<()> {
    save(conn, &name_for(WITHDRAWN, source), withdrawn.then_some("1"))
}

/// How much is gone at Withings that the user must be asked about.
pub fn many_gone(conn: &Connection) -> anyhow::Result<u64> {
    Ok(per_source(conn, MANY_GONE)?.iter().filter_map(|(_, count)| count.parse::<u64>().ok()).sum())
}

/// Notes how much is gone; 0 when nothing is left to ask about.
pub fn save_many_gone(conn: &Connection, source: Source, count: usize) -> anyhow::Result<()> {
    save(conn, &name_for(MANY_GONE, source), (count > 0).then(|| count.to_string()).as_deref())
}

/// Notes that the user said that as much as they are asked about is gone for good.
pub fn confirm_many_gone(conn: &Connection) -> anyhow::Result<()> {
    for (source, count) in per_source(conn, MANY_GONE)? {
        save(conn, &name_for(MAY_BE_MANY, source), Some(&count))?;
    }
    Ok(())
}

/// How much the user said is gone for good, which is looked at once.
pub fn take_confirmed_gone(conn: &Connection, source: Source) -> anyhow::Result<usize> {
    let name = name_for(MAY_BE_MANY, source);
    let confirmed = load(conn, &name)?.and_then(|count| count.parse().ok());
    save(conn, &name, None)?;
    Ok(confirmed.unwrap_or(0))
}

/// Whether the user wants to know when a device stops uploading.
pub fn watches_devices(conn: &Connection) -> anyhow::Result<bool> {
    Ok(load(conn, WATCH_DEVICES)?.is_some())
}

/// Sets whether the user does.
pub fn save_watches_devices(conn: &Connection, watches: bool) -> anyhow::Result<()> {
    save(conn, WATCH_DEVICES, watches.then_some("1"))
}

/// At what time of day the user wants to be reminded to measure.
pub fn remind_at(conn: &Connection) -> anyhow::Result<Option<NaiveTime>> {
    Ok(load(conn, REMIND_AT)?.and_then(|time| time.parse().ok()))
}

/// Sets or ends the reminder.
pub fn save_remind_at(conn: &Connection, time: Option<NaiveTime>) -> anyhow::Result<()> {
    save(conn, REMIND_AT, time.map(|time| time.format("%H:%M:%S").to_string()).as_deref())
}

/// Everything the user chose in the settings.
pub fn settings(conn: &Connection) -> anyhow::Result<Settings> {
    let usual = Settings::default();
    let minutes = load(conn, INTERVAL)?.and_then(|minutes| minutes.parse().ok());
    Ok(Settings {
        interval: minutes.filter(|minutes| INTERVALS.contains(minutes)).unwrap_or(usual.interval),
        remind_at: remind_at(conn)?,
        units: load(conn, UNITS)?.and_then(|name| name.parse().ok()).unwrap_or(usual.units),
        callback_way: load(conn, CALLBACK_WAY)?
            .and_then(|name| name.parse().ok())
            .unwrap_or(usual.callback_way),
        mirror_deletions: mirrors_deletions(conn)?,
        watch_devices: watches_devices(conn)?,
        language: load(conn, LANGUAGE)?.filter(|language| LANGUAGES.contains(&language.as_str())),
    })
}

/// Sets everything the user chose in the settings.
pub fn save_settings(conn: &Connection, settings: &Settings) -> anyhow::Result<()> {
    save(conn, INTERVAL, Some(&settings.interval.to_string()))?;
    save_remind_at(conn, settings.remind_at)?;
    save(conn, UNITS, Some(settings.units.into()))?;
    save(conn, CALLBACK_WAY, Some(settings.callback_way.into()))?;
    save_mirrors_deletions(conn, settings.mirror_deletions)?;
    save_watches_devices(conn, settings.watch_devices)?;
    save(conn, LANGUAGE, settings.language.as_deref())
}

/// Whether the first-run guide was finished or left for good.
pub fn is_guided(conn: &Connection) -> anyhow::Result<bool> {
    Ok(load(conn, GUIDED)?.is_some())
}

/// Notes that the guide need not be shown by itself again.
pub fn save_guided(conn: &Connection) -> anyhow::Result<()> {
    save(conn, GUIDED, Some("1"))
}

fn name_for(name: &str, source: Source) -> String {
    format!("{name} {}", source.name())
}

fn per_source(conn: &Connection, name: &str) -> anyhow::Result<Vec<(Source, String)>> {
    let mut found = Vec::new();
    for source in Source::VARIANTS {
        found.extend(load(conn, &name_for(name, *source))?.map(|value| (*source, value)));
    }
    Ok(found)
}

pub(super) fn load(conn: &Connection, name: &str) -> anyhow::Result<Option<String>> {
    Ok(conn
        .prepare_cached("SELECT value FROM setting WHERE name = ?1")?
        .query_row([name], |row| row.get(0))
        .optional()?)
}

pub(super) fn save(conn: &Connection, name: &str, value: Option<&str>) -> anyhow::Result<()> {
    match value {
        Some(value) => conn.execute(
            "INSERT INTO setting VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            params![name, value],
        )?,
        None => conn.execute("DELETE FROM setting WHERE name = ?1", [name])?,
    };
    Ok(())
}

/// The longest pause.
const LONGEST_PAUSE: TimeDelta = TimeDelta::days(2);

/// Whether a pause is on. One that begins later than now, or lasts longer than any, was made by a clock that
/// was wrong: how much of it is left nobody knows, and a pass too many does no harm.
pub fn is_paused(pause: Pause, now: DateTime<Utc>) -> bool {
    let is_of_today = pause.made.is_none_or(|made| made <= now + SET_BACK);
    is_of_today && pause.until > now && pause.until - now <= LONGEST_PAUSE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_made_by_a_wrong_clock_is_none() {
        let at = |minutes: i64| DateTime::<Utc>::UNIX_EPOCH + TimeDelta::minutes(minutes);
        for (made, until, now, expected) in [
            (Some(0), 60, 0, true),
            (Some(0), 60, 59, true),
            (Some(0), 60, 60, false),
            (Some(0), 60, -4, true),
            (Some(300), 360, 0, false),
            (Some(-300), -240, 0, false),
            (None, 60, 0, true),
            (None, 3 * 1440, 0, false),
            (Some(0), 2 * 1440, 0, true),
        ] {
            let pause = Pause { made: made.map(at), until: at(until) };
            assert_eq!(is_paused(pause, at(now)), expected, "{made:?} {until} {now}");
        }
    }
}
