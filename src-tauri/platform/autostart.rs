//! Start at login on Linux: a desktop entry in the user's autostart folder, written so that a path with
//! spaces works, and judged as the desktop judges it.
//!
//! <https://specifications.freedesktop.org/autostart-spec/latest/>
//! <https://specifications.freedesktop.org/desktop-entry-spec/latest/exec-variables.html>

use std::path::{Path, PathBuf};

use anyhow::Context;

/// What the entry says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AutostartState {
    /// There is none.
    Off,
    /// It starts the program.
    On,
    /// It would start something that is not there any more.
    Stale,
    /// The user switched it off with the desktop's own settings.
    SwitchedOff,
}

/// The entry that starts one program at login.
#[derive(Debug, Clone)]
pub struct AutostartEntry {
    path: PathBuf,
    command: Vec<String>,
    /// What the session calls its desktop, as in `XDG_CURRENT_DESKTOP`.
    desktop: String,
}

impl AutostartEntry {
    /// The entry called `name` in `folder`, which starts `program` with `arguments`, as `desktop` judges it.
    pub fn new(
        folder: &Path,
        name: &str,
        program: &Path,
        arguments: &[String],
        desktop: &str,
    ) -> AutostartEntry {
        let program = std::iter::once(program.to_string_lossy().into_owned());
        let command = program.chain(arguments.iter().cloned()).collect();
        let path = folder.join(format!("{name}.desktop"));
        AutostartEntry { path, command, desktop: desktop.to_owned() }
    }

    /// What the entry says.
    ///
    /// # Errors
    /// When it is there and cannot be read.
    pub fn state(&self) -> anyhow::Result<AutostartState> {
        match std::fs::read_to_string(&self.path) {
            Ok(text) => Ok(judge(&text, &self.desktop)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(AutostartState::Off),
            Err(error) => Err(error).with_context(|| format!("Failed to read {}", self.path.display())),
        }
    }

    /// Writes the entry.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn switch_on(&self) -> anyhow::Result<()> {
        let folder = self.path.parent().context("The autostart folder has no name")?;
        std::fs::create_dir_all(folder)
            .and_then(|()| std::fs::write(&self.path, self.text()))
            .with_context(|| format!("Failed to write {}", self.path.display()))
    }

    /// Removes the entry.
    ///
    /// # Errors
    /// When it is still there.
    pub fn switch_off(&self) -> anyhow::Result<()> {
        match std::fs::remove_file(&self.path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(error).with_context(|| format!("Failed to delete {}", self.path.display()))
            }
            _ => Ok(()),
        }
    }

    /// Writes the entry again when it would start nothing. What the user switched off stays so.
    ///
    /// # Errors
    /// When it cannot be read or written.
    pub fn repair(&self) -> anyhow::Result<bool> {
        let is_stale = self.state()? == AutostartState::Stale;
        if is_stale {
            self.switch_on()?;
        }
        Ok(is_stale)
    }

    fn text(&self) -> String {
        let command: Vec<String> = self.command.iter().map(|argument| quoted(argument)).collect();
        format!(
            "[Desktop Entry]\nType=Application\nName=Beeminder Withings Sync\n\
             Comment=Posts what Withings devices measure to Beeminder goals\nExec={}\n\
             Icon=beeminder-withings-sync\nTerminal=false\nX-GNOME-Autostart-enabled=true\n",
            command.join(" ")
        )
    }
}

/// Desktops that heed GNOME's key; the others start the program all the same, and their tools show it as on.
const HEED_GNOME: [&str; 6] = ["GNOME", "Unity", "X-Cinnamon", "MATE", "Budgie", "Pantheon"];

fn judge(text: &str, desktop: &str) -> AutostartState {
    let value = |key: &str| {
        let lines = text.lines().filter_map(|line| line.split_once('='));
        lines.filter(|(name, _)| name.trim() == key).map(|(_, value)| value.trim()).next_back()
    };
    let heeds_gnome = desktop.split(':').any(|name| HEED_GNOME.contains(&name));
    if value("Hidden") == Some("true") || (heeds_gnome && value("X-GNOME-Autostart-enabled") == Some("false"))
    {
        return AutostartState::SwitchedOff;
    }
    let program = value("Exec").and_then(first_argument);
    if program.is_some_and(|program| Path::new(&program).is_file()) {
        AutostartState::On
    } else {
        AutostartState::Stale
    }
}

/// Quotes an argument: first as the command line wants it, then as the file's strings do.
pub(crate) fn quoted(argument: &str) -> String {
    let mut quoted = String::from("\"");
    for character in argument.chars() {
        match character {
            '\\' => quoted.push_str("\\\\\\\\"),
            '"' | '`' | '$' => {
                quoted.push_str("\\\\");
                quoted.push(character);
            }
            '%' => quoted.push_str("%%"),
            _ => quoted.push(character),
        }
    }
    quoted + "\""
}

/// The program in an `Exec` line.
fn first_argument(exec: &str) -> Option<String> {
    let exec = exec.replace("\\\\", "\\");
    let mut characters = exec.chars();
    if !exec.starts_with('"') {
        return exec.split_whitespace().next().map(str::to_owned);
    }
    characters.next();
    let mut argument = String::new();
    while let Some(character) = characters.next() {
        match character {
            '"' => return Some(argument.replace("%%", "%")),
            '\\' => argument.push(characters.next()?),
            _ => argument.push(character),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(folder: &Path, program: &Path) -> AutostartEntry {
        AutostartEntry::new(folder, "sync", program, &["--hidden".into()], "ubuntu:GNOME")
    }

    /// A program that is there, in a folder with a name.
    fn program(folder: &Path, name: &str) -> PathBuf {
        let path = folder.join(name).join("sync");
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, "").unwrap();
        path
    }

    // Other systems do not have such names.
    #[cfg(unix)]
    #[test]
    fn any_path_is_written_so_that_it_is_found_again() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["plain", "with spaces", "$HOME `x` \"quoted\"", "back\\slash", "100 %f"] {
            let entry = entry(dir.path(), &program(dir.path(), name));
            assert_eq!(entry.state().unwrap(), AutostartState::Off);
            entry.switch_on().unwrap();
            assert_eq!(entry.state().unwrap(), AutostartState::On, "{name}: {}", entry.text());
            assert!(entry.text().contains(" \"--hidden\"\n"));
            entry.switch_off().unwrap();
            entry.switch_off().unwrap();
        }
    }

    #[test]
    fn an_entry_that_starts_nothing_is_repaired() {
        let dir = tempfile::tempdir().unwrap();
        let (old, new) = (program(dir.path(), "old place"), program(dir.path(), "new place"));
        entry(dir.path(), &old).switch_on().unwrap();
        std::fs::remove_file(&old).unwrap();
        let moved = entry(dir.path(), &new);
        assert_eq!(moved.state().unwrap(), AutostartState::Stale);
        assert!(moved.repair().unwrap());
        assert_eq!(moved.state().unwrap(), AutostartState::On);
        assert!(!moved.repair().unwrap(), "once");
        // Written by something that does not quote.
        let exec = format!("[Desktop Entry]\nExec={} --hidden\n", new.display());
        std::fs::write(dir.path().join("sync.desktop"), exec).unwrap();
        assert!(moved.repair().unwrap());
        for broken in ["", "[Desktop Entry]\n", "Exec=\"unfinished", "Exec=\"", "Exec="] {
            std::fs::write(dir.path().join("sync.desktop"), broken).unwrap();
            assert_eq!(moved.state().unwrap(), AutostartState::Stale, "{broken}");
        }
    }

    #[test]
    fn what_the_desktop_switched_off_stays_off_until_asked_for() {
        let dir = tempfile::tempdir().unwrap();
        let entry = entry(dir.path(), &program(dir.path(), "here"));
        for line in ["Hidden=true", "X-GNOME-Autostart-enabled=false"] {
            entry.switch_on().unwrap();
            let path = dir.path().join("sync.desktop");
            let text = std::fs::read_to_string(&path).unwrap() + line + "\n";
            std::fs::write(&path, text).unwrap();
            assert_eq!(entry.state().unwrap(), AutostartState::SwitchedOff, "{line}");
            assert!(!entry.repair().unwrap());
            entry.switch_on().unwrap();
            assert_eq!(entry.state().unwrap(), AutostartState::On);
        }
    }

    #[test]
    fn what_gnome_switched_off_is_started_by_plasma_and_shown_so() {
        let (dir, off) = (tempfile::tempdir().unwrap(), "X-GNOME-Autostart-enabled=false");
        let program = program(dir.path(), "here");
        let text = format!("[Desktop Entry]\nExec={}\n", program.display());
        for (line, desktop, state) in [
            (off, "GNOME", AutostartState::SwitchedOff),
            (off, "GNOME-Classic:GNOME", AutostartState::SwitchedOff),
            (off, "KDE", AutostartState::On),
            (off, "sway", AutostartState::On),
            ("Hidden=true", "KDE", AutostartState::SwitchedOff),
            ("Hidden=false", "KDE", AutostartState::On),
        ] {
            assert_eq!(judge(&format!("{text}{line}\n"), desktop), state, "{line} on {desktop}");
        }
    }
}
