//! The window, in the hands of its user: with the mouse, with the keyboard, and with a screen reader's eyes.

mod closing;
mod days;
mod first_run;
mod guide;
mod help;
mod history;
mod links;
mod looks;
mod many;
mod progress;
mod questions;
mod settings;

use beeminder_withings_sync::sandbox::withings;
use fantoccini::elements::Element;
use fantoccini::{Client, Locator};
use serde_json::Value;

use super::{until, user};

/// Opens the guide, enters id and secret and asks to sign in.
pub(super) async fn sign_in_withings(window: &Client, way: &str) {
    go(window, "guide").await;
    shows(window, "#withings .who", "Not connected").await;
    fill(window, "#client-id", withings::CLIENT_ID).await;
    fill(window, "#client-secret", withings::CLIENT_SECRET).await;
    value(window, "document.querySelector('#withings-form .way').open = true").await;
    select(window, "#withings-way", way).await;
    click(window, "#withings-form [type=submit]").await;
}

/// Shows a page, as its link in the navigation does.
pub(super) async fn go(window: &Client, page: &str) {
    run(window, "location.hash = arguments[0]", vec![page.into()]).await;
    let name = page.split('/').next().unwrap();
    until(&format!("the page {page}"), async || {
        let shown = window.find(Locator::Css(&format!("#page[data-page={name}] h1"))).await.ok()?;
        shown.is_displayed().await.ok()?.then_some(())
    })
    .await;
}

/// Types into a field, once it can be.
pub(super) async fn fill(window: &Client, selector: &str, text: &str) {
    until(selector, async || {
        let field = window.find(Locator::Css(selector)).await.ok()?;
        field.clear().await.ok()?;
        field.send_keys(text).await.ok()
    })
    .await;
}

/// Enters a date or a time, which take other keys in every locale.
pub(super) async fn enter(window: &Client, selector: &str, value: &str) {
    let script = "const field = document.querySelector(arguments[0]); field.value = arguments[1];
        field.dispatchEvent(new Event('input', { bubbles: true }));
        field.dispatchEvent(new Event('change', { bubbles: true }));";
    run(window, script, vec![selector.into(), value.into()]).await;
}

/// Clicks, once it can be.
pub(super) async fn click(window: &Client, selector: &str) {
    until(selector, async || {
        let element = window.find(Locator::Css(selector)).await.ok()?;
        if !element.is_enabled().await.ok()? {
            return None;
        }
        let clicked = element.click().await;
        if clicked.is_err() {
            center(window, selector).await;
        }
        clicked.ok()
    })
    .await;
}

/// Scrolls as a user does to whom a bar at the window's edge hides something. The driver takes it for seen.
async fn center(window: &Client, selector: &str) {
    let script = "document.querySelector(arguments[0])?.scrollIntoView({ block: 'center' })";
    run(window, script, vec![selector.into()]).await;
}

/// Chooses one of several.
pub(super) async fn select(window: &Client, selector: &str, value: &str) {
    until(selector, async || {
        let selected = window.find(Locator::Css(selector)).await.ok()?.select_by_value(value).await;
        if selected.is_err() {
            center(window, selector).await;
        }
        selected.ok()
    })
    .await;
}

pub(super) async fn shows(window: &Client, selector: &str, words: &str) {
    let mut last = String::new();
    let seen = async {
        until(&format!("in the window: {words}"), async || {
            last = window.find(Locator::Css(selector)).await.ok()?.text().await.ok()?;
            last.contains(words).then_some(())
        })
        .await;
    };
    if tokio::time::timeout(super::PATIENCE * 9 / 10, seen).await.is_err() {
        let picture = window.screenshot().await.unwrap();
        std::fs::write(user::pictures().join("failed.png"), picture).unwrap();
        panic!("“{words}” is never seen in {selector}, but “{last}”; see failed.png");
    }
}

/// Waits until the failure in a form is before the user's eyes, above the form's button, with the focus on it or on
/// the field that it is about.
pub(super) async fn in_view(window: &Client, form: &str) {
    let script = "const form = document.querySelector(arguments[0]);
        const problem = form.querySelector('.problem:not(.trouble):not([hidden])');
        if (!problem) { return 'no failure'; }
        const [seen, button] = [problem, form.querySelector('[type=submit]')].map((e) => e.getBoundingClientRect());
        const has = document.activeElement === problem || document.activeElement.matches('[aria-invalid=true]');
        const is = [seen.top >= 0, seen.bottom <= innerHeight, seen.bottom <= button.top, has];
        return is.every(Boolean) ? 'in view' : `${is} ${seen.top} ${seen.bottom} of ${innerHeight}`";
    let mut last = Value::Null;
    let seen = until("the failure in view", async || {
        last = run(window, script, vec![form.into()]).await;
        (last == "in view").then_some(())
    });
    if tokio::time::timeout(super::PATIENCE / 4, seen).await.is_err() {
        panic!("{form}: {last}");
    }
}

/// Waits until something cannot be seen.
pub(super) async fn hides(window: &Client, selector: &str) {
    until(&format!("gone: {selector}"), async || match window.find(Locator::Css(selector)).await {
        Ok(found) => (!found.is_displayed().await.ok()?).then_some(()),
        Err(_) => Some(()),
    })
    .await;
}

/// The text of something.
pub(super) async fn text(window: &Client, selector: &str) -> String {
    window.find(Locator::Css(selector)).await.unwrap().text().await.unwrap()
}

/// Everything a selector finds.
pub(super) async fn all(window: &Client, selector: &str) -> Vec<Element> {
    window.find_all(Locator::Css(selector)).await.unwrap()
}

/// Pictures of the page in every width, for people to look at.
pub(super) async fn pictures(window: &Client, name: &str) {
    pictures_in(window, name, &[360, 900, 1600]).await;
}

/// Pictures of the whole page in some widths. Nothing may be cut off or need scrolling sideways.
pub(super) async fn pictures_in(window: &Client, name: &str, widths: &[u32]) {
    for width in widths.iter().copied() {
        fits(window, name, width).await;
        let tall = value(window, "return document.documentElement.scrollHeight").await.as_u64().unwrap();
        let tall = u32::try_from(tall).unwrap().clamp(900, TALLEST);
        window.set_window_size(width, tall).await.unwrap();
        drawn(window).await;
        let picture = window.screenshot().await.unwrap();
        std::fs::write(user::pictures().join(format!("{name} {width}.png")), picture).unwrap();
    }
    window.set_window_size(900, 900).await.unwrap();
}

/// A picture of a page that is longer shows its beginning.
const TALLEST: u32 = 3000;

/// Gives the window a width, which the page must do with.
pub(super) async fn fits(window: &Client, name: &str, width: u32) {
    window.set_window_size(width, 900).await.unwrap();
    drawn(window).await;
    // A chart is drawn again in the width there is.
    let drawn_again = "const chart = document.querySelector('.chart svg');
        return !chart || Math.abs(chart.getAttribute('width') - chart.parentElement.clientWidth) < 2";
    until("a chart that fits", async || (value(window, drawn_again).await == true).then_some(())).await;
    let wide = value(window, "return document.documentElement.scrollWidth - innerWidth").await;
    let beyond = "return [...document.body.querySelectorAll('*')]
        .filter((element) => element.getBoundingClientRect().right > innerWidth)
        .map((element) => `${element.tagName} ${element.id} ${element.textContent.trim().slice(0, 40)}`).slice(-4)";
    let beyond = value(window, beyond).await;
    assert!(wide.as_f64().unwrap() <= 0.0, "{name} {width}: {wide} too wide: {beyond}");
}

/// Waits for a frame; it is drawn with the next one.
pub(super) async fn drawn(window: &Client) {
    let drawn = "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => done()))";
    until("a frame", async || window.execute_async(drawn, Vec::new()).await.ok()).await;
}

/// What axe-core finds that some users could not read or reach.
pub(super) async fn violations(window: &Client) -> Vec<String> {
    let path = std::env::var("AXE").unwrap_or_else(|_| {
        format!("{}/target/axe/node_modules/axe-core/axe.min.js", env!("CARGO_MANIFEST_DIR"))
    });
    let axe = std::fs::read_to_string(path).expect("./dev test fetches axe-core");
    run(window, &axe, Vec::new()).await;
    let read = "const done = arguments[0];
        axe.run(document, { resultTypes: ['violations'] }).then(
            (found) => done(found.violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.target.join(' ')} ${n.failureSummary}`))),
            (error) => done([String(error)]));";
    let found = until("what axe finds", async || window.execute_async(read, Vec::new()).await.ok()).await;
    found.as_array().unwrap().iter().map(|line| line.as_str().unwrap().to_owned()).collect()
}

/// What the window's page computes.
pub(super) async fn value(window: &Client, script: &str) -> Value {
    run(window, script, Vec::new()).await
}

/// Runs a script that may as well run twice: once in a while the driver loses what one said.
async fn run(window: &Client, script: &str, arguments: Vec<Value>) -> Value {
    until("an answer from the page", async || window.execute(script, arguments.clone()).await.ok()).await
}
