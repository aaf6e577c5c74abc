//! Stands in for the bank: what it answers, says and takes stands in the request itself, in `bank`.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use serde_json::Value;
use tokio::time::sleep;

/// Why the bank took no money.
#[derive(Debug)]
pub(crate) enum BankError {
    /// The customer's bank says no.
    Declined(String),
    /// The bank gave no answer.
    Away(Connection),
}

/// What went wrong on the way.
#[derive(Debug)]
pub(crate) struct Connection(String);

impl fmt::Display for BankError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BankError::Declined(reason) => write!(f, "declined: {reason}"),
            BankError::Away(_) => f.write_str("the bank gave no answer"),
        }
    }
}

impl Error for BankError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            BankError::Declined(_) => None,
            BankError::Away(connection) => Some(connection),
        }
    }
}

impl fmt::Display for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "connection lost: {}", self.0)
    }
}

impl Error for Connection {}

/// Asks the bank for the money.
///
/// # Errors
/// `Declined` and `Away`, with whatever the bank or the network said. As real ones do, they say too much.
pub(crate) async fn charge(request: &Value) -> Result<(), BankError> {
    let bank = &request["bank"];
    sleep(Duration::from_millis(bank["takes_ms"].as_u64().unwrap_or_default())).await;
    let says = || bank["says"].as_str().unwrap_or_default().to_owned();
    match bank["answer"].as_str() {
        Some("declines") => Err(BankError::Declined(says())),
        Some("is away") => Err(BankError::Away(Connection(says()))),
        Some("sends nonsense") => panic!("this is no answer: {}", says()),
        _ => Ok(()),
    }
}
