//! Choosing a goal, and creating one.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::app::{App, UserError};
use crate::domain::goal::new_goal;
use crate::domain::goal::new_goal::{Aim, NewGoal};
use crate::domain::goal::{Goal, GoalSlug};
use crate::domain::link::Options;
use crate::domain::link::misfit::misfits;
use crate::domain::link::suggestion::{suggestion, unit_for, units_of_kinds};
use crate::domain::measure::kind::{KINDS, MeasureKind};
use crate::domain::measure::unit::Unit;
use crate::store;
use crate::text::Message;
use crate::view::pages::LinkForm;

/// A goal to choose.
#[derive(Debug, Serialize)]
pub struct Choice {
    /// The goal's slug.
    slug: String,
    /// The goal's title, free text.
    title: String,
    /// The goal's unit, free text of at most a line.
    units: String,
    /// What to send to it, most likely.
    suggestion: LinkForm,
    /// The unit to send each kind in, where that is not the usual one.
    units_of_kinds: BTreeMap<&'static str, &'static str>,
    /// Why that may not suit it.
    misfits: Vec<Message>,
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
fn number(text: &str, field: &'static str) -> Result<Decimal, UserError> {
    new_goal::number(text).ok_or_else(|| UserError::in_field(field, Message::error("number", [])))
}

impl App {
    /// The user's goals, those first that something could be sent to.
    ///
    /// # Errors
    /// When Beeminder is not connected or does not answer.
    pub async fn choices(&self) -> anyhow::Result<Vec<Choice>> {
        let (user, goals) = self.goals().await?;
        let links = self.links()?;
        let own = self.own_values()?;
        let own = |kind: MeasureKind| own.get(&kind).copied();
        let choice = |goal: Goal| {
            let feed = suggestion(&goal, &own);
            let found = misfits(&goal, &user, &feed);
            Choice {
                misfits: found.iter().map(Message::from).collect(),
                suggestion: LinkForm::of(&goal.slug, &feed, &Options::default()),
                units_of_kinds: units_of_kinds(&goal, &own),
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

    /// The person's last value of each kind that can be sent in more than one unit.
    fn own_values(&self) -> anyhow::Result<HashMap<MeasureKind, Decimal>> {
        let mut own = HashMap::new();
        for kind in KINDS.iter().map(|info| info.kind).filter(|kind| kind.unit().choices().len() > 1) {
            own.extend(
                self.store
                    .read(|conn| store::measurement::latest_value(conn, kind))?
                    .map(|value| (kind, value)),
            );
        }
        Ok(own)
    }

    /// The unit a goal called `slug` would have `kind` in; the usual one when the goal cannot be read now,
    /// which making the link says.
    ///
    /// # Errors
    /// When the store cannot be used.
    pub async fn unit_of_goal(
        &self,
        slug: &GoalSlug,
        kind: MeasureKind,
        now: DateTime<Utc>,
    ) -> anyhow::Result<Unit> {
        if kind.unit().choices().len() < 2 {
            return Ok(kind.unit());
        }
        let own = self.store.read(|conn| store::measurement::latest_value(conn, kind))?;
        let goal = self.goal_of_late(slug, now).await;
        Ok(goal.map_or_else(|_| kind.unit(), |goal| unit_for(&goal, kind, own)))
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
