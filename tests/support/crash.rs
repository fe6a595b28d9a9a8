//! Crashes, at a chosen point.

use std::pin::Pin;
use std::task::{Context, Poll};

/// A future that is dropped when it has waited this often, as a crash would.
pub(crate) struct CrashAfter<F> {
    pub(crate) future: F,
    pub(crate) waits: u32,
}

impl<F: Future + Unpin> Future for CrashAfter<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if let Poll::Ready(output) = Pin::new(&mut self.future).poll(context) {
            return Poll::Ready(Some(output));
        }
        self.waits -= 1;
        if self.waits == 0 { Poll::Ready(None) } else { Poll::Pending }
    }
}

/// Runs `pass`, and `act` to its end once the pass has waited `waits` times: whatever users do may fall
/// between any two steps of a pass. Returns whether the pass was still under way then.
pub(crate) async fn meanwhile<P: Future + Unpin, A: Future>(
    mut pass: P,
    waits: u32,
    act: A,
) -> (P::Output, bool) {
    let early = reach(&mut pass, waits).await;
    act.await;
    match early {
        Some(output) => (output, false),
        None => (pass.await, true),
    }
}

/// The same, with the pass going on beside: what is done may wait for a lock that the pass holds.
pub(crate) async fn beside<P: Future + Unpin, A: Future>(mut pass: P, waits: u32, act: A) -> P::Output {
    if let Some(output) = reach(&mut pass, waits).await {
        act.await;
        return output;
    }
    tokio::join!(act, pass).1
}

/// Runs `pass` until it has waited `waits` times. Returns what it came to, if it ended before.
async fn reach<P: Future + Unpin>(pass: &mut P, waits: u32) -> Option<P::Output> {
    let mut left = waits;
    std::future::poll_fn(|context| match Pin::new(&mut *pass).poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending if left == 0 => Poll::Ready(None),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}
