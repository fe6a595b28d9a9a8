//! The start at login, as each desktop's own tools read and switch it.

use std::path::{Path, PathBuf};

use beeminder_withings_sync::agent::client::AgentClient;
use beeminder_withings_sync::agent::protocol::{AgentRequest, Event};
use beeminder_withings_sync::platform::autostart::AutostartState;
use beeminder_withings_sync::platform::data_dir::DataDir;

use super::super::session::Quiet;
use super::super::until;
use super::Real;
use super::shell::Shell;

/// What starts programs at login on Plasma, where the system has it.
const GENERATOR: &str = "/usr/lib/systemd/user-generators/systemd-xdg-autostart-generator";

/// Switches an entry as GNOME's tools do.
const GNOME_SWITCH: &str = "const { GLib } = imports.gi;
const [path, value] = ARGV;
const file = new GLib.KeyFile();
file.load_from_file(path, GLib.KeyFileFlags.KEEP_COMMENTS | GLib.KeyFileFlags.KEEP_TRANSLATIONS);
file.set_boolean('Desktop Entry', 'X-GNOME-Autostart-enabled', value === 'true');
file.save_to_file(path);
";

#[tokio::test]
#[ignore = "./dev desktops tells it"]
async fn the_desktops_own_tools_switch_the_start_at_login() {
    let mut real = Real::start().await;
    // sway has no such tool.
    if matches!(real.shell, Shell::Sway(_)) {
        return;
    }
    real.session.launch(&["--hidden"]);
    real.start_at_login(AutostartState::Off).await;
    real.client().ask::<()>(&AgentRequest::StartAtLogin { on: true }).await.unwrap();
    real.start_at_login(AutostartState::On).await;
    for (on, state) in [(false, AutostartState::SwitchedOff), (true, AutostartState::On)] {
        real.switch_with_own_tool(on).await;
        real.start_at_login(state).await;
        assert_eq!(real.would_start().await, on);
        // A start repairs what is broken, and leaves what the user chose.
        let text = std::fs::read_to_string(real.autostart_entry()).unwrap();
        real.session.kill().await;
        real.session.launch(&["--hidden"]);
        real.start_at_login(state).await;
        assert_eq!(std::fs::read_to_string(real.autostart_entry()).unwrap(), text);
    }
}

impl Real {
    fn client(&self) -> AgentClient {
        AgentClient::new(DataDir::open(&self.session.data_dir()).unwrap())
    }

    fn autostart_entry(&self) -> PathBuf {
        self.session.home().join("config/autostart/beeminder-withings-sync.desktop")
    }

    /// Waits until the program calls its start at login so.
    async fn start_at_login(&self, state: AutostartState) {
        until(&format!("{state:?}"), async || {
            let mut watch = self.client().watch().await.ok()??;
            match watch.next().await.ok()?? {
                Event::Changed(agent) => (agent.start_at_login == Some(state)).then_some(()),
                Event::Show { .. } | Event::Quit => None,
            }
        })
        .await;
    }

    async fn switch_with_own_tool(&self, on: bool) {
        let entry = self.autostart_entry();
        let mut tool = if let Shell::Plasma(_) = &self.shell {
            let mut tool = self.session.command("kwriteconfig5");
            tool.arg("--file").arg(entry).args(["--group", "Desktop Entry", "--key", "Hidden"]);
            tool.args(["--type", "bool"]).arg((!on).to_string());
            tool
        } else {
            let script = self.session.home().join("switch.js");
            std::fs::write(&script, GNOME_SWITCH).unwrap();
            let mut tool = self.session.command("gjs");
            tool.arg(script).arg(entry).arg(on.to_string());
            tool
        };
        assert!(tool.quiet().status().await.unwrap().success());
    }

    /// Whether the desktop would start the program at login.
    async fn would_start(&self) -> bool {
        if matches!(self.shell, Shell::Plasma(_)) && Path::new(GENERATOR).exists() {
            return self.is_generated().await;
        }
        let text = std::fs::read_to_string(self.autostart_entry()).unwrap();
        !text.contains("X-GNOME-Autostart-enabled=false") && !text.contains("Hidden=true")
    }

    async fn is_generated(&self) -> bool {
        let folder = self.session.home().join("units");
        std::fs::create_dir_all(&folder).unwrap();
        let mut generator = self.session.command(GENERATOR);
        generator.args([&folder, &folder, &folder]).quiet();
        assert!(generator.status().await.unwrap().success());
        let units = std::fs::read_dir(&folder).unwrap().filter_map(Result::ok);
        let found = units.filter(|unit| unit.file_name().to_string_lossy().contains("withings")).count() > 0;
        std::fs::remove_dir_all(&folder).unwrap();
        found
    }
}
