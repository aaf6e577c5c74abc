//! Text with wildcards: `*` stands for any number of characters, `?` for one.

/// Whether the whole text fits the pattern.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    fits(pattern, text, |_, _| true)
}

/// `may_swallow` says whether the star at an index of the pattern may stand for a character.
fn fits(pattern: &str, text: &str, may_swallow: impl Fn(usize, char) -> bool) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    // `reached[i]`: the pattern's first `i` characters fit what was read of the text.
    let mut reached = vec![false; pattern.len() + 1];
    reached[0] = true;
    let skip_stars = |reached: &mut Vec<bool>| {
        for (i, &c) in pattern.iter().enumerate() {
            reached[i + 1] |= reached[i] && c == '*';
        }
    };
    skip_stars(&mut reached);
    for &read in &text {
        let mut next = vec![false; pattern.len() + 1];
        for (i, &c) in pattern.iter().enumerate() {
            match c {
                '*' => next[i + 1] |= reached[i + 1] && may_swallow(i, read),
                _ => next[i + 1] |= reached[i] && (c == '?' || c == read),
            }
        }
        skip_stars(&mut next);
        reached = next;
    }
    reached[pattern.len()]
}

/// Actions are compared without regard to case; a pattern never fits a part of a name.
pub(crate) fn action_matches(pattern: &str, action: &str) -> bool {
    matches(&pattern.to_ascii_lowercase(), &action.to_ascii_lowercase())
}

/// The pattern of a `Resource`: a star within a segment stays in it, one at a segment's end may reach further.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html>.
pub(crate) fn resource_matches(pattern: &str, arn: &str) -> bool {
    let characters: Vec<char> = pattern.chars().collect();
    fits(pattern, arn, |star, swallowed| swallowed != ':' || characters.get(star + 1).is_none_or(|&c| c == ':'))
}

/// The pattern of `ArnLike`: each of the six parts is compared for itself.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>.
pub(crate) fn arn_matches(pattern: &str, arn: &str) -> bool {
    let parts = |text: &str| text.splitn(6, ':').map(str::to_owned).collect::<Vec<String>>();
    let (pattern, arn) = (parts(pattern), parts(arn));
    pattern.len() == arn.len() && pattern.iter().zip(&arn).all(|(pattern, part)| matches(pattern, part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_fit_whole_texts() {
        for (pattern, text) in
            [("*", ""), ("a*c", "abbc"), ("a?c", "abc"), ("*b*", "abc"), ("**", "x"), ("芭?", "芭蕉")]
        {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [("a", "ab"), ("?", ""), ("a*c", "abcd"), ("s3:Get", "s3:GetObject")] {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn many_stars_take_no_time() {
        assert!(!matches(&"*a".repeat(40), &"a".repeat(39)));
    }

    #[test]
    fn actions_are_compared_without_case_and_never_by_their_beginning() {
        assert!(action_matches("S3:getobject", "s3:GetObject"));
        assert!(!action_matches("s3:Get", "s3:GetObject"));
    }

    #[test]
    fn a_star_reaches_over_a_colon_at_the_end_of_a_segment_only() {
        let key = "arn:aws:s3:::photos/a:b.jpg";
        for pattern in ["*", "arn:aws:s3:::photos/*", "arn:aws:s3:*:*:photos/a:*", "arn:aws:s3*:photos/a:b.jpg"] {
            assert!(resource_matches(pattern, key), "{pattern}");
        }
        assert!(!resource_matches("arn:aws:s3:::photos/*b.jpg", key));
        assert!(!resource_matches("arn:aws:s3:::photos", key));
    }

    #[test]
    fn a_condition_compares_each_part_of_an_arn() {
        assert!(arn_matches("arn:aws:s3:*:*:photos", "arn:aws:s3:::photos"));
        assert!(!arn_matches("arn:aws:*:photos", "arn:aws:s3:::photos"));
    }
}
