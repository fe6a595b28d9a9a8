//! Flaws of an answer that cannot be read. Nothing of the answer is quoted: it may hold tokens, or what somebody
//! weighs.

use std::fmt;

use crate::text::Args;

/// What is wrong with an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flaw {
    /// It is larger than any answer should be.
    TooLarge,
    /// It has no characters at all.
    Empty,
    /// It is HTML, as the sign-in page of a network.
    WebPage,
    /// It ends in the middle.
    CutOff {
        /// The body's length in bytes.
        length: usize,
    },
    /// It lacks something that the documentation promises.
    Lacks {
        /// The field's name in the service's reference.
        field: String,
    },
    /// It is JSON of another shape, or none.
    OutOfShape {
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
    },
    /// Its tokens are blank.
    BlankTokens,
    /// Its pages lead back to where they came from.
    CircularPages,
    /// Its pages never come to an end.
    EndlessPages,
    /// It is about another datapoint than the request.
    AnotherDatapoint,
}

impl Flaw {
    /// Says what is wrong with `body`, which is not the JSON that was expected.
    pub(crate) fn of(body: &[u8], error: &serde_json::Error) -> Flaw {
        match body.trim_ascii_start() {
            [] => Flaw::Empty,
            [b'<', ..] => Flaw::WebPage,
            _ if error.is_eof() => Flaw::CutOff { length: body.len() },
            _ => lacking_field(&error.to_string())
                .map_or_else(|| Flaw::OutOfShape { line: error.line(), column: error.column() }, Flaw::lacks),
        }
    }

    /// Lacks a field.
    pub(crate) fn lacks(field: &str) -> Flaw {
        Flaw::Lacks { field: field.to_owned() }
    }

    /// The key of its words in the group `flaw`.
    fn code(&self) -> &'static str {
        match self {
            Flaw::TooLarge => "too_large",
            Flaw::Empty => "empty",
            Flaw::WebPage => "web_page",
            Flaw::CutOff { .. } => "cut_off",
            Flaw::Lacks { .. } => "lacks",
            Flaw::OutOfShape { .. } => "out_of_shape",
            Flaw::BlankTokens => "blank_tokens",
            Flaw::CircularPages => "circular_pages",
            Flaw::EndlessPages => "endless_pages",
            Flaw::AnotherDatapoint => "another_datapoint",
        }
    }

    /// What the sentence “unreadable” of `service` is about.
    pub(crate) fn facts(&self, service: &str) -> Args {
        let mut facts = crate::text::args([("service", service.to_owned()), ("what", self.code().into())]);
        let mut add = |name: &str, value: String| drop(facts.insert(name.to_owned(), value));
        match self {
            Flaw::CutOff { length } => add("length", length.to_string()),
            Flaw::Lacks { field } => add("field", field.clone()),
            Flaw::OutOfShape { line, column } => {
                add("line", line.to_string());
                add("column", column.to_string());
            }
            Flaw::TooLarge
            | Flaw::Empty
            | Flaw::WebPage
            | Flaw::BlankTokens
            | Flaw::CircularPages
            | Flaw::EndlessPages
            | Flaw::AnotherDatapoint => {}
        }
        facts
    }
}

/// In English, for the log.
impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&crate::text::english(
            &format!("flaw.{}", self.code()),
            &self.facts(""),
            chrono_tz::Tz::UTC,
        ))
    }
}

/// The name of a field that is not there, when that is what an error says.
fn lacking_field(error: &str) -> Option<&str> {
    error.strip_prefix("missing field `")?.split('`').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_cannot_be_read_is_told_without_its_words() {
        for (body, expected) in [
            ("", Flaw::Empty),
            (" <html>", Flaw::WebPage),
            (r#"{"access_token":"secret"#, Flaw::CutOff { length: 23 }),
            ("nil", Flaw::OutOfShape { line: 1, column: 2 }),
        ] {
            let error = serde_json::from_str::<serde_json::Value>(body).unwrap_err();
            let flaw = Flaw::of(body.as_bytes(), &error);
            assert_eq!(flaw, expected);
            assert!(!flaw.to_string().contains("secret") && !flaw.to_string().contains('{'), "{flaw}");
        }
        assert_eq!(lacking_field("missing field `status` at line 1"), Some("status"));
    }
}
