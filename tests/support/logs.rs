//! Listens to the warnings of one test. The program's futures run on the test's own thread, so a
//! subscriber of that thread hears them and no others.

use std::fmt::{self, Write};
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::subscriber::DefaultGuard;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

pub(crate) struct Logs {
    heard: Arc<Mutex<Vec<String>>>,
    expected: Mutex<Vec<&'static str>>,
    _guard: DefaultGuard,
}

impl Logs {
    pub(crate) fn listen() -> Logs {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let subscriber = tracing_subscriber::registry().with(Ear(heard.clone()));
        Logs { heard, expected: Mutex::default(), _guard: tracing::subscriber::set_default(subscriber) }
    }

    pub(crate) fn expect(&self, words: &'static str) {
        self.expected.lock().unwrap().push(words);
    }

    /// Fails the test when something was logged that it did not expect.
    pub(crate) fn assert_expected(&self) {
        let expected = self.expected.lock().unwrap();
        for line in self.heard.lock().unwrap().iter() {
            assert!(expected.iter().any(|words| line.contains(words)), "unexpected warning: {line}");
        }
    }
}

struct Ear(Arc<Mutex<Vec<String>>>);

impl<S: Subscriber> Layer<S> for Ear {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if *event.metadata().level() <= Level::WARN && event.metadata().target().starts_with("beeminder") {
            let mut line = Line(String::new());
            event.record(&mut line);
            self.0.lock().unwrap().push(line.0);
        }
    }
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        write!(self.0, "{}={value:?} ", field.name()).unwrap();
    }
}
