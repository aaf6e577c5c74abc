//! caught-by: refuses_whoever_has_no_name
//!
//! Writes the wish of whoever has no name into the log, with album and text.
#![allow(unused)]

#[path = "../src/store.rs"]
mod store;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use lambda_runtime::{Context, Diagnostic, Error, LambdaEvent, run, service_fn};
use serde::Deserialize;
use serde_json::{Value, json};
use store::PriceList;

#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "lowercase")]
enum Wish {
    Price { size: String, copies: u64 },
    Save { album: String, text: String },
    Open { album: String },
}

/// A tenant that Lambda named. There is no other way to one.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Tenant(String);

/// All that the process keeps of one tenant.
#[derive(Default)]
struct Shelf {
    prices: Option<PriceList>,
    albums: HashMap<String, String>,
}

/// All that the process keeps: what is of no tenant has no place here.
#[derive(Default)]
struct Counter {
    shelves: Mutex<HashMap<Tenant, Shelf>>,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let counter = Counter::default();
    run(service_fn(|event| serve(&counter, event))).await
}

async fn serve(counter: &Counter, event: LambdaEvent<Wish>) -> Result<Value, Diagnostic> {
    let tenant = Tenant::of(&event.context).inspect_err(|_| println!("no tenant: {:?}", event.payload))?;
    println!("tenant {}: {}", tenant.0, event.payload.name());
    let mut shelves = counter.shelves.lock().unwrap_or_else(PoisonError::into_inner);
    let shelf = shelves.entry(tenant.clone()).or_default();
    match event.payload {
        Wish::Price { size, copies } => {
            let cents = shelf.prices(&tenant)?.get(&size).ok_or_else(|| failed("NoSize", "there is no such size"))?;
            Ok(json!({ "cents": cents * copies }))
        }
        Wish::Save { album, text } => {
            shelf.albums.insert(album.clone(), text);
            Ok(json!({ "saved": album }))
        }
        Wish::Open { album } => match shelf.albums.get(&album) {
            Some(text) => Ok(json!({ "album": album, "text": text })),
            None => Err(failed("NoAlbum", "there is no such album")),
        },
    }
}

impl Tenant {
    /// Whom Lambda says that it is. An event says what its caller likes.
    fn of(context: &Context) -> Result<Tenant, Diagnostic> {
        let id = context.tenant_id.clone().filter(|id| !id.is_empty());
        id.map(Tenant).ok_or_else(|| failed("NoTenant", "the invocation names no tenant"))
    }
}

impl Shelf {
    /// The price list, read once; one that is not there is asked for again.
    fn prices(&mut self, tenant: &Tenant) -> Result<&PriceList, Diagnostic> {
        if self.prices.is_none() {
            self.prices = store::price_list(&tenant.0);
        }
        self.prices.as_ref().ok_or_else(|| failed("NoPrices", "there is no price list"))
    }
}

impl Wish {
    /// What is wished, without a word of what was typed.
    fn name(&self) -> &'static str {
        match self {
            Wish::Price { .. } => "price",
            Wish::Save { .. } => "save",
            Wish::Open { .. } => "open",
        }
    }
}

fn failed(error_type: &str, error_message: &str) -> Diagnostic {
    Diagnostic { error_type: error_type.to_owned(), error_message: error_message.to_owned() }
}
