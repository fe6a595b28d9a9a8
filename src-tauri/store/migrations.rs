//! Brings a database up to date. Migrations are numbered SQL files, forward only, never edited once
//! released; `user_version` counts them.

use anyhow::Context;
use rusqlite::{Connection, TransactionBehavior};

use super::NotOurs;

const MIGRATIONS: [&str; 14] = [
    include_str!("migrations/0001_start.sql"),
    include_str!("migrations/0002_incident.sql"),
    include_str!("migrations/0003_breadth.sql"),
    include_str!("migrations/0004_goal.sql"),
    include_str!("migrations/0005_facts.sql"),
    include_str!("migrations/0006_days.sql"),
    include_str!("migrations/0007_needed.sql"),
    include_str!("migrations/0008_missing.sql"),
    include_str!("migrations/0009_red_line.sql"),
    include_str!("migrations/0010_moved.sql"),
    include_str!("migrations/0011_said.sql"),
    include_str!("migrations/0012_incident_about.sql"),
    include_str!("migrations/0013_warned.sql"),
    include_str!("migrations/0014_notifications.sql"),
];

/// The version that this program writes.
pub(super) const VERSION: usize = MIGRATIONS.len();

/// Runs the migrations the database has not had. Refuses a database from a newer program or from another one.
pub(super) fn migrate(connection: &mut Connection) -> anyhow::Result<()> {
    if version(connection)? == Some(MIGRATIONS.len()) {
        return Ok(());
    }
    // Immediate, and read again inside: two programs may start at once.
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .context("Failed to update the database")?;
    let is_empty = is_empty(&transaction)?;
    let version = version(&transaction)?.filter(|version| *version > 0 || is_empty);
    let version = version.ok_or_else(|| NotOurs::at(&transaction))?;
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

/// The version of the database; `None` where it is none.
fn version(connection: &Connection) -> anyhow::Result<Option<usize>> {
    let version: i64 = connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .context("Failed to read the database's version")?;
    Ok(usize::try_from(version).ok())
}

fn is_empty(connection: &Connection) -> anyhow::Result<bool> {
    Ok(!connection.prepare("SELECT 1 FROM sqlite_schema")?.exists([])?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::difference::Action;

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
        assert_eq!(
            links[0].feed.to_string(),
            "Each measurement counts 1: Diastolic blood pressure, Systolic blood pressure, and Heart rate"
        );
        assert_eq!((&links[0].options, links[0].past.len()), (&crate::domain::link::Options::default(), 0));
        let group =
            crate::store::measurement::load(&connection, crate::domain::measure::measurement::GroupId(5))
                .unwrap();
        let group = group.unwrap();
        assert_eq!(
            (group.source, group.day, group.gone),
            (crate::domain::measure::kind::Source::Measure, None, false)
        );
        let entry = crate::store::outbox::load_all(&connection).unwrap().remove(0);
        assert_eq!((entry.form.as_str(), entry.attempts, &entry.action), ("value=82.4", 2, &Action::Create));
        let withings =
            crate::store::account::load(&connection, crate::domain::service::Service::Withings).unwrap();
        assert_eq!(withings.unwrap().scope, "");
    }

    /// What a database of an earlier version held: under a link in force and under one that was removed, each
    /// way a datapoint could stand.
    fn filled(version: usize) -> Connection {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate_to(&mut connection, version).unwrap();
        connection
            .execute_batch(
                "INSERT INTO account (service, user_id, time_zone, connected, connected_at, deadbeat, problem,
                     problem_text, problem_since, failures, wait_until, limited_at)
                     VALUES ('beeminder', 'alice', 'Europe/Paris', 1, 1, 0, 'offline', 'No.', 5, 2, 9, 0);
                 INSERT INTO goal (id, slug, title, units, deadline, summing, aggday, frozen, presence, read_at)
                     VALUES ('g', 'weight', '', 'kg', 0, 0, 'min', 0, 'active', 1);
                 INSERT INTO link (id, goal_id, feed, measure, unit, take, since, created_at, removed_at, changed)
                     VALUES (1, 'g', 'track', '1', 'kg', 'every', 7, 7, NULL, 0),
                            (2, 'g', 'track', '1', 'kg', 'every', 7, 7, 8, 0);",
            )
            .unwrap();
        let states: &[(&str, i64, Option<i64>)] = &[
            // State, link, attempts when it is in the outbox.
            ("pending", 1, Some(0)),
            ("pending", 1, Some(2)),
            ("confirmed", 1, None),
            ("discarded", 1, None),
            ("deleted", 1, None),
            ("stale", 1, None),
            ("pending", 2, Some(1)),
            ("confirmed", 2, None),
        ];
        for (id, (state, link, attempts)) in (1_i64..).zip(states) {
            let there = (!matches!(*state, "pending" | "discarded")).then(|| format!("b{id}"));
            connection
                .execute(
                    "INSERT INTO measure_group (id, attrib, measured_at, modified_at) VALUES (?1, 0, 100, 100)",
                    [id],
                )
                .unwrap();
            connection
                .execute(
                    "INSERT INTO decision VALUES (?1, ?2, '20261123', 100, 'sent', 'withings-' || ?2)",
                    [*link, id],
                )
                .unwrap();
            connection
                .execute(
                    "INSERT INTO datapoint (id, goal_id, request_id, link_id, value, timestamp, comment, state,
                         beeminder_id, beeminder_day)
                     VALUES (?1, 'g', 'withings-' || ?1, ?2, '82.4', 100, 'c', ?3, ?4, '20261123')",
                    rusqlite::params![id, link, state, there],
                )
                .unwrap();
            if let Some(attempts) = attempts {
                connection
                    .execute(
                        "INSERT INTO outbox (datapoint_id, goal_id, moment, form, updates, attempts, wait_until,
                             parked, queued_at) VALUES (?1, 'g', 100, 'value=82.4', NULL, ?2, 0, NULL, 9)",
                        [id, *attempts],
                    )
                    .unwrap();
            }
        }
        connection
    }

    #[test]
    fn every_earlier_database_keeps_what_it_knew_and_sends_nothing_for_it() {
        for version in 1..5 {
            let mut connection = filled(version);
            migrate(&mut connection).unwrap();
            let found: Vec<(i64, String, bool, bool)> = connection
                .prepare("SELECT id, state, wanted, unsure FROM datapoint ORDER BY id")
                .unwrap()
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
                .unwrap()
                .collect::<Result<_, _>>()
                .unwrap();
            let expected = [
                (1, "pending", true, false),
                (2, "pending", true, true),
                (3, "confirmed", true, false),
                (4, "discarded", false, false),
                (5, "deleted", false, false),
                (6, "stale", false, false),
                (7, "pending", false, true),
                (8, "confirmed", false, false),
            ]
            .map(|(id, state, wanted, unsure)| (id, state.to_owned(), wanted, unsure));
            assert_eq!(found, expected, "from version {version}");
            let entries = crate::store::outbox::load_all(&connection).unwrap();
            let actions: Vec<_> = entries.iter().map(|entry| (entry.id, entry.action.name())).collect();
            assert_eq!(actions, [(1, "create"), (2, "create"), (7, "look_up")], "from version {version}");
            // Working it out anew asks for the same.
            for entry in &entries {
                let stored = crate::store::datapoint::load_number(&connection, entry.id).unwrap().unwrap();
                assert_eq!(stored.difference().as_ref(), Some(&entry.action), "from version {version}");
            }
            let goal = crate::domain::goal::GoalId("g".into());
            assert_eq!(crate::store::struck::load(&connection, &goal).unwrap().len(), 2, "the user's words");
            assert_eq!(crate::store::given_day::load(&connection, &goal).unwrap().len(), 8, "the days");
            // The days of a link were not noted then, and go by the goal's rule of now.
            let links = crate::store::link::load_all(&connection).unwrap();
            assert_eq!(links.iter().map(|link| link.first_day).collect::<Vec<_>>(), [None]);
            let problems = crate::store::trouble::load_all(&connection).unwrap();
            assert_eq!(problems.len(), 1, "from version {version}");
            let broken: Vec<String> = connection
                .prepare("SELECT \"table\" FROM pragma_foreign_key_check")
                .unwrap()
                .query_map([], |row| row.get(0))
                .unwrap()
                .collect::<Result<_, _>>()
                .unwrap();
            assert_eq!(broken, [""; 0], "from version {version}");
        }
    }

    #[test]
    fn nights_and_workouts_of_an_earlier_version_last_as_long_as_they_did() {
        let mut connection = Connection::open_in_memory().unwrap();
        for sql in &MIGRATIONS[..4] {
            connection.execute_batch(sql).unwrap();
        }
        connection.pragma_update(None, "user_version", 4).unwrap();
        connection
            .execute_batch(
                "INSERT INTO measure_group VALUES (1, 0, 9, 9, NULL, NULL, NULL, 'sleep', '20261123', NULL);
                 INSERT INTO measure_group VALUES (2, 0, 9, 9, NULL, NULL, NULL, 'workout', '20261123', 2);
                 INSERT INTO measure_group VALUES (3, 0, 9, 9, NULL, NULL, NULL, 'measure', NULL, NULL);
                 INSERT INTO measurement VALUES (1, 0, 1000110, -1800, 0, NULL);
                 INSERT INTO measurement VALUES (1, 1, 1000111, 25200, 0, NULL);
                 INSERT INTO measurement VALUES (2, 0, 1000202, 600, 0, NULL);
                 INSERT INTO unreadable (raw, seen_at) VALUES ('{\"grpid\":1,\"measures\":7}', 1),
                     ('{\"startdate\":7}', 1), ('{\"startdate\":7,\"category\":1}', 1), ('{\"steps\":7}', 1);",
            )
            .unwrap();
        migrate(&mut connection).unwrap();
        let length = |id| {
            let group = crate::store::measurement::load(
                &connection,
                crate::domain::measure::measurement::GroupId(id),
            );
            group.unwrap().unwrap().length.map(|length| length.num_seconds())
        };
        assert_eq!((length(1), length(2), length(3)), (Some(27_000), Some(600), None));
        let untried = crate::store::unreadable::untried(&connection).unwrap();
        let sources: Vec<_> = untried.iter().map(|(_, kept)| kept.source.name()).collect();
        assert_eq!(sources, ["measure", "sleep", "workout", "activity"]);
    }

    #[test]
    fn what_an_earlier_version_told_is_known_by_what_it_was_about() {
        let mut connection = filled(4);
        connection
            .execute_batch(
                "INSERT INTO incident VALUES ('parked', '', 1, 1), ('measure_soon', 'weight', 1, 1);
                 INSERT INTO datapoint (id, goal_id, request_id, link_id, value, comment, state)
                     VALUES (77, 'g', 'refused', 1, '1', '', 'pending');
                 INSERT INTO outbox (datapoint_id, goal_id, moment, form, updates, attempts, wait_until, parked,
                     queued_at) VALUES (77, 'g', 9, 'value=1', NULL, 1, 0, 'No.', 1);",
            )
            .unwrap();
        migrate(&mut connection).unwrap();
        let incidents = crate::store::incident::load_all(&connection).unwrap();
        let matters: Vec<_> = incidents.into_iter().map(|it| (it.told, it.matters)).collect();
        let refused = crate::store::outbox::parked(&connection).unwrap();
        let refused = refused.iter().map(ToString::to_string).collect();
        assert_eq!(matters, [(true, None), (true, Some(refused))]);
    }

    #[test]
    fn migrating_twice_changes_nothing() {
        let mut connection = super::super::in_memory();
        migrate(&mut connection).unwrap();
        assert_eq!(version(&connection).unwrap(), Some(MIGRATIONS.len()));
    }

    #[test]
    fn a_newer_database_is_refused_with_a_sentence_and_left_alone() {
        let mut connection = super::super::in_memory();
        connection.pragma_update(None, "user_version", 99).unwrap();
        let error = migrate(&mut connection).unwrap_err().to_string();
        assert!(error.contains("newer version"), "{error}");
        assert_eq!(version(&connection).unwrap(), Some(99));
    }
}
