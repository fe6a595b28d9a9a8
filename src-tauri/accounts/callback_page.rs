//! The page the browser ends on after a sign-in, as HTML: what became of it, in the user's language.
//!
//! The address that led here is a stranger's until it is proven, so nothing of it is ever shown: the page says
//! sentences of this program about one of two services, and its policy lets nothing in but its own style.

use std::fmt::Write;

use hyper::header::HeaderValue;

use crate::domain::service::Service;
use crate::text::{Explained, Language, Message};

/// What a browser shows last.
#[derive(Debug)]
pub(super) struct CallbackPage {
    /// The whole document.
    pub(super) html: String,
    /// What the browser may load and run for it.
    pub(super) policy: HeaderValue,
}

/// How a page looks, in light and dark. Without this page's nonce the browser leaves it out.
const STYLE: &str = "
:root { color-scheme: light dark; --ground: #f6f5f2; --card: #fff; --ink: #1d1d1b; --faint: #5a5a57; --line: #d8d6cf; --mark: #1d6b3a; }
.failed { --mark: #9c3800; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #1c1d20; --card: #27292d; --ink: #ececea; --faint: #b4b4b8; --line: #44474d; --mark: #7fd69b; }
  .failed { --mark: #ffa266; }
}
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1rem; background: var(--ground); color: var(--ink); font: 1.05rem/1.55 system-ui, sans-serif; }
main { max-width: 32rem; background: var(--card); border: 1px solid var(--line); border-top: .4rem solid var(--mark); border-radius: .6rem; padding: 1.6rem 1.8rem; overflow-wrap: anywhere; }
h1 { font-size: 1.4rem; line-height: 1.3; margin: 0 0 .6rem; }
p { margin: 0 0 .6rem; }
p:last-child { margin: 0; }
small { color: var(--faint); font-size: .9rem; }
";

impl CallbackPage {
    /// Says how the sign-in to `service` ended.
    pub(super) fn of_sign_in(
        service: Service,
        outcome: &Result<Message, Explained>,
        language: Language,
    ) -> CallbackPage {
        let about = |key: &str| Message::new(key, [("service", service.to_string())]);
        let back = Message::new("notice.page_back", []);
        let (class, lines) = match outcome {
            Ok(_) => ("done", vec![about("notice.page_connected"), back]),
            Err(why) => ("failed", vec![about("notice.page_failed"), helpful(&why.sentence, service), back]),
        };
        CallbackPage::new(class, &lines, language)
    }

    /// Says that there is no such page.
    pub(super) fn of_nothing(language: Language) -> CallbackPage {
        CallbackPage::new("failed", &[Message::error("nothing_here", [])], language)
    }

    /// The first line is the heading.
    fn new(class: &str, lines: &[Message], language: Language) -> CallbackPage {
        let nonce = nonce();
        let said: Vec<_> = lines.iter().map(|line| escaped(&line.by(language))).collect();
        let (heading, rest) =
            said.split_first().map_or(("", [].as_slice()), |(heading, rest)| (heading.as_str(), rest));
        let tag = language.tag();
        let mut html = format!(
            "<!doctype html>\n<html lang=\"{tag}\" class=\"{class}\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>{heading} – Beeminder Withings Sync</title>\n<style nonce=\"{nonce}\">{STYLE}</style>\n</head>\n\
             <body>\n<main>\n<h1>{heading}</h1>\n"
        );
        for line in rest {
            // Writing into a text does not fail.
            let _ = writeln!(html, "<p>{line}</p>");
        }
        html += "<p><small>Beeminder Withings Sync</small></p>\n</main>\n</body>\n</html>\n";
        CallbackPage { html, policy: policy(&nonce) }
    }
}

/// What to do about a failure. Sentences that quote what came from outside have one here that does not.
fn helpful(sentence: &Message, service: Service) -> Message {
    let about = |key: &str| Message::new(key, [("service", service.to_string())]);
    match sentence.key.as_str() {
        "error.sign_in_denied" => about("notice.page_denied"),
        "error.sign_in_another" => about("notice.page_another"),
        _ if sentence.args.is_empty() => sentence.clone(),
        _ => Message::new("notice.page_elsewhere", []),
    }
}

/// What proves that the style is this page's own. Without randomness there is none, and the page is plain.
fn nonce() -> String {
    let mut random = [0; 16];
    match getrandom::fill(&mut random) {
        Ok(()) => hex::encode(random),
        Err(error) => {
            tracing::warn!("The page in the browser has no style: {error}");
            String::new()
        }
    }
}

fn policy(nonce: &str) -> HeaderValue {
    let nothing = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    let policy =
        if nonce.is_empty() { nothing.to_owned() } else { format!("{nothing}; style-src 'nonce-{nonce}'") };
    // Letters, digits and what stands above are fit for a header.
    HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
}

/// Text that cannot become markup.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::keychain::KeychainError;
    use crate::accounts::sign_in::SignInError;

    fn page(outcome: &Result<Message, Explained>, language: Language) -> String {
        CallbackPage::of_sign_in(Service::Withings, outcome, language).html
    }

    fn failed(error: &SignInError) -> Result<Message, Explained> {
        Err(error.message().unwrap().into())
    }

    #[test]
    fn it_says_how_the_sign_in_ended_in_the_users_language() {
        let done = Ok(Message::new("notice.connected", [("user", "10000001".into())]));
        let english = page(&done, Language::English);
        assert!(
            english.contains("<h1>Withings is connected</h1>") && english.contains("close this tab"),
            "{english}"
        );
        assert!(english.contains("lang=\"en\""));
        let german = page(&done, Language::German);
        assert!(german.contains("Withings ist verbunden") && german.contains("lang=\"de\""), "{german}");
        let scope = page(&failed(&SignInError::ScopeMissing), Language::English);
        assert!(scope.contains("leave the box for measurements ticked"), "{scope}");
        let locked = page(&failed(&SignInError::Keychain(KeychainError::Locked)), Language::English);
        assert!(locked.contains("Unlock it"), "{locked}");
    }

    #[test]
    fn nothing_from_outside_is_shown_and_no_script_could_run() {
        let hostile = "<script>alert(1)</script>\" onload='x";
        let service = Service::Withings;
        let denied = SignInError::Denied { service, reason: hostile.into() };
        let another =
            SignInError::AnotherPerson { service, found: hostile.into(), expected: "10000001".into() };
        let unknown = Err(Message::error("whatever", [("message", hostile.into())]).into());
        for outcome in [failed(&denied), failed(&another), unknown] {
            let page = CallbackPage::of_sign_in(service, &outcome, Language::English);
            assert!(!page.html.contains("alert") && !page.html.contains("<script"), "{}", page.html);
            assert!(page.html.contains("did not work"), "{}", page.html);
            let policy = page.policy.to_str().unwrap();
            assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        }
        assert_eq!(escaped(hostile), "&lt;script&gt;alert(1)&lt;/script&gt;&quot; onload=&#39;x");
    }

    #[test]
    fn each_page_has_a_nonce_of_its_own() {
        let nonces = [(); 2].map(|()| CallbackPage::of_nothing(Language::English).policy);
        assert_ne!(nonces[0], nonces[1]);
    }
}
