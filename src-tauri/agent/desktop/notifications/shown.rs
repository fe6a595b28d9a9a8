//! What is on the screen, and how a notice gets there.

use std::collections::HashMap;

use zbus::zvariant::Value;

use super::DEFAULT_ACTION;
use super::service::{Choice, ServiceProxy};
use crate::view::notification::Notice;
use crate::view::tray::{Click, MenuAction, NAME};

/// The icon's name, and that of the desktop entry.
const DESKTOP_ENTRY: &str = "beeminder-withings-sync";

/// The notifications on the screen with their numbers, by what they are about.
#[derive(Debug, Default)]
pub(super) struct Shown(HashMap<String, (u32, Notice)>);

impl Shown {
    /// Forgets the one that was closed.
    pub(super) fn forget(&mut self, id: u32) {
        self.0.retain(|_, (known, _)| *known != id);
    }

    /// What the user asks for with a click on a notification. On one that is not known it is the window.
    pub(super) fn click(&self, choice: Choice) -> Click {
        let Choice { id, action, token } = choice;
        let notice = self.0.values().find(|(known, _)| *known == id).map(|(_, notice)| notice);
        let answer = |notice: &Notice| {
            let number: usize = action.parse().ok()?;
            notice.answers.get(number).map(|(_, answer)| answer.clone())
        };
        let asked = notice.map(|notice| answer(notice).unwrap_or_else(|| notice.click.clone()));
        Click { action: asked.unwrap_or(MenuAction::Open), token }
    }

    /// Forgets them all, for the service has ended and the next one numbers anew. Returns those that the user
    /// was to keep in sight.
    pub(super) fn lose(&mut self) -> Vec<Notice> {
        let all = self.0.drain().map(|(_, (_, notice))| notice);
        all.filter(|notice| notice.urgent).collect()
    }

    /// Shows what waits; what cannot be shown goes on waiting.
    pub(super) async fn show_all(&mut self, service: &ServiceProxy<'_>, waiting: &mut Vec<Notice>) {
        for notice in std::mem::take(waiting) {
            if let Err(error) = self.show(service, &notice).await {
                tracing::warn!("A notification could not be shown: {error}");
                waiting.push(notice);
            }
        }
    }

    async fn show(&mut self, service: &ServiceProxy<'_>, notice: &Notice) -> zbus::Result<()> {
        let can = service.get_capabilities().await?;
        let earlier = self.0.get(&notice.about).map(|(id, _)| *id);
        let id = match notify(service, notice, &can, earlier.unwrap_or_default()).await {
            Ok(id) => id,
            // Some replace none that left the screen.
            Err(_) if earlier.is_some() => {
                if let Some(earlier) = earlier {
                    // It may be closed already.
                    let _ = service.close_notification(earlier).await;
                }
                notify(service, notice, &can, 0).await?
            }
            Err(error) => return Err(error),
        };
        self.0.insert(notice.about.clone(), (id, notice.clone()));
        Ok(())
    }
}

async fn notify(
    service: &ServiceProxy<'_>,
    notice: &Notice,
    can: &[String],
    replaces: u32,
) -> zbus::Result<u32> {
    let has = |name: &str| can.iter().any(|can| can == name);
    let body = if has("body-markup") { without_markup(&notice.body) } else { notice.body.clone() };
    // Keys and labels: the answers go by their numbers.
    let keys: Vec<_> = (0..notice.answers.len()).map(|number| number.to_string()).collect();
    let answers =
        keys.iter().zip(&notice.answers).flat_map(|(key, (label, _))| [key.as_str(), label.as_str()]);
    let actions: Vec<&str> =
        if has("actions") { [DEFAULT_ACTION, NAME].into_iter().chain(answers).collect() } else { Vec::new() };
    // Low, normal, critical.
    let urgency: u8 = if notice.urgent { 2 } else { 1 };
    let hints =
        HashMap::from([("desktop-entry", Value::from(DESKTOP_ENTRY)), ("urgency", Value::from(urgency))]);
    // Never, or when the desktop likes.
    let timeout = if notice.urgent { 0 } else { -1 };
    service.notify(NAME, replaces, DESKTOP_ENTRY, &notice.title, &body, &actions, hints, timeout).await
}

/// What others wrote, a goal's name for instance, must not become markup.
fn without_markup(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
