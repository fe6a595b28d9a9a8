//! The sentences about the code's structure that must stay true.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn sources(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            // What tests say is their business.
            let code = text.split("#[cfg(test)]\nmod tests").next().unwrap().to_owned();
            found.push((path, code));
        }
    }
    found
}

fn offenders(words: &[&str], allowed: impl Fn(&Path) -> bool) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src-tauri");
    sources(&root)
        .into_iter()
        .filter(|(path, code)| !allowed(path) && words.iter().any(|word| code.contains(word)))
        .map(|(path, _)| path.strip_prefix(&root).unwrap().display().to_string())
        .collect()
}

fn inside(path: &Path, folder: &str) -> bool {
    path.components().any(|part| part.as_os_str() == folder)
}

#[test]
fn sql_never_leaves_the_store() {
    let words = ["\"SELECT ", "\"INSERT ", "\"UPDATE ", "\"DELETE ", "rusqlite"];
    assert_eq!(offenders(&words, |path| inside(path, "store")), [""; 0]);
}

#[test]
fn wire_types_never_leave_their_files() {
    let allowed = |path: &Path| {
        inside(path, "sandbox") || inside(path, "cli") || inside(path, "wire") || path.ends_with("wire.rs")
    };
    // The texts of the keychain, the poller, the agent, the local socket, a link's options, a line's corners, the facts of a
    // problem, what an incident is about and the languages are written and read by this program alone.
    let own = |path: &Path| {
        [
            "tokens.rs",
            "lenient.rs",
            "polling.rs",
            "ipc.rs",
            "store/incident.rs",
            "store/link.rs",
            "store/red_line.rs",
            "store/trouble.rs",
            "text.rs",
        ]
        .iter()
        .any(|name| path.ends_with(name))
            || inside(path, "agent")
    };
    let words = ["serde_json::from_slice", "serde_json::from_str"];
    assert_eq!(offenders(&words, |path| allowed(path) || own(path)), [""; 0]);
}

/// The storeys, from the ground up. A file may name what lies below its own storey, and nothing beside it.
const STOREYS: [&[&str]; 11] = [
    &["text"],
    &["platform"],
    &["domain"],
    &["services", "store"],
    &["accounts"],
    &["health"],
    &["subscriptions", "sync"],
    &["app"],
    &["view", "sandbox"],
    &["agent", "cli"],
    // The program with the window is home to the agent as well.
    &["window"],
];

fn storey(room: &str) -> usize {
    let found = STOREYS.iter().position(|rooms| rooms.contains(&room));
    found.unwrap_or_else(|| panic!("{room} has no storey"))
}

/// The rooms of the library that code names, where the library is called so.
fn named<'a>(code: &'a str, library: &'a str) -> impl Iterator<Item = &'a str> {
    let rest = code.split(library).skip(1);
    rest.filter_map(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next())
}

#[test]
fn imports_only_go_down() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src-tauri");
    let mut offenders = Vec::new();
    for (path, code) in sources(&root) {
        let file = path.strip_prefix(&root).unwrap();
        let room = file.components().next().unwrap().as_os_str().to_str().unwrap().trim_end_matches(".rs");
        if room == "lib" {
            continue;
        }
        let library = if room == "window" { "beeminder_withings_sync::" } else { "crate::" };
        for other in named(&code, library).filter(|other| *other != room) {
            if storey(other) >= storey(room) {
                offenders.push(format!("{} names {other}", file.display()));
            }
        }
    }
    assert_eq!(offenders, [""; 0]);
}

#[test]
fn nouns_and_rules_are_pure() {
    let pure = |path: &Path| !inside(path, "domain") && !inside(path, "text") && !path.ends_with("text.rs");
    assert_eq!(offenders(&["tokio", "reqwest", "rusqlite", "std::fs", "clock::now"], pure), [""; 0]);
}

#[test]
fn tauri_never_leaves_the_window_and_neither_service_knows_the_other() {
    assert_eq!(offenders(&["tauri::"], |path| inside(path, "window")), [""; 0]);
    for (own, other) in [("withings", "beeminder::"), ("beeminder", "withings::")] {
        let elsewhere = |path: &Path| !inside(path, "services") || !inside(path, own);
        assert_eq!(offenders(&[other], elsewhere), [""; 0]);
    }
}

#[test]
fn the_window_asks_in_one_file_for_just_what_it_is_allowed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| std::fs::read_to_string(root.join(path)).unwrap();
    for (path, text) in files(&root.join("ui")) {
        if !path.ends_with("backend.js") {
            assert!(!text.contains("invoke") && !text.contains("__TAURI__"), "{}", path.display());
            for unsafe_word in ["innerHTML", "style=", "onclick", "<script>"] {
                assert!(!text.contains(unsafe_word), "{unsafe_word} in {}", path.display());
            }
        }
    }
    assert!(!read("tauri.conf.json").contains("unsafe"), "the policy lets nothing in that is inline");
    let names = |text: &str, before: &str, after: char| -> BTreeSet<String> {
        let parts = text.split(before).skip(1);
        parts.map(|part| part.split(after).next().unwrap().to_owned()).collect()
    };
    let asked = names(&read("ui/backend.js"), "invoke(\"", '"');
    let permissions = read("src-tauri/window/permissions.toml");
    let allowed = names(permissions.split("commands.allow").nth(1).unwrap(), "\n    \"", '"');
    let registered = {
        let text = read("src-tauri/window/commands/mod.rs");
        names(text.split("generate_handler![").nth(1).unwrap().split(']').next().unwrap(), "        ", ',')
    };
    let registered: BTreeSet<_> =
        registered.iter().map(|path| path.rsplit("::").next().unwrap().to_owned()).collect();
    assert_eq!(asked, allowed);
    assert_eq!(asked, registered);
}

#[test]
fn the_clock_is_asked_in_one_place() {
    let words = ["Utc::now()", "Local::now()", "SystemTime::now()", "Instant::now()"];
    assert_eq!(offenders(&words, |path| path.ends_with("clock.rs")), [""; 0]);
}

/// Every file with words for the window, its markup and its code.
fn files(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "html" || extension == "js") {
            let text = std::fs::read_to_string(&path).unwrap();
            found.push((path, text));
        }
    }
    found
}

#[test]
fn every_text_of_the_window_has_words_and_none_are_left_over() {
    let texts = beeminder_withings_sync::text::texts();
    let all: String =
        files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("ui")).into_iter().map(|(_, text)| text).collect();
    let quoted = |before: &str| -> Vec<String> {
        let parts = all.split(before).skip(1);
        parts.filter_map(|part| Some(part.split_once('"')?.0.to_owned())).collect()
    };
    let named =
        ["data-text=\"", "data-label=\"", "data-hint=\"", " t(\"", "(t(\"", "{t(\""].map(quoted).concat();
    for key in &named {
        assert!(texts.contains_key(key), "{key} has no words");
    }
    // Keys that are put together from a word of the program's, as `kind.weight`.
    let together: Vec<_> = all
        .split("t(`")
        .skip(1)
        .filter_map(|part| Some(part.split_once("${")?.0.to_owned()))
        .chain(
            [
                "attention.",
                "status.",
                "misfit.",
                "reason.",
                "headline.",
                "source.",
                "check.",
                "menu.",
                "notice.",
                "weekday.",
                "error.",
                "left_out.",
            ]
            .map(Into::into),
        )
        .collect();
    for key in texts.keys() {
        let base = key.trim_end_matches("_one");
        let used =
            all.contains(&format!("\"{base}\"")) || together.iter().any(|group| base.starts_with(group));
        assert!(used, "nobody says {key}");
    }
}
