//! Every measurement and what became of it: searched, filtered, turned, drawn and saved.

use beeminder_withings_sync::platform::clock;
use beeminder_withings_sync::sandbox::sample;

use super::super::session::Session;
use super::super::until;
use super::{all, click, fill, go, select, shows, text, value};

#[tokio::test]
async fn history_is_searched_and_saved() {
    let mut session = Session::start().await;
    sample::year(&mut session.sandbox.world().withings, clock::now());
    session.set_up().await;
    let window = session.launch_driven().await;
    session.weigh_in(97.3);
    click(&window, "#sync-now").await;
    until("the datapoint", async || (session.at_beeminder() == [97.3]).then_some(())).await;

    go(&window, "history").await;
    shows(&window, "#lines-summary", "1 to 100 of").await;
    shows(&window, "#lines tbody tr.sent", "sent").await;
    assert_eq!(all(&window, "#lines tbody tr:not(.day-heading)").await.len(), 100);
    click(&window, "#older").await;
    shows(&window, "#lines-summary", "101 to 200 of").await;
    click(&window, "#newer").await;
    shows(&window, "#lines-summary", "1 to 100 of").await;

    // Days are found as they are written, and what no goal gets only when it is asked for.
    let today = clock::now().format("%b %-d").to_string();
    for search in ["yesterday", "today", &today, "97.3 kg"] {
        fill(&window, "#search", search).await;
        let found = format!("for {search}");
        until(&found, async || {
            let rows = all(&window, "#lines tbody tr:not(.day-heading)").await.len();
            (1..5).contains(&rows).then_some(())
        })
        .await;
    }
    // Words of the user's language mean what they stand for.
    click(&window, "#filter [name=unlinked]").await;
    fill(&window, "#search", "systolic").await;
    until("blood pressure alone", async || {
        let rows = all(&window, "#lines tbody tr:not(.day-heading)").await;
        let first = rows.first()?.text().await.ok()?;
        (rows.len() > 40 && rows.len() < 60 && first.contains("Systolic")).then_some(())
    })
    .await;
    fill(&window, "#search", "97.3").await;
    shows(&window, "#lines-summary", "1 to 1 of 1").await;
    fill(&window, "#search", "no such thing").await;
    shows(&window, "#lines-summary", "Nothing matches").await;
    fill(&window, "#search", " ").await;
    select(&window, "#filter-outcome", "sent").await;
    shows(&window, "#lines-summary", "1 to 1 of 1").await;

    click(&window, "[data-format=csv]").await;
    shows(&window, "#exported", "1 line saved as").await;
    let path = text(&window, "#exported").await.split("saved as ").nth(1).unwrap().to_owned();
    let csv = std::fs::read_to_string(&path).unwrap();
    assert_eq!(csv.lines().count(), 2, "{csv}");
    assert!(csv.contains("weight 97.3 kg") && csv.contains("withings-"), "{csv}");
    click(&window, "[data-format=json]").await;
    shows(&window, "#exported", ".json").await;

    // The chart tells what was sent.
    click(&window, "#chart-days label:nth-of-type(4)").await;
    until("a year of dots", async || (all(&window, "#chart circle").await.len() > 200).then_some(())).await;
    let dots = value(&window, "return [...document.querySelectorAll('#chart circle, #chart polygon')].filter((dot) => dot.getAttribute('fill') !== 'none').length").await;
    assert_eq!(dots, 1);
}
