//! Starting: become the only agent over a data directory, or hand over to the one there is.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::agent::protocol::{AgentRequest, Opening, Page, Refusal};
use crate::agent::windows::Windows;
use crate::agent::{Agent, Desktop, End, server};
use crate::app::{App, explained};
use crate::platform::data_dir::{DataDir, Lock, LockGuard};
use crate::platform::environment::Environment;
use crate::platform::ipc;
use crate::platform::ipc::{Endpoint, NotAnswering};
use crate::platform::program::Executable;
use crate::platform::{clock, stop_signal};
use crate::text::{Explained, Language};
use crate::view::tray;
use crate::view::tray::{Click, MenuAction};

/// A panel that starts at the same time as this program shows the icon within this.
const PANEL_TIMEOUT: Duration = Duration::from_secs(10);

/// A start that failed, for instance because the disk is full, is tried again after this.
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(60);

/// How often a start looks whether the agent that ends is gone.
const HANDOVER_STEP: Duration = Duration::from_millis(50);

/// How many times: an agent that ends makes way within fifteen seconds.
const HANDOVER_STEPS: u32 = 300;

/// Posts what Withings devices measure to Beeminder goals; lives in the tray
#[derive(Debug, Clone, Default, PartialEq, Eq, Parser)]
#[command(name = "beeminder-withings-sync", version)]
pub struct Arguments {
    /// Show no window, as at login
    #[arg(long)]
    pub hidden: bool,
    /// Where everything but the tokens is kept
    #[arg(long, value_name = "FOLDER")]
    pub data_dir: Option<PathBuf>,
    /// The agent that opens a window: it needs none to be started
    #[arg(long, hide = true)]
    pub by_agent: bool,
    /// The page that a window begins with
    #[arg(long, hide = true)]
    pub page: Option<Page>,
    /// The address a browser came back to after a sign-in
    #[arg(value_name = "ADDRESS")]
    pub callback: Option<String>,
    /// The desktop's permission to take the focus, which a start brings in its environment
    #[arg(skip)]
    pub token: Option<String>,
}

impl Arguments {
    /// Reads what a further start was called with. What makes no sense asks for the window, as no
    /// arguments do.
    pub fn of_further_start(arguments: &[String]) -> Arguments {
        Arguments::try_parse_from(arguments).unwrap_or_default()
    }

    /// What the agent there is, is asked for.
    fn request(&self) -> AgentRequest {
        let token = self.token.clone();
        match &self.callback {
            Some(address) => AgentRequest::Callback { address: address.split_whitespace().collect(), token },
            None if self.hidden => AgentRequest::Changed,
            None => AgentRequest::Show(Opening { token, page: None }),
        }
    }

    /// The arguments of a start at login.
    pub fn at_login(&self) -> Vec<String> {
        let mut arguments = vec!["--hidden".to_owned()];
        if let Some(dir) = &self.data_dir {
            arguments.extend(["--data-dir".into(), dir.to_string_lossy().into_owned()]);
        }
        arguments
    }
}

/// Becomes the only agent over `dir`, or hands `arguments` over to the one there is and returns `None`. One
/// that is about to end is waited for.
///
/// # Errors
/// When the agent there is does not answer, or the data directory cannot be used.
pub async fn become_the_only_one(dir: &DataDir, arguments: &Arguments) -> anyhow::Result<Option<LockGuard>> {
    let line = serde_json::to_string(&arguments.request())?;
    // An answer may take as long as the agent works on it: only the wait for one that ends has an end.
    for _ in 0..HANDOVER_STEPS {
        if let Some(held) = dir.try_lock(Lock::Agent)? {
            return Ok(Some(held));
        }
        match ipc::ask(dir, Endpoint::Agent, &line).await {
            Ok(Some(answer)) => {
                heed(&answer);
                return Ok(None);
            }
            Err(error) if error.is::<NotAnswering>() => return Err(error),
            // It is ending, and says nothing any more.
            Ok(None) | Err(_) => tokio::time::sleep(HANDOVER_STEP).await,
        }
    }
    Err(NotAnswering(Endpoint::Agent).into())
}

/// Notes what the agent there is could not do. It is told to nobody else: a callback comes from outside.
fn heed(answer: &str) {
    match ipc::read_outcome::<serde_json::Value, Refusal>(answer) {
        Ok(Ok(_)) => {}
        Ok(Err(refusal)) => tracing::warn!("The running program refused: {}", refusal.why),
        Err(error) => tracing::warn!("{error:#}"),
    }
}

/// Runs the agent until it ends. `actions` are what the user clicks in tray and notifications.
///
/// # Errors
/// When the data directory cannot be used.
pub async fn run(
    environment: &Environment,
    arguments: Arguments,
    desktop: Arc<dyn Desktop>,
    mut actions: mpsc::UnboundedReceiver<Click>,
    executable: Option<Executable>,
) -> anyhow::Result<End> {
    let (listener, mut requests) = server::listen(&DataDir::open(&environment.data_dir)?)?;
    let mut is_first = true;
    let end = loop {
        match App::open(environment, clock::now()) {
            Ok(app) => {
                let agent = Agent::new(app, environment.sandbox, desktop, executable);
                break work(&agent, arguments, actions, requests).await;
            }
            Err(error) => {
                let why = explained(&error);
                tracing::error!("The program could not start: {why}");
                let opens = std::mem::take(&mut is_first).then_some(arguments.token.clone());
                let next = fail(&why, &desktop, &mut actions, &mut requests, opens).await;
                if next == Next::Quit {
                    break End::Quit;
                }
                if executable.as_ref().is_some_and(Executable::is_upgraded) {
                    break End::Replaced;
                }
            }
        }
    };
    listener.finish().await;
    Ok(end)
}

async fn work(
    agent: &Arc<Agent>,
    arguments: Arguments,
    actions: mpsc::UnboundedReceiver<Click>,
    requests: server::Requests,
) -> End {
    tokio::spawn(server::serve(Arc::clone(agent), requests));
    tokio::spawn(perform(Arc::clone(agent), actions));
    let stopping = Arc::clone(agent);
    tokio::spawn(async move {
        match stop_signal::received().await {
            Ok(()) => stopping.quit(),
            Err(error) => tracing::warn!("{error:#}"),
        }
    });
    tokio::spawn(first_steps(Arc::clone(agent), arguments));
    agent.run().await
}

/// Does what is clicked.
async fn perform(agent: Arc<Agent>, mut actions: mpsc::UnboundedReceiver<Click>) {
    while let Some(click) = actions.recv().await {
        if let Err(error) = agent.perform(click) {
            tracing::error!("{error:#}");
        }
    }
}

/// Does what the start is for.
async fn first_steps(agent: Arc<Agent>, arguments: Arguments) {
    match arguments.callback {
        // The code in it dies after 30 seconds, so it is exchanged before anything is shown.
        Some(address) => match agent.take_callback(address).await {
            Ok(said) => {
                tracing::info!("{said}");
                show(&agent, arguments.token);
            }
            Err(why) => tracing::warn!("A callback came to nothing: {why}"),
        },
        None if arguments.hidden => show_without_tray(&agent).await,
        None => show(&agent, arguments.token),
    }
}

fn show(agent: &Agent, token: Option<String>) {
    if let Err(error) = agent.show(&Opening { token, page: None }) {
        tracing::error!("{error:#}");
    }
}

/// Shows the window after a hidden start when there is no tray to find the program by, once ever.
async fn show_without_tray(agent: &Agent) {
    tokio::time::sleep(PANEL_TIMEOUT).await;
    if agent.has_tray() {
        return;
    }
    if let Err(error) = agent.say_without_tray() {
        tracing::error!("{error:#}");
    }
    match agent.note_missing_tray() {
        Ok(true) => show(agent, None),
        Ok(false) => tracing::info!("There is no tray; the user was told before"),
        Err(error) => tracing::error!("{error:#}"),
    }
}

/// What follows when nothing works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// The user quit.
    Quit,
    /// What was wrong may be over.
    TryAgain,
}

/// Says why nothing works, for a while or until the user quits; and shows it at once if it `opens`, with the
/// desktop's permission if there is one.
async fn fail(
    why: &Explained,
    desktop: &Arc<dyn Desktop>,
    actions: &mut mpsc::UnboundedReceiver<Click>,
    requests: &mut server::Requests,
    opens: Option<Option<String>>,
) -> Next {
    let windows = Windows::default();
    let open = |token: Option<String>| {
        if let Err(error) = desktop.open_window(&Opening { token, page: None }) {
            tracing::error!("{error:#}");
        }
    };
    desktop.show_tray(&tray::failed(why, Language::chosen(None)));
    if let Some(token) = opens {
        open(token);
    }
    let stop = CancellationToken::new();
    let clicked = async {
        while let Some(click) = actions.recv().await {
            if click.action == MenuAction::Quit {
                return;
            }
            open(click.token);
        }
    };
    let next = tokio::select! {
        () = clicked => Next::Quit,
        () = stop.cancelled() => Next::Quit,
        _ = stop_signal::received() => Next::Quit,
        () = server::serve_failure(why, desktop, requests, &windows, &stop) => Next::Quit,
        () = tokio::time::sleep(TRY_AGAIN_AFTER) => Next::TryAgain,
    };
    match next {
        Next::Quit => windows.close().await,
        // Windows find the agent again.
        Next::TryAgain => windows.hang_up(),
    }
    next
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_further_start_never_fails() {
        let parse = |arguments: &[&str]| {
            let arguments: Vec<String> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
            Arguments::of_further_start(&arguments)
        };
        let nothing = Arguments::default();
        let url = "beeminder-withings-sync://withings/auth_callback?code=a&state=b";
        assert_eq!(parse(&["x", url]).callback.as_deref(), Some(url));
        assert_eq!(parse(&["x", "--data-dir", "d", url]).callback.as_deref(), Some(url));
        assert!(parse(&["x", "--hidden"]).hidden);
        for hostile in [&["x"][..], &[], &["x", "--nonsense"], &["x", "one", "two"], &["x", "--data-dir"]] {
            assert_eq!(parse(hostile), nothing, "{hostile:?}");
        }
    }
}
