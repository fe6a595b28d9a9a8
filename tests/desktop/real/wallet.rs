//! `KWallet`, Plasma's keychain, and how a log-in opens it.

use std::process::Stdio;

use zbus::Proxy;

use super::super::session::Session;

/// What the wallet is opened with, and what its key is made with beside that.
const PASSWORD: &str = "a password";
const SALT: [u8; 56] = [7; 56];

/// Starts `KWallet`, and opens its wallet as the log-in does.
pub(super) async fn start(session: &mut Session, opens: bool) {
    let salt = session.home().join("share/kwalletd/kdewallet.salt");
    std::fs::create_dir_all(salt.parent().unwrap()).unwrap();
    std::fs::write(salt, SALT).unwrap();
    start_empty(session).await;
    if opens && !session.home().join("share/kwalletd/kdewallet.kwl").exists() {
        // One that is made while it runs is no collection before the next log-in.
        open(session).await;
        session.stop_keychain().await;
        start_empty(session).await;
    }
    if opens {
        open(session).await;
    }
}

/// The same for a user who has no wallet yet.
pub(super) async fn start_empty(session: &mut Session) {
    let mut wallet = session.command("kwalletd5");
    let log = std::fs::File::create(session.home().join("wallet.log")).unwrap();
    session.keyring = Some(wallet.stdout(Stdio::null()).stderr(log).spawn().unwrap());
    session.owned("org.kde.kwalletd5", true).await;
    session.owned("org.freedesktop.secrets", true).await;
}

async fn open(session: &Session) {
    wallet(session).await.call_method("pamOpen", &("kdewallet", key(), 0)).await.unwrap();
}

/// Closes the wallet; until then it is written seconds after a change.
pub(super) async fn close(session: &Session) {
    wallet(session).await.call_method("closeAllWallets", &()).await.unwrap();
}

async fn wallet(session: &Session) -> Proxy<'static> {
    let (bus, name) = (session.bus().await, "org.kde.kwalletd5");
    Proxy::new_owned(bus, name, "/modules/kwalletd5", "org.kde.KWallet").await.unwrap()
}

/// PBKDF2 with SHA-512, whose first block is long enough.
fn key() -> Vec<u8> {
    use hmac::{Hmac, KeyInit, Mac};
    let code = |text: &[u8]| {
        let mut code = Hmac::<sha2::Sha512>::new_from_slice(PASSWORD.as_bytes()).unwrap();
        code.update(text);
        code.finalize().into_bytes().to_vec()
    };
    let mut last = code(&[&SALT[..], &[0, 0, 0, 1]].concat());
    let mut all = last.clone();
    for _ in 1..50_000 {
        last = code(&last);
        all.iter_mut().zip(&last).for_each(|(sum, byte)| *sum ^= byte);
    }
    all.truncate(56);
    all
}
