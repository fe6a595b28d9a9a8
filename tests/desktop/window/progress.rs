//! Long work shows how far it is, and can be broken off.

use beeminder_withings_sync::domain::service::Service;
use beeminder_withings_sync::platform::clock;
use beeminder_withings_sync::sandbox::faults::Fault;
use beeminder_withings_sync::sandbox::sample;

use super::super::session::Session;
use super::super::until;
use super::{click, hides, shows};

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
    shows(&window, "#status-when", "Last synced").await;
    until("all of it", async || {
        let status = session.bws(&["status"]).await;
        (status["measure_groups"].as_u64()? > 600).then_some(())
    })
    .await;
}
