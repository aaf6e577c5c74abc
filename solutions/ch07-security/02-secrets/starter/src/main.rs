//! The till takes payments, with a password that Secrets Manager keeps and changes.

mod provider;

use std::env;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use aws_config::BehaviorVersion;
use aws_sdk_secretsmanager::Client;
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

/// What the secret says.
// TODO: whoever prints this prints the password.
#[derive(Debug, Deserialize)]
struct Login {
    username: String,
    password: String,
}

/// A version of the secret, and when it was fetched.
#[derive(Debug)]
struct Kept {
    login: Login,
    version: String,
    fetched: Instant,
}

struct Till {
    client: Client,
    /// The name of the secret.
    secret: String,
    /// The provider's address.
    provider: String,
    /// How old a secret may be.
    ttl: Duration,
    kept: Mutex<Option<Arc<Kept>>>,
}

impl Till {
    // TODO: a secret that is young enough is used again, and events that come together fetch it once.
    async fn login(&self) -> Result<Arc<Kept>, Diagnostic> {
        let kept = Arc::new(self.fetch().await?);
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&kept));
        println!("has version {}, {:?} old, good for {:?}", kept.version, kept.fetched.elapsed(), self.ttl);
        Ok(kept)
    }

    async fn fetch(&self) -> Result<Kept, Diagnostic> {
        let answer = self.client.get_secret_value().secret_id(&self.secret).send().await;
        let answer = answer.map_err(|error| failed("SecretUnavailable", format!("{error:?}")))?;
        // TODO: a secret may also be bytes.
        let text = answer.secret_string().unwrap_or_default();
        let login = serde_json::from_str(text).map_err(|error| failed("SecretBroken", error.to_string()))?;
        let version = answer.version_id().unwrap_or_default().to_owned();
        Ok(Kept { login, version, fetched: Instant::now() })
    }

    // TODO: when the provider does not take the password any more, there may be a newer one.
    // TODO: the caller is told what failed, and nothing besides.
    async fn pay(&self, order: &str, cents: u64) -> Result<String, Diagnostic> {
        let kept = self.login().await?;
        let Login { username, password } = &kept.login;
        charge(&self.provider, username, password, order, cents).await.map_err(|refusal| match refusal {
            Refusal::Password { message } => failed("PaymentRefused", message),
            Refusal::Away { message } => failed("ProviderAway", message),
        })
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
    });
    run_concurrent(service_fn(move |event| {
        let till = Arc::clone(&till);
        async move { till.handle(event).await }
    }))
    .await
}
