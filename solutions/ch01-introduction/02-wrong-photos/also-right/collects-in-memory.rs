//! Right as well, as long as sheets are small: a variable of the handler ends with its event.

#[path = "../src/render.rs"]
mod render;

use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Order {
    number: u64,
    photos: Vec<String>,
}

#[derive(Serialize)]
struct Sheet {
    order: u64,
    sheet: String,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(contact_sheet)).await
}

async fn contact_sheet(event: LambdaEvent<Order>) -> Result<Sheet, Diagnostic> {
    let order = event.payload;

    let mut sheet = String::new();
    for photo in &order.photos {
        let thumbnail = render::thumbnail(photo).await.map_err(|reason| failed("UnreadablePhoto", reason))?;
        sheet.push_str(&thumbnail);
    }

    println!("order {}: a sheet of {} bytes", order.number, sheet.len());
    Ok(Sheet { order: order.number, sheet })
}

fn failed(error_type: &str, error_message: String) -> Diagnostic {
    Diagnostic { error_type: error_type.to_owned(), error_message }
}
