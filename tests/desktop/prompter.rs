//! What shows gnome-keyring's prompts, with a user who cancels them or never answers.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use zbus::object_server::SignalEmitter;
use zbus::zvariant::{OwnedObjectPath, OwnedValue, Value};
use zbus::{Connection, interface};

/// What the user does with a prompt.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Answer {
    Cancel,
    None,
}

pub(super) struct Prompter {
    prompts: Arc<Mutex<Vec<String>>>,
    _bus: Connection,
}

impl Prompter {
    /// Shows prompts on `bus`.
    pub(super) async fn on(bus: &Connection, answer: Answer) -> Prompter {
        let prompts = Arc::default();
        let service = Service { prompts: Arc::clone(&prompts), answer };
        bus.object_server().at("/org/gnome/keyring/Prompter", service).await.unwrap();
        bus.request_name("org.gnome.keyring.SystemPrompter").await.unwrap();
        Prompter { prompts, _bus: bus.clone() }
    }

    /// How many prompts were shown.
    pub(super) fn shown(&self) -> usize {
        self.prompts.lock().unwrap().len()
    }

    /// What the last one said.
    pub(super) fn last(&self) -> String {
        self.prompts.lock().unwrap().last().cloned().unwrap_or_default()
    }
}

struct Service {
    prompts: Arc<Mutex<Vec<String>>>,
    answer: Answer,
}

#[expect(clippy::needless_pass_by_value, reason = "the bus hands them over")]
#[interface(name = "org.gnome.keyring.internal.Prompter")]
impl Service {
    fn begin_prompting(
        &self,
        callback: OwnedObjectPath,
        #[zbus(header)] header: zbus::message::Header<'_>,
        #[zbus(signal_emitter)] emitter: SignalEmitter<'_>,
    ) {
        reply(&emitter, &header, callback, "");
    }

    fn perform_prompt(
        &self,
        callback: OwnedObjectPath,
        _kind: String,
        properties: HashMap<String, OwnedValue>,
        _exchange: String,
        #[zbus(header)] header: zbus::message::Header<'_>,
        #[zbus(signal_emitter)] emitter: SignalEmitter<'_>,
    ) {
        self.prompts.lock().unwrap().push(format!("{properties:?}"));
        if self.answer == Answer::Cancel {
            reply(&emitter, &header, callback, "no");
        }
    }

    fn stop_prompting(&self, _callback: OwnedObjectPath) {}
}

/// Tells who asked, once they have their method's return.
fn reply(
    emitter: &SignalEmitter<'_>,
    header: &zbus::message::Header<'_>,
    callback: OwnedObjectPath,
    answer: &'static str,
) {
    let (bus, asker) = (emitter.connection().clone(), header.sender().unwrap().to_owned());
    tokio::spawn(async move {
        let interface = "org.gnome.keyring.internal.Prompter.Callback";
        let body = (answer, HashMap::<&str, Value<'_>>::new(), "");
        let _ = bus.call_method(Some(asker), callback, Some(interface), "PromptReady", &body).await;
    });
}
