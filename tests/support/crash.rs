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
