//! Nothing to see: this package is its `Cargo.toml`.
