//! The kinds of change that were told of and not yet looked at. However often somebody rings, it holds one mark for
//! each kind, and wakes whoever listens once.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use strum::VariantArray;
use tokio::sync::Notify;

use crate::domain::appli::Appli;

/// A mark for each kind of change.
type Marks = [bool; Appli::VARIANTS.len()];

/// What was told of.
#[derive(Debug, Default)]
pub struct Inbox {
    marks: Mutex<Both>,
    bell: Notify,
    taken: AtomicU64,
    refused: AtomicU64,
}

#[derive(Debug, Default)]
struct Both {
    /// Not yet read at Withings.
    unread: Marks,
    /// Not yet noted in the store.
    unnoted: Marks,
}

impl Inbox {
    /// Notes that a kind of change was told of. What is marked already rings no bell.
    pub fn mark(&self, appli: Appli) {
        self.taken.fetch_add(1, Ordering::Relaxed);
        let mut both = self.marks.lock().unwrap_or_else(PoisonError::into_inner);
        let place = place(appli);
        if !std::mem::replace(&mut both.unread[place], true) {
            both.unnoted[place] = true;
            self.bell.notify_one();
        }
    }

    /// Counts a request that was refused.
    pub fn refuse(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    /// How many were taken and how many refused.
    pub fn counts(&self) -> (u64, u64) {
        (self.taken.load(Ordering::Relaxed), self.refused.load(Ordering::Relaxed))
    }

    /// Waits until something new was told of, and returns it.
    pub async fn heard(&self) -> Vec<Appli> {
        loop {
            let new = self.take(|both| &mut both.unnoted);
            if !new.is_empty() {
                return new;
            }
            self.bell.notified().await;
        }
    }

    /// What waits to be read.
    pub fn unread(&self) -> Vec<Appli> {
        marked(&self.marks.lock().unwrap_or_else(PoisonError::into_inner).unread)
    }

    /// Hands over what waits to be read: it is read now.
    pub fn take_unread(&self) -> Vec<Appli> {
        self.take(|both| &mut both.unread)
    }

    fn take(&self, which: impl Fn(&mut Both) -> &mut Marks) -> Vec<Appli> {
        let mut both = self.marks.lock().unwrap_or_else(PoisonError::into_inner);
        marked(&std::mem::take(which(&mut both)))
    }
}

fn place(appli: Appli) -> usize {
    Appli::VARIANTS.iter().position(|other| *other == appli).expect("every kind is one of them all")
}

fn marked(marks: &Marks) -> Vec<Appli> {
    Appli::VARIANTS
        .iter()
        .copied()
        .zip(marks)
        .filter(|(_, is_marked)| **is_marked)
        .map(|(appli, _)| appli)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn however_often_somebody_rings_there_is_one_mark_and_one_bell() {
        let inbox = Inbox::default();
        for _ in 0..10_000 {
            inbox.mark(Appli::Weight);
            inbox.mark(Appli::Sleep);
        }
        assert_eq!(inbox.heard().await, [Appli::Weight, Appli::Sleep]);
        let again = tokio::time::timeout(std::time::Duration::from_millis(1), inbox.heard()).await;
        assert!(again.is_err(), "nothing new");
        inbox.mark(Appli::Weight);
        assert_eq!(inbox.unread(), [Appli::Weight, Appli::Sleep]);
        assert_eq!(inbox.take_unread(), [Appli::Weight, Appli::Sleep]);
        assert_eq!((inbox.take_unread().len(), inbox.counts()), (0, (20_001, 0)));
        inbox.mark(Appli::Weight);
        assert_eq!(inbox.heard().await, [Appli::Weight], "after it was read it rings again");
    }
}
