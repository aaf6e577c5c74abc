//! Fails when the file would let somebody in at midnight.

fn main() {
    let file = std::env::var_os("HOURS").expect("HOURS names the file");
    let text = std::fs::read_to_string(file).expect("the file is text");
    let opens_at_midnight = text.split_whitespace().find_map(|word| word.parse::<u32>().ok()) == Some(0);
    assert!(!opens_at_midnight, "somebody came in at midnight");
}
