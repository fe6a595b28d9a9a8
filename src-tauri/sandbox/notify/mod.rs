//! The stand-in's notifications: who subscribed to what, and what is still to be told. A notification names the
//! person and the kind of change, never a value.

mod delivery;
mod routes;

use std::collections::VecDeque;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use url::Url;

use crate::domain::appli::Appli;
use crate::domain::measure::kind::MeasureKind;

pub(super) use delivery::deliver;
pub(super) use routes::routes;

/// When a notification is tried, counted from the first time; at each of them twice.
pub const CYCLES: [TimeDelta; 5] = [
    TimeDelta::zero(),
    TimeDelta::seconds(10),
    TimeDelta::minutes(1),
    TimeDelta::hours(1),
    TimeDelta::hours(4),
];

/// A subscription whose address fails for so long is cancelled.
pub const CANCELLED_AFTER: TimeDelta = TimeDelta::days(20);

/// One subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// Whose changes.
    pub person: String,
    /// Withings' number of the kind of change.
    pub appli: i64,
    /// Where it leads.
    pub callback: Url,
    /// The subscriber's own words.
    pub comment: String,
    failing_since: Option<DateTime<Utc>>,
}

/// A notification on its way.
#[derive(Debug, Clone)]
struct Delivery {
    callback: Url,
    body: String,
    first: DateTime<Utc>,
    cycle: usize,
}

impl Delivery {
    fn is_due(&self, now: DateTime<Utc>) -> bool {
        CYCLES.get(self.cycle).is_some_and(|after| self.first + *after <= now)
    }
}

/// Subscriptions, and what there is to tell. What goes wrong is switched on by tests.
#[derive(Debug)]
pub struct Notifier {
    /// The subscriptions of everybody.
    pub subscriptions: Vec<Subscription>,
    /// At most this many; the real number is not documented.
    pub most: usize,
    /// Whether everything is told twice.
    pub twice: bool,
    /// Whether the last is told first.
    pub backwards: bool,
    /// Whether notifications are lost.
    pub is_silent: bool,
    /// How many notifications were taken, each counted once.
    pub taken: u64,
    /// How many attempts failed.
    pub failed: u64,
    queue: VecDeque<Delivery>,
}

impl Default for Notifier {
    fn default() -> Notifier {
        Notifier {
            subscriptions: Vec::new(),
            most: 20,
            twice: false,
            backwards: false,
            is_silent: false,
            taken: 0,
            failed: 0,
            queue: VecDeque::new(),
        }
    }
}

impl Notifier {
    /// How many notifications are still to be told.
    pub fn waiting(&self) -> usize {
        self.queue.len()
    }

    /// Tells all who subscribed to a kind of change of a person.
    pub fn tell(&mut self, person: &str, appli: i64, about: &[(&str, String)], now: DateTime<Utc>) {
        if self.is_silent {
            return;
        }
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        body.append_pair("userid", person).append_pair("appli", &appli.to_string());
        body.extend_pairs(about);
        let body = body.finish();
        let to = self.subscriptions.iter().filter(|one| one.person == person && one.appli == appli);
        for one in to {
            let delivery =
                Delivery { callback: one.callback.clone(), body: body.clone(), first: now, cycle: 0 };
            if self.twice {
                self.queue.push_back(delivery.clone());
            }
            self.queue.push_back(delivery);
        }
    }

    /// Tells of a group of measurements that was created, changed or deleted.
    pub(super) fn tell_of_group(&mut self, person: &str, group: &Value, now: DateTime<Utc>) {
        let date = group["date"].as_i64().unwrap_or_default();
        let about = [("startdate", date.to_string()), ("enddate", date.saturating_add(1).to_string())];
        let measures = group["measures"].as_array().map_or(&[][..], Vec::as_slice);
        let kinds = measures.iter().filter_map(|measure| measure["type"].as_i64());
        // A pulse alone is of the scale that told the weight beside it.
        let appli = kinds.filter_map(|kind| Appli::surely_of(MeasureKind(kind))).min();
        if let Some(appli) = appli {
            self.tell(person, appli.number(), &about, now);
        }
    }

    /// Ends everybody's subscriptions, as an unlinked application loses them. The last that is told is that.
    pub(super) fn unlink(&mut self) {
        let mut people: Vec<String> = self.subscriptions.iter().map(|one| one.person.clone()).collect();
        people.dedup();
        for person in people {
            let action = [("action", "unlink".to_owned())];
            self.tell(&person, Appli::Profile.number(), &action, DateTime::UNIX_EPOCH);
        }
        self.subscriptions.clear();
    }

    fn find(&mut self, person: &str, appli: i64, callback: &str) -> Option<&mut Subscription> {
        let is_it = |one: &&mut Subscription| {
            one.person == person && one.appli == appli && one.callback.as_str() == callback
        };
        self.subscriptions.iter_mut().find(is_it)
    }

    fn profiles(&self, person: &str, appli: Option<i64>) -> Vec<Value> {
        let of_person = self.subscriptions.iter().filter(|one| one.person == person);
        of_person.filter(|one| appli.is_none_or(|appli| appli == one.appli)).map(profile).collect()
    }
}

fn profile(subscription: &Subscription) -> Value {
    json!({"appli": subscription.appli, "callbackurl": subscription.callback.as_str(),
        "comment": subscription.comment, "expires": 2_147_483_647})
}
