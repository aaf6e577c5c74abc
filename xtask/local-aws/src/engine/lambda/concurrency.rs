//! Reserved concurrency.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html>.

use serde_json::{Value, json};

use super::{Answered, Call, invalid, required, validation};

/// What an account has, if nobody asked for more.
const OF_THE_ACCOUNT: usize = 1_000;
/// What functions without a reservation share at the least.
const UNRESERVED: usize = 100;

impl Call<'_> {
    pub(super) fn put_concurrency(&self) -> Answered {
        let function = self.function()?;
        let member = "reservedConcurrentExecutions";
        let reserved = self.params["ReservedConcurrentExecutions"].as_i64().ok_or_else(|| required(member))?;
        if reserved < 0 {
            let constraint = "Member must have value greater than or equal to 0";
            return Err(validation(member, &reserved.to_string(), constraint));
        }
        let others = self.world.functions();
        let others = others.iter().filter(|other| other.name() != function.name());
        let taken: usize = others.filter_map(|other| other.reserved_concurrency()).sum();
        let reserved = usize::try_from(reserved).unwrap_or(usize::MAX);
        if reserved > OF_THE_ACCOUNT.saturating_sub(UNRESERVED + taken) {
            return Err(invalid(format!(
                "Specified ReservedConcurrentExecutions for function decreases account's \
                 UnreservedConcurrentExecution below its minimum value of [{UNRESERVED}]."
            )));
        }
        function.set_reserved_concurrency(Some(reserved));
        Ok(json!({ "ReservedConcurrentExecutions": reserved }))
    }

    pub(super) fn get_concurrency(&self) -> Answered {
        let reserved = self.function()?.reserved_concurrency();
        Ok(reserved.map_or_else(|| json!({}), |reserved| json!({ "ReservedConcurrentExecutions": reserved })))
    }

    pub(super) fn delete_concurrency(&self) -> Answered {
        self.function()?.set_reserved_concurrency(None);
        Ok(Value::Null)
    }
}
