//! The file under the program: damaged, newer, full, read-only.

use beeminder_withings_sync::app::explained;
use beeminder_withings_sync::domain::problem_code::ProblemCode;
use beeminder_withings_sync::platform::data_dir::DATABASE_FILE;
use beeminder_withings_sync::store;
use chrono::TimeDelta;

#[cfg(unix)]
use super::support::process::{bws, connect, json, said};
use super::support::{TestApp, codes};

#[tokio::test]
async fn a_damaged_file_is_set_aside_and_nothing_is_posted_twice() {
    let mut test = TestApp::weighing().await;
    for kilograms in [84.0, 83.0, 82.0] {
        test.advance(TimeDelta::hours(1));
        test.weigh_in(kilograms);
        test.sync().await;
    }
    test.quit();
    let file = test.path().join(DATABASE_FILE);
    std::fs::write(
        &file,
        b"this is not a database, though it is long enough to look like one to a casual eye",
    )
    .unwrap();
    test.expect_warning("was damaged and set aside");
    test.expect_warning("gives nothing back");
    test.restart();
    let report = test.sync().await;
    assert!(codes(&report).contains(&ProblemCode::StoreRecovered));
    assert!(codes(&report).contains(&ProblemCode::ConnectWithings), "nothing could be read from it");
    let damaged = std::fs::read_dir(test.path())
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().contains("damaged"));
    assert_eq!(damaged.count(), 1);
    // Connected and linked again from the same day, everything is sent again and nothing is doubled.
    test.connect_withings().await.unwrap();
    test.connect_beeminder().await.unwrap();
    test.link_since(
        "weight",
        super::support::track(beeminder_withings_sync::domain::measure::kind::MeasureKind::WEIGHT),
        "2026-11-23",
    )
    .await;
    assert_eq!(test.sync().await.delivered, 3);
    assert_eq!(test.values("weight"), [84.0, 83.0, 82.0]);
    test.app().mark_seen().unwrap();
    assert_eq!(codes(&test.sync().await), []);
}

#[tokio::test]
async fn links_and_accounts_are_saved_from_a_file_that_is_damaged_in_part() {
    let mut test = TestApp::weighing().await;
    for _ in 0..200 {
        test.advance(TimeDelta::minutes(1));
        test.weigh_in(82.0);
    }
    test.sync().await;
    test.quit();
    // Overwrite pages of measurements in the middle of the file.
    let file = test.path().join(DATABASE_FILE);
    let mut bytes = std::fs::read(&file).unwrap();
    let connection = rusqlite::Connection::open(&file).unwrap();
    let root: usize = connection
        .query_row("SELECT rootpage FROM sqlite_schema WHERE name = 'measure_group'", [], |row| row.get(0))
        .unwrap();
    drop(connection);
    bytes[(root - 1) * 4096..root * 4096].fill(0xAB);
    std::fs::write(&file, bytes).unwrap();
    test.expect_warning("was damaged and set aside");
    test.restart();
    let report = test.sync().await;
    assert_eq!(codes(&report), [ProblemCode::StoreRecovered]);
    assert_eq!((report.fetched, report.delivered), (600, 0), "what was confirmed is known");
    assert_eq!(test.values("weight").len(), 200);
}

#[tokio::test]
async fn a_file_of_a_newer_version_is_refused_and_left_alone() {
    let mut test = TestApp::weighing().await;
    test.app().store.write(|conn| Ok(conn.pragma_update(None, "user_version", 99)?)).unwrap();
    test.quit();
    let error = format!("{:#}", test.another().unwrap_err());
    assert!(error.contains("newer version") && error.contains("Install the newer version"), "{error}");
    let names: Vec<_> = std::fs::read_dir(test.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(!names.iter().any(|name| name.to_string_lossy().contains("damaged")));
}

#[tokio::test]
async fn a_database_without_a_format_is_refused_with_a_sentence_and_left_alone() {
    let mut test = TestApp::weighing().await;
    test.quit();
    let file = test.path().join(DATABASE_FILE);
    let database = rusqlite::Connection::open(&file).unwrap();
    for version in [0, -1] {
        database.pragma_update(None, "user_version", version).unwrap();
        let explained = explained(&test.another().unwrap_err());
        assert_eq!(explained.sentence.key, "error.not_our_database", "{version}: {explained}");
        assert!(explained.message.contains(&*file.to_string_lossy()), "{explained}");
        let links: i64 = database.query_row("SELECT count(*) FROM link", [], |row| row.get(0)).unwrap();
        assert_eq!(links, 1);
    }
}

#[cfg(unix)]
#[tokio::test]
async fn the_folder_and_everything_in_it_is_the_users_alone() {
    use std::os::unix::fs::PermissionsExt;
    let test = TestApp::weighing().await;
    test.weigh_in(82.4);
    test.sync().await;
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(test.path()), 0o700);
    for entry in std::fs::read_dir(test.path()).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_full_disk_is_said_and_the_next_pass_goes_on() {
    let mut test = TestApp::new().await;
    let dir = test.path().join("bws");
    connect(&test.sandbox, &dir).await;
    let link = ["link", "add", "--goal", "weight", "--track", "weight"];
    assert_eq!(json(&mut bws(&test.sandbox, &dir, &link)).await.0, 0);
    for _ in 0..300 {
        test.advance(TimeDelta::seconds(1));
        test.weigh_in(82.0);
    }
    // A limit on the size of files is as near to a full disk as a test should come.
    let sync = bws(&test.sandbox, &dir, &["sync", "--json"]);
    let mut limited = tokio::process::Command::new("sh");
    limited.args(["-c", r#"trap "" XFSZ; ulimit -f 40; exec "$0" "$@""#]).arg(env!("CARGO_BIN_EXE_bws"));
    limited.args(sync.as_std().get_args());
    limited.envs(sync.as_std().get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = limited.output().await.unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("disk"), "{}", said(&output));
    let (code, report) = json(&mut bws(&test.sandbox, &dir, &["sync"])).await;
    assert_eq!((code, &report["pending"]), (0, &serde_json::json!(0)), "{report}");
    assert_eq!(test.values("weight").len(), 300);
}

#[tokio::test]
async fn a_store_that_cannot_be_written_is_said_and_nothing_is_sent() {
    let mut test = TestApp::weighing().await;
    test.weigh_in(82.4);
    test.quit();
    // A file format that this SQLite may read but not write: the same to every user, even root.
    let file = test.path().join(DATABASE_FILE);
    let connection = rusqlite::Connection::open(&file).unwrap();
    connection.pragma_update(None, "journal_mode", "DELETE").unwrap();
    drop(connection);
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[18] = 9;
    std::fs::write(&file, bytes).unwrap();
    let error = match test.another() {
        Err(error) => error,
        Ok(app) => {
            let stop = tokio_util::sync::CancellationToken::new();
            let trigger = beeminder_withings_sync::sync::Trigger::Hand;
            app.sync(trigger, test.now, &stop).await.unwrap_err()
        }
    };
    assert!(store::advice(&error).unwrap().to_string().contains("cannot be written"), "{error:#}");
    assert_eq!(test.values("weight"), [0.0; 0]);
}
