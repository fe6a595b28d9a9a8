//! Subscriptions to Withings' notifications: those that the links need, as long as they do, and nobody else's.

use beeminder_withings_sync::app::NewWay;
use beeminder_withings_sync::domain::appli::Appli;
use beeminder_withings_sync::domain::measure::kind::MeasureKind;
use beeminder_withings_sync::domain::measure::measure_set::MeasureSet;
use beeminder_withings_sync::domain::problem_code::ProblemCode;
use beeminder_withings_sync::domain::service::Service;
use beeminder_withings_sync::sandbox::faults::Fault;
use beeminder_withings_sync::services::withings;
use beeminder_withings_sync::sync::Trigger;
use beeminder_withings_sync::text::Language;
use chrono::TimeDelta;
use secrecy::ExposeSecret;

use super::support::memory_keychain::Trouble;
use super::support::reached::{Reached, asked, free_port, here, numbers, shown, subscribed};
use super::support::{TestApp, codes, count, track};

/// Another program's, of the same application.
const FOREIGN: &str = "another program's";

async fn foreign(test: &TestApp) {
    let upkeep = test.app().upkeep();
    let token = upkeep.tokens.withings(upkeep.withings, None, test.now).await.unwrap();
    let elsewhere = test.sandbox.url().to_string().into();
    upkeep.withings.subscribe(&token, Appli::Weight, &elsewhere).await.unwrap();
    test.world().withings.notify.subscriptions[0].comment = FOREIGN.into();
}

fn has_foreign(test: &TestApp) -> bool {
    test.world().withings.notify.subscriptions.iter().any(|one| one.comment == FOREIGN)
}

#[tokio::test]
async fn what_the_links_need_is_subscribed_to_and_follows_them() {
    let mut test = TestApp::weighing().await;
    let reached = Reached::on(&test).await;
    reached.look(&test).await.unwrap();
    assert_eq!(numbers(&test), [1, 46]);
    let before = asked(&test);
    reached.look(&test).await.unwrap();
    assert_eq!(asked(&test), before + 1, "the list alone");
    let pressure = test.link("pressure", count(MeasureSet::blood_pressure())).await;
    assert!(test.app().upkeep().is_to_be_changed().unwrap());
    reached.look(&test).await.unwrap();
    assert_eq!(numbers(&test), [1, 4, 46]);
    assert!(!test.app().upkeep().is_to_be_changed().unwrap());
    test.app().remove_link(pressure.link.id, test.now).unwrap();
    reached.look(&test).await.unwrap();
    assert_eq!(numbers(&test), [1, 46]);
    // What is gone there, whoever took it away, is made again with the next look.
    test.world().withings.notify.subscriptions.clear();
    test.advance(TimeDelta::hours(24));
    reached.look(&test).await.unwrap();
    assert_eq!((numbers(&test), shown(&test).last_repair), (vec![1, 46], Some(test.now)));
}

#[tokio::test]
async fn one_kind_that_is_refused_keeps_none_of_the_others_away() {
    let test = TestApp::weighing().await;
    test.link("pressure", count(MeasureSet::blood_pressure())).await;
    let reached = Reached::on(&test).await;
    // The first to be subscribed to, after the list.
    test.world().faults.after(1, Service::Withings, "notify", Fault::withings(277, ""));
    reached.look(&test).await.unwrap_err();
    assert_eq!(numbers(&test), [4, 46], "all but that one");
    assert!(test.app().upkeep().is_to_be_changed().unwrap(), "and it is tried again");
    test.world().faults.clear();
    reached.look(&test).await.unwrap();
    assert_eq!(numbers(&test), [1, 4, 46]);
}

#[tokio::test]
async fn off_disconnected_and_forgotten_end_what_is_ours_and_leave_what_is_not() {
    for deed in ["off", "disconnect", "forget"] {
        let test = TestApp::weighing().await;
        let reached = Reached::on(&test).await;
        foreign(&test).await;
        reached.look(&test).await.unwrap();
        assert_eq!(test.world().withings.notify.subscriptions.len(), 3);
        match deed {
            "off" => assert!(test.app().notifications_off(test.now).await.unwrap()),
            "disconnect" => test.app().disconnect(Service::Withings, test.now).await.unwrap(),
            _ => {
                test.app().forget_everything(test.now).await.unwrap();
                let mut test = test;
                assert!(has_foreign(&test) && test.world().withings.notify.subscriptions.len() == 1);
                test.quit();
                continue;
            }
        }
        assert!(has_foreign(&test), "{deed}");
        assert_eq!(test.world().withings.notify.subscriptions.len(), 1, "{deed}");
        assert_eq!(shown(&test).subscriptions, [], "{deed}");
        let is_on = deed == "disconnect";
        assert_eq!(shown(&test).on, is_on, "a choice outlives a sign-in");
        if is_on {
            test.connect_withings().await.unwrap();
            reached.look(&test).await.unwrap();
            assert_eq!(test.world().withings.notify.subscriptions.len(), 3);
        }
    }
}

#[tokio::test]
async fn off_while_withings_does_not_answer_is_off_and_said() {
    let test = TestApp::weighing().await;
    let reached = Reached::on(&test).await;
    reached.look(&test).await.unwrap();
    test.world().faults.every(Service::Withings, "notify", Fault::withings(2556, ""));
    assert!(!test.app().notifications_off(test.now).await.unwrap(), "it says that they are left");
    assert_eq!((shown(&test).on, numbers(&test)), (false, vec![1, 46]));
    test.world().faults.clear();
    // As whoever polls does after a while: the secret is still there, by which ours are known.
    test.app().upkeep().end_all(&reached.chosen.key, test.now).await.unwrap();
    assert_eq!((numbers(&test), shown(&test).subscriptions.len()), (vec![], 0));
}

#[tokio::test]
async fn each_refusal_of_withings_is_a_sentence_that_says_what_to_do() {
    for (action, status, english, german) in [
        ("subscribe", 293, "port 443", "Port 443"),
        ("subscribe", 343, "HEAD", "HEAD"),
        ("subscribe", 305, "End some", "Beenden Sie einige"),
        ("subscribe", 277, "dashboard", "Übersicht"),
        ("list", 2556, "Withings has a problem (status 2556)", "Schwierigkeiten"),
    ] {
        let test = TestApp::weighing().await;
        let reached = Reached::on(&test).await;
        let spared = usize::from(action == "subscribe");
        test.world().faults.after(spared, Service::Withings, "notify", Fault::withings(status, ""));
        reached.look(&test).await.unwrap_err();
        let problem = shown(&test).problem.unwrap();
        for (language, words) in [(Language::English, english), (Language::German, german)] {
            assert!(problem.by(language).contains(words), "{status}: {}", problem.by(language));
        }
        // It is said, and holds up nothing.
        let report = test.pass(Trigger::Timer).await;
        assert_eq!(codes(&report), [ProblemCode::NotificationsFailed]);
        assert!(report.next <= test.now + TimeDelta::minutes(15));
        reached.look(&test).await.unwrap();
        assert_eq!((shown(&test).problem, numbers(&test)), (None, vec![1, 46]));
    }
}

#[tokio::test]
async fn a_subscription_that_cannot_be_ended_is_tried_again_and_one_that_is_gone_has_ended() {
    let test = TestApp::weighing().await;
    let reached = Reached::on(&test).await;
    reached.look(&test).await.unwrap();
    test.world().faults.after(1, Service::Withings, "notify", Fault::withings(294, ""));
    assert!(!test.app().notifications_off(test.now).await.unwrap());
    assert_eq!(numbers(&test), [1, 46]);
    test.world().faults.after(1, Service::Withings, "notify", Fault::withings(286, ""));
    assert!(test.app().notifications_off(test.now).await.unwrap());
}

#[tokio::test]
async fn an_access_token_that_ran_out_is_renewed_on_the_way() {
    let test = TestApp::weighing().await;
    let reached = Reached::on(&test).await;
    test.world().withings.expire_access_tokens();
    reached.look(&test).await.unwrap();
    assert_eq!(numbers(&test), [1, 46]);
}

#[tokio::test]
async fn another_address_takes_the_subscriptions_along_and_one_that_cannot_be_moved_is_made_anew() {
    for refusal in [None, Some(286), Some(2554)] {
        let test = TestApp::weighing().await;
        let first = Reached::on(&test).await;
        first.look(&test).await.unwrap();
        let second = Reached::on(&test).await;
        assert_eq!(first.chosen.key.text().expose_secret(), second.chosen.key.text().expose_secret());
        if let Some(status) = refusal {
            test.world().faults.after(1, Service::Withings, "notify", Fault::withings(status, ""));
        }
        second.look(&test).await.unwrap();
        let address = second.address.to_string();
        let expected = [(1, address.clone()), (46, address)];
        assert_eq!(subscribed(&test).into_iter().collect::<Vec<_>>(), expected, "{refusal:?}");
        drop(first);
        test.weigh_in(82.4);
        assert_eq!(second.hear(&test).await.len(), 1);
    }
}

#[tokio::test]
async fn nothing_secret_is_in_the_database_in_errors_or_in_what_is_shown() {
    let test = TestApp::weighing().await;
    let reached = Reached::on(&test).await;
    reached.look(&test).await.unwrap();
    let callback = test.world().withings.notify.subscriptions[0].callback.clone();
    let end = callback.path().trim_start_matches('/').to_owned();
    assert_eq!(end.len(), 32, "128 bits");
    let secrets = [end, reached.chosen.key.text().expose_secret().to_owned()];
    test.app()
        .store
        .write(|conn| Ok(conn.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")?))
        .unwrap_or_default();
    for file in std::fs::read_dir(test.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        assert!(!secrets.iter().any(|secret| text.contains(secret.as_str())));
    }
    let shown = format!("{:?} {}", reached.chosen, serde_json::to_string(&shown(&test)).unwrap());
    assert!(!secrets.iter().any(|secret| shown.contains(secret.as_str())), "{shown}");
    let refused = withings::Error::AddressRefused { status: 293 };
    assert!(!secrets.iter().any(|secret| refused.to_string().contains(secret.as_str())));
}

#[tokio::test]
async fn without_a_keychain_or_an_account_nothing_is_switched_on() {
    let test = TestApp::new().await;
    let way = || NewWay::Tunnel("true".to_owned().into());
    let error = test.app().notifications_on(way(), here(free_port())).await.unwrap_err();
    assert!(error.to_string().contains("not connected"), "{error}");
    let test = TestApp::connected().await;
    test.link("steps", track(MeasureKind::STEPS)).await;
    test.keychain.make(Trouble::ForgetsSaves);
    test.app().notifications_on(way(), here(free_port())).await.unwrap_err();
    assert!(!shown(&test).on);
    let empty = NewWay::Tunnel(" ".to_owned().into());
    let error = test.app().notifications_on(empty, here(free_port())).await.unwrap_err();
    assert!(error.to_string().contains("Enter the command"), "{error}");
}
