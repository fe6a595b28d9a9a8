//! The Withings client: one method an endpoint. Base addresses and tokens are arguments.

use std::fmt;

use chrono::{DateTime, NaiveDate, Utc};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::domain::measure::device::Device;
use crate::domain::measure::kind::Source;
use crate::domain::measure::measurement::{MeasureGroup, Unreadable};
use crate::services::http::Http;
use crate::services::withings::error::Asked;
use crate::services::withings::{Error, oauth, wire};

/// Withings' API. Answers are read leniently, see `wire`.
#[derive(Debug)]
pub struct Client {
    http: Http,
    api: Url,
}

/// The user's own application at Withings.
#[derive(Debug, Clone)]
pub struct Application {
    /// Public; part of every sign-in address.
    pub client_id: String,
    /// Needed for every token request.
    pub secret: SecretString,
}

/// What the token endpoint grants.
pub struct TokenGrant {
    /// Sent with every request for data.
    pub access_token: SecretString,
    /// Replaces the one before it.
    pub refresh_token: SecretString,
    /// Seconds from now.
    pub expires_in: i64,
    /// Whose data it opens; a refresh may leave it out.
    pub user_id: Option<String>,
    /// What was granted, comma-separated; a refresh may leave it out.
    pub scope: Option<String>,
}

impl fmt::Debug for TokenGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenGrant").field("user_id", &self.user_id).finish_non_exhaustive()
    }
}

/// What of the measurements to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Range {
    /// What was created or changed since, in seconds of Withings' clock.
    ChangedSince(i64),
    /// What was measured on these days, the last one included.
    Days(NaiveDate, NaiveDate),
}

/// One page of measure groups.
#[derive(Debug, Default)]
pub struct Page {
    /// The rows that could be read.
    pub groups: Vec<MeasureGroup>,
    /// What could not: whole rows, and values of groups that are there without them.
    pub unreadable: Vec<Unreadable>,
    /// Withings' clock when it answered.
    pub updated_at: Option<i64>,
    /// The account's current time zone.
    pub time_zone: Option<String>,
    /// The offset of the next page, if there is one.
    pub next: Option<i64>,
}

/// Reads again what an earlier version could not, or could not in full.
pub fn read_again(kept: &Unreadable) -> Page {
    let mut page = Page::default();
    wire::row(&mut page, kept.source, &kept.raw);
    page
}

impl Client {
    /// Makes a client; `api` is `https://wbsapi.withings.net/`.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(api: Url) -> anyhow::Result<Client> {
        Ok(Client { http: Http::new(&api)?, api })
    }

    /// Checks client id and secret by asking for a nonce, which changes nothing and needs no user.
    ///
    /// # Errors
    /// [`Error::ApplicationRefused`] when either is wrong.
    pub async fn check_application(
        &self,
        application: &Application,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let timestamp = now.timestamp();
        let signature = oauth::nonce_signature(&application.client_id, &application.secret, timestamp);
        let timestamp = timestamp.to_string();
        let form = [
            ("action", "getnonce"),
            ("client_id", &application.client_id),
            ("timestamp", &timestamp),
            ("signature", &signature),
        ];
        self.post("/v2/signature", Asked::Nonce, None, &form).await?;
        Ok(())
    }

    /// Exchanges a sign-in code for tokens. Codes die after 30 seconds, so call it first of all.
    ///
    /// # Errors
    /// [`Error::CodeRefused`] when it came too late.
    pub async fn exchange(
        &self,
        application: &Application,
        code: &SecretString,
        redirect_uri: &str,
    ) -> Result<TokenGrant, Error> {
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code.expose_secret()),
            ("redirect_uri", redirect_uri),
        ];
        self.token(Asked::TokenForCode, application, &fields).await
    }

    /// Exchanges a refresh token for a new pair.
    ///
    /// # Errors
    /// [`Error::SignInAgain`] when it is dead, and only then.
    pub async fn refresh(
        &self,
        application: &Application,
        refresh_token: &SecretString,
    ) -> Result<TokenGrant, Error> {
        let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh_token.expose_secret())];
        self.token(Asked::TokenForRefresh, application, &fields).await
    }

    /// Reads one page of the groups that `source` has in a range.
    ///
    /// `category=1` leaves out the user's objectives, which look like measurements.
    ///
    /// # Errors
    /// [`Error::AccessTokenRefused`] when the token ran out, [`Error::NotAllowed`] when the user does not
    /// share this.
    pub async fn groups(
        &self,
        token: &SecretString,
        source: Source,
        range: Range,
        offset: Option<i64>,
    ) -> Result<Page, Error> {
        let (path, mut form) = match source {
            Source::Measure => ("/measure", vec![("action", "getmeas"), ("category", "1")]),
            Source::Activity => {
                ("/v2/measure", vec![("action", "getactivity"), ("data_fields", ACTIVITY_FIELDS)])
            }
            Source::Workout => {
                ("/v2/measure", vec![("action", "getworkouts"), ("data_fields", WORKOUT_FIELDS)])
            }
            Source::Sleep => ("/v2/sleep", vec![("action", "getsummary"), ("data_fields", SLEEP_FIELDS)]),
        };
        let (from, until) = range_fields(source, range);
        form.extend([(from.0, from.1.as_str())]);
        form.extend(until.as_ref().map(|(name, value)| (*name, value.as_str())));
        let offset = offset.map(|offset| offset.to_string());
        form.extend(offset.as_ref().map(|offset| ("offset", offset.as_str())));
        let body = self.post(path, Asked::Data, Some(token), &form).await?;
        match source {
            Source::Measure => wire::page(&body),
            Source::Activity | Source::Sleep | Source::Workout => wire::day_page(&body, source),
        }
    }

    /// Reads the user's devices.
    ///
    /// # Errors
    /// [`Error::NotAllowed`] when the user does not share them.
    pub async fn devices(&self, token: &SecretString) -> Result<Vec<Device>, Error> {
        wire::devices(&self.post("/v2/user", Asked::Data, Some(token), &[("action", "getdevice")]).await?)
    }

    /// How many requests were sent so far.
    pub fn sent(&self) -> u64 {
        self.http.sent()
    }

    /// Withings' clock at its last answer.
    pub fn server_time(&self) -> Option<DateTime<Utc>> {
        self.http.server_time()
    }

    /// Its clock at its last answer to one of the requests after the first `sent`.
    pub(crate) fn server_time_since(&self, sent: u64) -> Option<DateTime<Utc>> {
        self.http.server_time_since(sent)
    }

    async fn token(
        &self,
        asked: Asked,
        application: &Application,
        fields: &[(&str, &str)],
    ) -> Result<TokenGrant, Error> {
        let mut form = vec![
            ("action", "requesttoken"),
            ("client_id", &application.client_id),
            ("client_secret", application.secret.expose_secret()),
        ];
        form.extend_from_slice(fields);
        wire::token_grant(&self.post("/v2/oauth2", asked, None, &form).await?)
    }

    /// Sends one form and returns the text of the envelope's `body`.
    pub(super) async fn post(
        &self,
        path: &str,
        asked: Asked,
        token: Option<&SecretString>,
        form: &[(&str, &str)],
    ) -> Result<String, Error> {
        let mut url = self.api.clone();
        url.set_path(path);
        let mut request = self.http.post(url).form(form);
        if let Some(token) = token {
            request = request.bearer_auth(token.expose_secret());
        }
        let answer = self.http.send(request).await?;
        tracing::debug!(path, status = %answer.status, bytes = answer.body.len(), "Withings answered");
        if answer.status == reqwest::StatusCode::TOO_MANY_REQUESTS {
            return Err(Error::RateLimited);
        }
        if !answer.status.is_success() {
            return Err(Error::Unavailable { status: answer.status.as_u16().into() });
        }
        wire::body(asked, &answer.body)
    }
}

const ACTIVITY_FIELDS: &str = "steps,distance,elevation,soft,moderate,intense,active,calories,totalcalories,\
    hr_average,hr_min,hr_max";

const WORKOUT_FIELDS: &str =
    "calories,manual_calories,distance,manual_distance,pause_duration,algo_pause_duration";

const SLEEP_FIELDS: &str = "total_timeinbed,total_sleep_time,asleepduration,deepsleepduration,\
    remsleepduration,lightsleepduration,sleep_score,sleep_efficiency,sleep_latency,hr_average";

/// A field of a request.
type Field = (&'static str, String);

/// How a range is asked for.
fn range_fields(source: Source, range: Range) -> (Field, Option<Field>) {
    match (range, source) {
        (Range::ChangedSince(moment), _) => (("lastupdate", moment.to_string()), None),
        (Range::Days(first, last), Source::Measure) => {
            let midnight = |day: NaiveDate| day.and_time(chrono::NaiveTime::MIN).and_utc().timestamp();
            (
                ("startdate", midnight(first).to_string()),
                Some(("enddate", (midnight(last) + 86_400).to_string())),
            )
        }
        (Range::Days(first, last), Source::Activity | Source::Sleep | Source::Workout) => {
            (("startdateymd", first.to_string()), Some(("enddateymd", last.to_string())))
        }
    }
}
