//! The till of Ferris Prints greets whoever comes in.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Visitor {
    // TODO: a visitor may come without a name, or with the name `null`.
    name: String,
}

#[derive(Serialize)]
struct Welcome {
    greeting: String,
    number: u64,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(welcome)).await
}

async fn welcome(event: LambdaEvent<Visitor>) -> Result<Welcome, Error> {
    let visitor = event.payload;
    // TODO: a visitor without a name, or with a blank one, is a guest.
    // TODO: the ticket has room for a name of 20 characters.
    let greeting = format!("Hello, {}!", visitor.name);
    // TODO: number the visitors that this process has greeted, beginning with 1.
    Ok(Welcome { greeting, number: 0 })
}
