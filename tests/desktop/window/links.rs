//! Links: made, changed, back-filled, removed; and goals created.

use beeminder_withings_sync::platform::clock;
use chrono::TimeDelta;
use fantoccini::{Client, Locator};

use super::super::session::Session;
use super::super::until;
use super::{all, click, drawn, enter, fill, go, hides, pictures_in, select, shows, value};

/// A program whose user has a few days of measurements and one link.
async fn with_history(session: &mut Session) -> Client {
    for days in [5_i32, 4, 3] {
        let at = clock::now() - TimeDelta::days(days.into());
        session.sandbox.world().withings.weigh_in(82.0 + f64::from(days) / 10.0, at);
    }
    session.set_up().await;
    let window = session.launch_driven().await;
    shows(&window, "#status-message", "Up to date").await;
    window
}

#[tokio::test]
async fn a_link_is_made_changed_and_removed() {
    let mut session = Session::start().await;
    let window = with_history(&mut session).await;

    // What would be sent is seen before anything is.
    go(&window, "link/new/fat").await;
    shows(&window, ".link-form .summary", "3 datapoints").await;
    assert_eq!(value(&window, "return document.querySelector('#kind').value").await, "fat-ratio");
    select(&window, "#goal", "pounds").await;
    shows(&window, ".link-form .summary", "3 datapoints").await;
    assert_eq!(value(&window, "return document.querySelector('#unit').value").await, "lb");
    assert_eq!(all(&window, ".chart circle").await.len(), 3);
    shows(&window, ".link-form tbody", "181.7").await;

    // Bad input is said beside its field, and nothing is lost.
    click(&window, ".more summary").await;
    fill(&window, "#comment", "{moon}").await;
    shows(&window, "#comment + .hint + .problem, .problem:not([hidden])", "means nothing").await;
    assert_eq!(value(&window, "return document.activeElement.id").await, "comment");
    fill(&window, "#comment", "from {device}").await;
    hides(&window, ".link-form .problem:not(.trouble)").await;
    enter(&window, "#since", "2001-01-01").await;
    click(&window, ".link-form [type=submit]").await;
    shows(&window, ".problem:not([hidden])", "starts on").await;
    enter(&window, "#since", &clock::now().with_timezone(&chrono_tz::Europe::Paris).date_naive().to_string())
        .await;
    hides(&window, ".link-form .problem:not(.trouble)").await;
    drawn(&window).await;
    click(&window, ".link-form [type=submit]").await;
    shows(&window, "#goals", "pounds").await;
    session.weigh_in(82.0);
    click(&window, "#sync-now").await;
    until("pounds", async || {
        let world = session.sandbox.world();
        let found = world.beeminder.goals.iter().find(|goal| goal.slug() == "pounds")?;
        (found.datapoints.last()?.value == 180.8).then_some(())
    })
    .await;

    // A change says what it does at Beeminder first; Cancel changes nothing.
    go(&window, "link/2").await;
    shows(&window, "#link-title", "Link to pounds").await;
    select(&window, "#unit", "kg").await;
    click(&window, ".link-form [type=submit]").await;
    shows(&window, "#confirm", "Update them: 1 changed").await;
    shows(&window, "#confirm .examples", "180.8 becomes 82").await;
    pictures_in(&window, "changing a link", &[360, 900]).await;
    click(&window, "#confirm button[value=no]").await;
    hides(&window, "#confirm").await;
    click(&window, ".link-form [type=submit]").await;
    shows(&window, "#confirm", "1 changed").await;
    click(&window, "#confirm-yes").await;
    shows(&window, "#goals", "Weight in kg").await;
    until("kilograms", async || {
        let world = session.sandbox.world();
        let found = world.beeminder.goals.iter().find(|goal| goal.slug() == "pounds")?;
        (found.datapoints.len() == 1 && found.datapoints[0].value == 82.0).then_some(())
    })
    .await;

    // Removing can be taken back.
    go(&window, "link/2").await;
    click(&window, "#remove-keep").await;
    shows(&window, "#confirm", "1 datapoint stays at Beeminder").await;
    click(&window, "#confirm-yes").await;
    shows(&window, "#toast", "The link to pounds is removed.").await;
    until("one card", async || (all(&window, "#goals .goal").await.len() == 1).then_some(())).await;
    click(&window, "#toast button").await;
    until("two cards", async || (all(&window, "#goals .goal").await.len() == 2).then_some(())).await;

    // Removing the datapoints says that it cannot.
    go(&window, "link/2").await;
    shows(&window, "#removal-hint", "1 datapoint of this link is at Beeminder").await;
    click(&window, "#remove-all").await;
    shows(&window, "#confirm", "cannot be undone").await;
    click(&window, "#confirm-yes").await;
    until("one card", async || (all(&window, "#goals .goal").await.len() == 1).then_some(())).await;
    until("nothing at Beeminder", async || {
        session.sandbox.world().beeminder.datapoints("pounds").is_empty().then_some(())
    })
    .await;
}

#[tokio::test]
async fn the_past_is_looked_at_before_it_is_posted() {
    let mut session = Session::start().await;
    let window = with_history(&mut session).await;
    go(&window, "link/1").await;
    click(&window, "#past-form [type=submit]").await;
    shows(&window, "#past-summary", "3 datapoints").await;
    pictures_in(&window, "posting the past", &[360, 900]).await;
    let risky = !all(&window, "#past-start tr.risky").await.is_empty();
    if risky {
        click(&window, "#past-start [type=submit]").await;
        shows(&window, "#past-start .problem", "Tick the box").await;
        click(&window, "#past-start [name=may_derail]").await;
    }
    click(&window, "#past-start [type=submit]").await;
    until("the past", async || (session.at_beeminder().len() == 3).then_some(())).await;
    shows(&window, "#posted", "3 datapoints sent, ").await;
    click(&window, "#posted a").await;
    shows(&window, "#goal-name", "weight").await;
    go(&window, "overview").await;
    shows(&window, "#goals", "Last: 82.3").await;
}

#[tokio::test]
async fn a_past_that_could_derail_is_said_and_not_posted() {
    let mut session = Session::start().await;
    session.sandbox.world().withings.weigh_in(150.0, clock::now() - TimeDelta::days(2));
    let window = with_history(&mut session).await;
    go(&window, "link/new/night-owl").await;
    shows(&window, ".link-form .summary", "4 datapoints").await;
    click(&window, ".more summary").await;
    let since = (clock::now() - TimeDelta::days(6)).date_naive().to_string();
    enter(&window, "#since", &since).await;
    select(&window, "#take", "every").await;
    shows(&window, ".link-form .summary", "4 datapoints").await;
    click(&window, ".link-form [type=submit]").await;
    shows(&window, "#confirm", "could derail it at once, so the past was not posted").await;
    click(&window, "#confirm-yes").await;
    shows(&window, "#goals", "night-owl").await;
    assert!(session.sandbox.world().beeminder.datapoints("night-owl").is_empty());
}

#[tokio::test]
async fn a_goal_is_created_after_its_promise_was_read_or_on_beeminders_page() {
    let mut session = Session::start().await;
    let window = with_history(&mut session).await;
    go(&window, "goal").await;
    fill(&window, "#slug", "no spaces!").await;
    click(&window, "#goal-form [type=submit]").await;
    shows(&window, "#slug + .problem", "letters, digits").await;
    fill(&window, "#slug", "daily-scale").await;
    fill(&window, "#per_week", "5").await;
    click(&window, "#on-beeminder").await;
    let page = session.browser_page().await;
    assert!(page.query().unwrap().contains("goalname=daily-scale"), "{page}");
    click(&window, "#goal-form [type=submit]").await;
    shows(&window, "#confirm", "At least 5 times each week, for a year.").await;
    pictures_in(&window, "committing to a goal", &[360, 900]).await;
    click(&window, "#confirm button[value=no]").await;
    hides(&window, "#confirm").await;
    let goals = session.sandbox.world().beeminder.goals.len();
    click(&window, "#goal-form [type=submit]").await;
    shows(&window, "#confirm", "pledge").await;
    click(&window, "#confirm-yes").await;
    shows(&window, "#link-title", "Link a goal").await;
    assert_eq!(session.sandbox.world().beeminder.goals.len(), goals + 1);
    until("the new goal is chosen", async || {
        (window.find(Locator::Css("#goal")).await.ok()?.prop("value").await.ok()?? == "daily-scale")
            .then_some(())
    })
    .await;
}
