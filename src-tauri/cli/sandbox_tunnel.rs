//! `bws sandbox-tunnel`: the stand-in for a tunnel's command.

use tokio::sync::mpsc;

use super::exit::Exit;
use super::output::Output;
use crate::sandbox::tunnel::{Proxy, Told};

/// Leads to a port, prints where from, and says so again when it has moved.
pub(super) async fn serve(port: u16, output: Output) -> anyhow::Result<Exit> {
    let (sender, mut told) = mpsc::unbounded_channel();
    loop {
        let proxy = Proxy::start(port, sender.clone()).await?;
        output.progress(&format!("INF Requesting a new tunnel, see http://127.0.0.1:{port}/help/"));
        output.progress(&format!("INF |  {}  |", proxy.address()));
        match told.recv().await {
            Some(Told::Move) => {}
            Some(Told::Die) | None => return Ok(Exit::Failed),
        }
    }
}
