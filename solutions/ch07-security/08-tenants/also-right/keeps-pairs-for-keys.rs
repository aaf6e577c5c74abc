//! Right as well: one map for each kind of thing, with a pair for its key.

#[path = "../src/store.rs"]
mod store;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use lambda_runtime::{Context, Diagnostic, Error, LambdaEvent, run, service_fn};
use serde::Deserialize;
use serde_json::{Value, json};
use store::PriceList;

#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "lowercase")]
enum Wish {
    Price { size: String, copies: u64 },
    Save { album: String, text: String },
    Open { album: String },
}

/// A tenant that Lambda named. There is no other way to one.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Tenant(String);

/// All that the process keeps: what is of no tenant has no place here.
#[derive(Default)]
struct Counter {
    prices: Mutex<HashMap<Tenant, PriceList>>,
    albums: Mutex<HashMap<(Tenant, String), String>>,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let counter = Counter::default();
    run(service_fn(|event| serve(&counter, event))).await
}

async fn serve(counter: &Counter, event: LambdaEvent<Wish>) -> Result<Value, Diagnostic> {
    let tenant = Tenant::of(&event.context)?;
    println!("tenant {}: {}", tenant.0, event.payload.name());
    let mut prices = counter.prices.lock().unwrap_or_else(PoisonError::into_inner);
    let mut albums = counter.albums.lock().unwrap_or_else(PoisonError::into_inner);
    match event.payload {
        Wish::Price { size, copies } => {
            let cents =
                read_once(&mut prices, &tenant)?.get(&size).ok_or_else(|| failed("NoSize", "there is no such size"))?;
            Ok(json!({ "cents": cents * copies }))
        }
        Wish::Save { album, text } => {
            albums.insert((tenant, album.clone()), text);
            Ok(json!({ "saved": album }))
        }
        Wish::Open { album } => match albums.get(&(tenant, album.clone())) {
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

/// The price list, read once; one that is not there is asked for again.
fn read_once<'l>(lists: &'l mut HashMap<Tenant, PriceList>, tenant: &Tenant) -> Result<&'l PriceList, Diagnostic> {
    if !lists.contains_key(tenant) {
        let list = store::price_list(&tenant.0).ok_or_else(|| failed("NoPrices", "there is no price list"))?;
        lists.insert(tenant.clone(), list);
    }
    Ok(&lists[tenant])
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
