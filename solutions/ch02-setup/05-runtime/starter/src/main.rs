//! A runtime of one's own: the loop between Lambda's Runtime API and a handler.

mod api;
mod shop;

use std::io::{Error, Result};

use serde_json::json;

use api::Api;
use shop::{Context, Shop};

fn main() -> Result<()> {
    let api = Api::from_env()?;
    // TODO: when the shop does not open, Lambda wants to be told before the process ends.
    let shop = Shop::open().map_err(|failure| Error::other(failure.message))?;
    loop {
        let next = api.get("/runtime/invocation/next")?;
        // TODO: everything else in the context comes with headers as well.
        let Some(id) = next.header("Lambda-Runtime-Aws-Request-Id") else {
            return Err(Error::other(format!("status {}, without an id", next.status)));
        };
        let context = Context { request_id: id.to_owned(), deadline_ms: 0, function_arn: String::new() };
        // TODO: a handler that panics, and what becomes of an error.
        let answer = shop
            .answer(&next.body, &context)
            .unwrap_or_else(|failure| json!({ "error": failure.error_type, "message": failure.message }));
        api.post(&format!("/runtime/invocation/{id}/response"), &[], answer.to_string().as_bytes())?;
    }
}
