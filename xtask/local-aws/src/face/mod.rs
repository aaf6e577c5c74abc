//! What tests see of the services' state: put in and read back as plain values, a line each.

mod bucket;
mod lambda;
mod queue;
mod secret;
#[cfg(feature = "sfn")]
mod state_machine;
mod table;

pub use bucket::Bucket;
pub use queue::QueueFace;
pub use secret::Secret;
#[cfg(feature = "sfn")]
pub use state_machine::{Execution, StateMachineFace};
pub use table::{Table, TableKey};

use crate::aws::{LocalAws, lock};
use crate::engine::parameters::Parameter;

impl LocalAws {
    /// Sets a parameter of the Parameter Store, as the Parameters and Secrets extension serves it.
    pub fn set_parameter(&self, name: &str, value: &str) {
        self.put_parameter(name, value, false);
    }

    /// Sets a parameter that is a SecureString: without `withDecryption` its value is ciphertext.
    pub fn set_secure_parameter(&self, name: &str, value: &str) {
        self.put_parameter(name, value, true);
    }

    fn put_parameter(&self, name: &str, value: &str, is_secure: bool) {
        let mut parameters = lock(&self.inner.parameters);
        let version = parameters.get(name).map_or(1, |parameter| parameter.version + 1);
        parameters.insert(name.to_owned(), Parameter { value: value.to_owned(), is_secure, version });
    }
}
