//! The user's devices, where Withings lets us read them.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, params};

use super::moment;
use crate::domain::measure::device::Device;

/// Replaces what is known by what was just read.
pub fn save_all(conn: &Connection, devices: &[Device], now: DateTime<Utc>) -> anyhow::Result<()> {
    conn.execute("DELETE FROM device", [])?;
    let mut insert = conn.prepare_cached("INSERT OR REPLACE INTO device VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?;
    for device in devices {
        let contact = device.last_contact.map(|moment| moment.timestamp());
        insert.execute(params![
            device.id,
            device.device_type,
            device.model,
            device.battery,
            contact,
            now.timestamp()
        ])?;
    }
    Ok(())
}

/// Loads what is known.
pub fn load_all(conn: &Connection) -> anyhow::Result<Vec<Device>> {
    let devices = conn
        .prepare_cached("SELECT id, sort, model, battery, last_contact FROM device ORDER BY sort, model, id")?
        .query_map([], |row| {
            Ok(Device {
                id: row.get(0)?,
                device_type: row.get(1)?,
                model: row.get(2)?,
                battery: row.get(3)?,
                last_contact: row.get::<_, Option<i64>>(4)?.map(moment),
            })
        })?
        .collect::<Result<_, _>>()?;
    Ok(devices)
}

/// When they were last read.
pub fn read_at(conn: &Connection) -> anyhow::Result<Option<DateTime<Utc>>> {
    let read_at: Option<i64> = conn.query_row("SELECT max(read_at) FROM device", [], |row| row.get(0))?;
    Ok(read_at.map(moment))
}
