//! Choosing a goal, and creating one.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use url::Url;

use super::LinkForm;
use crate::app::{App, Wrong};
use crate::goal::misfits;
use crate::link::Options;
use crate::new_goal::{self, Aim, NewGoal};
use crate::suggestion::suggestion;
use crate::text::Said;

/// A goal to choose.
#[derive(Debug, Serialize)]
pub struct Choice {
    /// Its name.
    slug: String,
    /// What it is called.
    title: String,
    /// Its units.
    units: String,
    /// What to send to it, most likely.
    suggestion: LinkForm,
    /// Why that may not suit it.
    misfits: Vec<Said>,
    /// The links that feed it already.
    links: Vec<i64>,
}

/// The form of a new goal.
#[derive(Debug, Clone, Deserialize)]
pub struct NewGoalForm {
    slug: String,
    title: String,
    units: String,
    /// `do_more`, `lose` or `gain`.
    aim: AimChoice,
    /// Numbers as the user writes them; not every aim needs all.
    from: String,
    to: String,
    per_week: String,
    secret: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum AimChoice {
    DoMore,
    Lose,
    Gain,
}

impl NewGoalForm {
    fn goal(self) -> anyhow::Result<NewGoal> {
        let NewGoalForm { slug, title, units, aim, from, to, per_week, secret } = self;
        let aim = match aim {
            AimChoice::DoMore => Aim::DoMore,
            AimChoice::Lose => Aim::Lose { from: number(&from, "from")?, to: number(&to, "to")? },
            AimChoice::Gain => Aim::Gain { from: number(&from, "from")?, to: number(&to, "to")? },
        };
        let per_week = number(&per_week, "per_week")?;
        let title = if title.trim().is_empty() { slug.clone() } else { title };
        Ok(NewGoal { slug, title, units, aim, per_week, secret })
    }
}

/// Reads a number, whichever sign its writer puts before the fraction.
fn number(text: &str, field: &'static str) -> Result<Decimal, Wrong> {
    new_goal::number(text).ok_or_else(|| Wrong::in_field(field, Said::error("number", [])))
}

impl App {
    /// The user's goals, those first that something could be sent to.
    ///
    /// # Errors
    /// When Beeminder is not connected or does not answer.
    pub async fn choices(&self) -> anyhow::Result<Vec<Choice>> {
        let (user, goals) = self.goals().await?;
        let links = self.links()?;
        let choice = |goal: crate::goal::Goal| {
            let feed = suggestion(&goal);
            let found = misfits(&goal, &user, &feed);
            Choice {
                misfits: found.iter().map(Said::from).collect(),
                suggestion: LinkForm::of(&goal.slug, &feed, &Options::default()),
                links: links.iter().filter(|link| link.goal == goal.id).map(|link| link.id.0).collect(),
                slug: goal.slug.0,
                title: goal.title,
                units: goal.units,
            }
        };
        let mut choices: Vec<_> = goals.into_iter().map(choice).collect();
        choices.sort_by_key(|choice| (!choice.links.is_empty(), choice.misfits.len()));
        Ok(choices)
    }

    /// Creates the goal, or only asks Beeminder whether it would. Returns its name.
    ///
    /// # Errors
    /// When it makes no sense, or Beeminder refuses it.
    pub async fn create_from(
        &self,
        form: NewGoalForm,
        dry_run: bool,
        now: DateTime<Utc>,
    ) -> anyhow::Result<String> {
        Ok(self.create_goal(form.goal()?, dry_run, now).await?.0.slug)
    }

    /// Beeminder's own page for creating it, filled in.
    ///
    /// # Errors
    /// When it makes no sense.
    pub fn new_goal_page(&self, form: NewGoalForm) -> anyhow::Result<Url> {
        let goal = form.goal()?.checked()?;
        let mut url = self.endpoints.beeminder.join("new").map_err(anyhow::Error::from)?;
        let kind = match goal.aim {
            Aim::DoMore => "domore",
            Aim::Lose { .. } => "weightloss",
            Aim::Gain { .. } => "gainweight",
        };
        {
            let mut query = url.query_pairs_mut();
            query.append_pair("goaltype", kind).append_pair("goalname", &goal.slug);
            query.append_pair("units", &goal.units);
            match goal.aim {
                Aim::DoMore => {}
                Aim::Lose { from, .. } | Aim::Gain { from, .. } => {
                    query.append_pair("start_value", &from.normalize().to_string());
                }
            }
        }
        Ok(url)
    }
}
