//! The token law: nobody is signed out who need not be, whatever crashes, races or breaks.

use beeminder_withings_sync::accounts::keychain::KeychainError;
use beeminder_withings_sync::domain::problem_code::ProblemCode;
use beeminder_withings_sync::domain::service::Service;
use beeminder_withings_sync::sandbox::faults::Fault;
use beeminder_withings_sync::sync::Trigger;
use chrono::TimeDelta;
use tokio_util::sync::CancellationToken;

use super::support::TestApp;
use super::support::codes;
use super::support::memory_keychain::Trouble;

fn renewals(test: &TestApp) -> usize {
    test.world().requests.iter().filter(|request| request.ends_with("/v2/oauth2")).count() - 1
}

#[tokio::test]
async fn tokens_are_renewed_before_they_run_out_and_the_new_pair_outlives_a_restart() {
    let mut test = TestApp::weighing().await;
    for round in 1..=3 {
        test.advance(TimeDelta::hours(3));
        test.weigh_in(82.0);
        assert_eq!(test.sync().await.delivered, 1);
        assert_eq!(renewals(&test), round);
        test.restart();
    }
}

#[tokio::test]
async fn an_access_token_refused_in_the_middle_of_paging_is_renewed_once_and_the_page_read_again() {
    let test = TestApp::weighing().await;
    test.world().withings.page_size = 1;
    test.weigh_in(82.0);
    let refusal =
        Fault::withings(401, "XRequestID: Not provided invalid_token: The access token provided is invalid");
    // The first page goes well, the second is refused.
    test.world().faults.after(1, Service::Withings, "measure", refusal.clone());
    let report = test.sync().await;
    assert_eq!((report.fetched, report.delivered), (3, 1));
    assert_eq!(report.requests.withings, 5, "three pages, one of them twice, and a renewal");
    assert_eq!(renewals(&test), 1);
    // A token that ran out, though this computer thinks otherwise, is renewed all the same.
    test.world().withings.expire_access_tokens();
    assert_eq!(codes(&test.sync().await), []);
    assert_eq!(renewals(&test), 2);
    // Refused even so, it is the grant that is gone.
    test.expect_warning("did not accept the access token");
    test.world().faults.every(Service::Withings, "measure", refusal);
    assert_eq!(codes(&test.sync().await), [ProblemCode::SignInWithings]);
    assert_eq!(renewals(&test), 3);
}

#[tokio::test]
async fn two_programs_that_need_a_new_token_at_once_make_one_renewal() {
    let mut test = TestApp::weighing().await;
    test.advance(TimeDelta::hours(3));
    let other = test.another().unwrap();
    let stop = CancellationToken::new();
    let (one, two) = tokio::join!(
        test.app().sync(Trigger::Hand, test.now, &stop),
        other.sync(Trigger::Hand, test.now, &stop)
    );
    assert_eq!((codes(&one.unwrap()), codes(&two.unwrap())), (vec![], vec![]));
    assert_eq!(renewals(&test), 1);
}

#[tokio::test]
async fn a_dead_grant_asks_for_a_sign_in_once_and_nothing_is_lost() {
    let mut test = TestApp::weighing().await;
    test.advance(TimeDelta::hours(3));
    test.world().withings.revoke();
    test.weigh_in(82.4);
    test.expect_warning("Withings no longer accepts the sign-in");
    let report = test.sync().await;
    assert_eq!((report.delivered, codes(&report)), (0, vec![ProblemCode::SignInWithings]));
    assert!(test.keychain.stored(Service::Withings).is_some(), "tokens are never thrown away");
    test.connect_withings().await.unwrap();
    let report = test.sync().await;
    assert_eq!((report.delivered, codes(&report)), (1, vec![]));
}

#[tokio::test]
async fn trouble_at_the_token_endpoint_is_not_a_dead_grant() {
    let mut test = TestApp::weighing().await;
    test.advance(TimeDelta::hours(3));
    test.weigh_in(82.4);
    for (fault, code, words) in [
        (Fault::withings(601, ""), ProblemCode::RateLimited, "too many requests"),
        (Fault::withings(522, ""), ProblemCode::Unavailable, "has a problem"),
        (Fault::withings(2556, ""), ProblemCode::Unavailable, "has a problem"),
        (Fault::http(502, "<html>"), ProblemCode::Unavailable, "has a problem"),
        (Fault::http(200, "<html>"), ProblemCode::Unreadable, "cannot be read"),
        (Fault::http(200, r#"{"status":0,"body":{}}"#), ProblemCode::Unreadable, "no tokens"),
        (Fault::Drop, ProblemCode::Offline, "cannot be reached"),
        (Fault::LoseAnswer, ProblemCode::Offline, "cannot be reached"),
        (
            Fault::withings(503, "Invalid Params: invalid client_secret"),
            ProblemCode::CheckApplication,
            "does not know this client id",
        ),
    ] {
        let before = test.keychain.stored(Service::Withings);
        test.expect_warning(words);
        test.advance(TimeDelta::minutes(2));
        let report = test.sync_with(Service::Withings, "oauth2", fault.clone()).await;
        assert_eq!(codes(&report), [code], "{fault:?}");
        assert_eq!(test.keychain.stored(Service::Withings), before, "{fault:?}");
    }
    // A lost answer meant a renewal we never heard of; the old refresh token still works.
    test.advance(TimeDelta::minutes(2));
    assert_eq!(test.sync().await.delivered, 1);
}

#[tokio::test]
async fn early_renewals_that_fail_do_not_stop_a_pass() {
    let mut test = TestApp::weighing().await;
    test.advance(TimeDelta::minutes(175));
    test.weigh_in(82.4);
    let report = test.sync_with(Service::Withings, "oauth2", Fault::http(502, "<html>")).await;
    assert_eq!((report.delivered, codes(&report)), (1, vec![]));
}

#[tokio::test]
async fn when_the_new_pair_cannot_be_saved_it_is_not_used_and_the_old_one_survives() {
    let mut test = TestApp::weighing().await;
    test.advance(TimeDelta::hours(3));
    test.weigh_in(82.4);
    let before = test.keychain.stored(Service::Withings);
    for (trouble, code, words) in [
        (Trouble::Save(KeychainError::Failed("no space".into())), ProblemCode::KeychainFailed, "no space"),
        (Trouble::Save(KeychainError::Locked), ProblemCode::KeychainLocked, "locked"),
        (Trouble::ForgetsSaves, ProblemCode::KeychainFailed, "did not keep"),
    ] {
        test.keychain.make(trouble);
        test.expect_warning(words);
        let asked = test.world().requests.iter().filter(|request| request.ends_with("/measure")).count();
        assert_eq!(codes(&test.sync().await), [code]);
        assert_eq!(test.keychain.stored(Service::Withings), before);
        let after = test.world().requests.iter().filter(|request| request.ends_with("/measure")).count();
        assert_eq!(after, asked, "the unsaved access token would have ended the old refresh token");
    }
    test.keychain.unlock();
    assert_eq!(test.sync().await.delivered, 1);
}

#[tokio::test]
async fn a_locked_or_missing_keychain_is_no_sign_out_and_passes_by_itself() {
    let mut test = TestApp::weighing().await;
    test.weigh_in(82.4);
    for (error, code) in [
        (KeychainError::Locked, ProblemCode::KeychainLocked),
        (KeychainError::Absent, ProblemCode::KeychainAbsent),
        (KeychainError::Failed("broken".into()), ProblemCode::KeychainFailed),
    ] {
        test.restart();
        test.expect_warning("eychain");
        test.keychain.make(Trouble::All(error));
        let report = test.sync().await;
        assert!(codes(&report).contains(&code), "{:?}", codes(&report));
        assert!(!codes(&report).contains(&ProblemCode::SignInWithings));
    }
    test.keychain.unlock();
    let report = test.sync().await;
    assert_eq!((report.delivered, codes(&report)), (1, vec![]));
}

#[tokio::test]
async fn a_restored_backup_with_an_old_refresh_token_asks_for_a_sign_in() {
    let mut test = TestApp::weighing().await;
    let backup = test.keychain.stored(Service::Withings).unwrap();
    test.advance(TimeDelta::hours(3));
    test.sync().await;
    test.keychain.put_back(Service::Withings, backup);
    test.restart();
    test.expect_warning("Withings no longer accepts the sign-in");
    assert_eq!(codes(&test.sync().await), [ProblemCode::SignInWithings]);
}

#[tokio::test]
async fn something_else_in_the_keychain_is_said_and_not_printed() {
    let mut test = TestApp::weighing().await;
    test.keychain.put_back(Service::Withings, r#"{"secret":"hunter2"}"#.into());
    test.restart();
    test.expect_warning("did not write");
    let report = test.sync().await;
    assert_eq!(codes(&report), [ProblemCode::KeychainFailed]);
    assert!(!report.attention[0].message.contains("hunter2"));
}
