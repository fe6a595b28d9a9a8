//! Joins words that come from different places, so that a person reads sentences. Pure.

/// Puts `next` behind `text`: as a sentence of its own where `text` ends one, behind a colon elsewhere.
pub fn then(text: &str, next: &str) -> String {
    let (text, next) = (text.trim_end(), next.trim());
    match (text.is_empty(), next.is_empty()) {
        (true, _) => next.to_owned(),
        (_, true) => text.to_owned(),
        (false, false) if is_whole(text) => whole(&format!("{text} {}", capitalised(next))),
        (false, false) => format!("{text}: {next}"),
    }
}

/// Puts the command that helps behind `text`.
pub fn see(text: &str, command: &str) -> String {
    let text = text.trim_end();
    if is_whole(text) {
        format!("{text} See “{command}”.")
    } else {
        format!("{text}; see “{command}”")
    }
}

/// Ends a sentence that has no end yet.
pub fn whole(text: &str) -> String {
    let text = text.trim_end();
    if text.is_empty() || is_whole(text) { text.to_owned() } else { format!("{text}.") }
}

/// Whether `text` ends a sentence.
pub fn is_whole(text: &str) -> bool {
    text.trim_end().trim_end_matches(['”', '“', '"', '’', ')']).ends_with(['.', '!', '?', '…'])
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_a_sentence_is_another_one() {
        for (text, next, expected) in [
            ("Failed to sync", "no space", "Failed to sync: no space"),
            ("Free some space.", "database is full", "Free some space. Database is full."),
            ("Is it there?", "No.", "Is it there? No."),
            ("He said “no.”", "so what", "He said “no.” So what."),
            ("", "no space", "no space"),
            ("Failed", "  ", "Failed"),
            ("Failed", "/home/a: denied", "Failed: /home/a: denied"),
        ] {
            assert_eq!(then(text, next), expected);
        }
        assert_eq!(see("There is no link 9", "bws link list"), "There is no link 9; see “bws link list”");
        assert_eq!(see("Close it.", "bws goals"), "Close it. See “bws goals”.");
        assert_eq!((whole("a"), whole("a."), whole("")), ("a.".into(), "a.".into(), String::new()));
    }
}
