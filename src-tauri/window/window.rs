//! The window: made when it is wanted and destroyed when it is closed, so that no web page is kept in
//! memory while nobody looks.

use tauri::{
    AppHandle, Emitter, Manager, Runtime, WebviewUrl, WebviewWindow, WebviewWindowBuilder, WindowEvent,
};

use std::sync::Arc;

use beeminder_withings_sync::platform::data_dir::DataDir;
use beeminder_withings_sync::view::tray::NAME;

use super::shell::Shell;

const LABEL: &str = "main";

/// Shows the window in front, making it if need be.
pub(crate) fn open(app: &AppHandle) {
    let for_main_thread = app.clone();
    let asked = app.run_on_main_thread(move || {
        if let Err(error) = open_here(&for_main_thread) {
            tracing::error!("The window could not be opened: {error}");
        }
    });
    if let Err(error) = asked {
        tracing::error!("The window could not be opened: {error}");
    }
}

fn open_here(app: &AppHandle) -> tauri::Result<()> {
    if let Some(window) = app.get_webview_window(LABEL) {
        return to_front(&window);
    }
    let window = WebviewWindowBuilder::new(app, LABEL, WebviewUrl::App("index.html".into()))
        .title(NAME)
        .inner_size(900.0, 760.0)
        .min_inner_size(320.0, 360.0)
        // Ctrl and + or -, as in a browser.
        .zoom_hotkeys_enabled(true)
        .data_directory(app.state::<DataDir>().web_folder())
        .build()?;
    let app = app.clone();
    window.on_window_event(move |event| {
        if let WindowEvent::CloseRequested { api, .. } = event
            && !app.state::<Arc<Shell>>().tray_is_visible()
        {
            // Without a tray nothing would show that the program goes on.
            api.prevent_close();
            let _ = app.emit_to(LABEL, "closing", ());
        }
    });
    Ok(())
}

fn to_front<R: Runtime>(window: &WebviewWindow<R>) -> tauri::Result<()> {
    window.unminimize()?;
    window.show()?;
    window.set_focus()
}

/// Closes the window; the program goes on.
pub(crate) fn close(app: &AppHandle) -> tauri::Result<()> {
    app.get_webview_window(LABEL).map_or(Ok(()), |window| window.destroy())
}

/// Whether the user works with it.
pub(crate) fn has_focus(app: &AppHandle) -> bool {
    app.get_webview_window(LABEL).is_some_and(|window| window.is_focused().unwrap_or(false))
}

/// Whether it is there and not minimized.
pub(crate) fn is_open(app: &AppHandle) -> bool {
    app.get_webview_window(LABEL).is_some_and(|window| !window.is_minimized().unwrap_or(false))
}

/// Says that what it shows may have changed.
pub(crate) fn refresh(app: &AppHandle) {
    if app.get_webview_window(LABEL).is_some() {
        let _ = app.emit_to(LABEL, "changed", ());
    }
}
