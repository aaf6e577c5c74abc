//! The lineage in an X-Ray trace header, by which Lambda finds recursive loops.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html>. Lambda counts in the header how
//! often a function was invoked in one chain of requests; SQS, SNS and S3 carry the header along, and so do the AWS
//! SDKs, which take it from `_X_AMZN_TRACE_ID` (in Rust the interceptor `recursion_detection` of `aws-runtime`,
//! although the page does not name Rust). The form of the field is not documented. `Lineage=1:36680206:0` is what
//! functions were seen to get, with the function's hash and the count; here there is one such part for each function of
//! the chain, so that a loop is also found that does not go through the chain's first function.

use sha2::{Digest, Sha256};

use crate::limits;
use crate::sqs::hex;

/// The name of the field.
const FIELD: &str = "Lineage=";

/// Between the parts of several functions.
const BETWEEN: char = '|';

/// How often this function was invoked in the chain of requests that a header tells of.
fn count(header: &str, function: &str) -> Option<u32> {
    let count = |part: &str| part.strip_prefix(function)?.strip_prefix(':')?.parse().ok();
    parts(header).find_map(count)
}

/// `hash:count` of each function.
fn parts(header: &str) -> impl Iterator<Item = &str> {
    let field = header.split(';').find_map(|field| field.trim().strip_prefix(FIELD));
    field.and_then(|field| field.strip_prefix("1:")).into_iter().flat_map(|parts| parts.split(BETWEEN))
}

/// The header with which a function runs that is invoked because of requests with these headers; nothing when it is a
/// recursive loop and such are not allowed. A batch continues the chain in which the function was invoked most often.
pub(super) fn continued(
    headers: &[String],
    arn: &str,
    allow_loops: bool,
    new: impl FnOnce() -> String,
) -> Option<String> {
    let function = hex(&Sha256::digest(arn)[..4]);
    let chain = headers.iter().max_by_key(|header| count(header, &function));
    let header = chain.cloned().unwrap_or_else(new);
    // The count in the header is that of the invocations before.
    let invoked = count(&header, &function).map_or(0, |count| count + 1);
    (allow_loops || invoked < limits::RECURSION_DEPTH).then(|| with_count(&header, &function, invoked))
}

fn with_count(header: &str, function: &str, count: u32) -> String {
    let is_other = |part: &&str| !part.starts_with(&format!("{function}:"));
    let mut lineage: Vec<String> = parts(header).filter(is_other).map(str::to_owned).collect();
    lineage.push(format!("{function}:{count}"));
    let others = header.split(';').filter(|field| !field.trim().starts_with(FIELD));
    let mut fields: Vec<String> = others.map(str::to_owned).collect();
    fields.push(format!("{FIELD}1:{}", lineage.join(&BETWEEN.to_string())));
    fields.join(";")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEW: &str = "Root=1-67a4b1f2-0123456789abcdef01234567;Parent=0123456789abcdef;Sampled=0";

    fn next(header: &str, arn: &str) -> Option<String> {
        continued(&[header.to_owned()], arn, false, || unreachable!("there is a header"))
    }

    #[test]
    fn a_new_chain_begins_with_a_count_of_zero() {
        let header = continued(&[], "arn:a", false, || NEW.to_owned()).unwrap();
        assert!(header.starts_with(NEW) && header.ends_with(":0"), "{header}");
    }

    #[test]
    fn the_seventeenth_invocation_of_a_chain_is_stopped() {
        let mut header = NEW.to_owned();
        for invocation in 0..16 {
            header = next(&header, "arn:a").unwrap_or_else(|| panic!("invocation {invocation} was stopped"));
        }
        assert_eq!(next(&header, "arn:a"), None);
        assert!(next(&header, "arn:other").is_some(), "another function is not part of the loop");
    }

    #[test]
    fn each_function_of_a_chain_has_a_count_of_its_own() {
        let header = next(&next(&next(NEW, "arn:a").unwrap(), "arn:b").unwrap(), "arn:a").unwrap();
        let hash = |arn: &str| hex(&Sha256::digest(arn)[..4]);
        assert_eq!(count(&header, &hash("arn:a")), Some(1));
        assert_eq!(count(&header, &hash("arn:b")), Some(0));
    }

    #[test]
    fn a_batch_continues_its_longest_chain() {
        let (short, long) = (next(NEW, "arn:a").unwrap(), next(&next(NEW, "arn:a").unwrap(), "arn:a").unwrap());
        let header = continued(&[short, long], "arn:a", false, || unreachable!()).unwrap();
        assert!(header.ends_with(":2"), "{header}");
    }
}
