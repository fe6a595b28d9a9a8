//! Answers that are no success: what each status and shape of error means.

use reqwest::StatusCode;
use serde_json::Value;

use crate::services::beeminder::Error;
use crate::services::http::{HttpAnswer, excerpt};

/// Returns the body of a good answer, or what the status means.
pub(in crate::services::beeminder) fn body(answer: HttpAnswer) -> Result<Vec<u8>, Error> {
    let HttpAnswer { status, retry_after, body } = answer;
    if status.is_success() {
        return Ok(body);
    }
    let status_code = status.as_u16();
    Err(match status {
        StatusCode::TOO_MANY_REQUESTS => Error::RateLimited { retry_after },
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY => {
            Error::Unavailable { status: status_code, retry_after }
        }
        status if status.is_redirection() => Error::Redirected { status: status_code },
        // Whatever does not speak as Beeminder does says nothing about the datapoint, the goal or the token.
        status if status.is_client_error() && !is_beeminders(status, &body) => {
            Error::InTheWay { status: status_code }
        }
        // Every 401 means the same: its words vary and tell revoked from replaced no better.
        StatusCode::UNAUTHORIZED => Error::SignInAgain,
        StatusCode::NOT_FOUND => Error::NotFound { message: message(&body).0 },
        StatusCode::UNPROCESSABLE_ENTITY if is_duplicate(&body) => Error::Duplicate,
        status if status.is_client_error() => {
            let (message, names_fields) = message(&body);
            if is_day_full(&message) {
                return Err(Error::DayIsFull { message });
            }
            Error::Rejected { status: status_code, message, names_fields }
        }
        _ => Error::Unavailable { status: status_code, retry_after },
    })
}

/// Whether an error is one of Beeminder's own: an object that names it; or, where a datapoint is refused,
/// words in JSON. A proxy needs a sign-in of its own (407), which Beeminder never asks for.
fn is_beeminders(status: StatusCode, body: &[u8]) -> bool {
    if status == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
        return false;
    }
    match serde_json::from_slice::<Value>(body) {
        Ok(Value::Object(fields)) => {
            ["errors", "error", "error_message"].iter().any(|name| fields.contains_key(*name))
        }
        Ok(Value::String(_) | Value::Array(_)) => status == StatusCode::UNPROCESSABLE_ENTITY,
        Ok(Value::Null | Value::Bool(_) | Value::Number(_)) | Err(_) => false,
    }
}

/// What a datapoint is refused for itself. Anything else may be about the goal or the user.
const FIELDS: [&str; 5] = ["value", "timestamp", "daystamp", "comment", "requestid"];

/// The one 422 that is good news. Its exact body is not documented, the word is.
fn is_duplicate(body: &[u8]) -> bool {
    String::from_utf8_lossy(body).to_lowercase().contains("duplicat")
}

/// The limit on a day's datapoints, 300 recently. Its exact words are not documented.
fn is_day_full(message: &str) -> bool {
    let message = message.to_lowercase();
    message.contains("too many") && message.contains("day")
}

/// Finds the words for people in an error body of any shape, and whether they name a field of a datapoint.
fn message(body: &[u8]) -> (String, bool) {
    let Ok(value) = serde_json::from_slice::<Value>(body) else {
        return (excerpt(body), false);
    };
    let errors = ["errors", "error", "error_message"].iter().find_map(|key| value.get(key));
    let errors = errors.unwrap_or(&value);
    let names =
        |fields: &serde_json::Map<String, Value>| FIELDS.iter().any(|name| fields.contains_key(*name));
    let names_fields = errors.as_object().is_some_and(names);
    let mut words = Vec::new();
    collect(errors, "", &mut words);
    (excerpt(words.join("; ").as_bytes()), names_fields)
}

fn collect(value: &Value, name: &str, words: &mut Vec<String>) {
    let said = |text: &str| {
        if name.is_empty() { text.to_owned() } else { format!("{name} {text}") }
    };
    match value {
        Value::Null => {}
        Value::String(text) => words.push(said(text)),
        Value::Bool(flag) => words.push(said(&flag.to_string())),
        Value::Number(number) => words.push(said(&number.to_string())),
        Value::Array(items) => items.iter().for_each(|item| collect(item, name, words)),
        Value::Object(fields) => fields.iter().for_each(|(key, value)| {
            // "message" is a label, other keys are the names of fields.
            collect(value, if key == "message" { "" } else { key }, words);
        }),
    }
}
