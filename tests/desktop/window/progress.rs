//! Long work shows how far it is, and can be broken off.

use beeminder_withings_sync::domain::service::Service;
use beeminder_withings_sync::platform::clock;
use beeminder_withings_sync::sandbox::faults::Fault;
use beeminder_withings_sync::sandbox::sample;

use serde_json::json;

use super::super::session::Session;
use super::super::until;
use super::{click, hides, shows, value};

/// Notes again and again how far what stays has moved.
const WATCH: &str = "const watched = ['#status-message', 'body > nav', '#goals-title', '#goals', '#accounts'];
    const places = () => watched.map((one) => document.querySelector(one)?.getBoundingClientRect().top ?? 0);
    const before = places();
    window.moved = [];
    window.looked = 0;
    const look = () => {
        window.looked += 1;
        places().forEach((place, i) => {
            if (place !== before[i]) {
                window.moved.push(`${watched[i]} by ${place - before[i]}: ${document.querySelector('header').innerText}`);
            }
        });
        setTimeout(look, 10);
    };
    look();";

#[tokio::test]
async fn nothing_jumps_while_a_pass_begins_is_made_and_ends() {
    let mut session = Session::start().await;
    session.set_up().await;
    session.weigh_in(82.4);
    let window = session.launch_driven().await;
    click(&window, "#sync-now").await;
    until("the datapoint", async || (session.at_beeminder() == [82.4]).then_some(())).await;
    shows(&window, "#latest", "82.4").await;
    shows(&window, "#toast", ".").await;
    hides(&window, "#cancel-pass").await;
    value(&window, WATCH).await;
    session.weigh_in(82.1);
    click(&window, "#sync-now").await;
    shows(&window, "#toast", "Sent: weight 82.1 kg").await;
    hides(&window, "#cancel-pass").await;
    // A pass that lasts is looked at for longer.
    session.sandbox.world().faults.next(Service::Withings, "measure", Fault::Hang);
    click(&window, "#sync-now").await;
    shows(&window, "#status-when", "Syncing").await;
    click(&window, "#cancel-pass").await;
    hides(&window, "#cancel-pass").await;
    let looked = value(&window, "return window.looked").await.as_u64().unwrap();
    assert!(looked > 5, "it was looked at {looked} times");
    assert_eq!(value(&window, "return window.moved").await, json!([]));
    session.kill().await;
}

#[tokio::test]
async fn a_first_import_counts_up_can_be_broken_off_and_goes_on_later() {
    let mut session = Session::start().await;
    {
        let mut world = session.sandbox.world();
        sample::year(&mut world.withings, clock::now());
        world.withings.page_size = 50;
        // Five pages come, and the sixth does not.
        world.faults.after(5, Service::Withings, "measure", Fault::Hang);
    }
    session.connect_withings().await;
    let token = session.home().join("token");
    std::fs::write(&token, beeminder_withings_sync::sandbox::beeminder::PERSONAL_TOKEN).unwrap();
    session.bws(&["connect", "beeminder", "--token-file", token.to_str().unwrap()]).await;
    let window = session.launch_driven().await;
    shows(&window, "#status-when", "Reading Withings: 250 measurements so far").await;
    click(&window, "#cancel-pass").await;
    hides(&window, "#cancel-pass").await;
    shows(&window, "#status-when", "Not synced yet").await;
    click(&window, "#sync-now").await;
    shows(&window, "#status-when", "Synced ").await;
    until("all of it", async || {
        let status = session.bws(&["status"]).await;
        (status["measure_groups"].as_u64()? > 600).then_some(())
    })
    .await;
}
