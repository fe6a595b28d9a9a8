//! Starting the window: become the only one, open the store, find the agent.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use beeminder_withings_sync::agent::client::AgentClient;
use beeminder_withings_sync::agent::start::Arguments;
use beeminder_withings_sync::platform::data_dir::DataDir;
use beeminder_withings_sync::platform::environment::Environment;
use beeminder_withings_sync::platform::{environment, log_file, program};
use clap::Parser;
use tauri::utils::config::Csp;
use tauri::{AppHandle, Manager};

use crate::window::commands;
use crate::window::front::{AgentWatch, Program};
use crate::window::webview::AsksBeforeClosing;

/// Runs until the user closes the window, or quits.
pub(crate) fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let environment = environment::read(arguments.data_dir.clone(), |name| std::env::var(name).ok())?;
    log_file::start(&environment.data_dir);
    log_file::log_panics();
    let runtime = program::runtime(2)?;
    tauri::async_runtime::set(runtime.handle().clone());
    let code = system::run(&environment, &arguments)?;
    runtime.shutdown_background();
    anyhow::ensure!(code == 0, "The desktop ended this program with {code}");
    Ok(())
}

/// What the window is built from.
fn context(environment: &Environment) -> tauri::Context<tauri::Wry> {
    let mut context = tauri::generate_context!();
    // The sandbox's pictures come from this computer, not from Beeminder's.
    if environment.sandbox
        && let Some(Csp::Policy(policy)) = &mut context.config_mut().app.security.csp
    {
        *policy = policy.replace("img-src 'self'", "img-src 'self' http://127.0.0.1:*");
    }
    context
}

/// Gives the window what it works with.
fn put_behind(app: &AppHandle, environment: &Environment, arguments: &Arguments) -> anyhow::Result<()> {
    let dir = DataDir::open(&environment.data_dir)?;
    let client = AgentClient::new(dir.clone());
    app.manage(dir);
    app.manage(AsksBeforeClosing::default());
    app.manage(Arc::new(AgentWatch::new(client, arguments.at_login(), !arguments.by_agent)));
    app.manage(Program::new(environment.clone()));
    Ok(())
}

pub(crate) use system::launch_agent;

/// The window as a program of its own.
#[cfg(target_os = "linux")]
mod system {
    use beeminder_withings_sync::agent::protocol::{AgentRequest, Opening};
    use beeminder_withings_sync::app::UserError;
    use beeminder_withings_sync::platform::data_dir::Lock;
    use beeminder_withings_sync::platform::{activation, program};

    use super::{AgentClient, Arguments, Context, DataDir, Environment, commands, context, put_behind};
    use crate::window::{front, webview};

    /// Starts the agent as a process that outlives this one.
    pub(crate) fn launch_agent(arguments: &[String]) -> anyhow::Result<tokio::process::Child> {
        tokio::process::Command::new(program::beside(program::AGENT)?)
            .args(arguments)
            // What ends this window's terminal does not end the agent.
            .process_group(0)
            .spawn()
            .with_context(|| UserError::new("no_agent", []))
    }

    pub(super) fn run(environment: &Environment, arguments: &Arguments) -> anyhow::Result<i32> {
        // The name of the desktop file, by which desktops find the window's icon.
        gtk::glib::set_prgname(Some(program::AGENT));
        // Where there is none, or it lets nobody in, the toolkit's own words come with a backtrace.
        gtk::init().with_context(|| UserError::new("no_display", []))?;
        let dir = DataDir::open(&environment.data_dir)?;
        let Some(held) = dir.try_lock(Lock::Window)? else {
            // The agent saw no window: that one is on its way, and comes to the front by itself.
            if arguments.by_agent {
                return Ok(0);
            }
            let token = activation::given();
            let shown = tauri::async_runtime::block_on(async {
                AgentClient::new(dir).ask::<()>(&AgentRequest::Show(Opening { token, page: None })).await
            });
            shown.map_err(|refusal| UserError { field: None, message: refusal.why.sentence })?;
            return Ok(0);
        };
        let (environment, arguments) = (environment.clone(), arguments.clone());
        let app = tauri::Builder::default()
            .invoke_handler(commands::handler())
            .setup({
                let environment = environment.clone();
                move |app| {
                    put_behind(app.handle(), &environment, &arguments)?;
                    webview::open(app.handle(), Opening { token: None, page: arguments.page });
                    Ok(())
                }
            })
            .build(context(&environment))
            .context("Failed to start")?;
        let mut held = Some(held);
        Ok(app.run_return(move |app, event| {
            // The next window need not wait for the end of this program.
            if webview::is_end(&event) {
                drop(held.take());
                front::agent(app).stop_watching();
            }
        }))
    }
}

/// The window and the agent in one program.
#[cfg(not(target_os = "linux"))]
mod system {
    use std::sync::Arc;

    use beeminder_withings_sync::agent::start;
    use beeminder_withings_sync::app::UserError;
    use tauri::{AppHandle, RunEvent};
    use tokio::sync::mpsc;

    use super::{Arguments, Context, DataDir, Environment, commands, context, put_behind};
    use crate::window::desktop::TauriDesktop;
    use crate::window::{front, webview};

    /// The agent is part of this program, so there is none to start.
    pub(crate) fn launch_agent(_arguments: &[String]) -> anyhow::Result<tokio::process::Child> {
        anyhow::bail!(UserError::new("no_agent", []))
    }

    pub(super) fn run(environment: &Environment, arguments: &Arguments) -> anyhow::Result<i32> {
        let dir = DataDir::open(&environment.data_dir)?;
        let only_one = start::become_the_only_one(&dir, arguments);
        let Some(held) = tauri::async_runtime::block_on(only_one)? else {
            return Ok(0);
        };
        let at_login = arguments.at_login();
        let (for_setup, arguments) = (environment.clone(), arguments.clone());
        let app = tauri::Builder::default()
            .plugin(tauri_plugin_deep_link::init())
            .plugin(tauri_plugin_autostart::Builder::new().args(at_login).build())
            .invoke_handler(commands::handler())
            .setup(move |app| {
                put_behind(app.handle(), &for_setup, &arguments)?;
                start_agent(app.handle(), for_setup, arguments);
                Ok(())
            })
            .build(context(environment))
            .context("Failed to start")?;
        let code = app.run_return(|app, event| {
            if webview::is_end(&event) {
                front::agent(app).stop_watching();
            }
            // The last window may close; the agent stays in the tray.
            if let RunEvent::ExitRequested { code: None, api, .. } = event {
                api.prevent_exit();
            }
        });
        drop(held);
        Ok(code)
    }

    fn start_agent(app: &AppHandle, environment: Environment, arguments: Arguments) {
        let (clicks, clicked) = mpsc::unbounded_channel();
        let desktop = Arc::new(TauriDesktop::new(app, clicks));
        let (registering, app) = (Arc::clone(&desktop), app.clone());
        // Other programs are asked, which may take a while.
        std::thread::spawn(move || registering.register());
        #[cfg(target_os = "macos")]
        hear_links(&app, &environment);
        tauri::async_runtime::spawn(async move {
            if let Err(error) = start::run(&environment, arguments, desktop, clicked, None).await {
                tracing::error!("{error:#}");
            }
            app.exit(0);
        });
    }

    /// On macOS a callback is an event, and not an argument of a further start.
    #[cfg(target_os = "macos")]
    fn hear_links(app: &AppHandle, environment: &Environment) {
        use beeminder_withings_sync::agent::client::AgentClient;
        use beeminder_withings_sync::agent::protocol::AgentRequest;
        use tauri_plugin_deep_link::DeepLinkExt;
        let data_dir = environment.data_dir.clone();
        app.deep_link().on_open_url(move |event| {
            for url in event.urls() {
                let data_dir = data_dir.clone();
                tauri::async_runtime::spawn(async move {
                    let Ok(dir) = DataDir::open(&data_dir) else { return };
                    let request = AgentRequest::Callback { address: url.to_string(), token: None };
                    let taken = AgentClient::new(dir).ask::<serde_json::Value>(&request).await;
                    if let Err(refusal) = taken {
                        tracing::warn!("A callback came to nothing: {}", refusal.why);
                    }
                });
            }
        });
    }
}
