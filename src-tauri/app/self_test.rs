//! The self-test: everything that must work for measurements to arrive, looked at one by one.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use secrecy::SecretString;
use serde::Serialize;

use super::conflict::Proposal;
use super::{App, explained};
use crate::accounts::tokens::TokenError;
use crate::domain::attention::Attention;
use crate::domain::link::Link;
use crate::domain::link::misfit::Misfit;
use crate::domain::measure::kind::Source;
use crate::domain::problem_code::{ProblemCode, Urgency};
use crate::domain::service::Service;
use crate::health::attention::attention;
use crate::services::withings::{self, Range};
use crate::store;
use crate::sync::PERHAPS_NO_DATA;
use crate::text::{self, Args, Explained, Message, args};

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// A closed name for programs.
    pub name: &'static str,
    /// What the check found.
    pub finding: Finding,
    /// What it is about, for saying it in another language.
    pub facts: Args,
    /// The problem that was found, by its name, where it is one that is shown elsewhere as well.
    pub problem: Option<&'static str>,
    /// Why a link's goal does not suit it.
    pub misfits: Vec<Message>,
}

impl Check {
    /// One that is about nothing in particular.
    pub fn new(name: &'static str, finding: Finding) -> Check {
        Check { name, finding, facts: Args::new(), problem: None, misfits: Vec::new() }
    }

    /// What was looked at, in English.
    pub fn label(&self) -> String {
        let keys = [format!("check.{}", self.name), format!("headline.{}", self.name)];
        let known = keys.iter().find(|key| text::texts().contains_key(*key));
        known.map_or_else(|| self.name.to_owned(), |key| text::english(key, &self.facts, Tz::UTC))
    }
}

/// How it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", content = "why", rename_all = "lowercase")]
pub enum Finding {
    /// As it should be.
    Fine,
    /// It works, but may not be what the user wants.
    Warning(Explained),
    /// It does not work.
    Broken(Explained),
}

impl Finding {
    fn of(outcome: anyhow::Result<()>) -> Finding {
        outcome.map_or_else(|error| Finding::Broken(explained(&error)), |()| Finding::Fine)
    }
}

/// A clock this far from Beeminder's is wrong.
const CLOCK: TimeDelta = TimeDelta::minutes(5);

impl App {
    /// Looks at keychain, both services, clock, database and every linked goal.
    ///
    /// # Errors
    /// When the store cannot be used.
    pub async fn self_test(&self, now: DateTime<Utc>) -> anyhow::Result<Vec<Check>> {
        let mut checks = Vec::new();
        self.tokens.ask_again();
        let keychain = self.tokens.kept_sign_in::<serde_json::Value>().await.map(drop);
        checks.push(Check::new("keychain", Finding::of(keychain.map_err(Into::into))));
        let withings = Finding::of(self.reach_withings(now).await);
        checks.push(Check::new("withings", withings));
        let beeminder = self.goals().await;
        let user = beeminder.as_ref().ok().map(|(user, _)| user.clone());
        let beeminder = Finding::of(beeminder.map(drop));
        checks.push(Check::new("beeminder", beeminder));
        let server = self.beeminder.server_time().or(self.withings.server_time());
        checks.push(Check::new("clock", clock(server, now)));
        match self.challenge().await {
            Ok(None) => {}
            Ok(Some(())) => checks.push(Check::new("notifications", Finding::Fine)),
            // Polling goes on without them.
            Err(error) => {
                checks.push(Check::new("notifications", Finding::Warning(explained(&error))));
            }
        }
        for item in self.store.read(|conn| attention(conn, None, now))? {
            note(&mut checks, &item);
        }
        if let Some(user) = user {
            for link in self.links()? {
                checks.push(self.look_at_link(&link, &user, now).await);
            }
        }
        Ok(checks)
    }

    async fn reach_withings(&self, now: DateTime<Utc>) -> anyhow::Result<()> {
        let account = self.store.read(|conn| store::account::load(conn, Service::Withings))?;
        anyhow::ensure!(
            account.is_some_and(|account| account.connected),
            TokenError::NotConnected(Service::Withings)
        );
        let token = self.tokens.withings(&self.withings, None, now).await?;
        let asked = self.ask_withings(&token, now).await;
        match asked {
            // Some give this where there is nothing.
            Err(withings::Error::AccessTokenRefused { status: PERHAPS_NO_DATA }) => Ok(()),
            Err(withings::Error::AccessTokenRefused { .. }) => {
                let token = self.tokens.withings(&self.withings, Some(&token), now).await?;
                Ok(self.ask_withings(&token, now).await?)
            }
            asked => Ok(asked?),
        }
    }

    /// Asks for what was measured since `now`, which is as good a question as any.
    async fn ask_withings(&self, token: &SecretString, now: DateTime<Utc>) -> Result<(), withings::Error> {
        let range = Range::ChangedSince(now.timestamp());
        self.withings.groups(token, Source::Measure, range, None).await.map(drop)
    }

    /// Whether the goal still suits, and whether somebody else writes to it.
    async fn look_at_link(&self, link: &Link, user: &crate::domain::goal::User, now: DateTime<Utc>) -> Check {
        let found = async {
            let token = self.tokens.beeminder().await?;
            let (_, goal) = self.find_linked_goal(&token, link).await?;
            let rule = goal.day_rule(user.time_zone);
            let stored = self.stored_of_late(&token, &goal, rule, now).await?;
            let Link { feed, options, .. } = link;
            let proposal = Proposal { goal: &goal, user, feed, options, link: Some(link.id) };
            let mut found = self.misfits(&proposal, &stored, now)?;
            // Nothing is wrong with the link then.
            found.retain(|misfit| !matches!(misfit, Misfit::DayMayDiffer { .. }));
            anyhow::Ok(found)
        };
        let about = args([("goal", link.slug.to_string()), ("link", link.id.to_string())]);
        let (finding, misfits) = match found.await {
            Ok(found) => match found.first() {
                None => (Finding::Fine, Vec::new()),
                Some(first) => {
                    let message = found.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
                    let why = Explained { message, sentence: first.into() };
                    (Finding::Warning(why), found.iter().map(Message::from).collect())
                }
            },
            Err(error) => (Finding::Broken(explained(&error)), Vec::new()),
        };
        Check { facts: about, misfits, ..Check::new("link", finding) }
    }
}

/// Adds what is known to be wrong: to the verdict on the service or the keychain that it is about, or by itself.
fn note(checks: &mut Vec<Check>, item: &Attention) {
    let why = item.explained();
    let finding = match item.code.urgency() {
        Urgency::Notice => Finding::Warning(why),
        Urgency::Retrying | Urgency::NeedsYou => Finding::Broken(why),
    };
    let (problem, facts) = (Some(item.code.name()), item.facts.clone());
    let of_whole = part_of(item).and_then(|part| checks.iter_mut().find(|check| check.name == part));
    match of_whole {
        Some(check) if check.problem.is_none() => {
            *check = Check { problem, facts, ..Check::new(check.name, finding) }
        }
        Some(_) => {}
        None => checks.push(Check { problem, facts, ..Check::new(item.code.name(), finding) }),
    }
}

/// The check that is about the same as a problem with a whole account.
fn part_of(item: &Attention) -> Option<&'static str> {
    use ProblemCode as P;
    let code = item.code;
    let is_one_of = |codes: &[P]| codes.contains(&code);
    if is_one_of(&[P::KeychainLocked, P::KeychainAbsent, P::KeychainFailed]) {
        return Some("keychain");
    }
    if is_one_of(&[P::ConnectWithings, P::ConnectBeeminder, P::Deadbeat]) {
        return Some(if code == P::ConnectWithings { "withings" } else { "beeminder" });
    }
    let is_of_account = item.facts.get("about").is_some_and(String::is_empty);
    match item.facts.get("service").filter(|_| is_of_account)?.as_str() {
        "Withings" => Some("withings"),
        "Beeminder" => Some("beeminder"),
        _ => None,
    }
}

fn clock(server: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Finding {
    match server {
        None => Finding::Warning(Message::error("clock_unknown", []).into()),
        Some(server) if (server - now).abs() > CLOCK => {
            let minutes = (server - now).num_minutes().abs().to_string();
            Finding::Warning(
                Message { key: "attention.clock_wrong".into(), args: args([("minutes", minutes)]) }.into(),
            )
        }
        Some(_) => Finding::Fine,
    }
}
