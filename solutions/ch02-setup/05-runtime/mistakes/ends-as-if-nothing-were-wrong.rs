//! caught-by: reports_that_it_cannot_start
//!
//! Reports that it cannot start, and ends with status 0, which says that all went well.
#![allow(unused)]

#[path = "../src/api.rs"]
mod api;
#[path = "../src/shop.rs"]
mod shop;

use std::any::Any;
use std::io::{Error, Result};
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::json;

use api::{Api, Reply};
use shop::{Context, Failure, Shop};

fn main() -> Result<()> {
    let api = Api::from_env()?;
    let shop = match Shop::open() {
        Ok(shop) => shop,
        Err(failure) => {
            report(&api, "/runtime/init/error", &failure)?;
            return Ok(());
        }
    };
    loop {
        let next = api.get("/runtime/invocation/next")?;
        let context = context(&next)?;
        let path = format!("/runtime/invocation/{}", context.request_id);
        match guarded(|| shop.answer(&next.body, &context)) {
            Ok(answer) => {
                api.post(&format!("{path}/response"), &[], answer.to_string().as_bytes())?;
            }
            Err(failure) => report(&api, &format!("{path}/error"), &failure)?,
        }
    }
}

fn context(next: &Reply) -> Result<Context> {
    let header =
        |name: &str| next.header(name).ok_or_else(|| Error::other(format!("status {}, without {name}", next.status)));
    Ok(Context {
        request_id: header("Lambda-Runtime-Aws-Request-Id")?.to_owned(),
        deadline_ms: header("Lambda-Runtime-Deadline-Ms")?.parse().map_err(Error::other)?,
        function_arn: header("Lambda-Runtime-Invoked-Function-Arn")?.to_owned(),
    })
}

/// Calls the handler; a panic is a failure of this one event. The shop is not changed by an event, so nothing of it can
/// be left half done: that is what `AssertUnwindSafe` says.
fn guarded<T>(handler: impl FnOnce() -> std::result::Result<T, Failure>) -> std::result::Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(handler))
        .unwrap_or_else(|panic| Err(Failure::new("HandlerPanicked", message(panic.as_ref()))))
}

/// What a panic said. `panic!` gives a `&str` or a `String`.
fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
}

fn report(api: &Api, path: &str, failure: &Failure) -> Result<()> {
    let body = json!({ "errorType": failure.error_type, "errorMessage": failure.message, "stackTrace": [] });
    let category = format!("Function.{}", failure.error_type);
    api.post(path, &[("Lambda-Runtime-Function-Error-Type", &category)], body.to_string().as_bytes())?;
    Ok(())
}
