//! The polling loop: it sleeps until a pass is due, is nudged, or stops.
//!
//! It sleeps in steps and goes by the wall clock, so that time spent in suspend counts and missed passes
//! do not come in a burst. A pass under way is told to stop and waited for.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// The longest sleep: how late a wake-up from suspend is noticed at most.
const STEP: Duration = Duration::from_secs(60);

/// No pass is due later than the end of the longest pause; one that is was reckoned by another clock.
const FARTHEST: TimeDelta = TimeDelta::days(2);

/// What ended a sleep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Woken {
    Due,
    Nudged,
    Stopped,
}

/// Calls `pass` at once and then whenever its last answer is due, until `stop`.
///
/// `pass` is told whether it was nudged, and answers when the next one is due.
///
/// # Errors
/// What `pass` returns; polling ends with it.
pub async fn poll<F>(
    clock: impl Fn() -> DateTime<Utc>,
    nudge: &Notify,
    stop: &CancellationToken,
    mut pass: impl FnMut(bool) -> F,
) -> anyhow::Result<()>
where
    F: Future<Output = anyhow::Result<DateTime<Utc>>>,
{
    let mut nudged = false;
    while !stop.is_cancelled() {
        let next = pass(nudged).await?;
        match sleep_until(next, &clock, nudge, stop).await {
            Woken::Due => nudged = false,
            Woken::Nudged => nudged = true,
            Woken::Stopped => break,
        }
    }
    Ok(())
}

async fn sleep_until(
    next: DateTime<Utc>,
    clock: &impl Fn() -> DateTime<Utc>,
    nudge: &Notify,
    stop: &CancellationToken,
) -> Woken {
    let mut last = clock();
    loop {
        let now = clock();
        // A clock that was set back must not keep the poller asleep for a year.
        if now >= next || now < last - TimeDelta::minutes(1) || next - now > FARTHEST {
            return Woken::Due;
        }
        last = now;
        let left = (next - now).to_std().unwrap_or_default().min(STEP);
        tokio::select! {
            () = stop.cancelled() => return Woken::Stopped,
            () = nudge.notified() => return Woken::Nudged,
            () = tokio::time::sleep(left) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use super::*;

    fn minutes(minutes: i64) -> TimeDelta {
        TimeDelta::minutes(minutes)
    }

    /// A wall clock that follows tokio's, plus whatever the test adds.
    struct Clock {
        start: tokio::time::Instant,
        added: Cell<TimeDelta>,
    }

    impl Clock {
        fn new() -> Clock {
            Clock { start: tokio::time::Instant::now(), added: Cell::new(TimeDelta::zero()) }
        }

        fn now(&self) -> DateTime<Utc> {
            DateTime::UNIX_EPOCH + TimeDelta::from_std(self.start.elapsed()).unwrap() + self.added.get()
        }
    }

    /// Polls every 15 minutes until 4 passes were made; `during` acts after each.
    async fn passes(clock: &Clock, nudge: &Notify, during: impl Fn(usize)) -> Vec<(i64, bool)> {
        let stop = CancellationToken::new();
        let made = RefCell::new(Vec::new());
        poll(
            || clock.now(),
            nudge,
            &stop,
            |nudged| {
                made.borrow_mut().push(((clock.now() - DateTime::UNIX_EPOCH).num_minutes(), nudged));
                during(made.borrow().len());
                if made.borrow().len() == 4 {
                    stop.cancel();
                }
                async { Ok(clock.now() + minutes(15)) }
            },
        )
        .await
        .unwrap();
        made.into_inner()
    }

    #[tokio::test(start_paused = true)]
    async fn a_pass_is_made_at_start_and_then_when_due() {
        let clock = Clock::new();
        let made = passes(&clock, &Notify::new(), |_| {}).await;
        assert_eq!(made, [(0, false), (15, false), (30, false), (45, false)]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_nudge_makes_one_at_once_even_when_it_came_during_a_pass() {
        let (clock, nudge) = (Clock::new(), Notify::new());
        let made = passes(&clock, &nudge, |made| {
            if made == 1 {
                nudge.notify_one();
            }
        })
        .await;
        assert_eq!(made, [(0, false), (0, true), (15, false), (30, false)]);
    }

    #[tokio::test(start_paused = true)]
    async fn hours_asleep_make_one_pass_and_not_a_burst() {
        let clock = Clock::new();
        let made = passes(&clock, &Notify::new(), |made| {
            if made == 2 {
                clock.added.set(minutes(300));
            }
        })
        .await;
        assert_eq!(made, [(0, false), (15, false), (330, false), (345, false)]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_set_back_a_year_does_not_stop_it() {
        let (clock, nudge, stop) = (Clock::new(), Notify::new(), CancellationToken::new());
        let next = clock.now() + minutes(15);
        clock.added.set(-TimeDelta::days(365));
        assert_eq!(sleep_until(next, &|| clock.now(), &nudge, &stop).await, Woken::Due);
    }

    #[tokio::test(start_paused = true)]
    async fn an_error_ends_it() {
        let (clock, stop) = (Clock::new(), CancellationToken::new());
        let error =
            poll(|| clock.now(), &Notify::new(), &stop, |_| async { anyhow::bail!("disk full") }).await;
        assert_eq!(error.unwrap_err().to_string(), "disk full");
    }
}
