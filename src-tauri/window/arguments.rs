//! How the program is started: by the user, at login, by a browser that comes back, or a second time.

use std::path::PathBuf;

use clap::Parser;

/// Posts what Withings devices measure to Beeminder goals; lives in the tray
#[derive(Debug, Clone, Default, PartialEq, Eq, Parser)]
#[command(name = "beeminder-withings-sync", version)]
pub(crate) struct Arguments {
    /// Show no window, as at login
    #[arg(long)]
    pub(crate) hidden: bool,
    /// Where everything but the tokens is kept
    #[arg(long, value_name = "FOLDER")]
    pub(crate) data_dir: Option<PathBuf>,
    /// The address a browser came back to after a sign-in
    #[arg(value_name = "ADDRESS")]
    pub(crate) callback: Option<String>,
}

impl Arguments {
    /// Reads what a second start was called with. What makes no sense asks for the window, as no
    /// arguments do.
    pub(crate) fn of_second_start(arguments: &[String]) -> Arguments {
        Arguments::try_parse_from(arguments).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_start_never_fails() {
        let parse = |arguments: &[&str]| {
            let arguments: Vec<String> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
            Arguments::of_second_start(&arguments)
        };
        let nothing = Arguments::default();
        let url = "beeminder-withings-sync://withings/auth_callback?code=a&state=b";
        assert_eq!(parse(&["x", url]).callback.as_deref(), Some(url));
        assert_eq!(parse(&["x", "--data-dir", "d", url]).callback.as_deref(), Some(url));
        assert!(parse(&["x", "--hidden"]).hidden);
        for hostile in [&["x"][..], &[], &["x", "--nonsense"], &["x", "one", "two"], &["x", "--data-dir"]] {
            assert_eq!(parse(hostile), nothing, "{hostile:?}");
        }
    }
}
