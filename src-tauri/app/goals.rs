//! The user's goals at Beeminder: listing them, and creating one.

use chrono::{DateTime, Utc};
use url::Url;

use super::{App, UserError};
use crate::domain::day::DayRule;
use crate::domain::goal::new_goal::NewGoal;
use crate::domain::goal::{Goal, GoalSlug, User};
use crate::domain::service::Service;
use crate::services::beeminder;
use crate::store;
use crate::text::Message;

impl App {
    /// A goal that a link feeds, by its name, and how it cuts days.
    ///
    /// # Errors
    /// When no link feeds a goal of this name.
    pub fn goal_of_links(&self, slug: &GoalSlug) -> anyhow::Result<(Goal, DayRule)> {
        self.store.read(|conn| {
            let goals = store::goal::load_linked(conn)?;
            let names: Vec<_> = goals.iter().map(|goal| goal.slug.0.clone()).collect();
            let found = goals.into_iter().find(|goal| goal.slug == *slug);
            let Some(goal) = found else {
                let about = [("goal", slug.to_string()), ("known", names.join(", "))];
                let code = if names.is_empty() { "nothing_linked" } else { "goal_not_linked" };
                return Err(UserError::new(code, about).into());
            };
            let rule = goal.day_rule(store::account::time_zone(conn)?);
            Ok((goal, rule))
        })
    }

    /// Reads the user's active goals from Beeminder.
    ///
    /// # Errors
    /// [`beeminder::Error`] or a token error inside.
    pub async fn goals(&self) -> anyhow::Result<(User, Vec<Goal>)> {
        let token = self.tokens.beeminder().await?;
        let user = self.beeminder.me(&token).await?;
        let goals = self.beeminder.goals(&token).await?;
        Ok((user, goals))
    }

    /// The page of one of the user's goals at Beeminder.
    ///
    /// # Errors
    /// When the store cannot be read, or the names make no address.
    pub fn page_of_goal(&self, slug: &GoalSlug) -> anyhow::Result<Url> {
        let user = self.store.read(|conn| store::account::load(conn, Service::Beeminder))?;
        self.goal_page(&user.map(|account| account.user_id).unwrap_or_default(), slug)
    }

    /// Creates a goal, or with `dry_run` only finds out whether Beeminder would. Returns the goal as far
    /// as Beeminder has worked it out.
    ///
    /// # Errors
    /// When it makes no sense, its name is taken, or Beeminder refuses it, in words.
    pub async fn create_goal(
        &self,
        goal: NewGoal,
        dry_run: bool,
        now: DateTime<Utc>,
    ) -> anyhow::Result<(NewGoal, Option<Goal>)> {
        let goal = goal.checked()?;
        let token = self.tokens.beeminder().await?;
        match self.beeminder.goal(&token, &GoalSlug(goal.slug.clone())).await {
            Ok(_) => {
                let said = Message::error("goal_exists", [("goal", goal.slug)]);
                anyhow::bail!(UserError::in_field("slug", said));
            }
            Err(beeminder::Error::NotFound { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        let now = self.beeminder.server_time().unwrap_or(now);
        let form = goal.form(now, dry_run);
        match self.beeminder.create_goal(&token, &form).await {
            Ok(created) => Ok((goal, created)),
            Err(beeminder::Error::Rejected { message, .. }) => {
                anyhow::bail!(UserError::new("goal_refused", [("message", message)]))
            }
            Err(error) => Err(error.into()),
        }
    }
}
