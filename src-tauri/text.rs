//! The program's sentences, one file a language in `ui/texts/`, for the window, the tray and notifications.
//!
//! What is said comes as a key and facts, so that every language can say it its own way.
//!
//! A sentence has places for facts: `{goal}` as it is, `{at:moment}` as a moment and `{at:time}` as a time of
//! day by the clock of the Beeminder user, `{until:here}` as a moment by this computer's clock, `{at:ago}` as how
//! long ago it is (in the window), `{day:day}` as a date, and `{what:source}` as the words that `source.…` has for it,
//! `{why:error}` as the sentence of an error, `{goals:list}` as names in a row. Where a sentence
//! counts, the key with `_one` behind it says what one is called.

pub mod nearest;
pub mod sentence;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::OnceLock;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

/// What a sentence is about, by the names of its places. Moments are RFC 3339, days `yyyy-mm-dd`; several
/// words are parted by commas.
pub type Args = BTreeMap<String, String>;

/// Collects arguments.
pub fn args<const N: usize>(args: [(&str, String); N]) -> Args {
    args.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Something to be said in the user's language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The key of the sentence.
    pub key: String,
    /// The values for the places of the sentence.
    pub args: Args,
}

impl Message {
    /// A sentence.
    pub fn new<const N: usize>(key: &str, about: [(&str, String); N]) -> Message {
        Message { key: key.to_owned(), args: args(about) }
    }

    /// A sentence about what went wrong: `error.` and the code make its key.
    pub fn error<const N: usize>(code: &str, about: [(&str, String); N]) -> Message {
        Message { key: format!("error.{code}"), args: args(about) }
    }
}

impl Message {
    /// The sentence in the user's language, for one without moments.
    pub fn by(&self, language: Language) -> String {
        Locale::new(language, Tz::UTC).say(&self.key, &self.args)
    }
}

/// In English.
impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&english(&self.key, &self.args, Tz::UTC))
    }
}

/// What went wrong, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explained {
    /// In English, with every cause, as the log and `bws` tell it.
    pub message: String,
    /// The sentence in every language.
    pub sentence: Message,
}

impl Explained {
    /// The sentence in the user's language.
    pub fn by(&self, language: Language) -> String {
        self.sentence.by(language)
    }
}

impl From<Message> for Explained {
    fn from(sentence: Message) -> Explained {
        Explained { message: sentence.to_string(), sentence }
    }
}

impl fmt::Display for Explained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// A language this program speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// English, which `bws` and the log always speak.
    #[default]
    English,
    /// German.
    German,
}

impl Language {
    /// The language of a tag as `de` or `de-AT`, if this program speaks it.
    pub fn of_tag(tag: &str) -> Option<Language> {
        match tag.split(['-', '_', '.']).next() {
            Some("en") => Some(Language::English),
            Some("de") => Some(Language::German),
            _ => None,
        }
    }

    /// Its tag, as documents name it.
    pub fn tag(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::German => "de",
        }
    }

    /// The one the user chose, or else the desktop's.
    pub fn chosen(tag: Option<&str>) -> Language {
        let desktop = || sys_locale::get_locales().find_map(|tag| Language::of_tag(&tag));
        tag.and_then(Language::of_tag).or_else(desktop).unwrap_or_default()
    }

    fn texts(self) -> &'static BTreeMap<String, String> {
        static GERMAN: OnceLock<BTreeMap<String, String>> = OnceLock::new();
        match self {
            Language::English => texts(),
            Language::German => GERMAN.get_or_init(|| read(include_str!("../ui/texts/de.json"))),
        }
    }
}

/// In which language something is said, and by whose clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Locale {
    /// The language of words and of dates.
    pub language: Language,
    /// Where the Beeminder user lives, whose clock measurements, deadlines and days go by.
    pub zone: Tz,
    /// Where this computer is, whose clock goes for what the program did or is going to do.
    pub here: Tz,
    /// When it is read, if at once: then moments near to that are said in few words.
    pub now: Option<DateTime<Utc>>,
}

impl Locale {
    /// One that says moments in full, all by one clock.
    pub const fn new(language: Language, zone: Tz) -> Locale {
        Locale { language, zone, here: zone, now: None }
    }

    /// Says something. An unknown key is shown as it is; a test looks for those.
    pub fn say(self, key: &str, facts: &Args) -> String {
        let texts = self.language.texts();
        let one = facts.get("count").is_some_and(|count| count == "1");
        let singular = one.then(|| texts.get(&format!("{key}_one"))).flatten();
        let Some(text) = singular.or_else(|| texts.get(key)) else {
            return key.to_owned();
        };
        let mut parts = text.split('{');
        let mut said = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (place, rest) = part.split_once('}').unwrap_or((part, ""));
            let (name, form) = place.split_once(':').unwrap_or((place, ""));
            let fact = self.filled(facts.get(name).map_or("", String::as_str), form, facts);
            // What others say often ends as a sentence does.
            let behind = rest.trim_start_matches(['”', '“']);
            let ends = behind.starts_with(['.', ':', ';', ',']) && sentence::is_whole(&fact);
            said += if ends { fact.trim_end_matches('.') } else { &fact };
            said += rest;
        }
        said
    }

    fn filled(self, fact: &str, form: &str, facts: &Args) -> String {
        match form {
            "time" => {
                let time = |at: &str| at.parse().map_or_else(|_| at.to_owned(), |at| self.time(at));
                self.list(&fact.split(',').map(time).collect::<Vec<_>>())
            }
            "moment" => fact.parse().map_or_else(|_| fact.to_owned(), |at| self.moment(at)),
            "here" => fact.parse().map_or_else(|_| fact.to_owned(), |at| self.moment_here(at)),
            "" | "day" | "number" => fact.to_owned(),
            "error" => sentence(self.word("error", fact, facts)),
            group => {
                let words: Vec<_> = fact.split(',').map(|one| self.word(group, one, facts)).collect();
                self.list(&words)
            }
        }
    }

    /// Several words in a row.
    fn list(self, words: &[String]) -> String {
        let and = match self.language {
            Language::English => "and",
            Language::German => "und",
        };
        match words {
            [] => String::new(),
            [word] => word.clone(),
            [one, other] => format!("{one} {and} {other}"),
            // The Oxford comma is English.
            [first @ .., last] => {
                let comma = if self.language == Language::English { "," } else { "" };
                format!("{}{comma} {and} {last}", first.join(", "))
            }
        }
    }

    /// What a group of texts has for a word, about the same facts; the word itself when it has nothing.
    fn word(self, group: &str, word: &str, facts: &Args) -> String {
        let key = format!("{group}.{word}");
        if self.language.texts().contains_key(&key) { self.say(&key, facts) } else { word.to_owned() }
    }

    /// A decimal number.
    pub fn number(self, figure: &str) -> String {
        match self.language {
            Language::English => figure.to_owned(),
            Language::German => figure.replace('.', ","),
        }
    }

    /// A value with its unit; an empty unit is none.
    pub fn amount(self, figure: &str, unit: &str) -> String {
        let space =
            if unit.is_empty() || (unit == "%" && self.language == Language::English) { "" } else { " " };
        format!("{}{space}{unit}", self.number(figure))
    }

    /// The day of a moment, without its year.
    pub fn day(self, at: DateTime<Utc>) -> String {
        let format = match self.language {
            Language::English => "%b %-d",
            Language::German => "%-d.%-m.",
        };
        at.with_timezone(&self.zone).format(format).to_string()
    }

    /// The month of a moment.
    pub fn month(self, at: DateTime<Utc>) -> String {
        let format = match self.language {
            Language::English => "%b %Y",
            Language::German => "%-m.%Y",
        };
        at.with_timezone(&self.zone).format(format).to_string()
    }

    /// The time of day of a moment.
    pub fn time(self, at: DateTime<Utc>) -> String {
        at.with_timezone(&self.zone).format(self.clock()).to_string()
    }

    /// How a time of day is written. The window does so as well, see `ui/texts.js`.
    fn clock(self) -> &'static str {
        match self.language {
            Language::English => "%-I:%M %p",
            Language::German => "%H:%M",
        }
    }

    /// A moment by this computer's clock; see [`Locale::moment`].
    pub fn moment_here(self, at: DateTime<Utc>) -> String {
        Locale { zone: self.here, ..self }.moment(at)
    }

    /// A moment: the time when it is today, with the weekday when it is near, with its date otherwise.
    pub fn moment(self, at: DateTime<Utc>) -> String {
        let day = |at: DateTime<Utc>| at.with_timezone(&self.zone).date_naive();
        match self.now.map(|now| (day(at) - day(now)).num_days()) {
            Some(0) => self.time(at),
            Some(-6..=6) => {
                let weekday = at.with_timezone(&self.zone).format("%a").to_string().to_lowercase();
                format!("{} {}", self.say(&format!("weekday.{weekday}"), &Args::new()), self.time(at))
            }
            Some(_) | None => self.date_and_time(at),
        }
    }

    fn date_and_time(self, at: DateTime<Utc>) -> String {
        let day = match self.language {
            Language::English => "%b %-d, %Y",
            Language::German => "%d.%m.%Y",
        };
        at.with_timezone(&self.zone).format(&format!("{day}, {}", self.clock())).to_string()
    }
}

/// Ends a sentence that another one follows.
fn sentence(mut text: String) -> String {
    if !text.is_empty() && !text.ends_with(['.', '!', '?']) {
        text.push('.');
    }
    text
}

/// Says it in English, with times by the clock of `zone`.
pub fn english(key: &str, facts: &Args, zone: Tz) -> String {
    Locale::new(Language::English, zone).say(key, facts)
}

/// The English word of a group of texts, where it has one.
pub fn word(group: &str, word: &str) -> Option<&'static str> {
    texts().get(&format!("{group}.{word}")).map(String::as_str)
}

/// Every key with its English text.
pub fn texts() -> &'static BTreeMap<String, String> {
    static TEXTS: OnceLock<BTreeMap<String, String>> = OnceLock::new();
    TEXTS.get_or_init(|| read(include_str!("../ui/texts/en.json")))
}

/// Reads a file of texts: groups in groups, whose names make the keys.
///
/// # Panics
/// When it is no JSON, which a build of this program cannot have.
pub fn read(json: &str) -> BTreeMap<String, String> {
    fn collect(value: serde_json::Value, key: &str, texts: &mut BTreeMap<String, String>) {
        match value {
            serde_json::Value::Object(group) => {
                for (name, value) in group {
                    let key = if key.is_empty() { name } else { format!("{key}.{name}") };
                    collect(value, &key, texts);
                }
            }
            serde_json::Value::String(text) => drop(texts.insert(key.to_owned(), text)),
            serde_json::Value::Null
            | serde_json::Value::Bool(_)
            | serde_json::Value::Number(_)
            | serde_json::Value::Array(_) => {}
        }
    }
    let mut texts = BTreeMap::new();
    collect(serde_json::from_str(json).expect("a test reads every file of texts"), "", &mut texts);
    texts
}

#[cfg(test)]
mod tests {
    use super::*;
    use strum::VariantArray;

    use crate::domain::measure::kind::{KINDS, Source};
    use crate::domain::measure::measure_set::NAMED_SETS;
    use crate::domain::measure::take::Take;
    use crate::domain::plan::Reason;
    use crate::domain::problem_code::{ProblemCode, Urgency};

    #[test]
    fn places_are_filled_as_their_form_says() {
        let zone = chrono_tz::Europe::Paris;
        let about = args([
            ("until", "2026-11-24T15:00:00Z".into()),
            ("count", "1".into()),
            ("what", "measure,sleep".into()),
        ]);
        assert_eq!(english("status.paused", &about, zone), "Paused until Nov 24, 2026, 4:00 PM.");
        assert!(english("status.sending", &about, zone).contains("1 datapoint "), "one is one");
        assert!(english("attention.share_withdrawn", &about, zone).contains("measurements and sleep"));
        assert_eq!(english("no such key", &about, zone), "no such key");
        let denied = args([("service", "Withings".into()), ("reason", "The user said no.".into())]);
        assert!(english("error.sign_in_denied", &denied, zone).contains("said no”. Start again"));
    }

    #[test]
    fn what_the_program_does_goes_by_this_computers_clock_and_near_moments_are_short() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let full = Locale::new(Language::English, chrono_tz::Europe::Paris);
        let abroad =
            Locale { here: chrono_tz::America::New_York, now: Some(at("2026-11-24T22:30:00Z")), ..full };
        for (moment, there, here) in [
            ("2026-11-24T22:45:00Z", "11:45 PM", "5:45 PM"),
            ("2026-11-25T01:00:00Z", "Wed 2:00 AM", "8:00 PM"),
            ("2026-12-24T12:00:00Z", "Dec 24, 2026, 1:00 PM", "Dec 24, 2026, 7:00 AM"),
        ] {
            assert_eq!(
                (abroad.moment(at(moment)), abroad.moment_here(at(moment))),
                (there.into(), here.into())
            );
        }
        assert_eq!(full.moment_here(at("2026-11-24T22:45:00Z")), "Nov 24, 2026, 11:45 PM");
    }

    #[test]
    fn a_language_is_found_by_its_tag_and_says_it_its_own_way() {
        for (tag, language) in [
            ("de", Some(Language::German)),
            ("de-AT", Some(Language::German)),
            ("de_DE.UTF-8", Some(Language::German)),
            ("en-GB", Some(Language::English)),
            ("tlh", None),
            ("", None),
        ] {
            assert_eq!(Language::of_tag(tag), language, "{tag}");
        }
        assert_eq!(Language::chosen(Some("de")), Language::German);
        let locale = Locale::new(Language::German, Tz::UTC);
        let until = args([("until", "2026-11-24T15:00:00Z".into())]);
        assert_eq!(locale.say("status.paused", &until), "Pause bis 24.11.2026, 15:00.");
    }

    #[test]
    fn everything_the_program_may_say_has_a_text_in_every_language() {
        let german = Language::German.texts();
        for code in ProblemCode::VARIANTS {
            let is_told = code.urgency() == Urgency::NeedsYou;
            for group in ["attention", "headline", "solved"].into_iter().take(if is_told { 3 } else { 2 }) {
                assert!(texts().contains_key(&format!("{group}.{}", code.name())), "{group} {code:?}");
            }
        }
        for info in KINDS {
            assert!(texts().contains_key(&format!("kind.{}", info.name)), "{}", info.name);
        }
        for set in &NAMED_SETS {
            assert!(texts().contains_key(&format!("set.{}", set.name)), "{}", set.name);
        }
        for take in Take::VARIANTS {
            assert!(texts().contains_key(&format!("take.{}", take.name())), "{take:?}");
        }
        for source in Source::VARIANTS {
            assert!(texts().contains_key(&format!("source.{}", source.name())), "{source:?}");
        }
        for reason in Reason::VARIANTS {
            assert!(texts().contains_key(&format!("reason.{}", reason.code())), "{reason:?}");
        }
        let keys = |texts: &BTreeMap<String, String>| texts.keys().cloned().collect::<Vec<_>>();
        assert_eq!(keys(texts()), keys(german), "every key in every language");
        let places = |text: &str| {
            let mut places: Vec<_> =
                text.split('{').skip(1).filter_map(|part| Some(part.split_once('}')?.0.to_owned())).collect();
            places.sort();
            places
        };
        for (key, text) in german {
            assert!(!text.is_empty(), "{key}");
            // What the system itself says is English, so it is shown to those who read that.
            let is_of_system = ["error.unforeseen", "error.keychain_failed"].contains(&key.as_str());
            assert!(is_of_system || places(text) == places(&texts()[key]), "{key}: {text}");
        }
    }
}
