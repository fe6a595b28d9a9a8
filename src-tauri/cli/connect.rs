//! `bws connect`, `callback`, `disconnect` and `forget-everything`.

use std::io::{IsTerminal, Read};
use std::path::Path;

use anyhow::Context;
use secrecy::SecretString;
use serde_json::json;

use super::args::{BrowserArgs, Connect, values};
use super::exit::{CalledWrongly, Exit};
use super::output::Output;
use crate::accounts::tokens::TokenError;
use crate::app::{App, Attempt, BEEMINDER_CLIENT_ID, CallbackWait, Connected, check_client_id};
use crate::domain::service::Service;
use crate::platform::clock;
use crate::platform::data_dir::DataDir;
use crate::platform::environment::Environment;
use crate::platform::ipc;
use crate::platform::ipc::Endpoint;
use crate::services::withings::Application;

pub(super) async fn connect(app: &App, account: Connect, output: Output) -> anyhow::Result<Exit> {
    let connected = match account {
        Connect::Withings { client_id, client_secret_file, devices, browser } => {
            if devices {
                app.watch_devices(true)?;
            }
            if let Some(client_id) = &client_id {
                check_client_id(client_id)?;
            }
            let application = match (client_id, client_secret_file) {
                (Some(client_id), Some(file)) => Application { client_id, secret: read_secret(&file)? },
                _ => app.last_application().await.map_err(which_application)?,
            };
            let way = browser.callback.into();
            let waiting = CallbackWait::start(app, way).await?;
            let attempt = app.begin_withings(application, way, clock::now()).await?;
            for what in app.sharing_asked()? {
                output.progress(&format!("Withings' page also asks for {what}."));
            }
            through_browser(app, waiting, &attempt, &browser, output).await?
        }
        Connect::Beeminder { token_file: Some(file), .. } => {
            app.connect_beeminder_token(read_secret(&file)?, clock::now()).await?
        }
        Connect::Beeminder { token_file: None, client_id, browser } => {
            let client_id = client_id.or(BEEMINDER_CLIENT_ID.map(str::to_owned)).ok_or_else(|| {
                CalledWrongly::new(
                    "This build has no Beeminder application of its own. Register one at \
                     beeminder.com/apps/new and pass its --client-id, or use your token with --token-file.",
                )
            })?;
            check_client_id(&client_id)?;
            let way = browser.callback.into();
            let waiting = CallbackWait::start(app, way).await?;
            let attempt = app.begin_beeminder(&client_id, way, clock::now()).await?;
            through_browser(app, waiting, &attempt, &browser, output).await?
        }
    };
    output.show(&json!({"connected": connected}), || connected.message().to_string())?;
    Ok(Exit::Fine)
}

/// The first time the application has to be said.
fn which_application(error: TokenError) -> anyhow::Error {
    match error {
        TokenError::NotConnected(_) => CalledWrongly::new(
            "Say which application with --client-id ID and --client-secret-file FILE; the README says how to \
             get one.",
        )
        .into(),
        TokenError::Local(error) => error,
        TokenError::Keychain(_) | TokenError::Withings(_) | TokenError::AnotherPerson { .. } => error.into(),
    }
}

/// Sends the user to the browser and waits for what comes back.
async fn through_browser(
    app: &App,
    mut waiting: CallbackWait,
    attempt: &Attempt,
    browser: &BrowserArgs,
    output: Output,
) -> anyhow::Result<Connected> {
    let url = attempt.authorize_url.as_str();
    if output.json {
        output.json_line(&json!({"authorize_url": url}).to_string());
    } else {
        output.line(&format!("Open this address and agree:\n\n  {url}\n"));
        output.progress("Waiting for the browser, at most 10 minutes. Ctrl-C cancels.");
    }
    if !browser.no_browser
        && let Err(error) = open::that_detached(url)
    {
        output.progress(&format!("No browser could be opened ({error}); open it yourself."));
    }
    let outcome = tokio::select! {
        outcome = waiting.answer(app, attempt) => outcome.map_err(anyhow::Error::from),
        signal = tokio::signal::ctrl_c() => {
            signal.context("Failed to wait for Ctrl-C")?;
            Err(anyhow::anyhow!("Cancelled. Nothing was changed."))
        }
    };
    waiting.finish().await;
    outcome
}

/// Hands an address over to whoever waits for a sign-in, or finishes the one of a program that is gone.
pub(super) async fn hand_over(environment: &Environment, url: &str, output: Output) -> anyhow::Result<Exit> {
    let dir = DataDir::open(&environment.data_dir)?;
    // One line is one address.
    let line: String = url.split_whitespace().collect();
    let outcome = match ipc::ask(&dir, Endpoint::SignIn, &line).await? {
        Some(answer) => ipc::read_outcome::<crate::text::Message, crate::text::Explained>(&answer)?,
        None => Ok(finish_kept(environment, &line, output).await?.message()),
    };
    let ok = outcome.is_ok();
    let message = outcome.map_or_else(|why| why.message, |said| said.to_string());
    output.show(&json!({"ok": ok, "message": message}), || message.clone())?;
    Ok(if ok { Exit::Fine } else { Exit::Failed })
}

async fn finish_kept(environment: &Environment, address: &str, output: Output) -> anyhow::Result<Connected> {
    let app = App::open(environment, clock::now())?;
    let attempt = app
        .kept(clock::now())
        .await?
        .context("Nobody waits for a sign-in. Start with “bws connect …” and leave it running")?;
    let connected = app.finish(&attempt, address, clock::now()).await?;
    app.forget_kept().await?;
    super::tell_poller(&app, output).await;
    Ok(connected)
}

pub(super) async fn disconnect(app: &App, service: Service, output: Output) -> anyhow::Result<Exit> {
    app.disconnect(service, clock::now()).await?;
    let hint = match service {
        Service::Withings => "To withdraw the share as well, open the Withings app: Settings, Partners.",
        Service::Beeminder => "To remove the application as well, see beeminder.com/settings, Apps & API.",
    };
    output.show(&json!({"disconnected": service}), || {
        format!("Disconnected from {service}. Measurements and links stay. {hint}")
    })?;
    Ok(Exit::Fine)
}

pub(super) async fn forget_everything(app: App, yes: bool, output: Output) -> anyhow::Result<Exit> {
    if !yes {
        anyhow::ensure!(
            std::io::stdin().is_terminal(),
            CalledWrongly::new("This deletes everything on this computer. Add --yes if you mean it.")
        );
        output.progress("This deletes tokens, measurements, links and history. Type “forget” to go on:");
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer).context("Failed to read your answer")?;
        anyhow::ensure!(answer.trim() == "forget", "Nothing was deleted.");
    }
    app.forget_everything(clock::now()).await?;
    output.show(&json!({"forgotten": true}), || {
        "Everything on this computer is deleted. Beeminder keeps its datapoints.".into()
    })?;
    Ok(Exit::Fine)
}

/// Reads a secret from a file or, for `-`, from standard input.
fn read_secret(path: &Path) -> anyhow::Result<SecretString> {
    const LONGEST: u64 = 4096;
    let mut text = String::new();
    if path == Path::new("-") {
        std::io::stdin().take(LONGEST).read_to_string(&mut text).context("Failed to read standard input")?;
    } else {
        std::fs::File::open(path)
            .and_then(|file| file.take(LONGEST).read_to_string(&mut text))
            .with_context(|| format!("Failed to read {}", path.display()))?;
    }
    let file = || CalledWrongly::new(format!("There is no secret in {}", values::named(path)));
    anyhow::ensure!(!text.trim().is_empty(), file());
    Ok(SecretString::from(text.trim().to_owned()))
}
