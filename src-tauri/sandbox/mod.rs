//! Withings and Beeminder on this computer, for trying out and for tests.
//!
//! Stateful stand-ins that speak the real services' wire format over real HTTP: tokens rotate, codes
//! die, datapoints are created, updated or duplicates, and faults can be switched on. A request they do
//! not know is answered with a complaint, so that a typo does not pass for a bad day.

mod bad_day;
pub mod beeminder;
pub mod clock;
pub mod datapoints;
pub mod days;
pub mod faults;
mod graph;
pub mod notify;
mod pages;
pub mod sample;
pub mod tunnel;
pub mod withings;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use url::Url;

use crate::domain::service::Service;
use clock::Clock;
use faults::Faults;

/// Everything the stand-ins know. Tests reach in to measure, delete and break things.
#[derive(Debug)]
pub struct World {
    /// What time it is there.
    pub clock: Clock,
    /// The stand-in for Withings.
    pub withings: withings::Withings,
    /// The stand-in for Beeminder.
    pub beeminder: beeminder::Beeminder,
    /// What goes wrong.
    pub faults: Faults,
    /// The API requests that came in, as `POST /measure`.
    pub requests: Vec<String>,
}

impl World {
    /// A world with the sandbox's people and goals, and no measurements.
    pub fn new(clock: Clock) -> World {
        World {
            withings: withings::Withings::default(),
            beeminder: beeminder::Beeminder::new(sample::goals(clock.now())),
            faults: Faults::default(),
            requests: Vec::new(),
            clock,
        }
    }

    /// How many API requests a service got.
    pub fn requests_to(&self, service: Service) -> usize {
        self.requests.iter().filter(|request| service_of(path_of(request)) == Some(service)).count()
    }
}

type Shared = Arc<Mutex<World>>;

fn lock(world: &Shared) -> MutexGuard<'_, World> {
    world.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The running stand-ins; they stop when this is dropped.
#[derive(Debug)]
pub struct Sandbox {
    world: Shared,
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Sandbox {
    /// Starts them on `port` of this computer; 0 picks a free one.
    ///
    /// # Errors
    /// When the port is taken.
    pub async fn start(port: u16, world: World) -> anyhow::Result<Sandbox> {
        let listener = TcpListener::bind(("127.0.0.1", port))
            .await
            .with_context(|| format!("Port {port} of this computer is taken; choose another"))?;
        let address = listener.local_addr()?;
        let url = Url::parse(&format!("http://{address}/")).context("This address makes no URL")?;
        let mut world = world;
        graph::hang_up(&mut world.beeminder.goals, &url);
        let world = Arc::new(Mutex::new(world));
        let router = router(Arc::clone(&world));
        let telling = tell_by_itself(Arc::clone(&world));
        let task = tokio::spawn(async move {
            let serving = async { axum::serve(listener, router).await };
            tokio::select! {
                Err(error) = serving => tracing::error!("The sandbox stopped: {error}"),
                () = telling => {}
            }
        });
        Ok(Sandbox { world, address, task })
    }

    /// Sends the notifications that are due. Where the clock is this computer's, that happens by itself.
    pub async fn notify(&self) {
        notify::deliver(&self.world).await;
    }

    /// Where both services answer.
    pub fn url(&self) -> Url {
        Url::parse(&format!("http://{}/", self.address)).expect("a socket address makes a URL")
    }

    /// The world inside, locked while it is held.
    pub fn world(&self) -> MutexGuard<'_, World> {
        lock(&self.world)
    }

    /// Waits until the stand-ins stop by themselves, which they only do in trouble.
    pub async fn stopped(&mut self) {
        let _ = (&mut self.task).await;
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// How often it is looked for something to tell.
const TELLING: Duration = Duration::from_millis(100);

/// Sends notifications as they become due, by this computer's clock alone: one that stands still is moved by tests,
/// which say when.
async fn tell_by_itself(world: Shared) {
    if !matches!(lock(&world).clock, Clock::Real) {
        return std::future::pending().await;
    }
    loop {
        tokio::time::sleep(TELLING).await;
        notify::deliver(&world).await;
    }
}

fn router(world: Shared) -> Router {
    Router::new()
        .merge(withings::routes())
        .merge(notify::routes())
        .merge(beeminder::routes())
        .merge(datapoints::routes())
        .merge(graph::routes())
        .merge(pages::routes())
        .fallback(unknown)
        .layer(middleware::from_fn_with_state(Arc::clone(&world), around))
        .with_state(world)
}

/// Notes the request, applies a fault if one is due, and sets the date of the world's clock.
async fn around(State(world): State<Shared>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let service = service_of(&path);
    let (fault, now) = {
        let mut world = lock(&world);
        if service.is_some() {
            world.requests.push(format!("{} {path}", request.method()));
        }
        let now = world.clock.now();
        (service.and_then(|service| world.faults.take(service, &path)), now)
    };
    let mut response = match fault {
        Some(fault) => fault.apply(request, next).await,
        None => next.run(request).await,
    };
    let date = now.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    if let Ok(date) = HeaderValue::from_str(&date) {
        response.headers_mut().entry(header::DATE).or_insert(date);
    }
    response
}

fn path_of(request: &str) -> &str {
    request.split_once(' ').map_or("", |(_, path)| path)
}

/// Which service's API a path belongs to; pages for people belong to none.
fn service_of(path: &str) -> Option<Service> {
    match path {
        "/measure" | "/v2/measure" | "/v2/sleep" | "/v2/user" | "/v2/oauth2" | "/v2/signature"
        | "/notify" => Some(Service::Withings),
        path if path.starts_with("/api/v1/") => Some(Service::Beeminder),
        _ => None,
    }
}

async fn unknown(method: Method, request: Request) -> Response {
    let complaint = format!("The sandbox does not know {method} {}", request.uri());
    tracing::error!("{complaint}");
    (StatusCode::INTERNAL_SERVER_ERROR, Body::from(complaint)).into_response()
}

/// Reads a form; later fields win.
fn form(body: &str) -> std::collections::HashMap<String, String> {
    url::form_urlencoded::parse(body.as_bytes()).into_owned().collect()
}

/// A secret nobody can guess, though nobody would want to.
fn token() -> String {
    let mut random = [0; 20];
    getrandom::fill(&mut random).expect("a computer that runs tests has randomness");
    hex::encode(random)
}
