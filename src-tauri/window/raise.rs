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
    use gtk::glib::ControlFlow;
    use gtk::glib::object::ObjectExt;
    use gtk::prelude::{DisplayExtManual, GtkWindowExt, WidgetExt};

    use super::{Runtime, WebviewWindow};

    /// How often is looked whether the desktop has let the window to the front.
    const RAISE_STEP: Duration = Duration::from_millis(20);

    /// How many times: one that does has done so within 300 ms.
    const RAISE_STEPS: u32 = 15;

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
        show_anew_if_behind(&frame);
        Ok(())
    }

    /// Shows a window anew that does not come to the front. One that does may be left at once for another, and
    /// stays behind then.
    fn show_anew_if_behind(frame: &gtk::ApplicationWindow) {
        // Weak: it may be closed by then.
        let (frame, mut looks) = (frame.downgrade(), 0);
        glib::timeout_add_local(RAISE_STEP, move || {
            looks += 1;
            match frame.upgrade() {
                Some(frame) if !is_in_front(&frame) && looks < RAISE_STEPS => return ControlFlow::Continue,
                Some(frame) => show_anew(&frame),
                None => {}
            }
            ControlFlow::Break
        });
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
