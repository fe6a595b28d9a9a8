//! Many links: the pages stay short and quick, and can be read by everybody.

use beeminder_withings_sync::domain::link::{Feed, Options};
use beeminder_withings_sync::domain::measure::kind::MeasureKind;
use beeminder_withings_sync::domain::measure::take::Take;
use beeminder_withings_sync::domain::measure::unit::Unit;
use beeminder_withings_sync::platform::clock;
use beeminder_withings_sync::sandbox::beeminder::{Goal, PERSONAL_TOKEN};
use beeminder_withings_sync::services::beeminder::{Client as Beeminder, Token};
use beeminder_withings_sync::store::{self, Store};
use chrono::TimeDelta;
use fantoccini::Client;
use serde_json::json;

use super::super::session::Session;
use super::{go, pictures_in, shows, value, violations};

/// The pages that grow with the links.
const PAGES: [(&str, &str, &str); 5] = [
    ("overview", "#goals .goal", "weight"),
    ("days/weight", "#days .day", "Today"),
    ("link/new", ".link-form .summary", "."),
    ("history", "#lines-summary", "."),
    ("questions", "#nothing", "."),
];

/// A desktop whose user has linked so many goals.
async fn linked(links: usize) -> Session {
    let session = Session::start().await;
    {
        let mut world = session.sandbox.world();
        let fields = world.beeminder.goal("weight").fields.clone();
        for n in 2..=links {
            let mut fields = fields.clone();
            let days = i64::try_from(n % 12).unwrap();
            fields["slug"] = json!(format!("weight-{n}"));
            fields["id"] = json!(format!("{:024x}", 10_000 + n));
            fields["title"] = json!(format!("Weigh less than last time, number {n}"));
            fields["safebuf"] = json!(days);
            fields["losedate"] = json!((clock::now() + TimeDelta::days(days)).timestamp());
            world.beeminder.goals.push(Goal::new(fields));
        }
    }
    session.set_up().await;
    let client = Beeminder::new(session.sandbox.url()).unwrap();
    let token = Token::Personal(PERSONAL_TOKEN.into());
    let (user, goals) = (client.me(&token).await.unwrap(), client.goals(&token).await.unwrap());
    let (store, _) = Store::open(&session.data_dir(), clock::now()).unwrap();
    let feed = Feed::Track { kind: MeasureKind::WEIGHT, unit: Unit::Kilogram, take: Take::Every };
    let link_all = |conn: &store::Connection| -> anyhow::Result<()> {
        for goal in goals.iter().filter(|goal| goal.slug.0.starts_with("weight-")) {
            let now = clock::now();
            let since = (now, goal.day_rule(user.time_zone).day_of(now));
            store::goal::save(conn, goal, now)?;
            store::link::add(conn, &goal.id, &feed, &Options::default(), since, now)?;
        }
        Ok(())
    };
    store.write(link_all).unwrap();
    session
}

/// How many windows tall the page is.
async fn screens(window: &Client) -> f64 {
    value(window, "return document.documentElement.scrollHeight / innerHeight").await.as_f64().unwrap()
}

#[tokio::test]
async fn with_14_and_200_links_the_overview_is_short_and_every_page_can_be_read_by_everybody() {
    for links in [14, 200] {
        let mut session = linked(links).await;
        let window = session.launch_driven().await;
        window.set_window_size(900, 900).await.unwrap();
        for (page, selector, words) in PAGES {
            go(&window, page).await;
            shows(&window, selector, words).await;
            assert_eq!(violations(&window).await, [""; 0], "{page} with {links}");
            if page == "overview" {
                let tall = screens(&window).await;
                assert!(tall <= 3.0, "{tall} screens with {links} links");
            }
            pictures_in(&window, &format!("{} {links} links", page.replace('/', " ")), &[360, 900, 1600])
                .await;
        }
        session.kill().await;
    }
}

#[tokio::test]
#[ignore = "./dev bench tells it"]
async fn how_long_each_page_takes_with_200_links() {
    let mut session = linked(200).await;
    let window = session.launch_driven().await;
    window.set_window_size(900, 900).await.unwrap();
    shows(&window, "#goals", "weight-2").await;
    for (page, selector, _) in PAGES {
        let mut times = Vec::new();
        for _ in 0..5 {
            go(&window, "help").await;
            times.push(time(&window, page, selector).await);
        }
        times.sort_by(f64::total_cmp);
        println!("{page:<14} with 200 links {:>8.1} ms (target 100 ms)", times[2]);
    }
    session.kill().await;
}

/// The milliseconds from a click on a page's link to the frame that shows it.
async fn time(window: &Client, page: &str, selector: &str) -> f64 {
    let script = "const [page, selector, done] = arguments;
        const begun = performance.now();
        const name = page.split('/')[0];
        const look = () => document.querySelector(`#page[data-page=${name}] ${selector}`)
            ? requestAnimationFrame(() => done(performance.now() - begun)) : setTimeout(look, 1);
        location.hash = page;
        look();";
    let selector = selector.trim_start_matches("#page ");
    let took = window.execute_async(script, vec![page.into(), selector.into()]).await.unwrap();
    took.as_f64().unwrap()
}
