//! The Beeminder user: known by Beeminder's id, called by the name, which can change.

use rusqlite::{Connection, OptionalExtension, params};

use crate::domain::goal::User;

/// Whether `user` is the person that the links here belong to; also while nobody is known. Before the id
/// was ever read the name has to tell.
pub fn is_known(conn: &Connection, user: &User) -> anyhow::Result<bool> {
    let known: Option<(String, String)> = conn
        .prepare_cached("SELECT person, user_id FROM account WHERE service = 'beeminder'")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(known.is_none_or(|(id, name)| match user.id.as_deref() {
        Some(found) if !id.is_empty() => found == id,
        Some(_) | None => user.username == name,
    }))
}

/// Notes what was read about the person whose token is at hand: a new name, the id, the time zone, and
/// whether a payment is due. Writes only what changed.
pub fn save(conn: &Connection, user: &User) -> anyhow::Result<()> {
    conn.execute(
        "UPDATE account SET user_id = ?1, person = ifnull(?2, person), deadbeat = ?4,
             time_zone = iif(?3 = '', time_zone, ?3)
         WHERE service = 'beeminder' AND (user_id <> ?1 OR person <> ifnull(?2, person) OR deadbeat <> ?4
             OR (?3 <> '' AND time_zone <> ?3)) AND (person = '' OR person = ifnull(?2, person))",
        params![user.username, user.id, user.zone_name, user.deadbeat],
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::service::Service;
    use crate::store::account;
    use chrono::DateTime;
    use chrono_tz::Tz;

    fn user(id: Option<&str>, name: &str) -> User {
        User {
            id: id.map(Into::into),
            username: name.into(),
            time_zone: Tz::UTC,
            zone_name: "UTC".into(),
            deadbeat: false,
        }
    }

    #[test]
    fn a_person_is_followed_by_id_and_known_by_name_until_the_id_was_read() {
        let conn = super::super::in_memory();
        assert!(is_known(&conn, &user(Some("1"), "alice")).unwrap(), "nobody is known yet");
        let now = DateTime::from_timestamp(100, 0).unwrap();
        account::save_connected(&conn, Service::Beeminder, "alice", "UTC", now).unwrap();
        // A database of before ids were kept.
        assert!(is_known(&conn, &user(Some("1"), "alice")).unwrap());
        assert!(!is_known(&conn, &user(Some("1"), "alicia")).unwrap());
        save(&conn, &user(Some("1"), "alice")).unwrap();
        for (id, name, known) in [
            (Some("1"), "alicia", true),
            (Some("2"), "alice", false),
            (Some("2"), "bob", false),
            (None, "alice", true),
            (None, "bob", false),
        ] {
            assert_eq!(is_known(&conn, &user(id, name)).unwrap(), known, "{id:?} {name}");
        }
        save(&conn, &user(Some("2"), "bob")).unwrap();
        save(&conn, &user(None, "alice")).unwrap();
        let name = || account::load(&conn, Service::Beeminder).unwrap().unwrap().user_id;
        assert_eq!(name(), "alice", "another person's name is not taken over");
        save(&conn, &user(Some("1"), "alicia")).unwrap();
        assert_eq!(name(), "alicia");
        assert!(is_known(&conn, &user(Some("1"), "alicia")).unwrap());
    }
}
