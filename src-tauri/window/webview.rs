//! The window itself: made when it is wanted and destroyed when it is closed, so that no web page is kept in
//! memory while nobody looks.

use std::sync::atomic::{AtomicBool, Ordering};

use beeminder_withings_sync::agent::protocol::Opening;
use beeminder_withings_sync::platform::data_dir::DataDir;
use beeminder_withings_sync::view::tray::NAME;
use tauri::{
    AppHandle, Emitter, Manager, RunEvent, WebviewUrl, WebviewWindow, WebviewWindowBuilder, WindowEvent,
};

use crate::window::front::{agent, front};
use crate::window::{raise, size};

const LABEL: &str = "main";

/// Whether the page is there to ask before its window closes. It says so when it is loaded, and again each time
/// that it asks: one that hangs, or is not loaded yet, keeps no window open.
#[derive(Debug, Default)]
pub(crate) struct AsksBeforeClosing(AtomicBool);

impl AsksBeforeClosing {
    /// Notes that it is there.
    pub(crate) fn note(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether it can be had to ask.
    fn take(&self) -> bool {
        self.0.swap(false, Ordering::SeqCst)
    }
}

/// Shows the window in front, making it if need be.
pub(crate) fn open(app: &AppHandle, opening: Opening) {
    on_main_thread(app, move |app| open_here(app, &opening));
}

/// Brings the window to the front, and tells the agent so. One that was closed meanwhile is left to the agent.
pub(crate) fn show(app: &AppHandle, opening: Opening) {
    on_main_thread(app, move |app| {
        let Some(window) = app.get_webview_window(LABEL) else { return Ok(()) };
        to_front(&window, &opening)?;
        agent(app).say_shown();
        Ok(())
    });
}

/// Windows are made and moved on the main thread alone.
fn on_main_thread(app: &AppHandle, work: impl FnOnce(&AppHandle) -> tauri::Result<()> + Send + 'static) {
    let for_main_thread = app.clone();
    let asked = app.run_on_main_thread(move || {
        if let Err(error) = work(&for_main_thread) {
            tracing::error!("The window could not be shown: {error}");
        }
    });
    if let Err(error) = asked {
        tracing::error!("The window could not be shown: {error}");
    }
}

fn to_front(window: &WebviewWindow, opening: &Opening) -> tauri::Result<()> {
    if let Some(page) = opening.page {
        window.emit("go", page.name())?;
    }
    raise::to_front(window, opening.token.as_deref())
}

fn open_here(app: &AppHandle, opening: &Opening) -> tauri::Result<()> {
    if let Some(window) = app.get_webview_window(LABEL) {
        return to_front(&window, opening);
    }
    let page = opening.page.map_or_else(String::new, |page| format!("#{}", page.name()));
    let (width, height) = size::fitting(app);
    // Another page than that of an earlier window.
    app.state::<AsksBeforeClosing>().take();
    let window = WebviewWindowBuilder::new(app, LABEL, WebviewUrl::App(format!("index.html{page}").into()))
        .title(NAME)
        .on_document_title_changed(|window, title| {
            if let Err(error) = window.set_title(&title) {
                tracing::debug!("The window kept its title: {error}");
            }
        })
        .inner_size(width, height)
        .min_inner_size(size::SMALLEST.0, size::SMALLEST.1)
        // Ctrl and + or -, as in a browser.
        .zoom_hotkeys_enabled(true)
        .data_directory(app.state::<DataDir>().web_folder())
        .build()?;
    agent(app).watch(app);
    let app = app.clone();
    window.on_window_event(move |event| {
        if let WindowEvent::CloseRequested { api, .. } = event
            && is_only_sight_of_it(&app)
            && app.state::<AsksBeforeClosing>().take()
        {
            // Without a tray nothing would show that the program goes on.
            api.prevent_close();
            let _ = app.emit_to(LABEL, "closing", ());
        }
        if let WindowEvent::Focused(_) = event {
            say_focus(&app);
        }
    });
    Ok(())
}

/// Whether the user sees nothing of the program but this window.
fn is_only_sight_of_it(app: &AppHandle) -> bool {
    let view = front(app).and_then(|front| front.view());
    view.is_ok_and(|(view, _)| view.agent.is_some_and(|agent| !agent.has_tray))
}

/// Says whether the user works with the window: what they see is not said in a notification as well.
pub(crate) fn say_focus(app: &AppHandle) {
    let app = app.clone();
    tauri::async_runtime::spawn(async move { agent(&app).say_focus(&app).await });
}

/// Whether the user works with it.
pub(crate) fn has_focus(app: &AppHandle) -> bool {
    app.get_webview_window(LABEL).is_some_and(|window| window.is_focused().unwrap_or(false))
}

/// Closes the window; the agent goes on.
pub(crate) fn close(app: &AppHandle) -> tauri::Result<()> {
    app.get_webview_window(LABEL).map_or(Ok(()), |window| window.destroy())
}

/// Closes the window because the agent ends.
pub(crate) fn close_for_good(app: &AppHandle) {
    if let Err(error) = close(app) {
        tracing::warn!("The window could not be closed: {error}");
    }
}

/// Whether the window is gone with this event.
pub(crate) fn is_end(event: &RunEvent) -> bool {
    matches!(event, RunEvent::WindowEvent { label, event: WindowEvent::Destroyed, .. } if label == LABEL)
}

/// Whether there is one.
pub(crate) fn exists(app: &AppHandle) -> bool {
    app.get_webview_window(LABEL).is_some()
}

/// Says that what it shows may have changed.
pub(crate) fn refresh(app: &AppHandle) {
    if exists(app) {
        let _ = app.emit_to(LABEL, "changed", ());
    }
}
