//! What arrived at Beeminder in a pass, in words.

use crate::domain::arrival::Arrival;
use crate::domain::link::Feed;
use crate::store::{self, Connection};
use crate::text::{Locale, args};

/// So many goals are named; of the others it is said that there are some.
const MOST: usize = 3;

/// Says it in a few words, as `weight 78.9 kg · pressure +1`. `None` when nothing arrived.
///
/// # Errors
/// When the store cannot be read.
pub fn words(conn: &Connection, arrived: &[Arrival], locale: Locale) -> anyhow::Result<Option<String>> {
    let mut said = Vec::new();
    for arrival in arrived.iter().take(MOST) {
        said.push(one(conn, arrival, locale)?);
    }
    if arrived.len() > MOST {
        said.push("…".into());
    }
    Ok((!said.is_empty()).then(|| said.join(" · ")))
}

fn one(conn: &Connection, arrival: &Arrival, locale: Locale) -> anyhow::Result<String> {
    let feed = store::link::load(conn, arrival.link)?.map(|link| link.feed);
    let Arrival { goal, count, value, .. } = arrival;
    Ok(match (feed, *count) {
        (Some(Feed::Count { .. }), count) => format!("{goal} +{count}"),
        (feed, 1) => format!("{goal} {}", locale.amount(value, feed.map_or("", |feed| feed.unit()))),
        (_, count) => {
            let facts = [("goal", goal.to_string()), ("count", count.to_string())];
            locale.say("notice.several", &args(facts))
        }
    })
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;

    use super::*;
    use crate::domain::goal::GoalSlug;
    use crate::domain::link::LinkId;
    use crate::text::Language;

    #[test]
    fn goals_are_named_with_their_values_and_many_in_short() {
        let locale = |language| Locale::new(language, Tz::UTC);
        let arrival = |goal: &str, count, value: &str| Arrival {
            goal: GoalSlug(goal.into()),
            link: LinkId(1),
            count,
            value: value.into(),
        };
        let conn = store::in_memory();
        let say = |arrived: &[Arrival], language| words(&conn, arrived, locale(language));
        assert_eq!(say(&[], Language::English).unwrap(), None);
        let one = arrival("weight", 1, "78.9");
        assert_eq!(say(std::slice::from_ref(&one), Language::English).unwrap().unwrap(), "weight 78.9");
        let four = [one, arrival("fat", 26, "21"), arrival("a", 1, "1"), arrival("b", 1, "1")];
        let said = say(&four, Language::German).unwrap().unwrap();
        assert_eq!(said, "weight 78,9 · fat: 26 Datenpunkte · a 1 · …");
    }
}
