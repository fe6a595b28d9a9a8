//! Measures the idle agent beside a bare Tauri program and a bare agent of the same libraries, in one run and
//! as ratios: how long until the icon is in the tray, and then memory, processor time and wake-ups in a minute. `./dev bench` runs it on a
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

    use std::collections::HashMap;
    use std::path::{Path, PathBuf};
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
        dirty_kib: f64,
        cpu_ms: f64,
        wake_ups: f64,
    }

    /// A program to measure, with folders of its own.
    struct Program {
        path: PathBuf,
        arguments: Vec<String>,
        home: TempHome,
    }

    pub(super) fn main() {
        // Without a panel the program would show its window.
        wait_for("org.kde.StatusNotifierWatcher");
        let folder = std::env::current_exe().unwrap().parent().unwrap().to_owned();
        let home = TempHome::new("ours");
        let data_dir = home.0.join("data").display().to_string();
        // With a folder of its own it does not take another's agent for its own.
        let arguments = ["--hidden".into(), "--data-dir".into(), data_dir].to_vec();
        let ours = Program { path: folder.join("beeminder-withings-sync"), arguments, home };
        let bare = |name: &str| Program {
            path: folder.join(name),
            arguments: Vec::new(),
            home: TempHome::new(name),
        };
        let [ours, tauri, floor] = measure([&ours, &bare("bare_tray"), &bare("bare_agent")]);
        println!(
            "{:24}{:>10}{:>12}{:>10}{:>12}{:>10}",
            "", "agent", "bare Tauri", "ratio", "bare agent", "ratio"
        );
        let row = |name: &str, of: fn(&Figures) -> f64| {
            let [ours, tauri, floor] = [&ours, &tauri, &floor].map(of);
            let (to_tauri, to_floor) = (ours / tauri, ours / floor);
            println!("{name:24}{ours:>10.0}{tauri:>12.0}{to_tauri:>10.2}{floor:>12.0}{to_floor:>10.2}");
        };
        row("start to tray, ms", |figures| figures.tray_ms);
        row("proportional, KiB", |figures| figures.proportional_kib);
        row("private, KiB", |figures| figures.private_kib);
        row("private and dirty, KiB", |figures| figures.dirty_kib);
        row("CPU a minute, ms", |figures| figures.cpu_ms);
        row("wake-ups a minute", |figures| figures.wake_ups);
    }

    /// Starts are taken in turn; then all idle at the same time, so that they share what they share.
    fn measure(programs: [&Program; 3]) -> [Figures; 3] {
        let mut times = [Vec::new(), Vec::new(), Vec::new()];
        for _ in 0..STARTS {
            for (program, times) in programs.iter().zip(&mut times) {
                let (child, time) = program.start();
                end(child);
                times.push(time);
            }
        }
        let idle = programs.map(|program| program.start().0);
        std::thread::sleep(SETTLE);
        let before = idle.each_ref().map(|child| (cpu_ms(child), switches(child)));
        std::thread::sleep(WATCH);
        let figures = [0, 1, 2].map(|index| {
            let (child, (cpu, switched)) = (&idle[index], &before[index]);
            times[index].sort();
            Figures {
                // The first starts fill the font cache; they are not in the middle.
                tray_ms: times[index][STARTS / 2].as_secs_f64() * 1000.0,
                proportional_kib: memory(child, &["Pss:"]),
                private_kib: memory(child, &["Private_Clean:", "Private_Dirty:"]),
                dirty_kib: memory(child, &["Private_Dirty:"]),
                cpu_ms: cpu_ms(child) - cpu,
                wake_ups: switches(child)
                    .iter()
                    .map(|(thread, count)| count - switched.get(thread).unwrap_or(&0.0))
                    .sum(),
            }
        });
        idle.into_iter().for_each(end);
        figures
    }

    impl Program {
        /// Starts it, and says how long it took to the icon.
        fn start(&self) -> (Child, Duration) {
            let (begun, home) = (Instant::now(), &self.home.0);
            let child = Command::new(&self.path)
                .args(&self.arguments)
                .env("HOME", home)
                .env("XDG_DATA_HOME", home.join("share"))
                .env("XDG_CONFIG_HOME", home.join("config"))
                .env("XDG_CACHE_HOME", home.join("cache"))
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            wait_for_icon(&child);
            (child, begun.elapsed())
        }
    }

    /// A folder that is gone afterwards.
    struct TempHome(PathBuf);

    impl TempHome {
        fn new(name: &str) -> TempHome {
            let path = std::env::temp_dir().join(format!("idle-{name}-{}", std::process::id()));
            std::fs::create_dir_all(&path).unwrap();
            TempHome(path)
        }
    }

    impl Drop for TempHome {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    fn wait_for_icon(child: &Child) {
        wait_for(&format!("org.kde.StatusNotifierItem-{}-1", child.id()));
    }

    /// Waits until somebody on the bus has a name.
    fn wait_for(name: &str) {
        let bus = zbus::blocking::Connection::session().unwrap();
        let bus = zbus::blocking::fdo::DBusProxy::new(&bus).unwrap();
        while !bus.name_has_owner(name.try_into().unwrap()).unwrap() {
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

    /// How often each of its threads went to sleep so far.
    fn switches(child: &Child) -> HashMap<String, f64> {
        let threads = std::fs::read_dir(format!("/proc/{}/task", child.id())).unwrap();
        let count = |path: &Path| {
            let text = std::fs::read_to_string(path.join("status")).unwrap_or_default();
            let line = text
                .lines()
                .find_map(|line| line.strip_prefix("voluntary_ctxt_switches:").map(str::to_owned));
            line.map_or(0.0, |line| line.trim().parse().unwrap())
        };
        threads
            .map(|thread| thread.unwrap().path())
            .map(|path| (path.display().to_string(), count(&path)))
            .collect()
    }
}
