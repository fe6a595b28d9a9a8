//! `bws notifications`.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde_json::json;

use super::args::{NotificationsAction, OnArgs};
use super::exit::Exit;
use super::output::{Output, local};
use super::sync::time_zone_or_utc;
use crate::app::{App, NewWay, Tried};
use crate::domain::reachable::Way;
use crate::subscriptions::keeper::Kept;
use crate::text::{self, sentence};
use crate::view::subscriptions::{Notifications, notifications};

pub(super) async fn run(
    app: &App,
    action: NotificationsAction,
    now: DateTime<Utc>,
    output: Output,
) -> anyhow::Result<Exit> {
    match action {
        NotificationsAction::On(args) => on(app, args, output).await,
        NotificationsAction::Off => off(app, now, output).await,
        NotificationsAction::Status => status(app, output),
        NotificationsAction::Test => test(app, output).await,
    }
}

async fn on(app: &App, OnArgs { url, tunnel, listen }: OnArgs, output: Output) -> anyhow::Result<Exit> {
    let way = match (url, tunnel) {
        (Some(url), _) => NewWay::Address(url),
        (None, command) if command.as_deref() == Some("-") => {
            NewWay::Tunnel(std::io::read_to_string(std::io::stdin())?.trim().into())
        }
        (None, command) => NewWay::Tunnel(command.unwrap_or_default().into()),
    };
    app.notifications_on(way, listen).await?;
    output.progress("Switched on. Now it is tried whether the address leads here.");
    test(app, output).await
}

async fn off(app: &App, now: DateTime<Utc>, output: Output) -> anyhow::Result<Exit> {
    let have_ended = app.notifications_off(now).await?;
    output.show(&json!({"on": false, "ended_at_withings": have_ended}), || {
        if have_ended {
            "Withings' notifications are off. Withings is asked as before.".into()
        } else {
            "Withings' notifications are off. Withings could not be told yet; whoever polls tries again, and Withings \
             itself ends what it cannot reach."
                .into()
        }
    })?;
    Ok(Exit::Fine)
}

fn status(app: &App, output: Output) -> anyhow::Result<Exit> {
    let found = app.store.read(notifications)?;
    output.show(&found, || said(&found, time_zone_or_utc(app)))?;
    Ok(if found.problem.is_some() { Exit::NeedsYou } else { Exit::Fine })
}

async fn test(app: &App, output: Output) -> anyhow::Result<Exit> {
    let tried = app.try_notifications().await?;
    let words = sentence::whole(&tried.message().to_string());
    let (state, why, exit) = match tried {
        Tried::Kept(Kept::Off) => ("off", None, Exit::Fine),
        Tried::Kept(Kept::Well) => ("well", None, Exit::Fine),
        Tried::WouldCome => ("nobody_polls", None, Exit::Fine),
        Tried::Kept(Kept::Failed { why }) | Tried::WouldNotCome(why) => ("failed", Some(why), Exit::NeedsYou),
    };
    let found = app.store.read(notifications)?;
    let said =
        why.map(|why| json!({"code": why.key.trim_start_matches("error."), "message": why.to_string()}));
    output.show(&json!({"state": state, "why": said, "notifications": found}), || words)?;
    Ok(exit)
}

fn said(found: &Notifications, zone: Tz) -> String {
    let Some(reachable) = &found.reachable else {
        return format!(
            "Withings' notifications are off. Withings is asked every {} minutes.",
            found.interval
        );
    };
    let mut lines = vec![match &reachable.way {
        Way::Address { address } => {
            format!("Withings notifies {address}, which leads to {}.", reachable.listen)
        }
        Way::Tunnel { program } => {
            let address = found.public_address.as_deref().unwrap_or("an address that is not known yet");
            format!("Withings notifies {address}, from where {program} leads to {}.", reachable.listen)
        }
    }];
    lines.extend(found.problem.as_ref().map(|problem| sentence::whole(&problem.to_string())));
    let moment = |at: Option<DateTime<Utc>>| at.map_or_else(|| "never".into(), |at| local(at, zone));
    for line in &found.subscriptions {
        let kind = text::word("appli", line.kind.name()).unwrap_or_default();
        lines.push(format!(
            "- {kind}: since {}, last {}",
            local(line.since, zone),
            moment(line.last_notification)
        ));
    }
    lines.push(format!(
        "Last notification: {}. Last compared with Withings' list: {}.",
        moment(found.last_notification),
        moment(found.last_repair)
    ));
    lines.extend(
        found
            .median_delay
            .map(|seconds| format!("From measuring to the datapoint it takes {} seconds (median).", seconds)),
    );
    let missed = found.last_missed.map(|at| format!(" One was missed at {}.", local(at, zone)));
    let proven = if found.proven { "They are proven to arrive" } else { "They are not proven to arrive yet" };
    lines.push(format!(
        "{proven}, so Withings is also asked every {} minutes.{}",
        found.interval,
        missed.unwrap_or_default()
    ));
    lines.join("\n")
}
