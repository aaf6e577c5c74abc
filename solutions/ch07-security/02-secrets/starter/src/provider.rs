//! The payment provider, and how the till speaks with it. Given: it stays as it is.

use std::fmt;

use serde::Deserialize;
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

/// Why a payment was not taken.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The provider does not know this user with this password. It says so at length.
    Password { message: String },
    /// There was no answer.
    Away { message: String },
}

impl fmt::Display for Refusal {
    /// In the provider's own words.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Refusal::Password { message } | Refusal::Away { message }) = self;
        f.write_str(message)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Answer {
    Receipt(String),
    Refused(String),
}

/// Asks the provider at this address for a payment; gives the number of the receipt.
pub(crate) async fn charge(
    address: &str,
    username: &str,
    password: &str,
    order: &str,
    cents: u64,
) -> Result<String, Refusal> {
    let away = |error: &dyn fmt::Display| Refusal::Away { message: format!("{address}: {error}") };
    let mut connection = TcpStream::connect(address).await.map_err(|error| away(&error))?;
    let question = json!({ "username": username, "password": password, "order": order, "cents": cents });
    connection.write_all(format!("{question}\n").as_bytes()).await.map_err(|error| away(&error))?;
    let mut line = String::new();
    BufReader::new(connection).read_line(&mut line).await.map_err(|error| away(&error))?;
    match serde_json::from_str(&line) {
        Ok(Answer::Receipt(number)) => Ok(number),
        Ok(Answer::Refused(message)) => Err(Refusal::Password { message }),
        Err(error) => Err(away(&error)),
    }
}
