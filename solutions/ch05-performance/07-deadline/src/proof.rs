//! Renders proofs: small pictures of an album's pages. Given: there is nothing to change here.

use std::time::Duration;

/// Renders the proof of an album, page by page. Whoever drops the future stops the work at the page where it is.
pub(crate) async fn render(order: u64, pages: u32) -> Result<String, String> {
    println!("order {order}: the work begins");
    let _desk = Desk { order };
    if pages == 0 {
        return Err("an album has at least one page".to_owned());
    }
    for _ in 0..pages {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    println!("order {order}: the work is done");
    Ok(format!("proof of {pages} pages"))
}

/// A place to work at, full of drafts; cleared when it is left, in whatever way.
struct Desk {
    order: u64,
}

impl Drop for Desk {
    fn drop(&mut self) {
        // Putting the drafts away takes a moment.
        std::thread::sleep(Duration::from_millis(20));
        println!("order {}: the desk is cleared", self.order);
    }
}
