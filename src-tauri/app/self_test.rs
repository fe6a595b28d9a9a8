//! The self-test: everything that must work for measurements to arrive, looked at one by one.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use super::App;
use crate::accounts::Service;
use crate::attention::{Urgency, attention};
use crate::goal::misfits;
use crate::link::Link;
use crate::store;

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// A closed name for programs.
    pub name: &'static str,
    /// What was looked at, for people.
    pub label: String,
    /// How it is.
    pub finding: Finding,
}

/// How it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", content = "message", rename_all = "lowercase")]
pub enum Finding {
    /// As it should be.
    Fine,
    /// It works, but may not be what the user wants.
    Warning(String),
    /// It does not work.
    Broken(String),
}

impl Finding {
    fn of(outcome: anyhow::Result<()>) -> Finding {
        outcome.map_or_else(|error| Finding::Broken(store::explained(&error)), |()| Finding::Fine)
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
        let mut check =
            |name, label: &str, finding| checks.push(Check { name, label: label.into(), finding });
        check("withings", "Withings lets this program read", Finding::of(self.reach_withings(now).await));
        let beeminder = self.goals().await;
        let user = beeminder.as_ref().ok().map(|(user, _)| user.clone());
        check("beeminder", "Beeminder lets this program in", Finding::of(beeminder.map(|_| ())));
        let server = self.beeminder.server_time().or(self.withings.server_time());
        check("clock", "This computer’s clock", clock(server, now));
        let said = self.store.read(|rows| attention(rows, None, now))?;
        for item in said {
            let finding = match item.code.urgency() {
                Urgency::Notice => Finding::Warning(item.message),
                Urgency::Retrying | Urgency::NeedsYou => Finding::Broken(item.message),
            };
            check(item.code.name(), item.code.headline(), finding);
        }
        if let Some(user) = user {
            for link in self.links()? {
                let finding = self.look_at_link(&link, &user, now).await;
                let label = format!("Link {}: {} → {}", link.id, link.feed, link.slug);
                check("link", &label, finding);
            }
        }
        Ok(checks)
    }

    async fn reach_withings(&self, now: DateTime<Utc>) -> anyhow::Result<()> {
        let account = self.store.read(|rows| store::account::load(rows, Service::Withings))?;
        anyhow::ensure!(account.is_some_and(|account| account.connected), "Withings is not connected");
        self.tokens.withings(&self.withings, None, now).await?;
        Ok(())
    }

    /// Whether the goal still suits, and whether somebody else writes to it.
    async fn look_at_link(&self, link: &Link, user: &crate::goal::User, now: DateTime<Utc>) -> Finding {
        let found = async {
            let token = self.tokens.beeminder().await?;
            let goal = self.beeminder.goal(&token, &link.slug).await?;
            let rule = goal.day_rule(user.time_zone);
            let mut found = misfits(&goal, user, &link.feed);
            let conflicts = self.conflicts(&token, &goal, &link.feed, &link.options, rule, now);
            found.extend(conflicts.await?);
            anyhow::Ok(found)
        };
        match found.await {
            Ok(found) if found.is_empty() => Finding::Fine,
            Ok(found) => {
                Finding::Warning(found.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
            }
            Err(error) => Finding::Broken(store::explained(&error)),
        }
    }
}

fn clock(server: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Finding {
    match server {
        None => Finding::Warning("Neither service answered, so the clock could not be compared.".into()),
        Some(server) if (server - now).abs() > CLOCK => Finding::Warning(format!(
            "It is off by {} minutes. Set it; nothing is lost by it, but times shown are wrong.",
            (server - now).num_minutes().abs()
        )),
        Some(_) => Finding::Fine,
    }
}
