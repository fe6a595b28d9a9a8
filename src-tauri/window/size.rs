//! How large the window is at first: as it likes, and never larger than the screen has room for.

use tauri::{AppHandle, Monitor};

/// What the window needs at least, in its own pixels. A laptop's screen at scale 2 may have no more.
pub(crate) const SMALLEST: (f64, f64) = (320.0, 240.0);

/// What it likes to have.
const LIKED: (f64, f64) = (900.0, 760.0);

/// What a frame takes beside the window, at most.
const FRAME: (f64, f64) = (16.0, 48.0);

/// What panels take of a screen whose desktop does not say so, as under Wayland.
const PANELS: f64 = 48.0;

/// The first size of the window. Nobody knows on which screen it will be, so it fits each.
pub(crate) fn fitting(app: &AppHandle) -> (f64, f64) {
    let monitors = app.available_monitors().unwrap_or_else(|error| {
        tracing::warn!("The screens are not known: {error}");
        Vec::new()
    });
    let rooms = monitors.iter().map(room);
    rooms.fold(LIKED, |(width, height), room| (width.min(room.0), height.min(room.1)))
}

fn room(monitor: &Monitor) -> (f64, f64) {
    let screen = monitor.size().to_logical::<f64>(monitor.scale_factor());
    let free = monitor.work_area().size.to_logical::<f64>(monitor.scale_factor());
    beside_frame_and_panels((screen.width, screen.height), (free.width, free.height))
}

/// What a window may have of a screen of which the desktop says that so much is free.
fn beside_frame_and_panels(screen: (f64, f64), free: (f64, f64)) -> (f64, f64) {
    let panels = if free.1 < screen.1 { 0.0 } else { PANELS };
    let (width, height) = (free.0 - FRAME.0, free.1 - panels - FRAME.1);
    (width.max(SMALLEST.0), height.max(SMALLEST.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_room_for_frame_and_panels() {
        for (screen, free, room) in [
            // The desktop says what its panel takes, and what it does not say.
            ((1280.0, 720.0), (1280.0, 690.0), (1264.0, 642.0)),
            ((1280.0, 720.0), (1280.0, 720.0), (1264.0, 624.0)),
            // The same screen at scale 2 and at 1.5.
            ((640.0, 360.0), (640.0, 360.0), (624.0, 264.0)),
            ((853.0, 480.0), (853.0, 480.0), (837.0, 384.0)),
            ((300.0, 200.0), (300.0, 200.0), SMALLEST),
        ] {
            assert_eq!(beside_frame_and_panels(screen, free), room, "{free:?} of {screen:?}");
        }
    }
}
