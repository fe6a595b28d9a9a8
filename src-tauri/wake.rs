//! Hears when what a pass waits for is there again, so that a pass is made at once.
//!
//! That is when the computer woke up, the network is back, or the keychain was unlocked. Where nobody says
//! so, the poller notices by its clock.
//!
//! On Linux systemd's logind and `NetworkManager` say so on the system bus, and the keychain on the
//! session's.
//!
//! <https://www.freedesktop.org/software/systemd/man/latest/org.freedesktop.login1.html>
//! <https://networkmanager.dev/docs/api/latest/gdbus-org.freedesktop.NetworkManager.html>
//! <https://specifications.freedesktop.org/secret-service-spec/latest/>

/// Calls `woken` whenever a pass may succeed that failed before. Never ends.
#[cfg(target_os = "linux")]
pub async fn listen(woken: impl Fn()) {
    let woken = || {
        tracing::info!("The computer woke up, is connected again, or unlocked its keychain");
        woken();
    };
    let system = async {
        if let Err(error) = linux::listen_to_system(&woken).await {
            tracing::info!("Wake-ups are noticed by the clock alone: {error}");
        }
    };
    let session = async {
        if let Err(error) = linux::listen_to_keychain(&woken).await {
            tracing::info!("An unlocked keychain is noticed by the clock alone: {error}");
        }
    };
    tokio::join!(system, session);
    std::future::pending::<()>().await;
}

/// Calls `woken` whenever a pass may succeed that failed before. Never ends.
#[cfg(not(target_os = "linux"))]
pub async fn listen(_woken: impl Fn()) {
    std::future::pending::<()>().await;
}

#[cfg(target_os = "linux")]
mod linux {
    use futures_util::StreamExt;
    use zbus::{Connection, proxy};

    #[proxy(
        interface = "org.freedesktop.login1.Manager",
        default_service = "org.freedesktop.login1",
        default_path = "/org/freedesktop/login1",
        gen_blocking = false
    )]
    trait Login {
        /// Before and after a suspend.
        #[zbus(signal)]
        fn prepare_for_sleep(&self, start: bool) -> zbus::Result<()>;
    }

    #[proxy(
        interface = "org.freedesktop.NetworkManager",
        default_service = "org.freedesktop.NetworkManager",
        default_path = "/org/freedesktop/NetworkManager",
        gen_blocking = false
    )]
    trait Network {
        /// The connection as a whole came or went.
        #[zbus(signal)]
        fn state_changed(&self, state: u32) -> zbus::Result<()>;
    }

    #[proxy(
        interface = "org.freedesktop.Secret.Service",
        default_service = "org.freedesktop.secrets",
        default_path = "/org/freedesktop/secrets",
        gen_blocking = false
    )]
    trait Secrets {
        /// A collection was locked or unlocked.
        #[zbus(signal)]
        fn collection_changed(&self, collection: zbus::zvariant::ObjectPath<'_>) -> zbus::Result<()>;
    }

    /// `NM_STATE_CONNECTED_SITE`; the next one up is `NM_STATE_CONNECTED_GLOBAL`.
    const CONNECTED: u32 = 60;

    pub(super) async fn listen_to_system(woken: &impl Fn()) -> zbus::Result<()> {
        let bus = Connection::system().await?;
        // A service that is not there sends nothing, and is heard when it comes.
        let mut sleeps = LoginProxy::new(&bus).await?.receive_prepare_for_sleep().await?;
        let mut networks = NetworkProxy::new(&bus).await?.receive_state_changed().await?;
        loop {
            let is_news = tokio::select! {
                Some(sleep) = sleeps.next() => !sleep.args()?.start,
                Some(network) = networks.next() => network.args()?.state >= CONNECTED,
                else => return Ok(()),
            };
            if is_news {
                woken();
            }
        }
    }

    /// Hears when a keychain starts, or one of its collections is locked or unlocked.
    pub(super) async fn listen_to_keychain(woken: &impl Fn()) -> zbus::Result<()> {
        let bus = Connection::session().await?;
        let secrets = SecretsProxy::new(&bus).await?;
        let mut collections = secrets.receive_collection_changed().await?;
        let mut owners = secrets.inner().receive_owner_changed().await?;
        loop {
            let is_news = tokio::select! {
                Some(_) = collections.next() => true,
                Some(owner) = owners.next() => owner.is_some(),
                else => return Ok(()),
            };
            if is_news {
                woken();
            }
        }
    }
}
