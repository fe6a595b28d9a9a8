//! Plans what is to be done at Withings so that the subscriptions are those that the links need. Pure. What other
//! programs subscribed to through the same application is never touched.

use std::collections::BTreeSet;

use secrecy::{ExposeSecret, SecretString};

use super::key::{Key, Knock};
use crate::domain::appli::Appli;
use crate::domain::public_address::PublicAddress;
use crate::services::withings::Subscribed;

/// One thing to be done.
#[derive(Debug)]
pub enum Step {
    /// Subscribe to a kind of change.
    Subscribe(Appli),
    /// Have a subscription lead to the address of today.
    Move(Appli, SecretString),
    /// End a subscription.
    Revoke(Appli, SecretString),
}

impl Step {
    /// The kind of change that it is about.
    pub fn appli(&self) -> Appli {
        match self {
            Step::Subscribe(appli) | Step::Move(appli, _) | Step::Revoke(appli, _) => *appli,
        }
    }
}

/// The whole address of a kind of change.
pub fn callback(key: &Key, address: &PublicAddress, appli: Appli) -> SecretString {
    String::from(address.with(key.end(appli).expose_secret())).into()
}

/// Whether a subscription is one of this program's, wherever it leads: only this program knows its end.
fn ours(key: &Key, subscribed: &Subscribed) -> Option<Appli> {
    let end = subscribed.callback.expose_secret().rsplit('/').next().unwrap_or_default();
    match (key.knock(end), Appli::numbered(subscribed.appli)) {
        (Some(Knock::Notification(_)), appli) => appli,
        _ => None,
    }
}

/// What is to be done, given what Withings lists. With `renew` even what seems to be there is made anew.
pub fn steps(
    key: &Key,
    address: &PublicAddress,
    needed: &BTreeSet<Appli>,
    listed: &[Subscribed],
    renew: bool,
) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut there = BTreeSet::new();
    let is_right = |appli: Appli, at: &Subscribed| {
        at.callback.expose_secret() == callback(key, address, appli).expose_secret()
    };
    let known = || listed.iter().filter_map(|at| Some((ours(key, at)?, at)));
    for (appli, at) in known().filter(|(appli, at)| is_right(*appli, at)) {
        if renew || !needed.contains(&appli) {
            steps.push(Step::Revoke(appli, at.callback.clone()));
        } else {
            there.insert(appli);
        }
    }
    for (appli, at) in known().filter(|(appli, at)| !is_right(*appli, at)) {
        if !renew && needed.contains(&appli) && there.insert(appli) {
            steps.push(Step::Move(appli, at.callback.clone()));
        } else {
            steps.push(Step::Revoke(appli, at.callback.clone()));
        }
    }
    steps.extend(needed.difference(&there).copied().map(Step::Subscribe));
    steps
}

/// What this program has at Withings and is to be ended.
pub fn all_of_ours(key: &Key, listed: &[Subscribed]) -> Vec<(Appli, SecretString)> {
    listed.iter().filter_map(|at| Some((ours(key, at)?, at.callback.clone()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::public_address::Reach;

    fn address(text: &str) -> PublicAddress {
        PublicAddress::parse(text, Reach::Public).unwrap()
    }

    /// The steps as words: `+1`, `>1` for a move, `-1`.
    fn words(steps: &[Step]) -> String {
        let word = |step: &Step| match step {
            Step::Subscribe(appli) => format!("+{}", appli.number()),
            Step::Move(appli, _) => format!(">{}", appli.number()),
            Step::Revoke(appli, _) => format!("-{}", appli.number()),
        };
        steps.iter().map(word).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_the_links_need_is_made_moved_or_ended_and_nothing_foreign_is_touched() {
        let (key, other) = (Key::new().unwrap(), Key::new().unwrap());
        let (here, before) = (address("https://here.example/"), address("https://before.example/a"));
        let at = |key: &Key, address: &PublicAddress, appli: Appli| Subscribed {
            appli: appli.number(),
            callback: callback(key, address, appli),
        };
        let (weight, sleep, profile) = (Appli::Weight, Appli::Sleep, Appli::Profile);
        let foreign = || at(&other, &here, weight);
        let bed = Subscribed { appli: 50, callback: "https://here.example/bed".to_owned().into() };
        for (needed, listed, renew, expected) in [
            (vec![], vec![], false, ""),
            (vec![weight, profile], vec![], false, "+1 +46"),
            (vec![weight], vec![at(&key, &here, weight)], false, ""),
            (vec![weight], vec![at(&key, &here, weight)], true, "-1 +1"),
            (vec![weight], vec![at(&key, &before, weight)], false, ">1"),
            (vec![weight], vec![at(&key, &before, weight)], true, "-1 +1"),
            (vec![weight], vec![at(&key, &before, weight), at(&key, &here, weight)], false, "-1"),
            (vec![weight], vec![at(&key, &here, sleep)], false, "-44 +1"),
            (vec![], vec![at(&key, &here, weight), at(&key, &before, sleep)], false, "-1 -44"),
            (vec![weight], vec![foreign(), bed.clone()], false, "+1"),
            (vec![], vec![foreign(), bed.clone()], true, ""),
        ] {
            let needed: BTreeSet<_> = needed.into_iter().collect();
            let found = words(&steps(&key, &here, &needed, &listed, renew));
            assert_eq!(found, expected, "{needed:?} {renew}");
        }
        let all = [foreign(), at(&key, &before, sleep), bed];
        assert_eq!(all_of_ours(&key, &all).iter().map(|(appli, _)| *appli).collect::<Vec<_>>(), [sleep]);
    }
}
