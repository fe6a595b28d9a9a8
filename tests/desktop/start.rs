//! Starting, starting again, and ending.

use std::path::PathBuf;

use super::session::Session;
use super::tray::Tray;
use super::{pages, until};

#[tokio::test]
async fn the_first_start_opens_the_window_and_shows_what_to_do() {
    let mut session = Session::start().await;
    session.launch(&[]);
    session.window_opens().await;
    let tray = session.tray().await;
    tray.says("Connect Withings").await;
    assert_eq!(tray.status().await, "NeedsAttention");
    assert!(tray.menu_texts().await.contains(&"Sandbox: nothing here is real".to_owned()));
    session.picture("first start").await;
}

#[tokio::test]
async fn a_hidden_start_shows_no_window_and_loads_no_web_engine() {
    let mut session = Session::start().await;
    session.set_up().await;
    let tray = session.launch_hidden().await;
    tray.says("Up to date").await;
    assert_eq!(session.window().await, None);
    assert_eq!(pages::web_processes(session.pid()), [""; 0]);
    tray.activate().await;
    session.window_opens().await;
}

#[tokio::test]
async fn a_permission_that_comes_after_the_click_is_passed_on() {
    let mut session = Session::start().await;
    session.set_up().await;
    let tray = session.launch_hidden().await;
    tray.says("Up to date").await;
    tray.activate_and_permit("a permission").await;
    session.window_opens().await;
    assert!(session.window_has_variable("XDG_ACTIVATION_TOKEN=a permission"));
}

#[tokio::test]
async fn a_second_start_shows_the_window_and_leaves() {
    let mut session = Session::start().await;
    let tray = session.launch_hidden().await;
    assert_eq!(session.start_again(&["--hidden"]).await, Some(0));
    assert_eq!(session.window().await, None, "a second start at login shows nothing");
    assert_eq!(session.start_again(&[]).await, Some(0));
    session.window_opens().await;
    assert_eq!(Tray::count(&session.bus().await).await, 1);
    tray.click("Quit").await;
    assert_eq!(session.ended().await, Some(0));
}

#[tokio::test]
async fn without_a_bus_the_second_start_still_finds_the_first() {
    let mut session = Session::bare().await;
    let dead = "unix:path=/nowhere";
    let mut first = session
        .command(Session::program_path())
        .arg("--hidden")
        .env("DBUS_SESSION_BUS_ADDRESS", dead)
        .spawn()
        .unwrap();
    let socket = session.data_dir().join("agent.sock");
    until("the first start", async || socket.exists().then_some(())).await;
    let second = session.command(Session::program_path()).env("DBUS_SESSION_BUS_ADDRESS", dead).status();
    assert_eq!(second.await.unwrap().code(), Some(0));
    session.window_opens().await;
    first.kill().await.unwrap();
    // What a killed program leaves behind is in nobody's way.
    session.launch(&[]);
    session.window_opens().await;
}

#[tokio::test]
async fn quit_in_the_menu_and_sigterm_end_it_within_five_seconds() {
    let mut session = Session::start().await;
    session.set_up().await;
    for way in ["menu", "signal"] {
        let tray = session.launch_hidden().await;
        tray.says("Up to date").await;
        if way == "menu" {
            tray.click("Quit").await;
        } else {
            let pid = session.pid().to_string();
            assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        }
        let ended = tokio::time::timeout(std::time::Duration::from_secs(5), session.ended()).await;
        assert_eq!(ended.expect("within five seconds"), Some(0), "{way}");
    }
}

#[tokio::test]
async fn the_icon_comes_back_with_the_panel() {
    let mut session = Session::start().await;
    let tray = session.launch_hidden().await;
    tray.says("Connect Withings").await;
    session.stop_panel().await;
    session.start_panel().await;
    session.tray().await.says("Connect Withings").await;
}

#[tokio::test]
async fn without_a_panel_a_hidden_start_shows_the_window_once_and_the_icon_comes_with_the_panel() {
    let mut session = Session::bare().await;
    session.unlock_keychain().await;
    session.launch(&["--hidden"]);
    session.window_opens().await;
    session.picture("no tray").await;
    session.kill().await;
    session.launch(&["--hidden"]);
    session.logged("no tray; the user was told before").await;
    assert_eq!(session.window().await, None);
    session.start_panel().await;
    session.tray().await.says("Connect Withings").await;
}

#[tokio::test]
async fn start_at_login_is_repaired_after_the_program_was_moved() {
    let mut session = Session::start().await;
    let old = session.home().join("old place/beeminder-withings-sync");
    std::fs::create_dir_all(old.parent().unwrap()).unwrap();
    std::fs::copy(Session::program_path(), &old).unwrap();
    let entry: PathBuf = session.home().join("config/autostart/beeminder-withings-sync.desktop");
    std::fs::create_dir_all(entry.parent().unwrap()).unwrap();
    let text =
        format!("[Desktop Entry]\nType=Application\nName=x\nExec=\"{}\" \"--hidden\"\n", old.display());
    std::fs::write(&entry, &text).unwrap();
    let new = session.home().join("new place/beeminder-withings-sync");
    std::fs::create_dir_all(new.parent().unwrap()).unwrap();
    std::fs::rename(&old, &new).unwrap();
    session.launch_from(&new, &["--hidden"]);
    session.logged("was repaired").await;
    let repaired = std::fs::read_to_string(&entry).unwrap();
    assert!(repaired.contains(&format!("Exec=\"{}\" \"--hidden\"\n", new.display())), "{repaired}");
    // The desktop's own way of starting it finds it.
    session.kill().await;
    session.gio_launch(&entry).await;
    session.tray().await.says("Connect Withings").await;
}

#[tokio::test]
async fn an_upgrade_under_a_running_agent_starts_by_itself_and_the_window_finds_it() {
    let mut session = Session::start().await;
    session.set_up().await;
    let place = session.home().join("bin/beeminder-withings-sync");
    std::fs::copy(Session::program_path(), &place).unwrap();
    session.launch_from(&place, &["--hidden"]);
    let tray = session.tray().await;
    tray.says("Up to date").await;
    // As a package manager does: another file gets the name.
    let upgrade = session.home().join("bin/upgrade");
    std::fs::copy(Session::program_path(), &upgrade).unwrap();
    std::fs::rename(&upgrade, &place).unwrap();
    tray.click("Sync now").await;
    session.logged("was upgraded and starts again").await;
    session.tray().await.says("Up to date").await;
    let now = std::fs::read_link(format!("/proc/{}/exe", session.pid())).unwrap();
    assert_eq!(now, place, "the same process runs the new file");
    session.weigh_in(82.4);
    session.tray().await.click("Sync now").await;
    until("the datapoint", async || (session.at_beeminder() == [82.4]).then_some(())).await;
}

#[tokio::test]
async fn a_start_that_cannot_work_says_why_in_the_window_and_the_tray() {
    let mut session = Session::start().await;
    session.bws(&["status"]).await;
    let database = session.data_dir().join(beeminder_withings_sync::platform::data_dir::DATABASE_FILE);
    rusqlite::Connection::open(database).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let window = session.launch_driven().await;
    super::window::shows(&window, "#status-when", "newer version").await;
    let tray = session.tray().await;
    tray.says("does not work").await;
    let process = format!("/proc/{}", session.pid());
    tray.click("Quit").await;
    until("the program gone", async || (!std::path::Path::new(&process).exists()).then_some(())).await;
}

#[tokio::test]
async fn without_a_display_the_window_says_so_in_a_sentence() {
    let session = Session::bare().await;
    let window = Session::program_path().with_file_name("beeminder-withings-sync-window");
    for display in [None, Some(":4711")] {
        let mut command = session.command(&window);
        match display {
            Some(display) => command.env("DISPLAY", display),
            None => command.env_remove("DISPLAY"),
        };
        let output = command.output().await.unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("There is no display to open a window on"), "{said}");
        assert!(!said.contains("panicked"), "{said}");
    }
}

#[tokio::test]
async fn the_window_fits_a_small_screen_and_one_at_scale_2() {
    for (screen, scale) in [("1280x720", "1"), ("1280x720", "2"), ("1024x600", "1")] {
        let mut session = Session::on_screen(screen).await;
        session.surroundings.push(("GDK_SCALE", Some(scale.into())));
        session.unlock_keychain().await;
        session.start_panel().await;
        session.launch(&[]);
        session.window_opens().await;
        let (width, height) = screen.split_once('x').unwrap();
        let [x, y, right, bottom] = session.window_frame().await;
        assert!(x >= 0 && y >= 0, "{screen} at {scale}: {x}, {y}");
        assert!(right <= width.parse().unwrap(), "{screen} at {scale}: {right}");
        assert!(bottom <= height.parse().unwrap(), "{screen} at {scale}: {bottom}");
    }
}
