//! The Beeminder client: one method an endpoint. The base address and the token are arguments.

use chrono::{DateTime, Utc};
use reqwest::RequestBuilder;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::domain::day::Daystamp;
use crate::domain::goal::red_line::RedLine;
use crate::domain::goal::{Goal, GoalSlug, Presence, User};
use crate::services::beeminder::{Error, LastDatapoint, StoredDatapoint, wire};
use crate::services::http::Http;

/// What proves who we are. Beeminder answers 401 when the two kinds are mixed up.
#[derive(Debug, Clone)]
pub enum Token {
    /// From a sign-in in the browser. Only one is alive for each user and application.
    OAuth(SecretString),
    /// The user's own, shared by all their programs.
    Personal(SecretString),
}

/// Which kind a stored token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TokenKind {
    /// See [`Token::OAuth`].
    OAuth,
    /// See [`Token::Personal`].
    Personal,
}

/// Datapoints a page, and more pages than any goal has.
const PER_PAGE: usize = 100;
const MOST_PAGES: usize = 500;

/// Beeminder's API. Answers are read leniently, see `wire`.
#[derive(Debug)]
pub struct Client {
    http: Http,
    base: Url,
}

impl Client {
    /// Makes a client; `base` is `https://www.beeminder.com/`.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(base: Url) -> anyhow::Result<Client> {
        Ok(Client { http: Http::new(&base)?, base })
    }

    /// The user behind the token. Also the way to test a token.
    ///
    /// # Errors
    /// [`Error::SignInAgain`] when the token is not accepted.
    pub async fn me(&self, token: &Token) -> Result<User, Error> {
        wire::user(&self.get(token, &["users", "me.json"], &[]).await?)
    }

    /// The user's active goals, most urgent first.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn goals(&self, token: &Token) -> Result<Vec<Goal>, Error> {
        let path = ["users", "me", "goals.json"];
        wire::goals(&self.get(token, &path, &[("emaciated", "true")]).await?, Presence::Active)
    }

    /// The user's archived goals.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn archived_goals(&self, token: &Token) -> Result<Vec<Goal>, Error> {
        let path = ["users", "me", "goals", "archived.json"];
        wire::goals(&self.get(token, &path, &[("emaciated", "true")]).await?, Presence::Archived)
    }

    /// One goal.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none of that name.
    pub async fn goal(&self, token: &Token, slug: &GoalSlug) -> Result<Goal, Error> {
        let path = ["users", "me", "goals", &format!("{slug}.json")];
        wire::goal(&self.get(token, &path, &[("emaciated", "true")]).await?)
    }

    /// One goal, and which datapoint it says was its last.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none of that name.
    pub async fn goal_with_last(
        &self,
        token: &Token,
        slug: &GoalSlug,
    ) -> Result<(Goal, LastDatapoint), Error> {
        let path = ["users", "me", "goals", &format!("{slug}.json")];
        let body = self.get(token, &path, &[("emaciated", "true")]).await?;
        Ok((wire::goal(&body)?, wire::last_datapoint(&body)))
    }

    /// Creates a datapoint, or updates the one with the same request id. `form` is sent as it is.
    ///
    /// # Errors
    /// [`Error::Duplicate`] when the very same datapoint is there already.
    pub async fn create_datapoint(
        &self,
        token: &Token,
        slug: &GoalSlug,
        form: &str,
    ) -> Result<StoredDatapoint, Error> {
        let url = self.url(&["users", "me", "goals", &slug.0, "datapoints.json"]);
        wire::datapoint(&self.send_form(self.http.post(url), token, form).await?)
    }

    /// Changes a datapoint that is known to exist. `form` is sent as it is.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the user deleted it, or the goal.
    pub async fn update_datapoint(
        &self,
        token: &Token,
        slug: &GoalSlug,
        id: &str,
        form: &str,
    ) -> Result<StoredDatapoint, Error> {
        let url = self.url(&["users", "me", "goals", &slug.0, "datapoints", &format!("{id}.json")]);
        wire::datapoint(&self.send_form(self.http.put(url), token, form).await?)
    }

    /// Deletes a datapoint.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it is not there, or the goal is not.
    pub async fn delete_datapoint(
        &self,
        token: &Token,
        slug: &GoalSlug,
        id: &str,
    ) -> Result<StoredDatapoint, Error> {
        let url = self.url(&["users", "me", "goals", &slug.0, "datapoints", &format!("{id}.json")]);
        let request = Client::with_token(self.http.delete(url), token);
        wire::datapoint(&self.send(request).await?)
    }

    /// The goal's datapoints on `first` or later, whoever made them. What Beeminder made itself is left out.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn datapoints_since(
        &self,
        token: &Token,
        slug: &GoalSlug,
        first: Daystamp,
    ) -> Result<Vec<StoredDatapoint>, Error> {
        let first_day = first.to_string();
        let mut found = self.listing_since(token, slug, first).await?;
        let day = |row: &StoredDatapoint| row.confirmation.daystamp.clone().unwrap_or_default();
        found.retain(|row| day(row) >= first_day && !row.is_beeminders_own());
        Ok(found)
    }

    /// The pages of the goal's list that reach back to `first`, as they are.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn listing_since(
        &self,
        token: &Token,
        slug: &GoalSlug,
        first: Daystamp,
    ) -> Result<Vec<StoredDatapoint>, Error> {
        let path = ["users", "me", "goals", &slug.0, "datapoints.json"];
        let (first, mut found) = (first.to_string(), Vec::new());
        for page in 1..=MOST_PAGES {
            let query = [("sort", "daystamp"), ("page", &page.to_string()), ("per", &PER_PAGE.to_string())];
            let rows = wire::datapoints(&self.get(token, &path, &query).await?)?;
            let is_before =
                |row: &StoredDatapoint| row.confirmation.daystamp.as_ref().is_some_and(|day| *day < first);
            let is_last = rows.len() < PER_PAGE || rows.iter().any(is_before);
            found.extend(rows);
            if is_last {
                break;
            }
        }
        Ok(found)
    }

    /// The bright red line of a goal; `None` while Beeminder is still working it out.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn line(&self, token: &Token, slug: &GoalSlug) -> Result<Option<RedLine>, Error> {
        let path = ["users", "me", "goals", &format!("{slug}.json")];
        wire::line(&self.get(token, &path, &[]).await?)
    }

    /// Creates a goal, or only checks whether it could be created.
    ///
    /// # Errors
    /// [`Error::Rejected`] when Beeminder does not take it so.
    pub async fn create_goal(&self, token: &Token, form: &str) -> Result<Option<Goal>, Error> {
        let url = self.url(&["users", "me", "goals.json"]);
        wire::created_goal(&self.send_form(self.http.post(url), token, form).await?)
    }

    /// The goal's datapoints that changed last.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn latest_datapoints(
        &self,
        token: &Token,
        slug: &GoalSlug,
        count: u32,
    ) -> Result<Vec<StoredDatapoint>, Error> {
        let path = ["users", "me", "goals", &slug.0, "datapoints.json"];
        let query = [("sort", "updated_at"), ("count", &count.to_string())];
        wire::datapoints(&self.get(token, &path, &query).await?)
    }

    /// How many requests were sent so far.
    pub fn sent(&self) -> u64 {
        self.http.sent()
    }

    /// Beeminder's clock at its last answer.
    pub fn server_time(&self) -> Option<DateTime<Utc>> {
        self.http.server_time()
    }

    /// Its clock at its last answer to one of the requests after the first `sent`.
    pub(crate) fn server_time_since(&self, sent: u64) -> Option<DateTime<Utc>> {
        self.http.server_time_since(sent)
    }

    fn url(&self, path: &[&str]) -> Url {
        let mut url = self.base.clone();
        url.path_segments_mut()
            .expect("http and https addresses have a path")
            .clear()
            .extend(["api", "v1"])
            .extend(path);
        url
    }

    async fn get(&self, token: &Token, path: &[&str], query: &[(&str, &str)]) -> Result<Vec<u8>, Error> {
        self.send(Client::with_token(self.http.get(self.url(path)).query(query), token)).await
    }

    /// A personal token goes into the query where there is no body.
    fn with_token(request: RequestBuilder, token: &Token) -> RequestBuilder {
        match token {
            Token::OAuth(token) => request.bearer_auth(token.expose_secret()),
            Token::Personal(token) => request.query(&[("auth_token", token.expose_secret())]),
        }
    }

    /// The bearer header is only documented for OAuth tokens; a personal one goes into the body, as
    /// addresses end up in logs.
    async fn send_form(&self, request: RequestBuilder, token: &Token, form: &str) -> Result<Vec<u8>, Error> {
        let request = request.header(reqwest::header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(match token {
            Token::OAuth(token) => request.bearer_auth(token.expose_secret()).body(form.to_owned()),
            Token::Personal(token) => {
                let secret = url::form_urlencoded::Serializer::new(String::new())
                    .append_pair("auth_token", token.expose_secret())
                    .finish();
                request.body(format!("{form}&{secret}"))
            }
        })
        .await
    }

    async fn send(&self, request: RequestBuilder) -> Result<Vec<u8>, Error> {
        let answer = self.http.send(request).await?;
        tracing::debug!(status = %answer.status, bytes = answer.body.len(), "Beeminder answered");
        wire::body(answer)
    }
}
