//! `bws` as scripts and people use it: documents, exit codes, and processes that talk to each other.

use std::time::Duration;

use beeminder_withings_sync::domain::service::Service;
use beeminder_withings_sync::sandbox::faults::Fault;
use chrono::TimeDelta;
use serde_json::{Value, json as value};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::sync::Mutex;

use super::support::process::{bws, connect, connected, json, ok, plain_bws, said, terminate};
use super::support::{TestApp, agree};

/// The loopback port is one for the whole computer.
static LOOPBACK: Mutex<()> = Mutex::const_new(());

#[tokio::test]
async fn the_main_job_from_connecting_to_the_ledger() {
    let (mut test, dir) = connected().await;
    let goals = ok(&test, &dir, &["goals"]).await;
    assert_eq!(goals["goals"].as_array().unwrap().len(), 15);
    let link = ok(
        &test,
        &dir,
        &["link", "add", "--goal", "weight", "--track", "weight", "--unit", "lb", "--take", "min"],
    )
    .await;
    assert_eq!((&link["id"], &link["unit"], &link["take"]), (&value!(1), &value!("lb"), &value!("min")));
    ok(&test, &dir, &["link", "add", "--goal", "pressure", "--count", "blood-pressure", "--once-a-day"])
        .await;
    assert_eq!(ok(&test, &dir, &["link", "list"]).await.as_array().unwrap().len(), 2);
    test.advance(TimeDelta::minutes(1));
    let group = test.weigh_in(82.4);
    let report = ok(&test, &dir, &["sync"]).await;
    assert_eq!(report["fetched"], 3);
    assert_eq!(
        (&report["planned"], &report["delivered"], &report["pending"]),
        (&value!(1), &value!(1), &value!(0))
    );
    assert_eq!((&report["parked"], &report["held"]), (&value!(0), &value!(0)));
    // The user's time zone, the goal and its datapoint.
    assert_eq!(report["requests"], value!({"withings": 1, "beeminder": 3}));
    assert!(report["next"].is_string());
    let again = ok(&test, &dir, &["sync"]).await;
    assert_eq!(again["requests"], value!({"withings": 1, "beeminder": 0}));

    let history = ok(&test, &dir, &["history"]).await;
    let sent = history.as_array().unwrap().iter().find(|row| row["group"] == group).unwrap();
    assert_eq!((&sent["goal"], &sent["outcome"]), (&value!("weight"), &value!("sent")));
    assert_eq!(
        (&sent["request_id"], &sent["daystamp"]),
        (&value!("withings-weight-20261123"), &value!("20261123"))
    );
    assert_eq!(sent["sent"], "181.7");
    let csv = bws(&test.sandbox, &dir, &["history", "--csv"]).output().await.unwrap();
    let csv = String::from_utf8(csv.stdout).unwrap();
    assert!(
        csv.starts_with("measured_at,group,device,values,goal,outcome,reason,request_id,daystamp,sent\n"),
        "{csv}"
    );
    assert_eq!(csv.lines().count(), 4);

    let preview = ok(&test, &dir, &["preview", "1", "--days", "3"]).await;
    assert_eq!(preview["datapoints"][0]["value"], "181.7");
    assert_eq!(ok(&test, &dir, &["link", "show", "1"]).await["latest"], value!(["181.7"]));
    assert_eq!(ok(&test, &dir, &["link", "remove", "1"]).await["not_sent"], 0);
    ok(&test, &dir, &["disconnect", "beeminder"]).await;
    let (code, status) = json(&mut bws(&test.sandbox, &dir, &["status"])).await;
    assert_eq!((code, &status["status"]), (3, &value!("not_set_up")));
    assert_eq!(ok(&test, &dir, &["forget-everything", "--yes"]).await["forgotten"], true);
    let left: Vec<_> = std::fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, [""; 0]);
}

#[tokio::test]
async fn exit_codes_say_who_must_act() {
    let test = TestApp::new().await;
    let dir = test.path().join("bws");
    let code = async |args: &[&str]| bws(&test.sandbox, &dir, args).output().await.unwrap().status.code();
    assert_eq!(code(&["sync"]).await, Some(3), "not connected");
    assert_eq!(code(&["goals"]).await, Some(3));
    assert_eq!(code(&["fly"]).await, Some(2));
    assert_eq!(code(&["preview"]).await, Some(2));
    assert_eq!(code(&["link", "add", "--goal", "weight"]).await, Some(2));
    assert_eq!(code(&["link", "show", "7"]).await, Some(1));
    connect(&test.sandbox, &dir).await;
    assert_eq!(code(&["sync"]).await, Some(0));
    test.world().faults.next(Service::Withings, "measure", Fault::withings(522, ""));
    assert_eq!(code(&["sync"]).await, Some(4));
    test.world().faults.next(Service::Withings, "measure", Fault::withings(601, ""));
    assert_eq!(code(&["sync"]).await, Some(4));
    let (exit, report) = json(&mut bws(&test.sandbox, &dir, &["sync"])).await;
    assert_eq!(
        (exit, &report["requests"]["withings"]),
        (4, &value!(0)),
        "in the first minute nothing is asked"
    );
    let said = |item: &Value| item["message"].as_str().unwrap().contains(", by hand from ");
    assert!(report["attention"].as_array().unwrap().iter().any(said), "it says when: {report}");
    test.world().faults.next(Service::Beeminder, "me.json", Fault::Drop);
    assert_eq!(code(&["goals"]).await, Some(4));
    test.world().beeminder.sign_in_elsewhere();
    let (exit, error) = json(&mut bws(&test.sandbox, &dir, &["goals"])).await;
    assert_eq!((exit, &error["error"]["code"]), (3, &value!("needs_you")));
}

#[tokio::test]
async fn wrong_words_are_answered_with_the_right_ones() {
    let (test, dir) = connected().await;
    for (args, words) in [
        (vec!["link", "add", "--goal", "nope", "--track", "weight"], "no goal called nope; see “bws goals”"),
        (vec!["link", "show", "9"], "There is no link 9; see “bws link list”"),
        (vec!["held", "mine", "9"], "see “bws held”"),
        (vec!["retry", "5"], "no datapoint 5"),
        (vec!["callback", "https://example.com/"], "Nobody waits for a sign-in"),
        (vec!["connect", "beeminder", "--token-file", "/nowhere/to/be/found"], "Failed to read"),
    ] {
        let output = bws(&test.sandbox, &dir, &args).output().await.unwrap();
        assert!(said(&output).contains(words), "{args:?}: {}", said(&output));
        assert_eq!(output.status.code(), Some(1), "{args:?}");
        assert!(output.stdout.is_empty(), "{args:?}");
    }
    let warned = bws(&test.sandbox, &dir, &["link", "add", "--goal", "weigh-in", "--track", "weight"])
        .output()
        .await
        .unwrap();
    assert!(said(&warned).contains("Warning: This goal adds its datapoints up"), "{}", said(&warned));
}

#[tokio::test]
async fn the_loopback_answers_the_browser_and_names_its_port_when_it_is_taken() {
    let _alone = LOOPBACK.lock().await;
    let test = TestApp::new().await;
    let dir = test.path().join("bws");
    let args = ["connect", "beeminder", "--client-id", "sandbox-client-id", "--no-browser", "--json"];
    let mut child = bws(&test.sandbox, &dir, &args).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let first: Value = serde_json::from_str(&lines.next_line().await.unwrap().unwrap()).unwrap();
    let address = agree(&first["authorize_url"].as_str().unwrap().parse().unwrap()).await;

    let other = test.path().join("other");
    let taken = bws(&test.sandbox, &other, &args).output().await.unwrap();
    assert_eq!(taken.status.code(), Some(1));
    assert!(
        said(&taken).contains("Port 8910") && said(&taken).contains("--callback scheme"),
        "{}",
        said(&taken)
    );
    let twice = bws(&test.sandbox, &dir, &args).output().await.unwrap();
    assert!(said(&twice).contains("Another sign-in is waiting"), "{}", said(&twice));

    // Strangers get nothing, not even through another name for this computer.
    for (url, host) in [
        ("http://127.0.0.1:8910/", None),
        ("http://127.0.0.1:8910/withings/auth_callback?code=x&state=y", Some("evil.example:8910")),
        ("http://127.0.0.1:8910/beeminder/auth_callback?access_token=x&state=<script>", None),
    ] {
        let mut request = reqwest::Client::builder().build().unwrap().get(url);
        if let Some(host) = host {
            request = request.header("Host", host);
        }
        let answer = request.send().await.unwrap();
        assert!(answer.status().is_client_error(), "{url}");
        assert!(answer.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
        let policy = answer.headers()["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        assert!(!answer.text().await.unwrap().contains("script"));
    }
    let page = reqwest::get(&address).await.unwrap();
    assert!(page.status().is_success());
    assert!(page.text().await.unwrap().contains("Beeminder is connected"));
    let last: Value = serde_json::from_str(&lines.next_line().await.unwrap().unwrap()).unwrap();
    assert_eq!(last["connected"]["user"], "alice");
    assert!(child.wait().await.unwrap().success());
    assert!(reqwest::get(&address).await.is_err(), "the port is closed again");
}

#[tokio::test]
async fn a_foreign_callback_is_refused_and_the_waiting_goes_on_and_ctrl_c_ends_it() {
    let test = TestApp::new().await;
    let dir = test.path().join("bws");
    let args = [
        "connect",
        "beeminder",
        "--client-id",
        "sandbox-client-id",
        "--callback",
        "scheme",
        "--no-browser",
        "--json",
    ];
    let mut child = bws(&test.sandbox, &dir, &args).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    lines.next_line().await.unwrap().unwrap();
    let foreign = "beeminder-withings-sync://beeminder/auth_callback?access_token=stolen&state=0000";
    for url in [foreign, "nonsense", "beeminder-withings-sync://withings/auth_callback?code=1&state=2"] {
        let (code, answer) = json(&mut bws(&test.sandbox, &dir, &["callback", url])).await;
        assert_eq!((code, &answer["ok"]), (1, &value!(false)), "{url}");
        assert!(answer["message"].as_str().unwrap().contains("Nobody asked"), "{answer}");
    }
    let id = child.id().unwrap().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    assert_eq!(child.wait().await.unwrap().code(), Some(1));
    let last: Value = serde_json::from_str(&lines.next_line().await.unwrap().unwrap()).unwrap();
    assert!(last["error"]["message"].as_str().unwrap().contains("Cancelled"), "{last}");
}

#[tokio::test]
async fn signing_in_again_needs_no_id_and_secret_and_the_first_time_says_what_it_needs() {
    let test = TestApp::new().await;
    let dir = test.path().join("bws");
    let args = ["connect", "withings", "--callback", "scheme", "--no-browser", "--json"];
    let first = bws(&test.sandbox, &dir, &args).output().await.unwrap();
    assert_eq!(first.status.code(), Some(2));
    assert!(said(&first).contains("--client-secret-file"), "{}", said(&first));
    connect(&test.sandbox, &dir).await;
    let mut child = bws(&test.sandbox, &dir, &args).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line: Value = serde_json::from_str(&lines.next_line().await.unwrap().unwrap()).unwrap();
    let address = agree(&line["authorize_url"].as_str().unwrap().parse().unwrap()).await;
    ok(&test, &dir, &["callback", &address]).await;
    assert!(child.wait().await.unwrap().success());
}

#[tokio::test]
async fn a_poller_makes_the_pass_that_sync_asks_for_and_sigterm_ends_it_cleanly() {
    let (mut test, dir) = connected().await;
    ok(&test, &dir, &["link", "add", "--goal", "weight", "--track", "weight"]).await;
    let mut poller = bws(&test.sandbox, &dir, &["run", "--json"]).spawn().unwrap();
    let mut lines = BufReader::new(poller.stdout.take().unwrap()).lines();
    let first: Value = serde_json::from_str(&lines.next_line().await.unwrap().unwrap()).unwrap();
    assert_eq!(first["delivered"], 0);
    let second = bws(&test.sandbox, &dir, &["run"]).output().await.unwrap();
    assert!(said(&second).contains("polling this data directory already"), "{}", said(&second));
    test.advance(TimeDelta::minutes(1));
    test.weigh_in(82.4);
    let report = ok(&test, &dir, &["sync"]).await;
    assert_eq!(report["delivered"], 1);
    let nudged: Value = serde_json::from_str(&lines.next_line().await.unwrap().unwrap()).unwrap();
    assert_eq!(nudged, report, "the poller made it");
    assert_eq!(ok(&test, &dir, &["status"]).await["polled"], true);
    terminate(&poller);
    let ended = tokio::time::timeout(Duration::from_secs(5), poller.wait()).await.expect("within 5 s");
    assert!(ended.unwrap().success());
    let mut rest = String::new();
    poller.stderr.take().unwrap().read_to_string(&mut rest).await.unwrap();
    assert!(rest.contains("Stopped."), "{rest}");
    assert_eq!(test.values("weight"), [82.4]);
}

#[tokio::test]
async fn a_poller_in_the_middle_of_a_slow_request_still_ends_in_time_and_nothing_is_doubled() {
    let (mut test, dir) = connected().await;
    ok(&test, &dir, &["link", "add", "--goal", "weight", "--track", "weight"]).await;
    test.advance(TimeDelta::minutes(1));
    test.weigh_in(82.4);
    test.world().faults.next(Service::Beeminder, "datapoints", Fault::Hang);
    let mut poller = bws(&test.sandbox, &dir, &["run"]).spawn().unwrap();
    while !test
        .world()
        .requests
        .iter()
        .any(|request| request.starts_with("POST") && request.contains("datapoints"))
    {
        tokio::task::yield_now().await;
    }
    terminate(&poller);
    let ended = tokio::time::timeout(Duration::from_secs(5), poller.wait()).await.expect("within 5 s");
    assert!(ended.unwrap().success());
    assert_eq!(ok(&test, &dir, &["sync"]).await["pending"], 0);
    assert_eq!(test.values("weight"), [82.4]);
}

#[tokio::test]
async fn a_pause_is_kept_and_ended_and_the_user_can_sync_all_the_same() {
    let (test, dir) = connected().await;
    ok(&test, &dir, &["link", "add", "--goal", "weight", "--track", "weight"]).await;
    for until in ["1h", "tomorrow"] {
        assert!(ok(&test, &dir, &["pause", until]).await["paused_until"].is_string());
        let status = ok(&test, &dir, &["status"]).await;
        assert_eq!(
            (&status["status"], &status["attention"][0]["code"]),
            (&value!("paused"), &value!("paused"))
        );
    }
    assert_eq!(ok(&test, &dir, &["sync"]).await["requests"]["withings"], 1);
    ok(&test, &dir, &["resume"]).await;
    assert_eq!(ok(&test, &dir, &["status"]).await["attention"], value!([]));
}

#[tokio::test]
async fn a_refused_datapoint_is_seen_retried_and_discarded() {
    let (mut test, dir) = connected().await;
    ok(&test, &dir, &["link", "add", "--goal", "weight", "--track", "weight"]).await;
    test.advance(TimeDelta::minutes(1));
    test.weigh_in(82.4);
    let refusal = Fault::http(422, r#"{"errors":{"value":["is odd"]}}"#);
    for _ in 0..2 {
        test.world().faults.next(Service::Beeminder, "datapoints", refusal.clone());
        let (code, report) = json(&mut bws(&test.sandbox, &dir, &["sync"])).await;
        assert_eq!((code, &report["parked"]), (3, &value!(1)));
        let outbox = ok(&test, &dir, &["outbox"]).await;
        assert_eq!((&outbox[0]["id"], &outbox[0]["parked"]), (&value!(1), &value!("value is odd")));
        ok(&test, &dir, &["retry", "1"]).await;
    }
    ok(&test, &dir, &["discard", "1"]).await;
    assert_eq!(ok(&test, &dir, &["outbox"]).await, value!([]));
    assert_eq!(test.values("weight"), [0.0; 0]);
}

#[tokio::test]
async fn addresses_that_lead_off_this_computer_are_refused_at_once() {
    for (withings, beeminder) in [
        (Some("http://192.0.2.1/"), Some("http://127.0.0.1:1/")),
        (Some("http://127.0.0.1:1/"), None),
        (Some("https://wbsapi.withings.net/"), Some("https://www.beeminder.com/")),
    ] {
        let mut command = plain_bws(&["status"]);
        for (name, url) in [("BWS_WITHINGS_URL", withings), ("BWS_BEEMINDER_URL", beeminder)] {
            if let Some(url) = url {
                command.env(name, url);
            }
        }
        let output = command.output().await.unwrap();
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        assert!(said(&output).contains("BWS_"), "{}", said(&output));
    }
}

#[tokio::test]
async fn help_names_every_command_and_exit_code() {
    let output = plain_bws(&["help"]).output().await.unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    for word in [
        "connect",
        "callback",
        "disconnect",
        "goals",
        "link",
        "preview",
        "sync",
        "run",
        "status",
        "history",
        "outbox",
        "retry",
        "discard",
        "pause",
        "resume",
        "forget-everything",
        "sandbox",
        "Exit codes",
        "--json",
        "--data-dir",
    ] {
        assert!(help.contains(word), "{word}");
    }
}

#[tokio::test]
async fn no_secret_is_printed_or_logged() {
    let (mut test, dir) = connected().await;
    ok(&test, &dir, &["link", "add", "--goal", "weight", "--track", "weight"]).await;
    test.advance(TimeDelta::minutes(1));
    test.weigh_in(82.437);
    let stored: String = ["withings", "beeminder"]
        .iter()
        .map(|service| std::fs::read_to_string(dir.join(format!("sandbox-tokens-{service}.json"))).unwrap())
        .collect();
    let secrets: Vec<&str> = stored.split('"').filter(|word| word.len() >= 20).collect();
    assert!(secrets.len() >= 4, "{}", secrets.len());
    test.world().faults.next(Service::Beeminder, "datapoints", Fault::Drop);
    let output = bws(&test.sandbox, &dir, &["sync"]).env("RUST_LOG", "trace").output().await.unwrap();
    let everything = format!("{}{}", said(&output), String::from_utf8_lossy(&output.stdout));
    let ours: String = everything.lines().filter(|line| line.contains("beeminder_withings_sync")).collect();
    for secret in secrets {
        assert!(!everything.contains(secret), "a token was logged");
    }
    assert!(ours.contains("Withings answered"), "{everything}");
    assert!(!ours.contains("82.4"), "a weight was logged: {ours}");
    ok(&test, &dir, &["sync"]).await;
}
