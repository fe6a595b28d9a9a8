//! Makes sure, before a pass first writes to a goal, that its name still is that goal's.

use super::queue::Queue;
use super::{Next, OpenGoal, Opened, Round};
use crate::domain::difference::Action;
use crate::domain::goal::{Goal, GoalId};
use crate::domain::problem_code::ProblemCode;
use crate::domain::service::Service;
use crate::domain::trouble::Place;
use crate::services::beeminder::Error;
use crate::store;
use crate::store::outbox::OutboxEntry;
use crate::sync::goals;
use crate::sync::trouble::Trouble;
use crate::text::Message;

impl Round<'_> {
    /// Reads which time zone the user's days go by, before a day's value is sent: it may have changed since
    /// the days were worked out. Returns whether the round may go on with what is planned.
    pub(super) async fn days_are_known(&mut self, queues: &[Queue]) -> anyhow::Result<bool> {
        if !self.pass.store.read(|conn| sends_a_day(conn, queues))? {
            return Ok(true);
        }
        let user = match self.pass.beeminder.me(&self.token).await {
            Ok(user) => user,
            Err(error) => {
                let trouble = Trouble::from(error);
                trouble.note(self.pass, &Place::Goals)?;
                // Moments go on meanwhile, and days when they would be late.
                self.sends_days = false;
                return Ok(!trouble.is_of_account);
            }
        };
        self.pass.store.write(|conn| {
            goals::save_user(conn, &user, self.pass.now)?;
            store::measurement::all_planned(conn)
        })
    }

    /// Reads a goal by its name and compares its id. Where another goal, or none, has the name, the lists
    /// tell which name it has.
    pub(super) async fn open(&mut self, id: &GoalId) -> anyhow::Result<Opened> {
        let Some(known) = self.pass.store.read(|conn| store::goal::load(conn, id))? else {
            return Ok(Opened::Not(Next::LeaveGoal));
        };
        match self.pass.beeminder.goal_with_last(&self.token, &known.slug).await {
            Ok((goal, last)) if goal.id == *id => {
                self.unreachable = 0;
                self.pass.store.write(|conn| {
                    goals::save(conn, &goal, self.pass.now)?;
                    store::trouble::end(conn, &Place::Account(Service::Beeminder))
                })?;
                // What is in the queue was planned for days that are cut elsewhere by now.
                if goal.frozen || goal.is_cut_elsewhere(&known) {
                    return Ok(Opened::Not(Next::LeaveGoal));
                }
                Ok(Opened::Goal(OpenGoal { id: goal.id, slug: goal.slug, last }))
            }
            Ok(_) | Err(Error::NotFound { .. }) => {
                self.unreachable = 0;
                self.find_renamed(&known).await
            }
            Err(error) => Ok(Opened::Not(self.note(id, &error.into())?)),
        }
    }

    /// Finds the goal by its id in the lists, and reads it by the name it has there.
    async fn find_renamed(&mut self, known: &Goal) -> anyhow::Result<Opened> {
        if let Err(error) = goals::refresh(self.pass).await {
            // Nothing is known, so nothing is concluded.
            let trouble = error.into_trouble()?;
            return Ok(Opened::Not(self.note(&known.id, &trouble)?));
        }
        let goal = self.pass.store.read(|conn| store::goal::load(conn, &known.id))?;
        let is_as_planned = |goal: &Goal| goal.is_open() && !goal.is_cut_elsewhere(known);
        let Some(goal) = goal.filter(is_as_planned) else {
            return Ok(Opened::Not(Next::LeaveGoal));
        };
        let read = self.pass.beeminder.goal_with_last(&self.token, &goal.slug).await;
        match read {
            Ok((read, last)) if read.id == known.id => {
                Ok(Opened::Goal(OpenGoal { id: read.id, slug: read.slug, last }))
            }
            Ok(_) | Err(Error::NotFound { .. }) => {
                let trouble = Trouble::here(ProblemCode::Unreadable, Message::error("goal_elsewhere", []));
                Ok(Opened::Not(self.note(&known.id, &trouble)?))
            }
            Err(error) => Ok(Opened::Not(self.note(&known.id, &error.into())?)),
        }
    }
}

/// Whether a day's value is to be sent: what goes into a wrong day stays there.
pub(super) fn is_day_to_send(entry: &OutboxEntry) -> bool {
    matches!(entry.action, Action::Create | Action::Update(_)) && entry.datapoint.is_of_day()
}

/// Whether any is in the queues.
fn sends_a_day(conn: &store::Connection, queues: &[Queue]) -> anyhow::Result<bool> {
    for id in queues.iter().flat_map(|queue| &queue.entries) {
        let entry = store::outbox::load(conn, *id)?;
        if entry.is_some_and(|entry| is_day_to_send(&entry)) {
            return Ok(true);
        }
    }
    Ok(false)
}
