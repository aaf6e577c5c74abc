//! A function of `lambda_runtime` that meets any fate on request: the tests of this crate run it.
//!
//! `MODE` chooses the kind of function (`plain`, `concurrent`, `graceful`, `snap-start`, `stream`), `INIT` what
//! happens before it asks for its first event, and the field `fate` of the event what happens in the handler.
#![expect(clippy::zombie_processes, reason = "children that outlive the handler are what some fates are about")]

use std::io::Write;
use std::pin::Pin;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use std::{env, process, thread};

use bytes::Bytes;
use futures::Stream;
use lambda_runtime::{
    BoxFuture, Diagnostic, Error, LambdaEvent, Runtime, SnapStartResource, StreamResponse, run, run_concurrent,
    service_fn, spawn_graceful_shutdown_handler,
};
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Result<(), Error> {
    init(&env::var("INIT").unwrap_or_default())?;
    match env::var("MODE").unwrap_or_default().as_str() {
        "concurrent" => run_concurrent(service_fn(slow_echo)).await,
        "graceful" => {
            spawn_graceful_shutdown_handler(|| async { println!("cleaned up") }).await;
            run(service_fn(handler)).await
        }
        "snap-start" => Runtime::new(service_fn(handler)).register_snapstart_resource(Arc::new(Connection)).run().await,
        "stream" => run(service_fn(stream)).await,
        _ => run(service_fn(handler)).await,
    }
}

fn init(fate: &str) -> Result<(), Error> {
    println!("initializing");
    match fate {
        "error" => Err("no database".into()),
        "panic" => panic!("no configuration"),
        "exit" => process::exit(9),
        "hang" => loop {
            thread::sleep(Duration::from_secs(60));
        },
        "once" => {
            // Fails in the first process of an environment, whose TMPDIR outlives it.
            let marker = env::temp_dir().join("was-here");
            if marker.exists() {
                return Ok(());
            }
            std::fs::write(marker, "")?;
            process::exit(9)
        }
        _ => Ok(()),
    }
}

static COUNT: AtomicU64 = AtomicU64::new(0);

async fn handler(event: LambdaEvent<Value>) -> Result<Value, Diagnostic> {
    let count = COUNT.fetch_add(1, Ordering::Relaxed) + 1;
    let (event, context) = event.into_parts();
    let number = |key: &str| event[key].as_u64().unwrap_or_default();
    match event["fate"].as_str().unwrap_or_default() {
        "count" => return Ok(json!({ "count": count })),
        "pid" => return Ok(json!({ "pid": process::id() })),
        "context" => return Ok(serde_json::to_value(&context).expect("a context is JSON")),
        "env" => {
            return Ok(env::vars().map(|(name, value)| (name, json!(value))).collect::<serde_json::Map<_, _>>().into());
        }
        "error" => {
            return Err(Diagnostic { error_type: "OrderRefused".into(), error_message: "no such print".into() });
        }
        "panic" => panic!("the printer is on fire"),
        "exit" => process::exit(number("code") as i32),
        "sleep" => tokio::time::sleep(Duration::from_millis(number("ms"))).await,
        "block" => thread::sleep(Duration::from_secs(600)),
        "spin" => loop {
            std::hint::spin_loop();
        },
        "ignore-sigterm" => {
            // `trap` in a shell of our group; the function itself hangs with it.
            let _ = Command::new("/bin/sh").args(["-c", "trap '' TERM INT HUP; sleep 600"]).status();
        }
        "fork" => {
            let child = Command::new("/bin/sleep").arg("600").spawn().expect("sleep is there");
            return Ok(json!({ "child": child.id() }));
        }
        "fork-and-hang" => {
            let _ = Command::new("/bin/sh").args(["-c", "sleep 600 & sleep 600"]).status();
        }
        "leave-group" => {
            use std::os::unix::process::CommandExt;
            let child = Command::new("/bin/sleep").arg("30").process_group(0).spawn().expect("sleep is there");
            return Ok(json!({ "child": child.id() }));
        }
        "eat-memory" => {
            let mut eaten = vec![0_u8; number("mb") as usize * 1024 * 1024];
            for page in eaten.chunks_mut(4096) {
                page[0] = 1;
            }
            return Ok(json!({ "eaten": eaten.len() }));
        }
        "flood" => {
            for line in 0..number("lines") {
                println!("line {line} {}", "x".repeat(90));
            }
        }
        "log" => {
            println!("to standard output");
            eprintln!("to standard error");
            print!("without an end");
            let _ = std::io::stdout().flush();
        }
        "large" => return Ok(json!("x".repeat(number("bytes") as usize))),
        "background" => {
            tokio::spawn(async {
                tokio::time::sleep(Duration::from_millis(60)).await;
                println!("the timer rang");
            });
        }
        "tmp" => {
            let folder = env::temp_dir();
            let before = std::fs::read_dir(&folder).map(Iterator::count).unwrap_or_default();
            std::fs::write(folder.join(format!("file-{before}")), "x").expect("TMPDIR can be written to");
            return Ok(json!({ "before": before, "folder": folder }));
        }
        _ => {}
    }
    Ok(event)
}

/// Answers after a moment, so that several are under way at once.
async fn slow_echo(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let ms = event.payload["ms"].as_u64().unwrap_or(20);
    tokio::time::sleep(Duration::from_millis(ms)).await;
    Ok(json!({ "pid": process::id(), "echo": event.payload }))
}

/// Three pieces with pauses between them; on request an error follows.
async fn stream(event: LambdaEvent<Value>) -> Result<StreamResponse<PartStream>, Error> {
    let breaks_off = event.payload["fate"] == "break-off";
    let parts = futures::stream::unfold(0, move |n| async move {
        if n > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        match (["one ", "two ", "three"].get(n), breaks_off) {
            (Some(part), _) => Some((Ok(Bytes::from_static(part.as_bytes())), n + 1)),
            (None, true) if n == 3 => Some((Err(Error::from("the source ran dry")), n + 1)),
            _ => None,
        }
    });
    Ok(StreamResponse::from(Box::pin(parts) as PartStream))
}

type PartStream = Pin<Box<dyn Stream<Item = Result<Bytes, Error>> + Send>>;

struct Connection;

impl SnapStartResource for Connection {
    fn before_snapshot(&self) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async {
            println!("before the snapshot");
            Ok(())
        })
    }

    fn after_restore(&self) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async {
            println!("after the restore");
            match env::var("RESTORE") {
                Ok(message) => Err(message.into()),
                Err(_) => Ok(()),
            }
        })
    }
}
