//! The comments of datapoints. A goal may be public, so a comment says no more than when, and with what
//! device. Pure.

use std::fmt::{self, Write};

use crate::text::Message;

/// Longer comments are refused; Beeminder's own limit is not documented.
const LONGEST: usize = 120;

/// What a comment can mention.
#[derive(Debug, Clone, Copy)]
pub struct Mentions<'a> {
    /// When it was measured, `07:31`; the day's date for a day's value.
    pub time: &'a str,
    /// The device's model, if any.
    pub device: Option<&'a str>,
    /// Which of the day's values it is, and of how many: `lowest of 3`; empty for a point.
    pub choice: &'a str,
}

/// The words that may stand in a template.
const WORDS: [&str; 3] = ["{time}", "{device}", "{choice}"];

/// Why a template cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// It has a word that means nothing.
    UnknownWord(String),
    /// It is too long.
    TooLong,
    /// It has a letter that Beeminder would take for something else.
    BadLetter(char),
}

impl TemplateError {
    /// The sentence for people.
    pub fn message(&self) -> Message {
        match self {
            TemplateError::UnknownWord(word) => {
                Message::error("comment_word", [("word", word.clone()), ("words", WORDS.join(", "))])
            }
            TemplateError::TooLong => Message::error("comment_long", [("most", LONGEST.to_string())]),
            TemplateError::BadLetter(letter) => {
                Message::error("comment_letter", [("letter", letter.to_string())])
            }
        }
    }
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.message().fmt(f)
    }
}

/// Checks a template before it is stored.
///
/// # Errors
/// When it cannot be used.
pub fn check(template: &str) -> Result<(), TemplateError> {
    // A quote ends a comment in Beeminder's own notation, a number sign annotates the graph.
    if let Some(bad) = template.chars().find(|c| c.is_control() || matches!(c, '"' | '#')) {
        return Err(TemplateError::BadLetter(bad));
    }
    if template.chars().count() > LONGEST {
        return Err(TemplateError::TooLong);
    }
    let mut rest = template;
    while let Some(start) = rest.find('{') {
        let end = rest[start..].find('}').map_or(rest.len(), |end| start + end + 1);
        let word = &rest[start..end];
        if !WORDS.contains(&word) {
            return Err(TemplateError::UnknownWord(word.into()));
        }
        rest = &rest[end..];
    }
    Ok(())
}

/// Writes a comment: by the template, or as usual.
pub fn write(template: Option<&str>, mentions: Mentions<'_>, is_day: bool) -> String {
    let Some(template) = template else {
        let mut comment = String::from("Withings");
        if !is_day {
            comment += &format!(" {}", mentions.time);
        } else if !mentions.choice.is_empty() {
            let _ = write!(comment, ", {}", mentions.choice);
        }
        return comment;
    };
    let device: String = mentions
        .device
        .unwrap_or("by hand")
        .chars()
        .filter(|c| !c.is_control() && !"\"#".contains(*c))
        .collect();
    let written = template
        .replace("{time}", mentions.time)
        .replace("{choice}", mentions.choice)
        .replace("{device}", &device);
    written.trim().chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MENTIONS: Mentions<'_> =
        Mentions { time: "07:31", device: Some("Body \"#1\""), choice: "lowest of 3" };

    #[test]
    fn comments_are_written_by_the_template_or_as_usual() {
        for (template, is_day, expected) in [
            (None, false, "Withings 07:31"),
            (None, true, "Withings, lowest of 3"),
            (Some("{device} at {time}"), false, "Body 1 at 07:31"),
            (Some("{choice}"), true, "lowest of 3"),
            (Some(""), false, ""),
        ] {
            assert_eq!(write(template, MENTIONS, is_day), expected, "{template:?}");
        }
    }

    #[test]
    fn a_template_that_cannot_work_is_refused_in_words() {
        assert_eq!(check("{device} at {time}, {choice}"), Ok(()));
        for (template, said) in [
            ("at {tme}", "{tme}"),
            ("at {time", "{time"),
            ("#fat", "“#”"),
            ("a \"b\"", "means something else"),
            (&"x".repeat(121), "120 letters"),
        ] {
            assert!(check(template).unwrap_err().to_string().contains(said), "{template}");
        }
    }
}
