//! The callback scheme on Linux: browsers hand such addresses to the agent.
//!
//! The package brings a desktop file of its own. Without a package, one is written into the user's folder of
//! applications. <https://specifications.freedesktop.org/mime-apps-spec/latest/>

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use crate::platform::autostart::quoted;
use crate::platform::program;

/// The desktop file that the package brings.
const PACKAGED: &str = "beeminder-withings-sync.desktop";
/// The desktop file of a program without a package.
const OWN: &str = "beeminder-withings-sync-handler.desktop";

/// Makes this program the one that browsers hand callbacks to, unless its package has done so.
///
/// # Errors
/// When the desktop's files cannot be written.
pub fn register(scheme: &str) -> anyhow::Result<()> {
    if program::is_packaged() && handler(scheme).is_ok_and(|handler| handler == PACKAGED) {
        return Ok(());
    }
    repair(scheme)
}

/// Whether browsers hand callbacks to this program.
///
/// # Errors
/// When the desktop cannot be asked.
pub fn is_registered(scheme: &str) -> anyhow::Result<bool> {
    Ok(handler(scheme)? == desktop_file())
}

/// Makes this program the one that browsers hand callbacks to.
///
/// # Errors
/// When the desktop does not take it.
pub fn repair(scheme: &str) -> anyhow::Result<()> {
    if !program::is_packaged() {
        let folder = applications()?;
        let text = entry(scheme, &program::to_start_at_login()?);
        let path = folder.join(OWN);
        if std::fs::read_to_string(&path).ok().as_ref() != Some(&text) {
            std::fs::create_dir_all(&folder)
                .and_then(|()| std::fs::write(&path, text))
                .with_context(|| format!("Failed to write {}", path.display()))?;
        }
        refresh(&folder)?;
    }
    run(Command::new("xdg-mime").args(["default", desktop_file(), &mime_type(scheme)]))
}

/// Takes back what this program registered; what a package brings goes with the package.
///
/// # Errors
/// When something of it may still be there.
pub fn unregister(scheme: &str) -> anyhow::Result<()> {
    if program::is_packaged() {
        return Ok(());
    }
    let base = directories::BaseDirs::new().context("Failed to find your settings")?;
    let defaults = base.config_dir().join("mimeapps.list");
    if let Ok(text) = std::fs::read_to_string(&defaults) {
        std::fs::write(&defaults, without_handler(scheme, &text))
            .with_context(|| format!("Failed to write {}", defaults.display()))?;
    }
    let folder = applications()?;
    match std::fs::remove_file(folder.join(OWN)) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        outcome => outcome.context("Failed to delete the callback's desktop file")?,
    }
    refresh(&folder)
}

fn desktop_file() -> &'static str {
    if program::is_packaged() { PACKAGED } else { OWN }
}

fn mime_type(scheme: &str) -> String {
    format!("x-scheme-handler/{scheme}")
}

/// The desktop file that callbacks are handed to.
fn handler(scheme: &str) -> anyhow::Result<String> {
    let output = Command::new("xdg-mime")
        .args(["query", "default", &mime_type(scheme)])
        .output()
        .context("Failed to start xdg-mime")?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn applications() -> anyhow::Result<PathBuf> {
    let base = directories::BaseDirs::new().context("Failed to find your folders")?;
    Ok(base.data_dir().join("applications"))
}

fn entry(scheme: &str, program: &Path) -> String {
    let path = program.to_string_lossy();
    // `xdg-open` outside the large desktops cannot read a quoted path.
    let is_plain = path.chars().all(|letter| letter.is_ascii_alphanumeric() || "/._-+".contains(letter));
    let exec = if is_plain { path.into_owned() } else { quoted(&path) };
    format!(
        "[Desktop Entry]\nType=Application\nName=Beeminder Withings Sync\nExec={exec} %u\nTerminal=false\n\
         NoDisplay=true\nMimeType={};\n",
        mime_type(scheme)
    )
}

/// The user's defaults without this program's.
fn without_handler(scheme: &str, text: &str) -> String {
    let scheme = mime_type(scheme);
    let line = |line: &str| -> Option<String> {
        let Some((_, handlers)) = line.split_once('=').filter(|(name, _)| name.trim() == scheme) else {
            return Some(line.to_owned());
        };
        let others: Vec<_> =
            handlers.split(';').map(str::trim).filter(|name| !name.is_empty() && *name != OWN).collect();
        (!others.is_empty()).then(|| format!("{scheme}={};", others.join(";")))
    };
    text.lines().filter_map(line).map(|line| line + "\n").collect()
}

/// Has the desktop read its files again.
fn refresh(folder: &Path) -> anyhow::Result<()> {
    run(Command::new("update-desktop-database").arg(folder))
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command.status().with_context(|| format!("Failed to start {name}"))?;
    anyhow::ensure!(status.success(), "{name} failed: {status}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEME: &str = "sync";

    #[test]
    fn a_plain_path_is_not_quoted_and_any_other_is() {
        assert!(entry(SCHEME, Path::new("/opt/sync-1.0/bws")).contains("Exec=/opt/sync-1.0/bws %u\n"));
        assert!(entry(SCHEME, Path::new("/my folder/bws")).contains("Exec=\"/my folder/bws\" %u\n"));
    }

    #[test]
    fn only_this_programs_default_is_taken_back() {
        let text = format!(
            "[Default Applications]\ntext/html=browser.desktop\nx-scheme-handler/{SCHEME}={OWN}\n\
             [Added Associations]\nx-scheme-handler/{SCHEME}={OWN};other.desktop;\n"
        );
        assert_eq!(
            without_handler(SCHEME, &text),
            format!(
                "[Default Applications]\ntext/html=browser.desktop\n[Added Associations]\n\
                 x-scheme-handler/{SCHEME}=other.desktop;\n"
            )
        );
    }
}
