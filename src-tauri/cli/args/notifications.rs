//! The arguments of `bws notifications`.

use std::net::SocketAddr;

use clap::{ArgGroup, Args as ClapArgs, Subcommand};

use crate::domain::reachable::LISTEN;

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum NotificationsAction {
    /// Have Withings tell at once when there is something new
    On(OnArgs),
    /// End that
    Off,
    /// Say how they come, and how long datapoints take
    Status,
    /// Try whether they would come
    Test,
}

#[derive(Debug, ClapArgs)]
#[command(group(ArgGroup::new("way").required(true).args(["url", "tunnel"])))]
pub(in crate::cli) struct OnArgs {
    /// A public address of yours that leads here, as <https://host.example/base>
    #[arg(long, value_name = "ADDRESS")]
    pub(in crate::cli) url: Option<String>,
    /// A command that makes a port public and prints the address, as “cloudflared tunnel --url http://127.0.0.1:{port}”;
    /// “-” reads it from standard input
    #[arg(long, value_name = "COMMAND")]
    pub(in crate::cli) tunnel: Option<String>,
    /// Where to listen for what your proxy or tunnel passes on
    #[arg(long, value_name = "ADDRESS:PORT", default_value_t = LISTEN)]
    pub(in crate::cli) listen: SocketAddr,
}
