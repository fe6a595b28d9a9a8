//! What the user decides with `bws`: the past, changes, answers, goals.

use chrono::TimeDelta;
use serde_json::json as value;

use super::support::process::{bws, connected, json, ok};

#[tokio::test]
async fn the_past_is_looked_at_posted_and_stopped() {
    let (mut test, dir) = connected().await;
    for _ in 0..3 {
        test.weigh_in(99.0);
        test.advance(TimeDelta::days(1));
    }
    ok(&test, &dir, &["link", "add", "--goal", "weight", "--track", "weight"]).await;
    ok(&test, &dir, &["sync"]).await;
    let range = ["1", "--from", "2026-11-23"];
    let look = ok(&test, &dir, &[&["backfill", "preview"], &range[..]].concat()).await;
    assert_eq!((&look["datapoints"], &look["days"][0]["may_derail"]), (&value!(3), &value!(true)));
    let text = bws(&test.sandbox, &dir, &[&["backfill", "preview"], &range[..]].concat());
    assert!(printed(text).await.contains("wrong side of the line: may derail at once"));
    let (code, refused) =
        json(&mut bws(&test.sandbox, &dir, &[&["backfill", "start"], &range[..]].concat())).await;
    assert_eq!(code, 1);
    assert!(refused["error"]["message"].as_str().unwrap().contains("add --may-derail"), "{refused}");
    ok(&test, &dir, &[&["backfill", "start"], &range[..], &["--may-derail"]].concat()).await;
    assert_eq!(ok(&test, &dir, &["status"]).await["backfills"][0]["id"], 1);
    assert_eq!(ok(&test, &dir, &["sync"]).await["delivered"], 3);
    assert_eq!(ok(&test, &dir, &["backfill", "list"]).await[0]["done"], true);
    assert_eq!(ok(&test, &dir, &["backfill", "cancel", "1"]).await["cancelled"], 1);
    let left = ok(&test, &dir, &[&["backfill", "preview"], &range[..]].concat()).await;
    assert_eq!(left["datapoints"], 0, "all of it is there");
}

/// What is printed for people.
async fn printed(mut command: tokio::process::Command) -> String {
    let output = command.output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test]
async fn a_link_is_changed_after_a_look_and_its_options_are_said() {
    let (mut test, dir) = connected().await;
    // The device is known from before; nothing is sent of that.
    let yesterday = test.now - TimeDelta::days(1);
    test.world().withings.weigh_in(83.0, yesterday);
    let options = ["--until-time", "10:00", "--device", "Body Cardio", "--typed-in", "no", "--decimals", "1"];
    let add = [&["link", "add", "--goal", "weight", "--track", "weight"], &options[..]].concat();
    assert_eq!(
        ok(&test, &dir, &add).await["sends"],
        "Weight in kg, every measurement (before 10:00, only Body Cardio, not what was typed in, to 1 decimal)"
    );
    test.advance(TimeDelta::minutes(1));
    test.weigh_in(82.44);
    ok(&test, &dir, &["sync"]).await;
    assert_eq!(test.values("weight"), [82.4]);
    let change = ["link", "change", "1", "--unit", "lb", "--no-options"];
    let look = ok(&test, &dir, &change).await;
    assert_eq!((&look["updated"], &look["done"]), (&value!(1), &value!(false)));
    assert!(printed(bws(&test.sandbox, &dir, &change)).await.contains("withings-"), "each one is shown");
    assert_eq!(ok(&test, &dir, &[&change[..], &["--yes"]].concat()).await["done"], true);
    ok(&test, &dir, &["sync"]).await;
    assert_eq!(test.values("weight"), [181.7]);
    assert_eq!(ok(&test, &dir, &["link", "remove", "1", "--datapoints"]).await["datapoints"], 1);
    // Nothing is linked any more, which the exit code does not hold against anybody.
    ok(&test, &dir, &["sync"]).await;
    assert_eq!(test.values("weight"), [0.0; 0]);
}

#[tokio::test]
async fn the_user_answers_what_is_asked() {
    let (mut test, dir) = connected().await;
    ok(&test, &dir, &["link", "add", "--goal", "weight", "--track", "weight"]).await;
    assert!(printed(bws(&test.sandbox, &dir, &["held"])).await.contains("No measurement waits"));
    assert!(printed(bws(&test.sandbox, &dir, &["stale"])).await.contains("has its measurement"));
    test.advance(TimeDelta::minutes(1));
    let now = test.now;
    let guest = value!({"attrib": 1, "measures": [{"value": 61, "type": 1, "unit": 0}]});
    let guest = test.world().withings.add(guest, now).to_string();
    test.advance(TimeDelta::minutes(1));
    let mine = test.weigh_in(82.4);
    ok(&test, &dir, &["sync"]).await;
    assert_eq!(ok(&test, &dir, &["held"]).await[0]["values"], "weight 61 kg");
    assert!(printed(bws(&test.sandbox, &dir, &["held"])).await.contains("Was this you?"));
    let answered = ok(&test, &dir, &["held", "mine", &guest, "--remember"]).await;
    assert_eq!((&answered["remember"], &answered["remembered"]["weight"]), (&value!(true), &value!(true)));
    assert_eq!(ok(&test, &dir, &["sync"]).await["delivered"], 1);
    for (group, decision) in [(guest.parse().unwrap(), "keep"), (mine, "remove")] {
        test.world().withings.delete(group);
        test.advance(TimeDelta::hours(25));
        ok(&test, &dir, &["sync"]).await;
        let id = ok(&test, &dir, &["stale"]).await[0]["id"].to_string();
        assert!(
            printed(bws(&test.sandbox, &dir, &["stale"])).await.contains(&format!("withings-{group}-weight"))
        );
        ok(&test, &dir, &["stale", decision, &id]).await;
    }
    ok(&test, &dir, &["sync"]).await;
    assert_eq!(test.values("weight"), [61.0]);
    assert_eq!(ok(&test, &dir, &["deletions", "mirror"]).await["mirror"], true);
    assert_eq!(ok(&test, &dir, &["deletions", "ask"]).await["mirror"], false);
    let (code, refused) = json(&mut bws(&test.sandbox, &dir, &["stale", "confirm-gone"])).await;
    assert_eq!((code, &refused["error"]["message"]), (1, &value!("Nothing waits to be confirmed")));
    assert_eq!(ok(&test, &dir, &["remind", "20:00"]).await["remind_at"], "20:00:00");
    assert_eq!(ok(&test, &dir, &["remind", "off"]).await["remind_at"], value!(null));
    let wrong = bws(&test.sandbox, &dir, &["remind", "8pm"]).output().await.unwrap();
    assert_eq!(wrong.status.code(), Some(2));
}

#[tokio::test]
async fn goals_are_created_kinds_are_listed_and_the_doctor_looks() {
    let (test, dir) = connected().await;
    let create = ["goal", "create", "measuring", "--aim", "do-more", "--per-week", "5"];
    let tried = ok(&test, &dir, &create).await;
    assert_eq!((&tried["created"], &tried["slug"]), (&value!(false), &value!("measuring")));
    assert!(printed(bws(&test.sandbox, &dir, &create)).await.contains("Nothing was created"));
    assert_eq!(ok(&test, &dir, &[&create[..], &["--yes"]].concat()).await["created"], true);
    assert!(test.world().beeminder.goals.iter().any(|goal| goal.slug() == "measuring"));
    let lose = bws(&test.sandbox, &dir, &["goal", "create", "slim", "--aim", "lose", "--per-week", "0.5"]);
    assert_eq!({ lose }.output().await.unwrap().status.code(), Some(2), "from what, to what?");
    let kinds = ok(&test, &dir, &["kinds"]).await;
    assert!(kinds["kinds"].as_array().unwrap().iter().any(|kind| kind["name"] == "sleep-duration"));
    assert!(printed(bws(&test.sandbox, &dir, &["kinds"])).await.contains("weight+heart-rate"));
    ok(&test, &dir, &["link", "add", "--goal", "weight", "--track", "weight"]).await;
    ok(&test, &dir, &["sync"]).await;
    ok(&test, &dir, &["doctor"]).await;
    test.world().beeminder.sign_in_elsewhere();
    let (code, checks) = json(&mut bws(&test.sandbox, &dir, &["doctor"])).await;
    assert_eq!(code, 3);
    let broken = checks.as_array().unwrap().iter().find(|check| check["name"] == "beeminder").unwrap();
    assert_eq!(broken["finding"]["state"], "broken");
}

#[tokio::test]
async fn a_goal_of_steps_leads_through_sharing_more() {
    let (test, dir) = connected().await;
    ok(&test, &dir, &["link", "add", "--goal", "steps", "--track", "steps"]).await;
    let (code, status) = json(&mut bws(&test.sandbox, &dir, &["status"])).await;
    assert_eq!((code, &status["attention"][0]["code"]), (3, &value!("scope_missing")));
    let output = bws(&test.sandbox, &dir, &["status"]).output().await.unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("See “bws connect withings”"), "{text}");
}
