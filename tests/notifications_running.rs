//! Notifications in programs that run: a tunnel's command that moves and dies, programs that end and crash, and what
//! `bws notifications` says of it.
#![cfg(unix)]

use std::path::{Path, PathBuf};
use std::time::Duration;

use beeminder_withings_sync::platform::clock;
use beeminder_withings_sync::sandbox::clock::Clock;
use beeminder_withings_sync::sandbox::{Sandbox, World};
use serde_json::{Value, json as value};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::process::Child;
use url::Url;

use super::support::process::{bws, connect, json, terminate};

/// What takes longer than this does not happen.
const PATIENCE: Duration = Duration::from_secs(30);

struct Server {
    sandbox: Sandbox,
    dir: PathBuf,
    _outer: TempDir,
}

impl Server {
    /// Both accounts connected and weights linked, by this computer's clock.
    async fn new() -> Server {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let sandbox = Sandbox::start(0, World::new(Clock::Real)).await.unwrap();
        let outer = TempDir::new().unwrap();
        let dir = outer.path().join("bws");
        connect(&sandbox, &dir).await;
        let server = Server { sandbox, dir, _outer: outer };
        let (code, answer) = server.say(&["link", "add", "--goal", "weight", "--track", "weight"]).await;
        assert_eq!(code, 0, "{answer}");
        server
    }

    async fn say(&self, args: &[&str]) -> (i32, Value) {
        json(&mut bws(&self.sandbox, &self.dir, args)).await
    }

    fn run(&self) -> Child {
        bws(&self.sandbox, &self.dir, &["run"]).spawn().unwrap()
    }

    /// The addresses that subscriptions lead to, without their ends.
    fn addresses(&self) -> Vec<Url> {
        let world = self.sandbox.world();
        let all = world.withings.notify.subscriptions.iter();
        let mut all: Vec<_> = all.map(|subscription| subscription.callback.join("/").unwrap()).collect();
        all.dedup();
        all
    }

    fn subscriptions(&self) -> usize {
        self.sandbox.world().withings.notify.subscriptions.len()
    }

    async fn until(&self, what: &str, found: impl AsyncFn(&Server) -> bool) {
        let search = async {
            while !found(self).await {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, search).await.unwrap_or_else(|_| panic!("{what}"));
    }

    /// Waits until all subscriptions lead to one address, which is another than `before`.
    async fn leads_elsewhere(&self, before: Option<&Url>) -> Url {
        self.until("another address", async |server| {
            let (count, all) = (server.subscriptions(), server.addresses());
            count == 2 && all.len() == 1 && Some(&all[0]) != before
        })
        .await;
        self.addresses().remove(0)
    }

    async fn status(&self) -> Value {
        self.say(&["notifications", "status"]).await.1
    }
}

/// The command of the tests' tunnel.
fn tunnel() -> String {
    format!("'{}' sandbox-tunnel {{port}}", env!("CARGO_BIN_EXE_bws"))
}

async fn tell(address: &Url, what: &str) {
    let client = reqwest::Client::builder().build().unwrap();
    // One that dies may not answer.
    let _ = client.get(address.join(what).unwrap()).send().await;
}

async fn is_there(address: &Url) -> bool {
    TcpStream::connect(("127.0.0.1", address.port().unwrap())).await.is_ok()
}

fn data_of(dir: &Path) -> String {
    let database = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let names = database.filter(|path| path.extension().is_none_or(|kind| kind != "json"));
    names.map(|path| String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default()).into_owned()).collect()
}

#[tokio::test]
async fn a_tunnel_that_moves_and_dies_takes_the_subscriptions_along() {
    let server = Server::new().await;
    let args = ["notifications", "on", "--tunnel", &tunnel(), "--listen", "127.0.0.1:0"];
    let (code, answer) = server.say(&args).await;
    assert_eq!((code, &answer["state"]), (0, &value!("nobody_polls")), "{answer}");
    assert!(!data_of(&server.dir).contains("sandbox-tunnel"), "a command may hold a secret");
    let mut run = server.run();
    let first = server.leads_elsewhere(None).await;
    tell(&first, "tunnel/move").await;
    let second = server.leads_elsewhere(Some(&first)).await;
    tell(&second, "tunnel/die").await;
    let third = server.leads_elsewhere(Some(&second)).await;
    assert!(!is_there(&second).await);
    let (code, answer) = server.say(&["notifications", "test"]).await;
    assert_eq!((code, &answer["state"]), (0, &value!("well")), "{answer}");
    let status = server.status().await;
    assert_eq!((&status["way"], &status["program"]), (&value!("tunnel"), &value!("bws")), "{status}");
    assert_eq!(status["public_address"], value!(third.as_str()));
    assert_eq!(status["subscriptions"].as_array().unwrap().len(), 2);
    assert_eq!((&status["problem"], &status["interval"]), (&Value::Null, &value!(15)));
    // Only what is measured in a later second than the link was made is surely since.
    let linked = clock::now().timestamp();
    server.until("the next second", async |_| clock::now().timestamp() > linked).await;
    server.sandbox.world().withings.weigh_in(82.4, clock::now());
    let posted = async |server: &Server| server.sandbox.world().beeminder.datapoints("weight").len() == 1;
    server.until("the datapoint", posted).await;
    let status = server.status().await;
    assert!(status["last_notification"].is_string(), "{status}");
    assert!(status["median_delay"].as_i64().is_some_and(|seconds| seconds < 30), "{status}");
    let (code, answer) = server.say(&["notifications", "off"]).await;
    assert_eq!((code, &answer["ended_at_withings"]), (0, &value!(true)), "{answer}");
    assert_eq!(server.addresses(), []);
    server.until("the tunnel gone", async |_| !is_there(&third).await).await;
    terminate(&run);
    assert!(run.wait().await.unwrap().success());
}

#[tokio::test]
async fn no_tunnel_outlives_the_program_whether_it_ends_or_crashes() {
    for crashes in [false, true] {
        let server = Server::new().await;
        let args = ["notifications", "on", "--tunnel", &tunnel(), "--listen", "127.0.0.1:0"];
        assert_eq!(server.say(&args).await.0, 0);
        let mut run = server.run();
        let address = server.leads_elsewhere(None).await;
        assert!(is_there(&address).await);
        if crashes {
            run.start_kill().unwrap();
        } else {
            terminate(&run);
        }
        run.wait().await.unwrap();
        server.until("the tunnel gone", async |_| !is_there(&address).await).await;
        // The next one finds its subscriptions and moves them.
        let mut again = server.run();
        let next = server.leads_elsewhere(Some(&address)).await;
        assert_eq!(server.subscriptions(), 2);
        assert!(is_there(&next).await);
        terminate(&again);
        again.wait().await.unwrap();
    }
}

#[tokio::test]
async fn a_command_that_does_no_good_is_said_and_polling_goes_on() {
    let server = Server::new().await;
    let mut run = server.run();
    server
        .until("the poller", async |server| server.say(&["status"]).await.1["polled"] == value!(true))
        .await;
    let args = ["notifications", "on", "--tunnel", "exit 7", "--listen", "127.0.0.1:0"];
    let (code, answer) = server.say(&args).await;
    assert_eq!((code, &answer["state"]), (3, &value!("failed")), "{answer}");
    assert_eq!(answer["why"]["code"], value!("tunnel_ended"));
    assert!(answer["why"]["message"].as_str().unwrap().contains("code 7"), "{answer}");
    let (code, status) = server.say(&["status"]).await;
    assert_eq!(code, 0, "it works without: {status}");
    let codes: Vec<_> = status["attention"].as_array().unwrap().iter().map(|item| &item["code"]).collect();
    assert_eq!(codes, [&value!("notifications_failed")]);
    let args = ["notifications", "on", "--url", "http://127.0.0.1:9/", "--listen", "127.0.0.1:0"];
    let (code, answer) = server.say(&args).await;
    assert_eq!((code, &answer["why"]["code"]), (3, &value!("own_no_answer")), "{answer}");
    terminate(&run);
    assert!(run.wait().await.unwrap().success());
}

#[tokio::test]
async fn wrong_calls_say_what_is_wrong_and_off_is_off() {
    let server = Server::new().await;
    for (args, words) in [
        (vec!["notifications", "on"], "--url"),
        (vec!["notifications", "on", "--url", "https://a.example/", "--tunnel", "x"], "cannot be used with"),
        (vec!["notifications", "on", "--url", "https://192.0.2.1/"], "IP address"),
        (vec!["notifications", "on", "--url", "https://a.example:444/"], "only calls port 443"),
        (vec!["notifications", "on", "--tunnel", "  "], "Enter the command"),
        (vec!["notifications", "on", "--url", "https://a.example/", "--listen", "8911"], "invalid"),
    ] {
        let (code, answer) = server.say(&args).await;
        assert_eq!(code, 2, "{answer}");
        assert!(answer["error"]["message"].as_str().unwrap().contains(words), "{args:?}: {answer}");
    }
    let (code, status) = server.say(&["notifications", "status"]).await;
    assert_eq!((code, &status["on"], &status["interval"]), (0, &value!(false), &value!(15)));
    assert_eq!(server.say(&["notifications", "test"]).await.1["state"], value!("off"));
    assert_eq!(server.say(&["notifications", "off"]).await.1["ended_at_withings"], value!(true));
    let text = bws(&server.sandbox, &server.dir, &["notifications", "status"]).output().await.unwrap();
    let text = String::from_utf8(text.stdout).unwrap();
    assert_eq!(text.trim(), "Withings' notifications are off. Withings is asked every 15 minutes.");
}
