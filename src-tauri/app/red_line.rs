//! The bright red lines that charts show: read from Beeminder when somebody looks, and kept.

use chrono::{DateTime, TimeDelta, Utc};

use super::App;
use crate::domain::goal::red_line::RedLine;
use crate::domain::goal::{Goal, GoalSlug};
use crate::store;

/// A line this old is read again when a chart shows it.
pub(crate) const LINE_AGE: TimeDelta = TimeDelta::minutes(15);

impl App {
    /// Reads the line of a linked goal for its chart. `false` while Beeminder is still working it out.
    ///
    /// # Errors
    /// When no link feeds a goal of this name, or Beeminder cannot be asked.
    pub async fn read_line(&self, slug: &GoalSlug, now: DateTime<Utc>) -> anyhow::Result<bool> {
        let (goal, _) = self.goal_of_links(slug)?;
        Ok(self.ask_for_line(&goal, now).await?.is_some())
    }

    /// The line of a goal as it was read a moment ago; an older one, or none, when Beeminder cannot be asked.
    pub(crate) async fn line_of(&self, goal: &Goal, now: DateTime<Utc>) -> anyhow::Result<Option<RedLine>> {
        let known = self.store.read(|conn| store::red_line::load(conn, &goal.id))?;
        if let Some((line, read_at)) = &known
            && now - *read_at < LINE_AGE
        {
            return Ok(Some(line.clone()));
        }
        match self.ask_for_line(goal, now).await {
            Ok(line) => Ok(line),
            Err(error) => {
                // A picture without its line is better than none.
                tracing::warn!("The bright red line could not be read: {error:#}");
                Ok(known.map(|(line, _)| line))
            }
        }
    }

    async fn ask_for_line(&self, goal: &Goal, now: DateTime<Utc>) -> anyhow::Result<Option<RedLine>> {
        let token = self.tokens.beeminder().await?;
        let line = self.beeminder.line(&token, &goal.slug).await?;
        if let Some(line) = &line {
            self.store.write(|conn| store::red_line::save(conn, &goal.id, line, now))?;
        }
        Ok(line)
    }
}
