//! Whoever calls the receiver without being Withings: they learn nothing, make nothing happen that a poll would not,
//! and cannot keep the program from its work.

use std::net::SocketAddr;
use std::sync::Arc;

use beeminder_withings_sync::agent::protocol::AgentRequest;
use beeminder_withings_sync::app::NewWay;
use beeminder_withings_sync::domain::appli::Appli;
use beeminder_withings_sync::platform::clock;
use beeminder_withings_sync::sandbox::tunnel::Proxy;
use beeminder_withings_sync::subscriptions::inbox::Inbox;
use beeminder_withings_sync::subscriptions::key::Key;
use beeminder_withings_sync::subscriptions::receiver::Receiver;
use secrecy::ExposeSecret;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use super::agent::Story;
use super::support::reached::{free_port, here};

/// Sends a request as it stands and returns all that is answered.
async fn say(to: SocketAddr, words: &str) -> String {
    let mut stream = TcpStream::connect(to).await.unwrap();
    // A server that has heard enough does not read the rest.
    let _ = stream.write_all(words.as_bytes()).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

fn post(path: &str, body: &str) -> String {
    let length = body.len();
    format!("POST {path} HTTP/1.1\r\nHost: h\r\nContent-Length: {length}\r\n\r\n{body}")
}

/// The answer without its date.
fn undated(answer: &str) -> String {
    answer.lines().filter(|line| !line.to_lowercase().starts_with("date:")).collect::<Vec<_>>().join("\n")
}

struct Listening {
    key: Key,
    inbox: Arc<Inbox>,
    receiver: Receiver,
}

impl Listening {
    fn start() -> Listening {
        let (key, inbox) = (Key::new().unwrap(), Arc::new(Inbox::default()));
        let receiver = Receiver::start(here(0), key.clone(), "42".into(), Arc::clone(&inbox)).unwrap();
        Listening { key, inbox, receiver }
    }

    fn path(&self, appli: Appli) -> String {
        format!("/{}", self.key.end(appli).expose_secret())
    }

    async fn say(&self, words: &str) -> String {
        say(self.receiver.address(), words).await
    }
}

#[tokio::test]
async fn withings_is_answered_at_once_on_its_paths_and_everybody_else_alike() {
    let listening = Listening::start();
    let path = listening.path(Appli::Weight);
    let form = "userid=42&appli=1&startdate=1530576000&enddate=1530698753";
    for method in ["HEAD", "GET"] {
        let answer = listening.say(&format!("{method} {path} HTTP/1.1\r\nHost: h\r\n\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    }
    for path in [path.clone(), format!("/base{path}"), format!("{path}?a=b")] {
        assert!(listening.say(&post(&path, form)).await.starts_with("HTTP/1.1 200 OK"));
    }
    assert_eq!(listening.inbox.take_unread(), [Appli::Weight]);
    let refused = undated(&listening.say(&post("/nobody", form)).await);
    assert!(refused.starts_with("HTTP/1.1 404"), "{refused}");
    let large = format!("userid=42&x={}", "y".repeat(4096));
    for words in [
        post(&path, "userid=43&appli=1"),
        post(&path, "appli=1"),
        post(&path, "userid=42&userid=43"),
        post(&path, ""),
        post(&path, &large),
        post(&path.to_uppercase(), form),
        post(&path[..path.len() - 1], form),
        post(&format!("{path}/"), form),
        post("/", form),
        format!("PUT {path} HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n"),
        format!("DELETE {path} HTTP/1.1\r\nHost: h\r\n\r\n"),
        "GET /tunnel HTTP/1.1\r\nHost: h\r\n\r\n".to_owned(),
    ] {
        assert_eq!(undated(&listening.say(&words).await), refused, "{}", &words[..40]);
    }
    assert_eq!(listening.inbox.unread(), []);
    // What is no HTTP at all, or more of it than anybody sends.
    for words in ["nonsense\r\n\r\n".to_owned(), format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(100_000))] {
        let answer = listening.say(&words).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
    }
    let other = Listening::start();
    assert_eq!(undated(&other.say(&post(&path, form)).await), refused, "another program's address");
}

#[tokio::test]
async fn a_challenge_is_answered_to_who_has_the_key_and_may_be_asked_for_without_a_body() {
    let listening = Listening::start();
    let (end, answer) = listening.key.challenge().unwrap();
    let path = end.expose_secret();
    let said = listening.say(&format!("GET /{path} HTTP/1.1\r\nHost: h\r\n\r\n")).await;
    assert!(said.ends_with(answer.expose_secret()), "{said}");
    assert!(listening.say(&post(&format!("/{path}"), "userid=42")).await.starts_with("HTTP/1.1 404"));
}

#[tokio::test]
async fn who_says_nothing_takes_one_of_sixteen_places_and_the_others_are_heard() {
    let listening = Listening::start();
    let mut silent = Vec::new();
    for _ in 0..15 {
        silent.push(TcpStream::connect(listening.receiver.address()).await.unwrap());
    }
    let answer = listening.say(&post(&listening.path(Appli::Sleep), "userid=42")).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    drop(silent);
}

#[tokio::test]
async fn ten_thousand_forged_posts_make_one_pass_a_minute_at_most() {
    const EACH: usize = 1250;
    let story = Story::running().await;
    let port = free_port();
    let proxy = Proxy::start(port, mpsc::unbounded_channel().0).await.unwrap();
    let app = &story.agent.app;
    app.notifications_on(NewWay::Address(proxy.address()), here(port)).await.unwrap();
    story.ask(AgentRequest::Changed).await;
    let is_subscribed = |story: &Story| story.sandbox.world().withings.notify.subscriptions.len() == 2;
    story.until("the subscriptions", is_subscribed).await;
    let key = app.upkeep().chosen().await.unwrap().unwrap().key;
    let right = format!("/{}", key.end(Appli::Weight).expose_secret());
    let passes = |story: &Story| {
        story.sandbox.world().requests.iter().filter(|request| request.as_str() == "POST /measure").count()
    };
    let (before, begun) = (passes(&story), clock::now());
    // Somebody who knows the address and the user, and somebody beside it.
    let flood = |path: String| {
        tokio::spawn(async move {
            let mut answers = [0; 2];
            for _ in 0..EACH {
                let answer = say(here(port), &post(&path, "userid=10000001&appli=1")).await;
                let place = usize::from(!answer.starts_with("HTTP/1.1 200"));
                assert!(place == 0 || answer.starts_with("HTTP/1.1 404"), "{answer}");
                answers[place] += 1;
            }
            answers
        })
    };
    let beside = format!("/{}", "0".repeat(32));
    let floods: Vec<_> =
        (0..8).map(|n| flood(if n % 2 == 0 { right.clone() } else { beside.clone() })).collect();
    let mut answers = [0; 2];
    for flood in floods {
        let [taken, refused] = flood.await.unwrap();
        answers = [answers[0] + taken, answers[1] + refused];
    }
    assert_eq!(answers, [4 * EACH, 4 * EACH], "each is answered");
    let minutes = usize::try_from((clock::now() - begun).num_minutes()).unwrap();
    // One more may have begun within the last of them.
    story.until("the pass", |story| passes(story) > before).await;
    assert!(passes(&story) - before <= minutes + 1, "{} in {minutes} min", passes(&story) - before);
    story.says("Up to date").await;
    assert!(size_of::<Inbox>() < 512, "all that is kept of it");
}
