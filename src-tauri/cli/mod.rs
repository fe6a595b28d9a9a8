//! The `bws` program: what the tray program does, in a terminal. For scripts, servers and support.
//!
//! This folder parses arguments, calls [`crate::app`] and prints. One JSON document goes to standard
//! output with `--json`; logs and progress go to standard error.

mod answers;
mod args;
mod backfill;
mod connect;
mod doctor;
mod exit;
mod feed;
mod generate;
mod goals;
mod history;
mod links;
mod notifications;
mod output;
mod run;
#[cfg(feature = "sandbox")]
mod sandbox;
#[cfg(feature = "sandbox")]
mod sandbox_tunnel;
mod status;
mod sync;
mod why;

use std::process::ExitCode;

use chrono::{DateTime, Utc};
use clap::Parser;

use crate::app::{App, explained, polling, told};
use crate::platform::clock;
use crate::platform::environment;
use crate::platform::environment::Environment;
use crate::platform::program;
use crate::text::sentence;
use args::{Args, Command};
use exit::Exit;
use output::Output;

/// Runs `bws` with this process's arguments and environment.
pub fn main() -> ExitCode {
    let args = Args::try_parse().unwrap_or_else(|error| args::refused(&error));
    let output = Output { json: args.json };
    log_to_stderr();
    let variable = |name: &str| std::env::var(name).ok();
    let environment = match environment::read(args.data_dir, variable) {
        Ok(environment) => environment,
        Err(error) => return output.failed(&told(&error), Exit::Usage),
    };
    let outcome = program::runtime(1).and_then(|runtime| {
        let exit = runtime.block_on(dispatch(args.command, &environment, output));
        // A keychain prompt nobody answered must not keep the process alive.
        runtime.shutdown_background();
        exit
    });
    match outcome {
        Ok(exit) => exit.code(),
        Err(error) => {
            let exit = exit::of(&error);
            output.failed(&with_advice(&error), exit)
        }
    }
}

async fn dispatch(command: Command, environment: &Environment, output: Output) -> anyhow::Result<Exit> {
    #[cfg(feature = "sandbox")]
    if let Command::Sandbox { port, year } = command {
        return sandbox::serve(port, year, output).await;
    }
    #[cfg(feature = "sandbox")]
    if let Command::SandboxTunnel { port } = command {
        return sandbox_tunnel::serve(port, output).await;
    }
    if let Command::Callback { url } = &command {
        return connect::hand_over(environment, url, output).await;
    }
    if let Command::Generate { folder } = &command {
        return generate::write(folder);
    }
    if matches!(command, Command::Kinds) {
        return doctor::kinds(output);
    }
    if environment.sandbox {
        output.progress("Sandbox: nothing here is real.");
    }
    let now = clock::now();
    let app = App::open(environment, now)?;
    let changes = command.changes_what_is_stored();
    if let Command::ForgetEverything { yes } = command {
        return connect::forget_everything(app, yes, output).await;
    }
    let exit = carry_out(&app, command, now, output).await?;
    if changes {
        tell_poller(&app, output).await;
    }
    Ok(exit)
}

async fn carry_out(app: &App, command: Command, now: DateTime<Utc>, output: Output) -> anyhow::Result<Exit> {
    match command {
        Command::Connect { account } => connect::connect(app, account, output).await,
        Command::Disconnect { account } => connect::disconnect(app, account.into(), output).await,
        Command::Goals => goals::list(app, output).await,
        Command::Link { action } => links::run(app, action, now, output).await,
        Command::Goal { action } => goals::create(app, action, now, output).await,
        Command::Backfill { action } => backfill::run(app, action, now, output).await,
        Command::Held { action } => answers::held(app, action, now, output),
        Command::Stale { action } => answers::stale(app, action, now, output),
        Command::Deletions { policy } => answers::deletions(app, policy, output),
        Command::Remind { at } => answers::remind(app, at, output),
        Command::Notifications { action } => notifications::run(app, action, now, output).await,
        Command::Doctor => doctor::run(app, now, output).await,
        Command::Preview { id, link, days } => links::preview(app, id, &link, days, now, output).await,
        Command::Sync => sync::once(app, now, output).await,
        Command::Run => run::run(app, output).await,
        Command::Status { seen } => status::show(app, seen, now, output).await,
        Command::History { csv, limit, since } => history::show(app, csv, limit, since, now, output),
        Command::Why { goal, day, days } => why::show(app, &goal, day, days, now, output),
        Command::Outbox => sync::outbox(app, output),
        Command::Retry { id } => sync::retry(app, id, now, output),
        Command::Discard { id } => sync::discard(app, id, now, output),
        Command::Pause { until } => status::pause(app, until, now, output),
        Command::Resume => status::resume(app, now, output),
        Command::ForgetEverything { .. }
        | Command::Callback { .. }
        | Command::Generate { .. }
        | Command::Kinds => {
            anyhow::bail!("This is done before, with or without the program opened")
        }
        #[cfg(feature = "sandbox")]
        Command::Sandbox { .. } | Command::SandboxTunnel { .. } => {
            anyhow::bail!("The sandbox is served before the program is opened")
        }
    }
}

/// Tells whoever polls that something was changed. One that hangs is said; what was changed stays.
async fn tell_poller(app: &App, output: Output) {
    if let Err(wedged) = polling::tell_poller(app).await {
        output.warn(&format!("what you decided is stored, but it is not heeded yet. {wedged}"));
    }
}

/// An error in words, with the command that helps.
fn with_advice(error: &anyhow::Error) -> String {
    let explained = explained(error);
    let said = &explained.sentence;
    let about = |name: &str| said.args.get(name).map(|fact| fact.to_lowercase());
    let command = match said.key.as_str() {
        "error.port_taken" => "bws connect --callback scheme",
        "error.sign_in_another" => "bws --data-dir FOLDER connect withings",
        "error.not_connected" | "error.signed_out" => {
            let service = about("service").unwrap_or_default();
            return sentence::see(&explained.message, &format!("bws connect {service}"));
        }
        "error.no_link" => "bws link list",
        "error.no_goal" | "error.no_goal_near" => "bws goals",
        "error.no_backfill" => "bws backfill list",
        "error.not_held" | "error.still_held" => "bws held",
        "error.not_stale" => "bws stale",
        "error.not_in_outbox" | "error.still_refused" => "bws outbox",
        _ => return explained.message,
    };
    sentence::see(&explained.message, command)
}

/// Logs to standard error: warnings, or what `RUST_LOG` asks for.
fn log_to_stderr() {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(|| output::Harmless(std::io::stderr()))
        .with_ansi(false)
        .without_time()
        .init();
}
