//! Starting: become the only one, open the program, put it on the desktop, and only then show a window.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use beeminder_withings_sync::agent::{Desktop, Resident};
use beeminder_withings_sync::app::{App, explained};
use beeminder_withings_sync::platform::data_dir::{DataDir, Held};
use beeminder_withings_sync::platform::environment;
use beeminder_withings_sync::platform::environment::Environment;
use beeminder_withings_sync::platform::ipc::{Door, Doorbell, Ring};
use beeminder_withings_sync::platform::{clock, stop_signal};
use beeminder_withings_sync::text::Language;
use beeminder_withings_sync::view::tray;
use beeminder_withings_sync::view::tray::Wish;
use clap::Parser;
use tauri::utils::config::Csp;
use tauri::{AppHandle, Manager, RunEvent};
use tokio::sync::mpsc;

use super::arguments::Arguments;
use super::shell::{Program, Shell, resident};
use super::{autostart, commands, instance, logs, scheme, window};

/// A panel that starts at the same time as this program shows the icon within this.
const PANEL_PATIENCE: Duration = Duration::from_secs(10);

/// Runs the tray program until the user quits.
pub(crate) fn start() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let environment = environment::read(arguments.data_dir.clone(), |name| std::env::var(name).ok())?;
    logs::start(&environment.data_dir);
    logs::log_panics();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("Failed to start")?;
    tauri::async_runtime::set(runtime.handle().clone());

    let mut context = tauri::generate_context!();
    if environment.sandbox {
        show_pictures_of_this_computer(&mut context);
    }
    let bus_name = instance::bus_name(&context.config().identifier, &environment);
    let single_instance = tauri_plugin_single_instance::Builder::new()
        .dbus_id(bus_name)
        .callback(|app, arguments, _| started_again(app, Arguments::of_second_start(&arguments)))
        .build();
    let builder = tauri::Builder::default()
        // First of all: a second start must not get any further.
        .plugin(single_instance)
        .plugin(tauri_plugin_deep_link::init());
    #[cfg(not(target_os = "linux"))]
    let builder =
        builder.plugin(tauri_plugin_autostart::Builder::new().args(autostart::arguments(&arguments)).build());
    let app = builder
        .invoke_handler(tauri::generate_handler![
            commands::program::view,
            commands::program::sync_now,
            commands::program::cancel_pass,
            commands::program::pause_for_an_hour,
            commands::program::pause_until_tomorrow,
            commands::program::resume,
            commands::program::open_goal,
            commands::program::mark_seen,
            commands::program::close_window,
            commands::program::quit,
            commands::program::leave_guide,
            commands::program::set_start_at_login,
            commands::program::change_setting,
            commands::accounts::cancel_sign_in,
            commands::accounts::sign_in_withings,
            commands::accounts::sign_in_beeminder,
            commands::accounts::connect_beeminder_token,
            commands::accounts::open_consent_page,
            commands::accounts::paste_callback,
            commands::accounts::disconnect,
            commands::accounts::open_help,
            commands::links::catalogue,
            commands::links::choices,
            commands::links::preview_link,
            commands::links::add_link,
            commands::links::preview_change,
            commands::links::change_link,
            commands::links::remove_link,
            commands::links::preview_backfill,
            commands::links::start_backfill,
            commands::links::cancel_backfill,
            commands::links::create_goal,
            commands::links::open_new_goal_page,
            commands::history::history,
            commands::history::export_history,
            commands::history::chart,
            commands::questions::questions,
            commands::questions::answer_held,
            commands::questions::retry_entry,
            commands::questions::discard_entry,
            commands::questions::remove_stale,
            commands::questions::keep_stale,
            commands::questions::confirm_gone,
            commands::help::self_test,
            commands::help::repair,
            commands::help::open_data_folder,
            commands::help::diagnostics,
            commands::help::save_diagnostics,
            commands::help::forget_everything,
        ])
        .setup(move |app| Ok(set_up(app.handle(), arguments, &environment)?))
        .build(context)
        .context("Failed to start")?;
    let code = app.run_return(|_, event| {
        // The last window may close; the program stays in the tray.
        if let RunEvent::ExitRequested { code: None, api, .. } = event {
            api.prevent_exit();
        }
    });
    runtime.shutdown_background();
    anyhow::ensure!(code == 0, "The desktop ended this program with {code}");
    Ok(())
}

/// The sandbox's pictures come from this computer, not from Beeminder's.
fn show_pictures_of_this_computer(context: &mut tauri::Context<tauri::Wry>) {
    if let Some(Csp::Policy(policy)) = &mut context.config_mut().app.security.csp {
        *policy = policy.replace("img-src 'self'", "img-src 'self' http://127.0.0.1:*");
    }
}

fn set_up(app: &AppHandle, arguments: Arguments, environment: &Environment) -> anyhow::Result<()> {
    let only_one = instance::become_the_only_one(environment, &arguments);
    let Some(held) = tauri::async_runtime::block_on(only_one)? else {
        app.exit(0);
        return Ok(());
    };
    let (wishes, wished) = mpsc::unbounded_channel();
    let shell = Arc::new(Shell::new(app, wishes));
    app.manage(Arc::clone(&shell));
    app.manage(arguments.clone());
    app.manage(DataDir::open(&environment.data_dir)?);
    match App::open(environment, clock::now()) {
        Ok(program) => {
            let resident = Resident::new(program, environment.sandbox, shell);
            app.manage(Program::Running(Arc::clone(&resident)));
            run(app, &resident, arguments, environment, held)?;
        }
        Err(error) => {
            let why = explained(&error);
            tracing::error!("The program could not start: {why}");
            shell.show_tray(&tray::failed(&why, Language::chosen(None)));
            app.manage(Program::Failed(why));
            window::open(app);
        }
    }
    tauri::async_runtime::spawn(grant(app.clone(), wished));
    let for_thread = app.clone();
    // Other programs are asked, which may take a while.
    std::thread::spawn(move || {
        scheme::register(&for_thread);
        autostart::repair(&for_thread);
    });
    Ok(())
}

/// Starts everything that goes on while the program runs.
fn run(
    app: &AppHandle,
    resident: &Arc<Resident>,
    arguments: Arguments,
    environment: &Environment,
    held: Held,
) -> anyhow::Result<()> {
    let (ringer, rings) = mpsc::channel(4);
    let dir = DataDir::open(&environment.data_dir)?;
    let doorbell =
        tauri::async_runtime::block_on(async { Doorbell::answer(&dir, Door::Desktop, ringer, None) })?;
    tauri::async_runtime::spawn(answer_door(app.clone(), rings));
    let running = Arc::clone(resident);
    tauri::async_runtime::spawn(async move {
        running.run().await;
        doorbell.finish().await;
        drop(held);
    });
    let stopping = Arc::clone(resident);
    tauri::async_runtime::spawn(async move {
        match stop_signal::received().await {
            Ok(()) => stopping.quit(),
            Err(error) => tracing::warn!("{error:#}"),
        }
    });
    #[cfg(target_os = "macos")]
    {
        use tauri_plugin_deep_link::DeepLinkExt;
        let for_link = app.clone();
        app.deep_link().on_open_url(move |event| {
            for url in event.urls() {
                take_callback(&for_link, url.to_string(), false);
            }
        });
    }
    match arguments.callback {
        Some(address) => take_callback(app, address, true),
        None if arguments.hidden => {
            tauri::async_runtime::spawn(show_without_tray(app.clone(), Arc::clone(resident)));
        }
        None => window::open(app),
    }
    Ok(())
}

/// Does what is clicked in the tray.
async fn grant(app: AppHandle, mut wished: mpsc::UnboundedReceiver<Wish>) {
    while let Some(wish) = wished.recv().await {
        let outcome = match (resident(&app), wish) {
            (Ok(resident), wish) => resident.grant(wish),
            (Err(_), Wish::Quit) => {
                app.exit(0);
                Ok(())
            }
            (Err(_), _) => {
                window::open(&app);
                Ok(())
            }
        };
        if let Err(error) = outcome {
            tracing::error!("{error:#}");
            window::open(&app);
        }
    }
}

/// What a second start brought.
fn started_again(app: &AppHandle, arguments: Arguments) {
    match arguments.callback {
        Some(address) => take_callback(app, address, false),
        None if arguments.hidden => {}
        None => window::open(app),
    }
}

async fn answer_door(app: AppHandle, mut rings: mpsc::Receiver<Ring>) {
    while let Some(ring) = rings.recv().await {
        let callback = Some(ring.line).filter(|line| !line.is_empty());
        started_again(&app, Arguments { callback, ..Arguments::default() });
        // The second start may be gone.
        let _ = ring.reply.send("ok".into());
    }
}

/// Exchanges what the browser brought before anything is shown; the code in it dies after 30 seconds.
fn take_callback(app: &AppHandle, address: String, cold_start: bool) {
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        let Ok(resident) = resident(&app) else { return };
        match resident.take_callback(address).await {
            Ok(message) => {
                tracing::info!("{message}");
                if window::is_open(&app) || cold_start {
                    window::open(&app);
                }
            }
            // It came from outside, so it is no more than a line in the log.
            Err(message) => tracing::warn!("A callback came to nothing: {message}"),
        }
    });
}

/// Shows the window after a hidden start when there is no tray to find the program by, once ever.
async fn show_without_tray(app: AppHandle, resident: Arc<Resident>) {
    tokio::time::sleep(PANEL_PATIENCE).await;
    if app.state::<Arc<Shell>>().tray_is_visible() {
        return;
    }
    match resident.note_missing_tray() {
        Ok(true) => window::open(&app),
        Ok(false) => tracing::info!("There is no tray; the user was told before"),
        Err(error) => tracing::error!("{error:#}"),
    }
}
