//! The counter that Ferris Prints lends to other photo shops: prices, and albums that are not finished yet. Each shop is
//! a tenant, and has its own of both.

mod store;

use std::sync::OnceLock;
use std::{env, fs};

use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn};
use serde::Deserialize;
use serde_json::{Value, json};
use store::PriceList;

#[derive(Debug, Deserialize)]
struct Request {
    tenant: Option<String>,
    #[serde(flatten)]
    wish: Wish,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "lowercase")]
enum Wish {
    Price { size: String, copies: u64 },
    Save { album: String, text: String },
    Open { album: String },
}

static LABEL: OnceLock<String> = OnceLock::new();
static PRICES: OnceLock<Option<PriceList>> = OnceLock::new();

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(serve)).await
}

async fn serve(event: LambdaEvent<Request>) -> Result<Value, Diagnostic> {
    let (request, context) = event.into_parts();
    let tenant = request.tenant.clone().or(context.tenant_id).unwrap_or_else(|| "house".to_owned());
    let label = LABEL.get_or_init(|| format!("tenant {tenant}"));
    println!("{label}: {request:?}");

    match request.wish {
        Wish::Price { size, copies } => {
            // Read once: the list does not change as long as the process lives.
            let prices = PRICES.get_or_init(|| store::price_list(&tenant)).as_ref();
            let prices = prices.ok_or_else(|| failed("NoPrices", format!("{tenant} has no price list")))?;
            let cents = prices.get(&size).ok_or_else(|| failed("NoSize", format!("sizes: {:?}", prices.keys())))?;
            Ok(json!({ "cents": cents * copies }))
        }
        Wish::Save { album, text } => {
            fs::write(path(&tenant, &album), text).map_err(|error| failed("DiskFailed", error.to_string()))?;
            Ok(json!({ "saved": album }))
        }
        Wish::Open { album } => match fs::read_to_string(path(&tenant, &album)) {
            Ok(text) => Ok(json!({ "album": album, "text": text })),
            Err(_) => Err(failed("NoAlbum", format!("{album} is not one of {:?}", albums()))),
        },
    }
}

/// Where an album lies. The name of its tenant is in it, so that nobody gets another one's.
fn path(tenant: &str, album: &str) -> std::path::PathBuf {
    env::temp_dir().join(format!("{tenant}-{album}.txt"))
}

/// What there is, for a customer who has mistyped a name.
fn albums() -> Vec<String> {
    let files = fs::read_dir(env::temp_dir()).into_iter().flatten().flatten();
    files.map(|file| file.file_name().to_string_lossy().into_owned()).collect()
}

fn failed(error_type: &str, error_message: String) -> Diagnostic {
    Diagnostic { error_type: error_type.to_owned(), error_message }
}
