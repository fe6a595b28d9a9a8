//! Listens for resume, network-up and keychain-unlock, and triggers a pass.
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
    // One after the other: connections that are made at the same time leave a thread more behind, which
    // wakes up twice a second.
    let session = linux::Keychain::connect().await;
    let system = linux::System::connect().await;
    let session = async {
        if let Err(error) = async { session?.listen(&woken).await }.await {
            tracing::info!("An unlocked keychain is noticed by the clock alone: {error}");
        }
    };
    let system = async {
        if let Err(error) = async { system?.listen(&woken).await }.await {
            tracing::info!("Wake-ups are noticed by the clock alone: {error}");
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
    use zbus::proxy::OwnerChangedStream;
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

    /// What the computer says.
    pub(super) struct System {
        sleeps: PrepareForSleepStream,
        networks: StateChangedStream,
    }

    impl System {
        pub(super) async fn connect() -> zbus::Result<System> {
            let bus = Connection::system().await?;
            // A service that is not there sends nothing, and is heard when it comes.
            Ok(System {
                sleeps: LoginProxy::new(&bus).await?.receive_prepare_for_sleep().await?,
                networks: NetworkProxy::new(&bus).await?.receive_state_changed().await?,
            })
        }

        pub(super) async fn listen(mut self, woken: &impl Fn()) -> zbus::Result<()> {
            loop {
                let is_news = tokio::select! {
                    Some(sleep) = self.sleeps.next() => !sleep.args()?.start,
                    Some(network) = self.networks.next() => network.args()?.state >= CONNECTED,
                    else => return Ok(()),
                };
                if is_news {
                    woken();
                }
            }
        }
    }

    /// What the keychain says: it has started, or one of its collections was locked or unlocked.
    pub(super) struct Keychain {
        collections: CollectionChangedStream,
        owners: OwnerChangedStream<'static>,
    }

    impl Keychain {
        pub(super) async fn connect() -> zbus::Result<Keychain> {
            let bus = Connection::session().await?;
            let secrets = SecretsProxy::new(&bus).await?;
            Ok(Keychain {
                collections: secrets.receive_collection_changed().await?,
                owners: secrets.inner().receive_owner_changed().await?,
            })
        }

        pub(super) async fn listen(mut self, woken: &impl Fn()) -> zbus::Result<()> {
            loop {
                let is_news = tokio::select! {
                    Some(_) = self.collections.next() => true,
                    Some(owner) = self.owners.next() => owner.is_some(),
                    else => return Ok(()),
                };
                if is_news {
                    woken();
                }
            }
        }
    }
}
