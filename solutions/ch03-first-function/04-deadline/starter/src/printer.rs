//! The printer. Given: there is nothing to change here.

use std::time::Duration;

/// Prints one job, which takes a while and cannot be taken back.
pub(crate) async fn print(job: &str) {
    tokio::time::sleep(Duration::from_millis(10)).await;
    println!("printed {job}");
}
