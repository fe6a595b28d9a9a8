//! Brings a database up to date. Migrations are numbered SQL files, forward only, never edited once
//! released; `user_version` counts them.

use anyhow::Context;
use rusqlite::{Connection, TransactionBehavior};

const MIGRATIONS: [&str; 6] = [
    include_str!("migrations/0001_start.sql"),
    include_str!("migrations/0002_incident.sql"),
    include_str!("migrations/0003_breadth.sql"),
    include_str!("migrations/0004_goal.sql"),
    include_str!("migrations/0005_facts.sql"),
    include_str!("migrations/0006_reading.sql"),
];

/// Runs the migrations the database has not had. Refuses a database from a newer program.
pub(super) fn migrate(connection: &mut Connection) -> anyhow::Result<()> {
    if version(connection)? == MIGRATIONS.len() {
        return Ok(());
    }
    // Immediate, and read again inside: two programs may start at once.
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .context("Failed to update the database")?;
    let version = version(&transaction)?;
    let Some(missing) = MIGRATIONS.get(version..) else {
        anyhow::bail!(
            "The database was written by a newer version of this program (its format is {version}, \
             this program knows {}). Install the newer version again; nothing was changed.",
            MIGRATIONS.len()
        );
    };
    for sql in missing {
        transaction.execute_batch(sql).context("Failed to update the database")?;
    }
    transaction.pragma_update(None, "user_version", MIGRATIONS.len())?;
    transaction.commit().context("Failed to update the database")
}

/// Makes a new database in the format of an earlier version; in today's where there is no such version.
pub(super) fn migrate_to(connection: &mut Connection, version: usize) -> anyhow::Result<()> {
    let version = version.min(MIGRATIONS.len());
    for sql in &MIGRATIONS[..version] {
        connection.execute_batch(sql).context("Failed to make the database")?;
    }
    connection.pragma_update(None, "user_version", version)?;
    Ok(())
}

fn version(connection: &Connection) -> anyhow::Result<usize> {
    connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .context("Failed to read the database's version")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::difference::Action;

    fn objects(connection: &Connection) -> Vec<(String, String)> {
        let squeeze = |sql: String| {
            let words = sql.split_whitespace().collect::<Vec<_>>().join(" ");
            // A table that was renamed has its name in quotes.
            words.replace(" )", ")").replace(" ,", ",").replace('"', "")
        };
        connection
            .prepare("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")
            .unwrap()
            .query_map([], |row| Ok((row.get(0)?, squeeze(row.get(1)?))))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap()
    }

    fn without_comments(sql: &str) -> String {
        sql.lines().map(|line| line.split("--").next().unwrap()).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn the_documented_schema_is_the_migrated_one() {
        let documented = Connection::open_in_memory().unwrap();
        documented.execute_batch(&without_comments(include_str!("schema.sql"))).unwrap();
        assert_eq!(objects(&documented), objects(&super::super::in_memory()));
    }

    #[test]
    fn every_table_and_column_is_explained_and_strict() {
        let schema = include_str!("schema.sql");
        for (before, table) in schema.split("\n\n").filter_map(|part| part.split_once("CREATE TABLE")) {
            assert!(before.contains("-- "), "a table without a comment: {table}");
            let (columns, rest) = table.split_once("\n)").unwrap();
            assert!(rest.starts_with(" STRICT"), "not strict: {table}");
            for column in
                columns.lines().skip(1).filter(|line| !line.trim_start().starts_with(char::is_uppercase))
            {
                assert!(column.contains(" -- "), "a column without a comment: {column}");
            }
        }
    }

    #[test]
    fn what_an_earlier_version_kept_is_read_as_before() {
        let mut connection = Connection::open_in_memory().unwrap();
        for sql in &MIGRATIONS[..2] {
            connection.execute_batch(sql).unwrap();
        }
        connection.pragma_update(None, "user_version", 2).unwrap();
        connection
            .execute_batch(
                "INSERT INTO account VALUES ('withings', '42', 'Europe/Paris', 1, 1, 0, '', '', 0, 0, 0, 0);
                 INSERT INTO goal VALUES ('g', 'weight', '', 'kg', 0, 0, 'min', NULL, NULL, 0, 3, NULL, NULL,
                     'active', NULL, 1);
                 INSERT INTO link VALUES (1, 'g', 'count', 'blood-pressure', '', 'every', 7, 7, NULL, 0);
                 INSERT INTO measure_group VALUES (5, 0, 9, 9, NULL, 'Body+', NULL);
                 INSERT INTO measurement VALUES (5, 0, 1, 82400, -3, NULL);
                 INSERT INTO datapoint (goal_id, request_id, link_id, value, comment, state)
                     VALUES ('g', 'withings-5-weight', 1, '82.4', '', 'pending');
                 INSERT INTO outbox VALUES (1, 'g', 9, 'value=82.4', NULL, 2, 0, NULL, 9);",
            )
            .unwrap();
        migrate(&mut connection).unwrap();
        let links = crate::store::link::load_all(&connection).unwrap();
        assert_eq!(links[0].feed.to_string(), "number of blood-pressure measurements");
        assert_eq!((&links[0].options, links[0].past.len()), (&crate::link::Options::default(), 0));
        let group = crate::store::measurement::load(&connection, crate::measurement::GroupId(5)).unwrap();
        let group = group.unwrap();
        assert_eq!((group.source, group.day, group.gone), (crate::kind::Source::Measure, None, false));
        let entry = crate::store::outbox::load_all(&connection).unwrap().remove(0);
        assert_eq!((entry.form.as_str(), entry.attempts, &entry.action), ("value=82.4", 2, &Action::Create));
        let withings = crate::store::account::load(&connection, crate::accounts::Service::Withings).unwrap();
        assert_eq!(withings.unwrap().scope, "");
    }

    #[test]
    fn migrating_twice_changes_nothing() {
        let mut connection = super::super::in_memory();
        migrate(&mut connection).unwrap();
        assert_eq!(version(&connection).unwrap(), MIGRATIONS.len());
    }

    #[test]
    fn a_newer_database_is_refused_with_a_sentence_and_left_alone() {
        let mut connection = super::super::in_memory();
        connection.pragma_update(None, "user_version", 99).unwrap();
        let error = migrate(&mut connection).unwrap_err().to_string();
        assert!(error.contains("newer version"), "{error}");
        assert_eq!(version(&connection).unwrap(), 99);
    }
}
