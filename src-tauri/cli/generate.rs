//! `bws generate`: shell completions and manual pages, made from the arguments themselves.

use std::path::Path;

use anyhow::Context;
use clap::{Command, CommandFactory};
use clap_complete::Shell;

use super::args::Args;
use super::exit::Exit;

/// Writes them below `folder` as they lie below `/usr`.
pub(super) fn write(folder: &Path) -> anyhow::Result<Exit> {
    let mut command = without_help(Args::command());
    for (shell, path) in [
        (Shell::Bash, "share/bash-completion/completions"),
        (Shell::Zsh, "share/zsh/vendor-completions"),
        (Shell::Fish, "share/fish/vendor_completions.d"),
    ] {
        let path = made(&folder.join(path))?;
        let written = clap_complete::generate_to(shell, &mut command, "bws", &path)?;
        // Bash looks for a file with just the program's name.
        if shell == Shell::Bash {
            std::fs::rename(written, path.join("bws")).context("Failed to name the completions")?;
        }
    }
    let manual = made(&folder.join("share/man/man1"))?;
    clap_mangen::generate_to(command, manual).context("Failed to write the manual")?;
    Ok(Exit::Fine)
}

/// The subcommands called “help” say what the others' pages do.
fn without_help(command: Command) -> Command {
    command.disable_help_subcommand(true).mut_subcommands(without_help)
}

fn made(path: &Path) -> anyhow::Result<std::path::PathBuf> {
    std::fs::create_dir_all(path).with_context(|| format!("Failed to make {}", path.display()))?;
    Ok(path.to_owned())
}
