//! An agent of the same libraries that does nothing: a tray icon, an HTTP client, an open database. It is the
//! floor that the idle agent is measured against.

fn main() {
    #[cfg(target_os = "linux")]
    linux::main();
}

#[cfg(target_os = "linux")]
mod linux {
    use ksni::TrayMethods;

    struct Bare;

    impl ksni::Tray for Bare {
        fn id(&self) -> String {
            "bare".into()
        }
    }

    pub(super) fn main() {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("there are threads");
        runtime.block_on(async {
            let _ = rustls::crypto::ring::default_provider().install_default();
            let client = reqwest::Client::builder().build().expect("there are certificates");
            let database = rusqlite::Connection::open_in_memory().expect("there is memory");
            let tray = Bare.assume_sni_available(true).spawn().await;
            std::future::pending::<()>().await;
            drop((client, database, tray));
        });
    }
}
