//! Three facts about a datapoint, and the request that follows from them. Pure.
//!
//! *Wanted* is the form the links in force call for. *Confirmed* is the form Beeminder last acknowledged.
//! The *word* is what the user decided about a datapoint that is not wanted. None of them is worked out from
//! another, so whatever changes while a request is under way shows as a difference afterwards.

use strum::{EnumString, IntoStaticStr};

use crate::domain::datapoint::Datapoint;

/// What Beeminder has of a datapoint, as far as it said so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirmed {
    /// The form it last acknowledged; `None` while it has none, or one in a form that is not known.
    pub form: Option<Datapoint>,
    /// Its id there; `None` while it has none, or an id that is not known.
    pub beeminder_id: Option<String>,
    /// Whether a request went out and its answer did not come.
    pub unsure: bool,
}

impl Confirmed {
    /// Whether it is there for all that is known.
    pub fn is_there(&self) -> bool {
        self.form.is_some() || self.beeminder_id.is_some()
    }

    /// Whether it is there, or may be.
    pub fn may_be_there(&self) -> bool {
        self.unsure || self.is_there()
    }
}

/// What the user decided about a datapoint that is not wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, IntoStaticStr, EnumString)]
#[strum(serialize_all = "snake_case")]
pub enum Word {
    /// Nothing.
    #[default]
    #[strum(serialize = "")]
    None,
    /// It is not to be sent.
    Discarded,
    /// They deleted it at Beeminder.
    Deleted,
    /// What is at Beeminder stays.
    Keep,
    /// It stays, since only its link was removed.
    Left,
    /// It is to be taken away at Beeminder.
    Remove,
    /// It is to be taken away once what its readings went into instead is there. No word of the user's: where nothing
    /// takes its place after all, it stays.
    Moved,
}

impl Word {
    /// Whether it is to be taken away at Beeminder.
    pub fn removes(self) -> bool {
        matches!(self, Word::Remove | Word::Moved)
    }

    /// The word in the store.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// What is to be asked of Beeminder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Create it, or change whatever has its key.
    Create,
    /// Change the datapoint with this id.
    Update(String),
    /// Delete it, by its id or by whatever has its key.
    Remove(Option<String>),
    /// Look whether it arrived.
    LookUp,
}

impl Action {
    /// The word in the store.
    pub fn name(&self) -> &'static str {
        match self {
            Action::Create => "create",
            Action::Update(_) => "update",
            Action::Remove(_) => "remove",
            Action::LookUp => "look_up",
        }
    }

    /// Beeminder's id of the datapoint it is about, where that is known.
    pub fn beeminder_id(&self) -> Option<&str> {
        match self {
            Action::Update(id) | Action::Remove(Some(id)) => Some(id),
            Action::Create | Action::Remove(None) | Action::LookUp => None,
        }
    }

    /// Reads the words back.
    pub fn named(name: &str, beeminder_id: Option<String>) -> Option<Action> {
        Some(match (name, beeminder_id) {
            ("create", _) => Action::Create,
            ("update", Some(id)) => Action::Update(id),
            ("remove", id) => Action::Remove(id),
            ("look_up", _) => Action::LookUp,
            _ => return None,
        })
    }
}

/// The request that brings Beeminder into line; `None` when there is nothing to ask.
pub fn difference(wanted: Option<&Datapoint>, confirmed: &Confirmed, word: Word) -> Option<Action> {
    let id = confirmed.beeminder_id.clone();
    match (wanted, word) {
        (Some(wanted), _) if !confirmed.unsure && confirmed.form.as_ref() == Some(wanted) => None,
        (Some(_), _) => Some(id.map_or(Action::Create, Action::Update)),
        (None, word) if word.removes() && confirmed.may_be_there() => Some(Action::Remove(id)),
        (None, Word::Deleted) => None,
        (None, _) => confirmed.unsure.then_some(Action::LookUp),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::datapoint::{Moment, RequestId};

    fn form(value: i64) -> Datapoint {
        Datapoint {
            request_id: RequestId("withings-1-weight".into()),
            value: value.into(),
            moment: Moment::On("20261123".parse().unwrap()),
            comment: String::new(),
        }
    }

    fn has(value: Option<i64>, id: Option<&str>, unsure: bool) -> Confirmed {
        Confirmed { form: value.map(form), beeminder_id: id.map(Into::into), unsure }
    }

    #[test]
    fn what_is_asked_follows_from_the_three_facts() {
        let update = || Some(Action::Update("b".into()));
        let remove = |id: Option<&str>| Some(Action::Remove(id.map(Into::into)));
        for (wanted, confirmed, word, expected) in [
            (Some(80), has(None, None, false), Word::None, Some(Action::Create)),
            (Some(80), has(None, None, true), Word::None, Some(Action::Create)),
            (Some(80), has(Some(80), Some("b"), false), Word::None, None),
            (Some(80), has(Some(80), None, false), Word::None, None),
            (Some(80), has(Some(80), Some("b"), true), Word::None, update()),
            (Some(80), has(Some(82), Some("b"), false), Word::None, update()),
            (Some(80), has(Some(82), None, false), Word::None, Some(Action::Create)),
            // There in a form that an earlier version did not note.
            (Some(80), has(None, Some("b"), false), Word::None, update()),
            (None, has(None, None, false), Word::None, None),
            (None, has(None, None, true), Word::None, Some(Action::LookUp)),
            (None, has(None, None, true), Word::Discarded, Some(Action::LookUp)),
            (None, has(Some(80), Some("b"), false), Word::None, None),
            (None, has(Some(80), Some("b"), true), Word::Left, Some(Action::LookUp)),
            (None, has(Some(80), Some("b"), false), Word::Keep, None),
            (None, has(Some(80), Some("b"), false), Word::Remove, remove(Some("b"))),
            (None, has(Some(80), Some("b"), false), Word::Moved, remove(Some("b"))),
            (None, has(None, None, true), Word::Remove, remove(None)),
            (None, has(None, None, false), Word::Remove, None),
            (None, has(Some(80), Some("b"), true), Word::Deleted, None),
        ] {
            let wanted = wanted.map(form);
            let found = difference(wanted.as_ref(), &confirmed, word);
            assert_eq!(found, expected, "{wanted:?} {confirmed:?} {word:?}");
        }
    }

    #[test]
    fn words_and_actions_are_read_back() {
        for word in
            [Word::None, Word::Discarded, Word::Deleted, Word::Keep, Word::Left, Word::Remove, Word::Moved]
        {
            assert_eq!(word.name().parse(), Ok(word));
        }
        for action in [Action::Create, Action::Update("b".into()), Action::Remove(None), Action::LookUp] {
            let id = action.beeminder_id().map(Into::into);
            assert_eq!(Action::named(action.name(), id), Some(action));
        }
        assert_eq!(Action::named("update", None), None);
    }
}
