//! A secret of Secrets Manager as a test sees it.

use serde_json::json;

use crate::aws::LocalAws;
use crate::service::Service;

/// A secret. Made by [`LocalAws::secret`].
#[derive(Debug, Clone)]
pub struct Secret {
    aws: LocalAws,
    name: String,
}

impl LocalAws {
    /// Puts a secret: a new one, or a new version of one that is there.
    ///
    /// # Panics
    /// When Secrets Manager refuses it.
    #[track_caller]
    pub fn secret(&self, name: &str, value: &str) -> Secret {
        let secret = Secret { aws: self.clone(), name: name.to_owned() };
        let created =
            self.call(Service::SecretsManager, "CreateSecret", json!({ "Name": name, "SecretString": value }));
        match created {
            Ok(_) => {}
            Err(error) if error.code == "ResourceExistsException" => secret.rotate(value),
            Err(error) => panic!("the secret {name} cannot be made: {error}"),
        }
        secret
    }
}

impl Secret {
    /// Its name, which also serves as its id.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its ARN.
    ///
    /// # Panics
    /// When it was deleted.
    #[track_caller]
    pub fn arn(&self) -> String {
        let params = json!({ "SecretId": self.name });
        let described = self.aws.call(Service::SecretsManager, "DescribeSecret", params);
        let described = described.unwrap_or_else(|error| panic!("the secret {}: {error}", self.name));
        described["ARN"].as_str().unwrap_or_default().to_owned()
    }

    /// Gives it a new value, as a rotation does: the value until now stays under `AWSPREVIOUS`.
    ///
    /// # Panics
    /// When Secrets Manager refuses it.
    #[track_caller]
    pub fn rotate(&self, value: &str) {
        let params = json!({ "SecretId": self.name, "SecretString": value });
        if let Err(error) = self.aws.call(Service::SecretsManager, "PutSecretValue", params) {
            panic!("the secret {} cannot be rotated: {error}", self.name);
        }
    }

    /// The value of now.
    ///
    /// # Panics
    /// When it was deleted.
    #[track_caller]
    pub fn value(&self) -> String {
        let params = json!({ "SecretId": self.name });
        let read = self.aws.call(Service::SecretsManager, "GetSecretValue", params);
        let read = read.unwrap_or_else(|error| panic!("the secret {}: {error}", self.name));
        read["SecretString"].as_str().unwrap_or_default().to_owned()
    }
}
