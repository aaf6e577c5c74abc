//! caught-by: takes_the_new_username_too
//!
//! Takes the new password, and goes on with the old username.
#![allow(unused)]

#[path = "../src/provider.rs"]
mod provider;

use std::env;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use aws_config::BehaviorVersion;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::DisplayErrorContext;
use lambda_runtime::{Diagnostic, Error, LambdaEvent, run_concurrent, service_fn};
use serde::{Deserialize, Serialize};

use provider::{Refusal, charge};

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Event {
    Pay {
        order: String,
        cents: u64,
    },
    /// Logs what the till has in its hands.
    Report {},
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Answer {
    Receipt(String),
    Reported(bool),
}

/// A text that nobody sees by accident: to read it, one has to say so.
#[derive(Deserialize)]
struct Secret(String);

impl Secret {
    fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// What the secret says.
#[derive(Debug, Deserialize)]
struct Login {
    username: String,
    password: Secret,
}

/// A version of the secret, and when it was fetched.
#[derive(Debug)]
struct Kept {
    login: Login,
    version: String,
    fetched: Instant,
}

/// Why there is no secret. What exactly was wrong with it is not told: such a message has parts of it.
#[derive(Debug, Clone, Copy)]
enum NoSecret {
    Unavailable,
    Broken,
}

impl From<NoSecret> for Diagnostic {
    fn from(no_secret: NoSecret) -> Diagnostic {
        match no_secret {
            NoSecret::Unavailable => failed("SecretUnavailable", "the till cannot get its password"),
            NoSecret::Broken => failed("SecretBroken", "the till cannot read its password"),
        }
    }
}

struct Till {
    client: Client,
    /// The name of the secret.
    secret: String,
    /// The provider's address.
    provider: String,
    /// How old a secret may be.
    ttl: Duration,
    /// Locked to look and to change, never over an `.await`.
    kept: Mutex<Option<Arc<Kept>>>,
    /// Whose turn it is to fetch.
    turn: tokio::sync::Mutex<()>,
}

impl Till {
    /// A secret that is good enough: the one that is kept, or a new one, which one of all who ask fetches.
    async fn login(&self, is_good: impl Fn(&Kept) -> bool) -> Result<Arc<Kept>, NoSecret> {
        if let Some(kept) = self.kept().filter(|kept| is_good(kept)) {
            return Ok(kept);
        }
        let _turn = self.turn.lock().await;
        // Somebody may have fetched while we waited for the turn.
        if let Some(kept) = self.kept().filter(|kept| is_good(kept)) {
            return Ok(kept);
        }
        let kept = Arc::new(self.fetch().await?);
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&kept));
        Ok(kept)
    }

    fn kept(&self) -> Option<Arc<Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn fetch(&self) -> Result<Kept, NoSecret> {
        let answer = self.client.get_secret_value().secret_id(&self.secret).send().await;
        let answer = answer.map_err(|error| {
            println!("the secret was not fetched: {}", DisplayErrorContext(&error));
            NoSecret::Unavailable
        })?;
        let bytes = match (answer.secret_string(), answer.secret_binary()) {
            (Some(text), _) => text.as_bytes(),
            (None, Some(bytes)) => bytes.as_ref(),
            (None, None) => return Err(NoSecret::Broken),
        };
        let login = serde_json::from_slice(bytes).map_err(|_| NoSecret::Broken)?;
        let version = answer.version_id().unwrap_or_default().to_owned();
        Ok(Kept { login, version, fetched: Instant::now() })
    }

    async fn pay(&self, order: &str, cents: u64) -> Result<String, Diagnostic> {
        let first = match self.login(|kept| kept.fetched.elapsed() < self.ttl).await {
            Ok(kept) => kept,
            // An old password is mostly still the right one.
            Err(no_secret) => self.kept().ok_or(no_secret)?,
        };
        match self.charge(&first, order, cents).await {
            Err(Refusal::Password { message }) => log_refusal(&first, &message),
            result => return result.map_err(diagnose),
        }
        // What another version is, or was fetched since, is new enough, whoever fetched it.
        let refused = Instant::now();
        let second = self.login(|kept| kept.version != first.version || kept.fetched > refused).await?;
        if second.version == first.version {
            // The same password again would only bring the till nearer to being locked out.
            return Err(payment_refused());
        }
        let Login { password, .. } = &second.login;
        let username = &first.login.username;
        charge(&self.provider, username, password.expose(), order, cents).await.map_err(diagnose)
    }

    async fn charge(&self, kept: &Kept, order: &str, cents: u64) -> Result<String, Refusal> {
        let Login { username, password } = &kept.login;
        charge(&self.provider, username, password.expose(), order, cents).await
    }

    async fn handle(&self, event: LambdaEvent<Event>) -> Result<Answer, Diagnostic> {
        match event.payload {
            Event::Pay { order, cents } => self.pay(&order, cents).await.map(Answer::Receipt),
            Event::Report {} => {
                println!("{:?}", self.kept);
                Ok(Answer::Reported(true))
            }
        }
    }
}

/// The provider's own words may repeat what it was sent, so they stay out of the log.
fn log_refusal(kept: &Kept, message: &str) {
    println!("version {} of the password was refused, with {} bytes of explanation", kept.version, message.len());
}

/// What the caller is told: what failed, and not how.
fn diagnose(refusal: Refusal) -> Diagnostic {
    match refusal {
        Refusal::Password { .. } => payment_refused(),
        Refusal::Away { message } => {
            println!("the provider is away: {message}");
            failed("ProviderAway", "the payment provider does not answer")
        }
    }
}

fn payment_refused() -> Diagnostic {
    failed("PaymentRefused", "the payment provider does not let the till in")
}

fn failed(error_type: &str, error_message: impl Into<String>) -> Diagnostic {
    Diagnostic { error_type: error_type.to_owned(), error_message: error_message.into() }
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
    let till = Arc::new(Till {
        client: Client::new(&config),
        secret: env::var("SECRET")?,
        provider: env::var("PROVIDER")?,
        ttl: Duration::from_millis(env::var("TTL_MS")?.parse()?),
        kept: Mutex::new(None),
        turn: tokio::sync::Mutex::new(()),
    });
    run_concurrent(service_fn(move |event| {
        let till = Arc::clone(&till);
        async move { till.handle(event).await }
    }))
    .await
}
