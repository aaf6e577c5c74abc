//! The same question to an order, asked in three ways: how much memory does each ask for?

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use allocation_counter::{AllocationInfo, measure};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Clone, Deserialize, Serialize)]
struct Photo {
    key: String,
    size: String,
    copies: u64,
}

// ANCHOR: ways
fn by_cloning(photos: &[Photo]) -> BTreeMap<String, u64> {
    let photos = photos.to_vec();
    let mut copies = BTreeMap::new();
    for photo in &photos {
        *copies.entry(photo.size.clone()).or_default() += photo.copies;
    }
    copies
}

fn by_owned_keys(photos: &[Photo]) -> BTreeMap<String, u64> {
    let mut copies = BTreeMap::new();
    for photo in photos {
        *copies.entry(photo.size.clone()).or_default() += photo.copies;
    }
    copies
}

fn by_borrowing(photos: &[Photo]) -> BTreeMap<&str, u64> {
    let mut copies = BTreeMap::new();
    for photo in photos {
        *copies.entry(photo.size.as_str()).or_default() += photo.copies;
    }
    copies
}
// ANCHOR_END: ways

#[derive(Deserialize)]
struct Request {
    photos: u64,
}

async fn compare(event: LambdaEvent<Request>) -> Result<Value, Error> {
    let sizes = ["10x15", "13x18", "20x30"];
    let photos: Vec<Photo> = (0..event.payload.photos)
        .map(|number| Photo {
            key: format!("uploads/{number}.jpg"),
            size: sizes[number as usize % sizes.len()].to_owned(),
            copies: number % 5 + 1,
        })
        .collect();
    let answers = [
        told("clones every photo", &photos, |photos| drop(by_cloning(photos))),
        told("clones every size", &photos, |photos| drop(by_owned_keys(photos))),
        told("borrows", &photos, |photos| drop(by_borrowing(photos))),
    ];
    Ok(json!(answers))
}

fn told(how: &str, photos: &[Photo], ask: impl Fn(&[Photo])) -> Value {
    let AllocationInfo { count_total, bytes_total, .. } = measure(|| ask(photos));
    json!({ "how": how, "allocations": count_total, "bytes": bytes_total, "nanoseconds": median(|| ask(photos)).as_nanos() as u64 })
}

/// The median of 101 turns.
fn median(turn: impl Fn()) -> Duration {
    let mut times: Vec<Duration> = (0..101)
        .map(|_| {
            let start = Instant::now();
            turn();
            start.elapsed()
        })
        .collect();
    times.sort();
    times[times.len() / 2]
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(compare)).await
}
