//! The token: who has it may run checks. It is printed in the fragment of the address, which no browser sends or logs;
//! a cookie would go to every other server on this machine, since cookies do not know ports.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow};

/// So long may a browser take to start and fetch the token for its ticket.
const TICKET_LASTS: Duration = Duration::from_secs(120);

#[derive(Debug)]
pub(super) struct Token {
    secret: String,
    /// Stands in the command line that opens the browser, which every user of the machine can read: so it is worth
    /// the token only once, and not for long.
    ticket: Mutex<Option<(String, Instant)>>,
}

impl Token {
    pub(super) fn new() -> anyhow::Result<Token> {
        Ok(Token { secret: random()?, ticket: Mutex::new(Some((random()?, Instant::now()))) })
    }

    pub(super) fn secret(&self) -> &str {
        &self.secret
    }

    /// For the browser that we open ourselves.
    pub(super) fn ticket(&self) -> Option<String> {
        self.ticket.lock().ok()?.as_ref().map(|(ticket, _)| ticket.clone())
    }

    pub(super) fn fits(&self, bearer: &str) -> bool {
        equal(bearer.as_bytes(), self.secret.as_bytes())
    }

    /// Takes the ticket back for the token. A wrong one does not use it up.
    pub(super) fn redeem(&self, bearer: &str) -> Option<&str> {
        let mut ticket = self.ticket.lock().ok()?;
        let (good, since) = ticket.as_ref()?;
        if since.elapsed() > TICKET_LASTS || !equal(bearer.as_bytes(), good.as_bytes()) {
            return None;
        }
        *ticket = None;
        Some(&self.secret)
    }
}

/// 128 bits, as 32 hexadecimal digits.
fn random() -> anyhow::Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| anyhow!("{error}")).context("failed to draw a random token")?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Looks at every byte, so that the time says nothing about how many are right.
fn equal(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && std::hint::black_box(one.iter().zip(other).fold(0, |sum, (a, b)| sum | (a ^ b))) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_is_worth_the_token_once() {
        let token = Token::new().expect("random bytes");
        let ticket = token.ticket().expect("a ticket");
        assert_ne!(ticket, token.secret());
        assert_eq!(token.redeem("0"), None);
        assert_eq!(token.redeem(&ticket), Some(token.secret()));
        assert_eq!(token.redeem(&ticket), None);
        assert!(!token.fits(&ticket) && token.fits(token.secret()) && !token.fits(""));
    }
}
