//! The program's processes and their memory, as the system counts them.

use std::path::Path;

/// The processes of the web engine that belong to `pid`.
pub(super) fn web_processes(pid: u32) -> Vec<String> {
    let mut names: Vec<_> =
        descendants(pid).into_iter().map(name).filter(|name| name.starts_with("WebKit")).collect();
    names.sort();
    names
}

/// The processes of a program whose user lives in `home`, wherever it was started from.
pub(super) fn running(program: &Path, home: &Path) -> Vec<u32> {
    let variable = format!("HOME={}", home.display());
    let is_it = |pid: &u32| {
        let runs_it = std::fs::read_link(format!("/proc/{pid}/exe"))
            .is_ok_and(|path| path.file_name() == program.file_name());
        let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        runs_it && environment.split(|byte| *byte == 0).any(|one| one == variable.as_bytes())
    };
    let all = std::fs::read_dir("/proc").unwrap();
    all.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).filter(is_it).collect()
}

/// The memory of `pid` that nobody shares, in KiB.
pub(super) fn private_memory(pid: u32) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap();
    let private =
        text.lines().filter(|line| line.starts_with("Private_Clean:") || line.starts_with("Private_Dirty:"));
    private.map(|line| line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap()).sum()
}

fn name(pid: u32) -> String {
    // Names are cut to 15 characters.
    std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default().trim().to_owned()
}

fn descendants(pid: u32) -> Vec<u32> {
    let mut found = Vec::new();
    let children: Vec<u32> = std::fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|child| parent(*child) == Some(pid))
        .collect();
    for child in children {
        found.push(child);
        found.extend(descendants(child));
    }
    found
}

fn parent(pid: u32) -> Option<u32> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("PPid:"))?.trim().parse().ok()
}
