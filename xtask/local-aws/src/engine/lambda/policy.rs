//! The policy of a function: who else may invoke it.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html>.

use local_aws_policy::{Policies, Policy, Request};
use serde_json::{Value, json};

use super::{Answered, Call, Named, conflict, missing};
use crate::error::AwsError;
use crate::permission::ACCOUNT;

impl Named {
    /// What a policy speaks about: the function, or one of its versions or aliases.
    fn arn(&self) -> String {
        match &self.qualifier {
            Some(qualifier) => format!("{}:{qualifier}", self.function.arn()),
            None => self.function.arn().to_owned(),
        }
    }
}

impl Call<'_> {
    pub(super) fn add_permission(&self) -> Answered {
        let named = self.named()?;
        let (arn, id) = (named.arn(), self.text("StatementId").unwrap_or_default());
        let statement = self.statement(&arn, id);
        Policy::resource(&document(std::slice::from_ref(&statement)))
            .map_err(|error| super::invalid(error.to_string()))?;
        let revision = self.new_revision();
        self.with_record(&named.function, |record| {
            let policy = record.policies.entry(arn).or_default();
            self.check_revision(&policy.revision, "GetPolicy")?;
            if policy.statements.iter().any(|statement| statement["Sid"] == id) {
                return Err(conflict(format!(
                    "The statement id ({id}) provided already exists. Please provide a new statement id, or remove \
                     the existing statement."
                )));
            }
            policy.statements.push(statement.clone());
            policy.revision = revision;
            Ok(())
        })?;
        Ok(json!({ "Statement": statement.to_string() }))
    }

    pub(super) fn get_policy(&self) -> Answered {
        let named = self.named()?;
        let policy = self.with_record(&named.function, |record| record.policies.get(&named.arn()).cloned());
        let policy = policy.ok_or_else(|| missing("The resource you requested does not exist."))?;
        Ok(json!({ "Policy": document(&policy.statements).to_string(), "RevisionId": policy.revision }))
    }

    pub(super) fn remove_permission(&self) -> Answered {
        let named = self.named()?;
        let (arn, id) = (named.arn(), self.text("StatementId").unwrap_or_default());
        let (revision, none) =
            (self.new_revision(), || missing(format!("Statement {id} is not found in resource policy.")));
        self.with_record(&named.function, |record| {
            let policy = record.policies.get_mut(&arn).ok_or_else(none)?;
            self.check_revision(&policy.revision, "GetPolicy")?;
            let before = policy.statements.len();
            policy.statements.retain(|statement| statement["Sid"] != id);
            if policy.statements.len() == before {
                return Err(none());
            }
            policy.revision = revision;
            if policy.statements.is_empty() {
                record.policies.remove(&arn);
            }
            Ok(Value::Null)
        })
    }

    /// Whether the policy lets a service invoke what the call names.
    pub(super) fn check_service(&self, service: &str, source_arn: &str) -> Result<(), AwsError> {
        let named = self.named()?;
        let arn = named.arn();
        let policy = self.with_record(&named.function, |record| record.policies.get(&arn).cloned());
        let statements = policy.map(|policy| policy.statements).unwrap_or_default();
        let policies = match Policy::resource(&document(&statements)) {
            Ok(policy) if !statements.is_empty() => Policies::new().with_resource(policy),
            _ => Policies::new(),
        };
        let action = "lambda:InvokeFunction";
        let request = Request::new(action, &arn).by(service).owned_by(ACCOUNT);
        let request = request.with("aws:SourceArn", source_arn).with("aws:SourceAccount", ACCOUNT);
        let decision = policies.decide(&request);
        match decision.is_allowed() {
            true => Ok(()),
            false => Err(AwsError::new(
                "AccessDeniedException",
                403,
                format!(
                    "User: {service} is not authorized to perform: {action} on resource: {arn} {}",
                    decision.reason(action)
                ),
            )),
        }
    }

    fn statement(&self, arn: &str, id: &str) -> Value {
        let principal = match self.text("Principal").unwrap_or_default() {
            "*" => json!("*"),
            service if service.ends_with(".amazonaws.com") => json!({ "Service": service }),
            account if account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit()) => {
                json!({ "AWS": format!("arn:aws:iam::{account}:root") })
            }
            arn => json!({ "AWS": arn }),
        };
        let mut statement = json!({
            "Sid": id,
            "Effect": "Allow",
            "Principal": principal,
            "Action": self.text("Action").unwrap_or_default(),
            "Resource": arn,
        });
        if let Some(account) = self.text("SourceAccount") {
            statement["Condition"]["StringEquals"] = json!({ "AWS:SourceAccount": account });
        }
        if let Some(source) = self.text("SourceArn") {
            statement["Condition"]["ArnLike"] = json!({ "AWS:SourceArn": source });
        }
        statement
    }
}

fn document(statements: &[Value]) -> Value {
    json!({ "Version": "2012-10-17", "Id": "default", "Statement": statements })
}
