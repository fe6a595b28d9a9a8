//! `bws connect`, `callback`, `disconnect` and `forget-everything`.

use std::io::{IsTerminal, Read};
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use secrecy::SecretString;
use serde_json::json;
use tokio::sync::mpsc;

use super::args::{BrowserArgs, Connect};
use super::exit::Exit;
use super::output::Output;
use crate::accounts::Service;
use crate::accounts::callback::CallbackWay;
use crate::accounts::loopback::{Brought, Loopback};
use crate::accounts::sign_in::{PATIENCE, SignInError};
use crate::app::{App, Attempt, Connected};
use crate::clock;
use crate::data_dir::{DataDir, Lock};
use crate::doorbell::{self, Door, Doorbell, Ring};
use crate::environment::Environment;
use crate::withings::Application;

/// The Beeminder application of this build, if it has one.
const BEEMINDER_CLIENT_ID: Option<&str> = option_env!("BEEMINDER_CLIENT_ID");

pub(super) async fn connect(app: &App, account: Connect, output: Output) -> anyhow::Result<Exit> {
    let connected = match account {
        Connect::Withings { client_id, client_secret_file, browser } => {
            let application = match (client_id, client_secret_file) {
                (Some(client_id), Some(file)) => Application { client_id, secret: read_secret(&file)? },
                _ => app.last_application().await.context(
                    "Say which application with --client-id and --client-secret-file; the README says how \
                     to get one",
                )?,
            };
            let waiting = Waiting::start(app, &browser).await?;
            let way = browser.callback.into();
            let attempt = app.begin_withings(application, way, clock::now()).await?;
            waiting.through_browser(app, &attempt, &browser, output).await?
        }
        Connect::Beeminder { token_file: Some(file), .. } => {
            app.connect_beeminder_token(read_secret(&file)?, clock::now()).await?
        }
        Connect::Beeminder { token_file: None, client_id, browser } => {
            let client_id = client_id.or(BEEMINDER_CLIENT_ID.map(str::to_owned)).context(
                "This build has no Beeminder application of its own. Register one at \
                 beeminder.com/apps/new and pass its --client-id, or use your token with --token-file",
            )?;
            let waiting = Waiting::start(app, &browser).await?;
            let attempt = app.begin_beeminder(&client_id, browser.callback.into(), clock::now())?;
            waiting.through_browser(app, &attempt, &browser, output).await?
        }
    };
    output.show(&json!({"connected": connected}), || {
        format!("Connected to {} as {}.", connected.service, connected.user)
    })?;
    Ok(Exit::Fine)
}

/// Everything through which a callback can come, open before the browser is.
struct Waiting {
    brought: mpsc::Receiver<Brought>,
    rings: mpsc::Receiver<Ring>,
    loopback: Option<Loopback>,
    doorbell: Doorbell,
    _lock: crate::data_dir::Held,
}

impl Waiting {
    async fn start(app: &App, browser: &BrowserArgs) -> anyhow::Result<Waiting> {
        let lock = app.data_dir.lock(Lock::SignIn, Duration::ZERO).await?;
        let (sender, brought) = mpsc::channel(4);
        let (ringer, rings) = mpsc::channel(4);
        let loopback = match CallbackWay::from(browser.callback) {
            CallbackWay::Loopback => Some(Loopback::listen(sender).await?),
            CallbackWay::Scheme => None,
        };
        let doorbell = Doorbell::answer(&app.data_dir, Door::SignIn, ringer)?;
        Ok(Waiting { brought, rings, loopback, doorbell, _lock: lock })
    }

    /// Sends the user to the browser and waits for what comes back.
    async fn through_browser(
        mut self,
        app: &App,
        attempt: &Attempt,
        browser: &BrowserArgs,
        output: Output,
    ) -> anyhow::Result<Connected> {
        let url = attempt.authorize_url.as_str();
        if output.json {
            output.line(&json!({"authorize_url": url}).to_string());
        } else {
            output.line(&format!("Open this address and agree:\n\n  {url}\n"));
            output.progress("Waiting for the browser, at most 10 minutes. Ctrl-C cancels.");
        }
        if !browser.no_browser
            && let Err(error) = open::that_detached(url)
        {
            output.progress(&format!("No browser could be opened ({error}); open it yourself."));
        }
        let patience = PATIENCE.to_std().unwrap_or_default();
        let outcome = tokio::select! {
            outcome = self.answered(app, attempt) => outcome,
            () = tokio::time::sleep(patience) => Err(SignInError::TooLate.into()),
            signal = tokio::signal::ctrl_c() => {
                signal.context("Failed to wait for Ctrl-C")?;
                Err(anyhow::anyhow!("Cancelled. Nothing was changed."))
            }
        };
        if let Some(loopback) = self.loopback {
            loopback.finish().await;
        }
        self.doorbell.finish().await;
        outcome
    }

    /// Takes addresses until one is the answer. Those nobody asked for change nothing.
    async fn answered(&mut self, app: &App, attempt: &Attempt) -> anyhow::Result<Connected> {
        loop {
            let (address, reply) = tokio::select! {
                Some(brought) = self.brought.recv() => (brought.address, Reply::Browser(brought.reply)),
                Some(ring) = self.rings.recv() => (ring.line, Reply::Doorbell(ring.reply)),
                else => anyhow::bail!("Nothing listens for the browser any more"),
            };
            match app.finish(attempt, &address, clock::now()).await {
                Ok(connected) => {
                    reply.send(Ok(format!(
                        "Connected to {} as {}. You can close this page.",
                        connected.service, connected.user
                    )));
                    return Ok(connected);
                }
                Err(error @ SignInError::NotAsked) => {
                    tracing::warn!("An address that nobody asked for was ignored");
                    reply.send(Err(error.to_string()));
                }
                Err(error) => {
                    reply.send(Err(error.to_string()));
                    return Err(error.into());
                }
            }
        }
    }
}

/// Whoever brought an address wants to know what became of it; they may be gone, which is no matter.
enum Reply {
    Browser(tokio::sync::oneshot::Sender<Result<String, String>>),
    Doorbell(tokio::sync::oneshot::Sender<String>),
}

impl Reply {
    fn send(self, outcome: Result<String, String>) {
        match self {
            Reply::Browser(reply) => drop(reply.send(outcome)),
            Reply::Doorbell(reply) => {
                let (ok, message) = match outcome {
                    Ok(message) => (true, message),
                    Err(message) => (false, message),
                };
                drop(reply.send(json!({"ok": ok, "message": message}).to_string()));
            }
        }
    }
}

/// Hands an address over to whoever waits for a sign-in.
pub(super) async fn hand_over(environment: &Environment, url: &str, output: Output) -> anyhow::Result<Exit> {
    let dir = DataDir::open(&environment.data_dir)?;
    // One line is one address.
    let line: String = url.split_whitespace().collect();
    let answer = doorbell::ring(&dir, Door::SignIn, &line)
        .await?
        .context("Nobody waits for a sign-in. Start with “bws connect …” and leave it running")?;
    let answer: serde_json::Value =
        serde_json::from_str(&answer).context("Failed to understand the answer")?;
    output.show(&answer, || answer["message"].as_str().unwrap_or_default().to_owned())?;
    Ok(if answer["ok"] == json!(true) { Exit::Fine } else { Exit::Failed })
}

pub(super) async fn disconnect(app: &App, service: Service, output: Output) -> anyhow::Result<Exit> {
    app.disconnect(service).await?;
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
            "This deletes everything on this computer. Add --yes if you mean it."
        );
        output.progress("This deletes tokens, measurements, links and history. Type “forget” to go on:");
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer).context("Failed to read your answer")?;
        anyhow::ensure!(answer.trim() == "forget", "Nothing was deleted.");
    }
    app.forget_everything().await?;
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
    anyhow::ensure!(!text.trim().is_empty(), "There is no secret in {}", path.display());
    Ok(SecretString::from(text.trim().to_owned()))
}
