//! Panics before it reads its event.

fn main() {
    panic!("no TABLE_NAME in the environment");
}
