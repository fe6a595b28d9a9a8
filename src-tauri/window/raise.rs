//! Bringing the window to the front from behind others, from another workspace, or from the task bar.

use tauri::{Runtime, WebviewWindow};

/// Brings `window` to the front, by the desktop's permission if there is one.
///
/// # Errors
/// When the window cannot be asked.
#[cfg(not(target_os = "linux"))]
pub(crate) fn to_front<R: Runtime>(window: &WebviewWindow<R>, _token: Option<&str>) -> tauri::Result<()> {
    window.unminimize()?;
    window.show()?;
    window.set_focus()
}

#[cfg(target_os = "linux")]
pub(crate) use linux::to_front;

#[cfg(target_os = "linux")]
mod linux {
    use std::time::Duration;

    use gtk::glib;
    use gtk::glib::object::ObjectExt;
    use gtk::prelude::{DisplayExtManual, GtkWindowExt, WidgetExt};

    use super::{Runtime, WebviewWindow};

    /// A desktop that lets the window to the front has done so within this.
    const RAISE_TIMEOUT: Duration = Duration::from_millis(300);

    /// Brings `window` to the front, by the desktop's permission if there is one.
    ///
    /// # Errors
    /// When the window cannot be asked.
    pub(crate) fn to_front<R: Runtime>(window: &WebviewWindow<R>, token: Option<&str>) -> tauri::Result<()> {
        let frame = window.gtk_window()?;
        frame.deiconify();
        frame.show();
        if let Some(token) = token {
            frame.set_startup_id(token);
        }
        if !frame.display().backend().is_wayland() {
            frame.present();
        } else if token.is_none() {
            show_anew(&frame);
            return Ok(());
        }
        // Weak: it may be closed by then.
        let frame = frame.downgrade();
        glib::timeout_add_local_once(RAISE_TIMEOUT, move || {
            if let Some(frame) = frame.upgrade() {
                show_anew(&frame);
            }
        });
        Ok(())
    }

    /// Shows a window that stayed behind as if it were new: that is when desktops give the focus to those
    /// without a permission. Some do not know the permissions that they gave themselves.
    fn show_anew(frame: &gtk::ApplicationWindow) {
        if is_in_front(frame) {
            return;
        }
        tracing::info!("The window stayed behind and is shown anew");
        let (x, y) = frame.position();
        frame.hide();
        frame.show();
        frame.move_(x, y);
    }
    /// Whether the desktop says so; where there is no keyboard, none is given to any window.
    fn is_in_front(frame: &gtk::ApplicationWindow) -> bool {
        let has_focus = |window: gtk::gdk::Window| window.state().contains(gtk::gdk::WindowState::FOCUSED);
        frame.is_active() || frame.window().is_some_and(has_focus)
    }
}
