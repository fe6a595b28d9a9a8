//! The folders and settings of a story's user.

use std::path::Path;

/// Writes the user's folders and settings.
pub(super) fn prepare(home: &Path) {
    let write = |path: &str, text: &str| {
        let path = home.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    let run = home.join("run");
    std::fs::create_dir_all(&run).unwrap();
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    std::fs::set_permissions(&run, private).unwrap();
    let home_path = home.display().to_string();
    write("bus.conf", &include_str!("bus.conf").replace("HOME", &home_path));
    // The panel keeps its settings there; nothing else is started behind the story's back.
    let settings = std::fs::read_to_string("/usr/share/dbus-1/services/org.xfce.Xfconf.service").unwrap();
    write("services/org.xfce.Xfconf.service", &settings);
    write("config/xfce4/xfconf/xfce-perchannel-xml/xfce4-panel.xml", include_str!("panel.xml"));
    write("dunstrc", &include_str!("dunstrc").replace("HOME", &home_path));
    write("share/applications/story-browser.desktop", BROWSER);
    write(
        "config/mimeapps.list",
        "[Default Applications]\nx-scheme-handler/http=story-browser.desktop\nx-scheme-handler/https=story-browser.desktop\n",
    );
    for (name, script) in [("bin/story-browser", OPEN_PAGE), ("record", RECORD), ("choose", CHOOSE)] {
        write(name, script);
        let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(home.join(name), executable).unwrap();
    }
}

const BROWSER: &str = "[Desktop Entry]\nType=Application\nName=Browser\nExec=story-browser %u\n\
    MimeType=x-scheme-handler/http;x-scheme-handler/https;\n";

/// A browser that only notes which page it is to open.
const OPEN_PAGE: &str = "#!/bin/sh\nprintf '%s\\n' \"$1\" >\"$HOME/browser-page.new\"\n\
    mv \"$HOME/browser-page.new\" \"$HOME/browser-page\"\n";

/// The menu of notifications' buttons, in which the user has made up their mind.
const CHOOSE: &str = "#!/bin/sh\ngrep -F \"$(cat \"$HOME/choice\")\"\n";

/// What the notification daemon runs for each notification.
const RECORD: &str = "#!/bin/sh\nprintf '%s | %s\\n' \"$2\" \"$3\" >>\"$HOME/notifications\"\n";
