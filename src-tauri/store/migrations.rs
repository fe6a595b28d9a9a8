//! Brings a database up to date. Migrations are numbered SQL files, forward only, never edited once
//! released; `user_version` counts them.

use anyhow::Context;
use rusqlite::{Connection, TransactionBehavior};

const MIGRATIONS: [&str; 2] =
    [include_str!("migrations/0001_start.sql"), include_str!("migrations/0002_incident.sql")];

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

fn version(connection: &Connection) -> anyhow::Result<usize> {
    connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .context("Failed to read the database's version")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn objects(connection: &Connection) -> Vec<(String, String)> {
        let squeeze = |sql: String| sql.split_whitespace().collect::<Vec<_>>().join(" ").replace(" )", ")");
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
