//! The desktop's permission to take the focus, which it gives to what its user starts.
//!
//! Under Wayland it is a token, under X11 the number of a start, which also ends the busy cursor. Some
//! launchers set one variable and some the other, and a toolkit reads one of them.
//!
//! <https://wayland.app/protocols/xdg-activation-v1>
//! <https://specifications.freedesktop.org/startup-notification-spec/latest/>

use std::process::Command;

const WAYLAND: &str = "XDG_ACTIVATION_TOKEN";
const X11: &str = "DESKTOP_STARTUP_ID";

/// The permission that this start was given.
pub fn given() -> Option<String> {
    chosen(|name| std::env::var(name).ok())
}

fn chosen(variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    [WAYLAND, X11].into_iter().filter_map(variable).find(|token| !token.is_empty())
}

/// Passes a permission on to what is started; not this program's own, which is used up.
pub fn give(command: &mut Command, token: Option<&str>) {
    for name in [WAYLAND, X11] {
        match token {
            Some(token) => command.env(name, token),
            None => command.env_remove(name),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn either_variable_is_heeded_and_both_are_passed_on() {
        for (name, value, found) in [(WAYLAND, "a", Some("a")), (X11, "b", Some("b")), (WAYLAND, "", None)] {
            let set = |asked: &str| (asked == name).then(|| value.to_owned());
            assert_eq!(chosen(set).as_deref(), found, "{name}={value}");
        }
        let mut command = Command::new("x");
        give(&mut command, Some("a"));
        assert!(command.get_envs().all(|(_, value)| value == Some("a".as_ref())));
        give(&mut command, None);
        assert!(command.get_envs().all(|(_, value)| value.is_none()));
    }
}
