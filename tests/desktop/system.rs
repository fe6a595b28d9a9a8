//! What systemd's logind and `NetworkManager` say on the system bus.

use zbus::Connection;

pub(super) struct System {
    bus: Connection,
}

impl System {
    /// Speaks for both on `bus`.
    pub(super) async fn on(bus: &Connection) -> System {
        for name in ["org.freedesktop.login1", "org.freedesktop.NetworkManager"] {
            bus.request_name(name).await.unwrap();
        }
        System { bus: bus.clone() }
    }

    /// The computer is connected again.
    pub(super) async fn connected(&self) {
        let name = "org.freedesktop.NetworkManager";
        let path = "/org/freedesktop/NetworkManager";
        self.bus.emit_signal(None::<&str>, path, name, "StateChanged", &70_u32).await.unwrap();
    }

    /// The computer woke up from suspend.
    pub(super) async fn woken(&self) {
        let (path, interface) = ("/org/freedesktop/login1", "org.freedesktop.login1.Manager");
        self.bus.emit_signal(None::<&str>, path, interface, "PrepareForSleep", &false).await.unwrap();
    }
}
