//! What the program says when something is not right: whole sentences that are true and say what to do.

use std::path::Path;
use std::time::Duration;

use beeminder_withings_sync::app::explained;
use beeminder_withings_sync::domain::problem_code::ProblemCode;
use beeminder_withings_sync::domain::service::Service;
use beeminder_withings_sync::platform::data_dir::DATABASE_FILE;
use beeminder_withings_sync::sandbox::faults::Fault;
use beeminder_withings_sync::sync::Trigger;
use chrono::TimeDelta;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio_util::sync::CancellationToken;

use super::support::process::{bws, connected, json, ok, said, terminate};
use super::support::{TestApp, codes};

/// Runs `bws` to its end: exit code, and what it said on both ways out.
async fn run(test: &TestApp, dir: &Path, args: &[&str]) -> (i32, String) {
    let output = bws(&test.sandbox, dir, args).output().await.unwrap();
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), said(&output));
    (output.status.code().unwrap_or(-1), text)
}

fn is_glued(text: &str) -> bool {
    [".:", "..", ".;", "?:", "!:"].iter().any(|glued| text.contains(glued))
}

#[tokio::test]
async fn a_wrong_call_names_what_is_wrong_with_the_nearest_right_words_and_ends_with_2() {
    let (test, dir) = connected().await;
    let weight = ["--goal", "weight", "--track", "weight"];
    let with = |args: &[&'static str]| [&["link", "add"], &weight[..], args].concat();
    for (args, words) in [
        (vec!["preview", "--track", "weight"], "--goal NAME"),
        (vec!["preview"], "--goal NAME"),
        (vec!["preview", "--goal", "weight"], "--track KIND or --count SET"),
        (vec!["link", "add", "--track", "weight"], "--goal NAME"),
        (vec!["link", "add", "--goal", "", "--track", "weight"], "--goal NAME"),
        (vec!["link", "add", "--goal", "weight"], "--track KIND or --count SET"),
        (vec!["link", "add", "--goal", "weight", "--track", "wieght"], "Did you mean weight"),
        (vec!["link", "add", "--goal", "weight", "--track", "bloodpressure"], "“bws kinds”"),
        (vec!["link", "add", "--goal", "weight", "--count", "blod-pressure"], "Did you mean blood-pressure"),
        (
            vec!["link", "add", "--goal", "weight", "--count", "weight+hart-rate"],
            "“hart-rate”. Did you mean heart-rate",
        ),
        (vec!["link", "add", "--goal", "weight", "--count", "steps"], "“bws kinds”"),
        (with(&["--unit", "pounds"]), "kg, lb, st"),
        (with(&["--take", "best"]), "every, first, last"),
        (with(&["--since", "soon"]), "2026-11-23"),
        (with(&["--since", "+12026-11-23"]), "2026-11-23"),
        (with(&["--decimals", "seven"]), "from 0 to 6"),
        (with(&["--from-time", "8am"]), "20:00"),
        (with(&["--workout", "runing"]), "Did you mean run"),
        (with(&["--workout", "run"]), "Only workouts have a type"),
        (with(&["--comment", "{speed}"]), "means nothing in a comment"),
        (vec!["link", "show", "first"], "“first” is no number"),
        (vec!["link", "show"], "<ID>"),
        (vec!["history", "--limit", "0"], "how many lines"),
        (vec!["history", "--since", "23.11.2026"], "write it as 2026-11-23"),
        (vec!["backfill", "preview", "1"], "--from"),
        (vec!["goal", "create", "g", "--aim", "lose", "--per-week", "1"], "--from <NUMBER>"),
        (vec!["goal", "create", "g", "--aim", "do-more", "--per-week", "eighty"], "write it as 82.5"),
        (vec!["goal", "create", "g", "--aim", "do-more", "--per-week", "0.1234567"], "6 decimals"),
        (vec!["goal", "create", "g", "--aim", "do-more", "--per-week", "1e30"], "write it as 82.5"),
        (
            vec!["goal", "create", "my goal", "--aim", "do-more", "--per-week", "5"],
            "“my goal” is not allowed",
        ),
        (vec!["remind", "8pm"], "or “off”"),
        (vec!["connect", "beeminder"], "--token-file"),
        (vec!["forget-everything"], "--yes"),
    ] {
        let (code, text) = run(&test, &dir, &args).await;
        assert!(text.contains(words), "{args:?}: {text}");
        assert_eq!(code, 2, "{args:?}: {text}");
        assert!(!is_glued(&text), "{args:?}: {text}");
        for raw in
            ["invalid digit", "Invalid decimal", "Scale exceeds", "out of range", "premature", "input "]
        {
            assert!(!text.contains(raw), "{args:?}: {text}");
        }
        assert!(text.lines().all(|line| line.len() < 300), "not every name there is: {text}");
    }
    let (code, error) = json(&mut bws(&test.sandbox, &dir, &["link", "show", "x"])).await;
    assert_eq!((code, &error["error"]["code"]), (2, &serde_json::json!("usage")), "{error}");
    let (_, error) = json(&mut bws(&test.sandbox, &dir, &["backfill", "preview", "1"])).await;
    assert!(error["error"]["message"].as_str().unwrap().contains("--from"), "{error}");
    // A comma is how half of Europe writes it.
    let args = ["goal", "create", "g", "--aim", "lose", "--per-week", "0,5", "--from", "82,5", "--to", "80"];
    let (code, text) = run(&test, &dir, &args).await;
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("from 82.5 down to 80"), "{text}");
}

#[tokio::test]
async fn without_a_connection_each_command_says_what_to_connect() {
    let test = TestApp::new().await;
    let dir = test.path().join("bws");
    for (args, command) in [
        (vec!["goals"], "“bws connect beeminder”"),
        (vec!["link", "add", "--goal", "weight", "--track", "weight"], "“bws connect beeminder”"),
        (vec!["preview", "--goal", "weight", "--track", "weight"], "“bws connect withings”"),
        (vec!["goal", "create", "g", "--aim", "do-more", "--per-week", "5"], "“bws connect beeminder”"),
    ] {
        let (code, text) = run(&test, &dir, &args).await;
        assert!(text.contains(command) && !is_glued(&text), "{args:?}: {text}");
        assert_eq!(code, 3, "{args:?}");
    }
    let (test, dir) = connected().await;
    test.world().beeminder.sign_in_elsewhere();
    let (code, text) = run(&test, &dir, &["goals"]).await;
    assert_eq!(code, 3);
    assert!(text.contains("no longer accepts the sign-in; see “bws connect beeminder”"), "{text}");
}

#[tokio::test]
async fn what_cannot_be_an_id_a_secret_or_a_token_is_refused_at_once() {
    let test = TestApp::new().await;
    let (dir, file) = (test.path().join("bws"), test.path().join("secret"));
    let path = file.to_str().unwrap();
    for wrong in ["", " ", "my id", "id\n", "https://example.com/", "<html>"] {
        std::fs::write(&file, "sandbox-client-secret").unwrap();
        for args in [
            vec!["connect", "beeminder", "--client-id", wrong, "--no-browser"],
            vec!["connect", "withings", "--client-id", wrong, "--client-secret-file", path, "--no-browser"],
        ] {
            let (code, text) = run(&test, &dir, &args).await;
            assert_eq!(code, 2, "{args:?}: {text}");
            assert!(text.contains("cannot be a client id"), "{args:?}: {text}");
            assert!(!text.contains("Open this address"), "{text}");
        }
        std::fs::write(&file, format!("{wrong} {wrong}")).unwrap();
        let (code, text) = run(&test, &dir, &["connect", "beeminder", "--token-file", path]).await;
        assert_eq!(code, 2, "{wrong:?}: {text}");
        assert!(text.contains("cannot be a token") || text.contains("no secret in"), "{wrong:?}: {text}");
        let args = ["connect", "withings", "--client-id", "a", "--client-secret-file", path, "--no-browser"];
        let (code, text) = run(&test, &dir, &args).await;
        assert_eq!(code, 2, "{wrong:?}: {text}");
    }
    assert_eq!(test.world().requests.len(), 0, "nobody was asked");
    // One that could be, and is not: one sentence, which is true.
    std::fs::write(&file, "almost-a-token").unwrap();
    let (code, text) = run(&test, &dir, &["connect", "beeminder", "--token-file", path]).await;
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("does not know this token. Copy it again"), "{text}");
    assert!(!text.contains("no longer accepts") && !is_glued(&text), "{text}");
}

#[tokio::test]
async fn an_empty_answer_says_what_is_true() {
    let test = TestApp::new().await;
    let fresh = test.path().join("fresh");
    let (_, text) = run(&test, &fresh, &["history"]).await;
    assert!(text.contains("Withings was not read yet"), "{text}");
    let (mut test, dir) = connected().await;
    ok(&test, &dir, &["link", "add", "--goal", "weight", "--track", "weight"]).await;
    let (_, text) = run(&test, &dir, &["history"]).await;
    assert!(text.contains("Withings was read, and has no measurements yet"), "{text}");
    let (_, csv) = run(&test, &dir, &["history", "--csv"]).await;
    assert!(csv.starts_with("measured_at,group,device,values,"), "{csv}");
    test.advance(TimeDelta::minutes(1));
    test.weigh_in(82.4);
    ok(&test, &dir, &["sync"]).await;
    for (since, words) in [
        ("2030-01-01", "Nothing was measured since 2030-01-01"),
        ("2199-01-01", "2199-01-01 lies in the future"),
    ] {
        // The program's own clock is the real one; the story's is not far from it.
        let (code, text) = run(&test, &dir, &["history", "--since", since]).await;
        assert_eq!(code, 0);
        let future = format!("{since} lies in the future");
        assert!(text.contains(words) || text.contains(&future), "{text}");
        assert!(!text.contains("yet"), "{text}");
    }
    let (code, text) = run(&test, &dir, &["backfill", "preview", "1", "--from", "2100-01-01"]).await;
    assert_eq!(code, 2, "{text}");
    assert!(text.contains("Link 1 sends everything since") && text.contains("earlier --from"), "{text}");
    assert!(!text.contains("last day"), "no last day was given: {text}");
    let args = ["backfill", "preview", "1", "--from", "2026-11-20", "--to", "2026-11-10"];
    let (code, text) = run(&test, &dir, &args).await;
    assert_eq!(code, 2, "{text}");
    assert!(text.contains("The last day lies before the first"), "{text}");
    let (_, text) = run(&test, &dir, &["stale", "remove"]).await;
    assert!(text.contains("nothing to decide"), "{text}");
    test.world().faults.next(Service::Beeminder, "goals.json", Fault::http(200, "[]"));
    let (_, text) = run(&test, &dir, &["goals"]).await;
    assert!(text.contains("alice has no goals"), "{text}");
}

#[tokio::test]
async fn a_wrong_goal_is_answered_with_the_nearest_ones() {
    let (test, dir) = connected().await;
    let (code, text) = run(&test, &dir, &["link", "add", "--goal", "wieght", "--track", "weight"]).await;
    assert_eq!(code, 1);
    assert!(text.contains("has no goal called wieght. Did you mean weight"), "{text}");
    assert!(text.contains("See “bws goals”."), "{text}");
}

#[tokio::test]
async fn other_peoples_words_cannot_command_the_terminal_nor_a_spreadsheet() {
    let (mut test, dir) = connected().await;
    ok(&test, &dir, &["link", "add", "--goal", "weight", "--track", "weight"]).await;
    test.advance(TimeDelta::minutes(1));
    test.weigh_in(82.4);
    let refusal = "=cmd|' /C calc'!A0 \u{1b}]0;owned\u{7}\u{202e}";
    let body = serde_json::json!({"errors": {"value": [refusal]}}).to_string();
    test.world().faults.next(Service::Beeminder, "datapoints", Fault::http(422, &body));
    for args in [vec!["sync"], vec!["outbox"], vec!["history"], vec!["history", "--csv"], vec!["status"]] {
        let (_, text) = run(&test, &dir, &args).await;
        for command in ['\u{1b}', '\u{7}', '\u{202e}', '\u{9b}'] {
            assert!(!text.contains(command), "{args:?}: {text:?}");
        }
    }
    let outbox = ok(&test, &dir, &["outbox"]).await;
    assert!(outbox[0]["parked"].as_str().unwrap().contains('\u{1b}'), "programs get it exactly: {outbox}");
    ok(&test, &dir, &["discard", "1"]).await;
}

/// Stops a process, or lets it go on.
fn signal(child: &tokio::process::Child, name: &str) {
    let id = child.id().unwrap().to_string();
    assert!(std::process::Command::new("kill").args([name, &id]).status().unwrap().success());
}

#[tokio::test]
async fn a_poller_that_hangs_is_a_sentence_within_seconds_and_a_long_pass_is_not_a_hang() {
    let (mut test, dir) = connected().await;
    ok(&test, &dir, &["link", "add", "--goal", "weight", "--track", "weight"]).await;
    let mut poller = bws(&test.sandbox, &dir, &["run", "--json"]).spawn().unwrap();
    let mut lines = BufReader::new(poller.stdout.take().unwrap()).lines();
    lines.next_line().await.unwrap().unwrap();
    // A pass that is slow: longer than silence may last, and answered all the same.
    test.world().faults.next(Service::Withings, "measure", Fault::Hang);
    let asked = tokio::time::timeout(Duration::from_secs(60), run(&test, &dir, &["sync"])).await;
    let (code, text) = asked.expect("in time");
    assert_eq!(code, 4, "{text}");
    assert!(text.contains("Withings cannot be reached") && !text.contains("does not answer"), "{text}");
    signal(&poller, "-STOP");
    test.advance(TimeDelta::minutes(1));
    test.weigh_in(82.4);
    let soon = Duration::from_secs(10);
    let (code, text) = tokio::time::timeout(soon, run(&test, &dir, &["sync"])).await.expect("in time");
    assert_eq!(code, 4, "{text}");
    assert!(text.contains("does not answer") && text.contains("delivered 1"), "{text}");
    assert_eq!(test.values("weight"), [82.4], "the user asked for a pass, and nobody else makes one");
    let pause = run(&test, &dir, &["pause"]);
    let (code, text) = tokio::time::timeout(soon, pause).await.expect("in time");
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("Paused until") && text.contains("does not answer"), "{text}");
    let (code, status) = json(&mut bws(&test.sandbox, &dir, &["status"])).await;
    assert_eq!((code, &status["status"]), (4, &"paused".into()), "{status}");
    signal(&poller, "-CONT");
    ok(&test, &dir, &["resume"]).await;
    terminate(&poller);
    assert!(poller.wait().await.unwrap().success());
}

#[tokio::test]
async fn nobody_waits_for_a_pass_of_a_poller_that_hangs_in_the_middle_of_it() {
    let (mut test, dir) = connected().await;
    ok(&test, &dir, &["link", "add", "--goal", "weight", "--track", "weight"]).await;
    test.advance(TimeDelta::minutes(1));
    test.weigh_in(82.4);
    test.world().faults.next(Service::Beeminder, "datapoints", Fault::Hang);
    let mut poller = bws(&test.sandbox, &dir, &["run"]).spawn().unwrap();
    let is_post = |request: &String| request.starts_with("POST") && request.contains("datapoints");
    while !test.world().requests.iter().any(is_post) {
        tokio::task::yield_now().await;
    }
    signal(&poller, "-STOP");
    let sync = tokio::time::timeout(Duration::from_secs(10), run(&test, &dir, &["sync"]));
    let (code, text) = sync.await.expect("in time");
    assert_eq!(code, 1, "{text}");
    assert!(
        text.contains("does not answer") && text.contains("start it again") && !is_glued(&text),
        "{text}"
    );
    let status = tokio::time::timeout(Duration::from_secs(10), run(&test, &dir, &["status"]));
    let (code, text) = status.await.expect("in time");
    assert_eq!(code, 4, "{text}");
    assert!(text.contains("does not answer"), "{text}");
    poller.kill().await.unwrap();
    ok(&test, &dir, &["sync"]).await;
    assert_eq!(test.values("weight"), [82.4], "once");
}

#[tokio::test]
async fn a_data_directory_that_cannot_be_used_is_named_with_the_way_out() {
    let test = TestApp::new().await;
    let file = test.path().join("letter.txt");
    std::fs::write(&file, "").unwrap();
    for command in [["status"], ["sync"]] {
        let (code, text) = run(&test, &file.join("data"), &command).await;
        assert_eq!(code, 1, "{text}");
        assert!(text.contains("--data-dir") && text.contains("letter.txt") && !is_glued(&text), "{text}");
    }
    // A lock that cannot be made.
    let dir = test.path().join("data");
    run(&test, &dir, &["status"]).await;
    std::fs::remove_file(dir.join("poller.lock")).unwrap();
    std::fs::create_dir(dir.join("poller.lock")).unwrap();
    let (code, text) = run(&test, &dir, &["status"]).await;
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("--data-dir"), "{text}");
}

#[tokio::test]
async fn a_database_that_was_emptied_or_deleted_is_not_a_fresh_start() {
    for is_deleted in [false, true] {
        let (test, dir) = connected().await;
        ok(&test, &dir, &["link", "add", "--goal", "weight", "--track", "weight"]).await;
        let path = dir.join(DATABASE_FILE);
        if is_deleted {
            std::fs::remove_file(&path).unwrap();
        } else {
            std::fs::write(&path, "").unwrap();
        }
        let (_, status) = json(&mut bws(&test.sandbox, &dir, &["status"])).await;
        let codes: Vec<_> =
            status["attention"].as_array().unwrap().iter().map(|item| item["code"].clone()).collect();
        assert!(codes.contains(&"store_recovered".into()), "{status}");
        let (_, status) = json(&mut bws(&test.sandbox, &dir, &["status", "--seen"])).await;
        assert!(!status.to_string().contains("store_recovered"), "{status}");
    }
    let test = TestApp::new().await;
    let (_, status) = json(&mut bws(&test.sandbox, &test.path().join("fresh"), &["status"])).await;
    assert!(!status.to_string().contains("store_recovered"), "{status}");
}

#[tokio::test]
async fn a_newer_version_that_takes_the_database_over_is_said_and_nothing_is_written() {
    let mut test = TestApp::weighing().await;
    test.weigh_in(82.4);
    let newer = rusqlite::Connection::open(test.path().join(DATABASE_FILE)).unwrap();
    newer.execute_batch("ALTER TABLE goal ADD COLUMN mood TEXT; PRAGMA user_version = 1000").unwrap();
    let stop = CancellationToken::new();
    let errors = [
        test.app().sync(Trigger::Hand, test.now, &stop).await.map(drop).unwrap_err(),
        test.app().pause(Some(test.now + TimeDelta::hours(1)), test.now).unwrap_err(),
        test.app().links().map(drop).unwrap_err(),
    ];
    for error in errors {
        let explained = explained(&error);
        assert_eq!(explained.sentence.key, "error.newer_version", "{explained}");
        assert!(explained.message.contains("Restart this one"), "{explained}");
    }
    let count = |table: &str| -> i64 {
        newer.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
    };
    assert_eq!((count("outbox"), count("measure_group")), (0, 0));
    // Emptied under the program, it is damaged rather than short of a table.
    newer.execute_batch("PRAGMA user_version = 0").unwrap();
    let explained = explained(&test.app().links().map(drop).unwrap_err());
    assert_eq!(explained.sentence.key, "error.database_damaged", "{explained}");
    assert_eq!(test.values("weight"), [0.0; 0]);
    test.quit();
}

#[tokio::test]
async fn a_pause_made_by_a_wrong_clock_ends_with_it() {
    let test = TestApp::weighing().await;
    let wrong = test.now + TimeDelta::hours(5);
    test.app().pause(Some(wrong + TimeDelta::hours(1)), wrong).unwrap();
    let report = test.pass(Trigger::Timer).await;
    assert_eq!(codes(&report), []);
    assert!(report.next - test.now <= TimeDelta::minutes(15), "{}", report.next);
    test.app().pause(Some(test.now + TimeDelta::hours(1)), test.now).unwrap();
    assert_eq!(codes(&test.pass(Trigger::Timer).await), [ProblemCode::Paused]);
}

#[tokio::test]
async fn a_time_zone_that_is_not_known_is_said_by_its_name() {
    let mut test = TestApp::weighing().await;
    let me = |zone: serde_json::Value| {
        let body = serde_json::json!({"username": "alice", "timezone": zone, "deadbeat": false});
        Fault::http(200, &body.to_string())
    };
    // Not told is not another one: the days stay those of Paris.
    test.advance(TimeDelta::hours(2));
    let report = test.sync_with(Service::Beeminder, "me.json", me(serde_json::Value::Null)).await;
    assert_eq!(codes(&report), []);
    let zone = test.app().store.read(beeminder_withings_sync::store::account::time_zone).unwrap();
    assert_eq!(zone, chrono_tz::Europe::Paris);
    test.advance(TimeDelta::hours(2));
    let report = test.sync_with(Service::Beeminder, "me.json", me("Mars/Olympus".into())).await;
    assert_eq!(codes(&report), [ProblemCode::ZoneUnknown]);
    let message = &report.attention[0].message;
    assert!(message.contains("Beeminder") && message.contains("“Mars/Olympus”"), "{message}");
    test.advance(TimeDelta::hours(2));
    assert_eq!(codes(&test.sync().await), [], "a known one ends it");
    let measures = serde_json::json!({"status": 0, "body": {"updatetime": test.now.timestamp(),
        "timezone": "Venus/Ishtar", "measuregrps": []}});
    let fault = Fault::http(200, &measures.to_string());
    let report = test.sync_with(Service::Withings, "measure", fault).await;
    assert!(report.attention[0].message.starts_with("Withings gives your time zone as “Venus/Ishtar”"));
}
