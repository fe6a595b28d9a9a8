//! The way from a public address to this program: tried before Withings is asked, and said exactly where it fails.

use std::net::TcpListener;
use std::sync::Arc;

use beeminder_withings_sync::app::NewWay;
use beeminder_withings_sync::domain::public_address::{PublicAddress, Reach};
use beeminder_withings_sync::platform::environment::Endpoints;
use beeminder_withings_sync::sandbox::tunnel::Mode;
use beeminder_withings_sync::subscriptions::problem;
use beeminder_withings_sync::subscriptions::receiver::Receiver;
use beeminder_withings_sync::text::Language;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::support::TestApp;
use super::support::reached::{Reached, asked, free_port, here, numbers, shown};

/// Good for nothing but to be refused.
const KEY: &[u8] = b"-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgRjiE+tjAzGA2vEnr
0qmdj9Xq6zW1b/mh3Ps0iY6R1qShRANCAATHo8ZJYYTKMuutIjBhEJvsPIpJF3dO
UvsaBQS8OkTTLGes1jPEoPeCPpPaAcwD5MhcC7ezYvPHMjgtmaglEi5V
-----END PRIVATE KEY-----";
const CERTIFICATE: &[u8] = b"-----BEGIN CERTIFICATE-----
MIIBiTCCATCgAwIBAgIUFHRi/FLmyJ/iy8r88Yo9enlQZW8wCgYIKoZIzj0EAwIw
ETEPMA0GA1UEAwwGcG9ydGFsMCAXDTI2MTEyNTE1MjY0NloYDzIxMjYxMTAxMTUy
NjQ2WjARMQ8wDQYDVQQDDAZwb3J0YWwwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
AATHo8ZJYYTKMuutIjBhEJvsPIpJF3dOUvsaBQS8OkTTLGes1jPEoPeCPpPaAcwD
5MhcC7ezYvPHMjgtmaglEi5Vo2QwYjAdBgNVHQ4EFgQU9mnEjom1Myoa65/DvUw1
smS0+YYwHwYDVR0jBBgwFoAU9mnEjom1Myoa65/DvUw1smS0+YYwDwYDVR0TAQH/
BAUwAwEB/zAPBgNVHREECDAGhwR/AAABMAoGCCqGSM49BAMCA0cAMEQCIH5HqEOa
9m/oiQcY1xmEb7wRkWoCX0/MEC0nxuFJSIhjAiBybUXxnU2SiGpEBIz2exJ9fTro
GihHbghdlu6xplx6xQ==
-----END CERTIFICATE-----";

/// A server with a certificate of its own making, for one connection.
fn self_signed() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let certificate = CertificateDer::from_pem_slice(CERTIFICATE).unwrap();
    let key = PrivateKeyDer::from_pem_slice(KEY).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.unwrap().with_no_client_auth().with_single_cert(vec![certificate], key).unwrap();
    std::thread::spawn(move || {
        let mut stream = listener.accept().unwrap().0;
        let mut server = rustls::ServerConnection::new(Arc::new(config)).unwrap();
        while server.is_handshaking() && server.complete_io(&mut stream).is_ok() {}
    });
    port
}

/// What calling an address comes to, in both languages.
async fn called(test: &TestApp, reached: &Reached, address: &str, reach: Reach) -> [String; 2] {
    let address = PublicAddress::parse(address, reach).unwrap();
    let upkeep = test.app().upkeep();
    let error = upkeep.round(&reached.chosen.key, &[address], test.now).await.unwrap_err();
    [Language::English, Language::German].map(|language| problem::sentence(&error).by(language))
}

#[tokio::test]
async fn the_challenge_fails_in_each_way_with_a_sentence_and_withings_is_not_asked() {
    let test = TestApp::weighing().await;
    let reached = Reached::on(&test).await;
    let proxied = reached.proxy.address();
    let nobody = format!("http://127.0.0.1:{}", free_port());
    let self_signed = format!("https://127.0.0.1:{}", self_signed());
    for (mode, address, english, german) in [
        (
            Mode::Broken,
            proxied.as_str(),
            "not this program (status 502)",
            "nicht dieses Programm (Status 502)",
        ),
        (Mode::Greeting, &proxied, "not this program (status 200)", "nicht dieses Programm (Status 200)"),
        (Mode::WithoutHead, &proxied, "HEAD requests do not get through (status 405)", "HEAD-Anfragen"),
        (Mode::Passing, &nobody, "Nobody answers at 127.0.0.1", "antwortet niemand"),
        (Mode::Passing, &self_signed, "certificate that others trust", "Zertifikat, dem andere vertrauen"),
    ] {
        reached.proxy.set(mode);
        let [said, gesagt] = called(&test, &reached, address, Reach::Loopback).await;
        assert!(said.contains(english), "{said}");
        assert!(gesagt.contains(german), "{gesagt}");
    }
    let [said, _] = called(&test, &reached, "https://no-such-host.invalid/", Reach::Public).await;
    let is_named = said.contains("The name no-such-host.invalid is not known");
    // A computer that is online through a proxy alone looks no names up.
    assert!(is_named || said.contains("Nobody answers at no-such-host.invalid"), "{said}");
    assert_eq!(asked(&test), 0);
    reached.proxy.set(Mode::Passing);
    reached.look(&test).await.unwrap();
    assert_eq!(numbers(&test), [1, 46]);
}

#[tokio::test]
async fn an_address_that_withings_would_not_take_is_refused_before_anything_is_stored() {
    let test = TestApp::connected().await;
    let real = beeminder_withings_sync::app::App::with_keychain(
        Endpoints { withings_api: "https://wbsapi.withings.net/".parse().unwrap(), ..test.endpoints() },
        test.app().data_dir.clone(),
        test.keychain.clone(),
        test.now,
    )
    .unwrap();
    let long = format!("https://host.example/{}", "x".repeat(210));
    for (address, words) in [
        ("http://host.example/", "begin with https://"),
        ("https://192.0.2.1/", "neither by an IP address"),
        ("https://localhost/", "nor as localhost"),
        ("http://127.0.0.1:9/", "begin with https://"),
        ("https://host.example:8443/", "only calls port 443"),
        (&long, "It may have 222 characters"),
        ("nonsense", "no address that others can call"),
    ] {
        let way = NewWay::Address(address.into());
        let error = real.notifications_on(way, here(free_port())).await.unwrap_err();
        assert!(error.to_string().contains(words), "{address}: {error}");
        assert!(!shown(&test).on);
    }
    assert_eq!(asked(&test), 0);
}

#[tokio::test]
async fn of_what_a_tunnel_printed_the_address_that_leads_here_is_taken() {
    let test = TestApp::weighing().await;
    test.expect_warning("The sandbox does not know GET");
    let reached = Reached::on(&test).await;
    let elsewhere = PublicAddress::parse(test.sandbox.url().as_str(), Reach::Loopback).unwrap();
    let upkeep = test.app().upkeep();
    let printed = [elsewhere.clone(), reached.address.clone()];
    upkeep.round(&reached.chosen.key, &printed, test.now).await.unwrap();
    assert_eq!(shown(&test).public_address, Some(reached.address.to_string()));
    let error = upkeep.round(&reached.chosen.key, &[elsewhere], test.now).await.unwrap_err();
    assert!(error.to_string().contains("not this program (status 500)"), "{error}");
}

#[tokio::test]
async fn a_port_that_is_taken_is_said_and_one_that_was_listened_on_is_free_again() {
    let test = TestApp::connected().await;
    let Reached { receiver, chosen, inbox, .. } = Reached::on(&test).await;
    let address = receiver.address();
    let again = || Receiver::start(address, chosen.key.clone(), chosen.user.clone(), Arc::clone(&inbox));
    let error = again().unwrap_err();
    let said = problem::sentence(&error).to_string();
    assert!(said.contains(&format!("cannot listen on {address}")), "{said}");
    receiver.finish().await;
    again().unwrap().finish().await;
}

#[tokio::test]
async fn without_anybody_who_polls_the_way_is_tried_all_the_same() {
    use beeminder_withings_sync::app::Tried;
    let test = TestApp::weighing().await;
    let Reached { proxy, receiver, .. } = Reached::on(&test).await;
    receiver.finish().await;
    assert_eq!(test.app().try_notifications().await.unwrap(), Tried::WouldCome);
    proxy.set(Mode::Greeting);
    let Tried::WouldNotCome(why) = test.app().try_notifications().await.unwrap() else {
        panic!("somebody else answers");
    };
    assert_eq!(why.key, "error.own_another_answer");
    test.app().notifications_off(test.now).await.unwrap();
    assert!(matches!(test.app().try_notifications().await.unwrap(), Tried::Kept(_)));
    assert_eq!(asked(&test), 1, "the list, when it was switched off");
}

#[tokio::test]
async fn a_self_test_calls_the_address_once_it_was_proven() {
    let test = TestApp::weighing().await;
    let reached = Reached::on(&test).await;
    let found = async |test: &TestApp| {
        let checks = test.app().self_test(test.now).await.unwrap();
        let check = checks.into_iter().find(|check| check.name == "notifications");
        check.map(|check| format!("{}: {:?}", check.label(), check.finding))
    };
    assert_eq!(found(&test).await, None);
    reached.look(&test).await.unwrap();
    assert_eq!(found(&test).await.unwrap(), "Withings’ notifications: Fine");
    reached.proxy.set(Mode::Broken);
    assert!(found(&test).await.unwrap().contains("Warning"), "polling goes on");
}
