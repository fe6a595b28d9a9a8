//! Removes datapoints at Beeminder, each in its turn.

use super::{Listing, Next, OpenGoal, Round, settle};
use crate::domain::difference::Action;
use crate::services::Flaw;
use crate::services::beeminder::{Confirmation, Error};
use crate::store::datapoint;
use crate::store::outbox::{self, OutboxEntry};
use crate::sync::missing::APART;

impl Round<'_> {
    /// Looks again for a datapoint to be removed that a list lacked: what is missing goes before what takes its
    /// place, and what is there after it. Returns how the round goes on, unless it is missing still.
    pub(super) async fn look_before_removal(
        &mut self,
        goal: &OpenGoal,
        id: i64,
    ) -> anyhow::Result<Option<Next>> {
        let is_missing = |entry: &OutboxEntry| entry.is_missing && matches!(entry.action, Action::Remove(_));
        let Some(entry) = self.pass.store.read(|conn| outbox::load(conn, id))?.filter(is_missing) else {
            return Ok(None);
        };
        let lists = async {
            let latest = Listing::latest(self.pass.beeminder, &self.token, &goal.slug).await?;
            Ok::<_, Error>((self.listing(goal, &entry).await?, latest))
        };
        let (listing, latest) = match lists.await {
            Ok(lists) => lists,
            Err(error) => return self.leave(goal, error).map(Some),
        };
        let find = |list: &Listing| list.find(&entry.request_id, entry.action.beeminder_id()).is_some();
        if find(&listing) || find(&latest) {
            self.pass.store.write(|conn| datapoint::save_missing(conn, id, None))?;
            return Ok(Some(Next::GoOn));
        }
        if !listing.proves_itself(&goal.last) {
            return self.wait(&entry, APART).map(Some);
        }
        Ok(None)
    }

    /// Deletes a datapoint by its id, or by whatever has its key.
    pub(super) async fn remove(
        &self,
        goal: &OpenGoal,
        entry: &OutboxEntry,
        id: Option<&str>,
    ) -> Result<Confirmation, Error> {
        let (beeminder, token) = (self.pass.beeminder, &self.token);
        let found = match id {
            Some(id) => Some(id.to_owned()),
            None => {
                // Its answer was lost when it was created, so it is looked for on its day.
                let listing = Listing::since(beeminder, token, &goal.slug, settle::day_before(entry)).await?;
                listing.find(&entry.request_id, None).and_then(|row| row.confirmation.id.clone())
            }
        };
        let Some(id) = found else {
            return Err(Error::NotFound { message: String::new() });
        };
        let answer = beeminder.delete_datapoint(token, &goal.slug, &id).await?;
        if answer.confirmation.id.as_ref() == Some(&id) {
            Ok(answer.confirmation)
        } else {
            Err(Error::Unreadable(Flaw::AnotherDatapoint))
        }
    }
}
