//! Says whether the shop is open at the hour on standard input, by the file in `HOURS`.

use std::io::Read as _;

fn main() {
    let file = std::env::var_os("HOURS").expect("HOURS names the file");
    let text = std::fs::read_to_string(file).expect("the file is text");
    let hours: Vec<u32> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    let mut event = String::new();
    std::io::stdin().read_to_string(&mut event).expect("the event is text");
    let hour: u32 = event.trim().parse().expect("the event is an hour");
    let is_open = matches!(hours.as_slice(), [opens, closes] if (*opens..*closes).contains(&hour));
    println!("{}", if is_open { "open" } else { "closed" });
}
