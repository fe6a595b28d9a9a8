//! Sends what there is to tell, and tries again as Withings does.

use chrono::{DateTime, Utc};
use url::Url;

use super::{CANCELLED_AFTER, CYCLES, Delivery};
use crate::platform::environment::is_loopback;
use crate::sandbox::{Shared, lock};
use crate::services::http::Http;

/// Sends what is due by the world's clock.
pub(in crate::sandbox) async fn deliver(world: &Shared) {
    let (due, now) = {
        let mut world = lock(world);
        let now = world.clock.now();
        world.withings.tell_of_days(now);
        let notify = &mut world.withings.notify;
        let (mut due, later): (Vec<_>, Vec<_>) =
            std::mem::take(&mut notify.queue).into_iter().partition(|delivery| delivery.is_due(now));
        notify.queue = later.into();
        if notify.backwards {
            due.reverse();
        }
        (due, now)
    };
    let Some(http) = due.first().and_then(|first| Http::new(&first.callback).ok()) else { return };
    for delivery in due {
        let is_taken = is_taken(&http, &delivery).await || is_taken(&http, &delivery).await;
        note(world, delivery, is_taken, now);
    }
}

/// Asks an address whether it is there, as at subscribing: only 200 will do.
pub(super) async fn is_there(callback: &Url) -> bool {
    let Ok(http) = Http::new(callback) else { return false };
    let answer = http.send(http.head(callback.clone())).await;
    answer.is_ok_and(|answer| answer.status == reqwest::StatusCode::OK)
}

/// Whether the sandbox may call an address at all: it never leaves this computer.
pub(super) fn may_call(callback: &Url) -> bool {
    is_loopback(callback) && callback.as_str().len() <= 255
}

async fn is_taken(http: &Http, delivery: &Delivery) -> bool {
    let form = reqwest::header::HeaderValue::from_static("application/x-www-form-urlencoded");
    let request = http.post(delivery.callback.clone()).header(reqwest::header::CONTENT_TYPE, form);
    let answer = http.send(request.body(delivery.body.clone())).await;
    answer.is_ok_and(|answer| answer.status.as_u16() < 400)
}

fn note(world: &Shared, delivery: Delivery, is_taken: bool, now: DateTime<Utc>) {
    let mut world = lock(world);
    let notify = &mut world.withings.notify;
    if is_taken {
        notify.taken += 1;
    } else {
        notify.failed += 2;
    }
    for one in notify.subscriptions.iter_mut().filter(|one| one.callback == delivery.callback) {
        one.failing_since = if is_taken { None } else { one.failing_since.or(Some(now)) };
    }
    let is_over = |since: DateTime<Utc>| now - since >= CANCELLED_AFTER;
    notify.subscriptions.retain(|one| !one.failing_since.is_some_and(is_over));
    let cycle = delivery.cycle + 1;
    if !is_taken && cycle < CYCLES.len() {
        notify.queue.push_back(Delivery { cycle, ..delivery });
    }
}
