//! Queries of CloudWatch Logs Insights, read: the commands `fields`, `filter`, `parse`, `stats`, `sort` and `limit`.
//!
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html>.

/// One command of a query; the next one gets what it leaves.
#[derive(Debug, PartialEq)]
pub(crate) enum Command {
    /// `fields a, b`
    Fields(Vec<String>),
    /// `filter level = "ERROR" and ms > 500`
    Filter(Expr),
    /// `parse @message "took * ms" as ms`; there is one piece of text more than there are names.
    Parse { field: String, pieces: Vec<String>, names: Vec<String> },
    /// `stats count(*) as n, max(ms) by level, bin(5m)`
    Stats { columns: Vec<Column>, by: Vec<Key> },
    /// `sort ms desc`
    Sort { field: String, descending: bool },
    /// `limit 20`
    Limit(usize),
}

#[derive(Debug, PartialEq)]
pub(crate) enum Expr {
    All(Vec<Expr>),
    Any(Vec<Expr>),
    Not(Box<Expr>),
    /// `ispresent(field)`
    Present(String),
    /// `field like "text"`
    Like {
        field: String,
        text: String,
    },
    Compared {
        field: String,
        op: Op,
        with: Literal,
    },
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
pub(crate) enum Literal {
    Text(String),
    Number(f64),
}

/// A column of a table that `stats` makes.
#[derive(Debug, PartialEq)]
pub(crate) struct Column {
    pub(crate) aggregate: Aggregate,
    /// What stands after `as`, or the aggregate as it is written, such as `max(ms)`.
    pub(crate) name: String,
}

#[derive(Debug, PartialEq)]
pub(crate) enum Aggregate {
    /// `count(*)`
    CountAll,
    /// `count(field)`
    Count(String),
    Sum(String),
    Avg(String),
    Min(String),
    Max(String),
    /// `pct(field, 95)`
    Pct(String, f64),
}

/// What `stats` groups by.
#[derive(Debug, PartialEq)]
pub(crate) enum Key {
    Field(String),
    /// `bin(5m)`: spans of time of so many milliseconds. The name is as it is written.
    Bin {
        ms: u64,
        name: String,
    },
}

/// Reads a query.
///
/// # Errors
/// What is wrong with it, in words.
pub(crate) fn read(text: &str) -> Result<Vec<Command>, String> {
    let mut reader = Reader { rest: text };
    let mut commands = Vec::new();
    loop {
        commands.push(reader.command()?);
        if !reader.takes("|") {
            break;
        }
    }
    match reader.rest.trim() {
        "" => Ok(commands),
        rest => Err(format!("nobody knows what this is: {rest:?}")),
    }
}

/// Reads from the front of a text.
struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn takes(&mut self, sign: &str) -> bool {
        let after = self.rest.trim_start().strip_prefix(sign);
        after.inspect(|after| self.rest = after).is_some()
    }

    fn must_take(&mut self, sign: &str) -> Result<(), String> {
        if self.takes(sign) { Ok(()) } else { Err(format!("expected {sign:?} before {:?}", self.rest.trim())) }
    }

    /// Takes this word, if it is the whole next word; words of the language may be written in capital letters.
    fn takes_word(&mut self, wanted: &str) -> bool {
        let before = self.rest;
        let found = self.word().is_some_and(|word| word.eq_ignore_ascii_case(wanted));
        if !found {
            self.rest = before;
        }
        found
    }

    fn word(&mut self) -> Option<&'a str> {
        let rest = self.rest.trim_start();
        let length = rest.find(|c: char| !(c.is_alphanumeric() || "_@.".contains(c))).unwrap_or(rest.len());
        let (word, after) = rest.split_at(length);
        (length > 0).then(|| {
            self.rest = after;
            word
        })
    }

    fn name(&mut self) -> Result<String, String> {
        let name = self.word().ok_or_else(|| format!("a name is missing before {:?}", self.rest.trim()))?;
        Ok(name.to_owned())
    }

    fn names(&mut self) -> Result<Vec<String>, String> {
        let mut names = vec![self.name()?];
        while self.takes(",") {
            names.push(self.name()?);
        }
        Ok(names)
    }

    fn text(&mut self) -> Result<Option<String>, String> {
        for quote in ["\"", "'"] {
            if self.takes(quote) {
                let (text, after) = self.rest.split_once(quote).ok_or("a quotation mark is missing")?;
                self.rest = after;
                return Ok(Some(text.to_owned()));
            }
        }
        Ok(None)
    }

    fn command(&mut self) -> Result<Command, String> {
        match self.name()?.to_lowercase().as_str() {
            "fields" => self.names().map(Command::Fields),
            "filter" => self.any().map(Command::Filter),
            "parse" => self.parse(),
            "stats" => self.stats(),
            "sort" => {
                let field = self.name()?;
                let descending = self.takes_word("desc");
                if !descending {
                    self.takes_word("asc");
                }
                Ok(Command::Sort { field, descending })
            }
            "limit" => {
                let number = self.name()?;
                number.parse().map(Command::Limit).map_err(|_| format!("{number:?} is no number of rows"))
            }
            other => Err(format!("there is no command {other:?}")),
        }
    }

    fn parse(&mut self) -> Result<Command, String> {
        let field = self.name()?;
        let glob = self.text()?.ok_or("`parse` wants text in quotation marks")?;
        let names = if self.takes_word("as") { self.names()? } else { Vec::new() };
        let pieces: Vec<String> = glob.split('*').map(str::to_owned).collect();
        if pieces.len() == names.len() + 1 {
            Ok(Command::Parse { field, pieces, names })
        } else {
            Err(format!("{} asterisks and {} names", pieces.len() - 1, names.len()))
        }
    }

    fn stats(&mut self) -> Result<Command, String> {
        let mut columns = vec![self.column()?];
        while self.takes(",") {
            columns.push(self.column()?);
        }
        let mut by = Vec::new();
        if self.takes_word("by") {
            by.push(self.key()?);
            while self.takes(",") {
                by.push(self.key()?);
            }
        }
        Ok(Command::Stats { columns, by })
    }

    fn column(&mut self) -> Result<Column, String> {
        let start = self.rest.trim_start();
        let function = self.name()?.to_lowercase();
        self.must_take("(")?;
        let aggregate = if function == "count" && self.takes("*") {
            Aggregate::CountAll
        } else {
            let field = self.name()?;
            match function.as_str() {
                "count" => Aggregate::Count(field),
                "sum" => Aggregate::Sum(field),
                "avg" => Aggregate::Avg(field),
                "min" => Aggregate::Min(field),
                "max" => Aggregate::Max(field),
                "pct" => {
                    self.must_take(",")?;
                    let percent = self.name()?.parse().ok().filter(|percent| (0.0..=100.0).contains(percent));
                    Aggregate::Pct(field, percent.ok_or("`pct` wants a number from 0 to 100")?)
                }
                other => return Err(format!("there is no function {other:?}")),
            }
        };
        self.must_take(")")?;
        let written = start[..start.len() - self.rest.len()].to_owned();
        let name = if self.takes_word("as") { self.name()? } else { written };
        Ok(Column { aggregate, name })
    }

    fn key(&mut self) -> Result<Key, String> {
        let start = self.rest.trim_start();
        let field = self.name()?;
        if field != "bin" || !self.takes("(") {
            return Ok(Key::Field(field));
        }
        let span = self.name()?;
        self.must_take(")")?;
        let (number, unit) = span.split_at(span.find(|c: char| !c.is_ascii_digit()).unwrap_or(span.len()));
        let unit = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)]
            .into_iter()
            .find_map(|(name, ms)| (name == unit).then_some(ms));
        let ms = number.parse::<u64>().ok().zip(unit).map(|(number, unit)| number.saturating_mul(unit));
        let ms = ms.filter(|ms| *ms > 0).ok_or_else(|| format!("{span:?} is no span of time"))?;
        Ok(Key::Bin { ms, name: start[..start.len() - self.rest.len()].to_owned() })
    }

    fn any(&mut self) -> Result<Expr, String> {
        let mut parts = vec![self.all()?];
        while self.takes_word("or") {
            parts.push(self.all()?);
        }
        Ok(Expr::Any(parts))
    }

    fn all(&mut self) -> Result<Expr, String> {
        let mut parts = vec![self.one()?];
        while self.takes_word("and") {
            parts.push(self.one()?);
        }
        Ok(Expr::All(parts))
    }

    fn one(&mut self) -> Result<Expr, String> {
        if self.takes("(") {
            let inside = self.any()?;
            self.must_take(")")?;
            return Ok(inside);
        }
        if self.takes_word("not") {
            return Ok(Expr::Not(Box::new(self.one()?)));
        }
        let field = self.name()?;
        if field == "ispresent" && self.takes("(") {
            let field = self.name()?;
            self.must_take(")")?;
            return Ok(Expr::Present(field));
        }
        if self.takes_word("like") {
            let text = self.text()?.ok_or("`like` wants text in quotation marks")?;
            return Ok(Expr::Like { field, text });
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
        let op = op.ok_or_else(|| format!("a comparison is missing after {field:?}"))?;
        let with = match self.text()? {
            Some(text) => Literal::Text(text),
            None => {
                let minus = if self.takes("-") { "-" } else { "" };
                let number = self.name()?;
                let number = format!("{minus}{number}").parse().map_err(|_| format!("{number:?} is no number"))?;
                Literal::Number(number)
            }
        };
        Ok(Expr::Compared { field, op, with })
    }
}
