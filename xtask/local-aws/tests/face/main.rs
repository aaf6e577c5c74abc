//! What a check sees of the services: state as plain values, the tap, faults, permissions; with real SDK clients and a
//! real function on the other side.

mod bad_requests;
mod chain;
mod events;
mod extension;
mod faults;
mod function;
mod lambda;
mod permission;
mod state;
mod state_machine;
mod support;
mod tap;
