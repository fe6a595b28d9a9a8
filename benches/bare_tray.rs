//! A Tauri program with a tray icon and nothing else: what the idle tray program is measured against.

fn main() {
    #[cfg(target_os = "linux")]
    linux::main();
}

#[cfg(target_os = "linux")]
mod linux {
    use ksni::blocking::TrayMethods;
    use ksni::menu::{MenuItem, StandardItem};

    struct Bare;

    impl ksni::Tray for Bare {
        fn id(&self) -> String {
            "bare".into()
        }

        fn menu(&self) -> Vec<MenuItem<Bare>> {
            vec![StandardItem { label: "Quit".into(), ..StandardItem::default() }.into()]
        }
    }

    pub(super) fn main() {
        let app = tauri::Builder::default()
            .plugin(tauri_plugin_single_instance::init(|_, _, _| {}))
            .plugin(tauri_plugin_deep_link::init())
            .build(tauri::generate_context!())
            .expect("it has nothing that could fail");
        let tray = Bare.assume_sni_available(true).spawn().expect("there is a bus");
        app.run(|_, event| {
            if let tauri::RunEvent::ExitRequested { code: None, api, .. } = event {
                api.prevent_exit();
            }
        });
        drop(tray);
    }
}
