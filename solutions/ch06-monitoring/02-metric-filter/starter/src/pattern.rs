//! Filter patterns of CloudWatch Logs, read: `{ $.level = "ERROR" && $.ms > 500 }` and `[level = ERROR, ..., ms > 500]`.
//!
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html>.

/// A filter's pattern.
#[derive(Debug, PartialEq)]
pub(crate) enum Pattern {
    /// In braces: conditions on the fields of a JSON object.
    Json(Expr),
    /// In brackets: names, and conditions, for the words of a line.
    Words(Vec<Slot>),
}

/// Conditions, put together.
#[derive(Debug, PartialEq)]
pub(crate) enum Expr {
    /// `a && b`
    All(Vec<Expr>),
    /// `a || b`
    Any(Vec<Expr>),
    /// One condition.
    Test { field: Vec<Step>, is: Is },
}

/// One step on the way to a field: `$.user.tags[0]` has three.
#[derive(Debug, PartialEq)]
pub(crate) enum Step {
    Name(String),
    Index(usize),
}

/// What a condition asks of a field.
#[derive(Debug, PartialEq)]
pub(crate) enum Is {
    Compared(Op, Operand),
    /// `IS NULL`
    Null,
    /// `IS TRUE`, `IS FALSE`
    Bool(bool),
    /// `NOT EXISTS`
    Absent,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Op {
    Equal,
    NotEqual,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

/// What stands on the right of a comparison.
#[derive(Debug, PartialEq)]
pub(crate) struct Operand {
    text: String,
    quoted: bool,
}

/// A place of a pattern in brackets.
#[derive(Debug, PartialEq)]
pub(crate) enum Slot {
    /// `...`: any number of words, also none.
    Ellipsis,
    /// A name, with a condition or without.
    Named { name: String, condition: Option<Expr> },
}

impl Operand {
    /// The number that it is; none for text in quotes and for what has a `*`.
    pub(crate) fn number(&self) -> Option<f64> {
        self.text.parse().ok().filter(|number: &f64| !self.quoted && number.is_finite())
    }

    /// Whether the text is this one, where each `*` stands for anything. Small and capital letters differ.
    pub(crate) fn is_text(&self, text: &str) -> bool {
        let Some((beginning, rest)) = self.text.split_once('*') else { return self.text == text };
        let Some(text) = text.strip_prefix(beginning) else { return false };
        let (middle, end) = rest.rsplit_once('*').unwrap_or(("", rest));
        let Some(mut text) = text.strip_suffix(end) else { return false };
        for part in middle.split('*').filter(|part| !part.is_empty()) {
            let Some((_, after)) = text.split_once(part) else { return false };
            text = after;
        }
        true
    }
}

/// What a line that matches adds to the metric.
#[derive(Debug, PartialEq)]
pub(crate) enum Amount {
    Number(f64),
    Field(Vec<Step>),
}

/// Reads an amount: a number, or a field as `$.ms` for a pattern in braces and `$ms` for one in brackets.
///
/// # Errors
/// What is wrong with it, in words.
pub(crate) fn read_amount(text: &str) -> Result<Amount, String> {
    let mut reader = Reader { rest: text.trim() };
    let amount = match text.trim().strip_prefix('$') {
        None => return text.trim().parse().map(Amount::Number).map_err(|_| format!("{text:?} is no number")),
        Some(after) if after.starts_with(['.', '[']) => Amount::Field(reader.field()?),
        Some(name) => return Ok(Amount::Field(vec![Step::Name(name.to_owned())])),
    };
    if reader.rest.is_empty() { Ok(amount) } else { Err(format!("after the field stands {:?}", reader.rest)) }
}

/// Reads a pattern in braces or brackets.
///
/// # Errors
/// What is wrong with it, in words.
pub(crate) fn read(text: &str) -> Result<Pattern, String> {
    let mut reader = Reader { rest: text.trim() };
    let pattern = if reader.takes("{") {
        let pattern = Pattern::Json(reader.any(None)?);
        reader.must_take("}")?;
        pattern
    } else if reader.takes("[") {
        Pattern::Words(reader.slots()?)
    } else {
        return Err("a pattern stands in braces or brackets here".to_owned());
    };
    match reader.rest.trim() {
        "" => Ok(pattern),
        rest => Err(format!("after the pattern stands {rest:?}")),
    }
}

/// Reads from the front of a text.
struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn takes(&mut self, token: &str) -> bool {
        let after = self.rest.trim_start().strip_prefix(token);
        after.inspect(|after| self.rest = after).is_some()
    }

    fn must_take(&mut self, token: &str) -> Result<(), String> {
        if self.takes(token) { Ok(()) } else { Err(format!("expected {token:?} before {:?}", self.rest)) }
    }

    /// The longest beginning of letters that belong to a word.
    fn word(&mut self, belongs: impl Fn(char) -> bool) -> Option<&'a str> {
        let rest = self.rest.trim_start();
        let length = rest.find(|c| !belongs(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(length);
        (length > 0).then(|| {
            self.rest = after;
            word
        })
    }

    fn any(&mut self, slot: Option<&str>) -> Result<Expr, String> {
        let mut parts = vec![self.all(slot)?];
        while self.takes("||") {
            parts.push(self.all(slot)?);
        }
        Ok(Expr::Any(parts))
    }

    fn all(&mut self, slot: Option<&str>) -> Result<Expr, String> {
        let mut parts = vec![self.one(slot)?];
        while self.takes("&&") {
            parts.push(self.one(slot)?);
        }
        Ok(Expr::All(parts))
    }

    fn one(&mut self, slot: Option<&str>) -> Result<Expr, String> {
        if self.takes("(") {
            let inside = self.any(slot)?;
            self.must_take(")")?;
            return Ok(inside);
        }
        let field = match slot {
            Some(name) => {
                self.must_take(name)?;
                vec![Step::Name(name.to_owned())]
            }
            None => self.field()?,
        };
        Ok(Expr::Test { field, is: self.condition()? })
    }

    fn field(&mut self) -> Result<Vec<Step>, String> {
        self.must_take("$")?;
        let mut steps = Vec::new();
        loop {
            if self.rest.starts_with('.') {
                self.rest = &self.rest[1..];
                let name = self.word(|c| c.is_alphanumeric() || c == '_' || c == '-');
                steps.push(Step::Name(name.ok_or("a name is missing after a point")?.to_owned()));
            } else if self.rest.starts_with('[') {
                self.rest = &self.rest[1..];
                let index = self.word(|c| c.is_ascii_digit()).and_then(|digits| digits.parse().ok());
                steps.push(Step::Index(index.ok_or("a number is missing in brackets")?));
                self.must_take("]")?;
            } else if steps.is_empty() {
                return Err("a field begins with `$.`".to_owned());
            } else {
                return Ok(steps);
            }
        }
    }

    fn condition(&mut self) -> Result<Is, String> {
        for (words, is) in [
            (["IS", "NULL"], Is::Null),
            (["IS", "TRUE"], Is::Bool(true)),
            (["IS", "FALSE"], Is::Bool(false)),
            (["NOT", "EXISTS"], Is::Absent),
        ] {
            let before = self.rest;
            if self.takes(words[0]) && self.takes(words[1]) {
                return Ok(is);
            }
            self.rest = before;
        }
        let ops = [
            ("!=", Op::NotEqual),
            ("<=", Op::AtMost),
            (">=", Op::AtLeast),
            ("=", Op::Equal),
            ("<", Op::Less),
            (">", Op::Greater),
        ];
        let op = ops.into_iter().find(|(sign, _)| self.takes(sign)).map(|(_, op)| op);
        let op = op.ok_or_else(|| format!("a condition is missing before {:?}", self.rest))?;
        Ok(Is::Compared(op, self.operand()?))
    }

    fn operand(&mut self) -> Result<Operand, String> {
        if self.takes("\"") {
            let (text, after) = self.rest.split_once('"').ok_or("a quotation mark is missing")?;
            self.rest = after;
            return Ok(Operand { text: text.to_owned(), quoted: true });
        }
        let text = self.word(|c| c.is_alphanumeric() || "_*+-.:/".contains(c)).ok_or("a value is missing")?;
        Ok(Operand { text: text.to_owned(), quoted: false })
    }

    fn slots(&mut self) -> Result<Vec<Slot>, String> {
        let mut slots = Vec::new();
        loop {
            slots.push(if self.takes("...") { Slot::Ellipsis } else { self.slot()? });
            if self.takes("]") {
                break;
            }
            self.must_take(",")?;
        }
        let ellipses = slots.iter().filter(|slot| matches!(slot, Slot::Ellipsis)).count();
        if ellipses > 1 { Err("there is more than one `...`".to_owned()) } else { Ok(slots) }
    }

    fn slot(&mut self) -> Result<Slot, String> {
        let before = self.rest;
        let name = self.word(|c| c.is_alphanumeric() || c == '_' || c == '-').ok_or("a name is missing")?;
        let condition = match self.rest.trim_start().starts_with([',', ']']) {
            true => None,
            false => {
                self.rest = before;
                Some(self.any(Some(name))?)
            }
        };
        Ok(Slot::Named { name: name.to_owned(), condition })
    }
}
