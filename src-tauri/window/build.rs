//! Prepares the tray program's resources and permissions.

fn main() {
    #[cfg(feature = "desktop")]
    {
        // One hand-written list instead of two generated files a command.
        let manifest =
            tauri_build::AppManifest::new().permissions_path_pattern("src-tauri/window/permissions.toml");
        let attributes = tauri_build::Attributes::new().app_manifest(manifest);
        println!("cargo:rerun-if-changed=src-tauri/window/permissions.toml");
        if let Err(error) = tauri_build::try_build(attributes) {
            panic!("{error:#}");
        }
    }
}
