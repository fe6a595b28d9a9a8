//! The tray on Linux, spoken directly: the icon appears when a panel does, comes back after the panel was
//! restarted, opens the window on a click, and needs no library that may be missing.
//! <https://www.freedesktop.org/wiki/Specifications/StatusNotifierItem/>

use std::io::Cursor;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ksni::TrayMethods;
use ksni::menu::{MenuItem, StandardItem, SubMenu};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::view::tray::{Click, Entry, Icon, MenuAction, Tray};

/// How often a click looks for its permission.
const PERMISSION_STEP: Duration = Duration::from_millis(1);

/// How many times: one that comes later is taken for that of the next click.
const PERMISSION_STEPS: u32 = 20;

/// The icon in the tray.
#[derive(Debug)]
pub(super) struct TrayIcon {
    trays: UnboundedSender<Tray>,
}

impl TrayIcon {
    /// Starts; the icon is shown with the first tray, now or when there is a panel. `visible` says whether
    /// the user can see it.
    pub(super) fn start(clicks: &UnboundedSender<Click>, visible: &Arc<AtomicBool>) -> TrayIcon {
        // Until a panel says otherwise, so that no window opens because one is slow.
        visible.store(true, Ordering::SeqCst);
        let (trays, shown) = unbounded_channel();
        tokio::spawn(keep_shown(shown, clicks.clone(), Arc::clone(visible)));
        TrayIcon { trays }
    }

    pub(super) fn show(&self, tray: &Tray) {
        // The task ends with the process.
        let _ = self.trays.send(tray.clone());
    }
}

/// Shows one tray after the other.
async fn keep_shown(
    mut trays: UnboundedReceiver<Tray>,
    clicks: UnboundedSender<Click>,
    visible: Arc<AtomicBool>,
) {
    let Some(tray) = trays.recv().await else { return };
    let item = Item { tray, clicks, visible: Arc::clone(&visible) };
    let handle = match item.assume_sni_available(true).spawn().await {
        Ok(handle) => handle,
        Err(error) => {
            visible.store(false, Ordering::SeqCst);
            tracing::warn!("There is no tray: {error}");
            return;
        }
    };
    while let Some(tray) = trays.recv().await {
        handle.update(|item| item.tray = tray).await;
    }
}

struct Item {
    tray: Tray,
    clicks: UnboundedSender<Click>,
    visible: Arc<AtomicBool>,
}

impl Item {
    fn click(&self, action: MenuAction) {
        let opens = matches!(action, MenuAction::Open | MenuAction::Answer | MenuAction::OpenGoal(_));
        let token = if opens { permission() } else { None };
        // The program is ending when nobody listens.
        let _ = self.clicks.send(Click { action, token });
    }
}

/// The desktop's permission to take the focus. Some give it together with the click, and it may come a moment
/// after that: the bus keeps their order, the library does not.
fn permission() -> Option<String> {
    let given = |_| {
        let token = ksni::current_xdg_activation_token();
        if token.is_none() {
            std::thread::sleep(PERMISSION_STEP);
        }
        token
    };
    // The one who takes it needs a thread.
    tokio::task::block_in_place(|| (0..PERMISSION_STEPS).find_map(given))
}

impl ksni::Tray for Item {
    fn id(&self) -> String {
        "beeminder-withings-sync".into()
    }

    fn title(&self) -> String {
        self.tray.title.clone()
    }

    fn status(&self) -> ksni::Status {
        match self.tray.icon {
            Icon::NeedsYou => ksni::Status::NeedsAttention,
            Icon::Fine | Icon::Syncing | Icon::Paused => ksni::Status::Active,
        }
    }

    fn icon_pixmap(&self) -> Vec<ksni::Icon> {
        pixmaps(self.tray.icon)
    }

    fn attention_icon_pixmap(&self) -> Vec<ksni::Icon> {
        pixmaps(self.tray.icon)
    }

    fn tool_tip(&self) -> ksni::ToolTip {
        ksni::ToolTip {
            title: self.tray.title.clone(),
            description: self.tray.tooltip.clone(),
            ..ksni::ToolTip::default()
        }
    }

    fn activate(&mut self, _x: i32, _y: i32) {
        self.click(MenuAction::Open);
    }

    fn menu(&self) -> Vec<MenuItem<Item>> {
        items(&self.tray.menu)
    }

    fn watcher_online(&self) {
        self.visible.store(true, Ordering::SeqCst);
    }

    fn watcher_offline(&self, _reason: ksni::OfflineReason) -> bool {
        self.visible.store(false, Ordering::SeqCst);
        true
    }
}

fn items(entries: &[Entry]) -> Vec<MenuItem<Item>> {
    entries.iter().map(item).collect()
}

fn item(entry: &Entry) -> MenuItem<Item> {
    match entry {
        Entry::Line(text) => {
            StandardItem { label: label(text), enabled: false, ..StandardItem::default() }.into()
        }
        Entry::Item(text, action) => {
            let action = action.clone();
            let activate = move |item: &mut Item| item.click(action.clone());
            StandardItem { label: label(text), activate: Box::new(activate), ..StandardItem::default() }
                .into()
        }
        Entry::Submenu(text, inner) => {
            SubMenu { label: label(text), submenu: items(inner), ..SubMenu::default() }.into()
        }
        Entry::Separator => MenuItem::Separator,
    }
}

/// An underscore would mark an access key; goals have them in their names.
fn label(text: &str) -> String {
    text.replace('_', "__")
}

/// The icon in the sizes of usual panels, so that none has to scale.
fn pixmaps(icon: Icon) -> Vec<ksni::Icon> {
    let images: [&[u8]; 3] = match icon {
        Icon::Fine => [
            include_bytes!("../../../icons/tray/fine-22.png"),
            include_bytes!("../../../icons/tray/fine-32.png"),
            include_bytes!("../../../icons/tray/fine-64.png"),
        ],
        Icon::Syncing => [
            include_bytes!("../../../icons/tray/syncing-22.png"),
            include_bytes!("../../../icons/tray/syncing-32.png"),
            include_bytes!("../../../icons/tray/syncing-64.png"),
        ],
        Icon::NeedsYou => [
            include_bytes!("../../../icons/tray/needs-you-22.png"),
            include_bytes!("../../../icons/tray/needs-you-32.png"),
            include_bytes!("../../../icons/tray/needs-you-64.png"),
        ],
        Icon::Paused => [
            include_bytes!("../../../icons/tray/paused-22.png"),
            include_bytes!("../../../icons/tray/paused-32.png"),
            include_bytes!("../../../icons/tray/paused-64.png"),
        ],
    };
    images.into_iter().filter_map(argb).collect()
}

/// Decodes a picture of 8-bit RGBA; the protocol wants alpha first.
fn argb(picture: &[u8]) -> Option<ksni::Icon> {
    let mut reader = png::Decoder::new(Cursor::new(picture)).read_info().ok()?;
    let mut rgba = vec![0; reader.output_buffer_size()?];
    let info = reader.next_frame(&mut rgba).ok()?;
    let is_rgba = (info.color_type, info.bit_depth) == (png::ColorType::Rgba, png::BitDepth::Eight);
    let pixels = is_rgba.then(|| rgba[..info.buffer_size()].chunks_exact(4))?;
    let data = pixels.flat_map(|pixel| [pixel[3], pixel[0], pixel[1], pixel[2]]).collect();
    Some(ksni::Icon { width: info.width.try_into().ok()?, height: info.height.try_into().ok()?, data })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_icon_has_every_size() {
        for icon in [Icon::Fine, Icon::Syncing, Icon::NeedsYou, Icon::Paused] {
            let sizes: Vec<_> = pixmaps(icon).iter().map(|icon| (icon.width, icon.height)).collect();
            assert_eq!(sizes, [(22, 22), (32, 32), (64, 64)], "{icon:?}");
        }
    }
}
