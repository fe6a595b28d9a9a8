//! Connecting: callbacks that the browser brings back, genuine or not.

use beeminder_withings_sync::accounts::keychain::KeychainError;
use beeminder_withings_sync::accounts::sign_in::SignInError;
use beeminder_withings_sync::domain::callback_way::CallbackWay;
use beeminder_withings_sync::domain::problem_code::ProblemCode;
use beeminder_withings_sync::domain::service::Service;
use beeminder_withings_sync::sandbox;
use beeminder_withings_sync::sandbox::faults::Fault;
use beeminder_withings_sync::services::beeminder;
use beeminder_withings_sync::services::withings;
use beeminder_withings_sync::services::withings::Application;
use chrono::TimeDelta;

use super::support::memory_keychain::Trouble;
use super::support::{TestApp, agree, application, codes, decide};

#[tokio::test]
async fn both_accounts_connect_and_stay_connected_after_a_restart() {
    let mut test = TestApp::new().await;
    assert_eq!(
        codes(&test.sync().await),
        [ProblemCode::ConnectWithings, ProblemCode::ConnectBeeminder, ProblemCode::NothingLinked]
    );
    assert_eq!(test.connect_withings().await.unwrap().user, "10000001");
    assert_eq!(test.connect_beeminder().await.unwrap().user, "alice");
    test.restart();
    assert_eq!(codes(&test.sync().await), [ProblemCode::NothingLinked]);
}

#[tokio::test]
async fn a_wrong_id_or_secret_is_found_before_the_browser_opens() {
    let test = TestApp::new().await;
    for wrong in [
        Application { client_id: "typo".into(), ..application() },
        Application { secret: "typo".into(), ..application() },
    ] {
        let error = test.app().begin_withings(wrong, CallbackWay::Loopback, test.now).await.unwrap_err();
        assert!(matches!(error, SignInError::Withings(withings::Error::ApplicationRefused)), "{error}");
        assert!(error.to_string().contains("developer dashboard"));
    }
    let asked = test.world().requests.clone();
    assert_eq!(asked, ["POST /v2/signature", "POST /v2/signature"]);
}

#[tokio::test]
async fn a_callback_nobody_asked_for_changes_nothing_and_the_real_one_still_counts() {
    let test = TestApp::new().await;
    let attempt = test.begin_withings().await;
    let real = agree(&attempt.authorize_url).await;
    let (base, code) = ("http://127.0.0.1:8910/withings/auth_callback", "0".repeat(40));
    for foreign in [
        format!("{base}?code={code}"),
        format!("{base}?code={code}&state="),
        format!("{base}?code={code}&state={}", "f".repeat(64)),
        format!("{base}?error=access_denied&state={}", "f".repeat(64)),
        real.replace("withings/auth", "beeminder/auth").replace("code=", "access_token="),
        real.replace("state=", "state=x&state="),
        "https://example.com/".into(),
    ] {
        let error = test.app().finish(&attempt, &foreign, test.now).await.unwrap_err();
        assert!(matches!(error, SignInError::NotAsked), "{foreign}: {error}");
    }
    assert_eq!(test.keychain.stored(Service::Withings), None);
    test.app().finish(&attempt, &real, test.now).await.unwrap();
    // Brought again, the code is used up.
    let error = test.app().finish(&attempt, &real, test.now).await.unwrap_err();
    assert!(matches!(error, SignInError::Withings(withings::Error::CodeRefused)), "{error}");
    assert!(test.keychain.stored(Service::Withings).is_some());
}

#[tokio::test]
async fn a_code_older_than_half_a_minute_and_a_sign_in_older_than_ten_are_refused() {
    let mut test = TestApp::new().await;
    let attempt = test.begin_withings().await;
    let address = agree(&attempt.authorize_url).await;
    test.advance(TimeDelta::seconds(31));
    let error = test.app().finish(&attempt, &address, test.now).await.unwrap_err();
    assert!(error.to_string().contains("30 seconds"), "{error}");
    test.advance(TimeDelta::minutes(10));
    let address = agree(&attempt.authorize_url).await;
    let error = test.app().finish(&attempt, &address, test.now).await.unwrap_err();
    assert!(matches!(error, SignInError::TooLate));
}

#[tokio::test]
async fn a_user_who_declines_is_told_so_by_both() {
    let test = TestApp::new().await;
    let attempt = test.begin_withings().await;
    let address = decide(&attempt.authorize_url, &[("decision", "decline")]).await;
    let error = test.app().finish(&attempt, &address, test.now).await.unwrap_err();
    assert!(error.to_string().starts_with("Withings did not grant access"), "{error}");
    let attempt = test
        .app()
        .begin_beeminder(sandbox::beeminder::CLIENT_ID, CallbackWay::Scheme, test.now)
        .await
        .unwrap();
    let address = decide(&attempt.authorize_url, &[("decision", "decline")]).await;
    let error = test.app().finish(&attempt, &address, test.now).await.unwrap_err();
    assert!(error.to_string().contains("The user denied you access"), "{error}");
}

#[tokio::test]
async fn another_person_is_refused_and_the_first_stays_connected() {
    let test = TestApp::connected().await;
    let before = test.keychain.stored(Service::Withings);
    let attempt = test.begin_withings().await;
    let sam = decide(&attempt.authorize_url, &[("decision", "agree"), ("person", "10000002")]).await;
    let error = test.app().finish(&attempt, &sam, test.now).await.unwrap_err();
    assert!(matches!(&error, SignInError::AnotherPerson { found, .. } if found == "10000002"), "{error}");
    assert_eq!(test.keychain.stored(Service::Withings), before);
    // Also after a disconnect: the measurements here are still the first person's.
    test.app().disconnect(Service::Withings, test.now).await.unwrap();
    let attempt = test.begin_withings().await;
    let sam = decide(&attempt.authorize_url, &[("decision", "agree"), ("person", "10000002")]).await;
    assert!(test.app().finish(&attempt, &sam, test.now).await.is_err());
    assert_eq!(test.keychain.stored(Service::Withings), None);

    test.world().beeminder.username = "bob".into();
    test.world().beeminder.user_id = "5f5d577d55c13309060000bb".into();
    let error = test.connect_beeminder().await.unwrap_err();
    assert!(matches!(error, SignInError::AnotherPerson { service: Service::Beeminder, .. }), "{error}");
}

#[tokio::test]
async fn without_the_scope_for_measurements_the_sign_in_is_refused_in_words() {
    let test = TestApp::new().await;
    test.world().withings.scope = Some("user.activity".into());
    let error = test.connect_withings().await.unwrap_err();
    assert!(error.to_string().contains("leave the box for measurements ticked"), "{error}");
    assert_eq!(test.keychain.stored(Service::Withings), None);
}

#[tokio::test]
async fn a_personal_token_connects_beeminder_and_a_wrong_one_does_not() {
    let test = TestApp::new().await;
    let error = test.app().connect_beeminder_token("typo".into(), test.now).await.unwrap_err();
    assert!(matches!(error, SignInError::Beeminder(beeminder::Error::SignInAgain)), "{error}");
    assert!(error.to_string().contains("auth_token.json"));
    let token = sandbox::beeminder::PERSONAL_TOKEN.into();
    assert_eq!(test.app().connect_beeminder_token(token, test.now).await.unwrap().user, "alice");
    assert_eq!(test.app().goals().await.unwrap().1.len(), 15);
}

#[tokio::test]
async fn a_sign_in_that_fails_half_way_leaves_the_old_one_in_place() {
    let test = TestApp::connected().await;
    let before = test.keychain.stored(Service::Beeminder);
    test.world().faults.next(Service::Beeminder, "me.json", Fault::http(503, "<html>"));
    assert!(test.connect_beeminder().await.is_err());
    assert_eq!(test.keychain.stored(Service::Beeminder), before);
    for trouble in [Trouble::Save(KeychainError::Failed("full".into())), Trouble::ForgetsSaves] {
        test.keychain.make(trouble);
        assert!(matches!(test.connect_withings().await, Err(SignInError::Keychain(_))));
    }
}

#[tokio::test]
async fn disconnecting_keeps_links_and_measurements_and_reconnecting_goes_on() {
    let test = TestApp::weighing().await;
    test.weigh_in(82.4);
    test.app().disconnect(Service::Beeminder, test.now).await.unwrap();
    let report = test.sync().await;
    assert_eq!((report.pending, codes(&report)), (1, vec![ProblemCode::ConnectBeeminder]));
    test.connect_beeminder().await.unwrap();
    assert_eq!(test.sync().await.delivered, 1);
}
