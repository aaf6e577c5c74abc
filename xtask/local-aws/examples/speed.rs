//! How fast the services are, and how large: from start to ready, a call of a debug-built SDK client, and the memory of
//! a process with all of it in it. `cargo run -p local-aws --features all --example speed`; nothing is asserted.

use std::time::{Duration, Instant};

use aws_config::{BehaviorVersion, Region};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_sqs::config::Credentials;
use local_aws::LocalAws;
use serde_json::json;

const CALLS: usize = 500;

fn main() {
    let mut starts: Vec<Duration> = (0..20).map(|_| time_of_a_start()).collect();
    let aws = LocalAws::start();
    let (table, queue) = (aws.table("orders", "id"), aws.queue("jobs"));
    table.put(&json!({ "id": "o-1", "status": "placed" }));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let (mut reads, mut sends) = runtime.block_on(async {
        let config = aws_config::defaults(BehaviorVersion::latest())
            .endpoint_url(aws.endpoint())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new("AKIAIOSFODNN7EXAMPLE", "secret", None, None, "speed"))
            .load()
            .await;
        let (dynamodb, sqs) = (aws_sdk_dynamodb::Client::new(&config), aws_sdk_sqs::Client::new(&config));
        let (mut reads, mut sends) = (Vec::new(), Vec::new());
        for _ in 0..CALLS {
            let began = Instant::now();
            let key = AttributeValue::S("o-1".to_owned());
            dynamodb.get_item().table_name("orders").key("id", key).send().await.expect("an item");
            reads.push(began.elapsed());
            let began = Instant::now();
            sqs.send_message().queue_url(queue.url()).message_body("o-1").send().await.expect("a message");
            sends.push(began.elapsed());
        }
        (reads, sends)
    });
    for (what, times) in [("start to ready", &mut starts), ("GetItem", &mut reads), ("SendMessage", &mut sends)] {
        times.sort();
        let at = |percent: usize| times[(times.len() - 1) * percent / 100].as_secs_f64() * 1_000.0;
        println!("{what:<16} p50 {:6.2} ms, p95 {:6.2} ms, of {}", at(50), at(95), times.len());
    }
    match resident_megabytes() {
        Some(megabytes) => println!("memory           {megabytes:.0} MB resident"),
        None => println!("memory           not known on this system"),
    }
}

/// Until the port takes a connection.
fn time_of_a_start() -> Duration {
    let began = Instant::now();
    let aws = LocalAws::start();
    let address = aws.endpoint();
    std::net::TcpStream::connect(address.trim_start_matches("http://")).expect("a connection");
    began.elapsed()
}

/// Linux tells it in `/proc`.
fn resident_megabytes() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().trim_end_matches("kB").trim().parse::<f64>().ok().map(|kilobytes| kilobytes / 1024.0)
}
