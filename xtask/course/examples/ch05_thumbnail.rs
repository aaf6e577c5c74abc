//! A thumbnail: some waiting, more computing. Lambda gives a function a part of a CPU that follows its memory; the
//! local one does not, so this function holds itself to that part.

use std::env;
use std::hint::black_box;
use std::thread;
use std::time::{Duration, Instant};

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::{Value, json};

/// The part of a CPU that this memory gives to one thread.
struct Share {
    /// How long it may run in each period.
    quota: Duration,
}

impl Share {
    const PERIOD: Duration = Duration::from_millis(20);

    fn of(memory_mb: u32) -> Share {
        // 1,769 MB are one vCPU: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
        Share { quota: Share::PERIOD.mul_f64((f64::from(memory_mb) / 1_769.0).min(1.0)) }
    }

    /// Works through the pieces, and stands still for the rest of a period whose quota is used up.
    fn work(&self, pieces: impl Iterator<Item = u64>) -> u64 {
        let mut begun = Instant::now();
        let mut sum = 0_u64;
        for piece in pieces {
            sum = sum.wrapping_add(shrink(piece));
            let used = begun.elapsed();
            if used >= self.quota {
                // Whoever used more than its quota waits longer for it.
                thread::sleep(
                    Share::PERIOD.mul_f64(used.as_secs_f64() / self.quota.as_secs_f64()).saturating_sub(used),
                );
                begun = Instant::now();
            }
        }
        sum
    }
}

/// One line of the picture, made smaller: the mean of every eight points.
fn shrink(line: u64) -> u64 {
    let points: Vec<u64> = (0..1_600).map(|x| black_box(x * 31 + line * 17) % 256).collect();
    points.chunks(8).map(|chunk| chunk.iter().sum::<u64>() / 8).sum()
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let share = Share::of(env::var("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")?.parse()?);
    // Fonts and frames, which every thumbnail needs.
    black_box(share.work(0..100));
    run(service_fn(async |_: LambdaEvent<Value>| {
        // The photo comes from the bucket.
        tokio::time::sleep(Duration::from_millis(20)).await;
        Ok::<_, Error>(json!({ "sum": share.work(0..3_000) }))
    }))
    .await
}
