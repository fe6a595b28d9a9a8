//! The icon in the tray, as a panel sees it: over the bus.
//! <https://www.freedesktop.org/wiki/Specifications/StatusNotifierItem/>

use std::collections::HashMap;

use zbus::zvariant::{OwnedObjectPath, OwnedValue, Value};
use zbus::{Connection, Proxy};

use super::until;

const WATCHER: &str = "org.kde.StatusNotifierWatcher";

/// One layer of a menu, as the protocol sends it.
type Layout = (i32, HashMap<String, OwnedValue>, Vec<OwnedValue>);

pub(super) struct Tray {
    bus: Connection,
    service: String,
    path: String,
}

impl Tray {
    /// Waits until a panel has an icon.
    pub(super) async fn find(address: &str) -> Tray {
        let bus = zbus::connection::Builder::address(address).unwrap().build().await.unwrap();
        let item = until("an icon in the tray", async || items(&bus).await.into_iter().next()).await;
        // Panels write it in several ways; one leaves the path out, another puts a mark before it.
        let (service, path) = item.split_once('/').unwrap_or((&item, "StatusNotifierItem"));
        Tray { service: service.trim_end_matches('@').to_owned(), path: format!("/{path}"), bus }
    }

    /// How many icons panels have.
    pub(super) async fn count(bus: &Connection) -> usize {
        items(bus).await.len()
    }

    async fn property<T>(&self, name: &str) -> T
    where
        T: TryFrom<OwnedValue>,
        T::Error: Into<zbus::Error>,
    {
        let proxy =
            Proxy::new(&self.bus, self.service.as_str(), self.path.as_str(), "org.kde.StatusNotifierItem")
                .await
                .unwrap();
        proxy.get_property(name).await.unwrap()
    }

    pub(super) async fn title(&self) -> String {
        self.property("Title").await
    }

    pub(super) async fn status(&self) -> String {
        self.property("Status").await
    }

    /// The icon's pixels, to tell one from another.
    pub(super) async fn pixels(&self) -> Vec<(i32, i32, Vec<u8>)> {
        let value: OwnedValue = self.property("IconPixmap").await;
        Value::from(value).downcast().unwrap()
    }

    /// Waits until the title has these words.
    pub(super) async fn says(&self, words: &str) {
        until(&format!("in the tray: {words}"), async || self.title().await.contains(words).then_some(()))
            .await;
    }

    /// The user clicks the icon.
    pub(super) async fn activate(&self) {
        let proxy =
            Proxy::new(&self.bus, self.service.as_str(), self.path.as_str(), "org.kde.StatusNotifierItem")
                .await
                .unwrap();
        proxy.call_method("Activate", &(0, 0)).await.unwrap();
    }

    /// The user clicks the icon on a panel that gives its permission to take the focus right after that, as
    /// those do that wait for no answer.
    pub(super) async fn activate_and_permit(&self, token: &str) {
        let item = "org.kde.StatusNotifierItem";
        let proxy = Proxy::new(&self.bus, self.service.as_str(), self.path.as_str(), item).await.unwrap();
        let (place, token) = ((0, 0), (token,));
        let (clicked, permitted) = tokio::join!(
            proxy.call_method("Activate", &place),
            proxy.call_method("ProvideXdgActivationToken", &token),
        );
        clicked.and(permitted).unwrap();
    }

    /// The texts of the menu with their numbers, depth first; separators are empty.
    pub(super) async fn menu(&self) -> Vec<(i32, String)> {
        let reply: (u32, Layout) =
            self.menu_proxy().await.call("GetLayout", &(0, -1, Vec::<String>::new())).await.unwrap();
        let mut entries = Vec::new();
        flatten(reply.1, &mut entries);
        entries
    }

    pub(super) async fn menu_texts(&self) -> Vec<String> {
        self.menu().await.into_iter().map(|(_, text)| text).filter(|text| !text.is_empty()).collect()
    }

    /// The user clicks the entry that starts so.
    pub(super) async fn click(&self, text: &str) {
        let menu = self.menu().await;
        let (id, _) = menu
            .iter()
            .find(|(_, entry)| entry.starts_with(text))
            .unwrap_or_else(|| panic!("{text}: {menu:?}"));
        let nothing = Value::from(0);
        // A program that quits may be gone before it answers.
        let _ = self.menu_proxy().await.call_method("Event", &(*id, "clicked", nothing, 0_u32)).await;
    }

    async fn menu_proxy(&self) -> Proxy<'_> {
        let path: OwnedObjectPath = self.property("Menu").await;
        Proxy::new(&self.bus, self.service.clone(), path, "com.canonical.dbusmenu").await.unwrap()
    }
}

async fn items(bus: &Connection) -> Vec<String> {
    let Ok(proxy) = Proxy::new(bus, WATCHER, "/StatusNotifierWatcher", WATCHER).await else {
        return Vec::new();
    };
    proxy.get_property("RegisteredStatusNotifierItems").await.unwrap_or_default()
}

fn flatten((id, properties, children): Layout, entries: &mut Vec<(i32, String)>) {
    let label = properties.get("label").and_then(|label| label.downcast_ref::<String>().ok());
    entries.push((id, label.unwrap_or_default()));
    for child in children {
        flatten(child.try_into().unwrap(), entries);
    }
}
