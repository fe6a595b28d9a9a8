//! A Tauri program with a tray icon and nothing else: what the idle agent is measured against.

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
        let app = tauri::Builder::default()
            .build(tauri::generate_context!())
            .expect("it has nothing that could fail");
        let tray = tauri::async_runtime::block_on(Bare.assume_sni_available(true).spawn());
        app.run(|_, event| {
            if let tauri::RunEvent::ExitRequested { code: None, api, .. } = event {
                api.prevent_exit();
            }
        });
        drop(tray);
    }
}
