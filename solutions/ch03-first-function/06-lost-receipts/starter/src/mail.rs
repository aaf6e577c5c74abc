//! The mail service. It is slow and it is right: the bug is elsewhere.

use std::time::Duration;

/// Sends a receipt; an address without `@` is refused.
pub(crate) async fn send_receipt(to: &str, order: u64) -> Result<(), String> {
    tokio::time::sleep(Duration::from_millis(100)).await;
    if !to.contains('@') {
        return Err(format!("the mail service refused the receipt of order {order}"));
    }
    println!("receipt {order} sent to {to}");
    Ok(())
}
