//! Measures the idle tray program beside a bare one, in one run and as ratios: how long until the icon is
//! in the tray, and then memory, processor time and wake-ups in a minute. `./dev bench` runs it on a
//! display and a bus of its own.

#![cfg_attr(
    target_os = "linux",
    expect(
        clippy::print_stdout,
        clippy::unwrap_used,
        clippy::disallowed_methods,
        reason = "a measurement that cannot go on should say where, and needs the clock"
    )
)]

#[cfg(target_os = "linux")]
fn main() {
    linux::main();
}

/// How memory and wake-ups are counted differs between systems.
#[cfg(not(target_os = "linux"))]
fn main() {}

#[cfg(target_os = "linux")]
mod linux {

    use std::path::Path;
    use std::process::{Child, Command, Stdio};
    use std::time::{Duration, Instant};

    /// How long the idle programs are watched.
    const WATCH: Duration = Duration::from_secs(60);
    /// How long after the icon is there.
    const SETTLE: Duration = Duration::from_secs(20);
    const STARTS: usize = 7;

    struct Figures {
        tray_ms: f64,
        proportional_kib: f64,
        private_kib: f64,
        cpu_ms: f64,
        wake_ups: f64,
    }

    pub(super) fn main() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/release");
        let ours = measure(&folder.join("beeminder-withings-sync"), &["--hidden"]);
        let bare = measure(&folder.join("examples/bare_tray"), &[]);
        println!("{:24}{:>10}{:>10}{:>10}", "", "ours", "bare", "ratio");
        for (name, ours, bare) in [
            ("start to tray, ms", ours.tray_ms, bare.tray_ms),
            ("proportional, KiB", ours.proportional_kib, bare.proportional_kib),
            ("private, KiB", ours.private_kib, bare.private_kib),
            ("CPU a minute, ms", ours.cpu_ms, bare.cpu_ms),
            ("wake-ups a minute", ours.wake_ups, bare.wake_ups),
        ] {
            println!("{name:24}{ours:>10.0}{bare:>10.0}{:>10.2}", ours / bare);
        }
    }

    fn measure(program: &Path, arguments: &[&str]) -> Figures {
        let home = tempfile::tempdir().unwrap();
        let start = || {
            let begun = Instant::now();
            let child = Command::new(program)
                .args(arguments)
                .env("HOME", home.path())
                .env("XDG_DATA_HOME", home.path().join("share"))
                .env("XDG_CONFIG_HOME", home.path().join("config"))
                .env("XDG_CACHE_HOME", home.path().join("cache"))
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            wait_for_icon(&child);
            (child, begun.elapsed())
        };
        // The first starts fill the font cache.
        let mut times: Vec<_> = (0..STARTS)
            .map(|_| {
                let (child, time) = start();
                end(child);
                time
            })
            .collect();
        times.sort();
        let (child, _) = start();
        std::thread::sleep(SETTLE);
        let before = (cpu_ms(&child), wake_ups(&child));
        std::thread::sleep(WATCH);
        let figures = Figures {
            tray_ms: times[STARTS / 2].as_secs_f64() * 1000.0,
            proportional_kib: memory(&child, &["Pss:"]),
            private_kib: memory(&child, &["Private_Clean:", "Private_Dirty:"]),
            cpu_ms: cpu_ms(&child) - before.0,
            wake_ups: wake_ups(&child) - before.1,
        };
        end(child);
        figures
    }

    fn wait_for_icon(child: &Child) {
        let bus = zbus::blocking::Connection::session().unwrap();
        let bus = zbus::blocking::fdo::DBusProxy::new(&bus).unwrap();
        let name = format!("org.kde.StatusNotifierItem-{}-1", child.id());
        while !bus.name_has_owner(name.as_str().try_into().unwrap()).unwrap() {
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    fn end(mut child: Child) {
        child.kill().unwrap();
        child.wait().unwrap();
    }

    fn memory(child: &Child, lines: &[&str]) -> f64 {
        let text = std::fs::read_to_string(format!("/proc/{}/smaps_rollup", child.id())).unwrap();
        let found = text.lines().filter(|line| lines.iter().any(|name| line.starts_with(name)));
        found.map(|line| line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap()).sum()
    }

    /// Processor time so far; the system counts in hundredths of a second.
    fn cpu_ms(child: &Child) -> f64 {
        let text = std::fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap();
        let fields: Vec<&str> = text.rsplit(')').next().unwrap().split_whitespace().collect();
        (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) * 10.0
    }

    /// How often any of its threads went to sleep.
    fn wake_ups(child: &Child) -> f64 {
        let threads = std::fs::read_dir(format!("/proc/{}/task", child.id())).unwrap();
        let count = |path: std::path::PathBuf| {
            let text = std::fs::read_to_string(path.join("status")).unwrap_or_default();
            let line = text
                .lines()
                .find_map(|line| line.strip_prefix("voluntary_ctxt_switches:").map(str::to_owned));
            line.map_or(0.0, |line| line.trim().parse().unwrap())
        };
        threads.map(|thread| count(thread.unwrap().path())).sum()
    }
}
