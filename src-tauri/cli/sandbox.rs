//! `bws sandbox`: serves the stand-ins until Ctrl-C.

use anyhow::Context;
use serde_json::json;

use super::exit::Exit;
use super::output::Output;
use crate::sandbox::clock::Clock;
use crate::sandbox::{Sandbox, World, beeminder, sample, withings};

pub(super) async fn serve(port: u16, year: bool, output: Output) -> anyhow::Result<Exit> {
    let mut world = World::new(Clock::Real);
    if year {
        sample::year(&mut world.withings, Clock::Real.now());
    }
    let mut sandbox = Sandbox::start(port, world).await?;
    let url = sandbox.url();
    let about = json!({"url": url.as_str(), "withings": {"client_id": withings::CLIENT_ID, "client_secret": withings::CLIENT_SECRET},
        "beeminder": {"client_id": beeminder::CLIENT_ID, "personal_token": beeminder::PERSONAL_TOKEN}});
    output.show(&about, || {
        format!(
            "A scale, a cuff and some goals to play with: {url}\n\n\
             Let bws use them, in another terminal:\n\n  \
             export BWS_WITHINGS_URL={url} BWS_BEEMINDER_URL={url} BWS_KEYCHAIN=file\n\n\
             Withings client id {}, secret {}\n\
             Beeminder client id {}, personal token {}\n\n\
             Ctrl-C ends it and forgets everything.",
            withings::CLIENT_ID,
            withings::CLIENT_SECRET,
            beeminder::CLIENT_ID,
            beeminder::PERSONAL_TOKEN
        )
    })?;
    tokio::select! {
        () = sandbox.stopped() => anyhow::bail!("The sandbox stopped by itself"),
        signal = tokio::signal::ctrl_c() => signal.context("Failed to wait for Ctrl-C")?,
    }
    Ok(Exit::Fine)
}
