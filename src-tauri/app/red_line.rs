//! The bright red lines that charts show: read from Beeminder when somebody looks, and kept.

use chrono::{DateTime, TimeDelta, Utc};

use super::App;
use crate::domain::goal::red_line::RedLine;
use crate::domain::goal::{Goal, GoalSlug};
use crate::store;

/// A line this old is read again when a chart shows it.
const LINE_AGE: TimeDelta = TimeDelta::minutes(15);

/// Whether a line need not be read again. One of the future was noted by a clock that was wrong.
pub(crate) fn is_fresh(read_at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    (now - read_at).abs() < LINE_AGE
}

impl App {
    /// Reads the line of a linked goal for its chart. `false` while Beeminder is working it out and none is known.
    ///
    /// # Errors
    /// When no link feeds a goal of this name, or Beeminder cannot be asked.
    pub async fn read_line(&self, slug: &GoalSlug, now: DateTime<Utc>) -> anyhow::Result<bool> {
        let (goal, _) = self.goal_of_links(slug)?;
        let known = self.store.read(|conn| store::red_line::load(conn, &goal.id))?;
        let line = self.ask_for_line(&goal, known.map(|(line, _)| line), now).await?;
        Ok(!line.corners().is_empty())
    }

    /// The line of a goal as it was read a moment ago; an older one, or none, when Beeminder cannot be asked.
    pub(crate) async fn line_of(&self, goal: &Goal, now: DateTime<Utc>) -> anyhow::Result<RedLine> {
        let known = self.store.read(|conn| store::red_line::load(conn, &goal.id))?;
        if let Some((line, read_at)) = &known
            && is_fresh(*read_at, now)
        {
            return Ok(line.clone());
        }
        let known = known.map(|(line, _)| line);
        match self.ask_for_line(goal, known.clone(), now).await {
            Ok(line) => Ok(line),
            Err(error) => {
                // A picture without its line is better than none.
                tracing::warn!("The bright red line could not be read: {error:#}");
                Ok(known.unwrap_or_default())
            }
        }
    }

    /// Asks Beeminder. While it works the line out there is the one that was `known`, or one without corners: that is
    /// noted as well, so that nobody asks again at once.
    async fn ask_for_line(
        &self,
        goal: &Goal,
        known: Option<RedLine>,
        now: DateTime<Utc>,
    ) -> anyhow::Result<RedLine> {
        let token = self.tokens.beeminder().await?;
        let line = self.beeminder.line(&token, &goal.slug).await?.or(known).unwrap_or_default();
        self.store.write(|conn| store::red_line::save(conn, &goal.id, &line, now))?;
        Ok(line)
    }
}
