//! A goal's list of datapoints, and whether it can be believed where it lacks something: a blank or short list is
//! no answer.

use std::collections::HashSet;

use crate::domain::datapoint::{Datapoint, RequestId};
use crate::domain::day::Daystamp;
use crate::domain::goal::GoalSlug;
use crate::services::beeminder::{Client, Confirmation, Error, LastDatapoint, StoredDatapoint, Token};

/// How many of a goal's datapoints that changed last are looked through first.
const LATEST: u32 = 50;

/// A part of a goal's list.
#[derive(Debug)]
pub(super) struct Listing {
    rows: Vec<StoredDatapoint>,
}

impl Listing {
    /// Reads what a goal has on `first` or later.
    pub(super) async fn since(
        beeminder: &Client,
        token: &Token,
        slug: &GoalSlug,
        first: Daystamp,
    ) -> Result<Listing, Error> {
        Ok(Listing { rows: beeminder.listing_since(token, slug, first).await? })
    }

    /// Reads what changed in a goal last.
    pub(super) async fn latest(beeminder: &Client, token: &Token, slug: &GoalSlug) -> Result<Listing, Error> {
        Ok(Listing { rows: beeminder.latest_datapoints(token, slug, LATEST).await? })
    }

    /// Finds a datapoint by its key or its id.
    pub(super) fn find(
        &self,
        request_id: &RequestId,
        beeminder_id: Option<&str>,
    ) -> Option<&StoredDatapoint> {
        let keyed = self.rows.iter().find(|row| row.requestid.as_ref() == Some(&request_id.0));
        // What has another key is another datapoint, whatever was once said of its id.
        keyed.or_else(|| {
            self.rows.iter().find(|row| {
                row.requestid.as_ref().is_none_or(String::is_empty)
                    && beeminder_id.is_some()
                    && row.confirmation.id.as_deref() == beeminder_id
            })
        })
    }

    /// Finds a datapoint in the form that a request carried.
    pub(super) fn find_as(&self, carried: &Datapoint, beeminder_id: Option<&str>) -> Option<&Confirmation> {
        let row = self.find(&carried.request_id, beeminder_id)?;
        let is_as_carried = row.has_value(carried.value) && !row.is_at_another_moment(carried);
        is_as_carried.then_some(&row.confirmation)
    }

    /// Whether the list has what it must have, so that what it lacks is not there: the datapoint that the
    /// goal says was its last, or nothing when the goal says that there is none. A row that cannot be read may
    /// be any. Where one comes twice, or is out of order, pages were cut while they moved, and another may be left out.
    pub(super) fn proves_itself(&self, last: &LastDatapoint) -> bool {
        if self.rows.iter().any(StoredDatapoint::is_unreadable) || !self.is_newest_first() {
            return false;
        }
        let told = || self.rows.iter().filter_map(|row| row.confirmation.id.as_deref());
        let ids: HashSet<&str> = told().collect();
        if ids.len() < told().count() {
            return false;
        }
        match last {
            LastDatapoint::Unknown => false,
            LastDatapoint::None => ids.is_empty(),
            LastDatapoint::Id(id) => ids.contains(id.as_str()),
        }
    }
}

impl Listing {
    fn is_newest_first(&self) -> bool {
        self.rows.iter().filter_map(|row| row.confirmation.daystamp.as_deref()).is_sorted_by(|a, b| a >= b)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::datapoint::Moment;

    fn listing(rows: &[(&str, &str, f64)]) -> Listing {
        let row = |(id, key, value): &(&str, &str, f64)| {
            let confirmation = Confirmation { id: Some((*id).into()), daystamp: None };
            StoredDatapoint::new(Some((*key).into()), *value, confirmation)
        };
        Listing { rows: rows.iter().map(row).collect() }
    }

    #[test]
    fn a_list_is_believed_when_it_has_what_must_be_there() {
        let (some, none) = (listing(&[("a", "withings-1-weight", 80.0)]), listing(&[]));
        let id = |id: &str| LastDatapoint::Id(id.into());
        for (listing, last, expected) in [
            (&some, id("a"), true),
            (&some, id("b"), false),
            (&none, id("a"), false),
            (&none, LastDatapoint::None, true),
            (&some, LastDatapoint::None, false),
            (&none, LastDatapoint::Unknown, false),
            (&some, LastDatapoint::Unknown, false),
        ] {
            assert_eq!(listing.proves_itself(&last), expected, "{listing:?} {last:?}");
        }
    }

    #[test]
    fn a_list_whose_pages_moved_is_not_believed() {
        let mut listing = listing(&[("a", "withings-1-weight", 80.0), ("b", "withings-2-weight", 81.0)]);
        let last = LastDatapoint::Id("a".into());
        for (days, expected) in [(["20261124", "20261123"], true), (["20261123", "20261124"], false)] {
            for (row, day) in listing.rows.iter_mut().zip(days) {
                row.confirmation.daystamp = Some(day.into());
            }
            assert_eq!(listing.proves_itself(&last), expected, "{days:?}");
        }
        listing.rows[1] = listing.rows[0].clone();
        assert!(!listing.proves_itself(&last), "one comes twice");
    }

    #[test]
    fn a_datapoint_is_found_by_its_key_or_its_id_and_in_the_form_that_was_sent() {
        let listing = listing(&[("a", "withings-1-weight", 80.0)]);
        let carried = |key: &str, value: i64| Datapoint {
            request_id: RequestId(key.into()),
            value: value.into(),
            moment: Moment::On("20261123".parse().unwrap()),
            comment: String::new(),
        };
        assert!(listing.find_as(&carried("withings-1-weight", 80), None).is_some());
        assert!(listing.find_as(&carried("withings-1-weight", 81), None).is_none());
        assert!(listing.find_as(&carried("withings-2-weight", 80), None).is_none());
        assert!(listing.find_as(&carried("withings-2-weight", 80), Some("a")).is_none());
        let mut keyless = listing;
        keyless.rows[0].requestid = None;
        assert!(keyless.find_as(&carried("withings-2-weight", 80), Some("a")).is_some());
    }
}
